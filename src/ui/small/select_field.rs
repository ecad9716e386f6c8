//! A list of choices with its label around it.

use leptos::prelude::*;

use crate::ui::erased::view;

/// A choice: its value, and its name.
pub type Named = (String, String);

/// A labelled list.
#[component]
pub fn SelectField(
    label: &'static str,
    /// A class of the label.
    #[prop(optional)]
    class: Option<&'static str>,
    /// What the list's title says, which is followed.
    #[prop(optional)]
    title: Option<Signal<&'static str>>,
    /// The choices in order, which are followed.
    options: Signal<Vec<Named>>,
    /// The present value, which is followed.
    picked: Signal<String>,
    /// Hears the value of the choice that somebody picks.
    pick: impl Fn(String) + 'static,
) -> impl IntoView {
    let option = move |(value, name): Named| {
        let own = value.clone();
        view! { <option value=value prop:selected=move || picked.with(|picked| *picked == own)>{name}</option> }
    };
    view! {
        <label class=class>
            {label}
            <select
                title=move || title.map(|title| title.get())
                on:change:target=move |event| pick(event.target().value())
            >
                {move || options.get().into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

/// A choice whose value is its name.
pub fn same_name(name: impl Into<String>) -> Named {
    let name = name.into();
    (name.clone(), name)
}
