//! `headlight trace`: runs one model on one input, prints predictions or writes a trace file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{Layers, ModelArgs, Save, TraceArgs};
use super::outfile::OutFile;
use super::patches::{read_values, trace_files};
use super::report;
use super::source::Source;
use super::{CliError, subject};
use crate::edit::{self, Edit};
use crate::engine::chat::{Date, EncodedChat};
use crate::engine::jobs::{Job, RunInput, RunJob, RunOptions, StackOptions, Target, complete};
use crate::engine::{Loader, Model, Recorder, Run, Step, lens_tensors, top_predictions, whole_lens};
use crate::trace::file::lens::{LensTensors, N_LENS_TOP, names_to_json};
use crate::trace::file::{Element, ModelName, RowSums, SavePlan, TraceMetadata, patterns_need_more};
use crate::trace::{Chat, ChatMessage, Stack, Tokens};

/// How many next tokens are printed.
const N_TOP: usize = 10;

/// Runs the command.
pub(super) fn run(args: &TraceArgs) -> Result<(), CliError> {
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let mut source = Source::open(&args.model)?;
    let model = Arc::new(load(&mut source, &args.model)?);
    let spec = model.spec();
    let given = subject::target(&source.name, &model, args.decoder_ids.as_deref(), args.target.as_deref())?;
    let chat = args.chat.as_deref().map(|path| read_chat(path, &model, !args.no_generation_prompt)).transpose()?;
    let tokens = match (&args.ids, &args.text, &chat) {
        (_, _, Some(chat)) => chat.tokens.clone(),
        (Some(ids), ..) => model.tokens_from_ids(ids)?,
        (None, text, None) => model.encode(text.as_deref().unwrap_or_default(), args.text_pair.as_deref())?,
    };
    let target = match (model.encoder(), given) {
        (None, _) => None,
        (Some(_), Some(given)) => Some(given),
        (Some(_), None) => {
            let mut options = options(&model, &edits, args.edits.as_deref())?;
            options.n_target_tokens = args.target_tokens;
            Some(write_target(&model, &tokens, &edits, options)?)
        }
    };
    model.encoder().unwrap_or(&model).check(&tokens)?;

    let kept = kept_layers(args, &model)?;
    if let Some(reason) = patterns_need_more(spec, !edits.is_empty()).filter(|_| args.save == Save::Attention) {
        let message = format!(
            "--save attention writes queries and keys, and here patterns do not follow from them: {reason}; use --save qk"
        );
        return Err(CliError::Usage(message));
    }

    // Opened before the work is done, so that an output that cannot be written fails at once.
    let mut inputs = input_paths(&source, &edits, args.edits.as_deref());
    inputs.extend(args.chat.clone());
    let mut out = args.out.as_deref().map(|out| OutFile::create(out, &inputs)).transpose()?;
    let mut metadata = metadata(args, &source, &model, &tokens, target.as_ref(), &edits);
    let table = match args.lens && args.out.is_some() {
        true => Some(lens(args, &model, &tokens, target.as_ref(), &edits, &mut metadata)?),
        false => None,
    };
    let mut recorder = match &mut out {
        Some(out) => {
            let element = if args.half { Element::F16 } else { Element::F32 };
            let n_target = target.as_ref().map(Tokens::len);
            let mut plan = SavePlan::new(spec, tokens.len(), n_target, args.save.into(), element);
            if let Some(layers) = kept {
                plan = plan.of_layers(layers);
            }
            if let Some(table) = &table {
                let n_written = target.as_ref().map_or(tokens.len(), Tokens::len);
                plan = plan.with_lens([spec.n_layers + 1, n_written, table.n_top], element);
            }
            Some(Recorder::new(out.writer()?, &metadata, plan, &tokens, target.as_ref(), table.as_ref())?)
        }
        None => None,
    };
    let mut options = options(&model, &edits, args.edits.as_deref())?;
    options.kept_layers = kept.map(<[usize]>::to_vec);
    if let Some(recorder) = &recorder {
        let stack = target.as_ref().map(|_| Stack::Decoder);
        options.stack.captures = recorder.captures(stack);
        options.encoder.captures = recorder.captures(Some(Stack::Encoder));
    }
    let input = RunInput { tokens, target: target.map_or(Target::Generated, Target::Tokens) };
    let job = RunJob::new(Arc::clone(&model), input, edits, options)?;
    let run = complete_recorded(job, &mut recorder)?;
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

/// The stream's table, of a run before the one that is recorded: the metadata, which come first in the file, name its tokens.
fn lens(
    args: &TraceArgs,
    model: &Arc<Model>,
    tokens: &Tokens,
    target: Option<&Tokens>,
    edits: &[Edit],
    metadata: &mut TraceMetadata,
) -> Result<LensTensors, CliError> {
    let target = target.cloned().map_or(Target::Generated, Target::Tokens);
    let input = RunInput { tokens: tokens.clone(), target };
    let options = options(model, edits, args.edits.as_deref())?;
    let run = complete(RunJob::new(Arc::clone(model), input, edits.to_vec(), options)?)?.run;
    let table = complete(whole_lens(&run, N_LENS_TOP)?)?;
    let (tensors, names) = lens_tensors(&run, &table, N_LENS_TOP);
    metadata.lens_tokens = Some(names_to_json(&names));
    Ok(tensors)
}

/// The layers to keep; `None` for all.
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

/// Runs a job to its end and records what each of its steps completes.
fn complete_recorded<W: Write>(mut job: RunJob, recorder: &mut Option<Recorder<W>>) -> Result<Run, CliError> {
    loop {
        let step = job.step()?;
        if let (Some(recorder), Some((stack, run))) = (&mut *recorder, job.running()) {
            while recorder.record(stack, run)? {}
        }
        if step == Step::Done {
            return Ok(job.finish()?.run);
        }
    }
}

/// Options with what the edits' patches take from trace files.
pub(super) fn options(model: &Model, edits: &[Edit], edits_file: Option<&Path>) -> Result<RunOptions, CliError> {
    let values = |stack| {
        let values = read_values(model, edits, stack, edits_file)?;
        Ok::<_, CliError>(StackOptions { values, ..StackOptions::default() })
    };
    let (stack, encoder) = match model.encoder() {
        Some(_) => (values(Some(Stack::Decoder))?, values(Some(Stack::Encoder))?),
        None => (values(None)?, StackOptions::default()),
    };
    Ok(RunOptions { stack, encoder, ..RunOptions::default() })
}

/// What the decoder reads when it writes by itself: at most as many tokens as the options say, or as the checkpoint says.
fn write_target(model: &Arc<Model>, tokens: &Tokens, edits: &[Edit], options: RunOptions) -> Result<Tokens, CliError> {
    let job = RunJob::new(Arc::clone(model), tokens.clone().into(), edits.to_vec(), options)?;
    Ok(complete(job)?.run.tokens().clone())
}

/// Every file that a command reads: the checkpoint's, the edits', and the trace files that edits name.
pub(super) fn input_paths(source: &Source, edits: &[Edit], edits_file: Option<&Path>) -> Vec<PathBuf> {
    let edits_files = edits_file.map(Path::to_owned).into_iter().chain(trace_files(edits, edits_file));
    source.paths.iter().cloned().chain(edits_files).collect()
}

/// Loads the model and says what is noted of it. Files kept of the Hub that cannot be read are fetched again, once.
pub(super) fn load(source: &mut Source, args: &ModelArgs) -> Result<Model, CliError> {
    let (model, again) = match read(source, args.layers) {
        Err(CliError::Engine(error)) if error.may_be_damage() => {
            let Some(dropped) = source.drop_spoilt(&error.to_string())? else { return Err(error.into()) };
            let fetched = Source::open(args).and_then(|fetched| {
                *source = fetched;
                read(source, args.layers)
            });
            let model = fetched.map_err(|error| CliError::Usage(format!("{dropped}: {error}")))?;
            (model, Some(format!("{dropped} and fetched again.")))
        }
        model => (model?, None),
    };
    again.iter().chain(model.notes()).for_each(|note| super::note(note));
    Ok(model)
}

fn read(source: &Source, n_layers: Option<usize>) -> Result<Model, CliError> {
    let files = source.list();
    let mut loader = Loader::new(files.clone())?.first_layers(n_layers);
    while let Some(want) = loader.wants() {
        loader.supply(source.bytes(&files[want.file].0, want.offset, want.len))?;
    }
    Ok(loader.finish()?)
}

pub(super) fn read_edits(path: &Path) -> Result<Vec<Edit>, CliError> {
    let json = std::fs::read_to_string(path).map_err(|error| CliError::File { path: path.to_owned(), error })?;
    edit::parse_list(&json).map_err(|error| CliError::Edits { path: path.to_owned(), error })
}

/// A conversation as the model reads it. A template that asks for the date is given that of UTC.
fn read_chat(path: &Path, model: &Model, adds_prompt: bool) -> Result<EncodedChat, CliError> {
    let json = std::fs::read_to_string(path).map_err(|error| CliError::File { path: path.to_owned(), error })?;
    let messages =
        ChatMessage::parse_list(&json).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
    Ok(model.encode_chat(&Chat { messages, adds_prompt }, &Date::of_unix_time(since_1970))?)
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
        // With --ids the text, if there is one, is not what the model read.
        text: args.text.clone().filter(|_| args.ids.is_none()),
        text_pair: args.text_pair.clone(),
        model: Some(ModelName {
            name: source.name.clone(),
            quantisation: Some(model.quantisation().to_owned()),
            revision: source.revision.clone(),
            ..ModelName::default()
        }),
        spec: Some(model.spec().clone()),
        row_sums: model.spec().sinks.then_some(RowSums::Sinks),
        edits: edits.iter().map(Edit::to_json).collect(),
        ..TraceMetadata::of_tokens(tokens.tokens.clone(), tokens.form)
    }
}
