//! Numbers and progress as text, the same everywhere on the page.

use super::editing::SweepState;
use super::more_models::Lookup;
use super::requests::Purpose;
use super::{Progress, Shown, State, Task, WorkerPhase};
use crate::protocol::{OutcomeNumbers, Quantity, Question, Stage};
use crate::trace::AttnKind;
use crate::trace::display::TokenLabel;
use crate::trace::numeral::{signed, with_minus};
use crate::trace::shorten;

/// A weight in a list: four decimals.
pub fn weight(weight: f32) -> String {
    with_minus(&format!("{weight:.4}"))
}

/// A difference in a list: four decimals and its sign.
pub fn change(difference: f32) -> String {
    signed(&format!("{difference:+.4}"))
}

/// A difference beside a token: three decimals and its sign.
pub fn short_change(difference: f32) -> String {
    signed(&format!("{difference:+.3}"))
}

/// A difference where there is little room: "+.040".
pub fn tight_change(difference: f32) -> String {
    short_change(difference).replacen("0.", ".", 1)
}

/// A weight or a score beside its name: three decimals.
pub fn short_weight(weight: f32) -> String {
    with_minus(&format!("{weight:.3}"))
}

/// What must be known beside numbers that stand in the place of weights: sentences; empty for weights.
pub fn about_quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Weights => "",
        Quantity::Norms => {
            "‖A f‖: weight times the length of what the head writes for that key; comparable within a layer only."
        }
        Quantity::ValueZeroing => {
            "Value zeroing: how far each query’s output turns when one key’s value is zero in this layer, all heads at once; rows sum \
             to 1."
        }
        Quantity::Rollout => {
            "Rollout from layer 0 to this one: means over all heads, each row mixed half and half with its own position, multiplied; \
             the half is an assumption, and sinks dominate."
        }
    }
}

/// A head's name in papers: L9H4.
pub fn head_name(layer: usize, head: usize) -> String {
    format!("L{layer}H{head}")
}

/// "L9H4", or "Layer 9" where the quantity is one of the layer.
pub fn place_name(quantity: Quantity, layer: usize, head: usize) -> String {
    if quantity.is_layer_wide() { format!("Layer {layer}") } else { head_name(layer, head) }
}

/// A head's name with its attention in front, where a model has several: "Cross · L0H3".
pub fn head_of_kind(kind: AttnKind, layer: usize, head: usize) -> String {
    of_kind(kind, &head_name(layer, head))
}

/// Something of an attention, named where a model has several.
pub fn of_kind(kind: AttnKind, text: &str) -> String {
    if kind.label().is_empty() { text.to_owned() } else { format!("{} · {text}", kind.label()) }
}

/// A token in a list, with its position where another one of the text looks the same: "to (13)". `at`: its place among the labels.
pub fn token_name(labels: &[TokenLabel], at: usize, position: usize) -> String {
    let Some(label) = labels.get(at) else { return String::new() };
    if repeats(labels, at) { format!("{} ({position})", label.plain) } else { label.plain.clone() }
}

/// Whether another label looks the same as this one.
pub fn repeats(labels: &[TokenLabel], at: usize) -> bool {
    labels.get(at).is_some_and(|label| labels.iter().filter(|other| other.plain == label.plain).nth(1).is_some())
}

/// "1 token", "2 tokens".
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// "90.9 MB"; decimal units, as download sizes are given.
pub fn bytes(n_bytes: u64) -> String {
    if n_bytes >= 1_000_000_000 {
        format!("{:.2} GB", n_bytes as f64 / 1e9)
    } else if n_bytes < 1_000_000 {
        format!("{} kB", n_bytes.div_ceil(1_000))
    } else {
        format!("{:.1} MB", n_bytes as f64 / 1e6)
    }
}

