//! Running again under edits, and writing on.

use std::sync::Arc;

use super::runs::predictions;
use super::{N_TOP, Stop, Worker};
use crate::edit::{Edit, PatchFrom};
use crate::engine::{
    Captures, CompiledEdits, EngineError, Generation, Inactive, Model, Outcome, PatchValues, Run, Sampling, Step,
    Written, patches,
};
use crate::platform::clock::now_ms;
use crate::platform::memory::memory_bytes;
use crate::protocol::{
    About, EditingReply, EditingRequest, FromWorker, Prediction, RequestId, RunId, RunInfo, SamplingAsked, Stage,
};
use crate::trace::Tokens;
use crate::trace::spec::Unembed;
use crate::trace::{Lengths, Stack};

impl Worker {
    pub(super) async fn editing(&mut self, asked: EditingRequest) -> Result<(), Stop> {
        match asked {
            EditingRequest::Again { request, base, edits } => self.again(request, base, edits).await,
            EditingRequest::Compare { request, runs, outcome, also } => {
                self.compare(request, &runs, outcome.as_ref(), also).await
            }
            EditingRequest::Sweep { request, base, edits, what, outcome } => {
                self.sweep(request, base, edits, what, &outcome).await
            }
            EditingRequest::Write { request, run, follower, n_keep, first_id, n_tokens, sampling } => {
                let n_keep = n_keep as usize;
                let outcome = self.write(request, (run, follower), n_keep, first_id, n_tokens, sampling).await;
                // Whatever stopped it: runs hold whole tokens only.
                for run in [Some(run), follower].into_iter().flatten() {
                    self.runs.entry(run).and_modify(|run| run.rewind(usize::MAX));
                }
                outcome
            }
        }
    }

    pub(super) fn say(&self, reply: EditingReply) {
        self.outbox.say(&FromWorker::Editing(reply));
    }

    pub(super) async fn complete(&mut self, request: RequestId, run: &mut Run) -> Result<f64, Stop> {
        let mut elapsed_ms = 0.0;
        loop {
            let start_ms = now_ms();
            let step = run.step()?;
            elapsed_ms += now_ms() - start_ms;
            let (done, total) = run.progress();
            self.outbox.progress(request, Stage::Run, done as u64, total as u64);
            self.breathe(request).await?;
            if step == Step::Done {
                return Ok(elapsed_ms);
            }
        }
    }

