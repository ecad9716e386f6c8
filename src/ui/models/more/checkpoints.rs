//! The checkpoints that can be loaded.

use leptos::prelude::*;

use crate::sources::{Choice, WORKING_BYTES, size_words};
use crate::state::more_models::Found;
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The checkpoints, and the button that loads one.
#[component]
pub fn Checkpoints(page: Page, found: Found) -> impl IntoView {
    let obstacle = page.memo(|state| state.more.obstacle());
    let chosen = page.memo(|state| state.more.chosen());
    let is_remote = found.is_remote();
    let licence = if found.licence.is_empty() { String::new() } else { format!(", {}", found.licence) };
    let choices = StoredValue::new(found.choices);
    let choice = move || choices.with_value(|choices| choices[chosen.get().min(choices.len() - 1)].clone());
    let several = choices.with_value(Vec::len) > 1;
    let action = move || {
        let size = size_words(choice().size);
        if is_remote { format!("Download {size} and load") } else { format!("Load {size}") }
    };
    let needed = move || {
        let bytes = choice().size.saturating_add(WORKING_BYTES);
        format!("It needs about {} of memory.", size_words(bytes))
    };
    let option = move |(index, one): (usize, Choice)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="checkpoint"
                    prop:checked=move || chosen.get() == index
                    on:change=move |_| page.dispatch(Event::More(MoreEvent::Chosen(index)))
                />
                <span>{one.label}" "<small>{size_words(one.size)}</small></span>
            </label>
        }
    };
    view! {
        <h3>{found.title}<span class="facts">{licence}</span></h3>
        {several.then(|| view! {
            <fieldset class="checkpoints" role="radiogroup" aria-label="Checkpoint">
                {choices.get_value().into_iter().enumerate().map(option).collect_view()}
            </fieldset>
        })}
        {move || choice().notes.into_iter().map(|note| view! { <p>{note}</p> }).collect_view()}
        {move || match obstacle.get() {
            Some(message) => view! { <Problem message /> },
            None => view! { <p class="hint">{needed()}</p> },
        }}
        <button
            type="button"
            class="run"
            prop:disabled=move || obstacle.with(Option::is_some)
            on:click=move |_| page.dispatch(Event::More(MoreEvent::LoadAsked))
        >
            {action}
        </button>
    }
}