pub(super) fn progress(progress: &Progress) -> String {
    let Progress { stage, done, total } = progress;
    match stage {
        Stage::Download => format!("Downloading {:.1} of {}", *done as f64 / 1e6, bytes(*total)),
        Stage::OtherTab => format!("Downloading in another tab, {:.1} of {}", *done as f64 / 1e6, bytes(*total)),
        // The sizes are known once the header is read.
        Stage::Read if *total == 0 => "Loading".to_owned(),
        Stage::Read => format!("Loading {:.1} of {}", *done as f64 / 1e6, bytes(*total)),
        Stage::Run => format!("Running block {done} of {total}"),
        Stage::Write => format!("Generating token {done} of at most {total}"),
        Stage::Sweep => format!("Sweeping: block {done} of {total}"),
        Stage::Find => format!("Find: block {done} of {total}"),
        Stage::ValueZeroing => format!("Value zeroing: position {done} of {total}"),
        Stage::Save => format!("Saving the trace: {done} of {total} activations"),
    }
}

/// What the status line says of what is under way; `None` when nothing is.
pub fn work(state: &State) -> Option<String> {
    let name = state.picked().map_or("the model", |entry| &entry.name);
    if let Some((_, name)) = &state.traces.opening {
        return Some(format!("Opening {name} …"));
    }
    let Some(work) = &state.work.request else {
        if let Lookup::Asking { base, repo, .. } = &state.more.lookup {
            return Some(format!("Looking up {} on {} …", repo.id(), base.host()));
        }
        if let Some(purpose) = state.requests.long() {
            return Some(long_request(state, purpose));
        }
        if let Some(text) = state.second_work() {
            return Some(text);
        }
        return match state.work.worker {
            WorkerPhase::Starting => Some(format!("Starting {name} …")),
            _ if state.home.has_models() && state.models.is_empty() && state.notices.model.is_none() => {
                Some("Looking for models …".to_owned())
            }
            _ => None,
        };
    };
    if work.is_cancelling {
        return Some("Stopping …".to_owned());
    }
    Some(match (&work.task, &work.progress) {
        (Task::Load, None) => format!("Loading {name} …"),
        (Task::Load, Some(at)) => format!("{name}: {}", lower_first(&progress(at))),
        (Task::Write, _) => match state.generated() {
            Some((done, wanted)) => format!("Generating token {} of at most {wanted}", done + 1),
            None => "Generating a token …".to_owned(),
        },
        (Task::Continue, None) => "Generating …".to_owned(),
        (Task::Continue, Some(at)) => progress(at),
        (Task::Save(_), None) => "Saving the trace …".to_owned(),
        (Task::Save(_), Some(at)) => progress(at),
        (Task::Sweep, _) => sweep_progress(state),
        (Task::Run(_), None) => "Running …".to_owned(),
        (Task::Run(_), Some(at)) => progress(at),
        (Task::Edit, None) => "Running with edits …".to_owned(),
        (Task::Edit, Some(at)) => format!("With edits: {}", lower_first(&progress(at))),
        (Task::Against, None) => "Running the other text …".to_owned(),
        (Task::Against, Some(at)) => format!("Other text: {}", lower_first(&progress(at))),
    })
}

/// "Estimating: 12 of 60".
fn long_request(state: &State, purpose: &Purpose) -> String {
    let (what, unit) = match purpose {
        Purpose::EachAlone(_) => ("Measuring each edit alone", "block "),
        Purpose::Question(Question::Estimate(_)) => ("Estimating", "block "),
        Purpose::Question(Question::Saliency(_)) => ("Saliency of tokens", ""),
        Purpose::Question(Question::Feeds(_)) => ("What feeds the head", ""),
        Purpose::Question(Question::Kept(_)) => ("Keeping links", ""),
        Purpose::Trial => {
            return match state.matters.trial_progress() {
                Some((done, total)) if done > 0 => format!("Verifying: {done} of {total}"),
                _ => "Verifying …".to_owned(),
            };
        }
        _ => return state.progress().map_or_else(|| "Running …".to_owned(), |at| progress(&at)),
    };
    match state.progress() {
        None => format!("{what} …"),
        Some(at) => format!("{what}: {unit}{} of {}", at.done, at.total),
    }
}

