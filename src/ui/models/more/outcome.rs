//! What came of a look-up or a pick: what can be loaded, with the question before a large download, or why nothing can.

use leptos::prelude::*;

use crate::sources::{Choice, Unusable, WORKING_BYTES, size_words};
use crate::state::more_models::{Found, Lookup};
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// In the place of the suggestions.
#[component]
pub fn Outcome(page: Page) -> impl IntoView {
    // Without what is chosen: choosing makes nothing anew, or the focus would be lost.
    let lookup = page.memo(|state| {
        let mut lookup = state.more.lookup.clone();
        if let Lookup::Found(found) = &mut lookup {
            found.chosen = 0;
        }
        lookup
    });
    view! {
        <section class="outcome" aria-label="Found" aria-live="polite">
            {move || match lookup.get() {
                Lookup::None => ().into_any(),
                Lookup::Asking { repo, base, .. } => view! {
                    <p role="status">{format!("Asking {} for {} …", base.host(), repo.id())}</p>
                },
                Lookup::Refused(unusable) => view! { <Refused unusable /> },
                Lookup::Found(found) => view! { <Choices page found /> },
            }}
            <button type="button" class="link back" on:click=move |_| page.dispatch(Event::More(MoreEvent::Dropped))>
                "Back to the list"
            </button>
        </section>
    }
}

/// What is missing, and what helps.
#[component]
fn Refused(unusable: Unusable) -> impl IntoView {
    view! {
        <p class="problem" role="alert">{unusable.message}</p>
        {unusable.convert.map(|lines| view! {
            <pre class="convert" aria-label="Three lines of Python"><code>{lines.join("\n")}</code></pre>
        })}
    }
}

/// The checkpoints, and the button that loads one.
#[component]
fn Choices(page: Page, found: Found) -> impl IntoView {
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
        format!("It will take about {} of memory while it is loaded.", size_words(bytes))
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
            Some(message) => view! { <p class="problem" role="alert">{message}</p> },
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
