//! What the model expects next: the ten most likely tokens.

use leptos::prelude::*;

use super::page::Page;
use super::token_text::token_text;
use crate::protocol::Prediction;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::trace::spec::Unembed;

/// Small bars with probabilities, or why there are none.
#[component]
pub fn Predictions(
    /// The page.
    page: Page,
) -> impl IntoView {
    let found = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let is_causal = shown.spec.is_causal();
        Some((shown.info.top.clone(), shown.info.tokens.form, shown.spec.unembed, is_causal))
    });
    view! {
        <section class="panel predictions" aria-label="Next token">
            <h2>"Next token"</h2>
            {move || match found.get() {
                None => view! { <p class="hint"></p> }.into_any(),
                Some((top, _, unembed, is_causal)) if top.is_empty() => {
                    let sentence = match (unembed, is_causal) {
                        (Unembed::None, _) => "This model has no word predictions: it was trained to embed sentences.",
                        (_, false) => "This model reads in both directions and predicts masked words, not the next one.",
                        _ => "No prediction was computed.",
                    };
                    view! { <p class="hint">{sentence}</p> }.into_any()
                }
                Some((top, form, ..)) => view! {
                    <ol>{top.iter().map(|prediction| row(prediction, form)).collect_view()}</ol>
                }.into_any(),
            }}
        </section>
    }
}

fn row(prediction: &Prediction, form: TokenForm) -> impl IntoView + use<> {
    let label = token_label(&prediction.token, form);
    let percent = f64::from(prediction.prob.clamp(0.0, 1.0)) * 100.0;
    view! {
        <li title=format!("{}, id {}", label.plain, prediction.id)>
            <span class="name">{token_text(&label)}</span>
            <span class="number">
                <span class="weight-bar" style:width=format!("{percent:.1}%")></span>
                <span>{format!("{:.3}", prediction.prob)}</span>
            </span>
        </li>
    }
}
