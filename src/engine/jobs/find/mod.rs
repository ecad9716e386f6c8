//! A search over the heads of a model with the texts of a set: mean, interval and corrected p value of each head.
//!
//! ```text
//! rows ─▶ aligned ─▶ [means of z over the set] ─▶ a number for each head and row ─▶ [b subtracted from a] ─▶ statistics
//! ```
//! Its parts are the numbers of single rows, which with the arguments are its whole state.

mod measure;
mod row;
mod summary;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use measure::{Feature, FindMeasure};
pub use summary::{Found, HeadFound};

use super::run::{RunJob, RunOptions, StackOptions};
use super::sweep::{HeadMeans, SweepCell};
use super::{Job, Progress, not_done};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::rows::{Aligned, AlignedRow, RefusedRow, Wanted, align};
use crate::engine::run::Step;
use crate::sets::Row;
use crate::trace::{BlockSite, Hook};
use row::RowRun;
use summary::Summary;

/// How a search is done.
#[derive(Clone, Debug, PartialEq)]
pub struct FindOptions {
    /// Permutations behind each p value.
    pub n_permutations: usize,
    /// Resamples behind each interval.
    pub n_resamples: usize,
    /// Equal seeds draw equal resamples and permutations.
    pub seed: u64,
    /// The label that counts as positive; the larger one of two if not given.
    pub positive: Option<String>,
    /// Ids of answers and of other answers for rows that name none.
    pub answers: (Vec<u32>, Vec<u32>),
}

impl Default for FindOptions {
    fn default() -> Self {
        Self { n_permutations: 2_000, n_resamples: 1_000, seed: 0, positive: None, answers: Default::default() }
    }
}

/// The numbers of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct FindPart {
    /// Its index in the set.
    pub row: usize,
    /// [n_layers, n_heads]; NaN where the row has nothing to measure.
    pub values: Vec<f32>,
}

/// A search under way.
pub struct FindJob {
    model: Arc<Model>,
    set: Arc<Vec<Row>>,
    aligned: Aligned,
    edits: Vec<Edit>,
    measure: FindMeasure,
    options: FindOptions,
    /// Numbers of rows by their index in the set.
    values: BTreeMap<usize, Vec<f32>>,
    new_parts: Vec<FindPart>,
    stage: Stage,
}

#[allow(clippy::large_enum_variant, reason = "a job holds one stage at a time, so boxing would save nothing")]
enum Stage {
    /// The means of z over the set, which ablation puts in place of a head's own.
    Means {
        means: HeadMeans,
        next: usize,
        job: Option<Box<RunJob>>,
    },
    /// A row after the other: its place in the aligned rows.
    Rows {
        ablations: Vec<SweepCell>,
        next: usize,
        run: Option<RowRun>,
    },
    Summary(Summary),
    Done(Found),
    Failed,
}

impl FindJob {
    /// A search under edits that act throughout; edits that do not fit a row are left out there.
    ///
    /// # Errors
    /// When no row fits, or the model has two stacks.
    pub fn new(
        model: Arc<Model>,
        set: Arc<Vec<Row>>,
        edits: Vec<Edit>,
        measure: FindMeasure,
        options: FindOptions,
    ) -> Result<Self, EngineError> {
        let refuse = |message: String| Err(EngineError::Request(message));
        if model.encoder().is_some() {
            return refuse("a search over heads needs a model of one stack".to_owned());
        }
        let (positive, answers) = (options.positive.clone(), options.answers.clone());
        let aligned = align(&model, &set, &Wanted { positive, answers, ..measure.wanted() })?;
        if aligned.rows.is_empty() {
            let first = aligned.refused.first().map(|refused| format!(" (row 1: {})", refused.reason));
            return refuse(format!("no row of the set fits{}", first.unwrap_or_default()));
        }
        let stage = match measure.feature() {
            Feature::Effect => Stage::Means { means: HeadMeans::default(), next: 0, job: None },
            _ => Stage::Rows { ablations: Vec::new(), next: 0, run: None },
        };
        let (values, new_parts) = (BTreeMap::new(), Vec::new());
        Ok(Self { model, set, aligned, edits, measure, options, values, new_parts, stage })
    }

    /// Goes on after rows whose numbers an earlier job with the same arguments has handed out.
    #[must_use]
    pub fn resume(mut self, parts: impl IntoIterator<Item = FindPart>) -> Self {
        self.values.extend(parts.into_iter().map(|part| (part.row, part.values)));
        self
    }

