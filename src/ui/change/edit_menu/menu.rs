//! The open menu.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{MARGIN, OpenMenu};
use crate::edit::Edit;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::offers::{Group, Item, Menu};
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;

/// The menu.
#[component]
pub fn EditMenu(page: Page, open: OpenMenu) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    let Menu { title, groups } = page.peek(|state| state.edit_menu(&open.target));
    let place = RwSignal::new(open.at);
    // Once in the document the menu has a size: it moves to where it is visible whole, and its first item gets the focus. Both happen
    // at once and not with the next frame, since a key pressed now is meant for the menu.
    effect(move || {
        let Some(menu) = element.get() else { return };
        let bounds = menu.get_bounding_client_rect();
        let size = |length: Result<wasm_bindgen::JsValue, _>| length.ok().and_then(|it| it.as_f64()).unwrap_or(0.0);
        let (width, height) = (size(window().inner_width()), size(window().inner_height()));
        let fit = |at: f64, length: f64, room: f64| at.min(room - length - MARGIN).max(MARGIN);
        place.set((fit(open.at.0, bounds.width(), width), fit(open.at.1, bounds.height(), height)));
        focus_item(&menu, |_, _| 0);
    });
    let on_key = move |event: KeyboardEvent| {
        let Some(menu) = element.get_untracked() else { return };
        match event.key().as_str() {
            "ArrowDown" => focus_item(&menu, |at, n| (at + 1) % n),
            "ArrowUp" => focus_item(&menu, |at, n| (at + n - 1) % n),
            "Home" => focus_item(&menu, |_, _| 0),
            "End" => focus_item(&menu, |_, n| n - 1),
            "Escape" | "Tab" => page.close_menu(),
            _ => return event.stop_propagation(),
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let apply = move |edits: Vec<Edit>| {
        page.close_menu();
        page.dispatch(Event::Editing(EditEvent::Added(edits)));
    };
    let item = move |item: Item| {
        let edits = item.edits;
        view! {
            <button type="button" role="menuitem" tabindex="-1" on:click=move |_| apply(edits.clone())>
                {item.name}
            </button>
        }
    };
    let group = move |group: Group| {
        view! {
            <div role="group" aria-label=group.name.clone()>
                <div class="menu-heading" aria-hidden="true">{group.name.clone()}</div>
                {group.items.into_iter().map(item).collect_view()}
            </div>
        }
    };
    view! {
        <div
            class="menu-ground"
            on:pointerdown=move |event| {
                event.prevent_default();
                page.close_menu();
            }
            on:contextmenu=move |event| event.prevent_default()
        ></div>
        <div
            class="edit-menu"
            role="menu"
            aria-label=format!("Edit {title}")
            node_ref=element
            style:left=move || format!("{}px", place.get().0)
            style:top=move || format!("{}px", place.get().1)
            on:keydown=on_key
            on:contextmenu=move |event| event.prevent_default()
        >
            {groups.into_iter().map(group).collect_view()}
        </div>
    }
}

/// Moves the focus to another item: `next` gets the index of the focused item and the number of items.
fn focus_item(menu: &Element, next: impl Fn(usize, usize) -> usize) {
    let Ok(items) = menu.query_selector_all("[role=menuitem]") else { return };
    let n = items.length() as usize;
    if n == 0 {
        return;
    }
    let focused = document().active_element();
    let at = |index: usize| items.item(index as u32).and_then(|item| item.dyn_into::<HtmlElement>().ok());
    let current = (0..n).find(|&index| at(index).map(Element::from) == focused).unwrap_or(0);
    if let Some(item) = at(next(current, n)) {
        // An element that has left the document needs no focus.
        let _ = item.focus();
    }
}
