//! The fields of a logit difference.

use leptos::prelude::*;

use super::answer_field::AnswerField;
use crate::protocol::OutcomeAsked;
use crate::state::editing::EditEvent;
use crate::state::editing::answers::Part;
use crate::state::{Event, State};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The answer and the other tokens whose logits are compared, after which position, and which of them a click on a predicted token
/// fills.
#[component]
pub fn TokenFields(page: Page, asked: Derived<OutcomeAsked>, aim: RwSignal<Part>) -> impl IntoView {
    let position = move || match asked.get() {
        OutcomeAsked::Tokens { position, .. } => position,
        OutcomeAsked::Cosine { .. } | OutcomeAsked::Label { .. } => None,
    };
    let at = move |wanted: Option<u32>| {
        let mut asked = asked.get_untracked();
        if let OutcomeAsked::Tokens { position, .. } = &mut asked {
            *position = wanted;
            page.dispatch(Event::Editing(EditEvent::OutcomePicked(asked)));
        }
    };
    let n_others = page.memo(State::n_others);
    // How many others there were when an empty field for one more was asked for: it stays until their number changes.
    let asked_at = RwSignal::new(None::<usize>);
    let has_empty = Derived::new(move || n_others.get() == 0 || asked_at.get() == Some(n_others.get()));
    effect(move || {
        n_others.track();
        asked_at.set(None);
    });
    let n_fields = Derived::new(move || n_others.get() + usize::from(has_empty.get()));
    let add = move |_| {
        let next = n_others.get_untracked();
        asked_at.set(Some(next));
        aim.set(Part::Other(next));
    };
    view! {
        <div class="fields answers">
            <AnswerField page part=Part::Answer aim />
            <div class="others">
                {move || (0..n_fields.get()).map(|index| view! { <AnswerField page part=Part::Other(index) aim /> }).collect_view()}
                <button
                    type="button"
                    class="link"
                    title="The mean of the other tokens’ logits is subtracted"
                    prop:disabled=move || has_empty.get()
                    on:click=add
                >
                    "Add another token"
                </button>
            </div>
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
        {move || {
            let others = (0..n_fields.get()).map(|index| {
                let name = if index == 0 { "other".to_owned() } else { format!("other {}", index + 1) };
                (Part::Other(index), name)
            });
            let options = std::iter::once((Part::Answer, "answer".to_owned())).chain(others).collect::<Vec<_>>();
            view! {
                <RadioGroup
                    name="outcome-aim"
                    label="Clicking a token sets the"
                    options
                    picked=move || Some(aim.get())
                    pick=move |part| aim.set(part)
                />
            }
        }}
    }
}