/// "Zero every head: 12 of 270".
fn sweep_progress(state: &State) -> String {
    let title = state.editing.sweep.as_ref().map_or_else(|| "Sweep".to_owned(), SweepState::title);
    match state.sweep_progress() {
        Some(progress) if progress.n_done > 0 => format!("{title}: {}", progress.words()),
        _ => format!("{title} …"),
    }
}

/// A message with the capital letter and the full stop of a sentence; the name of a file or repository stays as it is.
pub fn sentence(message: &str) -> String {
    let message = shorten::shortened(message.trim());
    let mut chars = message.chars();
    let first = message.split([' ', ':']).next().unwrap_or_default();
    let is_name = first.trim_end_matches(['.', ',']).contains(['.', '/', '_']);
    let start: String = match chars.next() {
        Some(letter) if is_name => letter.to_string(),
        letter => letter.map(capital).into_iter().collect(),
    };
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{start}{}{end}", chars.as_str())
}

/// The capital of a letter of western Europe; any other letter as it is. The tables of all scripts would weigh as much as a view.
fn capital(letter: char) -> char {
    match letter {
        'à'..='ö' | 'ø'..='þ' => char::from_u32(letter as u32 - 32).unwrap_or(letter),
        letter => letter.to_ascii_uppercase(),
    }
}

/// A message or a name as the page shows it: one that quotes a file may have any length.
pub fn brief(text: &str) -> String {
    shortened_to(text, 600)
}

/// The beginning of a value, long enough to recognise it.
pub fn shortened(text: &str) -> String {
    shortened_to(text, 24)
}