    async fn again(&mut self, request: RequestId, base: RunId, edits: Vec<Edit>) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let n_pos = self.find_run(base)?.tokens().len();
        let values = self.patch_values(request, &edits, n_pos).await?;
        let source = self.source_again(request, base, &edits).await?;
        let n_source = source.as_ref().map_or(0, |source| source.run.tokens().len());
        let (stack, lengths) = (source.as_ref().map(|_| Stack::Decoder), Lengths { n_pos, n_source });
        let mut bound = CompiledEdits::bind_each(&edits, model.spec(), stack, lengths, &values);
        let base = self.find_run(base)?;
        let mut run = match source {
            Some(source) if source.is_new => {
                bound.inactive.extend(source.inactive);
                Run::decode(Arc::clone(&model), source.run, base.tokens().clone(), bound.edits, Captures::none())?
            }
            Some(source) => {
                bound.inactive.extend(source.inactive);
                base.again(bound.edits, Captures::none())?
            }
            None => base.again(bound.edits, Captures::none())?,
        };
        let mut elapsed_ms = self.complete(request, &mut run).await?;
        let start_ms = now_ms();
        let top = next_tokens(&run)?;
        elapsed_ms += now_ms() - start_ms;
        let (tokens, target) = self.read_by(request, &run, false).await?;
        let info = RunInfo {
            run: self.next_run,
            tokens,
            target,
            text: String::new(),
            n_cut: 0,
            elapsed_ms,
            top,
            memory_bytes: memory_bytes(),
        };
        self.next_run += 1;
        self.runs.insert(info.run, run);
        self.edits.insert(info.run, edits);
        let inactive = bound.inactive.into_iter().map(|Inactive { index, reason }| (index as u32, reason)).collect();
        self.say(EditingReply::Again { request, run: info, inactive });
        Ok(())
    }

    /// What the patches among some edits take, from runs on other texts.
    pub(super) async fn patch_values(
        &mut self,
        request: RequestId,
        edits: &[Edit],
        n_pos: usize,
    ) -> Result<PatchValues, Stop> {
        let model = Arc::clone(self.model()?);
        let mut values = PatchValues::default();
        // Gap: patches from a text are for models with one stack only.
        if model.encoder().is_some() {
            // A text says nothing about what a decoder reads: these edits are inactive and say so.
            return Ok(values);
        }
        for (from, hooks) in patches(edits, model.spec(), None, n_pos.into()) {
            let tokens = match &from {
                PatchFrom::Text(text, pair) => model.encode(text, pair.as_deref())?,
                PatchFrom::Ids(ids) => model.tokens_from_ids(ids)?,
                // Its edit is inactive: files are not at hand here.
                PatchFrom::Trace(_) => continue,
            };
            let captures = Captures::of(hooks.iter().copied().filter(|hook| Run::must_capture(*hook)));
            let run = self.clean_run(request, &model, tokens, captures).await?;
            for hook in hooks {
                values.insert(&from, hook, run.activation(hook)?);
                self.breathe(request).await?;
            }
        }
        Ok(values)
    }

    pub(super) async fn clean_run(
        &mut self,
        request: RequestId,
        model: &Arc<Model>,
        tokens: Tokens,
        captures: Captures,
    ) -> Result<Run, Stop> {
        let mut run = Run::new(Arc::clone(model), tokens, CompiledEdits::none(), captures)?;
        self.complete(request, &mut run).await?;
        Ok(run)
    }

    async fn write(
        &mut self,
        request: RequestId,
        (run_id, follower_id): (RunId, Option<RunId>),
        n_keep: usize,
        first_id: Option<u32>,
        n_tokens: u32,
        asked: SamplingAsked,
    ) -> Result<(), Stop> {
        let SamplingAsked { temperature, top_k, top_p, seed } = asked;
        let sampling = Sampling { temperature, top_k: top_k as usize, top_p, seed };
        let mut generation = Generation::new(sampling, n_tokens as usize)?;
        if let Some(id) = first_id {
            generation.start_with(id);
        }
        for id in [Some(run_id), follower_id].into_iter().flatten() {
            let run = self.runs.get_mut(&id);
            run.ok_or_else(|| Stop::failed(About::Request, format!("run {id} is not there")))?.rewind(n_keep);
        }
        loop {
            let missing = || Stop::failed(About::Request, format!("run {run_id} is not there"));
            let run = self.runs.get_mut(&run_id).ok_or_else(missing)?;
            match generation.step(run)? {
                Written::Nothing => {}
                Written::Token(id) => {
                    self.follow(request, follower_id, id).await?;
                    let run = self.find_run(run_id)?;
                    let n_pos = run.tokens().len();
                    let chosen = Outcome { answer: id, other: id, position: Some(n_pos - 2) };
                    let prob = chosen.value(run)?.p_answer;
                    let (tokens, top) = (run.tokens().clone(), next_tokens(run)?);
                    let follower_top = self.follower_top(follower_id)?;
                    self.say(EditingReply::Written { request, run: run_id, tokens, prob, top, follower_top });
                }
                Written::End => break,
            }
            self.breathe(request).await?;
        }
        let run = self.find_run(run_id)?;
        let (tokens, top) = (run.tokens().clone(), next_tokens(run)?);
        let follower_top = self.follower_top(follower_id)?;
        self.say(EditingReply::WritingDone { request, tokens, top, follower_top });
        Ok(())
    }

    /// Lets the other run read what was written.
    async fn follow(&mut self, request: RequestId, follower: Option<RunId>, id: u32) -> Result<(), Stop> {
        let Some(follower) = follower else { return Ok(()) };
        let missing = || Stop::failed(About::Request, format!("run {follower} is not there"));
        self.runs.get_mut(&follower).ok_or_else(missing)?.push(id)?;
        while self.runs.get_mut(&follower).ok_or_else(missing)?.step()? == Step::More {
            self.breathe(request).await?;
        }
        Ok(())
    }

    fn follower_top(&self, follower: Option<RunId>) -> Result<Vec<Prediction>, Stop> {
        match follower {
            Some(run) => Ok(next_tokens(self.find_run(run)?)?),
            None => Ok(Vec::new()),
        }
    }
}

/// The most likely next tokens, where the model predicts one.
fn next_tokens(run: &Run) -> Result<Vec<Prediction>, EngineError> {
    let spec = run.model().spec();
    match spec.unembed {
        Unembed::Linear { .. } if spec.is_causal() => predictions(run, run.tokens().len() - 1, N_TOP),
        _ => Ok(Vec::new()),
    }
}
