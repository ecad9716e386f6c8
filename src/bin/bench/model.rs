//! Measures each model: loading, running at several lengths, and fetching all its attention.

use crate::browser::clear_storage;
use crate::cancel;
use crate::client::{Client, Measurer};
use crate::costs;
use crate::figure::{self, Bound, Bytes, Shares};
use crate::gradients;
use crate::lens;
use crate::message::Task;
use crate::ratios;
use crate::sweep;
use crate::threads;
use gloo::timers::callback::Timeout;
use headlight::edit::{Choice, Edit, EditKind};
use headlight::platform::clock::now_ms;
use headlight::platform::page::{base_url, fetch_text};
use headlight::platform::words::words;
use headlight::protocol::{
    Answer, EditingReply, EditingRequest, FileSource, FromWorker, Input, InputText, ModelInfo, ModelSource, Question,
    RunInfo, TargetAsked, ToWorker,
};
use headlight::trace::AttnKind;
use js_sys::Promise;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Measured rounds, after one that does not count; fewer where one takes many seconds.
const RUNS: u32 = 9;
const LONG_RUNS: u32 = 3;
/// From this length on a run is long.
const LONG: u32 = 512;
const LOADS: usize = 7;
/// How long to wait for the end of a worker.
const SETTLE_MS: u32 = 500;
/// 300 MB/s.
const LOAD_BYTES_PER_MS: f64 = 300_000.0;

/// The shape that most bounds are set for.
pub const GPT2_SMALL_ID: &str = "gpt2-small-seeded";
const GPT2_SMALL: &str = r#"{"activation_function":"gelu_new","architectures":["GPT2LMHeadModel"],"attn_pdrop":0.1,
"bos_token_id":50256,"embd_pdrop":0.1,"eos_token_id":50256,"initializer_range":0.02,"layer_norm_epsilon":1e-05,
"model_type":"gpt2","n_ctx":1024,"n_embd":768,"n_head":12,"n_inner":null,"n_layer":12,"n_positions":1024,
"reorder_and_upcast_attn":false,"resid_pdrop":0.1,"scale_attn_by_inverse_layer_idx":false,"scale_attn_weights":true,
"tie_word_embeddings":true,"vocab_size":50257}"#;

/// A model and the lengths to run it at.
struct Case {
    id: String,
    source: ModelSource,
    lengths: &'static [u32],
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
    files: Vec<EntryFile>,
}

#[derive(Deserialize)]
struct EntryFile {
    name: String,
    size: u64,
    sha256: String,
}

/// Prints every figure whose name contains `only`.
pub async fn measure_all(only: &str) -> Result<(), String> {
    let wanted = |name: &str| name.contains(only);
    ratios::measure_kernels(&wanted).await?;
    for case in cases().await? {
        let names = case.names();
        if !names.iter().any(|name| wanted(name)) {
            continue;
        }
        tokenizer(&case, &wanted).await?;
        let (client, model) = load(&case, &wanted).await?;
        ratios::measure_run(&case.id, &client, &model, &wanted).await?;
        ratios::measure_peer(&case.id, &client, &model, &wanted).await?;
        for n_tokens in case.lengths.iter().copied().filter(|&n_tokens| n_tokens as usize <= model.spec.n_ctx) {
            run(&case, &client, &model, n_tokens, &wanted).await?;
            let name = format!("cancel/{}/{n_tokens}", case.id);
            if n_tokens >= LONG && wanted(&name) {
                cancel::measure(&client, &model, &name, n_tokens).await?;
            }
        }
        if wanted(&sweep::name(&case.id)) {
            sweep::measure(&client, &model, &case.id).await?;
        }
        if wanted(&lens::name(&case.id)) {
            lens::measure(&client, &model, &case.id).await?;
        }
        if wanted(&threads::name(&case.id)) {
            threads::measure(&client, &model, &case.source, &case.id).await?;
        }
        drop(client);
        gradients::measure(&case.source, &case.id, &wanted).await?;
        two_runs(&case, &wanted).await?;
    }
    costs::measure(&wanted).await
}

