//! What `headlight trace` prints.

use std::io::Write;

use serde::Serialize;

use super::CliError;
use crate::engine::{Run, TopToken};
use crate::trace::display::token_label;

/// The shape of `--json`.
#[derive(Serialize)]
struct Json<'a> {
    tokens: &'a [String],
    input_ids: &'a [u32],
    top: Vec<JsonTop>,
}

#[derive(Serialize)]
struct JsonTop {
    token: String,
    id: u32,
    prob: f32,
}

/// Tokens, ids and the most likely tokens after the last position, as one line of JSON.
pub(super) fn print_json(run: &Run, top: &[TopToken]) -> Result<(), CliError> {
    let tokens = run.tokens();
    let top = top.iter().map(|top| JsonTop { token: name(run, top.id), id: top.id, prob: top.prob }).collect();
    let json = Json { tokens: &tokens.tokens, input_ids: &tokens.ids, top };
    let line = serde_json::to_string(&json).map_err(|error| CliError::Output(error.into()))?;
    print(&format!("{line}\n"))
}

/// The same for people.
pub(super) fn print_summary(model_name: &str, run: &Run, top: &[TopToken]) -> Result<(), CliError> {
    let (model, tokens) = (run.model(), run.tokens());
    let spec = model.spec();
    let shown = |token: &str| token_label(token, tokens.form).plain;
    let mut text = format!(
        "{model_name} ({}, {}): {} layers × {} heads\n{} tokens: {}\n",
        spec.architecture,
        model.quantisation(),
        spec.n_layers,
        spec.n_heads,
        tokens.len(),
        tokens.tokens.iter().map(|token| shown(token)).collect::<Vec<_>>().join(" "),
    );
    if !top.is_empty() {
        text += &format!("most likely at position {}:\n", tokens.len() - 1);
    }
    for top in top {
        text += &format!("{:6.2} %  {}\n", 100.0 * top.prob, shown(&name(run, top.id)));
    }
    print(&text)
}

fn name(run: &Run, id: u32) -> String {
    run.model().tokenizer().and_then(|tokenizer| tokenizer.id_to_token(id)).unwrap_or_else(|| id.to_string())
}

fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CliError::Output)
}
