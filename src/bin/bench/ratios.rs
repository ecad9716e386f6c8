//! Figures that are ratios: a kernel or a run beside what the processor does in registers, candle, f32, or the memory. Both
//! parts of a ratio are measured right after each other, several times, and the median of the ratios counts, since a busy
//! machine slows both parts.

use crate::client::{Client, Measurer};
use crate::figure::{Bound, Shares};
use crate::message::{Format, Kernel, Shape, Task, Took};
use headlight::platform::clock::now_ms;
use headlight::platform::words::words;
use headlight::protocol::{ModelInfo, ToWorker};
use headlight::trace::spec::MlpKind;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

const ROUNDS: usize = 9;

const SHAPES: [(Shape, &str); 3] = [
    (Shape::Gpt2Small, "gpt2-small-seeded"),
    (Shape::MiniLm, "all-MiniLM-L6-v2"),
    (Shape::SmolLm2, "SmolLM2-135M-Instruct-Q4_1"),
];
const FORMATS: [(Format, &str); 6] = [
    (Format::F16, "F16"),
    (Format::Q8_0, "Q8_0"),
    (Format::Q4_0, "Q4_0"),
    (Format::Q4_1, "Q4_1"),
    (Format::Q4_K, "Q4_K"),
    (Format::Q6_K, "Q6_K"),
];

/// Measures what needs no model: the processor, the kernels, candle, the formats of weights.
pub async fn measure_kernels(wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    linears(wanted).await?;
    formats(wanted).await
}

async fn linears(wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    let names = ["peak/mul_add", "share/matmul/gpt2-small/128", "times_candle/matmul/gpt2-small/128"];
    if !names.iter().any(|name| wanted(name)) {
        return Ok(());
    }
    let measurer = Measurer::start().await?;
    let mut peak = Shares::new(
        names[0],
        "GFLOP/s of multiplications and additions in twelve vector registers, nothing read or written",
    );
    let mut share = Shares::new(
        names[1],
        "all matrix products of a run (12 layers, packing of inputs included) as a share of the peak measured just before",
    );
    let mut times =
        Shares::new(names[2], "how many times as fast as candle's f32 matmul on the same matrices, just after it");
    for round in 0..=ROUNDS {
        let [best, ours] =
            [measurer.take(&Task::Peak).await?, measurer.take(&Task::Linears { by_candle: false }).await?];
        let candle = measurer.take(&Task::Linears { by_candle: true }).await?;
        if round > 0 {
            peak.add(per_second(best));
            share.add_with(per_second(ours) / per_second(best), &[("gflops", per_second(ours))]);
            times.add_with(candle.ms / ours.ms, &[("candle_gflops", per_second(candle))]);
        }
    }
    print_wanted(wanted, [(peak, Bound::None), (share, Bound::AtLeast(0.8)), (times, Bound::AtLeast(1.4))])
}

async fn formats(wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    let name = |what: &str, format: &str| format!("{what}/{format}");
    let is_wanted = |format: &str| wanted(&name("prefill", format)) || wanted(&name("decode", format));
    if !FORMATS.iter().any(|(_, format)| is_wanted(format)) && !wanted("decode/F32") {
        return Ok(());
    }
    let measurer = Measurer::start().await?;
    let decode = |format: Format, in_cache: bool| Task::Decode { format, in_cache };
    let mut wide = Shares::new("decode/F32", "one row through f32 matrices, as a share of the memory's speed");
    for round in 0..=ROUNDS {
        let (read, took) = (measurer.take(&Task::Read).await?, measurer.take(&decode(Format::F32, false)).await?);
        if round > 0 {
            wide.add_with(
                took.bytes / took.ms / (read.bytes / read.ms),
                &[("memory_gb_per_s", read.bytes / read.ms / 1e6)],
            );
        }
    }
    print_wanted(wanted, [(wide, Bound::None)])?;
    for (format, word) in FORMATS.into_iter().filter(|(_, word)| is_wanted(word)) {
        let mut prefill = Shares::new(
            &name("prefill", word),
            "128 rows: speed as a share of that of f32 matrices of the same shape, just before",
        );
        let mut decoding = Shares::new(
            &name("decode", word),
            "one row through matrices that no cache holds: speed as a share of the smaller of what the memory gives and what the \
             same kernel reaches on rows in cache",
        );
        for round in 0..=ROUNDS {
            let f32s = measurer.take(&Task::Prefill(Format::F32)).await?;
            let blocks = measurer.take(&Task::Prefill(format)).await?;
            let read = measurer.take(&Task::Read).await?;
            let cached = measurer.take(&decode(format, true)).await?;
            let one = measurer.take(&decode(format, false)).await?;
            if round > 0 {
                prefill.add_with(f32s.ms / blocks.ms, &[("gflops", per_second(blocks))]);
                let by_memory = read.bytes / read.ms * one.flop / one.bytes / 1e6;
                let bound = by_memory.min(per_second(cached));
                let parts = [
                    ("gflops", per_second(one)),
                    ("memory_gflops", by_memory),
                    ("in_cache_gflops", per_second(cached)),
                ];
                decoding.add_with(per_second(one) / bound, &parts);
            }
        }
        print_wanted(wanted, [(prefill, Bound::AtLeast(0.85)), (decoding, Bound::AtLeast(0.8))])?;
    }
    Ok(())
}

