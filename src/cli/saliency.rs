//! `headlight attribute --estimate tokens`: which input tokens the outcome rests on.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::CliError;
use super::args::AttributeArgs;
use super::attribute::MeasuredRuns;
use super::report::{print, print_json_of};
use crate::engine::Run;
use crate::engine::jobs::{Baseline, Saliency, SaliencyJob, StackSaliency, complete};
use crate::trace::Tokens;

#[derive(Serialize)]
struct JsonToken<'a> {
    token: &'a str,
    saliency: f64,
    norm: f64,
    integrated: f64,
}

/// The output of `--json` for one stack.
#[derive(Serialize)]
struct Json<'a> {
    outcome: f64,
    tokens: Vec<JsonToken<'a>>,
    remainder: f64,
}

/// Of a model of two stacks, both of which the path of integrated gradients goes through; cross-attention reads no tokens.
#[derive(Serialize)]
struct JsonStacks<'a> {
    encoder: Json<'a>,
    decoder: Json<'a>,
    cross: Option<()>,
}

/// Of a cosine: each text beside the other, which stays as it is.
#[derive(Serialize)]
struct JsonTexts<'a> {
    texts: Vec<Json<'a>>,
}

/// Runs the command.
pub(super) fn run(args: &AttributeArgs, measured: &MeasuredRuns) -> Result<(), CliError> {
    let baseline = Baseline::of(measured.run.model());
    let mut found = Vec::new();
    for (run, outcome) in &measured.subjects {
        found.push((run, complete(SaliencyJob::new(Arc::clone(run), outcome.clone(), baseline)?)?));
    }
    if !args.json {
        return print(&csv(&found));
    }
    let [(run, only)] = &found[..] else {
        let texts = found.iter().map(|(run, found)| json(found, run.tokens(), &found.own)).collect();
        return print_json_of(&JsonTexts { texts });
    };
    let own = json(only, run.tokens(), &only.own);
    match run.source().zip(only.encoder.as_ref()) {
        None => print_json_of(&own),
        Some((source, encoder)) => {
            let encoder = json(only, source.tokens(), encoder);
            print_json_of(&JsonStacks { encoder, decoder: own, cross: None })
        }
    }
}

fn csv(found: &[(&Arc<Run>, Saliency)]) -> String {
    let mut csv = "stack,position,saliency,norm,integrated\n".to_owned();
    let is_cosine = found.len() > 1;
    for ((run, found), text) in found.iter().zip(["first", "second"]) {
        let source = run.source().zip(found.encoder.as_ref());
        let name = if source.is_some() { "decoder" } else { "" };
        let own = (if is_cosine { text } else { name }, run.tokens(), &found.own);
        let encoder = source.map(|(source, of_source)| ("encoder", source.tokens(), of_source));
        for (name, tokens, stack) in encoder.into_iter().chain([own]) {
            for (position, row) in rows(tokens, stack).enumerate() {
                let JsonToken { saliency, norm, integrated, .. } = row;
                // Writing into a String cannot fail.
                let _ = writeln!(csv, "{name},{position},{saliency:.6},{norm:.6},{integrated:.6}");
            }
        }
        let _ = writeln!(csv, "remainder,,,,{:.6}", found.remainder);
    }
    csv
}

fn json<'a>(found: &Saliency, tokens: &'a Tokens, stack: &'a StackSaliency) -> Json<'a> {
    Json { outcome: found.outcome, tokens: rows(tokens, stack).collect(), remainder: found.remainder }
}

fn rows<'a>(tokens: &'a Tokens, stack: &'a StackSaliency) -> impl Iterator<Item = JsonToken<'a>> {
    let values = stack.saliency.iter().zip(&stack.norm).zip(&stack.integrated);
    tokens.tokens.iter().zip(values).map(|(token, ((saliency, norm), integrated))| JsonToken {
        token,
        saliency: *saliency,
        norm: *norm,
        integrated: *integrated,
    })
}
