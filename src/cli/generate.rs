//! `headlight generate`: writes on after a text.

use std::sync::Arc;

use serde::Serialize;

use super::CliError;
use super::args::{GenerateArgs, InputArgs};
use super::patches::bind;
use super::report::print;
use super::source::Source;
use super::trace::{load, read_edits};
use crate::edit::Edit;
use crate::engine::{Captures, EngineError, Generation, Model, Run, Sampling, Written};

#[derive(Serialize)]
struct Json<'a> {
    text: String,
    tokens: &'a [String],
    ids: &'a [u32],
}

/// Runs the command.
pub(super) fn run(args: &GenerateArgs) -> Result<(), CliError> {
    let sampling = Sampling { temperature: args.temperature, top_k: args.top_k, top_p: args.top_p, seed: args.seed };
    let mut generation = Generation::new(sampling, args.tokens)?.ending();
    let (_, mut run) = read(&args.input, Captures::none())?;
    let n_prompt = run.tokens().len();
    while generation.step(&mut run)? != Written::End {}
    let (tokens, ids) = (&run.tokens().tokens[n_prompt..], &run.tokens().ids[n_prompt..]);
    let text = match run.model().tokenizer() {
        Some(tokenizer) => tokenizer.decode(ids).map_err(EngineError::from)?,
        None => tokens.join(" "),
    };
    if args.json {
        let line =
            serde_json::to_string(&Json { text, tokens, ids }).map_err(|error| CliError::Output(error.into()))?;
        return print(&format!("{line}\n"));
    }
    print(&format!("{text}\n"))
}

/// A model of one stack, its run on the input, and the edits that act in it.
pub(super) fn read(args: &InputArgs, captures: Captures) -> Result<(Vec<Edit>, Run), CliError> {
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let source = Source::open(&args.model)?;
    let model = Arc::new(load(&source, args.model.layers)?);
    if model.encoder().is_some() {
        let message = format!("{} has an encoder and a decoder: headlight trace writes its target", source.name);
        return Err(CliError::Usage(message));
    }
    let tokens = tokens(&model, args)?;
    let bound = bind(&model, &edits, None, tokens.len().into(), args.edits.as_deref())?;
    let mut run = Run::new(model, tokens, bound, captures)?;
    run.complete()?;
    Ok((edits, run))
}

fn tokens(model: &Model, args: &InputArgs) -> Result<crate::trace::Tokens, EngineError> {
    match (&args.ids, &args.text) {
        (Some(ids), _) => model.tokens_from_ids(ids),
        (None, text) => model.encode(text.as_deref().unwrap_or_default(), None),
    }
}
