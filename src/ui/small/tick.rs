//! A small check box among other controls.

use leptos::prelude::*;

use crate::ui::erased::view;

/// The check box with its name.
#[component]
pub fn Tick(
    #[prop(into)] name: String,
    #[prop(into)] is_on: Signal<bool>,
    /// Whether there is nothing to choose now.
    #[prop(default = Signal::stored(false), into)]
    is_hidden: Signal<bool>,
    #[prop(default = "tick")] class: &'static str,
    /// Hears whether it is on, once somebody changes it.
    change: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class=class class:none=move || is_hidden.get()>
            <input
                type="checkbox"
                prop:checked=move || is_on.get()
                on:change:target=move |event| change(event.target().checked())
            />
            {name}
        </label>
    }
}
