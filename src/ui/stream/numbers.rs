//! The numbers of the table as words and as places on a scale.

use crate::protocol::EstimatedPart;
use crate::render::StreamScale;
use crate::state::matters::Ranked;
use crate::state::stream::options::StreamNumber;
use crate::state::{RUNS_MODELS, Shown, State, Variant, wording};
use crate::trace::display::token_label;
use crate::trace::numeral::with_minus;
use crate::trace::{Side, TokenForm};

/// What an estimate of the stream is of.
const STREAM_CELL: &str = "the stream entering the layer";

/// Tokens that the words of a cell name.
const N_NAMED: usize = 3;

/// The scale of the number that the table shows; `None` before anything is here.
pub fn scale_of(state: &State) -> Option<StreamScale> {
    let shown = state.shown.as_ref()?;
    let number = state.scales.stream.number;
    let shape = shown.shape();
    let values = (0..=shape.n_layers)
        .flat_map(|row| (0..shape.n_query).filter_map(move |position| state.stream_number(number, row, position)));
    let (mut low, mut high, mut least, mut n_values) = (f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, 0);
    for value in values {
        (low, high, n_values) = (low.min(value), high.max(value), n_values + 1);
        least = if value > 0.0 { least.min(value) } else { least };
    }
    if n_values == 0 {
        return None;
    }
    if number.is_effect() || state.editing.variant == Variant::Difference {
        return Some(StreamScale::Difference(high.abs().max(low.abs())));
    }
    let n_labels = shown.stack_spec().lens_labels().map(|head| head.names.len());
    let d_vocab = n_labels.unwrap_or(shown.stack_spec().d_vocab).max(2) as f32;
    Some(match number {
        StreamNumber::TopToken | StreamNumber::TokenProb => StreamScale::Linear(0.0, 1.0),
        StreamNumber::TokenRank => StreamScale::Rank(d_vocab - 1.0),
        StreamNumber::Entropy => StreamScale::Linear(0.0, d_vocab.ln()),
        StreamNumber::Kl => StreamScale::Linear(0.0, high),
        StreamNumber::TokenLogit => StreamScale::Linear(low, high),
        StreamNumber::CosineBefore | StreamNumber::CosineOutput => StreamScale::Linear(low.min(0.0), 1.0),
        StreamNumber::Norm | StreamNumber::AttnNorm | StreamNumber::MlpNorm => match least.is_finite() {
            true => StreamScale::Log(least, high),
            false => StreamScale::Linear(0.0, high),
        },
        StreamNumber::Direct | StreamNumber::Estimate => StreamScale::Difference(high.abs().max(low.abs())),
    })
}

/// What is written in a cell.
pub fn text_of(state: &State, row: usize, position: usize) -> String {
    let number = state.scales.stream.number;
    if number == StreamNumber::TopToken {
        return top_names(state, row, position).into_iter().next().map(|(name, _)| name).unwrap_or_default();
    }
    let value = state.stream_number(number, row, position);
    value.map(|value| short(number, value, state.editing.variant == Variant::Difference)).unwrap_or_default()
}

/// A number as it stands in a cell.
pub fn short(number: StreamNumber, value: f32, is_difference: bool) -> String {
    let text = match number {
        StreamNumber::TokenRank => format!("{value:.0}"),
        StreamNumber::TopToken | StreamNumber::TokenProb => format!("{value:.3}"),
        _ if value.abs() >= 100.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    };
    let sign = if (is_difference || number.is_effect()) && value > 0.0 { "+" } else { "" };
    format!("{sign}{}", with_minus(&text))
}

/// How what the lens tells apart is written: as the tokenizer writes tokens, labels as they are.
pub fn lens_form(state: &State) -> TokenForm {
    match &state.shown {
        Some(shown) if !state.lens_has_labels() => shown.info.tokens.form,
        _ => TokenForm::Plain,
    }
}

/// Words about a number of the table, which are about labels where the lens tells these apart.
pub fn about(state: &State, number: StreamNumber, words: &str) -> String {
    let is_of_labels = state.lens_has_labels() && number.needs_lens();
    if is_of_labels {
        return words.replace("token", "label");
    }
    match state.ranked_cells() {
        Ranked::AttnOutputs => words.replace(STREAM_CELL, "what the layer’s attention adds"),
        Ranked::MlpOutputs => words.replace(STREAM_CELL, "what the layer’s MLP adds"),
        _ => words.to_owned(),
    }
}

