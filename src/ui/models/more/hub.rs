//! Looks up a repository of the Hub by its name.

use leptos::prelude::*;

use crate::sources::Base;
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::address_field::AddressField;

/// "Repository", "Look up", and the Hub's address.
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
                <summary>"Use a mirror"</summary>
                <label for="hub-address">"Address of the Hub"</label>
                <AddressField
                    id="hub-address"
                    placeholder=Base::default().as_str().to_owned()
                    value=Signal::derive(move || base.get())
                    on_typed=move |text| send(MoreEvent::BaseTyped(text))
                    on_key=Callback::new(look_up_with_enter)
                />
                <p class="hint">"A mirror that allows requests from web pages (CORS). This browser remembers it."</p>
            </details>
        </section>
    }
}
