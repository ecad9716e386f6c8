//! What the keyboard does in a column of tokens.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::token_figure::Figure;
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::change::edit_menu::open_at_key;

/// Moves the focus, or pins the token. A key held down may repeat before a row that scrolls into view has the focus, so steps
/// count from the row reached and not from the element that received the key.
pub fn on_key(figure: Figure, unit: TokenRef, reached: RwSignal<usize>, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if open_at_key(figure.page, event, || figure.target_of(unit)) {
        return;
    }
    let (side, row) = (unit.side, reached.get_untracked());
    let last = |side| {
        let n_rows = figure.scene.with_untracked(|scene| scene.as_ref().map_or(0, |scene| scene.rows(side).len()));
        n_rows.saturating_sub(1)
    };
    let page_rows = figure.window.with_untracked(|window| (window.height / window.row_height.max(1.0)) as usize);
    let (to_side, to_row) = match event.key().as_str() {
        "ArrowDown" => (side, row + 1),
        "ArrowUp" => (side, row.saturating_sub(1)),
        "PageDown" => (side, row + page_rows),
        "PageUp" => (side, row.saturating_sub(page_rows)),
        "Home" => (side, 0),
        "End" => (side, last(side)),
        "ArrowRight" if side == Side::Query => (Side::Key, row),
        "ArrowLeft" if side == Side::Key => (Side::Query, row),
        "Enter" | " " => {
            event.prevent_default();
            return figure.toggle_pin(unit);
        }
        _ => return,
    };
    event.prevent_default();
    let to_row = to_row.min(last(to_side));
    if to_side == side {
        reached.set(to_row);
    }
    figure.reveal.run(to_row);
    let own_row = event.current_target().and_then(|row| row.dyn_into::<Element>().ok());
    let Some(pane) = own_row.and_then(|row| row.closest(".pane").ok().flatten()) else { return };
    if !focus_row(&pane, to_side, to_row) {
        // A row that scrolls into view is in the document after the next frame.
        request_animation_frame(move || request_animation_frame(move || _ = focus_row(&pane, to_side, to_row)));
    }
}

/// Gives a row the focus, if it is in the document.
fn focus_row(pane: &Element, side: Side, row: usize) -> bool {
    let class = match side {
        Side::Query => "query",
        Side::Key => "key",
    };
    let found = pane.query_selector(&format!(".tokens.{class} [data-row=\"{row}\"]")).ok().flatten();
    let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else { return false };
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    found.focus_with_options(&options).is_ok()
}
