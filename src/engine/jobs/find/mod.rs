//! A search over the heads of a model with the texts of a set: mean, interval and corrected p value of each head.
//!
//! ```text
//! rows ─▶ aligned ─▶ [means of z over the set] ─▶ a number for each head and row ─▶ [b subtracted from a] ─▶ statistics
//! ```
//! Its parts are the numbers of single rows, which with the arguments are its whole state.

mod measure;
mod row;
mod summary;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use crate::analysis::statistics::HeadFound;
pub use measure::{Feature, FindMeasure};
pub use summary::Found;

use super::side_by_side::SideBySide;
use super::sweep::{HeadMeans, SweepCell};
use super::{Job, Progress, not_done};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::rows::{Aligned, RefusedRow, Wanted, align, no_row_fits};
use crate::engine::run::{Run, Step};
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

impl FindOptions {
    /// What a search for `measure` asks of each row.
    pub fn wanted(&self, measure: &FindMeasure) -> Wanted {
        Wanted { positive: self.positive.clone(), answers: self.answers.clone(), ..measure.wanted() }
    }
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
    /// Runs of rows, by their places in the aligned rows.
    runs: SideBySide,
    /// The first aligned row that has not begun in this stage.
    next: usize,
}

#[allow(clippy::large_enum_variant, reason = "a job holds one stage at a time, so boxing would save nothing")]
enum Stage {
    /// The means of z over the set, which ablation puts in place of a head's own.
    Means(HeadMeans),
    /// Rows through the model side by side, then each is measured.
    Rows {
        ablations: Vec<SweepCell>,
        finished: VecDeque<(usize, Run)>,
        measured: Option<(usize, RowRun)>,
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
        let aligned = align(&model, &set, &options.wanted(&measure))?;
        Self::of_aligned(model, set, aligned, edits, measure, options)
    }

    /// The same of rows that are aligned already, as [`FindOptions::wanted`] says.
    ///
    /// # Errors
    /// Those of [`FindJob::new`].
    pub fn of_aligned(
        model: Arc<Model>,
        set: Arc<Vec<Row>>,
        aligned: Aligned,
        edits: Vec<Edit>,
        measure: FindMeasure,
        options: FindOptions,
    ) -> Result<Self, EngineError> {
        SideBySide::check(&model, &edits, "a search over heads", "the rows of a set")?;
        if aligned.rows.is_empty() {
            return Err(no_row_fits(&aligned.refused));
        }
        let stage = match measure.feature() {
            Feature::Effect | Feature::Estimate => Stage::Means(HeadMeans::default()),
            _ => Stage::Rows { ablations: Vec::new(), finished: VecDeque::new(), measured: None },
        };
        let (values, new_parts) = (BTreeMap::new(), Vec::new());
        let runs = SideBySide::default();
        Ok(Self { model, set, aligned, edits, measure, options, values, new_parts, stage, runs, next: 0 })
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

    /// Begins runs of the next rows, as many as go side by side. Says whether any is under way.
    fn begin_runs(&mut self, captures: &Captures, leaves_out_known: bool) -> Result<bool, EngineError> {
        while self.runs.has_room(&self.model)
            && let Some(row) = self.aligned.rows.get(self.next)
        {
            let is_known = leaves_out_known && self.values.contains_key(&row.index);
            if !is_known {
                self.runs.push(self.next, &self.model, row.tokens.clone(), &self.edits, captures.clone())?;
            }
            self.next += 1;
        }
        Ok(!self.runs.is_empty())
    }

    fn step_means(&mut self, mut means: HeadMeans) -> Result<Stage, EngineError> {
        let z = (0..self.model.spec().n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
        if !self.begin_runs(&Captures::of(z), false)? {
            self.next = 0;
            let ablations = means.cells(self.model.spec());
            return Ok(Stage::Rows { ablations, finished: VecDeque::new(), measured: None });
        }
        for (_, run) in self.runs.step() {
            match run {
                Ok(run) => means.add(&run)?,
                // Its row has no values either.
                Err(EngineError::Edit(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Stage::Means(means))
    }

    fn step_rows(
        &mut self,
        ablations: Vec<SweepCell>,
        mut finished: VecDeque<(usize, Run)>,
        measured: Option<(usize, RowRun)>,
    ) -> Result<Stage, EngineError> {
        let feature = &self.measure.feature().clone();
        let measured = match measured {
            Some((place, mut measured)) => match measured.step(&self.aligned.rows[place], feature)? {
                Step::More => Some((place, measured)),
                Step::Done => {
                    let values = measured.finish().ok_or_else(not_done)?;
                    self.push(place, values);
                    None
                }
            },
            None => match finished.pop_front() {
                Some((place, run)) => {
                    let row = &self.aligned.rows[place];
                    Some((place, RowRun::new(run, row, feature, &ablations)?))
                }
                None if self.begin_runs(&Captures::none(), true)? => {
                    for (place, run) in self.runs.step() {
                        match run {
                            Ok(run) => finished.push_back((place, run)),
                            // An edit leaves a query of this row without any key.
                            Err(EngineError::Edit(_)) => {
                                let spec = self.model.spec();
                                self.push(place, vec![f32::NAN; spec.n_layers * spec.n_heads]);
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    None
                }
                None => {
                    let n_heads = self.model.spec().n_heads;
                    let (rows, values) = (&self.aligned.rows, &self.values);
                    let summary = Summary::new(&self.set, rows, values, &self.measure, &self.options, n_heads)?;
                    return Ok(Stage::Summary(summary));
                }
            },
        };
        Ok(Stage::Rows { ablations, finished, measured })
    }

    fn push(&mut self, place: usize, values: Vec<f32>) {
        let row = self.aligned.rows[place].index;
        self.new_parts.push(FindPart { row, values: values.clone() });
        self.values.insert(row, values);
    }
}

impl Job for FindJob {
    type Part = FindPart;
    type Output = Found;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Means(means) => self.step_means(means)?,
            Stage::Rows { ablations, finished, measured } => self.step_rows(ablations, finished, measured)?,
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
        match &self.stage {
            Stage::Means(_) => {
                let running = Progress::blocks(self.runs.progress().unwrap_or((0, n_layers)));
                running.as_part(self.next.saturating_sub(1), n_rows)
            }
            Stage::Rows { measured, .. } => {
                let running = measured.as_ref().map(|(_, measured)| measured.progress(n_layers));
                running.unwrap_or(Progress::blocks((0, n_layers))).as_part(self.values.len().min(n_rows - 1), n_rows)
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
