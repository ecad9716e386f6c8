//! `headlight attribute --estimate`: what each head, position, neuron or link does to the outcome, by gradients; of heads the best
//! and some drawn ones exactly.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::CliError;
use super::args::{AttributeArgs, EstimateWhat};
use super::attribute::MeasuredRuns;
use super::report::{print, print_json_of};
use crate::analysis::agreement::{Agreement, tried};
use crate::edit::{Choice, Edit, EditKind};
use crate::engine::jobs::{
    EstimateJob, EstimateOf, Estimates, ExactJob, HeadPlace, HookEstimate, Measure, SweepJob, SweepKind, complete,
    complete_with,
};
use crate::engine::{EngineError, Measured, Run};
use crate::trace::{AttnKind, Tokens};

/// How many neurons are printed.
const N_NEURONS: usize = 1_000;
/// How many links are printed at most.
const N_EDGES: usize = 100_000;

#[derive(Serialize)]
struct JsonHead {
    layer: usize,
    head: usize,
    estimate: f64,
    exact: f64,
}

#[derive(Serialize)]
struct JsonHeads {
    outcome: f64,
    estimate: Vec<Vec<f64>>,
    verified: Vec<JsonHead>,
    random: Vec<JsonHead>,
    pearson: Option<f64>,
    spearman: Option<f64>,
    sign_agreement: Option<f64>,
}

#[derive(Serialize)]
struct JsonPositions {
    outcome: f64,
    estimate: Vec<Vec<f32>>,
    sites: Vec<String>,
}

/// A neuron or a link.
#[derive(Serialize)]
struct JsonPart {
    hook: String,
    layer: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    neuron: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<usize>,
    estimate: f32,
}

#[derive(Serialize)]
struct JsonNeurons {
    outcome: f64,
    neurons: Vec<JsonPart>,
}

#[derive(Serialize)]
struct JsonEdges {
    outcome: f64,
    edges: Vec<JsonPart>,
}

/// One answer, or one for each attention of a model of two stacks.
#[derive(Serialize)]
#[serde(untagged)]
enum Output<T> {
    One(T),
    Stacks { encoder: T, decoder: T, cross: T },
}

/// The attentions of a run.
fn kinds(run: &Run) -> &'static [AttnKind] {
    if run.source().is_some() { &AttnKind::THREE } else { &[AttnKind::ONLY] }
}

/// Runs the command.
pub(super) fn run(args: &AttributeArgs, what: EstimateWhat, measured: &MeasuredRuns) -> Result<(), CliError> {
    let run = &measured.run;
    let reader = run.source().unwrap_or(run).model();
    let other = match (&args.from, &args.from_ids) {
        (Some(text), _) => Some(run.model().encode(text, None)?),
        (None, Some(ids)) => Some(reader.tokens_from_ids(ids)?),
        (None, None) => None,
    };
    let parts = match what {
        EstimateWhat::ZeroHeads | EstimateWhat::PatchHeads => EstimateOf::Heads,
        EstimateWhat::Positions => EstimateOf::Positions,
        EstimateWhat::Neurons => EstimateOf::Neurons,
        EstimateWhat::Edges | EstimateWhat::Tokens => EstimateOf::Edges,
    };
    if measured.cosine.is_some() {
        parts.check_cosine(other.is_some())?;
    }
    let mut found = Estimates::default();
    for (run, outcome) in &measured.subjects {
        let job = EstimateJob::new(Arc::clone(run), outcome.clone(), &[parts], other.clone())?;
        found.add(complete(if parts == EstimateOf::Edges { job.keeping(N_EDGES) } else { job })?);
    }
    match parts {
        EstimateOf::Heads => {
            let answer = |kind: &AttnKind| heads(args.verify.unwrap_or(0), measured, &found, *kind);
            let answers = kinds(run).iter().map(answer).collect::<Result<Vec<_>, _>>()?;
            if args.json { print_all(answers) } else { print(&heads_csv(&answers)) }
        }
        EstimateOf::Positions => {
            let answers = kinds(run).iter().map(|kind| positions(found.outcome, &found.at_hooks_of(*kind, parts)));
            match args.json {
                true => print_all(answers.collect()),
                false => print(&positions_csv(answers)),
            }
        }
        EstimateOf::Neurons => {
            let neurons = |kind: &AttnKind| largest(&found.at_hooks_of(*kind, parts), N_NEURONS);
            let answer = |kind| JsonNeurons { outcome: found.outcome, neurons: neurons(kind) };
            let answers: Vec<_> = kinds(run).iter().map(answer).collect();
            match args.json {
                true => print_all(answers),
                false => print(&parts_csv(answers.iter().flat_map(|answer| &answer.neurons))),
            }
        }
        EstimateOf::Edges => {
            let edges = |kind: &AttnKind| largest(&found.at_hooks_of(*kind, parts), N_EDGES);
            let answer = |kind| JsonEdges { outcome: found.outcome, edges: edges(kind) };
            let answers: Vec<_> = kinds(run).iter().map(answer).collect();
            match args.json {
                true => print_all(answers),
                false => print(&parts_csv(answers.iter().flat_map(|answer| &answer.edges))),
            }
        }
    }
}

