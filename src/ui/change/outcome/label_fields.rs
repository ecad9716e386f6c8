//! The fields of a classifier's outcome.

use leptos::prelude::*;

use crate::protocol::OutcomeAsked;
use crate::state::editing::EditEvent;
use crate::state::{Event, Shown, Variant};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// The label, the other label, and the token.
type Fields = (Option<u32>, Option<u32>, Option<u32>);

/// The labels whose logits are compared; of which token, where each has its own.
#[component]
pub fn LabelFields(page: Page, asked: Derived<OutcomeAsked>) -> impl IntoView {
    let names = page.memo(|state| {
        let head = state.result(Variant::A).and_then(Shown::label_head);
        head.map(|head| (head.names.clone(), head.is_of_tokens())).unwrap_or_default()
    });
    let fields = move || -> Fields {
        match asked.get() {
            OutcomeAsked::Label { label, against, position } => (label, against, position),
            OutcomeAsked::Tokens { .. } | OutcomeAsked::Cosine { .. } => Default::default(),
        }
    };
    let change = move |change: &dyn Fn(&mut Fields)| {
        let mut next = untrack(fields);
        change(&mut next);
        let (label, against, position) = next;
        page.dispatch(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::Label { label, against, position })));
    };
    let options = move |chosen: fn(&Fields) -> Option<u32>| {
        let option = move |(index, name): (usize, String)| {
            let is_chosen = move || chosen(&fields()) == Some(index as u32);
            view! { <option value=index.to_string() prop:selected=is_chosen>{name}</option> }
        };
        names.get().0.into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <div class="fields">
            <label>
                "Label"
                <select on:change:target=move |event| change(&|fields| fields.0 = event.target().value().parse().ok())>
                    {move || options(|fields| fields.0)}
                </select>
            </label>
            <label>
                "Minus label"
                <select on:change:target=move |event| change(&|fields| fields.1 = event.target().value().parse().ok())>
                    <option value="" prop:selected=move || fields().1.is_none()>"none"</option>
                    {move || options(|fields| fields.1)}
                </select>
            </label>
            {move || names.get().1.then(|| view! {
                <label>
                    "Of token"
                    <input
                        type="number"
                        min="0"
                        placeholder="first"
                        prop:value=move || fields().2.map_or_else(String::new, |position| position.to_string())
                        on:change:target=move |event| change(&|fields| fields.2 = event.target().value().parse().ok())
                    />
                </label>
            })}
        </div>
    }
}
