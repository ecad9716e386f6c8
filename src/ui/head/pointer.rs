//! What the pointer does in the head view: it hovers, pins and edits tokens and weights.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::geometry::Geometry;
use super::scene::Scene;
use super::token_figure::Figure;
use crate::render::{Grid, HeadColours, HeadView, Span, nearest_line};
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::ui::change::edit_menu::open_at_event;
use crate::ui::erased::Derived;
use crate::ui::small::pointer::{ClientPoint, client_point, is_touch, point_within};

/// What is under the pointer.
#[derive(Clone, Copy)]
enum Picked {
    /// A token or word of one side.
    Unit(TokenRef),
    /// A cell of a matrix: query and key.
    Cell(usize, usize),
}

/// The pointer over the scrolling part of the figure.
#[derive(Clone, Copy)]
pub struct Pointer {
    figure: Figure,
    geometry: Geometry,
    colours: Derived<HeadColours>,
    scroller: NodeRef<Div>,
    /// Where the pointer rests: scrolling moves other tokens under it.
    resting: StoredValue<Option<ClientPoint>>,
    /// Whether a finger came down on what was hovered already: the focus that follows changes that before the click does.
    was_hovered: StoredValue<bool>,
}

impl Pointer {
    /// A pointer that rests nowhere yet.
    pub fn new(figure: Figure, geometry: Geometry, colours: Derived<HeadColours>, scroller: NodeRef<Div>) -> Self {
        let (resting, was_hovered) = (StoredValue::new(None), StoredValue::new(false));
        Self { figure, geometry, colours, scroller, resting, was_hovered }
    }

    /// The content has been scrolled under the pointer.
    pub fn on_scroll(self) {
        if let Some(point) = self.resting.get_value() {
            self.hover(self.pick(point));
        }
    }

    /// A button or a finger comes down.
    pub fn on_down(self, event: &MouseEvent) {
        let is_hovered = self.pick(client_point(event)).is_some_and(|picked| self.is_hovered(picked));
        self.was_hovered.set_value(is_hovered);
    }

    /// The pointer moves; a finger scrolls instead.
    pub fn on_move(self, event: &MouseEvent) {
        if !is_touch(event) {
            let point = client_point(event);
            self.resting.set_value(Some(point));
            self.hover(self.pick(point));
        }
    }

    /// The pointer leaves the figure.
    pub fn on_leave(self, event: &MouseEvent) {
        self.resting.set_value(None);
        if !is_touch(event) {
            self.hover(None);
        }
    }

    /// From now on the keyboard decides what is hovered.
    pub fn on_key(self) {
        self.resting.set_value(None);
    }

    /// A click pins; with a finger the first tap hovers and the second pins.
    pub fn on_click(self, event: &MouseEvent) {
        if has_selected_text() {
            return;
        }
        match (self.pick(client_point(event)), is_touch(event)) {
            (Some(picked), true) if !self.was_hovered.get_value() => self.hover(Some(picked)),
            (Some(Picked::Unit(unit)), _) => self.figure.toggle_pin(unit),
            (Some(Picked::Cell(query, key)), _) => self.figure.toggle_cell_pins(query, key),
            (None, _) => self.figure.page.dispatch(Event::Select(SelectionEvent::TokensCleared)),
        }
    }

    /// A right click or a long press opens the menu of edits.
    pub fn on_menu(self, event: &MouseEvent) {
        let point = client_point(event);
        let target = match self.pick(point) {
            Some(Picked::Unit(unit)) => self.figure.target_of(unit),
            _ => self.pick_link(point).and_then(|(query, key, head)| self.figure.target_of_link(query, key, head)),
        };
        if let Some(target) = target {
            open_at_event(self.figure.page, event, target);
        }
    }

    fn hover(self, picked: Option<Picked>) {
        match picked {
            None => self.figure.hover(None),
            Some(Picked::Unit(unit)) => self.figure.hover(Some(unit)),
            Some(Picked::Cell(query, key)) => self.figure.hover_cell(query, key),
        }
    }

    fn is_hovered(self, picked: Picked) -> bool {
        match picked {
            Picked::Unit(unit) => self.figure.is_hovered(unit),
            Picked::Cell(query, key) => self.figure.is_cell_hovered(query, key),
        }
    }

    /// The token, word or cell at a point.
    fn pick(self, point: ClientPoint) -> Option<Picked> {
        let (x, y) = point_within(self.scroller, point)?;
        let Geometry { window, columns, panels, .. } = self.geometry;
        self.figure.scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            let (window, n_rows) = (window.get_untracked(), (scene.queries.len(), scene.keys.len()));
            if let Some((side, row)) = window.pick(&columns.get_untracked(), n_rows, x, y) {
                return scene.rows(side).get(row).map(|&position| Picked::Unit(TokenRef { side, position }));
            }
            let scroll_x = self.geometry.scroll_x.get_untracked();
            let grid = |panel: &Span| Grid::fit(*panel, n_rows.1, window.row_height, scroll_x);
            let pick_cell = |panel: &Span| grid(panel).pick(&window, n_rows.0, x, y);
            let (row, column) = panels.with_untracked(|panels| panels.iter().find_map(pick_cell))?;
            let cell = Picked::Cell(*scene.queries.get(row)?, *scene.keys.get(column)?);
            scene.is_matrix().then_some(cell)
        })
    }

    /// Query, key and head of the weight at a point: a cell, or the nearest line. The head is `None` where one picture shows several.
    fn pick_link(self, point: ClientPoint) -> Option<(usize, usize, Option<usize>)> {
        let (x, y) = point_within(self.scroller, point)?;
        let Geometry { window, panels, .. } = self.geometry;
        self.figure.scene.with_untracked(|scene: &Option<Scene>| {
            let scene = scene.as_ref()?;
            let (window, view) = (window.get_untracked(), scene.view()?);
            let panels = panels.get_untracked();
            let at = panels.iter().position(|panel| (panel.x..panel.end()).contains(&x))?;
            let head = scene.heads.get(at).copied().filter(|_| scene.is_split());
            if scene.is_matrix() {
                let scroll_x = self.geometry.scroll_x.get_untracked();
                let grid = Grid::fit(panels[at], scene.keys.len(), window.row_height, scroll_x);
                let (row, column) = grid.pick(&window, scene.queries.len(), x, y)?;
                return Some((*scene.queries.get(row)?, *scene.keys.get(column)?, head));
            }
            let heads = head.map_or(view.heads.to_vec(), |head| vec![head]);
            let lines = HeadView { heads: &heads, ..view }.lines(&window, &self.colours.get_untracked());
            let (query, key) = nearest_line(&lines, panels[at], x, y)?;
            Some((query, key, head))
        })
    }
}

/// Whether a click ended the marking of text.
fn has_selected_text() -> bool {
    let selection = leptos::prelude::window().get_selection().ok().flatten();
    selection.is_some_and(|selection| !selection.is_collapsed())
}
