//! Something that went wrong, as text that screen readers announce.

use leptos::prelude::*;

use crate::state::wording::brief;
use crate::ui::erased::view;

/// A paragraph with the message, cut where it is very long, and what can be done about it.
#[component]
pub fn Problem(
    message: String,
    /// Classes beside `problem`.
    #[prop(default = "")]
    class: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <p class=format!("problem {class}") role="alert">
            {brief(&message)}
            {children.map(|children| view! { " " {children()} })}
        </p>
    }
}
