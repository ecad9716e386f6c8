//! A field for something that the model reads.

use leptos::prelude::*;

use super::keys::run_with_enter;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A text box with its label above it, in which Enter runs the model.
#[component]
pub fn EntryField(
    page: Page,
    id: &'static str,
    /// The label, which is the accessible name.
    name: &'static str,
    /// What the field takes, beside the label.
    #[prop(optional)]
    note: Option<Signal<&'static str>>,
    /// Classes beside `field`.
    class: &'static str,
    #[prop(default = "1")] rows: &'static str,
    #[prop(optional)] title: Option<&'static str>,
    #[prop(optional)] placeholder: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    /// The id of what describes the field.
    #[prop(optional)]
    described_by: Option<&'static str>,
    /// Whether the text cannot be run as it is.
    #[prop(optional)]
    is_invalid: Option<Signal<bool>>,
    /// The present text, which is followed.
    value: Signal<String>,
    /// Hears the text as it is typed.
    on_typed: impl Fn(String) + 'static,
) -> impl IntoView {
    let note = note.map(|note| view! { <span class="aside" aria-hidden="true">" " {move || note.get()}</span> });
    view! {
        <div class=format!("field {class}")>
            <label class="of-open" for=id>{name} " " {note}</label>
            <textarea
                id=id
                rows=rows
                aria-label=name
                spellcheck="false"
                title=title
                placeholder=placeholder
                inputmode=inputmode
                aria-describedby=described_by
                aria-invalid=move || is_invalid.is_some_and(|is_invalid| is_invalid.get()).then_some("true")
                prop:value=move || value.get()
                on:input:target=move |event| on_typed(event.target().value())
                on:keydown=move |event| run_with_enter(page, &event)
            ></textarea>
        </div>
    }
}
