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
    /// The mean −ln p of the tokens of a row without an answer; where a model fills in masks, each masked in turn.
    pub loss: f32,
}

/// A run of a row, by its place: as it is, or with the token at a position masked.
type Cell = (usize, Option<usize>);

/// Trials under way. A row whose edits leave a query without any key has no numbers.
pub struct TrialsJob {
    model: Arc<Model>,
    rows: Vec<AlignedRow>,
    refused: Vec<RefusedRow>,
    variants: Vec<Vec<Edit>>,
    /// The runs of each variant.
    cells: Vec<Cell>,
    /// The id and name of the mask, where tokens are masked in turn.
    mask: Option<(u32, String)>,
    /// By variant and row: the sum of −ln p over masked tokens, how many there are, and how many are left.
    sums: Vec<(f64, usize, usize)>,
    runs: SideBySide,
    /// The first run that has not begun: a cell of a variant, variant by variant.
    next: usize,
    finished: VecDeque<(usize, Run)>,
    reading: Option<(usize, LossesJob)>,
    n_done: usize,
    new_parts: Vec<Trial>,
}

impl TrialsJob {
    /// Trials of every row under every list of edits; edits that do not fit a row are left out there. Rows with an answer have an outcome,
    /// others are read for the likelihood of their tokens: after those in front, or where the model fills in masks, each masked in turn.
    ///
    /// # Errors
    /// When the model has two stacks or predicts nothing, an edit is a patch, or no row fits.
    pub fn new(model: Arc<Model>, set: &[Row], variants: Vec<Vec<Edit>>) -> Result<Self, EngineError> {
        for edits in &variants {
            SideBySide::check(&model, edits, "a set under edits", "the rows of a set")?;
        }
        model.expect_unembedding()?;
        let (mut rows, mut refused, mut cells, mut mask) = (Vec::new(), Vec::new(), Vec::new(), None);
        for has_outcome in [true, false] {
            let places: Vec<usize> = (0..set.len()).filter(|row| set[*row].answer.is_some() == has_outcome).collect();
            let some: Vec<Row> = places.iter().map(|row| set[*row].clone()).collect();
            if !has_outcome && !model.spec().is_causal() && !some.is_empty() {
                mask = mask_token(&model);
                if mask.is_none() {
                    let reason =
                        "it has no answer, and this model has no mask to put in the place of its tokens".to_owned();
                    refused.extend(places.iter().map(|index| RefusedRow { index: *index, reason: reason.clone() }));
                    continue;
                }
            }
            let aligned = align(&model, &some, &Wanted { has_outcome, ..Wanted::default() })?;
            for row in aligned.rows {
                let masked = (0..row.tokens.len()).filter(|at| mask.is_some() && !row.tokens.special[*at]);
                let n_before = cells.len();
                cells.extend(masked.map(|at| (rows.len(), Some(at))));
                let index = places[row.index];
                if cells.len() == n_before && mask.is_some() {
                    refused.push(RefusedRow { index, reason: "it has no token that could be masked".to_owned() });
                    continue;
                }
                if mask.is_none() {
                    cells.push((rows.len(), None));
                }
                rows.push(AlignedRow { index, ..row });
            }
            refused.extend(aligned.refused.into_iter().map(|row| RefusedRow { index: places[row.index], ..row }));
        }
        if rows.is_empty() {
            return Err(no_row_fits(&refused));
        }
        let (runs, finished, new_parts) = (SideBySide::default(), VecDeque::new(), Vec::new());
        let mut job = Self {
            model,
            rows,
            refused,
            variants,
            cells,
            mask,
            sums: Vec::new(),
            runs,
            next: 0,
            finished,
            reading: None,
            n_done: 0,
            new_parts,
        };
        if job.mask.is_some() {
            job.sums = vec![(0.0, 0, 0); job.rows.len() * job.variants.len()];
            for trial in 0..job.n_trials() {
                let place = job.sum_of(trial);
                job.sums[place].1 += 1;
                job.sums[place].2 += 1;
            }
        }
        Ok(job)
    }

    /// The place among the sums of a trial's row and variant.
    fn sum_of(&self, trial: usize) -> usize {
        trial / self.cells.len() * self.rows.len() + self.cells[trial % self.cells.len()].0
    }

    /// Rows that do not fit.
    pub fn refused(&self) -> &[RefusedRow] {
        &self.refused
    }

    /// How many runs there are.
    pub fn n_trials(&self) -> usize {
        self.cells.len() * self.variants.len()
    }

    fn begin_runs(&mut self) -> Result<bool, EngineError> {
        let n_cells = self.cells.len();
        while self.runs.has_room(&self.model)
            && let Some(edits) = self.variants.get(self.next / n_cells)
        {
            let (place, masked) = self.cells[self.next % n_cells];
            let mut tokens = self.rows[place].tokens.clone();
            if let (Some(at), Some((id, name))) = (masked, &self.mask) {
                tokens.ids[at] = *id;
                tokens.tokens[at].clone_from(name);
            }
            self.runs.push(self.next, &self.model, tokens, edits, Captures::none())?;
            self.next += 1;
        }
        Ok(!self.runs.is_empty())
    }

    /// A trial without numbers.
    fn empty(&self, trial: usize) -> Trial {
        let (variant, (place, _)) = (trial / self.cells.len(), self.cells[trial % self.cells.len()]);
        let none = f32::NAN;
        Trial { variant, row: self.rows[place].index, outcome: none, rank: none, rank_of_answers: none, loss: none }
    }

    /// Hands out a trial; of a masked row once all of its tokens have been masked.
    fn push(&mut self, index: usize, trial: Trial) {
        self.n_done += 1;
        if self.cells[index % self.cells.len()].1.is_none() {
            self.new_parts.push(trial);
            return;
        }
        let place = self.sum_of(index);
        let (sum, n, n_left) = &mut self.sums[place];
        *sum -= f64::from(trial.outcome);
        *n_left -= 1;
        if *n_left == 0 {
            let loss = (*sum / *n as f64) as f32;
            self.new_parts.push(Trial { loss, ..self.empty(index) });
        }
    }

    fn measure(&mut self, trial: usize, run: Run) -> Result<(), EngineError> {
        let empty = self.empty(trial);
        let (place, masked) = self.cells[trial % self.cells.len()];
        let row = &self.rows[place];
        let of_mask =
            masked.map(|position| RowOutcome { answers: vec![row.tokens.ids[position]], others: Vec::new(), position });
        match of_mask.as_ref().or(row.outcome.as_ref()) {
            Some(outcome) => {
                let logits = run.logits(outcome.position..outcome.position + 1)?;
                let (rank, rank_of_answers) = ranks(outcome, &logits);
                let outcome = outcome.of_logits(&logits);
                self.push(
                    trial,
                    Trial { outcome, rank: rank as f32, rank_of_answers: rank_of_answers as f32, ..empty },
                );
            }
            None => self.reading = Some((trial, LossesJob::new(Arc::new(run)))),
        }
        Ok(())
    }
}

/// The token that stands for a word to be guessed, by its usual names.
fn mask_token(model: &Model) -> Option<(u32, String)> {
    ["[MASK]", "<mask>"].into_iter().find_map(|name| {
        let tokens = model.encode(name, None).ok()?;
        let at = tokens.first_mask()?;
        Some((tokens.ids[at], name.to_owned()))
    })
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
            self.push(trial, Trial { loss: loss as f32, ..self.empty(trial) });
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
                Err(EngineError::Edit(_)) => self.push(trial, self.empty(trial)),
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
