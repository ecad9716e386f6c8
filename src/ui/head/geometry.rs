//! Where the head view's columns, panels and rows are.

use leptos::prelude::*;

use super::scene::Scene;
use crate::render::{Columns, Grid, Span, Window, panels};
use crate::state::Home;
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;
use crate::ui::small::watched::media_query;

/// Width of a character of the tokens' font, in CSS pixels: six tenths of the font's size.
const CHARACTER_WIDTH: f32 = 7.83;

/// Left and right of a token's text, in CSS pixels.
const PADDING: f32 = 28.0;

/// The largest number of rows that may stand farther apart.
const N_ROOMY: usize = 16;

/// A window on whose stage such rows have room, as in style/scales.css.
const TALL: &str = "(min-width: 1000px) and (min-height: 880px)";

/// How high rows are that are pressed with a thumb, in CSS pixels.
pub const THUMB: f32 = 40.0;

/// Whether rows are pressed with a thumb. A frame is narrow in a wide window too, so its pointer alone decides.
pub fn is_thumbed(page: Page) -> RwSignal<bool> {
    let is_embed = page.peek(|state| state.home == Home::Embed);
    media_query(if is_embed { "(pointer: coarse)" } else { "(pointer: coarse), (max-width: 999px)" })
}

/// Columns, panels and the visible window, each made anew only when it changes.
#[derive(Clone, Copy)]
pub struct Geometry {
    /// The visible part of the content.
    pub window: Derived<Window>,
    /// The columns of tokens and numbers, with the links between them.
    pub columns: Derived<Columns>,
    /// The panels between the columns, from left to right: one for each head where heads stand side by side, else one.
    pub panels: Derived<Vec<Span>>,
    /// Rows of the longer column.
    pub n_rows: Derived<usize>,
    /// Whether the weights are drawn as cells.
    pub is_matrix: Derived<bool>,
    /// How far a matrix is scrolled to the right, CSS pixels.
    pub scroll_x: RwSignal<f32>,
    /// The columns of a matrix in view, in the first panel.
    pub grid: Derived<Grid>,
    /// The width of the columns of a matrix that have no room, CSS pixels.
    pub hidden_width: Derived<f32>,
    n_panels: Derived<usize>,
}

impl Geometry {
    /// The geometry of a scene in an element of a given size.
    pub fn new(
        page: Page,
        scene: Derived<Option<Scene>>,
        (width, height): (RwSignal<f64>, RwSignal<f64>),
        (scroll, scroll_x): (RwSignal<f32>, RwSignal<f32>),
    ) -> Self {
        let of_scene =
            move |read: fn(&Scene) -> usize| Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, read)));
        let (is_thumbed, is_tall) = (is_thumbed(page), media_query(TALL));
        let n_rows = of_scene(Scene::n_rows);
        let row_height = Derived::new(move || match (is_thumbed.get(), n_rows.get() <= N_ROOMY, is_tall.get()) {
            (true, ..) => THUMB,
            (false, true, true) => 28.0,
            (false, true, false) => 24.0,
            (false, false, _) => 20.0,
        });
        let window = Derived::new(move || Window {
            width: width.get() as f32,
            height: height.get() as f32,
            scroll: scroll.get(),
            row_height: row_height.get(),
        });
        // A memo of its own, so that columns follow labels and filter and not every change of the scene.
        let longest = of_scene(Scene::longest_token);
        let is_matrix = Derived::new(move || scene.with(|scene| scene.as_ref().is_some_and(Scene::is_matrix)));
        let columns = Derived::new(move || {
            let token_width = longest.get() as f32 * CHARACTER_WIDTH + PADDING;
            let fit = if is_matrix.get() { Columns::of_matrix } else { Columns::fit };
            fit(width.get() as f32, token_width)
        });
        let n_panels = of_scene(|scene| if scene.is_split() { scene.heads.len() } else { 1 });
        let panels = Derived::new(move || panels(columns.get().links, n_panels.get()));
        let n_keys = of_scene(|scene| scene.keys.len());
        let first = move || panels.with(|panels| panels.first().copied().unwrap_or_default());
        let grid = Derived::new(move || Grid::fit(first(), n_keys.get(), row_height.get(), scroll_x.get()));
        let hidden_width = Derived::new(move || match is_matrix.get() {
            true => Grid::hidden_width(first(), n_keys.get()),
            false => 0.0,
        });
        Self { window, columns, panels, n_rows, is_matrix, scroll_x, grid, hidden_width, n_panels }
    }

    /// A sentence for when some of the heads have no room side by side.
    pub fn crowding(self) -> Option<String> {
        let (n_panels, n_fitting) = (self.n_panels.get(), self.panels.with(Vec::len));
        (n_fitting < n_panels)
            .then(|| format!("Only {n_fitting} of {n_panels} heads fit: choose fewer, or widen the window."))
    }

    /// Height of all rows, in CSS pixels.
    pub fn content_height(self) -> f32 {
        self.window.get().content_height(self.n_rows.get())
    }
}
