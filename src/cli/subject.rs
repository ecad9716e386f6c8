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

/// A checkpoint and edits, found and not run yet.
pub(super) struct Subject {
    source: Source,
    edits: Vec<Edit>,
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
        let is_for_decoder = args.target.is_some() || args.decoder_ids.is_some();
        if is_for_decoder && model.encoder().is_none() {
            let (name, architecture) = (&self.source.name, &model.spec().architecture);
            let option = if args.target.is_some() { "--target" } else { "--decoder-ids" };
            let message = format!("{option} needs an encoder-decoder model, {name} is of architecture {architecture}");
            return Err(CliError::Usage(message));
        }
        let tokens = match (&args.input.ids, &args.input.text) {
            (Some(ids), _) => model.tokens_from_ids(ids)?,
            (None, text) => model.encode(text.as_deref().unwrap_or_default(), args.text_pair.as_deref())?,
        };
        let target = match (&args.decoder_ids, &args.target) {
            (Some(ids), _) => Target::Tokens(model.tokens_from_ids(ids)?),
            (None, Some(target)) => Target::Tokens(model.encode_target(target)?),
            (None, None) => Target::Generated,
        };
        let options = options(&model, &self.edits, args.input.edits.as_deref())?;
        Ok(complete(RunJob::new(model, RunInput { tokens, target }, self.edits, options)?)?.run)
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
