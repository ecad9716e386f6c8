//! Generates from a run, token by token, and lets a second run read what the first one writes.

use std::sync::Arc;

use super::runs::next_tokens;
use super::{Stop, Worker};
use crate::engine::jobs::{ContinueJob, ContinuedToken};
use crate::engine::{Generation, Outcome, Sampling, Step, Written};
use crate::protocol::{EditingReply, Prediction, RequestId, RunId, SamplingAsked};

/// A request to generate.
pub(super) struct WriteAsked {
    /// The run that chooses tokens, and grows.
    pub run: RunId,
    /// A run that reads the same tokens.
    pub follower: Option<RunId>,
    /// How many tokens of the run stay.
    pub n_keep: usize,
    /// The first token, where it is not the model's choice.
    pub first_id: Option<u32>,
    pub n_tokens: usize,
    pub sampling: SamplingAsked,
}

impl Worker {
    pub(super) async fn write(&mut self, request: RequestId, asked: WriteAsked) -> Result<(), Stop> {
        let runs = [Some(asked.run), asked.follower];
        let outcome = self.write_tokens(request, asked).await;
        // Whatever stopped it: a run holds whole tokens only.
        for run in runs.into_iter().flatten() {
            if let Ok(run) = self.run_mut(run) {
                run.rewind(usize::MAX);
            }
        }
        outcome
    }

    async fn write_tokens(&mut self, request: RequestId, asked: WriteAsked) -> Result<(), Stop> {
        let WriteAsked { run, follower, n_keep, first_id, n_tokens, sampling } = asked;
        let mut generation = Generation::new(settings(sampling), n_tokens)?;
        if let Some(id) = first_id {
            generation.start_with(id);
        }
        for run in [Some(run), follower].into_iter().flatten() {
            self.run_mut(run)?.rewind(n_keep);
        }
        loop {
            match generation.step(self.run_mut(run)?)? {
                Written::Nothing => {}
                Written::Token(id) => {
                    self.follow(request, follower, id).await?;
                    let found = &self.kept(run)?.run;
                    let chosen = Outcome::pair(id, id, Some(found.tokens().len() - 2));
                    let prob = chosen.value(found)?.p_answer;
                    let (tokens, top) = (found.tokens().clone(), next_tokens(found)?);
                    let follower_top = self.follower_top(follower)?;
                    self.outbox.say_editing(EditingReply::Written { request, run, tokens, prob, top, follower_top });
                }
                Written::End => break,
            }
            self.breathe(request).await?;
        }
        let found = &self.kept(run)?.run;
        let (tokens, top) = (found.tokens().clone(), next_tokens(found)?);
        let follower_top = self.follower_top(follower)?;
        self.outbox.say_editing(EditingReply::WritingDone { request, tokens, top, follower_top });
        Ok(())
    }

    /// Continues some runs, each by its own choice.
    pub(super) async fn continue_each(
        &mut self,
        request: RequestId,
        runs: &[RunId],
        n_tokens: usize,
        sampling: SamplingAsked,
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let runs = runs.iter().map(|run| self.shared_run(*run)).collect::<Result<Vec<_>, Stop>>()?;
        let job = ContinueJob::new(runs, settings(sampling), n_tokens)?;
        let found = self.drive(request, job).await?.output;
        let named = |ContinuedToken { id, prob }| Prediction { token: model.token_name(id), id, prob };
        let continuations = found.into_iter().map(|tokens| tokens.into_iter().map(named).collect()).collect();
        self.outbox.say_editing(EditingReply::Continued { request, continuations });
        Ok(())
    }

    /// Lets the other run read a written token.
    async fn follow(&mut self, request: RequestId, follower: Option<RunId>, id: u32) -> Result<(), Stop> {
        let Some(follower) = follower else { return Ok(()) };
        // Going back may have left its tokens to be computed anew.
        while self.run_mut(follower)?.step()? == Step::More {
            self.breathe(request).await?;
        }
        self.run_mut(follower)?.push(id)?;
        while self.run_mut(follower)?.step()? == Step::More {
            self.breathe(request).await?;
        }
        Ok(())
    }

    fn follower_top(&self, follower: Option<RunId>) -> Result<Vec<Prediction>, Stop> {
        match follower {
            Some(run) => Ok(next_tokens(&self.kept(run)?.run)?),
            None => Ok(Vec::new()),
        }
    }
}

/// How tokens are chosen, as the engine takes it.
fn settings(SamplingAsked { temperature, top_k, top_p, seed }: SamplingAsked) -> Sampling {
    Sampling { temperature, top_k: top_k as usize, top_p, seed }
}
