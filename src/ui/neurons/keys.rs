//! What the keyboard does in the neuron view.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::model::Neurons;
use super::pointer::edit_target;
use crate::state::editing::offers::Target;
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::Side;
use crate::ui::change::edit_menu::open_at_key;

/// Moves through the rows of a side, keeps a token, or steps through the neurons.
pub fn on_key(neurons: Neurons, reached: RwSignal<(Side, usize)>, event: &KeyboardEvent, reveal: impl Fn(usize)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let page = neurons.page;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    let side = match element.and_then(|element| element.get_attribute("data-side")).as_deref() {
        Some("query") => Side::Query,
        Some("key") => Side::Key,
        _ => return,
    };
    let positions = neurons.positions.with_untracked(|(queries, keys)| match side {
        Side::Query => queries.clone(),
        Side::Key => keys.clone(),
    });
    let last = positions.len().saturating_sub(1);
    // The first key press starts from the marked row.
    let current = match side {
        Side::Query => neurons.query.get_untracked(),
        Side::Key => neurons.key.get_untracked(),
    };
    let (reached_side, row) = reached.get_untracked();
    let found = current.and_then(|position| positions.binary_search(&position).ok());
    let row = if reached_side == side { row } else { found.unwrap_or(0) };
    let edited = || {
        let token = TokenRef { side, position: *positions.get(row.min(last))? };
        // The marked neuron, or else the token that the keyboard has reached.
        let neuron = neurons.neuron.get_untracked();
        Some(Target { neuron, ..edit_target(neurons, token, None) })
    };
    if open_at_key(page, event, edited) {
        return;
    }
    let to = match event.key().as_str() {
        "ArrowDown" => row + 1,
        "ArrowUp" => row.saturating_sub(1),
        "PageDown" => row + 10,
        "PageUp" => row.saturating_sub(10),
        "Home" => 0,
        "End" => last,
        name @ ("n" | "N") => {
            event.prevent_default();
            event.stop_propagation();
            let to = neurons.order.with_untracked(|order| {
                let at = neurons.neuron.get_untracked().and_then(|neuron| order.iter().position(|at| *at == neuron));
                let to = match (at, name) {
                    (None, _) => 0,
                    (Some(at), "n") => (at + 1) % order.len().max(1),
                    (Some(at), _) => (at + order.len() - 1) % order.len().max(1),
                };
                order.get(to).copied()
            });
            if let Some(neuron) = to.filter(|neuron| page.peek(|state| state.selection.neuron != Some(*neuron))) {
                page.dispatch(Event::Select(SelectionEvent::NeuronToggled(neuron)));
            }
            return;
        }
        "Enter" | " " => {
            event.prevent_default();
            let Some(&position) = positions.get(row.min(last)) else { return };
            return page.dispatch(match side {
                Side::Query => Event::Select(SelectionEvent::QueryPicked(position)),
                Side::Key => Event::Select(SelectionEvent::PinToggled(TokenRef { side, position })),
            });
        }
        _ => return,
    };
    event.prevent_default();
    let to = to.min(last);
    reached.set((side, to));
    reveal(to);
    if let Some(&position) = positions.get(to) {
        page.dispatch(Event::Select(SelectionEvent::Hovered(Some(TokenRef { side, position }))));
    }
}
