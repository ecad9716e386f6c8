//! The fields of a logit difference.

use leptos::prelude::*;

use crate::protocol::OutcomeAsked;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::text_field::TextField;

/// The answer token, the other token, and the position.
type Fields = (String, String, Option<u32>);

/// The two tokens whose logits are compared, and after which position.
#[component]
pub fn TokenFields(page: Page, asked: Derived<OutcomeAsked>) -> impl IntoView {
    let fields = move || -> Fields {
        match asked.get() {
            OutcomeAsked::Tokens { answer, other, position } => (answer, other, position),
            OutcomeAsked::Cosine { .. } => Default::default(),
        }
    };
    let change = move |change: &dyn Fn(&mut Fields)| {
        let mut next = untrack(fields);
        change(&mut next);
        let (answer, other, position) = next;
        page.dispatch(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::Tokens { answer, other, position })));
    };
    view! {
        <div class="fields">
            <TextField
                label="Answer token"
                spellchecked=false
                value=move || fields().0
                on_changed=move |text| change(&|fields| fields.0.clone_from(&text))
            />
            <TextField
                label="Other token"
                spellchecked=false
                value=move || fields().1
                on_changed=move |text| change(&|fields| fields.1.clone_from(&text))
            />
            <label>
                "After position"
                <input
                    type="number"
                    min="0"
                    placeholder="last"
                    prop:value=move || fields().2.map_or_else(String::new, |position| position.to_string())
                    on:change:target=move |event| change(&|fields| fields.2 = event.target().value().parse().ok())
                />
            </label>
        </div>
    }
}
