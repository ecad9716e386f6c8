//! A short field for a whole number.

use leptos::prelude::*;

use crate::ui::erased::{Derived, view};

/// A labelled field that says what it holds with each key.
#[component]
pub fn CountField(
    label: &'static str,
    /// The present text, which is followed.
    value: Derived<String>,
    /// Hears the text as it is typed.
    on_typed: impl Fn(String) + 'static,
) -> impl IntoView {
    view! {
        <label class="short">
            {label}
            <input
                type="text"
                inputmode="numeric"
                prop:value=move || value.get()
                on:input:target=move |event| on_typed(event.target().value())
            />
        </label>
    }
}
