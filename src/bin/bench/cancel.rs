//! How soon a run stops after the page has asked for it, at places spread over its first blocks.

use crate::client::Client;
use crate::figure::{self, Bound, Bytes};
use crate::model::ids;
use headlight::platform::clock::now_ms;
use headlight::protocol::{FromWorker, Input, InputText, ModelInfo, TargetAsked, ToWorker};

const RUNS: u32 = 15;
/// Reports of progress before the first cancellation, and between one round's and the next's.
const FIRST: u32 = 2;
const STRIDE: u32 = 2;

/// Measures cancelling a run of so many tokens.
///
/// # Errors
/// When the worker answers anything else than that the run was stopped.
pub async fn measure(client: &Client, model: &ModelInfo, name: &str, n_tokens: u32) -> Result<(), String> {
    let mut samples_ms = Vec::new();
    for round in 0..RUNS {
        let request = 100 + round;
        let inputs = vec![Input {
            text: InputText::Ids(ids(model, n_tokens, round)),
            cut: false,
            bos: None,
            target: TargetAsked::Generated,
        }];
        client.tell(&ToWorker::Run { request, inputs, edits_json: "[]".to_owned() })?;
        for _ in 0..FIRST + STRIDE * round {
            match client.next().await? {
                (FromWorker::Progress { .. }, _) => {}
                (other, _) => return Err(format!("{name}: the run ended before it was cancelled: {other:?}")),
            }
        }
        let before_ms = now_ms();
        client.tell(&ToWorker::Cancel { request })?;
        loop {
            match client.next().await? {
                (FromWorker::Progress { .. }, _) => {}
                (FromWorker::Cancelled { .. }, _) => break,
                (other, _) => return Err(format!("{name}: expected Cancelled, got {other:?}")),
            }
        }
        samples_ms.push(now_ms() - before_ms);
    }
    let how = "from the page's request to stop, at 15 places in the first blocks of a run, to the worker's answer";
    figure::print(name, how, &samples_ms, Bytes::default(), Bound::AtMost(50.0))
}
