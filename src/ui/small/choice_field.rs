//! A field with a list under it, which typing narrows down.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::state::palette::fitting;
use crate::ui::erased::{Derived, view};

/// A choice: its name, and other words that find it.
pub type Choice = (&'static str, &'static str);

/// A combobox: the chosen name, and the list of choices while somebody chooses. Arrow keys and Enter choose, Escape leaves the choice
/// as it was.
#[component]
pub fn ChoiceField(
    /// Its id, unique within the page.
    id: &'static str,
    label: &'static str,
    choices: Derived<Vec<Choice>>,
    /// The chosen one, by its place among the choices.
    chosen: RwSignal<usize>,
) -> impl IntoView {
    // What is typed while the list is open.
    let typed = RwSignal::new(None::<String>);
    let reached = RwSignal::new(0_usize);
    let open = move || {
        if typed.with_untracked(Option::is_none) {
            typed.set(Some(String::new()));
            reached.set(chosen.get_untracked());
        }
    };
    let listed = Derived::new(move || {
        typed.with(|typed| {
            let Some(typed) = typed else { return Vec::new() };
            choices.with(|choices| fitting(choices.iter().copied(), typed))
        })
    });
    let name = move || choices.with(|choices| choices.get(chosen.get()).map_or("", |(name, _)| *name));
    let choose = move |index: usize| {
        if let Some(at) = listed.with_untracked(|listed| listed.get(index).copied()) {
            chosen.set(at);
        }
        typed.set(None);
    };
    let on_key = move |event: KeyboardEvent| {
        let is_open = typed.with_untracked(Option::is_some);
        let last = listed.with_untracked(|listed| listed.len().saturating_sub(1));
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if !is_open => open(),
            "ArrowDown" => reached.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => reached.update(|at| *at = at.saturating_sub(1)),
            "Enter" if is_open && !event.is_composing() => choose(reached.get_untracked()),
            "Escape" if is_open => typed.set(None),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let option_id = move |index: usize| format!("{id}-option-{index}");
    let option = move |(index, at): (usize, usize)| {
        let (name, words) = choices.with_untracked(|choices| choices.get(at).copied()).unwrap_or_default();
        view! {
            <div
                role="option"
                id=option_id(index)
                aria-selected=move || (reached.get() == index).to_string()
                // The focus stays in the field.
                on:pointerdown=move |event| event.prevent_default()
                on:click=move |_| choose(index)
            >
                <span class="name">{name}</span>
                <span class="detail">{words}</span>
            </div>
        }
    };
    let has_list = move || listed.with(|listed| !listed.is_empty());
    view! {
        <div class="choice-field">
            <label for=id>{label}</label>
            <input
                id=id
                type="text"
                role="combobox"
                aria-autocomplete="list"
                aria-expanded=move || has_list().to_string()
                aria-controls=format!("{id}-list")
                aria-activedescendant=move || has_list().then(|| option_id(reached.get()))
                autocomplete="off"
                spellcheck="false"
                prop:value=move || typed.get().filter(|typed| !typed.is_empty()).unwrap_or_else(|| name().to_owned())
                on:focus:target=move |event| event.target().select()
                on:click=move |_| open()
                on:input:target=move |event| {
                    typed.set(Some(event.target().value()));
                    reached.set(0);
                }
                on:blur=move |_| typed.set(None)
                on:keydown=on_key
            />
            <div id=format!("{id}-list") class="choice-list" role="listbox" aria-label=label class:none=move || !has_list()>
                {move || listed.get().into_iter().enumerate().map(option).collect_view()}
            </div>
        </div>
    }
}
