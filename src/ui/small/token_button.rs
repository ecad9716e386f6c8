//! A button that writes a token.

use leptos::prelude::*;

use super::token_text::token_text;
use crate::protocol::Prediction;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::{Derived, view};

/// A predicted token; its probability is the button's title.
#[component]
pub fn TokenButton(
    prediction: Prediction,
    form: TokenForm,
    is_disabled: Derived<bool>,
    on_pick: impl Fn() + 'static,
) -> impl IntoView {
    let label = token_label(&prediction.token, form);
    view! {
        <button
            type="button"
            class="add"
            title=format!("{:.4}", prediction.prob)
            prop:disabled=move || is_disabled.get()
            on:click=move |_| on_pick()
        >
            {token_text(&label)}
        </button>
    }
}
