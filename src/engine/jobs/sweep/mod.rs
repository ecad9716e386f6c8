//! One edit after another, each alone on top of the same run, and the outcome of each: which heads, keys or positions matter.
//!
//! ```text
//! other inputs that edits, means or patches need ─▶ cells ─▶ a run per cell (`group`) ─▶ its outcome
//!                                                            in each of two texts, for a cosine
//! ```
//! Cells come in the order of layers. Each is a part of the job; see `analysis::effect` for what a part says beside the result.

mod cells;
mod cosine;
mod group;
mod prepare;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use cells::{SweepCell, SweepKind};

use super::compare::Measure;
use super::subjects::NO_EMBEDDING;
use super::{Job, Progress, Unit, not_done};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::outcome::{EndMeasure, Measured, OutcomeBatch};
use crate::engine::run::{Run, Step};
use crate::trace::Stack;
pub(super) use cells::HeadMeans;
use cosine::CosineCells;
pub(super) use group::CellRuns;
use group::bound;
use prepare::{Prepared, Preparing};

/// The outcome of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPart {
    /// Which cell, counted in the order of layers and columns.
    pub index: usize,
    /// What was tried.
    pub cell: SweepCell,
    /// The outcome; `None` where the edit leaves a query without any key.
    pub outcome: Option<Measured>,
}

/// What the cells are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepResult {
    /// The outcome without any cell's edit.
    pub base: Measured,
    /// The outcome of the other input of a [`SweepKind::Patch`].
    pub other: Option<Measured>,
}

/// A sweep under way.
#[derive(Debug)]
pub struct SweepJob {
    base: Arc<Run>,
    edits: Vec<Edit>,
    kind: SweepKind,
    measure: Measure,
    /// Cells whose outcomes the driver has from an earlier job.
    known: BTreeSet<usize>,
    cells: Vec<SweepCell>,
    stage: Stage,
    parts: Vec<SweepPart>,
}

#[allow(clippy::large_enum_variant, reason = "a job holds one stage at a time, so boxing would save nothing")]
#[derive(Debug, Default)]
enum Stage {
    Preparing(Preparing),
    AtEnd(EndCells),
    Cosine(CosineCells),
    Done(SweepResult),
    #[default]
    Failed,
}

/// The cells of a sweep that measures the end of each run: tokens or labels.
#[derive(Debug)]
struct EndCells {
    /// The run that cells change.
    on: Arc<Run>,
    runs: CellRuns,
    batch: OutcomeBatch,
    result: SweepResult,
}

impl SweepJob {
    /// A sweep on top of `base`, a finished run with `edits`, under which the texts of a cosine are read too.
    ///
    /// # Errors
    /// When the kind does not fit the measure or the model, or its other input is missing or of another length.
    pub fn new(base: Arc<Run>, edits: Vec<Edit>, kind: SweepKind, measure: Measure) -> Result<Self, EngineError> {
        let refuse = |message: &str| Err(EngineError::Request(message.to_owned()));
        let is_by_position = matches!(kind, SweepKind::CutKeys | SweepKind::Patch { .. });
        if matches!(measure, Measure::Cosine(_)) && is_by_position {
            return refuse("a cosine is of two texts with positions of their own: only heads can be tried in both");
        }
        let has_other = matches!(kind, SweepKind::MeanHeads(_) | SweepKind::Patch { .. });
        match (base.source(), &measure) {
            (Some(_), Measure::Cosine(_)) => return refuse(NO_EMBEDDING),
            (Some(_), _) if has_other => {
                return refuse("this sweep reads other inputs, which needs a model of one stack");
            }
            _ => {}
        }
        match &kind {
            SweepKind::MeanHeads(references) if references.is_empty() => {
                return refuse("a mean over other inputs needs at least one");
            }
            SweepKind::Patch { other, .. } if other.len() != base.tokens().len() => {
                return refuse(&format!(
                    "patching needs inputs of equal length: this one has {} tokens, the other {}",
                    base.tokens().len(),
                    other.len()
                ));
            }
            _ => {}
        }
        let stage = Stage::Preparing(Preparing::new(&base, &kind)?);
        let (known, cells, parts) = (BTreeSet::new(), Vec::new(), Vec::new());
        Ok(Self { base, edits, kind, measure, known, cells, stage, parts })
    }

    /// Goes on where an earlier job with the same arguments stopped: cells whose index is in `known` are not tried again.
    #[must_use]
    pub fn resume(self, known: impl IntoIterator<Item = usize>) -> Self {
        Self { known: known.into_iter().collect(), ..self }
    }

    /// The cells, once the other inputs have been read.
    pub fn cells(&self) -> &[SweepCell] {
        &self.cells
    }