    /// Rows that do not fit.
    pub fn refused(&self) -> &[RefusedRow] {
        &self.aligned.refused
    }

    /// What is done with rows that fit in part.
    pub fn notes(&self) -> &[String] {
        &self.aligned.notes
    }

    /// How many rows fit.
    pub fn n_rows(&self) -> usize {
        self.aligned.rows.len()
    }

    /// The mean of each head over the rows so far, [n_layers, n_heads], for looking at while the job runs; of minimal pairs the mean
    /// difference over the pairs so far.
    pub fn means_so_far(&self) -> Vec<f64> {
        summary::means(&summary::units(&self.set, &self.aligned.rows, &self.values))
    }

    fn step_means(
        &mut self,
        mut means: HeadMeans,
        next: usize,
        job: Option<Box<RunJob>>,
    ) -> Result<Stage, EngineError> {
        let Some(row) = self.aligned.rows.get(next) else {
            let ablations = means.cells(self.model.spec());
            return Ok(Stage::Rows { ablations, next: 0, run: None });
        };
        let mut job = match job {
            Some(job) => job,
            None => Box::new(self.capturing(row)?),
        };
        Ok(match job.step()? {
            Step::More => Stage::Means { means, next, job: Some(job) },
            Step::Done => {
                means.add(&job.finish()?.run)?;
                Stage::Means { means, next: next + 1, job: None }
            }
        })
    }

    /// A run of a row that keeps z.
    fn capturing(&self, row: &AlignedRow) -> Result<RunJob, EngineError> {
        let z = (0..self.model.spec().n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
        let stack = StackOptions { captures: Captures::of(z), ..StackOptions::default() };
        let options = RunOptions { leaves_out: true, stack, ..RunOptions::default() };
        RunJob::new(Arc::clone(&self.model), row.tokens.clone().into(), self.edits.clone(), options)
    }

    fn step_rows(&mut self, ablations: Vec<SweepCell>, next: usize, run: Option<RowRun>) -> Result<Stage, EngineError> {
        let Some(row) = self.aligned.rows.get(next) else {
            let n_heads = self.model.spec().n_heads;
            let (rows, values) = (&self.aligned.rows, &self.values);
            let summary = Summary::new(&self.set, rows, values, &self.measure, &self.options, n_heads)?;
            return Ok(Stage::Summary(summary));
        };
        if self.values.contains_key(&row.index) {
            return Ok(Stage::Rows { ablations, next: next + 1, run: None });
        }
        let mut run = match run {
            Some(run) => run,
            None => RowRun::new(&self.model, row, &self.edits)?,
        };
        Ok(match run.step(row, self.measure.feature(), &self.edits, &ablations)? {
            Step::More => Stage::Rows { ablations, next, run: Some(run) },
            Step::Done => {
                let values = run.finish().ok_or_else(not_done)?;
                self.new_parts.push(FindPart { row: row.index, values: values.clone() });
                self.values.insert(row.index, values);
                Stage::Rows { ablations, next: next + 1, run: None }
            }
        })
    }
}

impl Job for FindJob {
    type Part = FindPart;
    type Output = Found;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Means { means, next, job } => self.step_means(means, next, job)?,
            Stage::Rows { ablations, next, run } => self.step_rows(ablations, next, run)?,
            Stage::Summary(mut summary) => match summary.step() {
                Step::More => Stage::Summary(summary),
                Step::Done => Stage::Done(summary.finish()),
            },
            Stage::Done(found) => Stage::Done(found),
            Stage::Failed => return Err(not_done()),
        };
        Ok(if matches!(self.stage, Stage::Done(_)) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let (n_rows, n_layers) = (self.aligned.rows.len(), self.model.spec().n_layers);
        let start = || Progress::blocks((0, n_layers));
        match &self.stage {
            Stage::Means { next, job, .. } => {
                job.as_ref().map_or_else(start, |job| job.progress()).as_part(*next, n_rows)
            }
            Stage::Rows { next, run, .. } => {
                run.as_ref().map_or_else(start, |run| run.progress(n_layers)).as_part(*next, n_rows)
            }
            Stage::Summary(_) | Stage::Done(_) | Stage::Failed => Progress::blocks((n_layers, n_layers)),
        }
    }

    fn drain(&mut self) -> Vec<FindPart> {
        std::mem::take(&mut self.new_parts)
    }

    fn finish(self) -> Result<Found, EngineError> {
        match self.stage {
            Stage::Done(found) => Ok(found),
            _ => Err(not_done()),
        }
    }
}
