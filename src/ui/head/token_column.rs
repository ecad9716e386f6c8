//! One side's tokens as DOM text: only the rows in view, selectable, reachable by keyboard.

use leptos::ev::KeyboardEvent;
use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::scene::Scene;
use super::token_figure::Figure;
use crate::render::Received;
use crate::state::{TokenRef, wording};
use crate::trace::Side;
use crate::ui::change::edit_menu::open_at_key;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;
use crate::ui::small::token_text::{predicted_text, token_text};

/// Identifies a set of rows: a hash of all their labels, and whether words are joined. Results of the same tokens have the same rows, so
/// the focus stays where it is when B replaces A.
type RowsOf = (u64, bool);

fn rows_of(scene: &Scene, side: Side) -> RowsOf {
    let mut hasher = DefaultHasher::new();
    for (unit, label) in scene.units.side(side).labels.0.iter().enumerate() {
        (&label.plain, scene.predicted(side, unit).map(|label| &label.plain)).hash(&mut hasher);
    }
    (hasher.finish(), scene.units.is_joined)
}

/// A list box of tokens: one tab stop, with arrow keys through it and to the other side.
#[component]
pub fn TokenColumn(figure: Figure, side: Side) -> impl IntoView {
    let Figure { scene, columns, window, .. } = figure;
    // The row that Tab reaches while it is in view.
    let reached = RwSignal::new(0_usize);
    let rows = Derived::new(move || {
        scene.with(|scene| {
            let Some(scene) = scene else { return Vec::new() };
            let positions = scene.rows(side);
            // Other tokens, or words in place of tokens, are new rows.
            let rows_of = rows_of(scene, side);
            let of_row = |row: usize| (rows_of, row, positions[row]);
            window.get().visible_rows(positions.len()).map(of_row).collect::<Vec<_>>()
        })
    });
    let column = Column::new(figure, side);
    let tab_stop = Derived::new(move || {
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
    let row_of = move |(_, row, unit): (RowsOf, usize, usize)| {
        view! { <TokenRow figure column side row unit reached tab_stop /> }
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
            {keyed(rows, row_of)}
        </div>
    }
}

/// What the rows of a column follow. These memos change less often than their sources, so a move of the pointer ends here and does not
/// reach every row.
#[derive(Clone, Copy)]
struct Column {
    /// The marked units.
    marked: Derived<Vec<usize>>,
    /// The pinned tokens.
    pinned: Derived<Vec<usize>>,
    /// The number of rows, and the row at which the second text starts.
    extent: Derived<(usize, Option<usize>)>,
    /// The numbers beside the rows, as text; empty for a side without numbers.
    numbers: Derived<Vec<String>>,
    /// Whether the numbers are means, since nothing is marked.
    is_idle: Derived<bool>,
}

impl Column {
    fn new(figure: Figure, side: Side) -> Self {
        let Figure { page, scene, received, .. } = figure;
        let numbers = move |received: &Received| {
            let is_difference = scene.with(|scene| scene.as_ref().is_some_and(Scene::is_difference));
            let words = if is_difference { wording::tight_change } else { wording::short_weight };
            received.weights.iter().map(|weight| words(*weight)).collect()
        };
        Self {
            marked: Derived::new(move || {
                scene.with(|scene| scene.as_ref().map(|scene| scene.marked(side).to_vec()).unwrap_or_default())
            }),
            pinned: page.memo(move |state| {
                let pinned = match side {
                    Side::Query => &state.selection.queries,
                    Side::Key => &state.selection.keys,
                };
                pinned.iter().copied().collect()
            }),
            extent: Derived::new(move || {
                scene.with(|scene| {
                    let Some(scene) = scene else { return (0, None) };
                    (scene.rows(side).len(), scene.units.side(side).second_start)
                })
            }),
            numbers: Derived::new(move || {
                received.with(|received| {
                    received.as_ref().filter(|received| received.side == side).map(numbers).unwrap_or_default()
                })
            }),
            is_idle: Derived::new(move || {
                received.with(|received| received.as_ref().is_some_and(|received| received.is_mean))
            }),
        }
    }
}

/// One token.
#[component]
fn TokenRow(
    figure: Figure,
    column: Column,
    side: Side,
    row: usize,
    unit: usize,
    reached: RwSignal<usize>,
    tab_stop: Derived<Option<usize>>,
) -> impl IntoView {
    let Figure { scene, window, focused, .. } = figure;
    let Column { marked, pinned, extent, numbers, is_idle } = column;
    let unit = TokenRef { side, position: unit };
    let label = scene.with_untracked(|scene| scene.as_ref()?.label(side, unit.position).cloned());
    let predicted = scene.with_untracked(|scene| scene.as_ref()?.predicted(side, unit.position).cloned());
    let title = figure.title(unit);
    let tokens = scene.with_untracked(|scene| scene.as_ref().map(|scene| scene.units.tokens(side, unit.position)));
    let tokens = tokens.unwrap_or_default();
    // A marked row, and a row that fades because others are marked.
    let mark = Derived::new(move || {
        marked.with(|marked| {
            let is_marked = marked.binary_search(&unit.position).is_ok();
            (is_marked, !marked.is_empty() && !is_marked)
        })
    });
    let is_pinned = Derived::new(move || pinned.with(|pinned| pinned.iter().any(|position| tokens.contains(position))));
    // "A" and "B" stand where the texts of a pair start.
    let text_name = move || {
        let second = extent.get().1?;
        if unit.position == second {
            Some("B")
        } else if row == 0 {
            Some(if unit.position < second { "A" } else { "B" })
        } else {
            None
        }
    };
    let starts_second = move || row > 0 && text_name() == Some("B");
    let number = Derived::new(move || numbers.with(|numbers| numbers.get(row).cloned()));
    view! {
        <div
            class="token"
            class:marked=move || mark.get().0
            class:faded=move || mark.get().1
            class:pinned=move || is_pinned.get()
            class:second=starts_second
            role="option"
            data-row=row.to_string()
            aria-selected=move || is_pinned.get().to_string()
            aria-posinset=(row + 1).to_string()
            aria-setsize=move || extent.get().0.to_string()
            tabindex=move || if tab_stop.get() == Some(row) { "0" } else { "-1" }
            title=title
            style:top=move || px(row as f32 * window.get().row_height)
            style:height=move || px(window.get().row_height)
            on:focus=move |_| {
                reached.set(row);
                focused.set(Some(unit));
                figure.hover(Some(unit));
            }
            on:blur=move |_| {
                focused.set(None);
                figure.hover(None);
            }
            on:keydown=move |event| on_key(figure, unit, reached, &event)
        >
            <span class="text">{label.as_ref().map(token_text)}{predicted.as_ref().map(predicted_text)}</span>
            <span class="text-name" aria-hidden="true">{text_name}</span>
            <span class="weight" class:idle=move || is_idle.get()>{move || number.get()}</span>
        </div>
    }
}

/// Moves the focus, or pins the token. A key held down may repeat before a row that scrolls into view has the focus, so steps
/// count from the row reached and not from the element that received the key.
fn on_key(figure: Figure, unit: TokenRef, reached: RwSignal<usize>, event: &KeyboardEvent) {
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
