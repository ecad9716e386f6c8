//! How soon a run stops after the page has asked for it, at places spread over its first three quarters.

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
/// As many have to have been stopped in time for a median to say something.
const LEAST: usize = 7;

/// Measures cancelling a run of so many tokens.
///
/// # Errors
/// When the worker answers anything else than that the run was stopped or is done, or most runs were done too early.
pub async fn measure(client: &Client, model: &ModelInfo, name: &str, n_tokens: u32) -> Result<(), String> {
    let before_ms = now_ms();
    let whole = run_once(client, model, n_tokens, 0).await?;
    client.tell(&ToWorker::Forget { run: whole.run })?;
    let whole_ms = now_ms() - before_ms;
    let mut samples_ms = Vec::new();
    for round in 0..ROUNDS {
        let after_ms = whole_ms * 0.75 * f64::from(round) / f64::from(ROUNDS);
        if let Some(took_ms) = cancel_after(client, model, (n_tokens, round), after_ms).await? {
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

/// Starts a run, asks for its end after some time, and says how long the answer took; nothing where the run was done before.
async fn cancel_after(
    client: &Client,
    model: &ModelInfo,
    (n_tokens, round): (u32, u32),
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
