//! The cells of a sweep that measures how alike two texts are: the same edit in both, each read on its own.

use std::collections::VecDeque;
use std::sync::Arc;

use super::group::CellRuns;
use crate::analysis::similarity::cosine;
use crate::edit::Edit;
use crate::engine::edits::PatchValues;
use crate::engine::error::EngineError;
use crate::engine::jobs::run::{RunJob, RunOptions};
use crate::engine::jobs::similarity::{cosine_of, embedding};
use crate::engine::jobs::{Job, Progress, Unit, not_done};
use crate::engine::model::Model;
use crate::engine::outcome::Measured;
use crate::engine::run::{Run, Step};
use crate::trace::Tokens;

/// The cells in both texts, one text after the other.
#[derive(Debug)]
pub(super) struct CosineCells {
    model: Arc<Model>,
    edits: Vec<Edit>,
    values: PatchValues,
    cells: Vec<(usize, Edit)>,
    waiting: VecDeque<Tokens>,
    text: Option<Text>,
    /// The embedding of each text without any cell's edit.
    bases: Vec<Vec<f64>>,
    /// The first text's embedding under each cell's edit, by the cell's index.
    first: Vec<Option<Vec<f64>>>,
    found: Vec<(usize, Option<Measured>)>,
}

/// The text under way.
#[allow(clippy::large_enum_variant, reason = "a job holds one stage at a time, so boxing would save nothing")]
#[derive(Debug)]
enum Text {
    Base(Box<RunJob>),
    Cells(Run, CellRuns),
}

impl CosineCells {
    pub fn new(
        model: Arc<Model>,
        texts: [Tokens; 2],
        edits: Vec<Edit>,
        values: PatchValues,
        cells: Vec<(usize, Edit)>,
    ) -> Self {
        let n_cells = cells.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
        Self {
            model,
            edits,
            values,
            cells,
            waiting: texts.into(),
            text: None,
            bases: Vec::new(),
            first: vec![None; n_cells],
            found: Vec::new(),
        }
    }

    /// Does the next piece of work.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        self.text = match self.text.take() {
            None => match self.waiting.pop_front() {
                None => return Ok(Step::Done),
                Some(tokens) => {
                    let options = RunOptions { leaves_out: true, ..RunOptions::default() };
                    let job = RunJob::new(Arc::clone(&self.model), tokens.into(), self.edits.clone(), options)?;
                    Some(Text::Base(Box::new(job)))
                }
            },
            Some(Text::Base(mut job)) => match job.step()? {
                Step::More => Some(Text::Base(job)),
                Step::Done => {
                    let run = job.finish()?.run;
                    self.bases.push(embedding(&run));
                    Some(Text::Cells(run, CellRuns::new(self.values.clone(), self.cells.clone())))
                }
            },
            Some(Text::Cells(_, cells)) if cells.is_done() => None,
            Some(Text::Cells(run, mut cells)) => {
                if let Some((index, cell)) = cells.step(&run)? {
                    self.measure(index, cell.as_ref().map(embedding));
                }
                Some(Text::Cells(run, cells))
            }
        };
        Ok(Step::More)
    }

    fn measure(&mut self, index: usize, embedding: Option<Vec<f64>>) {
        if self.bases.len() == 1 {
            self.first[index] = embedding;
            return;
        }
        let both = self.first[index].take().zip(embedding);
        let cosine = both.and_then(|(first, second)| cosine(&first, &second));
        self.found.push((index, cosine.map(|cosine| Measured::Cosine(cosine as f32))));
    }

    /// The cells that were measured since the last call.
    pub fn drain(&mut self) -> Vec<(usize, Option<Measured>)> {
        std::mem::take(&mut self.found)
    }

    pub fn progress(&self) -> Progress {
        let n_layers = self.model.spec().n_layers;
        let n_before = self.bases.len().saturating_sub(1);
        match &self.text {
            Some(Text::Base(job)) => job.progress(),
            Some(Text::Cells(_, cells)) => {
                let (done, total) = cells.progress(n_layers);
                Progress { unit: Unit::SweepBlocks, done, total }.as_part(n_before, 2)
            }
            None => Progress { unit: Unit::SweepBlocks, done: self.bases.len(), total: 2 },
        }
    }

    /// The cosine without any cell's edit.
    pub fn finish(self) -> Result<Measured, EngineError> {
        match self.bases.as_slice() {
            [first, second] => Ok(Measured::Cosine(cosine_of(first, second)? as f32)),
            _ => Err(not_done()),
        }
    }
}
