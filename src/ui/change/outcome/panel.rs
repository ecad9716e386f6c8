//! The outcome measured, and predictions of both results next to each other.

use leptos::prelude::*;

use super::bars::bars;
use super::cosine_fields::CosineFields;
use super::label_fields::LabelFields;
use super::token_fields::TokenFields;
use super::values::values;
use crate::protocol::OutcomeAsked;
use crate::state::editing::answers::Part;
use crate::state::{State, Variant, wording};
use crate::trace::TokenForm;
use crate::ui::change::as_python::AsPython;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The outcome's fields, its value in both results, and paired bars.
#[component]
pub fn OutcomePanel(page: Page) -> impl IntoView {
    let asked = page.memo(|state| state.editing.asked.clone());
    let compared = page.memo(|state| {
        let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
        let (form, listed) = if state.gives_labels() { (TokenForm::Plain, "Label") } else { (form, "Token") };
        let names = [Variant::A, Variant::B].map(|side| state.editing.name_of(side));
        let compared = state.editing.compared.value().cloned()?;
        Some((compared, form, (listed, state.outcome_kind()), names))
    });
    // The part of the outcome that a click on a predicted token fills.
    let aim = RwSignal::new(Part::Answer);
    let take = Callback::new(move |(id, token): (u32, String)| {
        let event = page.peek(|state| state.with_token(aim.get_untracked(), id, &token));
        page.dispatch(event);
    });
    let kind = page.memo(|state| std::mem::discriminant(&state.editing.asked));
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <h3>"Outcome"</h3>
            {move || {
                // Only another kind makes new fields.
                kind.track();
                match asked.get_untracked() {
                    OutcomeAsked::Cosine { .. } => view! { <CosineFields page asked /> },
                    OutcomeAsked::Label { .. } => view! { <LabelFields page asked /> },
                    OutcomeAsked::Tokens { .. } => view! { <TokenFields page asked aim /> },
                }
            }}
            {move || match compared.get() {
                None => view! { <p class="hint">"Run a text in the model to see what it predicts."</p> },
                Some((compared, form, (listed, outcome_kind), names)) => {
                    let outcome = compared.outcome.clone();
                    let take = (listed == "Token").then_some(take);
                    view! {
                        {outcome.map(|outcome| match outcome {
                            Ok(outcome) => values(outcome_kind, outcome.tokens, &outcome.values, form, names).into_any(),
                            Err(reason) => view! { <Problem message=wording::sentence(&reason) /> },
                        })}
                        {bars(&compared.tokens, form, listed, names, take)}
                    }
                }
            }}
            <AsPython page script=State::outcome_script />
        </section>
    }
}
