//! Requests that are jobs of the engine: other edits, comparisons, sweeps, losses, similarity, scores over inputs.

use std::sync::Arc;

use super::drive::PartOf;
use super::runs::N_TOP;
use super::{Stop, Worker, inputs};
use crate::edit::Edit;
use crate::engine::jobs::{
    CompareJob, Compared, LossesJob, Measure, RunJob, RunOptions, ScoredInput, ScoresJob, SimilarityJob, SweepJob,
    SweepPart, SweepResult,
};
use crate::engine::{EngineError, Inactive, Measured};
use crate::protocol::{
    Answer, ComparedOutcome, ComparedToken, EditingReply, FromWorker, Input, OutcomeAsked, OutcomeNumbers, RequestId,
    RunId, SweepAsked, SweepNumbers,
};
use crate::trace::AttnKind;

impl Worker {
    /// Runs the input of `base` under other edits.
    pub(super) async fn again(&mut self, request: RequestId, base: RunId, edits: Vec<Edit>) -> Result<(), Stop> {
        let options = RunOptions { leaves_out: true, ..RunOptions::default() };
        let job = RunJob::again(self.shared_run(base)?, edits, options);
        let driven = self.drive(request, job).await?;
        let inactive = driven.output.inactive.iter();
        let inactive = inactive.map(|Inactive { index, reason }| (*index as u32, reason.clone())).collect();
        let (info, kept) = self.describe(request, driven, false).await?;
        let run = self.keep(info, kept);
        self.outbox.say_editing(EditingReply::Again { request, run, inactive });
        Ok(())
    }

    /// Predictions and the outcome of some runs side by side.
    pub(super) async fn compare(
        &mut self,
        request: RequestId,
        runs: &[RunId],
        asked: Option<&OutcomeAsked>,
        also: Vec<u32>,
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let kept = |run: &RunId| self.kept(*run).map(|kept| (Arc::clone(&kept.run), kept.edits.clone()));
        let runs = runs.iter().map(kept).collect::<Result<Vec<_>, Stop>>()?;
        let measure = asked.map(|asked| inputs::measure(&model, asked));
        let (names, ids) = match &measure {
            Some(Ok(Measure::Tokens(outcome))) => {
                let others = outcome.others.iter().map(|id| model.token_name(*id)).collect();
                let ids = std::iter::once(&outcome.answer).chain(&outcome.others).copied().collect();
                (Some((model.token_name(outcome.answer), others)), ids)
            }
            _ => (None, Vec::new()),
        };
        let job = CompareJob::new(Arc::clone(&model), runs, measure, N_TOP, also);
        let Compared { position, tokens, are_labels, outcome } = self.drive(request, job).await?.output;
        let labels = model.spec().labels.as_ref().filter(|_| are_labels);
        let name = |id: u32| labels.map_or_else(|| model.token_name(id), |head| head.names[id as usize].clone());
        let named = |(id, probs)| ComparedToken { id, token: name(id), probs };
        let tokens = tokens.into_iter().map(named).collect();
        let outcome = outcome.map(|outcome| {
            outcome.map(|values| ComparedOutcome {
                tokens: names,
                ids,
                values: values.into_iter().map(numbers).collect(),
            })
        });
        self.outbox.say_editing(EditingReply::Compared { request, position: position as u32, tokens, outcome });
        Ok(())
    }

    /// One edit after another on top of `base`; each cell is sent when it is done.
    pub(super) async fn sweep(
        &mut self,
        request: RequestId,
        base: RunId,
        edits: Vec<Edit>,
        what: SweepAsked,
        asked: &OutcomeAsked,
    ) -> Result<(), Stop> {
        let base = self.shared_run(base)?;
        let measure = inputs::measure(base.model(), asked)?;
        let kind = inputs::sweep_kind(&base, what)?;
        let job = SweepJob::new(base, edits, kind, measure)?;
        let driven = self.drive_with(request, job, PartOf::WHOLE, |outbox, part| {
            outbox.say_editing(EditingReply::SweepCell { request, cell: cell(part) });
        });
        let SweepResult { base, other } = driven.await?.output;
        let (base, other) = (numbers(base), other.map(numbers));
        self.outbox.say_editing(EditingReply::SweepDone { request, base, other });
        Ok(())
    }

    /// How well a causal model predicted each token of a run.
    pub(super) async fn losses(&mut self, request: RequestId, run: RunId) -> Result<(), Stop> {
        let losses = self.drive(request, LossesJob::new(self.shared_run(run)?)).await?.output;
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Losses }, &[&losses]);
        Ok(())
    }

    /// How alike two texts are under the edits of a run.
    pub(super) async fn similarity(&mut self, request: RequestId, run: RunId, texts: [&Input; 2]) -> Result<(), Stop> {
        let kept = self.kept(run)?;
        let (model, [first, second]) = (kept.run.model(), texts);
        let both = [inputs::read(model, first)?.input, inputs::read(model, second)?.input];
        let job = SimilarityJob::new(model, both, &kept.edits)?;
        let cosine = self.drive(request, job).await?.output;
        self.outbox.say(&FromWorker::Answered { request, run, answer: Answer::Similarity { cosine } });
        Ok(())
    }

    /// Scores of every head on other inputs, under the edits of a run.
    pub(super) async fn scores_over(
        &mut self,
        request: RequestId,
        run: RunId,
        kind: AttnKind,
        inputs: &[Input],
    ) -> Result<(), Stop> {
        let kept = self.kept(run)?;
        let (model, edits) = (Arc::clone(kept.run.model()), kept.edits.clone());
        let scored = |input: &Input| {
            let n_block = input.text.n_block().map(|n_block| n_block as usize);
            Ok(ScoredInput { input: inputs::read(&model, input)?.input, n_block })
        };
        let scored = inputs.iter().map(scored).collect::<Result<Vec<_>, EngineError>>()?;
        let mut tables = Vec::new();
        let job = ScoresJob::new(model, scored, edits, kind);
        self.drive_with(request, job, PartOf::WHOLE, |_, table| tables.push(table)).await?;
        let tables: Vec<&[f32]> = tables.iter().map(Vec::as_slice).collect();
        let answer = Answer::ScoresOver { n_inputs: tables.len() as u32 };
        self.outbox.say_with(&FromWorker::Answered { request, run, answer }, &tables);
        Ok(())
    }
}

fn cell(SweepPart { cell, outcome, .. }: SweepPart) -> SweepNumbers {
    SweepNumbers {
        layer: cell.layer as u32,
        column: cell.column as u32,
        edit: cell.edit,
        outcome: outcome.map(numbers),
    }
}

fn numbers(measured: Measured) -> OutcomeNumbers {
    let probs = match measured {
        Measured::Tokens(value) => Some([value.p_answer, value.p_others]),
        Measured::Label(_) | Measured::Cosine(_) => None,
    };
    OutcomeNumbers { value: measured.value(), probs }
}
