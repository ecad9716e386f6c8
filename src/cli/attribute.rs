//! `headlight attribute`: the outcome as a sum over what each component wrote into the stream (`--direct`), or what parts do to it by
//! gradients (`estimate`, `saliency`), which can be saved (`gradients`).

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::args::{AttributeArgs, ContrastArgs, EstimateWhat};
use super::labels::label_outcome;
use super::outfile::OutFile;
use super::report::{print, print_json_of};
use super::subject::{Subject as SubjectFiles, first_token};
use super::{CliError, estimate, gradients, saliency};
use crate::analysis::inside::direct::{AttnParts, Contrast, DirectSum};
use crate::edit::Edit;
use crate::engine::backward::Differentiated;
use crate::engine::jobs::{DirectJob, Measure, Subject, SubjectsJob, complete};
use crate::engine::{EngineError, Run, top_predictions};
use crate::trace::Tokens;

/// The output of `--json`.
#[derive(Serialize)]
struct Json {
    outcome: f64,
    embed: f64,
    heads: Vec<Vec<f64>>,
    attn_bias: Vec<f64>,
    mlps: Vec<f64>,
    constant: f64,
}

/// Of a model of two stacks: the encoder writes nothing into the decoder's stream but through cross-attention.
#[derive(Serialize)]
struct JsonStacks {
    encoder: Option<()>,
    decoder: Json,
    cross: JsonCross,
}

#[derive(Serialize)]
struct JsonCross {
    heads: Vec<Vec<f64>>,
    attn_bias: Vec<f64>,
}

/// Runs the command.
pub(super) fn run(args: &AttributeArgs) -> Result<(), CliError> {
    if !args.direct && args.estimate.is_none() && args.save_gradients.is_none() {
        let message = "say how the outcome is divided: --direct, --estimate WHAT or --save-gradients FILE";
        return Err(CliError::Usage(message.to_owned()));
    }
    let given = args.from.is_some() || args.from_ids.is_some();
    match args.estimate {
        Some(EstimateWhat::PatchHeads) if !given => {
            return Err(CliError::Usage("--estimate patch-heads needs --from TEXT or --from-ids IDS".to_owned()));
        }
        Some(EstimateWhat::ZeroHeads | EstimateWhat::Edges | EstimateWhat::Tokens) if given => {
            let message =
                "--from is for --estimate patch-heads, positions and neurons: nothing else takes another text";
            return Err(CliError::Usage(message.to_owned()));
        }
        Some(EstimateWhat::ZeroHeads | EstimateWhat::PatchHeads) | None => {}
        Some(_) if args.verify.is_some() => {
            let message = "--verify is for --estimate zero-heads and patch-heads";
            return Err(CliError::Usage(message.to_owned()));
        }
        Some(_) => {}
    }
    let subject = SubjectFiles::open(&args.subject)?;
    let out = args.save_gradients.as_deref().map(|out| OutFile::create(out, &subject.paths)).transpose()?;
    let edits = subject.edits.clone();
    let run = Arc::new(subject.read(&args.subject)?);
    let measured = measured(args, &run, edits)?;
    if let Some(out) = out {
        // Of a cosine the first text's.
        let (run, outcome) = &measured.subjects[0];
        gradients::write(run, outcome.clone(), &out)?;
        out.keep()?;
    }
    match args.estimate {
        Some(EstimateWhat::Tokens) => return saliency::run(args, &measured),
        Some(what) => return estimate::run(args, what, &measured),
        None if !args.direct => return Ok(()),
        None => {}
    }
    let [(_, Differentiated::Logits { contrast, position })] = &measured.subjects[..] else {
        return Err(CliError::Usage(
            "--direct divides a difference of tokens’ logits: name no label and no cosine".to_owned(),
        ));
    };
    let (contrast, position) = (contrast.clone(), *position);
    let sum = complete(DirectJob::new(&run, contrast, position)?)?;
    if !args.json {
        return print(&csv(&sum));
    }
    let (heads, attn_bias) = of_attns(&sum.attns);
    let mlps = sum.mlps.iter().map(|mlp| mlp.whole).collect();
    let json = Json { outcome: sum.outcome, embed: sum.embed, heads, attn_bias, mlps, constant: sum.constant };
    if run.source().is_none() {
        return print_json_of(&json);
    }
    let (heads, attn_bias) = of_attns(&sum.cross);
    print_json_of(&JsonStacks { encoder: None, decoder: json, cross: JsonCross { heads, attn_bias } })
}

