//! Running the model, and answering questions about runs.

use std::sync::Arc;

use super::{N_TOP, Stop, Worker, texts};
use crate::answers::{self, Reply};
use crate::edit::{self, Edit};
use crate::engine::{Captures, CompiledEdits, EngineError, Model, Run, Step, top_predictions};
use crate::platform::clock::now_ms;
use crate::platform::memory::memory_bytes;
use crate::protocol::{About, FromWorker, Input, Prediction, Question, RequestId, RunId, RunInfo, Stage};
use crate::trace::spec::Unembed;

impl Worker {
    pub(super) async fn run(&mut self, request: RequestId, inputs: Vec<Input>, edits_json: &str) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let edits = edit::parse_list(edits_json).map_err(EngineError::from)?;
        let mut done = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            done.push(self.run_one(request, &model, input, &edits, (index, inputs.len())).await?);
        }
        let mut runs = Vec::new();
        for (mut info, run) in done {
            info.run = self.next_run;
            info.memory_bytes = memory_bytes();
            self.next_run += 1;
            self.runs.insert(info.run, run);
            self.edits.insert(info.run, edits.clone());
            runs.push(info);
        }
        self.outbox.say(&FromWorker::RunsDone { request, runs });
        Ok(())
    }

    pub(super) async fn run_one(
        &mut self,
        request: RequestId,
        model: &Arc<Model>,
        input: &Input,
        edits: &[Edit],
        (index, n_inputs): (usize, usize),
    ) -> Result<(RunInfo, Run), Stop> {
        let (mut tokens, text) = texts::tokens(model, input)?;
        let n_cut = if input.cut { tokens.cut_to(model.spec().n_ctx) } else { 0 };
        let edits = CompiledEdits::bind(edits, model.spec(), tokens.len()).map_err(EngineError::from)?;
        let mut run = Run::new(Arc::clone(model), tokens, edits, Captures::none())?;
        let mut elapsed_ms = 0.0;
        loop {
            let start_ms = now_ms();
            let step = run.step()?;
            elapsed_ms += now_ms() - start_ms;
            let (done, total) = run.progress();
            let done = index * total + done;
            self.outbox.progress(request, Stage::Run, done as u64, (n_inputs * total) as u64);
            self.breathe(request).await?;
            if step == Step::Done {
                break;
            }
        }
        let start_ms = now_ms();
        let predicts_next = matches!(model.spec().unembed, Unembed::Linear { .. }) && model.spec().is_causal();
        let top = if predicts_next { predictions(&run, run.tokens().len() - 1, N_TOP)? } else { Vec::new() };
        elapsed_ms += now_ms() - start_ms;
        let tokens = run.tokens().clone();
        Ok((RunInfo { run: 0, tokens, text, n_cut: n_cut as u32, elapsed_ms, top, memory_bytes: 0 }, run))
    }

    pub(super) async fn ask(&mut self, request: RequestId, run: RunId, question: Question) -> Result<(), Stop> {
        let mut answering = answers::start(question);
        loop {
            if let Some(Reply { answer, buffers }) = answering.step(self.find_run(run)?)? {
                let buffers: Vec<&[f32]> = buffers.iter().map(Vec::as_slice).collect();
                self.outbox.say_with(&FromWorker::Answered { request, run, answer }, &buffers);
                return Ok(());
            }
            self.breathe(request).await?;
        }
    }

    pub(super) fn predict(&mut self, request: RequestId, run: RunId, position: u32, n_top: u32) -> Result<(), Stop> {
        let found = self.find_run(run)?;
        if position as usize >= found.tokens().len() {
            let message = format!("position {position} is not there: {} tokens", found.tokens().len());
            return Err(Stop::failed(About::Request, message));
        }
        let top = predictions(found, position as usize, n_top as usize)?;
        self.outbox.say(&FromWorker::Predictions { request, run, position, top });
        Ok(())
    }
}

pub(super) fn predictions(run: &Run, position: usize, n_top: usize) -> Result<Vec<Prediction>, EngineError> {
    let top = top_predictions(run, position, n_top)?;
    let prediction =
        |top: crate::engine::TopToken| Prediction { token: run.model().token_name(top.id), id: top.id, prob: top.prob };
    Ok(top.into_iter().map(prediction).collect())
}
