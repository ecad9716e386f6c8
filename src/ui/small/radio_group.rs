//! A row of radio buttons under one label.

use leptos::prelude::*;

use crate::ui::erased::view;

/// One button.
struct Choice {
    label: String,
    title: Option<&'static str>,
    is_picked: Box<dyn Fn() -> bool + Send + Sync>,
    pick: Box<dyn Fn()>,
}

/// Joined radio buttons, one for each option.
#[component]
pub fn RadioGroup<T, Picked, Pick>(
    /// What keeps the buttons apart from other groups; unique within the page.
    name: &'static str,
    /// The visible label.
    label: &'static str,
    /// The accessible name, where it is not the label.
    #[prop(optional)]
    spoken: Option<&'static str>,
    /// A class beside `control`.
    #[prop(default = "")]
    class: &'static str,
    /// Values and their labels, in order.
    options: Vec<(T, String)>,
    /// What an option means, where its label does not say it.
    #[prop(optional)]
    title: Option<fn(T) -> &'static str>,
    /// The present value, which is followed.
    picked: Picked,
    /// Hears which option somebody picks.
    pick: Pick,
    /// What follows the buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    T: PartialEq + Copy + Send + Sync + 'static,
    Picked: Fn() -> Option<T> + Copy + Send + Sync + 'static,
    Pick: Fn(T) + Copy + 'static,
{
    let choice = |(value, label): (T, String)| Choice {
        label,
        title: title.map(|title| title(value)),
        is_picked: Box::new(move || picked() == Some(value)),
        pick: Box::new(move || pick(value)),
    };
    let choices = options.into_iter().map(choice).collect();
    group(name, label, spoken.unwrap_or(label), class, choices, children)
}

fn group(
    name: &'static str,
    label: &'static str,
    spoken: &'static str,
    class: &'static str,
    choices: Vec<Choice>,
    children: Option<Children>,
) -> AnyView {
    let button = move |Choice { label, title, is_picked, pick }: Choice| {
        view! {
            <label class="choice" title=title>
                <input type="radio" name=name prop:checked=is_picked on:change=move |_| pick() />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        // No fieldset: browsers lay out a legend in a row differently.
        <div class=format!("control {class}") role="radiogroup" aria-label=spoken>
            <span class="label" aria-hidden="true">{label}</span>
            <div class="joined">{choices.into_iter().map(button).collect_view()}</div>
            {children.map(|children| children())}
        </div>
    }
}
