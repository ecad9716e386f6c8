//! `headlight generate`: continues a text.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::CliError;
use super::args::{GenerateArgs, InputArgs};
use super::patches::read_values;
use super::report::{print, print_json_of};
use super::source::Source;
use super::trace::{input_paths, load, read_edits};
use crate::edit::Edit;
use crate::engine::jobs::{FinishedRun, RunJob, RunOptions, StackOptions, complete};
use crate::engine::{EngineError, Generation, Model, Sampling, Written};

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
    let input = CliInput::open(&args.input)?;
    let FinishedRun { mut run, .. } = input.read(&args.input)?;
    let n_prompt = run.tokens().len();
    while generation.step(&mut run)? != Written::End {}
    let (tokens, ids) = (&run.tokens().tokens[n_prompt..], &run.tokens().ids[n_prompt..]);
    let text = match run.model().tokenizer() {
        Some(tokenizer) => tokenizer.decode(ids).map_err(EngineError::from)?,
        None => tokens.join(" "),
    };
    if args.json {
        return print_json_of(&Json { text, tokens, ids });
    }
    print(&format!("{text}\n"))
}

/// The files that a command reads: a checkpoint and edits.
pub(super) struct CliInput {
    source: Source,
    edits: Vec<Edit>,
    /// The paths of all texts, those that edits name included.
    pub paths: Vec<PathBuf>,
}

impl CliInput {
    /// Finds the checkpoint and reads the edits.
    pub fn open(args: &InputArgs) -> Result<Self, CliError> {
        let edits_file = args.edits.as_deref();
        let edits = edits_file.map_or(Ok(Vec::new()), read_edits)?;
        let source = Source::open(&args.model)?;
        let paths = input_paths(&source, &edits, edits_file);
        Ok(Self { source, edits, paths })
    }

    /// Loads the model, which must have one stack, and runs it on the input under the edits.
    pub fn read(mut self, args: &InputArgs) -> Result<FinishedRun, CliError> {
        let model = Arc::new(load(&mut self.source, &args.model)?);
        // A classifier with two stacks writes nothing: its decoder reads the text.
        if model.encoder().is_some() && model.spec().labels.is_none() {
            let name = &self.source.name;
            let message = format!("{name} has an encoder and a decoder: headlight trace writes its target");
            return Err(CliError::Usage(message));
        }
        let tokens = tokens(&model, args)?;
        let values = read_values(&model, &self.edits, None, args.edits.as_deref())?;
        let stack = StackOptions { values, ..StackOptions::default() };
        let options = RunOptions { stack, ..RunOptions::default() };
        Ok(complete(RunJob::new(model, tokens.into(), self.edits, options)?)?)
    }
}

fn tokens(model: &Model, args: &InputArgs) -> Result<crate::trace::Tokens, EngineError> {
    match (&args.ids, &args.text) {
        (Some(ids), _) => model.tokens_from_ids(ids),
        (None, text) => model.encode(text.as_deref().unwrap_or_default(), None),
    }
}