fn print_all<T: Serialize>(answers: Vec<T>) -> Result<(), CliError> {
    let mut answers = answers.into_iter();
    let output = match (answers.next(), answers.next(), answers.next()) {
        (Some(encoder), Some(decoder), Some(cross)) => Output::Stacks { encoder, decoder, cross },
        (Some(only), ..) => Output::One(only),
        (None, ..) => return Ok(()),
    };
    print_json_of(&output)
}

/// The heads of one attention: estimates [layer][head], and those that are tried.
fn heads(n_tried: usize, measured: &MeasuredRuns, found: &Estimates, kind: AttnKind) -> Result<JsonHeads, EngineError> {
    let AttnKind { stack, attn } = kind;
    let estimate: Vec<Vec<f64>> = found.at_hooks_of(kind, EstimateOf::Heads).into_iter().map(over_positions).collect();
    let flat: Vec<f32> = estimate.iter().flatten().map(|estimate| *estimate as f32).collect();
    let n_heads = estimate.first().map_or(1, Vec::len).max(1);
    let (best, drawn) = tried(&flat, n_tried, 0);
    let place = |index: &usize| HeadPlace { stack, attn, layer: index / n_heads, head: index % n_heads };
    let places: Vec<HeadPlace> = best.iter().chain(&drawn).map(place).collect();
    let exact = match &measured.cosine {
        _ if n_tried == 0 => Vec::new(),
        Some(texts) => in_both(measured, texts, places)?,
        None => {
            let (run, outcome) = measured.subjects[0].clone();
            complete(ExactJob::new(run, outcome, found.outcome, places, found.patched.clone()))?
        }
    };
    let line = |(index, exact): (&usize, &f64)| {
        let HeadPlace { layer, head, .. } = place(index);
        JsonHead { layer, head, estimate: estimate[layer][head], exact: *exact }
    };
    let (of_best, of_drawn) = exact.split_at(best.len().min(exact.len()));
    let verified = best.iter().zip(of_best).map(line).collect();
    let random: Vec<JsonHead> = drawn.iter().zip(of_drawn).map(line).collect();
    let pairs: Vec<(f64, f64)> = random.iter().map(|head| (head.estimate, head.exact)).collect();
    let Agreement { pearson, spearman, sign } = Agreement::of(&pairs);
    Ok(JsonHeads { outcome: found.outcome, estimate, verified, random, pearson, spearman, sign_agreement: sign })
}

/// The exact effects on the cosine of two texts of zeroing heads in both.
fn in_both(measured: &MeasuredRuns, texts: &[Tokens; 2], places: Vec<HeadPlace>) -> Result<Vec<f64>, EngineError> {
    let edit = |HeadPlace { layer, head, .. }: HeadPlace| {
        Edit::new(EditKind::ZeroHead { layer: Choice::One(layer), head: Choice::One(head) })
    };
    let kind = SweepKind::Each(places.into_iter().map(edit).collect());
    let (run, edits) = (Arc::clone(&measured.run), measured.edits.clone());
    let job = SweepJob::new(run, edits, kind, Measure::Cosine(texts.clone()))?;
    let mut cosines = Vec::new();
    let result = complete_with(job, |part| cosines.push((part.cell.column, part.outcome)))?;
    cosines.sort_by_key(|(column, _)| *column);
    let effect = |(_, outcome): (usize, Option<Measured>)| {
        f64::from(outcome.map_or(f32::NAN, |outcome| outcome.value() - result.base.value()))
    };
    Ok(cosines.into_iter().map(effect).collect())
}

