//! A line of text with its label around it.

use leptos::prelude::*;

use crate::ui::erased::view;

/// A labelled text field that says what it holds when somebody has finished with it: with Enter, or by going elsewhere.
#[component]
pub fn TextField(
    label: &'static str,
    /// The present text, which is followed.
    value: impl Fn() -> String + Send + Sync + 'static,
    /// Hears the text once it is changed.
    on_changed: impl Fn(String) + 'static,
    /// Whether the browser marks words it does not know.
    #[prop(default = true)]
    spellchecked: bool,
) -> impl IntoView {
    view! {
        <label>
            {label}
            <input
                type="text"
                spellcheck=(!spellchecked).then_some("false")
                prop:value=value
                on:change:target=move |event| on_changed(event.target().value())
            />
        </label>
    }
}
