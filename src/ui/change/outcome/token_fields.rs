//! The fields of a logit difference.

use leptos::prelude::*;

use super::answer_field::AnswerField;
use crate::protocol::OutcomeAsked;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::answers::Part;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The two tokens whose logits are compared, after which position, and which of them a click on a predicted token fills.
#[component]
pub fn TokenFields(page: Page, asked: Derived<OutcomeAsked>, aim: RwSignal<Part>) -> impl IntoView {
    let position = move || match asked.get() {
        OutcomeAsked::Tokens { position, .. } => position,
        OutcomeAsked::Cosine { .. } | OutcomeAsked::Label { .. } => None,
    };
    let at = move |wanted: Option<u32>| {
        if let OutcomeAsked::Tokens { answer, other, .. } = asked.get_untracked() {
            let asked = OutcomeAsked::Tokens { answer, other, position: wanted };
            page.dispatch(Event::Editing(EditEvent::OutcomePicked(asked)));
        }
    };
    view! {
        <div class="fields answers">
            {Part::EACH.map(|part| view! { <AnswerField page part aim /> }).collect_view()}
            <label>
                "After position"
                <input
                    type="number"
                    min="0"
                    placeholder="last"
                    prop:value=move || position().map_or_else(String::new, |position| position.to_string())
                    on:change:target=move |event| at(event.target().value().parse().ok())
                />
            </label>
        </div>
        <RadioGroup
            name="outcome-aim"
            label="A token below is"
            options=vec![(Part::Answer, "the answer".to_owned()), (Part::Other, "the other".to_owned())]
            picked=move || Some(aim.get())
            pick=move |part| aim.set(part)
        />
    }
}
