//! A repository of the Hub by its name, the Hub's address, and the models that are suggested.

use leptos::prelude::*;

use crate::sources::catalogue::{SUGGESTIONS, Suggestion};
use crate::sources::{Base, size_words};
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Repository", "Look up", and where the Hub is.
#[component]
pub fn FromHub(page: Page) -> impl IntoView {
    let repo = page.memo(|state| state.more.repo.clone());
    let base = page.memo(|state| state.more.base.clone());
    let send = move |event: MoreEvent| page.dispatch(Event::More(event));
    let look_up_with_enter = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            send(MoreEvent::LookUpAsked);
        }
    };
    view! {
        <section aria-labelledby="from-hub">
            <h3 id="from-hub">"From the Hugging Face Hub"</h3>
            <label for="repository">"Repository"</label>
            <div class="look-up">
                <input
                    id="repository"
                    type="text"
                    placeholder="owner/name@revision"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=move || repo.get()
                    on:input:target=move |event| send(MoreEvent::RepoTyped(event.target().value()))
                    on:keydown=look_up_with_enter
                />
                <button type="button" class="run" on:click=move |_| send(MoreEvent::LookUpAsked)>"Look up"</button>
            </div>
            <p class="hint">"The name is sent to the Hub; texts never are. What is downloaded stays in this browser."</p>
            <details class="hub-address">
                <summary>"Another address"</summary>
                <label for="hub-address">"Address of the Hub"</label>
                <input
                    id="hub-address"
                    type="url"
                    placeholder=Base::default().as_str().to_owned()
                    autocomplete="off"
                    prop:value=move || base.get()
                    on:input:target=move |event| send(MoreEvent::BaseTyped(event.target().value()))
                    on:keydown=look_up_with_enter
                />
                <p class="hint">"A mirror that pages may read (CORS). Kept in this browser."</p>
            </details>
        </section>
    }
}

/// The list of models worth a look.
#[component]
pub fn Suggestions(page: Page) -> impl IntoView {
    let row = move |(index, suggestion): (usize, &'static Suggestion)| {
        let Suggestion { repo, name, megabytes, licence, good_for } = suggestion;
        let in_bytes = |megabytes: u32| size_words(u64::from(megabytes) * 1_000_000);
        let size = megabytes.map_or_else(|| "several sizes".to_owned(), in_bytes);
        view! {
            <li>
                <button
                    type="button"
                    class="link"
                    title=*repo
                    on:click=move |_| page.dispatch(Event::More(MoreEvent::Suggested(index)))
                >
                    {*name}
                </button>
                <span class="good-for">{*good_for}</span>
                <span class="facts">{format!("{size}, {licence}")}</span>
            </li>
        }
    };
    view! {
        <section class="suggestions" aria-labelledby="suggestions">
            <h3 id="suggestions">"Worth a look"</h3>
            <ul>{SUGGESTIONS.iter().enumerate().map(row).collect_view()}</ul>
        </section>
    }
}
