//! Runs the model, keeps the runs, and answers questions about them.

use std::sync::Arc;

use super::drive::{Driven, PartOf};
use super::{Stop, Worker, inputs};
use crate::answers::{self, Reply};
use crate::edit::Edit;
use crate::engine::jobs::{Estimates, FinishedRun, PredictionsJob, RunJob, RunOptions};
use crate::engine::{EngineError, Labels, Run, RunAttention, TopToken, probabilities, top_predictions};
use crate::platform::clock::now_ms;
use crate::platform::memory::memory_bytes;
use crate::protocol::{
    About, Answer, EstimateAsked, FromWorker, Input, Prediction, Question, RequestId, RunId, RunInfo, TargetAsked,
    TargetRead,
};
use crate::trace::AttnKind;
use crate::trace::spec::Unembed;

/// How many next tokens come with a run.
pub(super) const N_TOP: usize = 10;

/// A run that the page may ask about.
pub(super) struct KeptRun {
    pub run: Arc<Run>,
    /// What it was run with.
    pub edits: Vec<Edit>,
    /// The estimates made last of heads and neurons, which share a reverse pass, and what was asked for.
    pub estimates: Option<(EstimateAsked, Arc<Estimates>)>,
}

impl Worker {
    /// Runs the model on each input.
    pub(super) async fn run(&mut self, request: RequestId, inputs: Vec<Input>, edits: Vec<Edit>) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let n_parts = inputs.len();
        let mut done = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            let read = inputs::read(&model, input)?;
            let job = RunJob::new(Arc::clone(&model), read.input, edits.clone(), RunOptions::default())?;
            let driven = self.drive_with(request, job, PartOf { index, n_parts }, |_, _| {}).await?;
            let is_generated = input.target == TargetAsked::Generated;
            let (info, kept) = self.describe(request, driven, is_generated).await?;
            done.push((RunInfo { text: read.text, turns: read.turns, n_cut: read.n_cut as u32, ..info }, kept));
        }
        // Kept only now, so that a request that fails or is cancelled keeps none of its runs.
        let runs = done.into_iter().map(|(info, kept)| self.keep(info, kept)).collect();
        self.outbox.say(&FromWorker::RunsDone { request, runs });
        Ok(())
    }

    /// What the page is told about a finished run.
    pub(super) async fn describe(
        &mut self,
        request: RequestId,
        Driven { output: FinishedRun { run, edits, .. }, mut elapsed_ms }: Driven<FinishedRun>,
        is_generated: bool,
    ) -> Result<(RunInfo, KeptRun), Stop> {
        let run = Arc::new(run);
        let start_ms = now_ms();
        let top = next_tokens(&run)?;
        elapsed_ms += now_ms() - start_ms;
        let (mut tokens, mut target) = (run.tokens().clone(), None);
        if let Some(source) = run.source() {
            // A classifier's decoder reads the text and predicts no tokens.
            let predicted = match run.model().spec().unembed {
                Unembed::None => Vec::new(),
                _ => self.drive(request, PredictionsJob::new(Arc::clone(&run))).await?.output,
            };
            let predicted = predicted.into_iter().map(|top| named(&run, top)).collect();
            let written = std::mem::replace(&mut tokens, source.tokens().clone());
            let is_generated = is_generated && run.model().spec().labels.is_none();
            target = Some(TargetRead { tokens: written, is_generated, predicted });
        }
        let (text, turns) = (String::new(), Vec::new());
        let info = RunInfo { run: 0, tokens, target, text, turns, n_cut: 0, elapsed_ms, top, memory_bytes: 0 };
        Ok((info, KeptRun { run, edits, estimates: None }))
    }

    /// Keeps a run under a new name.
    pub(super) fn keep(&mut self, info: RunInfo, kept: KeptRun) -> RunInfo {
        let run = self.next_run;
        self.next_run += 1;
        self.runs.insert(run, kept);
        RunInfo { run, memory_bytes: memory_bytes(), ..info }
    }

    /// A run by its name.
    pub(super) fn kept(&self, run: RunId) -> Result<&KeptRun, Stop> {
        self.runs.get(&run).ok_or_else(|| missing(run))
    }

    /// A run to be shared with a job.
    pub(super) fn shared_run(&self, run: RunId) -> Result<Arc<Run>, Stop> {
        self.kept(run).map(|kept| Arc::clone(&kept.run))
    }

    /// A run to be changed.
    pub(super) fn run_mut(&mut self, run: RunId) -> Result<&mut Run, Stop> {
        let kept = self.runs.get_mut(&run).ok_or_else(|| missing(run))?;
        kept.estimates = None;
        Arc::get_mut(&mut kept.run)
            .ok_or_else(|| Stop::failed(About::Request, format!("run {run} is used by another request")))
    }

    /// Answers a question about a run.
    pub(super) async fn ask(
        &mut self,
        request: RequestId,
        run: RunId,
        kind: AttnKind,
        question: Question,
    ) -> Result<(), Stop> {
        match question {
            Question::Losses => return self.losses(request, run).await,
            Question::Predictions { position, n_top, also } => {
                return self.predictions(request, run, position, n_top, &also);
            }
            Question::Labels => return self.labels(request, run),
            Question::Similarity { first, second } => return self.similarity(request, run, [&first, &second]).await,
            Question::Estimate(asked) => return self.estimate(request, run, kind, &asked).await,
            Question::Saliency(outcome) => return self.saliency(request, run, &outcome).await,
            Question::Kept(asked) => return self.kept_links(request, run, asked).await,
            Question::Feeds(asked) => return self.feeds(request, run, asked).await,
            Question::ScoresOver { inputs } => return self.scores_over(request, run, kind, &inputs).await,
            _ => {}
        }
        let found = self.shared_run(run)?;
        let attention = RunAttention::of(&found, kind)?;
        let mut answering = answers::start(question);
        loop {
            if let Some(Reply { answer, buffers }) = answering.step(attention.source())? {
                let buffers: Vec<&[f32]> = buffers.iter().map(Vec::as_slice).collect();
                self.outbox.say_with(&FromWorker::Answered { request, run, answer }, &buffers);
                return Ok(());
            }
            if let Some((stage, [done, total])) = answering.progress() {
                self.outbox.progress(request, stage, done as u64, total as u64);
            }
            self.breathe(request).await?;
        }
    }

    /// Answers with what a classifier says.
    fn labels(&mut self, request: RequestId, run: RunId) -> Result<(), Stop> {
        let Labels { n_labels, logits, probs } = Labels::of(&self.kept(run)?.run)?;
        let n_rows = logits.len() / n_labels.max(1);
        let answer = Answer::Labels { n_rows: n_rows as u32, n_labels: n_labels as u32 };
        self.outbox.say_with(&FromWorker::Answered { request, run, answer }, &[&logits, &probs]);
        Ok(())
    }

    /// Answers with the most likely tokens after a position, and with those of `also` that are not among them.
    fn predictions(
        &mut self,
        request: RequestId,
        run: RunId,
        position: u32,
        n_top: u32,
        also: &[u32],
    ) -> Result<(), Stop> {
        let found = &self.kept(run)?.run;
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

fn missing(run: RunId) -> Stop {
    Stop::failed(About::Request, format!("run {run} is not there"))
}

/// The most likely next tokens, where the model predicts one.
pub(super) fn next_tokens(run: &Run) -> Result<Vec<Prediction>, EngineError> {
    let spec = run.model().spec();
    match spec.unembed {
        Unembed::Linear { .. } if spec.is_causal() => predictions(run, run.tokens().len() - 1, N_TOP),
        _ => Ok(Vec::new()),
    }
}

fn predictions(run: &Run, position: usize, n_top: usize) -> Result<Vec<Prediction>, EngineError> {
    Ok(top_predictions(run, position, n_top)?.into_iter().map(|top| named(run, top)).collect())
}

/// A likely token with its name.
fn named(run: &Run, TopToken { id, prob }: TopToken) -> Prediction {
    Prediction { token: run.model().token_name(id), id, prob }
}
