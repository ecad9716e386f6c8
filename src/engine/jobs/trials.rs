//! Rows of a set under several lists of edits: each row's outcome, where its answer ranks, or how well its text is predicted.

use std::collections::VecDeque;
use std::sync::Arc;

use super::positions::LossesJob;
use super::side_by_side::SideBySide;
use super::{Job, Progress, not_done};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::rows::{AlignedRow, RefusedRow, RowOutcome, Wanted, align, no_row_fits};
use crate::engine::run::{Run, Step};
use crate::sets::Row;

/// What a row gives under a list of edits; a number that it does not have is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Which list of edits.
    pub variant: usize,
    /// The row's index in the set.
    pub row: usize,
    /// The outcome of a row with an answer.
    pub outcome: f32,
    /// How many tokens of the vocabulary are likelier than the answer.
    pub rank: f32,
    /// How many of the row's other answers are likelier than the answer.
    pub rank_of_answers: f32,
    /// The mean −ln p of the tokens of a row without an answer.
    pub loss: f32,
}

/// Trials under way. A row whose edits leave a query without any key has no numbers.
pub struct TrialsJob {
    model: Arc<Model>,
    rows: Vec<AlignedRow>,
    refused: Vec<RefusedRow>,
    variants: Vec<Vec<Edit>>,
    runs: SideBySide,
    /// The first trial that has not begun: a row of a variant, variant by variant.
    next: usize,
    finished: VecDeque<(usize, Run)>,
    reading: Option<(usize, LossesJob)>,
    n_done: usize,
    new_parts: Vec<Trial>,
}

impl TrialsJob {
    /// Trials of every row under every list of edits; edits that do not fit a row are left out there. Rows with an answer have an outcome,
    /// others are read for the likelihood of their tokens.
    ///
    /// # Errors
    /// When the model has two stacks or predicts nothing, an edit is a patch, or no row fits.
    pub fn new(model: Arc<Model>, set: &[Row], variants: Vec<Vec<Edit>>) -> Result<Self, EngineError> {
        for edits in &variants {
            SideBySide::check(&model, edits, "a set under edits", "the rows of a set")?;
        }
        model.expect_unembedding()?;
        let (mut rows, mut refused) = (Vec::new(), Vec::new());
        for has_outcome in [true, false] {
            let places: Vec<usize> = (0..set.len()).filter(|row| set[*row].answer.is_some() == has_outcome).collect();
            let some: Vec<Row> = places.iter().map(|row| set[*row].clone()).collect();
            if !has_outcome && !model.spec().is_causal() {
                let reason = "it has no answer, and this model reads in both directions".to_owned();
                refused.extend(places.iter().map(|index| RefusedRow { index: *index, reason: reason.clone() }));
                continue;
            }
            let aligned = align(&model, &some, &Wanted { has_outcome, ..Wanted::default() })?;
            rows.extend(aligned.rows.into_iter().map(|row| AlignedRow { index: places[row.index], ..row }));
            refused.extend(aligned.refused.into_iter().map(|row| RefusedRow { index: places[row.index], ..row }));
        }
        if rows.is_empty() {
            return Err(no_row_fits(&refused));
        }
        let (runs, finished, new_parts) = (SideBySide::default(), VecDeque::new(), Vec::new());
        Ok(Self { model, rows, refused, variants, runs, next: 0, finished, reading: None, n_done: 0, new_parts })
    }

    /// Rows that do not fit.
    pub fn refused(&self) -> &[RefusedRow] {
        &self.refused
    }

    /// How many trials there are.
    pub fn n_trials(&self) -> usize {
        self.rows.len() * self.variants.len()
    }

    fn begin_runs(&mut self) -> Result<bool, EngineError> {
        let n_rows = self.rows.len();
        while self.runs.has_room(&self.model)
            && let Some(edits) = self.variants.get(self.next / n_rows)
        {
            let tokens = self.rows[self.next % n_rows].tokens.clone();
            self.runs.push(self.next, &self.model, tokens, edits, Captures::none())?;
            self.next += 1;
        }
        Ok(!self.runs.is_empty())
    }

    /// A trial without numbers.
    fn empty(&self, trial: usize) -> Trial {
        let (variant, place) = (trial / self.rows.len(), trial % self.rows.len());
        let none = f32::NAN;
        Trial { variant, row: self.rows[place].index, outcome: none, rank: none, rank_of_answers: none, loss: none }
    }

    fn push(&mut self, trial: Trial) {
        self.n_done += 1;
        self.new_parts.push(trial);
    }

    fn measure(&mut self, trial: usize, run: Run) -> Result<(), EngineError> {
        let empty = self.empty(trial);
        match &self.rows[trial % self.rows.len()].outcome {
            Some(outcome) => {
                let logits = run.logits(outcome.position..outcome.position + 1)?;
                let (rank, rank_of_answers) = ranks(outcome, &logits);
                let outcome = outcome.of_logits(&logits);
                self.push(Trial { outcome, rank: rank as f32, rank_of_answers: rank_of_answers as f32, ..empty });
            }
            None => self.reading = Some((trial, LossesJob::new(Arc::new(run)))),
        }
        Ok(())
    }
}

/// How many tokens, and how many of the other answers, are likelier than the likeliest answer.
fn ranks(outcome: &RowOutcome, logits: &[f32]) -> (usize, usize) {
    let logit = |id: &u32| logits.get(*id as usize).copied().unwrap_or(f32::NEG_INFINITY);
    let own = outcome.answers.iter().map(logit).fold(f32::NEG_INFINITY, f32::max);
    let n_above = logits.iter().filter(|other| **other > own).count();
    (n_above, outcome.others.iter().filter(|id| logit(id) > own).count())
}

impl Job for TrialsJob {
    type Part = Trial;
    type Output = ();

    fn step(&mut self) -> Result<Step, EngineError> {
        if let Some((trial, mut losses)) = self.reading.take() {
            if losses.step()? == Step::More {
                self.reading = Some((trial, losses));
                return Ok(Step::More);
            }
            let losses: Vec<f32> = losses.finish()?.into_iter().filter(|loss| !loss.is_nan()).collect();
            let loss = losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len() as f64;
            self.push(Trial { loss: loss as f32, ..self.empty(trial) });
            return Ok(Step::More);
        }
        if let Some((trial, run)) = self.finished.pop_front() {
            self.measure(trial, run)?;
            return Ok(Step::More);
        }
        if !self.begin_runs()? {
            return Ok(Step::Done);
        }
        for (trial, run) in self.runs.step() {
            match run {
                Ok(run) => self.finished.push_back((trial, run)),
                // An edit leaves a query of this row without any key.
                Err(EngineError::Edit(_)) => self.push(self.empty(trial)),
                Err(error) => return Err(error),
            }
        }
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let n_layers = self.model.spec().n_layers;
        let is_done = self.n_done == self.n_trials();
        let running = if is_done { (n_layers, n_layers) } else { self.runs.progress().unwrap_or((0, n_layers)) };
        Progress::blocks(running).as_part(self.n_done.min(self.n_trials() - 1), self.n_trials())
    }

    fn drain(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.new_parts)
    }

    fn finish(self) -> Result<(), EngineError> {
        if self.n_done == self.n_trials() { Ok(()) } else { Err(not_done()) }
    }
}
