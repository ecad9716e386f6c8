//! The palette's field, and the list of what fits.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use web_sys::Element;

use super::act::{carry_out, is_there};
use super::option::{Found, option_id};
use crate::state::palette::{Act, Command, found};
use crate::state::{State, wording};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::shell::page::Page;

/// Id of the list.
const LIST: &str = "palette-list";

/// The field and the list. The focus stays in the field; arrow keys move through the list.
#[component]
pub fn Search(page: Page) -> impl IntoView {
    let commands: Vec<Command> = page.peek(State::commands).into_iter().filter(is_there).collect();
    let commands = StoredValue::new(commands);
    let typed = RwSignal::new(String::new());
    let fitting = Derived::new(move || {
        let at = typed.with(|typed| commands.with_value(|commands| found(commands, typed)));
        commands.with_value(|commands| at.into_iter().map(|at| commands[at].clone()).collect::<Vec<_>>())
    });
    let n_found = Derived::new(move || fitting.with(Vec::len));
    let reached = RwSignal::new(0_usize);
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(field) = field.get() {
            // The field is in the dialog, which is open.
            let _ = field.focus();
        }
    });
    effect(move || {
        reached.track();
        reveal(reached.get_untracked());
    });
    let run = move |index: usize| {
        let Some(command) = fitting.with_untracked(|commands| commands.get(index).cloned()) else { return };
        match command.act {
            Act::Type(text) => {
                typed.set(text.to_owned());
                reached.set(0);
            }
            act => carry_out(page, act),
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let (at, last) = (reached.get_untracked(), n_found.get_untracked().saturating_sub(1));
        let to = match event.key().as_str() {
            "ArrowDown" if at == last => 0,
            "ArrowDown" => at + 1,
            "ArrowUp" if at == 0 => last,
            "ArrowUp" => at - 1,
            "PageDown" => (at + 8).min(last),
            "PageUp" => at.saturating_sub(8),
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                return run(at);
            }
            _ => return,
        };
        event.prevent_default();
        reached.set(to);
    };
    let options = move || {
        let option = |(index, command)| view! { <Found command index reached run=Callback::new(run) /> };
        fitting.get().into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <input
            type="text"
            class="palette-field"
            node_ref=field
            role="combobox"
            aria-label="Search commands"
            aria-autocomplete="list"
            aria-expanded=move || (n_found.get() > 0).to_string()
            aria-controls=LIST
            aria-activedescendant=move || (n_found.get() > 0).then(|| option_id(reached.get()))
            autocomplete="off"
            spellcheck="false"
            placeholder="An action, head (L9H4), token, example or model"
            prop:value=move || typed.get()
            on:input:target=move |event| {
                typed.set(event.target().value());
                reached.set(0);
            }
            on:keydown=on_key
        />
        <div id=LIST class="palette-list" role="listbox" aria-label="Commands" class:none=move || n_found.get() == 0>
            {options}
        </div>
        <p class="palette-note" role="status" aria-label="Commands found" class:only-spoken=move || { n_found.get() > 0 }>
            {move || match n_found.get() {
                0 => "Nothing matches.".to_owned(),
                found => wording::count(found, "command"),
            }}
        </p>
    }
}

/// Scrolls the list so far that an option is in view.
fn reveal(index: usize) {
    let list = document().get_element_by_id(LIST);
    let Some((list, option)) = list.zip(document().get_element_by_id(&option_id(index))) else { return };
    let (outer, inner) = (list.get_bounding_client_rect(), option.get_bounding_client_rect());
    let scrolled = |list: &Element, by: f64| list.set_scroll_top(list.scroll_top() + by.round() as i32);
    if inner.top() < outer.top() {
        scrolled(&list, inner.top() - outer.top());
    } else if inner.bottom() > outer.bottom() {
        scrolled(&list, inner.bottom() - outer.bottom());
    }
}
