//! What gradients cost beside the runs that they are of, and how fast the heads that matter are found and verified.

use crate::client::Client;
use crate::figure::{self, Bound, Bytes, Shares};
use crate::model::run_once;
use headlight::edit::{Choice, Edit, EditKind};
use headlight::platform::clock::now_ms;
use headlight::protocol::{
    Answer, EditingReply, EditingRequest, EstimateAsked, EstimatedPart, FromWorker, Input, InputText, ModelInfo,
    ModelSource, OutcomeAsked, Question, RunId, SweepAsked, TargetAsked, ToWorker,
};
use headlight::trace::AttnKind;

const TEXT: &str = "When Mary and John went to the store, John gave a drink to";
const OTHER: &str = "When Mary and John went to the store, Mary gave a drink to";
/// Lengths at which a reverse pass is measured.
const LENGTHS: [u32; 3] = [14, 128, 1024];
/// Measured rounds, after one that does not count.
const ROUNDS: u32 = 3;
/// How many times as long as its run a reverse pass may take.
const TIMES_RUN: f64 = 2.5;
/// How many times the memory of the run it may need.
const TIMES_MEMORY: f64 = 1.25;
/// How long verifying the 20 best heads may take.
const VERIFY_MS: f64 = 1_500.0;

/// The figures' names.
pub fn names(id: &str) -> Vec<String> {
    let of_lengths = LENGTHS.iter().flat_map(|n| [reverse(id, *n), memory(id, *n)]);
    of_lengths.chain(["zeroed", "patched"].map(|what| ranked(id, what))).chain([verify(id)]).collect()
}

fn reverse(id: &str, n_tokens: u32) -> String {
    format!("times_run/reverse/{id}/{n_tokens}")
}

fn memory(id: &str, n_tokens: u32) -> String {
    format!("times_memory/reverse/{id}/{n_tokens}")
}

fn ranked(id: &str, what: &str) -> String {
    format!("times_run/ranked_{what}/{id}/14")
}

fn verify(id: &str) -> String {
    format!("verify/{id}/20")
}

/// Measures SmolLM2; other models are skipped.
pub async fn measure(source: &ModelSource, id: &str, wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    if !id.starts_with("SmolLM2") || !names(id).iter().any(|name| wanted(name)) {
        return Ok(());
    }
    for n_tokens in LENGTHS {
        if wanted(&reverse(id, n_tokens)) || wanted(&memory(id, n_tokens)) {
            // A worker's memory never shrinks, so that each length has one of its own.
            let (client, model) = load(source, 1).await?;
            of_length(&client, &model, id, n_tokens).await?;
        }
    }
    let (client, _) = load(source, 2).await?;
    of_heads(&client, id, wanted).await
}

async fn load(source: &ModelSource, n_threads: u32) -> Result<(Client, ModelInfo), String> {
    let client = Client::start_on(n_threads).await?;
    let asked = ToWorker::Load { request: 1, source: source.clone(), n_layers: None };
    match client.ask(&asked).await? {
        (FromWorker::Loaded { model, .. }, _) => Ok((client, model)),
        (other, _) => Err(format!("expected Loaded, got {other:?}")),
    }
}

/// A reverse pass over a run of so many tokens, in time and in memory.
async fn of_length(client: &Client, model: &ModelInfo, id: &str, n_tokens: u32) -> Result<(), String> {
    let mut times = Shares::new(
        &reverse(id, n_tokens),
        "the estimates of all heads from one reverse pass, answer to the page included, over the time of the run just before",
    );
    let mut memory_times = Shares::new(
        &memory(id, n_tokens),
        "the worker's memory after a reverse pass over its memory after the run, weights included",
    );
    for round in 0..=ROUNDS {
        let before_ms = now_ms();
        let run = run_once(client, model, n_tokens, round).await?;
        let done_ms = now_ms();
        estimate(client, run.run, EstimatedPart::Heads, None).await?;
        let reverse_ms = now_ms() - done_ms;
        client.tell(&ToWorker::Forget { run: run.run })?;
        if round == 0 {
            let after = run_once(client, model, 8, round).await?;
            client.tell(&ToWorker::Forget { run: after.run })?;
            memory_times.add(after.memory_bytes as f64 / run.memory_bytes as f64);
        } else {
            times.add_with(reverse_ms / (done_ms - before_ms), &[("run_ms", done_ms - before_ms)]);
        }
    }
    times.print(Bound::AtMost(TIMES_RUN))?;
    memory_times.print(Bound::AtMost(TIMES_MEMORY))
}