impl Case {
    fn names(&self) -> Vec<String> {
        let loads = ["load_network", "load_storage", "load_seeded"].map(|what| format!("{what}/{}", self.id));
        let whats = ["run", "patterns", "cancel", "edit_late"];
        let runs = self.lengths.iter().flat_map(|n| whats.map(|what| format!("{what}/{}/{n}", self.id)));
        let others =
            ["share/run", "share/kernels", "times_onnxruntime/run"].map(|what| format!("{what}/{}/128", self.id));
        let whole = ["tokenizer", "weights_mb"].map(|what| format!("{what}/{}", self.id));
        let two_runs = format!("memory_two_runs_mb/{}/1024", self.id);
        loads
            .into_iter()
            .chain(runs)
            .chain(others)
            .chain(whole)
            .chain([two_runs, sweep::name(&self.id), lens::name(&self.id), threads::name(&self.id)])
            .chain(gradients::names(&self.id))
            .collect()
    }
}

/// The models of models/index.json, and the shape of GPT-2 small.
async fn cases() -> Result<Vec<Case>, String> {
    let base = base_url();
    let entries: Vec<Entry> = serde_json::from_str(&fetch_text(&format!("{base}models/index.json")).await?)
        .map_err(|error| format!("models/index.json: {error}"))?;
    let mut cases: Vec<Case> = entries
        .into_iter()
        .map(|entry| {
            let url = |file: &str| format!("{base}models/{}/{file}", entry.id);
            let files = entry.files.into_iter().map(|file| FileSource {
                url: url(&file.name),
                name: file.name,
                size: file.size,
                sha256: file.sha256,
            });
            let source = ModelSource::Files { name: entry.name, files: files.collect() };
            Case { id: entry.id, source, lengths: &[8, 32, 128, 512, 1024] }
        })
        .collect();
    let source = ModelSource::Seeded { config_json: GPT2_SMALL.to_owned(), seed: 1 };
    cases.push(Case { id: GPT2_SMALL_ID.to_owned(), source, lengths: &[128] });
    Ok(cases)
}

/// Measures what is read before the weights: configuration, tokenizer, the plan of tensors.
async fn tokenizer(case: &Case, wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    let name = format!("tokenizer/{}", case.id);
    let ModelSource::Files { files, .. } = &case.source else { return Ok(()) };
    if !wanted(&name) {
        return Ok(());
    }
    let measurer = Measurer::start().await?;
    let mut samples_ms = Vec::new();
    for round in 0..=RUNS {
        let took = measurer.take(&Task::Tokenizer { files: files.clone() }).await?;
        if round > 0 {
            samples_ms.push(took.ms);
        }
    }
    let how = "from the bytes of configuration, tokenizer and tensor headers to a tokenizer that is ready and a plan of tensors";
    figure::print(&name, how, &samples_ms, Bytes::default(), Bound::AtMost(150.0))
}

/// Measures the memory of two runs of 1,024 tokens beside the weights, in a worker that has done nothing else.
async fn two_runs(case: &Case, wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    let (name, weights_name) = (format!("memory_two_runs_mb/{}/1024", case.id), format!("weights_mb/{}", case.id));
    if !wanted(&name) && !wanted(&weights_name) {
        return Ok(());
    }
    let (client, model, _) = load_once(case).await?;
    let is_smollm2 = case.id.starts_with("SmolLM2");
    if wanted(&weights_name) {
        let mut weights = Shares::new(&weights_name, "MB of all matrices as held");
        weights.add(model.weight_bytes as f64 / 1e6);
        weights.print(if is_smollm2 { Bound::AtMost(130.0) } else { Bound::None })?;
    }
    if wanted(&name) && model.spec.n_ctx >= 1024 {
        let mut last = 0;
        for round in 0..2 {
            last = run_once(&client, &model, 1024, round).await?.memory_bytes;
        }
        let mut memory =
            Shares::new(&name, "MB of the worker's wasm memory beside the weights, two runs of 1,024 tokens kept");
        let beside = last.saturating_sub(model.weight_bytes) as f64 / 1e6;
        memory.add_with(
            beside,
            &[("loaded", model.memory_bytes as f64 / 1e6), ("weights", model.weight_bytes as f64 / 1e6)],
        );
        memory.print(if is_smollm2 { Bound::AtMost(400.0) } else { Bound::None })?;
    }
    Ok(())
}

