//! A field for a number.

use leptos::prelude::*;

use crate::ui::erased::{Derived, view};

/// A number.
#[component]
pub fn NumberField(
    label: &'static str,
    step: &'static str,
    value: Derived<Option<String>>,
    change: Box<dyn Fn(String)>,
) -> impl IntoView {
    view! {
        <label>
            {label}
            <input
                type="number"
                step=step
                prop:value=move || value.get().unwrap_or_default()
                on:change:target=move |event| change(event.target().value())
            />
        </label>
    }
}
