//! Measures how soon a run stops after a cancellation, at moments spread over its first three quarters.

use crate::client::Client;
use crate::figure::{self, Bound, Bytes};
use crate::model::{ids, run_once};
use gloo::timers::callback::Timeout;
use headlight::platform::clock::now_ms;
use headlight::platform::words::words;
use headlight::protocol::{FromWorker, Input, InputText, ModelInfo, TargetAsked, ToWorker};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

const ROUNDS: u32 = 15;
/// How many runs must have been stopped before their end for a meaningful median.
const LEAST: usize = 7;

/// Measures cancelling a run of `n_tokens` tokens.
///
/// # Errors
/// When the worker's answer is neither that the run stopped nor that it is done, or most runs were done too early.
pub async fn measure(client: &Client, model: &ModelInfo, name: &str, n_tokens: u32) -> Result<(), String> {
    let before_ms = now_ms();
    let whole = run_once(client, model, n_tokens, 0).await?;
    client.tell(&ToWorker::Forget { run: whole.run })?;
    let whole_ms = now_ms() - before_ms;
    let mut samples_ms = Vec::new();
    for round in 0..ROUNDS {
        let after_ms = whole_ms * 0.75 * f64::from(round) / f64::from(ROUNDS);
        if let Some(took_ms) = cancel_after(client, model, n_tokens, round, after_ms).await? {
            samples_ms.push(took_ms);
        }
    }
    if samples_ms.len() < LEAST {
        return Err(format!(
            "{name}: {} of {ROUNDS} runs were done before they could be cancelled",
            ROUNDS as usize - samples_ms.len()
        ));
    }
    let how = "from the page's request to stop, at places spread over the first three quarters of a run, to the worker's answer";
    figure::print(name, how, &samples_ms, Bytes::default(), Bound::AtMost(50.0))
}

/// Starts a run, cancels it after `after_ms`, and returns how long the answer took; `None` when the run was done before.
async fn cancel_after(
    client: &Client,
    model: &ModelInfo,
    n_tokens: u32,
    round: u32,
    after_ms: f64,
) -> Result<Option<f64>, String> {
    let request = 100 + round;
    let text = InputText::Ids(ids(model, n_tokens, round));
    let inputs = vec![Input { text, cut: false, bos: None, target: TargetAsked::Generated }];
    client.tell(&ToWorker::Run { request, inputs, edits: Vec::new() })?;
    sleep(after_ms).await?;
    let asked_ms = now_ms();
    client.tell(&ToWorker::Cancel { request })?;
    loop {
        match client.next().await?.0 {
            FromWorker::Progress { .. } => {}
            FromWorker::Cancelled { .. } => return Ok(Some(now_ms() - asked_ms)),
            FromWorker::RunsDone { runs, .. } => {
                for run in runs {
                    client.tell(&ToWorker::Forget { run: run.run })?;
                }
                return Ok(None);
            }
            FromWorker::Failed { report, .. } => return Err(report.message),
            _ => return Err("cancelling: the worker said something else than that the run stopped".to_owned()),
        }
    }
}

async fn sleep(ms: f64) -> Result<(), String> {
    let over = Promise::new(&mut |resolve, _| {
        // Resolving a promise cannot fail.
        Timeout::new(ms as u32, move || _ = resolve.call0(&JsValue::UNDEFINED)).forget();
    });
    JsFuture::from(over).await.map(|_| ()).map_err(|error| words(&error))
}
