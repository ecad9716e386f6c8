//! The fields of a cosine.

use leptos::prelude::*;

use crate::protocol::OutcomeAsked;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::text_field::TextField;

/// The two texts whose embeddings are compared.
#[component]
pub fn CosineFields(page: Page, asked: Derived<OutcomeAsked>) -> impl IntoView {
    let fields = move || match asked.get() {
        OutcomeAsked::Cosine { first, second } => (first, second),
        OutcomeAsked::Tokens { .. } | OutcomeAsked::Label { .. } => Default::default(),
    };
    let pick = move |(first, second): (String, String)| {
        page.dispatch(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::Cosine { first, second })));
    };
    view! {
        <p class="hint">
            "Cosine of two texts, each read by itself under the same edits. Edits at positions beyond the text are ignored."
        </p>
        <div class="fields texts">
            <TextField
                label="First text"
                value=move || fields().0
                on_changed=move |text| pick((text, untrack(fields).1))
            />
            <TextField
                label="Compared with"
                value=move || fields().1
                on_changed=move |text| pick((untrack(fields).0, text))
            />
        </div>
    }
}
