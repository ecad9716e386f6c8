//! Measures how much faster two threads are than one: the same run in two workers in turn.

use crate::client::Client;
use crate::figure::{Bound, Shares};
use crate::model::{GPT2_SMALL_ID, run_once};
use headlight::platform::clock::now_ms;
use headlight::protocol::{FromWorker, ModelInfo, ModelSource, ToWorker};

const ROUNDS: u32 = 9;
const N_TOKENS: u32 = 128;

/// The name of a model's figure.
pub fn name(id: &str) -> String {
    format!("times_one_thread/run/{id}/{N_TOKENS}")
}

/// Measures runs on two threads beside those of `one`, which holds the same model.
///
/// # Errors
/// When a worker fails.
pub async fn measure(one: &Client, model: &ModelInfo, source: &ModelSource, id: &str) -> Result<(), String> {
    let two = Client::start_on(2).await?;
    let load = ToWorker::Load { request: 1, source: source.clone(), n_layers: None };
    match two.ask(&load).await? {
        (FromWorker::Loaded { .. }, _) => {}
        _ => return Err(format!("{id}: the worker with two threads loaded nothing")),
    }
    let mut times =
        Shares::new(&name(id), "how many times as fast as one thread a run is on two, in two workers in turn");
    for round in 0..=ROUNDS {
        let one_ms = timed(one, model, 100 + round).await?;
        let two_ms = timed(&two, model, 100 + round).await?;
        if round > 0 {
            times.add_with(one_ms / two_ms, &[("one_thread_ms", one_ms), ("two_threads_ms", two_ms)]);
        }
    }
    times.print(if id == GPT2_SMALL_ID { Bound::AtLeast(1.7) } else { Bound::None })
}

async fn timed(client: &Client, model: &ModelInfo, round: u32) -> Result<f64, String> {
    let before_ms = now_ms();
    let info = run_once(client, model, N_TOKENS, round).await?;
    let took_ms = now_ms() - before_ms;
    client.tell(&ToWorker::Forget { run: info.run })?;
    Ok(took_ms)
}
