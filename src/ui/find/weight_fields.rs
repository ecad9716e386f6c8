//! Between which marked words a weight is measured.

use leptos::prelude::*;

use super::measure::change;
use crate::state::find::Form;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// From which marked word to which, and less which.
#[component]
pub fn WeightFields(page: Page) -> impl IntoView {
    let marks = page.memo(|state| state.find.set.as_ref().map(|set| set.marks()).unwrap_or_default());
    let form = page.memo(|state| state.find.form.clone());
    let field = move |label: &'static str,
                      none: Option<&'static str>,
                      read: fn(&Form) -> &str,
                      write: fn(&mut Form, String)| {
        let picked = move || form.with(|form| read(form).to_owned());
        let option = move |name: String| {
            let (value, shown) = (name.clone(), name.clone());
            view! { <option value=value prop:selected=move || picked() == name>{shown}</option> }
        };
        view! {
            <label>
                {label}
                <select on:change:target=move |event| {
                    let name = event.target().value();
                    change(page, |form| write(form, name));
                }>
                    {none.map(|none| view! { <option value="" prop:selected=move || picked().is_empty()>{none}</option> })}
                    {move || marks.get().into_iter().map(option).collect_view()}
                </select>
            </label>
        }
    };
    view! {
        {field("From", None, |form| &form.from, |form, name| form.from = name)}
        {field("To", None, |form| &form.to, |form, name| form.to = name)}
        {field("Minus", Some("nothing"), |form| &form.minus, |form, name| form.minus = name)}
        <p class="hint" class:none=move || marks.with(|marks| !marks.is_empty())>
            "No words of this set are marked: it has no “marks”."
        </p>
    }
}
