//! `headlight trace`: one model, one input, what came of it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::CliError;
use super::args::{Layers, TraceArgs};
use super::outfile::OutFile;
use super::patches::bind;
use super::report;
use super::source::Source;
use crate::edit::{self, Edit};
use crate::engine::{Captures, Generation, Loader, Model, Recorder, Run, Step, Written, top_predictions};
use crate::trace::file::{Element, ModelName, SavePlan, TraceMetadata};
use crate::trace::{Lengths, Stack, Tokens};

/// How many next tokens are printed.
const N_TOP: usize = 10;

/// Runs the command.
pub(super) fn run(args: &TraceArgs) -> Result<(), CliError> {
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let source = Source::open(&args.model)?;
    let model = Arc::new(load(&source, args.model.layers)?);
    let spec = model.spec();
    if args.target.is_some() && model.encoder().is_none() {
        let architecture = &spec.architecture;
        let message =
            format!("--target needs an encoder-decoder model, {} is of architecture {architecture}", source.name);
        return Err(CliError::Usage(message));
    }
    let tokens = match (&args.ids, &args.text) {
        (Some(ids), _) => model.tokens_from_ids(ids)?,
        (None, text) => model.encode(text.as_deref().unwrap_or_default(), args.text_pair.as_deref())?,
    };
    let target = match (model.encoder(), &args.target) {
        (None, _) => None,
        (Some(_), Some(target)) => Some(model.encode_target(target)?),
        (Some(encoder), None) => {
            let edits = (edits.as_slice(), args.edits.as_deref());
            Some(write_target(&model, encoder, &tokens, edits, args.target_tokens)?)
        }
    };
    model.encoder().unwrap_or(&model).check(&tokens)?;

    let kept = kept_layers(args, &model)?;

    // Opened first: an output that cannot be written is known before the work is done.
    let mut out = args.out.as_deref().map(OutFile::create).transpose()?;
    let metadata = metadata(args, &source, &model, &tokens, target.as_ref(), &edits);
    let mut recorder = match &mut out {
        Some(out) => {
            let element = if args.half { Element::F16 } else { Element::F32 };
            let n_target = target.as_ref().map(Tokens::len);
            let mut plan = SavePlan::new(spec, tokens.len(), n_target, args.save.into(), element);
            if let Some(layers) = kept {
                plan = plan.of_layers(layers);
            }
            Some(Recorder::new(out.writer()?, &metadata, plan, &tokens, target.as_ref())?)
        }
        None => None,
    };
    let run = run_all(&model, (tokens, target), (&edits, args.edits.as_deref()), kept, &mut recorder)?;
    if let Some(mut recorder) = recorder {
        while recorder.record_logits(&run)? {}
        recorder.finish()?;
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

/// The layers to keep, where not all are.
fn kept_layers<'a>(args: &'a TraceArgs, model: &Model) -> Result<Option<&'a [usize]>, CliError> {
    let Some(Layers(layers)) = &args.only_layers else { return Ok(None) };
    let n_layers = model.encoder().map_or(0, |encoder| encoder.spec().n_layers).max(model.spec().n_layers);
    match layers.iter().find(|layer| **layer >= n_layers) {
        Some(layer) => {
            let message = format!("--only-layers names layer {layer}; there are {n_layers}, counted from 0");
            Err(CliError::Usage(message))
        }
        None => Ok(Some(layers)),
    }
}

