//! A sweep over every head of a model that predicts words.

use crate::client::Client;
use crate::figure::{self, Bound, Bytes};
use headlight::platform::clock::now_ms;
use headlight::protocol::{
    EditingReply, EditingRequest, FromWorker, Input, InputText, ModelInfo, OutcomeAsked, SweepAsked, ToWorker,
};
use headlight::trace::spec::Unembed;

const TEXT: &str = "When Mary and John went to the store, John gave a drink to";
/// All heads must be tried in less than a minute.
const BOUND_MS: f64 = 60_000.0;

/// The figure's name.
pub fn name(id: &str) -> String {
    format!("sweep/{id}")
}

/// Zeroes every head in turn and reads the logit difference; skipped for models that predict no next token.
pub async fn measure(client: &Client, model: &ModelInfo, id: &str) -> Result<(), String> {
    let spec = &model.spec;
    if !matches!(spec.unembed, Unembed::Linear { .. }) || !spec.is_causal() || id.contains("seeded") {
        return Ok(());
    }
    let inputs = vec![Input {
        text: InputText::Single(TEXT.to_owned()),
        cut: false,
        bos: None,
        target: headlight::protocol::TargetAsked::Generated,
    }];
    let reply = client.ask(&ToWorker::Run { request: 5, inputs, edits: Vec::new() }).await?;
    let run = match reply {
        (FromWorker::RunsDone { runs, .. }, _) => runs.first().map(|run| run.run).ok_or("no run came")?,
        (other, _) => return Err(format!("expected a run, got {other:?}")),
    };
    let before_ms = now_ms();
    client.tell(&ToWorker::Editing(EditingRequest::Sweep {
        request: 6,
        base: run,
        edits: Vec::new(),
        what: SweepAsked::ZeroHeads,
        outcome: OutcomeAsked::tokens(" Mary", " John"),
    }))?;
    let mut n_cells = 0;
    loop {
        match client.next().await? {
            (FromWorker::Progress { .. }, _) => {}
            (FromWorker::Editing(EditingReply::SweepCell { .. }), _) => n_cells += 1,
            (FromWorker::Editing(EditingReply::SweepDone { .. }), _) => break,
            (FromWorker::Failed { report, .. }, _) => return Err(report.message),
            (other, _) => return Err(format!("expected a sweep, got {other:?}")),
        }
    }
    let elapsed_ms = now_ms() - before_ms;
    client.tell(&ToWorker::Forget { run })?;
    if n_cells != spec.n_layers * spec.n_heads {
        return Err(format!("{n_cells} cells instead of {}", spec.n_layers * spec.n_heads));
    }
    let how = "every head of every layer set to zero in turn on a text of 14 tokens, the logit difference of two answers each time";
    figure::print(&name(id), how, &[elapsed_ms], Bytes::default(), Bound::AtMost(BOUND_MS))
}