/// Measures loading where it is wanted; the last worker is used for the runs.
async fn load(case: &Case, wanted: &impl Fn(&str) -> bool) -> Result<(Client, ModelInfo), String> {
    let kinds: &[(&str, bool, &str)] = match case.source {
        ModelSource::Files { .. } | ModelSource::Hub { .. } | ModelSource::Disk { .. } => &[
            ("load_network", true, "a fresh worker loads the model over loopback into an empty browser storage"),
            ("load_storage", false, "a fresh worker loads the model from this browser's storage"),
        ],
        ModelSource::Seeded { .. } => &[("load_seeded", false, "a fresh worker makes the weights from a seed")],
    };
    let mut last = None;
    for (what, empty_storage, how) in kinds {
        let name = format!("{what}/{}", case.id);
        if !wanted(&name) {
            continue;
        }
        let (mut samples_ms, mut bytes) = (Vec::new(), Bytes::default());
        for _ in 0..LOADS {
            // The previous worker holds memory and files of the storage; its end keeps a processor busy for a while, which is not measured.
            drop(last.take());
            settled().await?;
            if *empty_storage {
                clear_storage().await?;
            }
            let (client, model, elapsed_ms) = load_once(case).await?;
            samples_ms.push(elapsed_ms);
            bytes = Bytes { memory: Some(model.memory_bytes), weights: Some(model.weight_bytes) };
            last = Some((client, model));
        }
        let how = format!("{how}: from the request to its answer, worker already started");
        let bound = match &case.source {
            ModelSource::Files { files, .. } if !empty_storage => {
                Bound::AtMost(files.iter().map(|file| file.size).sum::<u64>() as f64 / LOAD_BYTES_PER_MS)
            }
            _ => Bound::None,
        };
        figure::print(&name, &how, &samples_ms, bytes, bound)?;
    }
    match last {
        Some(loaded) => Ok(loaded),
        None => load_once(case).await.map(|(client, model, _)| (client, model)),
    }
}

/// Waits until an ended worker is gone.
async fn settled() -> Result<(), String> {
    let promise = Promise::new(&mut |resolve, _| {
        Timeout::new(SETTLE_MS, move || _ = resolve.call0(&JsValue::UNDEFINED)).forget();
    });
    JsFuture::from(promise).await.map(drop).map_err(|error| words(&error))
}

async fn load_once(case: &Case) -> Result<(Client, ModelInfo, f64), String> {
    let client = Client::start().await?;
    let before_ms = now_ms();
    let reply = client.ask(&ToWorker::Load { request: 1, source: case.source.clone(), n_layers: None }).await?;
    let elapsed_ms = now_ms() - before_ms;
    match reply {
        (FromWorker::Loaded { model, .. }, _) => Ok((client, model, elapsed_ms)),
        (other, _) => Err(format!("{}: expected Loaded, got {other:?}", case.id)),
    }
}

