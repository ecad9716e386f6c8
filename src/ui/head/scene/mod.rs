//! What the head view shows, derived from the state once and shared by canvas, tokens and panels.

mod reading;

use super::units::{Units, drawn_memo};
use crate::protocol::Quantity;
use crate::render::{Contrast, Scheme, largest_size, round_end};
use crate::state::{Display, LayerPatterns, Looked, Shape, State, Variant};
use crate::trace::Side;
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;

/// The part of the result that is on screen, and how it is drawn.
#[derive(Clone, PartialEq)]
pub struct Scene {
    /// The result and attention shown.
    pub result: Looked,
    /// Sizes of the result.
    pub shape: Shape,
    /// Whether a token reads only itself and earlier ones.
    pub is_causal: bool,
    /// What the rows stand for: tokens, or words of several tokens.
    pub units: Units,
    /// How weights are drawn.
    pub display: Display,
    /// The colours of differences, where these are shown.
    pub contrast: Option<Contrast>,
    /// Where the scale ends: at 1, but for lengths.
    pub end: f32,
    /// The weights of the layer shown, once they are here.
    pub drawn: Option<Same<LayerPatterns>>,
    /// The active heads, ascending; 0 alone where the picture is one of the layer.
    pub heads: Vec<usize>,
    /// Units shown as queries, ascending.
    pub queries: Vec<usize>,
    /// Units shown as keys, ascending.
    pub keys: Vec<usize>,
    /// Query units whose weights alone are shown; empty where nothing is marked.
    pub marked_queries: Vec<usize>,
    /// Key units whose weights alone are shown; empty where nothing is marked.
    pub marked_keys: Vec<usize>,
}

impl Scene {
    fn from_state(
        state: &State,
        units: &Units,
        drawn: Option<Same<LayerPatterns>>,
        (contrast, end): (Option<Contrast>, f32),
    ) -> Option<Self> {
        let shown = state.shown.as_ref()?;
        let display = state.options.display;
        let kept = |side: Side| -> Vec<usize> {
            let units = units.side(side);
            // The filter applies where both sides hold both texts of a pair.
            let second = units.second_start.filter(|_| shown.has_same_tokens());
            state.options.kept(side, units.labels.0.len(), second, &units.special.0)
        };
        let (queries, keys) = (kept(Side::Query), kept(Side::Key));
        Some(Self {
            result: shown.looked(),
            shape: shown.shape(),
            is_causal: shown.is_causal(),
            contrast,
            end,
            heads: match &drawn {
                Some(drawn) if drawn.0.quantity.is_layer_wide() => vec![0],
                _ => state.selection.heads.iter().copied().collect(),
            },
            drawn,
            marked_queries: marked(state, units, Side::Query, &queries),
            marked_keys: marked(state, units, Side::Key, &keys),
            queries,
            keys,
            units: units.clone(),
            display,
        })
    }

    /// The scene of a page; one serves all views.
    pub fn memo(page: Page, scheme: Derived<Scheme>) -> Derived<Option<Self>> {
        let units = Units::memo(page);
        let drawn = drawn_memo(page, units);
        let is_difference = page.memo(|state| state.editing.variant == Variant::Difference);
        // All heads of a layer share one scale, so that they can be compared.
        let largest = move || drawn.with(|drawn| drawn.as_ref().map_or(0.0, |drawn| largest_size(&drawn.0.values)));
        let contrast = Derived::new(move || is_difference.get().then(|| Contrast::new(largest(), scheme.get())));
        let end = Derived::new(move || {
            let is_length = drawn.with(|drawn| drawn.as_ref().is_some_and(|drawn| drawn.0.quantity == Quantity::Norms));
            if is_length { round_end(largest()).max(f32::MIN_POSITIVE) } else { 1.0 }
        });
        Derived::new(move || {
            let (drawn, scale) = (drawn.get(), (contrast.get(), end.get()));
            units.with(|units| page.with_hover(|state| Self::from_state(state, units.as_ref()?, drawn.clone(), scale)))
        })
    }

    /// The scene with nothing marked, for numbers over all weights. It stays the same while the pointer only moves.
    pub fn idle_memo(scene: Derived<Option<Self>>) -> Derived<Option<Self>> {
        Derived::new(move || {
            scene.with(|scene| {
                let scene = scene.clone()?;
                Some(Self { marked_queries: Vec::new(), marked_keys: Vec::new(), ..scene })
            })
        })
    }
}

/// The units on screen that have marked tokens.
fn marked(state: &State, units: &Units, side: Side, shown: &[usize]) -> Vec<usize> {
    let tokens = state.selection.marked(side);
    let mut marked: Vec<usize> = tokens.into_iter().map(|position| units.row_of(side, position)).collect();
    marked.dedup();
    marked.retain(|unit| shown.binary_search(unit).is_ok());
    marked
}
