//! One side's tokens as DOM text: only those in view, selectable, reachable by keyboard.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::page::Page;
use super::scene::Scene;
use super::token_text::token_text;
use crate::protocol::RequestId;
use crate::render::{Columns, Received, Window};
use crate::state::{Event, TokenRef, wording};
use crate::trace::Side;

/// What a column needs from its figure.
#[derive(Clone, Copy)]
pub struct Figure {
    /// The page.
    pub page: Page,
    /// What is shown.
    pub scene: Memo<Option<Scene>>,
    /// Numbers beside the tokens of one side.
    pub received: Memo<Option<Received>>,
    /// Where the columns are.
    pub columns: Memo<Columns>,
    /// What is seen.
    pub window: Memo<Window>,
    /// Brings a row into view.
    pub reveal: Callback<usize>,
    /// The token that has the keyboard focus.
    pub focused: RwSignal<Option<TokenRef>>,
}

/// A list box of tokens, one tab stop; arrow keys move through it and to the other side.
#[component]
pub fn TokenColumn(
    /// The figure it belongs to.
    figure: Figure,
    /// Which side.
    side: Side,
) -> impl IntoView {
    let Figure { scene, columns, window, .. } = figure;
    // The row that Tab reaches, if it is in view.
    let reached = RwSignal::new(0_usize);
    let rows = Memo::new(move |_| {
        scene.with(|scene| {
            let Some(scene) = scene else { return Vec::new() };
            let positions = scene.rows(side);
            let of_row = |row: usize| (scene.result, row, positions[row]);
            window.get().visible_rows(positions.len()).map(of_row).collect::<Vec<_>>()
        })
    });
    let tab_stop = Memo::new(move |_| {
        rows.with(|rows| {
            let reached = reached.get();
            let is_here = rows.iter().any(|(_, row, _)| *row == reached);
            if is_here { Some(reached) } else { rows.first().map(|(_, row, _)| *row) }
        })
    });
    let (class, name) = match side {
        Side::Query => ("tokens query", "Query tokens"),
        Side::Key => ("tokens key", "Key tokens"),
    };
    let row_of = move |(_, row, position): (RequestId, usize, usize)| {
        view! { <TokenRow figure side row position reached tab_stop /> }
    };
    view! {
        <div
            class=class
            role="listbox"
            aria-label=name
            aria-multiselectable="true"
            style:left=move || px(columns.get().token(side).x)
            style:width=move || px(columns.get().token(side).width)
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            // The whole of it is the key: another result has other tokens.
            <For each=move || rows.get() key=|row| *row children=row_of />
        </div>
    }
}