    /// Makes the cells and starts their runs.
    fn begin(&mut self, prepared: Prepared) -> Result<Stage, EngineError> {
        let spec = self.base.model().spec();
        let (n_pos, source) = (self.base.tokens().len(), self.base.source());
        let stack = source.map(|_| Stack::Decoder);
        let Prepared { mut values, means, other, recorded } = prepared;
        self.cells = match &self.kind {
            SweepKind::ZeroHeads => cells::zero_heads(spec, stack),
            SweepKind::PositionMeanHeads => cells::position_mean_heads(spec, stack),
            SweepKind::MeanHeads(_) => means.cells(spec),
            SweepKind::CutKeys => cells::cut_keys(spec, n_pos, stack),
            SweepKind::Each(list) => cells::each(list, |edit| bound(&self.base, edit, &values).is_ok()),
            SweepKind::Patch { site, from, is_denoising, .. } => {
                let base = recorded.as_ref().unwrap_or(&self.base);
                let donor = if *is_denoising { Some(base) } else { other.as_deref() };
                let (cells, taken) = cells::patch(*site, donor.ok_or_else(not_done)?, from)?;
                values.extend(taken);
                cells
            }
        };
        let left = self.cells.iter().enumerate().filter(|(index, _)| !self.known.contains(index));
        let left = left.map(|(index, cell)| (index, cell.edit.clone())).collect();
        let outcome = match &self.measure {
            Measure::Cosine(inputs) => {
                let model = Arc::clone(self.base.model());
                return Ok(Stage::Cosine(CosineCells::new(
                    model,
                    inputs.clone(),
                    std::mem::take(&mut self.edits),
                    values,
                    left,
                )));
            }
            Measure::Tokens(outcome) => EndMeasure::Tokens(outcome.clone()),
            Measure::Label(outcome) => EndMeasure::Label(*outcome),
        };
        let measure = |run: &Arc<Run>| outcome.value(run);
        let result = SweepResult { base: measure(&self.base)?, other: other.as_ref().map(measure).transpose()? };
        let is_denoising = matches!(self.kind, SweepKind::Patch { is_denoising: true, .. });
        let on = other.filter(|_| is_denoising).unwrap_or_else(|| Arc::clone(&self.base));
        let runs = CellRuns::new(values, left);
        Ok(Stage::AtEnd(EndCells { on, runs, batch: OutcomeBatch::new(outcome), result }))
    }

    fn push(&mut self, index: usize, outcome: Option<Measured>) {
        self.parts.push(SweepPart { index, cell: self.cells[index].clone(), outcome });
    }
}

impl Job for SweepJob {
    type Part = SweepPart;
    type Output = SweepResult;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::Preparing(mut preparing) => match preparing.step()? {
                Step::More => Stage::Preparing(preparing),
                Step::Done => self.begin(preparing.finish()?)?,
            },
            Stage::AtEnd(mut cells) if !cells.runs.is_done() => {
                match cells.runs.step(&cells.on)? {
                    Some((index, Some(run))) => {
                        for (index, value) in cells.batch.push(index, run)? {
                            self.push(index, Some(value));
                        }
                    }
                    Some((index, None)) => self.push(index, None),
                    None => {}
                }
                Stage::AtEnd(cells)
            }
            Stage::AtEnd(mut cells) => {
                for (index, value) in cells.batch.rest()? {
                    self.push(index, Some(value));
                }
                Stage::Done(cells.result)
            }
            Stage::Cosine(mut cells) => match cells.step()? {
                Step::More => {
                    cells.drain().into_iter().for_each(|(index, cosine)| self.push(index, cosine));
                    Stage::Cosine(cells)
                }
                Step::Done => {
                    cells.drain().into_iter().for_each(|(index, cosine)| self.push(index, cosine));
                    Stage::Done(SweepResult { base: cells.finish()?, other: None })
                }
            },
            Stage::Done(result) => Stage::Done(result),
            Stage::Failed => return Err(not_done()),
        };
        Ok(if matches!(self.stage, Stage::Done(_)) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_layers = self.base.model().spec().n_layers;
        let blocks = |(done, total)| Progress { unit: Unit::SweepBlocks, done, total };
        match &self.stage {
            Stage::Preparing(preparing) => preparing.progress(),
            Stage::AtEnd(cells) => blocks(cells.runs.progress(n_layers)),
            Stage::Cosine(cells) => cells.progress(),
            Stage::Done(_) | Stage::Failed => blocks((1, 1)),
        }
    }

    fn drain(&mut self) -> Vec<SweepPart> {
        std::mem::take(&mut self.parts)
    }

    fn finish(self) -> Result<SweepResult, EngineError> {
        match self.stage {
            Stage::Done(result) => Ok(result),
            _ => Err(not_done()),
        }
    }
}
