//! Running the model, and answering questions about runs.

use std::sync::Arc;

use super::two_stacks::Attention;
use super::{N_TOP, Stop, Worker, texts};
use crate::answers::{self, Reply};
use crate::edit::Edit;
use crate::engine::{Captures, CompiledEdits, EngineError, Model, Run, Step, TopToken, probabilities, top_predictions};
use crate::platform::clock::now_ms;
use crate::platform::memory::memory_bytes;
use crate::protocol::{
    About, Answer, FromWorker, Input, Prediction, Question, RequestId, RunId, RunInfo, Stage, TargetAsked,
};
use crate::trace::AttnKind;
use crate::trace::spec::Unembed;

impl Worker {
    pub(super) async fn run(&mut self, request: RequestId, inputs: Vec<Input>, edits: Vec<Edit>) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
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
        let reader = model.encoder().unwrap_or(model);
        let n_cut = if input.cut { tokens.cut_to(reader.spec().n_ctx) } else { 0 };
        if let Some(encoder) = model.encoder() {
            let target = (&input.target, input.cut);
            let (run, elapsed_ms) = self.run_two_stacks(request, (model, encoder), tokens, target, edits).await?;
            let is_generated = input.target == TargetAsked::Generated;
            let (tokens, target) = self.read_by(request, &run, is_generated).await?;
            let top = predictions(&run, run.tokens().len() - 1, N_TOP)?;
            let n_cut = n_cut as u32;
            return Ok((RunInfo { run: 0, tokens, target, text, n_cut, elapsed_ms, top, memory_bytes: 0 }, run));
        }
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
        let n_cut = n_cut as u32;
        Ok((RunInfo { run: 0, tokens, target: None, text, n_cut, elapsed_ms, top, memory_bytes: 0 }, run))
    }

    pub(super) async fn ask(
        &mut self,
        request: RequestId,
        (run, kind): (RunId, AttnKind),
        question: Question,
    ) -> Result<(), Stop> {
        match question {
            Question::Losses => return self.token_losses(request, run).await,
            Question::Predictions { position, n_top, also } => {
                return self.predict(request, run, (position, n_top), &also);
            }
            Question::Similarity { first, second } => return self.similarity(request, run, [&first, &second]).await,
            _ => {}
        }
        let mut answering = answers::start(question);
        loop {
            let reply = answering.step(Attention::of(self.find_run(run)?, kind)?.source())?;
            if let Some(Reply { answer, buffers }) = reply {
                let buffers: Vec<&[f32]> = buffers.iter().map(Vec::as_slice).collect();
                self.outbox.say_with(&FromWorker::Answered { request, run, answer }, &buffers);
                return Ok(());
            }
            self.breathe(request).await?;
        }
    }

    fn predict(
        &mut self,
        request: RequestId,
        run: RunId,
        (position, n_top): (u32, u32),
        also: &[u32],
    ) -> Result<(), Stop> {
        let found = self.find_run(run)?;
        if position as usize >= found.tokens().len() {
            let message = format!("position {position} is not there: {} tokens", found.tokens().len());
            return Err(Stop::failed(About::Request, message));
        }
        let mut top = predictions(found, position as usize, n_top as usize)?;
        if !also.is_empty() {
            let probs = probabilities(found, position as usize)?;
            let is_listed = |id: u32| top.iter().any(|listed| listed.id == id);
            let besides = also.iter().copied().filter(|id| !is_listed(*id));
            let known = besides.filter_map(|id| Some(named(found, TopToken { id, prob: *probs.get(id as usize)? })));
            top.extend(known.collect::<Vec<_>>());
        }
        self.outbox.say(&FromWorker::Answered { request, run, answer: Answer::Predictions { position, top } });
        Ok(())
    }
}

pub(super) fn predictions(run: &Run, position: usize, n_top: usize) -> Result<Vec<Prediction>, EngineError> {
    Ok(top_predictions(run, position, n_top)?.into_iter().map(|top| named(run, top)).collect())
}

/// A likely token with its name.
pub(super) fn named(run: &Run, TopToken { id, prob }: TopToken) -> Prediction {
    Prediction { token: run.model().token_name(id), id, prob }
}
