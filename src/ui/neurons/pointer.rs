//! What the pointer does in the neuron view: it hovers, keeps and edits tokens and neurons.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::geometry::Geometry;
use super::model::Neurons;
use crate::state::editing::offers::Target;
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::Side;
use crate::ui::change::edit_menu::open_at_event;
use crate::ui::small::pointer::{client_point, is_touch, point_within};

/// What is under the pointer.
#[derive(Clone, Copy, PartialEq)]
struct Picked {
    token: TokenRef,
    neuron: Option<usize>,
}

/// The pointer over the scrolling part of the figure.
#[derive(Clone, Copy)]
pub struct Pointer {
    neurons: Neurons,
    geometry: Geometry,
    scroller: NodeRef<Div>,
    /// Token and neuron hovered when a finger came down: the focus that follows changes them before the click does.
    before_tap: StoredValue<Option<(Option<TokenRef>, Option<usize>)>>,
}

impl Pointer {
    /// A pointer that rests nowhere yet.
    pub fn new(neurons: Neurons, geometry: Geometry, scroller: NodeRef<Div>) -> Self {
        Self { neurons, geometry, scroller, before_tap: StoredValue::new(None) }
    }

    /// A button or a finger comes down.
    pub fn on_down(self) {
        let hovered = self.neurons.page.peek(|state| (state.selection.hover, state.selection.hover_neuron));
        self.before_tap.set_value(Some(hovered));
    }

    /// The pointer moves; a finger scrolls instead.
    pub fn on_move(self, event: &MouseEvent) {
        if !is_touch(event) {
            self.hover(self.pick(event));
        }
    }

    /// The pointer leaves the figure.
    pub fn on_leave(self, event: &MouseEvent) {
        if !is_touch(event) {
            self.hover(None);
        }
    }

    /// The focus leaves the figure.
    pub fn on_focus_out(self) {
        self.hover(None);
    }

    /// A click keeps; with a finger the first tap hovers and the second keeps.
    pub fn on_click(self, event: &MouseEvent) {
        let Some(picked) = self.pick(event) else { return };
        let Picked { token, neuron } = picked;
        if is_touch(event) && self.before_tap.get_value() != Some((Some(token), neuron)) {
            return self.hover(Some(picked));
        }
        self.neurons.page.dispatch(match (token.side, neuron) {
            (_, Some(neuron)) => Event::Select(SelectionEvent::NeuronToggled(neuron)),
            (Side::Query, None) => Event::Select(SelectionEvent::QueryPicked(token.position)),
            (Side::Key, None) => Event::Select(SelectionEvent::PinToggled(token)),
        });
    }

    /// A right click or a long press opens the menu of edits.
    pub fn on_menu(self, event: &MouseEvent) {
        if let Some(Picked { token, neuron }) = self.pick(event) {
            open_at_event(self.neurons.page, event, edit_target(self.neurons, token, neuron));
        }
    }

    fn hover(self, picked: Option<Picked>) {
        let page = self.neurons.page;
        let (token, neuron) = (picked.map(|picked| picked.token), picked.and_then(|picked| picked.neuron));
        if page.peek(|state| state.selection.hover != token) {
            page.dispatch(Event::Select(SelectionEvent::Hovered(token)));
        }
        if page.peek(|state| state.selection.hover_neuron != neuron) {
            page.dispatch(Event::Select(SelectionEvent::NeuronHovered(neuron)));
        }
    }

    /// The row under the pointer, and the neuron where the pointer is on a cell.
    fn pick(self, event: &MouseEvent) -> Option<Picked> {
        let (x, y) = point_within(self.scroller, client_point(event))?;
        let (columns, window) = (self.geometry.columns.get_untracked(), self.geometry.window.get_untracked());
        if !(0.0..window.height).contains(&y) || window.row_height <= 0.0 {
            return None;
        }
        let row = ((y + window.scroll) / window.row_height) as usize;
        let is_query = columns.query_token.width > 0.0 && x < columns.query_token.end();
        let side = if is_query { Side::Query } else { Side::Key };
        if (columns.links.x..columns.links.end()).contains(&x) {
            return None;
        }
        let position = self.neurons.positions.with_untracked(|(queries, keys)| {
            let shown = if is_query { queries } else { keys };
            shown.get(row).copied()
        })?;
        let neuron = self.neurons.order.with_untracked(|order| {
            let (_, column) = columns.pick(x, order.len())?;
            order.get(column).copied()
        });
        Some(Picked { token: TokenRef { side, position }, neuron })
    }
}

/// What the menu of edits offers at a token or a neuron of the head shown.
pub fn edit_target(neurons: Neurons, token: TokenRef, neuron: Option<usize>) -> Target {
    let target = neurons.page.peek(|state| state.selected_target());
    let query = neurons.query.get_untracked();
    let target = Target { neuron: neuron.or(target.neuron), query, ..target };
    match (token.side, neuron) {
        // A cell means its neuron; the row's token is not meant then.
        (_, Some(_)) => Target { query: None, key: None, ..target },
        (Side::Query, None) => Target { query: Some(token.position), key: None, neuron: None, ..target },
        (Side::Key, None) => Target { key: Some(token.position), neuron: None, ..target },
    }
}
