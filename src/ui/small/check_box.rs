//! A check box with its name beside it.

use leptos::prelude::*;

use crate::ui::erased::view;

/// The check box.
#[component]
pub fn CheckBox(
    name: &'static str,
    #[prop(into)] is_on: Signal<bool>,
    /// Whether changing it would have no effect now.
    #[prop(default = Signal::stored(false), into)]
    is_disabled: Signal<bool>,
    /// Hears whether it is on, once somebody changes it.
    change: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class="check" class:off=move || is_disabled.get()>
            <input
                type="checkbox"
                prop:checked=move || is_on.get()
                prop:disabled=move || is_disabled.get()
                on:change:target=move |event| change(event.target().checked())
            />
            <span>{name}</span>
        </label>
    }
}
