//! The outcome measured, and predictions in A and B side by side.

use leptos::prelude::*;

use super::bars::bars;
use super::cosine_fields::CosineFields;
use super::token_fields::TokenFields;
use super::values::values;
use crate::protocol::OutcomeAsked;
use crate::state::editing::answers::Part;
use crate::state::wording;
use crate::trace::TokenForm;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The outcome's fields, its value in A and B, and paired bars.
#[component]
pub fn OutcomePanel(page: Page) -> impl IntoView {
    let asked = page.memo(|state| state.editing.asked.clone());
    let compared = page.memo(|state| {
        let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
        state.editing.compared.value().cloned().map(|compared| (compared, form))
    });
    // The part of the outcome that a click on a predicted token fills.
    let aim = RwSignal::new(Part::Answer);
    let take = Callback::new(move |token: String| {
        let event = page.peek(|state| state.with_token(aim.get_untracked(), &token));
        page.dispatch(event);
    });
    let embeds = page.memo(|state| matches!(state.editing.asked, OutcomeAsked::Cosine { .. }));
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <h3>"Outcome"</h3>
            {move || match embeds.get() {
                true => view! { <CosineFields page asked /> },
                false => view! { <TokenFields page asked aim /> },
            }}
            {move || match compared.get() {
                None => view! { <p class="hint">"Run a text in the model to see what it predicts."</p> },
                Some((compared, form)) => {
                    let outcome = compared.outcome.clone();
                    view! {
                        {outcome.map(|outcome| match outcome {
                            Ok(outcome) => values(outcome.tokens, &outcome.values, form).into_any(),
                            Err(reason) => view! { <Problem message=wording::sentence(&reason) /> },
                        })}
                        {bars(&compared.tokens, form, take)}
                    }
                }
            }}
        </section>
    }
}
