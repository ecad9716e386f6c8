//! How estimates and exact effects agree, and what to think of it where they part.

use leptos::prelude::*;

use crate::analysis::agreement::Agreement;
use crate::state::matters::Listed;
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;

/// "On the 20 drawn at random: correlation 0.62, rank correlation 0.55, same sign 80 %."
pub fn words(agreement: &Agreement, n_drawn: usize) -> String {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| with_minus(&format!("{value:.2}")));
    let sign = agreement.sign.map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share));
    let (pearson, spearman) = (number(agreement.pearson), number(agreement.spearman));
    format!("On the {n_drawn} drawn at random: correlation {pearson}, rank correlation {spearman}, same sign {sign}.")
}

/// The numbers, and the caution where estimates and exact effects part.
#[component]
pub fn AgreementLine(listed: Listed) -> impl IntoView {
    view! {
        <p class="note" role="status" aria-label="Agreement">{words(&listed.agreement, listed.drawn.len())}</p>
        {listed.parts_ways.then(|| view! {
            <p class="hint">
                "Estimates and exact effects part here. An estimate follows the slope at this text: it is bad where a softmax is \
                saturated and for large steps, and later heads may repair what an edit takes away. Trust what was tried; what the \
                estimate misses shows only among the parts drawn at random ("
                <a href="https://arxiv.org/abs/2403.00745" target="_blank" rel="noopener noreferrer">"Kramár et al. 2024"</a>
                ")."
            </p>
        })}
    }
}
