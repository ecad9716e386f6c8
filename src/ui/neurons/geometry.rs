//! Where the neuron view's columns and rows are.

use leptos::prelude::*;

use super::model::{Neurons, Numbers};
use crate::render::{NeuronColumns, Window};
use crate::state::State;
use crate::trace::Side;
use crate::trace::display::TokenLabel;
use crate::ui::erased::Derived;
use crate::ui::head::geometry::{THUMB, is_thumbed};

/// Width of a character of the tokens' font, in CSS pixels.
const CHARACTER_WIDTH: f32 = 7.83;
/// Left and right of a token's text, in CSS pixels.
const PADDING: f32 = 24.0;
/// Characters between a token and the one predicted after it.
const ARROW_COLUMNS: usize = 3;

/// Columns and the visible window.
#[derive(Clone, Copy)]
pub struct Geometry {
    pub columns: Derived<NeuronColumns>,
    /// The visible part of the content.
    pub window: Derived<Window>,
    n_rows: Derived<usize>,
}

impl Geometry {
    /// The geometry of the view in an element of a given size.
    pub fn new(neurons: Neurons, (width, height): (RwSignal<f64>, RwSignal<f64>), scroll: RwSignal<f32>) -> Self {
        let is_thumbed = is_thumbed(neurons.page);
        let n_rows = Derived::new(move || neurons.positions.with(|(queries, keys)| queries.len().max(keys.len())));
        let window = Derived::new(move || Window {
            width: width.get() as f32,
            height: height.get() as f32,
            scroll: scroll.get(),
            row_height: if is_thumbed.get() { THUMB } else { 22.0 },
        });
        let longest = neurons.page.memo(longest_label);
        let columns = Derived::new(move || {
            let token_width = longest.get() as f32 * CHARACTER_WIDTH + PADDING;
            let d_head = neurons.numbers.with(|numbers| numbers.as_ref().map_or(0, Numbers::d_head));
            NeuronColumns::fit(width.get() as f32, token_width, d_head, neurons.options.get().shows_keys)
        });
        Self { columns, window, n_rows }
    }

    /// Height of all rows, in CSS pixels.
    pub fn content_height(self) -> f32 {
        self.window.get().content_height(self.n_rows.get())
    }
}

/// Characters of the longest label of a token, with its prediction where one stands beside it.
fn longest_label(state: &State) -> usize {
    let Some(shown) = &state.shown else { return 0 };
    let both = [Side::Query, Side::Key].into_iter().flat_map(|side| shown.labels(side).iter());
    let read = both.map(TokenLabel::n_columns).max();
    let predicted = shown.predicted().and_then(|labels| {
        let each = shown.labels(Side::Query).iter().zip(labels.iter());
        each.map(|(read, next)| read.n_columns() + ARROW_COLUMNS + next.n_columns()).max()
    });
    read.max(predicted).unwrap_or(0)
}
