//! The menu of edits for the thing under the pointer or the keyboard: by right click, a long press, the menu key, E, or the
//! button over the views.
//!
//! One menu for every view: what it offers is `state::editing::offers`. It stands over the page, takes the focus, and gives it
//! back to where it was.

use std::sync::Arc;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::edit::Edit;
use crate::state::editing::EditEvent;
use crate::state::editing::offers::{Group, Item, Menu, Target};
use crate::state::{EditSide, Event, State};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::shell::page::Page;

/// Between the menu and the edge of the window, CSS pixels.
const MARGIN: f64 = 8.0;

/// An open menu.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMenu {
    /// What it is about.
    pub target: Target,
    /// Where it was asked for, in the window.
    pub at: (f64, f64),
}

/// Opens the menu where the pointer is, or below the element that the keyboard is on, instead of the browser's own.
pub fn open_at_event(page: Page, event: &MouseEvent, target: Target) {
    if !page.peek(|state| state.can_edit()) {
        return;
    }
    event.prevent_default();
    event.stop_propagation();
    // The menu key says no place, or the middle of nowhere: the element is meant.
    let by_pointer = event.client_x() != 0 || event.client_y() != 0;
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = match element.filter(|_| !by_pointer) {
        Some(element) => below(&element),
        None => (f64::from(event.client_x()), f64::from(event.client_y())),
    };
    page.open_menu(OpenMenu { target, at });
}

/// Opens the menu below the element that heard the key, if the key asks for it. Says whether it did.
pub fn open_at_key(page: Page, event: &KeyboardEvent, target: impl FnOnce() -> Option<Target>) -> bool {
    let is_asked =
        matches!(event.key().as_str(), "e" | "E") && !event.ctrl_key() && !event.meta_key() && !event.alt_key();
    if !is_asked || !page.peek(|state| state.can_edit()) {
        return false;
    }
    let Some(target) = target() else { return false };
    event.prevent_default();
    event.stop_propagation();
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = element.map_or((MARGIN, MARGIN), |element| below(&element));
    page.open_menu(OpenMenu { target, at });
    true
}

/// Something derived from what is selected and the patterns that are here: made anew when these change, not with every move of
/// the pointer.
pub fn of_selection<T: PartialEq + Send + Sync + 'static>(
    page: Page,
    derive: impl Fn(&State) -> T + Send + Sync + 'static,
) -> Derived<T> {
    let depends_on = page.memo(|state| {
        let drawn = |side| {
            let shown = state.result(side)?;
            Some((shown.request, shown.drawn.as_ref().map(|drawn| Arc::as_ptr(drawn) as usize)))
        };
        (state.selected_target(), state.can_edit(), EditSide::EACH.map(drawn))
    });
    Derived::new(move || {
        // Read, not only tracked: a memo that nobody reads follows nothing.
        depends_on.with(|_| page.peek(&derive))
    })
}

fn below(element: &Element) -> (f64, f64) {
    let bounds = element.get_bounding_client_rect();
    // Of a figure that fills the window, its upper part.
    (bounds.left() + 12.0, bounds.bottom().min(bounds.top() + 40.0))
}

/// "Edit L2H9": opens the menu for what is selected.
#[component]
pub fn EditButton(page: Page) -> impl IntoView {
    let can_edit = page.memo(|state| state.can_edit());
    let title = of_selection(page, |state| state.edit_menu(&state.selected_target()).title);
    let is_open = move || page.menu().with(Option::is_some);
    let open = move |event: MouseEvent| {
        let target = page.peek(|state| state.selected_target());
        let element = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let at = element.map_or((MARGIN, MARGIN), |element| below(&element));
        page.open_menu(OpenMenu { target, at });
    };
    view! {
        <button
            type="button"
            class="edit-button"
            class:none=move || !can_edit.get()
            aria-haspopup="menu"
            aria-expanded=move || is_open().to_string()
            title="Change what is selected (E). Heads, tokens, links and neurons have the same menu by right click, long press or E."
            on:click=open
        >
            "Edit "
            {move || title.get()}
            <span class="more" aria-hidden="true">" …"</span>
        </button>
    }
}

/// Where the menu is, while it is open.
#[component]
pub fn MenuPlace(page: Page) -> impl IntoView {
    move || {
        let made = |open: OpenMenu| page.parts().later(move |views| (views.edit_menu)(page, open.clone()));
        page.menu().get().map(made)
    }
}

/// The menu.
#[component]
pub fn EditMenu(
    page: Page,
    /// What it is about, and where it was asked for.
    open: OpenMenu,
) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    let Menu { title, groups } = page.peek(|state| state.edit_menu(&open.target));
    let place = RwSignal::new(open.at);
    // Once it is there its size is known: it is moved to where it is seen whole, and its first item gets the focus. Not a frame
    // later: a key pressed at once is meant for the menu.
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

/// Gives another item the focus: `next` says which, from the one that has it and how many there are.
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
        // An element that is gone needs no focus.
        let _ = item.focus();
    }
}
