//! `headlight attribute --estimate tokens`: which input tokens the outcome rests on.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::CliError;
use super::args::AttributeArgs;
use super::report::{print, print_json_of};
use crate::engine::Run;
use crate::engine::backward::Differentiated;
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

/// Runs the command.
pub(super) fn run(args: &AttributeArgs, run: &Arc<Run>, outcome: Differentiated) -> Result<(), CliError> {
    let baseline = Baseline::of(run.model());
    let found = complete(SaliencyJob::new(Arc::clone(run), outcome, baseline)?)?;
    let source = run.source().zip(found.encoder.as_ref());
    match (args.json, source) {
        (true, None) => print_json_of(&json(&found, run.tokens(), &found.own)),
        (true, Some((source, encoder))) => print_json_of(&JsonStacks {
            encoder: json(&found, source.tokens(), encoder),
            decoder: json(&found, run.tokens(), &found.own),
            cross: None,
        }),
        (false, _) => {
            let mut csv = "stack,position,saliency,norm,integrated\n".to_owned();
            let encoder = source.map(|(source, of_source)| ("encoder", source.tokens(), of_source));
            let own = (if source.is_some() { "decoder" } else { "" }, run.tokens(), &found.own);
            for (name, tokens, stack) in encoder.into_iter().chain([own]) {
                for (position, row) in rows(tokens, stack).enumerate() {
                    let JsonToken { saliency, norm, integrated, .. } = row;
                    // Writing into a String cannot fail.
                    let _ = writeln!(csv, "{name},{position},{saliency:.6},{norm:.6},{integrated:.6}");
                }
            }
            let _ = writeln!(csv, "remainder,,,,{:.6}", found.remainder);
            print(&csv)
        }
    }
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