/// The most likely tokens of a cell as they are shown, with their probabilities.
pub fn top_names(state: &State, row: usize, position: usize) -> Vec<(String, f32)> {
    let form = lens_form(state);
    let Some(column) = state.stream.columns.get(position) else { return Vec::new() };
    let named = |(id, prob): &(u32, f32)| {
        let name = state.stream.columns.name(*id).map_or_else(|| id.to_string(), |name| token_label(name, form).plain);
        (name, *prob)
    };
    column.top(row).iter().map(named).collect()
}

/// What a row is called.
pub fn row_name(row: usize, n_rows: usize) -> String {
    match row {
        row if row + 1 == n_rows => "output".to_owned(),
        0 => "embed".to_owned(),
        row => format!("layer {row}"),
    }
}

/// "layer 23 · position 13 ·to · top ·the 0.73, ·a 0.20, · 0.06 · entropy 1.02 · KL 4.11 · norm 85.2"
pub fn words(state: &State, row: usize, position: usize) -> String {
    let Some(shown) = &state.shown else { return String::new() };
    let n_rows = shown.shape().n_layers + 1;
    let label = shown.labels(Side::Query).get(position).map(|label| label.plain.clone()).unwrap_or_default();
    let mut parts = vec![row_name(row, n_rows), format!("position {position} {label}")];
    let top = top_names(state, row, position);
    if !top.is_empty() {
        let named = top.iter().take(N_NAMED).map(|(name, prob)| format!("{name} {}", wording::short_weight(*prob)));
        parts.push(format!("top {}", named.collect::<Vec<_>>().join(", ")));
    }
    let is_difference = state.editing.variant == Variant::Difference;
    for number in StreamNumber::EACH.into_iter().filter(|number| *number != StreamNumber::TopToken) {
        if let Some(value) = state.stream_number(number, row, position) {
            let name = about(state, number, number.label());
            parts.push(format!("{name} {}", short(number, value, is_difference)));
        }
    }
    parts.join(" · ")
}

const NO_DISTRIBUTION: &str = "The labels of this classifier have no common distribution (each is right or wrong by itself, or the answer is a number), \
                               so there is no lens: the table shows norms and cosines.";

const NO_LENS: &str = "This model predicts no words, so it has no logit lens: the table shows norms and cosines.";

/// Why the table has no words, where it shows a number that does not come from the lens.
pub fn no_lens(state: &State) -> Option<&'static str> {
    let is_missing = !state.shown.as_ref()?.spec.is_bare() && !state.has_lens();
    (is_missing && !state.scales.stream.number.needs_lens()).then(|| why_no_lens(state))
}

fn why_no_lens(state: &State) -> &'static str {
    if state.gives_labels() { NO_DISTRIBUTION } else { NO_LENS }
}

/// Why something of the table is not there, a sentence.
pub fn problem(state: &State) -> Option<String> {
    let shown = state.shown.as_ref().filter(|_| !is_precomputed(state))?;
    let number = state.scales.stream.number;
    match number {
        StreamNumber::Direct => return state.direct_problem(),
        StreamNumber::Estimate => return state.estimates_wanting(EstimatedPart::Positions),
        _ => {}
    }
    if !number.needs_lens() {
        return state.stream.numbers.problem().map(str::to_owned);
    }
    if shown.spec.is_bare() {
        return Some("The file does not say how its model predicts words, so there is no logit lens.".to_owned());
    }
    if !state.has_lens() {
        return Some(why_no_lens(state).to_owned());
    }
    if number == StreamNumber::TopToken && state.editing.variant == Variant::Difference {
        let reason = "Most likely tokens cannot be subtracted: choose a number, such as the entropy, or a token.";
        return Some(reason.to_owned());
    }
    state.stream.lens.problem().map(str::to_owned)
}

/// Whether the result was saved without what the table needs, and its text can be run here.
pub fn is_precomputed(state: &State) -> bool {
    let number = state.scales.stream.number;
    let is_refused = match (number.needs_direct(), number.needs_lens()) {
        (true, _) => false,
        (false, true) => state.has_lens() && state.stream.lens.problem().is_some(),
        (false, false) => state.stream.numbers.problem().is_some(),
    };
    let is_trace = || state.shown.as_ref().is_some_and(|shown| shown.is_trace);
    RUNS_MODELS && state.home.is_page() && is_refused && is_trace()
}

/// How far the lens is: "4 of 14 positions"; nothing once it is whole or where none is shown.
pub fn progress(state: &State) -> Option<String> {
    let shape = state.shown.as_ref().map(Shown::shape)?;
    if !state.scales.stream.number.needs_lens() || !state.has_lens() {
        return None;
    }
    let n_done = state.stream.columns.n_done(state.stream_token().as_ref());
    (n_done < shape.n_query && state.stream.lens.problem().is_none())
        .then(|| format!("{n_done} of {} positions", shape.n_query))
}