fn of_attns(attns: &[AttnParts]) -> (Vec<Vec<f64>>, Vec<f64>) {
    attns.iter().map(|attn| (attn.heads.clone(), attn.bias)).unzip()
}

/// What is measured, and on which runs.
pub(super) struct MeasuredRuns {
    /// The run of the text.
    pub run: Arc<Run>,
    /// Its edits.
    pub edits: Vec<Edit>,
    /// The run with its outcome; of a cosine both texts' runs, each beside the other.
    pub subjects: Vec<Subject>,
    /// Both texts of a cosine.
    pub cosine: Option<[Tokens; 2]>,
}

/// The outcome: a cosine, a label's logit, or a difference of tokens' logits.
fn measured(args: &AttributeArgs, run: &Arc<Run>, edits: Vec<Edit>) -> Result<MeasuredRuns, CliError> {
    let (model, given) = (run.model(), &args.contrast);
    let names_token = [given.answer.len(), given.answer_id.len(), given.other.len(), given.other_id.len()] != [0; 4];
    let prepared = |measure| complete(SubjectsJob::new(Arc::clone(run), &edits, measure)?);
    let mut cosine = None;
    let other = match (&given.cosine_with, &given.cosine_ids) {
        (Some(text), _) => Some(model.encode(text, None)?),
        (None, Some(ids)) => Some(model.tokens_from_ids(ids)?),
        (None, None) => None,
    };
    let subjects = if let Some(other) = other {
        let texts = [run.tokens().clone(), other];
        cosine = Some(texts.clone());
        prepared(Measure::Cosine(texts))?
    } else if given.label.is_some() || model.spec().labels.is_some() && !names_token {
        let label = label_outcome([&given.label, &given.against], given.position, run)?;
        prepared(Measure::Label(label))?
    } else {
        let position = given.position.unwrap_or(run.tokens().len() - 1);
        let contrast = contrast(given, run, position)?;
        vec![(Arc::clone(run), Differentiated::Logits { contrast, position })]
    };
    Ok(MeasuredRuns { run: Arc::clone(run), edits, subjects, cosine })
}

/// The tokens of the outcome; where none are given, the most likely one against the second.
fn contrast(args: &ContrastArgs, run: &Run, position: usize) -> Result<Contrast, CliError> {
    let ids = |texts: &[String], ids: &[u32]| {
        let of_texts = texts.iter().map(|text| first_token(run.model(), text));
        of_texts.chain(ids.iter().map(|&id| Ok(id))).collect::<Result<Vec<u32>, EngineError>>()
    };
    let mut answers = ids(&args.answer, &args.answer_id)?;
    let mut others = ids(&args.other, &args.other_id)?;
    if answers.is_empty() || others.is_empty() {
        let n_pos = run.tokens().len();
        if position >= n_pos {
            let message = format!("--position {position} is not there: {n_pos} tokens, counted from 0");
            return Err(CliError::Usage(message));
        }
        let top: Vec<u32> = top_predictions(run, position, 3)?.into_iter().map(|top| top.id).collect();
        if answers.is_empty() {
            answers.extend(top.iter().find(|id| !others.contains(id)));
        }
        if others.is_empty() {
            others.extend(top.iter().find(|id| !answers.contains(id)));
        }
    }
    Ok(Contrast { answers, others })
}

fn csv(sum: &DirectSum) -> String {
    let mut csv = "component,layer,head,value\n".to_owned();
    // Writing into a String cannot fail.
    let mut line = |component: &str, layer: Option<usize>, head: Option<usize>, value: f64| {
        let cell = |index: Option<usize>| index.map_or_else(String::new, |index| index.to_string());
        let _ = writeln!(csv, "{component},{},{},{value:.6}", cell(layer), cell(head));
    };
    line("embed", None, None, sum.embed);
    for layer in 0..sum.attns.len() {
        for (attns, head_name, bias_name) in
            [(&sum.attns, "head", "attn_bias"), (&sum.cross, "cross_head", "cross_attn_bias")]
        {
            let Some(attn) = attns.get(layer) else { continue };
            for (head, value) in attn.heads.iter().enumerate() {
                line(head_name, Some(layer), Some(head), *value);
            }
            line(bias_name, Some(layer), None, attn.bias);
        }
        if let Some(mlp) = sum.mlps.get(layer) {
            line("mlp", Some(layer), None, mlp.whole);
        }
    }
    line("constant", None, None, sum.constant);
    line("sum", None, None, sum.total());
    line("outcome", None, None, sum.outcome);
    csv
}
