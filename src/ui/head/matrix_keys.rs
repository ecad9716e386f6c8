//! The keys of a matrix as DOM text, standing above its columns.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::scene::Scene;
use super::token_column::px;
use super::token_figure::Figure;
use crate::render::{Grid, Span};
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::token_text::token_text;

/// Room that a standing label needs, CSS pixels.
const LABEL_WIDTH: f32 = 14.0;
/// The highest label, CSS pixels.
const MAX_HEIGHT: f32 = 120.0;
/// Width of a character of the labels' font, CSS pixels.
const CHARACTER_WIDTH: f32 = 7.3;

/// A list box of standing tokens over the first picture; one tab stop, arrow keys move along.
#[component]
pub fn MatrixKeys(figure: Figure, stretches: Derived<Vec<Span>>) -> impl IntoView {
    let Figure { scene, window, .. } = figure;
    let reached = RwSignal::new(0_usize);
    let row = NodeRef::<leptos::html::Div>::new();
    let grid = Derived::new(move || {
        let n_keys = scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.keys.len()));
        let panel = stretches.with(|panels| panels.first().copied().unwrap_or_default());
        Grid::fit(panel, n_keys, window.get().row_height)
    });
    let keys = Derived::new(move || {
        scene.with(|scene| {
            let rows_of = scene.as_ref().map(|scene| (scene.result, scene.units.is_joined));
            let keys = scene.as_ref().map(|scene| scene.keys.clone()).unwrap_or_default();
            keys.into_iter().enumerate().map(|(column, key)| (rows_of, column, key)).collect::<Vec<_>>()
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
        let last = keys.with_untracked(Vec::len).saturating_sub(1);
        let column = reached.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => (column + 1).min(last),
            "ArrowLeft" => column.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                event.prevent_default();
                return figure.keep(unit);
            }
            _ => return,
        };
        event.prevent_default();
        reached.set(to);
        let child = row.get_untracked().and_then(|row| row.children().item(u32::try_from(to).ok()?));
        if let Some(child) = child.and_then(|child| child.dyn_into::<HtmlElement>().ok()) {
            // An element that is gone needs no focus.
            let _ = child.focus();
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
                aria-setsize=move || keys.with(Vec::len).to_string()
                tabindex=move || if reached.get() == column { "0" } else { "-1" }
                title=figure.title(unit)
                style:left=move || px(grid.get().middle(column) - LABEL_WIDTH / 2.0)
                on:focus=move |_| {
                    reached.set(column);
                    figure.focused.set(Some(unit));
                    figure.look_at(Some(unit));
                }
                on:blur=move |_| {
                    figure.focused.set(None);
                    figure.look_at(None);
                }
                on:pointerenter=move |_| figure.look_at(Some(unit))
                on:pointerleave=move |_| figure.look_at(None)
                on:click=move |_| figure.keep(unit)
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
