//! `headlight attribute`: the outcome as a sum over what each component wrote into the stream (`--direct`), or what parts do to it by
//! gradients (`estimate`, `saliency`), which can be saved (`gradients`).

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::args::{AttributeArgs, ContrastArgs, EstimateWhat};
use super::outfile::OutFile;
use super::report::{print, print_json_of};
use super::subject::{Subject, first_token};
use super::{CliError, estimate, gradients, saliency};
use crate::analysis::inside::direct::{AttnParts, Contrast, DirectSum};
use crate::engine::backward::Differentiated;
use crate::engine::jobs::{DirectJob, complete};
use crate::engine::{EngineError, Run, top_predictions};

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
    let subject = Subject::open(&args.subject)?;
    let out = args.save_gradients.as_deref().map(|out| OutFile::create(out, &subject.paths)).transpose()?;
    let run = Arc::new(subject.read(&args.subject)?);
    let position = args.contrast.position.unwrap_or(run.tokens().len() - 1);
    let contrast = contrast(&args.contrast, &run, position)?;
    let outcome = Differentiated::Logits { contrast: contrast.clone(), position };
    if let Some(out) = out {
        gradients::write(&run, outcome.clone(), &out)?;
        out.keep()?;
    }
    match args.estimate {
        Some(EstimateWhat::Tokens) => return saliency::run(args, &run, outcome),
        Some(what) => return estimate::run(args, what, &run, &outcome),
        None if !args.direct => return Ok(()),
        None => {}
    }
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