/// Measures a run of 128 tokens against the peak, and the share of it that the kernels besides products take.
pub async fn measure_run(
    id: &str,
    client: &Client,
    model: &ModelInfo,
    wanted: &impl Fn(&str) -> bool,
) -> Result<(), String> {
    let Some((shape, _)) = SHAPES.iter().find(|(_, known)| *known == id) else { return Ok(()) };
    let names = [format!("share/run/{id}/128"), format!("share/kernels/{id}/128")];
    if !names.iter().any(|name| wanted(name)) {
        return Ok(());
    }
    let measurer = Measurer::start().await?;
    let mut runs = Shares::new(
        &names[0],
        "a whole run of 128 tokens in the worker that ships, logits of the last position included, from the page's request to its \
         answer: its products' operations as a share of the peak measured just before",
    );
    let mut kernels = Shares::new(
        &names[1],
        "softmax with mask, norms, activation and rotation, each alone with the shapes of the run and as often, as a share of the run",
    );
    let flop = flop(model, 128);
    for round in 0..=ROUNDS {
        let peak = measurer.take(&Task::Peak).await?;
        let before_ms = now_ms();
        let info = crate::model::run_once(client, model, 128, 50 + round as u32).await?;
        let run_ms = now_ms() - before_ms;
        client.tell(&ToWorker::Forget { run: info.run })?;
        let mut parts = Vec::new();
        for (kernel, part) in [
            (Kernel::Softmax, "softmax"),
            (Kernel::Norm, "norm"),
            (Kernel::Activation, "activation"),
            (Kernel::Rotary, "rotary"),
        ] {
            parts.push((part, measurer.take(&Task::Kernel { shape: *shape, kernel }).await?.ms / run_ms));
        }
        if round > 0 {
            runs.add_with(
                flop / run_ms / 1e6 / per_second(peak),
                &[("run_ms", run_ms), ("peak_gflops", per_second(peak))],
            );
            kernels.add_with(parts.iter().map(|(_, share)| share).sum(), &parts);
        }
    }
    let bound = if *shape == Shape::Gpt2Small { Bound::AtLeast(0.72) } else { Bound::None };
    print_wanted(wanted, [(runs, bound), (kernels, Bound::AtMost(0.1))])
}

/// Measures runs of Headlight and of onnxruntime-web in turn, with a model of the same shape, where the page was opened with it.
pub async fn measure_peer(
    id: &str,
    client: &Client,
    model: &ModelInfo,
    wanted: &impl Fn(&str) -> bool,
) -> Result<(), String> {
    let name = "times_onnxruntime/run/gpt2-small-seeded/128";
    let Some(peer) = peer().filter(|_| id == "gpt2-small-seeded" && wanted(name)) else { return Ok(()) };
    let mut times = Shares::new(
        name,
        "how many times as fast as onnxruntime-web 1.30 on one thread, a run of the same shape in each in turn; ours from the page's          request to its answer, theirs by their worker's clock",
    );
    for round in 0..=ROUNDS {
        let theirs =
            peer.call1(&JsValue::UNDEFINED, &JsValue::from_f64(round as f64)).map_err(|error| words(&error))?;
        let theirs = JsFuture::from(Promise::from(theirs)).await.map_err(|error| words(&error))?;
        let theirs_ms = theirs.as_f64().ok_or("onnxruntime-web gave no time")?;
        let before_ms = now_ms();
        let info = crate::model::run_once(client, model, 128, 80 + round as u32).await?;
        let run_ms = now_ms() - before_ms;
        client.tell(&ToWorker::Forget { run: info.run })?;
        if round > 0 {
            times.add_with(theirs_ms / run_ms, &[("onnxruntime_ms", theirs_ms), ("run_ms", run_ms)]);
        }
    }
    times.print(Bound::AtLeast(1.2))
}

/// The function that bench_boot.js provides when the page is opened with peers.
fn peer() -> Option<Function> {
    let window = web_sys::window()?;
    js_sys::Reflect::get(&window, &JsValue::from_str("runPeer")).ok()?.dyn_into().ok()
}

/// The multiplications and additions that every run needs: all matrices of the blocks, products of queries and keys and of
/// weights and values over visible pairs, logits of one position.
fn flop(model: &ModelInfo, n_tokens: usize) -> f64 {
    let spec = &model.spec;
    // In f64, since wasm's usize ends at 2³².
    let [n_tokens, n_layers, d_model, d_mlp] = [n_tokens, spec.n_layers, spec.d_model, spec.d_mlp].map(|n| n as f64);
    let queries = (spec.n_heads * spec.d_head) as f64;
    let keys = (spec.n_key_value_heads * spec.d_head) as f64;
    let n_mlp = if spec.mlp == MlpKind::Gated { 3.0 } else { 2.0 };
    let block = d_model * (2.0 * queries + 2.0 * keys + n_mlp * d_mlp);
    let pairs = if spec.is_causal() { n_tokens * (n_tokens + 1.0) / 2.0 } else { n_tokens * n_tokens };
    let logits = if spec.is_causal() { d_model * spec.d_vocab as f64 } else { 0.0 };
    2.0 * (n_layers * (n_tokens * block + 2.0 * pairs * queries) + logits)
}

/// GFLOP/s.
fn per_second(took: Took) -> f64 {
    took.flop / took.ms / 1e6
}

fn print_wanted<const N: usize>(wanted: &impl Fn(&str) -> bool, figures: [(Shares, Bound); N]) -> Result<(), String> {
    for (figure, bound) in figures {
        if wanted(figure.name()) {
            figure.print(bound)?;
        }
    }
    Ok(())
}
