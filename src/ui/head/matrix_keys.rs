//! The keys of a matrix as DOM text, upright above their columns.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::scene::Scene;
use super::token_figure::Figure;
use crate::render::Grid;
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;
use crate::ui::small::focus::focus;
use crate::ui::small::token_text::token_text;

/// Width of an upright label, in CSS pixels.
const LABEL_WIDTH: f32 = 14.0;
/// Height of the tallest label, in CSS pixels.
const MAX_HEIGHT: f32 = 120.0;
/// Width of a character of the labels' font, in CSS pixels.
const CHARACTER_WIDTH: f32 = 7.3;

/// A list box of upright tokens over the first panel: one tab stop, with arrow keys between the tokens.
#[component]
pub fn MatrixKeys(figure: Figure, grid: Derived<Grid>) -> impl IntoView {
    let Figure { scene, .. } = figure;
    let reached = RwSignal::new(0_usize);
    let row = NodeRef::<leptos::html::Div>::new();
    let n_keys = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.keys.len())));
    // The column that Tab reaches.
    let tab_stop = Derived::new(move || {
        let (grid, reached) = (grid.get(), reached.get());
        if grid.shows(reached) { reached } else { grid.first }
    });
    // Only those in view.
    let keys = Derived::new(move || {
        scene.with(|scene| {
            let rows_of = scene.as_ref().map(|scene| (scene.result, scene.units.is_joined));
            let keys = scene.as_ref().map_or(&[][..], |scene| scene.keys.as_slice());
            let Grid { first, n_columns, .. } = grid.get();
            let in_view = keys.iter().enumerate().skip(first).take(n_columns);
            in_view.map(|(column, &key)| (rows_of, column, key)).collect::<Vec<_>>()
        })
    });
    let height = Derived::new(move || {
        let longest = scene.with(|scene| scene.as_ref().map_or(0, Scene::longest_token));
        (longest as f32 * CHARACTER_WIDTH + 16.0).clamp(40.0, MAX_HEIGHT)
    });
    let on_key = move |unit: TokenRef, event: &KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if open_at_key(figure.page, event, || figure.target_of(unit)) {
            return;
        }
        let last = n_keys.get_untracked().saturating_sub(1);
        let column = reached.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => (column + 1).min(last),
            "ArrowLeft" => column.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                event.prevent_default();
                return figure.toggle_pin(unit);
            }
            _ => return,
        };
        event.prevent_default();
        reached.set(to);
        figure.reveal_key.run(to);
        if !focus_column(row, to) {
            // A column that scrolls into view is in the document after the next frame.
            request_animation_frame(move || request_animation_frame(move || _ = focus_column(row, to)));
        }
    };
    let label = move |(_, column, key): (_, usize, usize)| {
        let unit = TokenRef { side: Side::Key, position: key };
        let text = scene.with_untracked(|scene| scene.as_ref().and_then(|scene| scene.label(Side::Key, key).cloned()));
        let is_marked = Derived::new(move || {
            scene.with(|scene| scene.as_ref().is_some_and(|scene| scene.marked_keys.binary_search(&key).is_ok()))
        });
        let is_pinned = move || figure.is_pinned(unit);
        let has_room = move || column.is_multiple_of(grid.get().label_step(LABEL_WIDTH));
        view! {
            <div
                class="token"
                class:marked=move || is_marked.get()
                class:pinned=is_pinned
                class:hidden=move || !has_room() && !is_marked.get()
                role="option"
                aria-selected=move || is_pinned().to_string()
                aria-posinset=(column + 1).to_string()
                aria-setsize=move || n_keys.get().to_string()
                tabindex=move || if tab_stop.get() == column { "0" } else { "-1" }
                data-column=column.to_string()
                title=figure.title(unit)
                style:left=move || px(grid.get().middle(column) - LABEL_WIDTH / 2.0)
                on:focus=move |_| {
                    reached.set(column);
                    figure.focused.set(Some(unit));
                    figure.hover(Some(unit));
                }
                on:blur=move |_| {
                    figure.focused.set(None);
                    figure.hover(None);
                }
                on:pointerenter=move |_| figure.hover(Some(unit))
                on:pointerleave=move |_| figure.hover(None)
                on:click=move |_| figure.toggle_pin(unit)
                on:contextmenu=move |event| {
                    if let Some(target) = figure.target_of(unit) {
                        open_at_event(figure.page, &event, target);
                    }
                }
                on:keydown=move |event| on_key(unit, &event)
            >
                <span class="text">{text.as_ref().map(token_text)}</span>
            </div>
        }
    };
    view! {
        <div
            class="matrix-keys"
            role="listbox"
            aria-label="Key tokens"
            aria-orientation="horizontal"
            aria-multiselectable="true"
            node_ref=row
            style:height=move || px(height.get())
        >
            {keyed(keys, label)}
        </div>
    }
}

/// Gives a column's label the focus, if it is in the document.
fn focus_column(row: NodeRef<leptos::html::Div>, column: usize) -> bool {
    let find = |row: web_sys::HtmlDivElement| row.query_selector(&format!("[data-column=\"{column}\"]")).ok().flatten();
    let found = row.get_untracked().and_then(find);
    let is_found = found.is_some();
    focus(found);
    is_found
}