/// The sums over positions of estimates [pos, head].
fn over_positions(estimate: &HookEstimate) -> Vec<f64> {
    let n_heads = estimate.shape.get(1).copied().unwrap_or(1).max(1);
    let mut sums = vec![0.0; n_heads];
    for row in estimate.values.chunks_exact(n_heads) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums
}

fn positions(outcome: f64, hooks: &[&HookEstimate]) -> JsonPositions {
    JsonPositions {
        outcome,
        estimate: hooks.iter().map(|hook| hook.values.clone()).collect(),
        sites: hooks.iter().map(|hook| hook.hook.to_string()).collect(),
    }
}

/// The parts of the largest size, the largest first. Links that cannot be cut or have no weight are left out.
fn largest(hooks: &[&HookEstimate], n: usize) -> Vec<JsonPart> {
    let all = hooks.iter().enumerate();
    let all = all.flat_map(|(at, hook)| hook.parts().map(move |(index, value)| (at, index, value)));
    let mut all: Vec<(usize, usize, f32)> = all.filter(|(.., value)| value.is_finite() && *value != 0.0).collect();
    let by_size = |a: &(usize, usize, f32), b: &(usize, usize, f32)| -> Ordering {
        b.2.abs().total_cmp(&a.2.abs()).then((a.0, a.1).cmp(&(b.0, b.1)))
    };
    if n < all.len() {
        all.select_nth_unstable_by(n, by_size);
        all.truncate(n);
    }
    all.sort_by(by_size);
    all.into_iter().map(|(at, index, estimate)| part(hooks[at], index, estimate)).collect()
}

fn part(hook: &HookEstimate, index: usize, estimate: f32) -> JsonPart {
    let layer = hook.hook.hook.layer().unwrap_or(0);
    let (head, neuron, query, key) = match hook.shape[..] {
        [_, n_query, n_key] => {
            (Some(index / (n_query * n_key)), None, Some(index / n_key % n_query), Some(index % n_key))
        }
        [_, d_head] => (Some(index / d_head), Some(index % d_head), None, None),
        _ => (None, Some(index), None, None),
    };
    JsonPart { hook: hook.hook.to_string(), layer, head, neuron, query, key, estimate }
}

// Writing into a String cannot fail.
fn heads_csv(answers: &[JsonHeads]) -> String {
    let names = if answers.len() == 1 { [""].as_slice() } else { &["encoder", "decoder", "cross"] };
    let mut csv = "attention,layer,head,estimate,exact\n".to_owned();
    for (name, answer) in names.iter().zip(answers) {
        let exact = |layer: usize, head: usize| {
            let tried = answer.verified.iter().chain(&answer.random);
            let found = tried.into_iter().find(|tried| (tried.layer, tried.head) == (layer, head));
            found.map_or_else(String::new, |found| format!("{:.6}", found.exact))
        };
        for (layer, row) in answer.estimate.iter().enumerate() {
            for (head, estimate) in row.iter().enumerate() {
                let _ = writeln!(csv, "{name},{layer},{head},{estimate:.6},{}", exact(layer, head));
            }
        }
    }
    csv
}

fn positions_csv(answers: impl Iterator<Item = JsonPositions>) -> String {
    let mut csv = "hook,position,estimate\n".to_owned();
    for JsonPositions { estimate, sites, .. } in answers {
        for (site, row) in sites.iter().zip(estimate) {
            for (position, estimate) in row.into_iter().enumerate() {
                let _ = writeln!(csv, "{site},{position},{estimate:.6}");
            }
        }
    }
    csv
}

fn parts_csv<'a>(parts: impl Iterator<Item = &'a JsonPart>) -> String {
    let mut csv = "hook,layer,head,neuron,query,key,estimate\n".to_owned();
    let cell = |index: Option<usize>| index.map_or_else(String::new, |index| index.to_string());
    for JsonPart { hook, layer, head, neuron, query, key, estimate } in parts {
        let [head, neuron, query, key] = [head, neuron, query, key].map(|index| cell(*index));
        let _ = writeln!(csv, "{hook},{layer},{head},{neuron},{query},{key},{estimate:.6}");
    }
    csv
}
