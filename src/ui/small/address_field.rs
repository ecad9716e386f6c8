//! A text field for an address on the web.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::ui::erased::view;

/// The field; its label stands beside it, and refers to `id`.
#[component]
pub fn AddressField(
    id: &'static str,
    placeholder: String,
    /// The present text, which is followed.
    value: Signal<String>,
    /// Hears the text as it is typed.
    on_typed: impl Fn(String) + 'static,
    /// Hears keys, where Enter should do something.
    #[prop(optional)]
    on_key: Option<Callback<KeyboardEvent>>,
) -> impl IntoView {
    view! {
        <input
            id=id
            type="text"
            inputmode="url"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            placeholder=placeholder
            prop:value=move || value.get()
            on:input:target=move |event| on_typed(event.target().value())
            on:keydown=move |event| {
                if let Some(on_key) = on_key {
                    on_key.run(event);
                }
            }
        />
    }
}