/// The first letters of a text, with a mark where there are more.
pub fn shortened_to(text: &str, n_letters: usize) -> String {
    match text.char_indices().nth(n_letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A message with a full stop; one that starts with a file's name keeps it as it is.
pub fn ended(message: &str) -> String {
    let message = shorten::shortened(message.trim());
    if message.ends_with(['.', '!', '?']) { message.into_owned() } else { format!("{message}.") }
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| std::iter::once(first.to_ascii_lowercase()).chain(chars).collect())
}

/// A name within a sentence: "Row of “a”" begins with a small letter, "L2H9" does not.
pub(super) fn within_a_sentence(name: &str) -> String {
    let is_word = name.chars().nth(1).is_some_and(char::is_lowercase);
    if is_word { lower_first(name) } else { name.to_owned() }
}

/// What the status line says of the result on screen.
pub fn result(shown: &Shown, n_threads: u32) -> String {
    let n_tokens = match &shown.info.target {
        None => count(shown.info.tokens.len(), "token"),
        Some(target) => format!("{} → {}", count(shown.info.tokens.len(), "token"), target.tokens.len()),
    };
    let (spec, n_heads) = (&shown.spec, shown.stack_spec().n_heads);
    let n_layers = match &spec.encoder {
        // Nothing is known of the model but what the file holds of this attention.
        _ if spec.is_bare() => shown.stack_spec().n_layers.to_string(),
        None => spec.n_layers.to_string(),
        Some(encoder) => format!("{} + {}", encoder.n_layers, spec.n_layers),
    };
    let cut = match shown.info.n_cut {
        0 => String::new(),
        n_cut => format!(", {n_cut} cut off"),
    };
    let time = match &shown.origin.trace {
        Some(place) => format!("from {}", place.name()),
        None if shown.is_trace => "precomputed".to_owned(),
        None if n_threads > 1 && shown.live_run.is_some() => {
            format!("{n_threads} threads · {}", elapsed(shown.info.elapsed_ms))
        }
        None => elapsed(shown.info.elapsed_ms),
    };
    format!("{} · {n_tokens}{cut} · {n_layers} layers × {n_heads} heads · {time}", shown.model_name)
}

/// What the status line says where Run would read another text than the one on screen.
pub const UNRUN: &str = "the text above has not been run";

/// The outcome that is followed, and what became of it: "Outcome Mary − John 6.12 → 3.05".
pub fn outcome(state: &State) -> Option<String> {
    let editing = &state.editing;
    let number = |outcome: OutcomeNumbers| with_minus(&format!("{:.2}", outcome.value));
    let name = state.outcome_name();
    let edited = editing.outcome_b().map(|outcome| format!(" → {}", number(outcome))).unwrap_or_default();
    Some(format!("Outcome {} {}{edited}", brief(&name), number(editing.outcome_a()?)))
}

fn elapsed(elapsed_ms: f64) -> String {
    if elapsed_ms < 1_000.0 { format!("{elapsed_ms:.0} ms") } else { format!("{:.1} s", elapsed_ms / 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::TokenForm;
    use crate::trace::display::token_label;

    #[test]
    fn a_message_that_quotes_a_file_is_cut() {
        let quoting = |n_bytes: usize| format!("The shape {} is no shape.", "1, ".repeat(n_bytes / 3));
        assert_eq!(brief(&quoting(300)), quoting(300));
        let long = brief(&quoting(40 << 20));
        assert!(long.starts_with("The shape 1, 1") && long.ends_with('…') && long.chars().count() == 601, "{long}");
    }

    #[test]
    fn names_begin_small_within_a_sentence() {
        for (name, expected) in [("Row of “a”", "row of “a”"), ("L2H9", "L2H9"), ("“a” → “b”", "“a” → “b”"), ("", "")]
        {
            assert_eq!(within_a_sentence(name), expected);
        }
    }

    #[test]
    fn sentences() {
        for (message, expected) in [
            ("a b", "A b."),
            ("Done.", "Done."),
            ("über", "Über."),
            ("÷", "÷."),
            ("", "."),
            ("config.json: cut", "config.json: cut."),
            ("a/b is gone.", "a/b is gone."),
        ] {
            assert_eq!(sentence(message), expected);
        }
    }

    #[test]
    fn tokens_that_look_the_same_carry_their_positions() {
        let labels = ["the", "cat", "the"].map(|token| token_label(token, TokenForm::Plain));
        let names = [0, 1, 2].map(|at| token_name(&labels, at, at));
        assert_eq!(names, ["the (0)", "cat", "the (2)"]);
        assert_eq!(token_name(&labels, 3, 3), "");
    }

    #[test]
    fn numbers() {
        assert_eq!(
            (change(-0.25), change(-0.00003), change(f32::NEG_INFINITY)),
            ("−0.2500".into(), "+0.0000".into(), "−inf".into())
        );
        assert_eq!((weight(-0.5), short_weight(-0.739)), ("−0.5000".into(), "−0.739".into()));
        assert_eq!(
            (weight(0.123_46), short_weight(1.0), head_name(9, 4)),
            ("0.1235".into(), "1.000".into(), "L9H4".into())
        );
        assert_eq!((bytes(612), bytes(466_247), bytes(90_868_376)), ("1 kB".into(), "467 kB".into(), "90.9 MB".into()));
        assert_eq!((count(1, "token"), count(200, "token")), ("1 token".into(), "200 tokens".into()));
        assert_eq!((elapsed(43.4), elapsed(2_345.0)), ("43 ms".into(), "2.3 s".into()));
        let reading = Progress { stage: Stage::Download, done: 34_160_000, total: 90_868_376 };
        assert_eq!(progress(&reading), "Downloading 34.2 of 90.9 MB");
        let elsewhere = Progress { stage: Stage::OtherTab, done: 8_388_608, total: 20_000_000 };
        assert_eq!(progress(&elsewhere), "Downloading in another tab, 8.4 of 20.0 MB");
        let opened = Progress { stage: Stage::Read, done: 0, total: 0 };
        assert_eq!(progress(&opened), "Loading");
    }
}
