//! `headlight lens`: what the model would predict if the stream ended at each layer, as CSV or JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::CliError;
use super::args::LensArgs;
use super::report::{JsonTop, print, print_json_of};
use super::subject::{Subject, first_token};
use crate::analysis::inside::lens::{LensAsked, LensCell, LensTable};
use crate::engine::Run;
use crate::engine::jobs::{LensJob, complete};

/// The output of `--json`.
#[derive(Serialize)]
struct Json<'a> {
    tokens: &'a [String],
    layers: Vec<JsonLayer>,
}

/// Of a model of two stacks: the encoder predicts nothing, and the attention between the two is not a stream.
#[derive(Serialize)]
struct JsonStacks<'a> {
    encoder: Option<()>,
    decoder: Json<'a>,
    cross: Option<()>,
}

#[derive(Serialize)]
struct JsonLayer {
    layer: usize,
    positions: Vec<JsonCell>,
}

#[derive(Serialize)]
struct JsonCell {
    top: Vec<JsonTop>,
    entropy: f32,
    kl: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    prob: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logit: Option<f32>,
}

/// Runs the command.
pub(super) fn run(args: &LensArgs) -> Result<(), CliError> {
    if args.top == 0 {
        return Err(CliError::Usage("--top 0: at least one token".to_owned()));
    }
    let run = Subject::open(&args.subject)?.read(&args.subject)?;
    let token = match (&args.token, args.token_id) {
        (Some(text), _) if run.model().spec().lens_labels().is_some() => Some(run.model().label_index(text)? as u32),
        (Some(text), _) => Some(first_token(run.model(), text)?),
        (None, id) => id,
    };
    let layers: Vec<usize> = (0..=run.model().spec().n_layers).collect();
    let positions: Vec<usize> = (0..run.tokens().len()).collect();
    let asked = LensAsked { layers, positions, n_top: args.top, token };
    let table = complete(LensJob::new(&run, asked)?)?;
    if !args.json {
        return print(&csv(&run, &table, token.is_some()));
    }
    let json = Json { tokens: &run.tokens().tokens, layers: layers_of(&run, &table) };
    match run.source() {
        None => print_json_of(&json),
        Some(_) => print_json_of(&JsonStacks { encoder: None, decoder: json, cross: None }),
    }
}

fn layers_of(run: &Run, table: &LensTable) -> Vec<JsonLayer> {
    let cell = |cell: &LensCell| JsonCell {
        top: cell.top.iter().map(|&(id, prob)| JsonTop { token: run.model().lens_name(id), id, prob }).collect(),
        entropy: cell.entropy,
        kl: cell.kl,
        prob: cell.token.map(|token| token.prob),
        rank: cell.token.map(|token| token.rank),
        logit: cell.token.map(|token| token.logit),
    };
    let rows = table.cells.chunks(run.tokens().len().max(1)).enumerate();
    rows.map(|(layer, row)| JsonLayer { layer, positions: row.iter().map(cell).collect() }).collect()
}

fn csv(run: &Run, table: &LensTable, has_token: bool) -> String {
    let mut csv = "layer,position,token,top_token,prob,entropy,kl".to_owned();
    csv += if has_token { ",token_prob,token_rank,token_logit\n" } else { "\n" };
    let tokens = &run.tokens().tokens;
    for (index, cell) in table.cells.iter().enumerate() {
        let (layer, position) = (index / tokens.len(), index % tokens.len());
        let Some(&(id, prob)) = cell.top.first() else { continue };
        let (own, top) = (quoted(&tokens[position]), quoted(&run.model().lens_name(id)));
        let LensCell { entropy, kl, .. } = cell;
        // Writing into a String cannot fail.
        let _ = write!(csv, "{layer},{position},{own},{top},{prob:.6},{entropy:.6},{kl:.6}");
        if let Some(token) = cell.token {
            let _ = write!(csv, ",{:.6},{},{:.6}", token.prob, token.rank, token.logit);
        }
        csv.push('\n');
    }
    csv
}

/// A field of CSV (RFC 4180), in quotes where it has to be.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn tokens_with_commas_and_quotes_are_quoted() {
        assert_eq!(quoted("Ġthe"), "Ġthe");
        assert_eq!(quoted(","), "\",\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