/// Measures running at one length, then fetching the patterns of every layer and head.
async fn run(
    case: &Case,
    client: &Client,
    model: &ModelInfo,
    n_tokens: u32,
    wanted: &impl Fn(&str) -> bool,
) -> Result<(), String> {
    let [run_name, patterns_name, edit_name] =
        ["run", "patterns", "edit_late"].map(|what| format!("{what}/{}/{n_tokens}", case.id));
    if ![&run_name, &patterns_name, &edit_name].into_iter().any(|name| wanted(name)) {
        return Ok(());
    }
    let (mut run_ms, mut patterns_ms, mut edit_ms) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = Bytes::default();
    for round in 0..=if n_tokens < LONG { RUNS } else { LONG_RUNS } {
        let before_ms = now_ms();
        let info = run_once(client, model, n_tokens, round).await?;
        let done_ms = now_ms();
        all_patterns(client, model, &info).await?;
        let fetched_ms = now_ms();
        let edited = edit_late(client, model, &info).await?;
        let edited_ms = now_ms();
        client.tell(&ToWorker::Forget { run: edited.run })?;
        client.tell(&ToWorker::Forget { run: info.run })?;
        if round > 0 {
            run_ms.push(done_ms - before_ms);
            patterns_ms.push(fetched_ms - done_ms);
            edit_ms.push(edited_ms - fetched_ms);
        }
        bytes = Bytes { memory: Some(info.memory_bytes), weights: None };
    }
    if wanted(&run_name) {
        let how = "from the request to its answer in the page, other ids each time, after one run that does not count; \
                   queries and keys of all heads are kept";
        // 1.2 times as fast as onnxruntime-web 1.30, which took 0.91 s.
        let bound = if case.id == GPT2_SMALL_ID { Bound::AtMost(910.0 / 1.2) } else { Bound::None };
        figure::print(&run_name, how, &run_ms, bytes, bound)?;
    }
    if wanted(&patterns_name) {
        let how = "all heads of all layers, one request per layer, patterns made from kept queries and keys and \
                   transferred to the page";
        figure::print(&patterns_name, how, &patterns_ms, Bytes::default(), Bound::None)?;
    }
    if wanted(&edit_name) {
        let how = "a head in the first layer of the last quarter set to zero: the run starts again there";
        // A late edit takes less than half the time of a whole run.
        let mut sorted = run_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let bound = sorted.get(sorted.len() / 2).map_or(Bound::None, |median| Bound::AtMost(median / 2.0));
        figure::print(&edit_name, how, &edit_ms, Bytes::default(), bound)?;
    }
    Ok(())
}

/// Runs again with a head in the last quarter of the layers set to zero.
async fn edit_late(client: &Client, model: &ModelInfo, run: &RunInfo) -> Result<RunInfo, String> {
    let layer = (model.spec.n_layers * 3).div_ceil(4).min(model.spec.n_layers - 1);
    let edits = vec![Edit::new(EditKind::ZeroHead { layer: Choice::One(layer), head: Choice::One(0) })];
    let again = EditingRequest::Again { request: 4, base: run.run, edits };
    match client.ask(&ToWorker::Editing(again)).await? {
        (FromWorker::Editing(EditingReply::Again { run, .. }), _) => Ok(run),
        (other, _) => Err(format!("expected a run, got {other:?}")),
    }
}

/// Token ids spread over the vocabulary and different in each round, so that no round can reuse an earlier one's results.
pub fn ids(model: &ModelInfo, n_tokens: u32, round: u32) -> Vec<u32> {
    let n_vocab = u32::try_from(model.spec.d_vocab).unwrap_or(u32::MAX).max(1);
    let first = 1000 + 7919 * round;
    (0..n_tokens).map(|at| (first + 613 * at) % n_vocab).collect()
}

/// Runs the model once, on other ids in each round.
pub async fn run_once(client: &Client, model: &ModelInfo, n_tokens: u32, round: u32) -> Result<RunInfo, String> {
    let ids = ids(model, n_tokens, round);
    let inputs = vec![Input { text: InputText::Ids(ids), cut: false, bos: None, target: TargetAsked::Generated }];
    match client.ask(&ToWorker::Run { request: 2, inputs, edits: Vec::new() }).await? {
        (FromWorker::RunsDone { mut runs, .. }, _) if runs.len() == 1 => Ok(runs.remove(0)),
        (other, _) => Err(format!("expected one run, got {other:?}")),
    }
}

async fn all_patterns(client: &Client, model: &ModelInfo, run: &RunInfo) -> Result<(), String> {
    let count = |n: usize| u32::try_from(n).map_err(|error| error.to_string());
    for layer in 0..count(model.spec.n_layers)? {
        let heads = (0..count(model.spec.n_heads)?).collect();
        let question = Question::Patterns { layer, heads };
        let reply = client.ask(&ToWorker::Ask { request: 3, run: run.run, kind: AttnKind::ONLY, question }).await?;
        match reply {
            (FromWorker::Answered { answer: Answer::Patterns { n_query, n_key, heads, .. }, .. }, buffers) => {
                let expected = n_query * n_key * count(heads.len())?;
                if buffers.first().map(Vec::len) != Some(expected as usize) {
                    return Err(format!("layer {layer}: not {expected} values"));
                }
            }
            (other, _) => return Err(format!("expected Patterns, got {other:?}")),
        }
    }
    Ok(())
}
