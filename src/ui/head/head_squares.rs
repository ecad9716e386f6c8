//! One square per head: a click adds or removes the head, a double click shows it alone or all heads again.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::scene::Scene;
use crate::render::HeadColours;
use crate::state::editing::offers::Target;
use crate::state::{Event, SelectionEvent, State, wording};
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::css::rgb;
use crate::ui::small::focus::focus_child;

/// So many squares stand in one row.
const ONE_ROW: usize = 12;

/// The row of squares: one tab stop, with arrow keys between the squares.
#[component]
pub fn HeadSquares(page: Page, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let layer = page.memo(|state| state.selection.layer);
    // A picture of the whole layer has no head's colour.
    let is_claimed =
        Derived::new(move || scene.with(|scene| scene.as_ref().is_none_or(|scene| !scene.is_layer_wide())));
    let is_one = page.memo(State::shows_one_head);
    let row = NodeRef::<leptos::html::Div>::new();
    // The square that Tab reaches.
    let reached = RwSignal::new(0_usize);
    let square = move |head: usize| {
        let is_active = page.memo(move |state| state.selection.heads.contains(&head));
        let colour = move || match is_claimed.get() {
            true => rgb(colours.with(|colours| colours.line.get(head).copied().unwrap_or_default())),
            false => "var(--soft)".to_owned(),
        };
        let target = move || Target { layer: layer.get_untracked(), heads: vec![head], ..Target::default() };
        let on_key = move |event: KeyboardEvent| {
            if open_at_key(page, &event, || Some(target())) {
                return;
            }
            let last = n_heads.get_untracked().saturating_sub(1);
            let target = match event.key().as_str() {
                "ArrowRight" | "ArrowDown" => (head + 1).min(last),
                "ArrowLeft" | "ArrowUp" => head.saturating_sub(1),
                "Home" => 0,
                "End" => last,
                "Enter" if event.shift_key() => {
                    event.prevent_default();
                    return page.dispatch(Event::Select(SelectionEvent::HeadSoloed(head)));
                }
                _ => return,
            };
            event.prevent_default();
            reached.set(target);
            focus_child(row, target);
        };
        view! {
            <button
                type="button"
                class="head"
                aria-label=format!("Head {head}")
                aria-pressed=move || is_active.get().to_string()
                title=move || {
                    let name = wording::head_name(layer.get(), head);
                    match is_one.get() {
                        true => format!("{name}: click to show, right-click (E) to edit"),
                        false => format!(
                            "{name}: click to add or remove, double-click (Shift+Enter) to show alone, right-click (E) to edit"
                        ),
                    }
                }
                tabindex=move || if reached.get() == head { "0" } else { "-1" }
                style:--head=colour
                style:--head-ink=move || if is_claimed.get() { "#141417" } else { "var(--paper)" }
                on:focus=move |_| reached.set(head)
                on:click=move |_| page.dispatch(Event::Select(SelectionEvent::HeadToggled(head)))
                on:dblclick=move |_| page.dispatch(Event::Select(SelectionEvent::HeadSoloed(head)))
                on:contextmenu=move |event| open_at_event(page, &event, target())
                on:keydown=on_key
            >
                {head}
            </button>
        }
    };
    let has_all = Derived::new(move || {
        is_one.get() || scene.with(|scene| scene.as_ref().is_none_or(|scene| scene.heads.len() == scene.shape.n_heads))
    });
    view! {
        <div class="control heads">
            <span class="label" id="heads-label">"Heads"</span>
            <div
                class="squares"
                class:many=move || { n_heads.get() > ONE_ROW }
                role="group"
                aria-labelledby="heads-label"
                node_ref=row
                style:--half=move || n_heads.get().div_ceil(2).max(1).to_string()
            >
                {move || (0..n_heads.get()).map(square).collect_view()}
            </div>
            <button
                type="button"
                class="link all"
                class:gone=move || n_heads.get() == 0
                prop:disabled=move || has_all.get()
                on:click=move |_| page.dispatch(Event::Select(SelectionEvent::AllHeads))
            >
                "All"<span class="only-spoken">" heads"</span>
            </button>
        </div>
    }
}
