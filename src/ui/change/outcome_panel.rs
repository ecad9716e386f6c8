//! The outcome that is followed, and predictions in A and B side by side.

use leptos::prelude::*;

use crate::protocol::{ComparedToken, OutcomeAsked, OutcomeNumbers};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// How many tokens are drawn.
const N_TOKENS: usize = 10;

/// What is followed, its value in A and B, and paired bars.
#[component]
pub fn OutcomePanel(page: Page) -> impl IntoView {
    let asked = page.memo(|state| state.editing.asked.clone());
    let compared = page.memo(|state| {
        let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
        state.editing.compared.clone().map(|compared| (compared, form))
    });
    let embeds = page.memo(|state| matches!(state.editing.asked, OutcomeAsked::Cosine { .. }));
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <h3>"Outcome"</h3>
            {move || match embeds.get() {
                true => view! { <CosineFields page asked /> },
                false => view! { <TokenFields page asked /> },
            }}
            {move || match compared.get() {
                None => view! { <p class="hint">"Run a text in the model to see what it predicts."</p> },
                Some((compared, form)) => {
                    let outcome = compared.outcome.clone();
                    view! {
                        {outcome.map(|outcome| match outcome {
                            Ok(outcome) => values(outcome.tokens, &outcome.values, form).into_any(),
                            Err(reason) => view! { <p class="problem" role="alert">{crate::state::wording::sentence(&reason)}</p> },
                        })}
                        {bars(&compared.tokens, form)}
                    }
                }
            }}
        </section>
    }
}

/// Answer, other token, position.
type Fields = (String, String, Option<u32>);

/// The two tokens that are compared, and where.
#[component]
fn TokenFields(page: Page, asked: Derived<OutcomeAsked>) -> impl IntoView {
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
            <label>
                "Answer token"
                <input
                    type="text"
                    spellcheck="false"
                    prop:value=move || fields().0
                    on:change:target=move |event| change(&|fields| fields.0 = event.target().value())
                />
            </label>
            <label>
                "Other token"
                <input
                    type="text"
                    spellcheck="false"
                    prop:value=move || fields().1
                    on:change:target=move |event| change(&|fields| fields.1 = event.target().value())
                />
            </label>
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

/// The two texts whose embeddings are compared.
#[component]
fn CosineFields(page: Page, asked: Derived<OutcomeAsked>) -> impl IntoView {
    let fields = move || match asked.get() {
        OutcomeAsked::Cosine { first, second } => (first, second),
        OutcomeAsked::Tokens { .. } => Default::default(),
    };
    let pick = move |(first, second): (String, String)| {
        page.dispatch(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::Cosine { first, second })));
    };
    view! {
        <p class="hint">
            "Cosine of two texts, each read on its own under the same edits. Edits of positions that a text does not have do not \
            act in it."
        </p>
        <div class="fields texts">
            <label>
                "First text"
                <input
                    type="text"
                    prop:value=move || fields().0
                    on:change:target=move |event| pick((event.target().value(), untrack(fields).1))
                />
            </label>
            <label>
                "Compared with"
                <input
                    type="text"
                    prop:value=move || fields().1
                    on:change:target=move |event| pick((untrack(fields).0, event.target().value()))
                />
            </label>
        </div>
    }
}

/// What is followed in A and in B, and how it changes.
fn values(tokens: Option<[String; 2]>, values: &[OutcomeNumbers], form: TokenForm) -> impl IntoView + use<> {
    let names = tokens.map(|tokens| tokens.map(|token| format!("P({})", token_label(&token, form).plain)));
    let what = if names.is_some() { "Logit difference" } else { "Cosine" };
    let number = |value: f32| format!("{value:.4}").replace('-', "−");
    let signed = |value: f32| format!("{value:+.4}").replace('-', "−");
    let row = |name: &'static str, value: f32, probs: Option<[f32; 2]>, write: &dyn Fn(f32) -> String| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{write(value)}</td>
                {probs.map(|probs| probs.map(|prob| view! { <td>{write(prob)}</td> }).collect_view())}
            </tr>
        }
    };
    let change = match values {
        [a, b, ..] => {
            let probs = a.probs.zip(b.probs).map(|(a, b)| [b[0] - a[0], b[1] - a[1]]);
            Some(row("Change", b.value - a.value, probs, &signed))
        }
        _ => None,
    };
    let each = ["A", "B"].into_iter().zip(values);
    let rows = each.map(|(name, value)| row(name, value.value, value.probs, &number)).collect_view();
    view! {
        <table class="values" aria-label="Outcome values">
            <thead>
                <tr>
                    <th scope="col"><span class="only-spoken">"Run"</span></th>
                    <th scope="col">{what}</th>
                    {names.map(|names| names.map(|name| view! { <th scope="col">{name}</th> }).collect_view())}
                </tr>
            </thead>
            <tbody>{rows}{change}</tbody>
        </table>
    }
}

/// Paired bars: A above B, the change in probability and in log odds beside them.
fn bars(tokens: &[ComparedToken], form: TokenForm) -> impl IntoView + use<> {
    let rows = tokens.iter().take(N_TOKENS).map(|token| bar(token, form)).collect_view();
    let is_empty = tokens.is_empty();
    let has_b = tokens.first().is_some_and(|token| token.probs.len() > 1);
    view! {
        <table class="pairs" aria-label="Predictions in A and B" class:gone=is_empty>
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    <th scope="col">
                        "Probability"
                        {has_b.then(|| view! {
                            <span class="pair-keys">
                                <span class="pair-key of-a"></span>" A "<span class="pair-key of-b"></span>" B"
                            </span>
                        })}
                    </th>
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
        [a, b, ..] => {
            let odds = log_odds(*b) - log_odds(*a);
            (format!("{:+.3}", b - a).replace('-', "−"), format!("{odds:+.2}").replace('-', "−"))
        }
        _ => (String::new(), String::new()),
    };
    let bars = ["of-a", "of-b"].into_iter().zip(&token.probs).map(|(class, prob)| one(class, *prob)).collect_view();
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
