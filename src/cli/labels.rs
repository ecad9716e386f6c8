//! The labels of a classifier: as `headlight trace` prints them, and as an outcome.

use serde::Serialize;

use super::CliError;
use crate::engine::{LabelOutcome, Labels, Run, default_label_position};
use crate::trace::display::token_label;
use crate::trace::spec::LabelHead;

/// How many labels are printed for people: of a text, and of each token.
const N_OF_TEXT: usize = 10;
const N_OF_TOKEN: usize = 1;

/// The labels in the output of `--json`: of the text, or of each token; neither for a model that gives none.
#[derive(Serialize)]
pub(super) struct JsonLabels {
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<JsonLabel>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_labels: Option<Vec<Vec<JsonLabel>>>,
}

/// A label with its logit and, where labels have any, its probability.
#[derive(Serialize)]
struct JsonLabel {
    label: String,
    logit: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    prob: Option<f32>,
}

impl JsonLabels {
    /// The labels of a run, the likeliest first.
    pub fn of(run: &Run) -> Self {
        let Some((head, labels)) = read(run) else { return Self { labels: None, token_labels: None } };
        let row = |row: usize| {
            let named = |(label, logit, prob): (usize, f32, Option<f32>)| JsonLabel {
                label: head.names[label].clone(),
                logit,
                prob,
            };
            labels.ranked(row).into_iter().map(named).collect::<Vec<_>>()
        };
        match head.is_of_tokens() {
            true => Self { labels: None, token_labels: Some((0..run.tokens().len()).map(row).collect()) },
            false => Self { labels: Some(row(0)), token_labels: None },
        }
    }
}

/// The same for people; nothing for a model that gives no labels.
pub(super) fn summary(run: &Run) -> String {
    let Some((head, labels)) = read(run) else { return String::new() };
    let line = |(label, logit, prob): (usize, f32, Option<f32>)| {
        let name = &head.names[label];
        match prob {
            Some(prob) => format!("{:6.2} %  {name}", 100.0 * prob),
            None => format!("{logit:8.4}  {name}"),
        }
    };
    if !head.is_of_tokens() {
        let lines: Vec<String> = labels.ranked(0).into_iter().take(N_OF_TEXT).map(line).collect();
        return format!("labels:\n{}\n", lines.join("\n"));
    }
    let (tokens, form) = (&run.tokens().tokens, run.tokens().form);
    let of_token = |(row, token): (usize, &String)| {
        let best: Vec<String> = labels.ranked(row).into_iter().take(N_OF_TOKEN).map(line).collect();
        format!("{}  {}", best.join("  "), token_label(token, form).plain)
    };
    let lines: Vec<String> = tokens.iter().enumerate().map(of_token).collect();
    format!("labels of each token:\n{}\n", lines.join("\n"))
}

/// A classifier's head and its labels; a note where the text has none.
fn read(run: &Run) -> Option<(&LabelHead, Labels)> {
    let head = run.model().spec().labels.as_ref()?;
    match Labels::of(run) {
        Ok(labels) => Some((head, labels)),
        Err(error) => {
            super::note(&error.to_string());
            None
        }
    }
}

/// The labels of the outcome: those named, else the likeliest one alone.
pub(super) fn label_outcome(
    [label, against]: [&Option<String>; 2],
    position: Option<usize>,
    base: &Run,
) -> Result<LabelOutcome, CliError> {
    let (model, n_pos) = (base.model(), base.tokens().len());
    let head = model.expect_labels()?;
    let position = match (head.is_of_tokens(), position) {
        (true, position) => Some(position.unwrap_or_else(|| default_label_position(base))),
        (false, None) => None,
        (false, Some(_)) => {
            let message = "--position is of a token, this model's labels are of the whole text".to_owned();
            return Err(CliError::Usage(message));
        }
    };
    if let Some(position) = position.filter(|position| *position >= n_pos) {
        return Err(CliError::Usage(format!("--position {position} is not there: {n_pos} tokens, counted from 0")));
    }
    let index = |name: &Option<String>| name.as_deref().map(|name| model.label_index(name)).transpose();
    let label = match index(label)? {
        Some(label) => label,
        None => Labels::of(base)?.ranked(position.unwrap_or(0)).first().map_or(0, |(label, ..)| *label),
    };
    Ok(LabelOutcome { label, against: index(against)?, position })
}
