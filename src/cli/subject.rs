//! What `lens`, `attribute` and `flow` look into: a finished run of a model of one stack or two.

use std::path::PathBuf;
use std::sync::Arc;

use super::CliError;
use super::args::SubjectArgs;
use super::source::Source;
use super::trace::{input_paths, load, options, read_edits};
use crate::edit::Edit;
use crate::engine::jobs::{RunInput, RunJob, Target, complete};
use crate::engine::{EngineError, Model, Run};
use crate::trace::Tokens;

/// A checkpoint and edits, found and not run yet.
pub(super) struct Subject {
    source: Source,
    pub edits: Vec<Edit>,
    /// Every file that is read.
    pub paths: Vec<PathBuf>,
}

impl Subject {
    /// Finds the checkpoint and reads the edits.
    pub fn open(args: &SubjectArgs) -> Result<Self, CliError> {
        let edits_file = args.input.edits.as_deref();
        let edits = edits_file.map_or(Ok(Vec::new()), read_edits)?;
        let source = Source::open(&args.input.model)?;
        let paths = input_paths(&source, &edits, edits_file);
        Ok(Self { source, edits, paths })
    }

    /// Loads the model and runs it. The run of an encoder-decoder model is the decoder's, which has the encoder's as its source.
    pub fn read(mut self, args: &SubjectArgs) -> Result<Run, CliError> {
        let model = Arc::new(load(&mut self.source, &args.input.model)?);
        let tokens = match (&args.input.ids, &args.input.text) {
            (Some(ids), _) => model.tokens_from_ids(ids)?,
            (None, text) => model.encode(text.as_deref().unwrap_or_default(), args.text_pair.as_deref())?,
        };
        let given = target(&self.source.name, &model, args.decoder_ids.as_deref(), args.target.as_deref())?;
        let target = given.map_or(Target::Generated, Target::Tokens);
        let options = options(&model, &self.edits, args.input.edits.as_deref())?;
        Ok(complete(RunJob::new(model, RunInput { tokens, target }, self.edits, options)?)?.run)
    }
}

/// What the decoder of an encoder-decoder model is given to read, by ids or as a text; `None` where it writes by itself.
pub(super) fn target(
    name: &str,
    model: &Model,
    ids: Option<&[u32]>,
    text: Option<&str>,
) -> Result<Option<Tokens>, CliError> {
    let option = if text.is_some() { "--target" } else { "--decoder-ids" };
    match (ids, text) {
        (None, None) => Ok(None),
        _ if model.encoder().is_none() => {
            let architecture = &model.spec().architecture;
            let message = format!("{option} needs an encoder-decoder model, {name} is of architecture {architecture}");
            Err(CliError::Usage(message))
        }
        (Some(ids), _) => Ok(Some(model.tokens_from_ids(ids)?)),
        (None, Some(text)) => Ok(Some(model.encode_target(text)?)),
    }
}

/// The token that a text begins with; a note where it is several.
pub(super) fn first_token(model: &Model, text: &str) -> Result<u32, EngineError> {
    let (id, n_pieces) = model.first_token(text)?;
    if n_pieces > 1 {
        super::note(&format!("\"{text}\" is {n_pieces} tokens: the first one counts, {}", model.token_name(id)));
    }
    Ok(id)
}