/// Runs the only stack, or the encoder and then the decoder on `target`, recording what is asked for and keeping the layers `kept`,
/// or all.
fn run_all<W: Write>(
    model: &Arc<Model>,
    (tokens, target): (Tokens, Option<Tokens>),
    (edits, edits_file): (&[Edit], Option<&Path>),
    kept: Option<&[usize]>,
    recorder: &mut Option<Recorder<W>>,
) -> Result<Run, CliError> {
    let complete = |mut run: Run, stack: Option<Stack>, recorder: &mut Option<Recorder<W>>| {
        if let Some(layers) = kept {
            run.keep_only(layers.to_vec());
        }
        complete(run, stack, recorder)
    };
    let captures = |recorder: &Option<Recorder<W>>, stack| {
        recorder.as_ref().map(|recorder| recorder.captures(stack)).unwrap_or_default()
    };
    let (Some(encoder), Some(target)) = (model.encoder(), target) else {
        let bound = bind(model, edits, None, tokens.len().into(), edits_file)?;
        let run = Run::new(Arc::clone(model), tokens, bound, captures(recorder, None))?;
        return complete(run, None, recorder);
    };
    let bind = |stack, n_pos| {
        let lengths = Lengths { n_pos, n_source: tokens.len() };
        bind(model, edits, Some(stack), lengths, edits_file)
    };
    let (reading, writing) = (bind(Stack::Encoder, tokens.len())?, bind(Stack::Decoder, target.len())?);
    let stack = Some(Stack::Encoder);
    let run = Run::new(Arc::clone(encoder), tokens, reading, captures(recorder, stack))?;
    let source = Arc::new(complete(run, stack, recorder)?);
    let stack = Some(Stack::Decoder);
    let run = Run::decode(Arc::clone(model), source, target, writing, captures(recorder, stack))?;
    complete(run, stack, recorder)
}

fn complete<W: Write>(mut run: Run, stack: Option<Stack>, recorder: &mut Option<Recorder<W>>) -> Result<Run, CliError> {
    loop {
        let step = run.step()?;
        if let Some(recorder) = recorder {
            while recorder.record(stack, &mut run)? {}
        }
        if step == Step::Done {
            return Ok(run);
        }
    }
}

/// What the decoder reads when it writes by itself: at most `n_tokens`, or as many as the checkpoint says.
fn write_target(
    model: &Arc<Model>,
    encoder: &Arc<Model>,
    tokens: &Tokens,
    (edits, edits_file): (&[Edit], Option<&Path>),
    n_tokens: Option<usize>,
) -> Result<Tokens, CliError> {
    let lengths = Lengths { n_pos: tokens.len(), n_source: tokens.len() };
    let bound = bind(model, edits, Some(Stack::Encoder), lengths, edits_file)?;
    let mut source = Run::new(Arc::clone(encoder), tokens.clone(), bound, Captures::none())?;
    source.complete()?;
    let start = model.start()?;
    let lengths = Lengths { n_pos: start.len(), n_source: tokens.len() };
    let bound = bind(model, edits, Some(Stack::Decoder), lengths, edits_file)?;
    let mut generation = Generation::of_target(model, start.len(), n_tokens)?;
    let mut run = Run::decode(Arc::clone(model), Arc::new(source), start, bound, Captures::none())?;
    run.complete()?;
    while generation.step(&mut run)? != Written::End {}
    Ok(run.tokens().clone())
}

pub(super) fn load(source: &Source, n_layers: Option<usize>) -> Result<Model, CliError> {
    let files = source.list();
    let mut loader = Loader::new(files.clone())?.first_layers(n_layers);
    while let Some(want) = loader.wants() {
        loader.supply(source.bytes(&files[want.file].0, want.offset, want.len))?;
    }
    let model = loader.finish()?;
    let mut stderr = std::io::stderr().lock();
    // Nobody is there to read a note where standard error is closed.
    model.notes().iter().for_each(|note| drop(writeln!(stderr, "note: {note}")));
    Ok(model)
}

pub(super) fn read_edits(path: &Path) -> Result<Vec<Edit>, CliError> {
    let json = std::fs::read_to_string(path).map_err(|error| CliError::File { path: path.to_owned(), error })?;
    edit::parse_list(&json).map_err(|error| CliError::Edits { path: path.to_owned(), error })
}

fn metadata(
    args: &TraceArgs,
    source: &Source,
    model: &Model,
    tokens: &Tokens,
    target: Option<&Tokens>,
    edits: &[Edit],
) -> TraceMetadata {
    TraceMetadata {
        decoder_tokens: target.map(|target| target.tokens.clone()),
        segments: tokens.segments.clone(),
        // With --ids the text, if any, is not what the model read.
        text: args.text.clone().filter(|_| args.ids.is_none()),
        text_pair: args.text_pair.clone(),
        model: Some(ModelName {
            name: source.name.clone(),
            quantisation: Some(model.quantisation().to_owned()),
            revision: source.revision.clone(),
            ..ModelName::default()
        }),
        spec: Some(model.spec().clone()),
        edits: edits.iter().map(Edit::to_json).collect(),
        ..TraceMetadata::of_tokens(tokens.tokens.clone(), tokens.form)
    }
}
