//! Running again under edits, outcomes, sweeps, and writing on.

use std::sync::Arc;

use super::runs::predictions;
use super::{N_TOP, Stop, Worker};
use crate::edit::{self, Edit, PatchFrom};
use crate::engine::sweep::{Sweep, SweepCell, SweepKind, cells, mean_cells, patch_cells};
use crate::engine::{
    Captures, CompiledEdits, EngineError, Generation, Inactive, Model, Outcome, PatchValues, Run, Sampling, Step,
    Written, default_position, patches, probabilities, top_predictions,
};
use crate::platform::clock::now_ms;
use crate::platform::memory::memory_bytes;
use crate::protocol::{
    About, ComparedOutcome, ComparedToken, EditingReply, EditingRequest, FromWorker, OutcomeAsked, OutcomeNumbers,
    Prediction, RequestId, RunId, RunInfo, SamplingAsked, Stage, SweepAsked, SweepNumbers,
};
use crate::trace::spec::Unembed;
use crate::trace::{BlockSite, Hook, Tokens};

impl Worker {
    pub(super) async fn editing(&mut self, asked: EditingRequest) -> Result<(), Stop> {
        match asked {
            EditingRequest::Again { request, base, edits_json } => self.again(request, base, &edits_json).await,
            EditingRequest::Compare { request, runs, outcome } => self.compare(request, &runs, outcome.as_ref()).await,
            EditingRequest::Sweep { request, base, edits_json, what, outcome } => {
                self.sweep(request, base, &edits_json, what, &outcome).await
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

    fn say(&self, reply: EditingReply) {
        self.outbox.say(&FromWorker::Editing(reply));
    }

    async fn complete(&mut self, request: RequestId, run: &mut Run) -> Result<f64, Stop> {
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

    async fn again(&mut self, request: RequestId, base: RunId, edits_json: &str) -> Result<(), Stop> {
        let edits = edit::parse_list(edits_json).map_err(EngineError::from)?;
        let model = Arc::clone(self.model()?);
        let n_pos = self.find_run(base)?.tokens().len();
        let values = self.patch_values(request, &edits, n_pos).await?;
        let bound = CompiledEdits::bind_each(&edits, model.spec(), None, n_pos.into(), &values);
        let mut run = self.find_run(base)?.again(bound.edits, Captures::none())?;
        let mut elapsed_ms = self.complete(request, &mut run).await?;
        let start_ms = now_ms();
        let top = next_tokens(&run)?;
        elapsed_ms += now_ms() - start_ms;
        let info = RunInfo {
            run: self.next_run,
            tokens: run.tokens().clone(),
            text: String::new(),
            n_cut: 0,
            elapsed_ms,
            top,
            memory_bytes: memory_bytes(),
        };
        self.next_run += 1;
        self.runs.insert(info.run, run);
        let inactive = bound.inactive.into_iter().map(|Inactive { index, reason }| (index as u32, reason)).collect();
        self.say(EditingReply::Again { request, run: info, inactive });
        Ok(())
    }

    /// What the patches among some edits take, from runs on other texts.
    async fn patch_values(&mut self, request: RequestId, edits: &[Edit], n_pos: usize) -> Result<PatchValues, Stop> {
        let model = Arc::clone(self.model()?);
        let mut values = PatchValues::default();
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

    async fn clean_run(
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

    async fn compare(&mut self, request: RequestId, runs: &[RunId], asked: Option<&OutcomeAsked>) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let asked = asked.map(|asked| outcome(&model, asked).map_err(|error| error.to_string()));
        let at = asked.as_ref().and_then(|asked| asked.as_ref().ok()).and_then(|outcome| outcome.position);
        let has_predictions = model.spec().unembed != Unembed::None;
        let (mut position, mut all, mut ids) = (0, Vec::<Vec<f32>>::new(), Vec::new());
        for &run in runs.iter().filter(|_| has_predictions) {
            let run = self.find_run(run)?;
            position = at.unwrap_or_else(|| default_position(run));
            let top = top_predictions(run, position, N_TOP)?;
            ids.extend(top.iter().map(|top| top.id).filter(|id| !ids.contains(id)).collect::<Vec<u32>>());
            all.push(probabilities(run, position)?);
            self.breathe(request).await?;
        }
        let values = match &asked {
            Some(Ok(outcome)) => {
                let value =
                    |run: &RunId| -> Result<OutcomeNumbers, Stop> { Ok(numbers(outcome, self.find_run(*run)?)?) };
                Some(runs.iter().map(value).collect::<Result<Vec<_>, Stop>>()?)
            }
            _ => None,
        };
        let name = |id: u32| model.token_name(id);
        let probs = |id: u32| all.iter().map(|probs| probs.get(id as usize).copied().unwrap_or(0.0)).collect();
        let tokens = ids.iter().map(|&id| ComparedToken { id, token: name(id), probs: probs(id) }).collect();
        let outcome: Option<Result<ComparedOutcome, String>> = asked.map(|asked| {
            let outcome = asked?;
            let tokens = [name(outcome.answer), name(outcome.other)];
            Ok(ComparedOutcome { tokens, values: values.unwrap_or_default() })
        });
        self.say(EditingReply::Compared { request, position: position as u32, tokens, outcome });
        Ok(())
    }

    async fn sweep(
        &mut self,
        request: RequestId,
        base: RunId,
        edits_json: &str,
        what: SweepAsked,
        asked: &OutcomeAsked,
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let edits: Vec<Edit> = edit::parse_list(edits_json).map_err(EngineError::from)?;
        let outcome = outcome(&model, asked)?;
        let (spec, n_pos) = (model.spec(), self.find_run(base)?.tokens().len());
        let mut patches = self.patch_values(request, &edits, n_pos).await?;
        // Edits that do not fit are inactive in the base too.
        let bound = CompiledEdits::bind_each(&edits, spec, None, n_pos.into(), &patches);
        let fits = |index: &usize| bound.inactive.iter().all(|inactive| inactive.index != *index);
        let edits: Vec<Edit> = (0..edits.len()).filter(fits).map(|index| edits[index].clone()).collect();
        let mut other = None;
        let mut denoised = None;
        let cells: Vec<SweepCell> = match what {
            SweepAsked::ZeroHeads => cells(&SweepKind::ZeroHeads, spec, n_pos),
            SweepAsked::PositionMeanHeads => cells(&SweepKind::PositionMeanHeads, spec, n_pos),
            SweepAsked::CutKeys => cells(&SweepKind::CutKeys, spec, n_pos),
            SweepAsked::MeanHeads(texts) => {
                let z = (0..spec.n_layers).map(|layer| Hook::Block(layer, BlockSite::Z)).collect::<Vec<_>>();
                let mut references = Vec::new();
                for text in texts {
                    let tokens = model.encode(&text, None)?;
                    references.push(self.clean_run(request, &model, tokens, Captures::of(z.clone())).await?);
                }
                mean_cells(&references.iter().collect::<Vec<_>>(), spec)?
            }
            SweepAsked::PatchStream { text, is_denoising } => {
                let run = self.clean_run(request, &model, model.encode(&text, None)?, Captures::none()).await?;
                other = Some(numbers(&outcome, &run)?);
                let shown = self.find_run(base)?;
                let (cells, values) = match is_denoising {
                    false => patch_cells(shown, &run, &PatchFrom::Text(text, None))?,
                    true => patch_cells(&run, shown, &PatchFrom::Ids(shown.tokens().ids.clone()))?,
                };
                denoised = is_denoising.then_some(run);
                patches.extend(values);
                cells
            }
            SweepAsked::Each(list) => {
                let parse = |json: &String| edit::parse_list(&format!("[{json}]")).map_err(EngineError::from);
                let each = list.iter().map(parse).collect::<Result<Vec<_>, _>>()?.concat();
                patches.extend(self.patch_values(request, &each, n_pos).await?);
                let cell = |(column, edit)| SweepCell { layer: 0, column, edit };
                each.into_iter().enumerate().map(cell).collect()
            }
        };
        let edits = if denoised.is_some() { Vec::new() } else { edits };
        let mut sweep = Sweep::new(edits, patches, cells, outcome);
        let mut said = 0;
        while !sweep.is_done() {
            let step = match &denoised {
                Some(run) => sweep.step(run)?,
                None => sweep.step(self.find_run(base)?)?,
            };
            if let Some((index, value)) = step {
                let cell = &sweep.cells()[index];
                let cell = SweepNumbers {
                    layer: cell.layer as u32,
                    column: cell.column as u32,
                    edit_json: serde_json::to_string(&cell.edit).unwrap_or_default(),
                    outcome: value.map(from_value),
                };
                self.say(EditingReply::SweepCell { request, cell });
            }
            let (done, total) = sweep.progress();
            // A message each time would be a thousand a second.
            if said != done * 200 / total.max(1) {
                said = done * 200 / total.max(1);
                self.outbox.progress(request, Stage::Sweep, done as u64, total as u64);
            }
            self.breathe(request).await?;
        }
        let base = numbers(&outcome, self.find_run(base)?)?;
        self.say(EditingReply::SweepDone { request, base, other });
        Ok(())
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

fn outcome(model: &Model, asked: &OutcomeAsked) -> Result<Outcome, EngineError> {
    let (answer, other) = (model.single_token(&asked.answer)?, model.single_token(&asked.other)?);
    Ok(Outcome { answer, other, position: asked.position.map(|position| position as usize) })
}

fn numbers(outcome: &Outcome, run: &Run) -> Result<OutcomeNumbers, EngineError> {
    outcome.value(run).map(from_value)
}

fn from_value(value: crate::engine::OutcomeValue) -> OutcomeNumbers {
    OutcomeNumbers { logit_difference: value.logit_difference, p_answer: value.p_answer, p_other: value.p_other }
}
