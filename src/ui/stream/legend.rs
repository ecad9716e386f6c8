//! Below the table: the scale with its numbers, and how far the lens is.

use leptos::prelude::*;

use super::model::Stream;
use super::numbers::{about, lens_form, no_lens, progress, short};
use crate::render::StreamScale;
use crate::state::Variant;
use crate::state::stream::options::StreamNumber;
use crate::ui::erased::{Derived, view};

/// The colour scale of the table.
#[component]
pub fn StreamLegend(stream: Stream) -> impl IntoView {
    let Stream { page, options, scale, .. } = stream;
    let is_difference = Derived::new(move || matches!(scale.get(), Some(StreamScale::Difference(_))));
    let meaning = move || {
        let number = options.with(|options| options.number);
        page.with(|state| {
            let meaning = about(state, number, meaning_of(number));
            let is_change = state.editing.variant == Variant::Difference;
            if is_change { format!("{meaning}: change, orange less, blue more") } else { meaning }
        })
    };
    let end = move |pick: fn((f32, f32)) -> f32| {
        let number = options.with(|options| options.number);
        scale.get().map(|scale| short(number, pick(scale.ends()), is_difference.get())).unwrap_or_default()
    };
    let progress = page.memo(progress);
    let no_lens = page.memo(no_lens);
    let token = page.memo(|state| {
        let token = state.stream.columns.token.clone().filter(|_| state.scales.stream.number.needs_token())?;
        let name = crate::trace::display::token_label(&token.token, lens_form(state)).plain;
        let what = about(state, state.scales.stream.number, "token");
        Some(match token.n_pieces {
            0 | 1 => format!("{what} {name}"),
            n => format!("{what} {name}: the first of {n} of that text"),
        })
    });
    view! {
        <div class="legend">
            <span>{meaning}</span>
            <span class="line-scale" aria-hidden="true">
                <span>{move || end(|(low, _)| low)}</span>
                <span
                    class="ramp"
                    class:neutral=move || !is_difference.get()
                    class:diverging=move || is_difference.get()
                ></span>
                <span>{move || end(|(_, high)| high)}</span>
            </span>
            <span>{move || token.get()}</span>
            <span>{move || progress.get()}</span>
            <span>{move || no_lens.get()}</span>
        </div>
    }
}

pub(super) fn meaning_of(number: StreamNumber) -> &'static str {
    match number {
        StreamNumber::TopToken => "Most likely token of the lens; colour: its probability",
        StreamNumber::TokenProb => "Colour: probability of the token",
        StreamNumber::TokenRank => "Colour: rank of the token, 0 for the most likely",
        StreamNumber::TokenLogit => "Colour: logit of the token",
        StreamNumber::Entropy => "Colour: entropy of the lens, in nats",
        StreamNumber::Kl => "Colour: KL from the output, in nats",
        StreamNumber::Norm => "Colour: norm of the stream, logarithmic",
        StreamNumber::CosineBefore => "Colour: cosine to the stream one layer before",
        StreamNumber::CosineOutput => "Colour: cosine to the stream leaving the last layer",
        StreamNumber::AttnNorm => "Colour: norm of the attention output, logarithmic",
        StreamNumber::MlpNorm => "Colour: norm of the MLP output, logarithmic",
        StreamNumber::Estimate => {
            "Colour: estimated effect of the edit chosen under “Matters” on the stream entering the layer there, orange lowers the outcome, blue raises it"
        }
        StreamNumber::Direct => {
            "Colour: direct effect on the outcome, orange against the answer, blue for it; attention by the token that it reads, MLPs where the outcome is read"
        }
    }
}
