//! The outcome that is followed, and predictions of the clean and the edited model side by side.

use leptos::prelude::*;

use super::page::Page;
use super::token_text::token_text;
use crate::protocol::{ComparedToken, OutcomeAsked, OutcomeNumbers};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::trace::TokenForm;
use crate::trace::display::token_label;

/// How many tokens are drawn.
const N_TOKENS: usize = 10;

/// Two answer tokens and a position, their logit difference, and paired bars.
#[component]
pub fn OutcomePanel(
    /// The page.
    page: Page,
) -> impl IntoView {
    let asked = page.memo(|state| state.editing.asked.clone());
    let compared = page.memo(|state| {
        let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
        state.editing.compared.clone().map(|compared| (compared, form))
    });
    let change = move |change: &dyn Fn(&mut OutcomeAsked)| {
        let mut next = page.peek(|state| state.editing.asked.clone());
        change(&mut next);
        page.dispatch(Event::Editing(EditEvent::OutcomePicked(next)));
    };
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <h2>"Outcome"</h2>
            <div class="fields">
                <label>
                    "Answer token"
                    <input
                        type="text"
                        spellcheck="false"
                        prop:value=move || asked.get().answer
                        on:change:target=move |event| change(&|asked: &mut OutcomeAsked| asked.answer = event.target().value())
                    />
                </label>
                <label>
                    "Other token"
                    <input
                        type="text"
                        spellcheck="false"
                        prop:value=move || asked.get().other
                        on:change:target=move |event| change(&|asked: &mut OutcomeAsked| asked.other = event.target().value())
                    />
                </label>
                <label>
                    "After position"
                    <input
                        type="number"
                        min="0"
                        placeholder="last"
                        prop:value=move || asked.get().position.map_or_else(String::new, |position| position.to_string())
                        on:change:target=move |event| change(&|asked: &mut OutcomeAsked| asked.position = event.target().value().parse().ok())
                    />
                </label>
            </div>
            {move || match compared.get() {
                None => view! { <p class="hint">"Run a text in the model to see what it predicts."</p> }.into_any(),
                Some((compared, form)) => {
                    let outcome = compared.outcome.clone();
                    view! {
                        {outcome.map(|outcome| match outcome {
                            Ok(outcome) => values(&outcome.tokens, &outcome.values, form).into_any(),
                            Err(reason) => view! { <p class="problem" role="alert">{crate::state::wording::sentence(&reason)}</p> }.into_any(),
                        })}
                        {bars(&compared.tokens, form)}
                    }.into_any()
                }
            }}
        </section>
    }
}

fn values(tokens: &[String; 2], values: &[OutcomeNumbers], form: TokenForm) -> impl IntoView + use<> {
    let [answer, other] = tokens.clone().map(|token| token_label(&token, form).plain);
    let row = |name: &'static str, value: &OutcomeNumbers| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{format!("{:.4}", value.logit_difference)}</td>
                <td>{format!("{:.4}", value.p_answer)}</td>
                <td>{format!("{:.4}", value.p_other)}</td>
            </tr>
        }
    };
    let change = match values {
        [clean, edited, ..] => Some(view! {
            <tr>
                <th scope="row">"Change"</th>
                <td>{format!("{:+.4}", edited.logit_difference - clean.logit_difference)}</td>
                <td>{format!("{:+.4}", edited.p_answer - clean.p_answer)}</td>
                <td>{format!("{:+.4}", edited.p_other - clean.p_other)}</td>
            </tr>
        }),
        _ => None,
    };
    let rows = ["Clean", "Edited"].into_iter().zip(values).map(|(name, value)| row(name, value)).collect_view();
    view! {
        <table class="values" aria-label="Outcome values">
            <thead>
                <tr>
                    <th scope="col">"Run"</th>
                    <th scope="col">"Logit difference"</th>
                    <th scope="col">{format!("P({answer})")}</th>
                    <th scope="col">{format!("P({other})")}</th>
                </tr>
            </thead>
            <tbody>{rows}{change}</tbody>
        </table>
    }
}

/// Paired bars: clean above edited, the change in probability and in log odds beside them.
fn bars(tokens: &[ComparedToken], form: TokenForm) -> impl IntoView + use<> {
    let rows = tokens.iter().take(N_TOKENS).map(|token| bar(token, form)).collect_view();
    let is_empty = tokens.is_empty();
    view! {
        <table class="pairs" aria-label="Predictions, clean and edited" class:gone=is_empty>
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    <th scope="col">"Probability"</th>
                    <th scope="col">"Change"</th>
                    <th scope="col">"Log odds"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn bar(token: &ComparedToken, form: TokenForm) -> impl IntoView + use<> {
    let label = token_label(&token.token, form);
    let one = |class: &'static str, prob: f32| {
        let percent = f64::from(prob.clamp(0.0, 1.0)) * 100.0;
        view! {
            <span class="pair-line">
                <span class=format!("pair-bar {class}") style:width=format!("{percent:.1}%")></span>
                <span class="number">{format!("{prob:.3}")}</span>
            </span>
        }
    };
    let (change, odds) = match token.probs.as_slice() {
        [clean, edited, ..] => {
            (format!("{:+.3}", edited - clean), format!("{:+.2}", log_odds(*edited) - log_odds(*clean)))
        }
        _ => (String::new(), String::new()),
    };
    let bars = ["clean", "edited"].into_iter().zip(&token.probs).map(|(class, prob)| one(class, *prob)).collect_view();
    view! {
        <tr>
            <th scope="row" class="name">{token_text(&label)}</th>
            <td class="bars">{bars}</td>
            <td class="number">{change}</td>
            <td class="number">{odds}</td>
        </tr>
    }
}

fn log_odds(prob: f32) -> f32 {
    let prob = prob.clamp(1e-9, 1.0 - 1e-6);
    (prob / (1.0 - prob)).ln()
}