/// One token.
#[component]
fn TokenRow(
    figure: Figure,
    side: Side,
    row: usize,
    position: usize,
    reached: RwSignal<usize>,
    tab_stop: Memo<Option<usize>>,
) -> impl IntoView {
    let Figure { page, scene, received, window, focused, .. } = figure;
    let token = TokenRef { side, position };
    let label = scene.with_untracked(|scene| scene.as_ref().and_then(|scene| scene.labels.0.get(position).cloned()));
    let plain = label.as_ref().map(|label| label.plain.clone()).unwrap_or_default();
    let id = page.peek(|state| state.shown.as_ref().and_then(|shown| shown.info.tokens.ids.get(position).copied()));
    let title = format!("{plain}\ntoken {position}, id {}", id.unwrap_or_default());
    let is_marked = Memo::new(move |_| {
        scene.with(|scene| scene.as_ref().is_some_and(|scene| scene.marked(side).binary_search(&position).is_ok()))
    });
    let is_faded = Memo::new(move |_| {
        let has_marks = scene.with(|scene| scene.as_ref().is_some_and(|scene| !scene.marked(side).is_empty()));
        has_marks && !is_marked.get()
    });
    let is_pinned = page.memo(move |state| state.selection.is_pinned(token));
    // "A" and "B" where the texts of a pair start.
    let text_name = Memo::new(move |_| {
        let second = scene.with(|scene| scene.as_ref().and_then(|scene| scene.second_start))?;
        if position == second {
            Some("B")
        } else if row == 0 {
            Some(if position < second { "A" } else { "B" })
        } else {
            None
        }
    });
    let starts_second = move || row > 0 && text_name.get() == Some("B");
    let number = Memo::new(move |_| {
        received.with(|received| {
            let received = received.as_ref().filter(|received| received.side == side)?;
            received.weights.get(row).map(|weight| wording::short_weight(*weight))
        })
    });
    view! {
        <div
            class="token"
            class:marked=move || is_marked.get()
            class:faded=move || is_faded.get()
            class:pinned=move || is_pinned.get()
            class:second=starts_second
            role="option"
            data-row=row.to_string()
            aria-selected=move || is_pinned.get().to_string()
            aria-posinset=(row + 1).to_string()
            aria-setsize=move || scene.with(|scene| scene.as_ref().map(|scene| scene.rows(side).len().to_string()))
            tabindex=move || if tab_stop.get() == Some(row) { "0" } else { "-1" }
            title=title
            style:top=move || px(row as f32 * window.get().row_height)
            style:height=move || px(window.get().row_height)
            on:focus=move |_| {
                reached.set(row);
                focused.set(Some(token));
                page.dispatch(Event::Hovered(Some(token)));
            }
            on:blur=move |_| {
                focused.set(None);
                page.dispatch(Event::Hovered(None));
            }
            on:keydown=move |event| on_key(figure, side, row, token, &event)
        >
            <span class="text">{label.as_ref().map(token_text)}</span>
            <span class="text-name" aria-hidden="true">{move || text_name.get()}</span>
            <span class="weight">{move || number.get()}</span>
        </div>
    }
}

/// Moves the focus, or keeps the token.
fn on_key(figure: Figure, side: Side, row: usize, token: TokenRef, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let n_rows = |side| figure.scene.with_untracked(|scene| scene.as_ref().map_or(0, |scene| scene.rows(side).len()));
    let last = n_rows(side).saturating_sub(1);
    let page_rows = {
        let window = figure.window.get_untracked();
        (window.height / window.row_height.max(1.0)) as usize
    };
    let (to_side, to_row) = match event.key().as_str() {
        "ArrowDown" => (side, (row + 1).min(last)),
        "ArrowUp" => (side, row.saturating_sub(1)),
        "PageDown" => (side, (row + page_rows).min(last)),
        "PageUp" => (side, row.saturating_sub(page_rows)),
        "Home" => (side, 0),
        "End" => (side, last),
        "ArrowRight" if side == Side::Query => (Side::Key, row.min(n_rows(Side::Key).saturating_sub(1))),
        "ArrowLeft" if side == Side::Key => (Side::Query, row.min(n_rows(Side::Query).saturating_sub(1))),
        "Enter" | " " => {
            event.prevent_default();
            return figure.page.dispatch(Event::PinToggled(token));
        }
        _ => return,
    };
    event.prevent_default();
    figure.reveal.run(to_row);
    let class = match to_side {
        Side::Query => "query",
        Side::Key => "key",
    };
    let pane = event.current_target().and_then(|row| row.dyn_into::<HtmlElement>().ok());
    let pane = pane.and_then(|row| row.closest(".pane").ok().flatten());
    let focus = move || {
        let selector = format!(".tokens.{class} [data-row=\"{to_row}\"]");
        let found = pane.as_ref().and_then(|pane| pane.query_selector(&selector).ok().flatten());
        if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            // An element that is gone needs no focus.
            let _ = found.focus_with_options(&options);
        }
    };
    // A row that just came into view is there after the next frame.
    request_animation_frame(move || request_animation_frame(focus));
}

/// A length for style properties.
pub fn px(length: f32) -> String {
    format!("{length}px")
}