/// All heads and neurons ranked, with the run, and the best heads verified.
async fn of_heads(client: &Client, id: &str, wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    for (what, from, bound) in [("zeroed", None, 4.0), ("patched", Some(OTHER), 5.0)] {
        if !wanted(&ranked(id, what)) {
            continue;
        }
        let mut times = Shares::new(
            &ranked(id, what),
            "a run of 14 tokens and the estimates of its heads and of all neurons of MLPs, queries, keys and values, over the run alone",
        );
        for round in 0..=ROUNDS {
            let before_ms = now_ms();
            let run = run_text(client).await?;
            let run_ms = now_ms() - before_ms;
            for part in [EstimatedPart::Heads, EstimatedPart::Neurons] {
                estimate(client, run, part, from).await?;
            }
            let all_ms = now_ms() - before_ms;
            client.tell(&ToWorker::Forget { run })?;
            if round > 0 {
                times.add_with(all_ms / run_ms, &[("run_ms", run_ms)]);
            }
        }
        times.print(Bound::AtMost(bound))?;
    }
    if wanted(&verify(id)) {
        let run = run_text(client).await?;
        let mut samples_ms = Vec::new();
        for _ in 0..ROUNDS {
            samples_ms.push(verify_heads(client, run).await?);
        }
        let how = "20 heads of layers all over the model zeroed one by one on 14 tokens by two threads, the outcome measured each time";
        figure::print(&verify(id), how, &samples_ms, Bytes::default(), Bound::AtMost(VERIFY_MS))?;
    }
    Ok(())
}

async fn run_text(client: &Client) -> Result<RunId, String> {
    let text = InputText::Single(TEXT.to_owned());
    let inputs = vec![Input { text, cut: false, bos: None, target: TargetAsked::Generated }];
    match client.ask(&ToWorker::Run { request: 5, inputs, edits: Vec::new() }).await? {
        (FromWorker::RunsDone { runs, .. }, _) => runs.first().map(|run| run.run).ok_or("no run came".to_owned()),
        (other, _) => Err(format!("expected a run, got {other:?}")),
    }
}

async fn estimate(client: &Client, run: RunId, of: EstimatedPart, from: Option<&str>) -> Result<(), String> {
    let outcome = OutcomeAsked::tokens(" Mary", " John");
    let question = Question::Estimate(EstimateAsked { of, from: from.map(str::to_owned), outcome });
    match client.ask(&ToWorker::Ask { request: 7, run, kind: AttnKind::ONLY, question }).await? {
        (FromWorker::Answered { answer: Answer::Estimates(_), .. }, _) => Ok(()),
        (other, _) => Err(format!("expected estimates, got {other:?}")),
    }
}

/// Tries 20 heads, and returns how long that took.
async fn verify_heads(client: &Client, base: RunId) -> Result<f64, String> {
    let edit = |index: usize| {
        let (layer, head) = (Choice::One(3 * (index / 2)), Choice::One(index % 9));
        Edit::new(EditKind::ZeroHead { layer, head })
    };
    let before_ms = now_ms();
    client.tell(&ToWorker::Editing(EditingRequest::Sweep {
        request: 6,
        base,
        edits: Vec::new(),
        what: SweepAsked::Each((0..20).map(edit).collect()),
        outcome: OutcomeAsked::tokens(" Mary", " John"),
    }))?;
    loop {
        match client.next().await? {
            (FromWorker::Progress { .. } | FromWorker::Editing(EditingReply::SweepCell { .. }), _) => {}
            (FromWorker::Editing(EditingReply::SweepDone { .. }), _) => return Ok(now_ms() - before_ms),
            (FromWorker::Failed { report, .. }, _) => return Err(report.message),
            (other, _) => return Err(format!("expected a sweep, got {other:?}")),
        }
    }
}
