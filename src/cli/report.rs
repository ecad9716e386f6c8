//! Prints the results of `headlight trace`.

use std::io::Write;

use serde::Serialize;

use super::CliError;
use super::labels::JsonLabels;
use crate::engine::{Run, TopToken};
use crate::trace::Tokens;
use crate::trace::display::token_label;

/// The output of `--json`.
#[derive(Serialize)]
struct Json<'a> {
    tokens: &'a [String],
    input_ids: &'a [u32],
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder_tokens: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder_input_ids: Option<&'a [u32]>,
    top: Vec<JsonTop>,
    #[serde(flatten)]
    labels: JsonLabels,
}

/// A likely token.
#[derive(Serialize)]
pub(super) struct JsonTop {
    pub token: String,
    pub id: u32,
    pub prob: f32,
}

/// Prints tokens, ids, the most likely tokens after the last position and a classifier's labels as one line of JSON.
pub(super) fn print_json(run: &Run, top: &[TopToken]) -> Result<(), CliError> {
    let (read, written) = read_and_written(run);
    let top = top.iter().map(|top| JsonTop { token: name(run, top.id), id: top.id, prob: top.prob }).collect();
    let json = Json {
        tokens: &read.tokens,
        input_ids: &read.ids,
        decoder_tokens: written.map(|written| &written.tokens[..]),
        decoder_input_ids: written.map(|written| &written.ids[..]),
        top,
        labels: JsonLabels::of(run),
    };
    print_json_of(&json)
}

/// Prints a value as one line of JSON.
pub(super) fn print_json_of(value: &impl Serialize) -> Result<(), CliError> {
    let line = serde_json::to_string(value).map_err(|error| CliError::Output(error.into()))?;
    print(&format!("{line}\n"))
}

/// The tokens of the only stack or the encoder, and those of the decoder.
fn read_and_written(run: &Run) -> (&Tokens, Option<&Tokens>) {
    match run.source() {
        Some(source) => (source.tokens(), Some(run.tokens())),
        None => (run.tokens(), None),
    }
}

/// Prints the same for people.
pub(super) fn print_summary(model_name: &str, run: &Run, top: &[TopToken]) -> Result<(), CliError> {
    let (model, tokens) = (run.model(), run.tokens());
    let (read, written) = read_and_written(run);
    let spec = model.spec();
    let shown = |token: &str| token_label(token, tokens.form).plain;
    let line = |tokens: &Tokens| tokens.tokens.iter().map(|token| shown(token)).collect::<Vec<_>>().join(" ");
    let mut text = format!(
        "{model_name} ({}, {}): {} layers × {} heads\n{} tokens: {}\n",
        spec.architecture,
        model.quantisation(),
        spec.n_layers,
        spec.n_heads,
        read.len(),
        line(read),
    );
    if let Some(written) = written {
        text += &format!("{} tokens of the target: {}\n", written.len(), line(written));
    }
    if !top.is_empty() {
        text += &format!("most likely at position {}:\n", tokens.len() - 1);
    }
    for top in top {
        text += &format!("{:6.2} %  {}\n", 100.0 * top.prob, shown(&name(run, top.id)));
    }
    text += &super::labels::summary(run);
    print(&text)
}

fn name(run: &Run, id: u32) -> String {
    run.model().token_name(id)
}

pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CliError::Output)
}
