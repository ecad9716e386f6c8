//! Predictions of both results as paired bars.

use leptos::prelude::*;

use crate::protocol::ComparedToken;
use crate::state::wording;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::trace::numeral::signed;
use crate::ui::erased::view;
use crate::ui::small::token_text::token_text;

/// The number of tokens shown.
const N_TOKENS: usize = 10;

/// Paired bars of tokens or labels, the original above the other result, with the change in probability and in log odds. `take`
/// hears which token was clicked.
pub fn bars(
    tokens: &[ComparedToken],
    form: TokenForm,
    what: &'static str,
    results: [&'static str; 2],
    take: Option<Callback<(u32, String)>>,
) -> impl IntoView + use<> {
    let rows = tokens.iter().take(N_TOKENS).map(|token| bar(token, form, take)).collect_view();
    let is_empty = tokens.is_empty();
    let has_b = tokens.first().is_some_and(|token| token.probs.len() > 1);
    view! {
        {has_b.then(|| view! {
            <p class="pair-keys">
                <span class="pair-key of-a"></span>{results[0]}<span class="pair-key of-b"></span>{results[1]}
            </p>
        })}
        <table class="pairs" aria-label="Predictions of both" class:gone=is_empty>
            <thead>
                <tr>
                    <th scope="col">{what}</th>
                    <th scope="col">"Probability"</th>
                    <th scope="col">"Change"</th>
                    <th scope="col" title="Change of the log odds">"Δ log odds"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn bar(token: &ComparedToken, form: TokenForm, take: Option<Callback<(u32, String)>>) -> impl IntoView + use<> {
    let label = token_label(&token.token, form);
    let (id, name) = (token.id, token.token.clone());
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
            (wording::short_change(b - a), signed(&format!("{odds:+.2}")))
        }
        _ => (String::new(), String::new()),
    };
    let bars = ["of-a", "of-b"].into_iter().zip(&token.probs).map(|(class, prob)| one(class, *prob)).collect_view();
    view! {
        <tr>
            <th scope="row" class="name">
                {match take {
                    Some(take) => view! {
                        <button type="button" class="link" title="Use this token in the outcome" on:click=move |_| take.run((id, name.clone()))>
                            {token_text(&label)}
                        </button>
                    },
                    None => token_text(&label).into_any(),
                }}
            </th>
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
