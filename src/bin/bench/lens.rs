//! The logit lens of a whole input beside the matrix product that it cannot do without.

use crate::client::{Client, Measurer};
use crate::figure::{Bound, Shares};
use crate::message::{Format, Task};
use crate::model::run_once;
use headlight::platform::clock::now_ms;
use headlight::protocol::{Answer, FromWorker, ModelInfo, Question, ToWorker};
use headlight::trace::AttnKind;
use headlight::trace::spec::Unembed;

/// Positions of the input.
const N_TOKENS: u32 = 128;
/// Measured rounds: each takes seconds.
const ROUNDS: u32 = 3;
/// How many times as long as the product alone a lens may take.
const BOUND: f64 = 1.5;

/// The figure's name.
pub fn name(id: &str) -> String {
    format!("times_product/lens/{id}/{N_TOKENS}")
}

/// Reads every layer and position of an input, a few positions per question as the page does; skipped for models that predict no
/// tokens.
pub async fn measure(client: &Client, model: &ModelInfo, id: &str) -> Result<(), String> {
    let spec = &model.spec;
    if spec.unembed == Unembed::None || spec.n_ctx < N_TOKENS as usize {
        return Ok(());
    }
    let measurer = Measurer::start().await?;
    let n_rows = spec.n_layers as u32 + 1;
    let n_at_once = (N_TOKENS / (n_rows + 1)).max(1);
    let flop = 2.0 * f64::from(n_rows * N_TOKENS) * spec.d_model as f64 * spec.d_vocab as f64;
    let mut times = Shares::new(
        &name(id),
        "the lens at every layer and position of 128 tokens, answers to the page included, over the time of its product with the \
         unembedding at the speed of f32 matrices just before",
    );
    for round in 0..=ROUNDS {
        let product = measurer.take(&Task::Prefill(Format::F32)).await?;
        let run = run_once(client, model, N_TOKENS, round).await?;
        let before_ms = now_ms();
        for first in (0..N_TOKENS).step_by(n_at_once as usize) {
            let positions = (first..(first + n_at_once).min(N_TOKENS)).collect();
            let question = Question::Lens { layers: (0..n_rows).collect(), positions, n_top: 10, token: None };
            let asked = ToWorker::Ask { request: 7, run: run.run, kind: AttnKind::ONLY, question };
            match client.ask(&asked).await? {
                (FromWorker::Answered { answer: Answer::Lens { .. }, .. }, _) => {}
                (other, _) => return Err(format!("expected a lens, got {other:?}")),
            }
        }
        let lens_ms = now_ms() - before_ms;
        client.tell(&ToWorker::Forget { run: run.run })?;
        if round > 0 {
            times.add_with(lens_ms / (flop * product.ms / product.flop), &[("ms", lens_ms)]);
        }
    }
    times.print(Bound::AtMost(BOUND))
}
