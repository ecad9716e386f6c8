//! Between which marked words a weight is measured.

use leptos::prelude::*;

use super::chosen_set;
use super::measure::change;
use crate::state::find::Form;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

/// From which marked word to which, and less which.
#[component]
pub fn WeightFields(page: Page) -> impl IntoView {
    let set = chosen_set(page);
    let marks = Derived::new(move || set.with(|set| set.as_ref().map(|set| set.marks()).unwrap_or_default()));
    let form = page.memo(|state| state.find.form.clone());
    let field = move |label: &'static str,
                      none: Option<&'static str>,
                      read: fn(&Form) -> &str,
                      write: fn(&mut Form, String)| {
        let options = Signal::derive(move || {
            let none = none.map(|none| (String::new(), none.to_owned()));
            none.into_iter().chain(marks.get().into_iter().map(same_name)).collect()
        });
        view! {
            <SelectField
                label
                options
                picked=Signal::derive(move || form.with(|form| read(form).to_owned()))
                pick=move |name| change(page, |form| write(form, name))
            />
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
