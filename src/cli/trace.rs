//! `headlight trace`: one model, one input, what came of it.

use std::path::Path;
use std::sync::Arc;

use super::CliError;
use super::args::TraceArgs;
use super::outfile::OutFile;
use super::report;
use super::save::Recorder;
use super::source::Source;
use crate::edit::{self, Edit};
use crate::engine::{CompiledEdits, EngineError, Loader, Model, Run, Step, top_predictions};
use crate::trace::Tokens;
use crate::trace::file::{ModelName, TraceMetadata};

/// How many next tokens are printed.
const N_TOP: usize = 10;

/// Runs the command.
pub(super) fn run(args: &TraceArgs) -> Result<(), CliError> {
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let source = Source::open(&args.model)?;
    let model = Arc::new(load(&source)?);
    let spec = model.spec();
    if args.target.is_some() {
        let architecture = &spec.architecture;
        let message =
            format!("--target needs an encoder-decoder model, {} is of architecture {architecture}", source.name);
        return Err(CliError::Usage(message));
    }
    let tokens = match (&args.ids, &args.text) {
        (Some(ids), _) => model.tokens_from_ids(ids)?,
        (None, text) => model.encode(text.as_deref().unwrap_or_default(), args.text_pair.as_deref())?,
    };
    model.check(&tokens)?;
    let compiled = CompiledEdits::bind(&edits, spec, tokens.len()).map_err(EngineError::from)?;

    // Opened first: an output that cannot be written is known before the work is done.
    let mut out = args.out.as_deref().map(OutFile::create).transpose()?;
    let metadata = metadata(args, &source, &model, &tokens, &edits);
    let mut recorder = match &mut out {
        Some(out) => Some(Recorder::new(out.writer()?, &metadata, spec, &tokens, args.save).map_err(CliError::Trace)?),
        None => None,
    };
    let captures = recorder.as_ref().map(Recorder::captures).unwrap_or_default();
    let mut run = Run::new(Arc::clone(&model), tokens, compiled, captures)?;
    loop {
        let step = run.step()?;
        if let Some(recorder) = &mut recorder {
            recorder.record(&mut run)?;
        }
        if step == Step::Done {
            break;
        }
    }
    if let Some(recorder) = recorder {
        recorder.finish(&run)?;
    }
    if let Some(out) = out {
        out.keep()?;
    }
    let top = top_predictions(&run, run.tokens().len() - 1, N_TOP)?;
    if args.json {
        report::print_json(&run, &top)
    } else if args.out.is_none() {
        report::print_summary(&source.name, &run, &top)
    } else {
        Ok(())
    }
}

fn load(source: &Source) -> Result<Model, CliError> {
    let files = source.list();
    let mut loader = Loader::new(files.clone())?;
    while let Some(want) = loader.wants() {
        loader.supply(source.bytes(&files[want.file].0, want.offset, want.len))?;
    }
    Ok(loader.finish()?)
}

fn read_edits(path: &Path) -> Result<Vec<Edit>, CliError> {
    let json = std::fs::read_to_string(path).map_err(|error| CliError::File { path: path.to_owned(), error })?;
    edit::parse_list(&json).map_err(|error| CliError::Edits { path: path.to_owned(), error })
}

fn metadata(args: &TraceArgs, source: &Source, model: &Model, tokens: &Tokens, edits: &[Edit]) -> TraceMetadata {
    TraceMetadata {
        segments: tokens.segments.clone(),
        // With --ids the text, if any, is not what the model read.
        text: args.text.clone().filter(|_| args.ids.is_none()),
        text_pair: args.text_pair.clone(),
        model: Some(ModelName {
            name: source.name.clone(),
            quantisation: Some(model.quantisation().to_owned()),
            ..ModelName::default()
        }),
        spec: Some(model.spec().clone()),
        edits: edits.iter().filter_map(|edit| serde_json::to_value(edit).ok()).collect(),
        ..TraceMetadata::of_tokens(tokens.tokens.clone(), tokens.form)
    }
}
