//! One row of a set through the model: a number for each head.

use std::sync::Arc;

use super::Feature;
use crate::analysis::AttentionSource;
use crate::analysis::inside::direct::Contrast;
use crate::analysis::scores::{AllHeads, LeaveOut, Score, between};
use crate::edit::{EditKind, SetValue};
use crate::engine::backward::{Asked, Backward, Differentiated, HookGradient};
use crate::engine::edits::PatchValues;
use crate::engine::error::EngineError;
use crate::engine::jobs::Progress;
use crate::engine::jobs::sweep::{CellRuns, SweepCell};
use crate::engine::rows::{AlignedRow, RowOutcome};
use crate::engine::run::{Run, Step};
use crate::trace::{BlockSite, Hook};

/// How many runs are measured together.
const BATCH: usize = 8;

/// A row under way.
pub(super) struct RowRun {
    stage: Stage,
}

#[allow(clippy::large_enum_variant, reason = "a row holds one stage at a time, so boxing would save nothing")]
enum Stage {
    Scoring(Run, AllHeads),
    Weighing { run: Run, layer: usize, values: Vec<f32> },
    Ablating(Box<Ablating>),
    Estimating(Box<Estimating>),
    Done(Vec<f32>),
    Failed,
}

/// The runs of a row with each head ablated in turn.
struct Ablating {
    base: Run,
    cells: CellRuns,
    outcome: RowOutcome,
    base_value: f32,
    /// Last streams that wait to be measured, by cell.
    waiting: Vec<(usize, Vec<f32>)>,
    /// Outcome minus the base's, by cell.
    values: Vec<f32>,
}

/// A reverse pass, and what is made of it.
struct Estimating {
    backward: Backward,
    n_heads: usize,
    d_head: usize,
    /// The means of z over the set, [n_layers, n_heads, d_head].
    means: Vec<f32>,
    /// [n_layers, n_heads]
    values: Vec<f32>,
}

impl RowRun {
    /// Begins with the row's finished run. `ablations` are the edits of an effect, one for each head.
    pub fn new(run: Run, row: &AlignedRow, feature: &Feature, ablations: &[SweepCell]) -> Result<Self, EngineError> {
        Ok(Self { stage: begin(run, row, feature, ablations)? })
    }

    /// How far it is, as if it were the blocks of one run.
    pub fn progress(&self, n_layers: usize) -> Progress {
        match &self.stage {
            Stage::Ablating(ablating) => {
                let (done, total) = ablating.cells.progress(n_layers);
                Progress::blocks((done * n_layers / total.max(1), n_layers))
            }
            Stage::Estimating(estimating) => Progress::blocks(estimating.backward.progress()),
            _ => Progress::blocks((n_layers, n_layers)),
        }
    }

    /// Does the next piece of work.
    pub fn step(&mut self, row: &AlignedRow, feature: &Feature) -> Result<Step, EngineError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Scoring(run, mut heads) => {
                let refused = |error: crate::analysis::SourceError| EngineError::Request(error.to_string());
                match heads.step(&run).map_err(refused)? {
                    true => Stage::Scoring(run, heads),
                    false => Stage::Done(scores(&heads.finish(), feature)),
                }
            }
            Stage::Weighing { run, layer, mut values } => match layer < run.model().spec().n_layers {
                true => {
                    weigh(&run, layer, row, feature, &mut values)?;
                    Stage::Weighing { run, layer: layer + 1, values }
                }
                false => Stage::Done(values),
            },
            Stage::Ablating(mut ablating) => match ablating.step()? {
                Step::More => Stage::Ablating(ablating),
                Step::Done => Stage::Done(ablating.values),
            },
            Stage::Estimating(mut estimating) => match estimating.step()? {
                Step::More => Stage::Estimating(estimating),
                Step::Done => Stage::Done(estimating.values),
            },
            done => done,
        };
        Ok(if matches!(self.stage, Stage::Done(_)) { Step::Done } else { Step::More })
    }

    /// The number of each head, [n_layers, n_heads]; NaN where the row has nothing to measure.
    pub fn finish(self) -> Option<Vec<f32>> {
        match self.stage {
            Stage::Done(values) => Some(values),
            _ => None,
        }
    }
}

fn begin(run: Run, row: &AlignedRow, feature: &Feature, ablations: &[SweepCell]) -> Result<Stage, EngineError> {
    Ok(match (feature, &row.outcome) {
        (Feature::Score(..), _) => Stage::Scoring(run, AllHeads::new(None)),
        (Feature::Weight { .. }, _) => Stage::Weighing { run, layer: 0, values: Vec::new() },
        (Feature::Effect, Some(outcome)) => {
            let base_value = outcome.values(run.model(), &[run.final_stream()])?.first().copied().unwrap_or(f32::NAN);
            let cells = ablations.iter().enumerate().map(|(index, cell)| (index, cell.edit.clone())).collect();
            Stage::Ablating(Box::new(Ablating {
                cells: CellRuns::new(PatchValues::default(), cells),
                outcome: outcome.clone(),
                base: run,
                base_value,
                waiting: Vec::new(),
                values: vec![f32::NAN; ablations.len()],
            }))
        }
        (Feature::Estimate, Some(outcome)) => Stage::Estimating(Box::new(Estimating::new(run, outcome, ablations)?)),
        (Feature::Effect | Feature::Estimate, None) => {
            return Err(EngineError::Request("the row has no answer".to_owned()));
        }
    })
}

impl Estimating {
    fn new(run: Run, outcome: &RowOutcome, ablations: &[SweepCell]) -> Result<Self, EngineError> {
        let RowOutcome { answers, others, position } = outcome.clone();
        let differentiated = match (others.is_empty(), answers.as_slice()) {
            (false, _) => Differentiated::Logits { contrast: Contrast { answers, others }, position },
            (true, [answer]) => Differentiated::LogProb(vec![(position, *answer)]),
            (true, _) => {
                let message = "an estimate needs one answer, or other answers to subtract";
                return Err(EngineError::Request(message.to_owned()));
            }
        };
        let mean = |cell: &SweepCell| match &cell.edit.kind {
            EditKind::Set { value: SetValue::Each(mean), .. } => mean.clone(),
            _ => Vec::new(),
        };
        let means = ablations.iter().flat_map(mean).collect();
        let spec = run.model().spec();
        let (n_heads, d_head) = (spec.n_heads, spec.d_head);
        let z = (0..spec.n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
        let backward = Backward::new(Arc::new(run), differentiated, Asked::of(z).with_values())?;
        Ok(Self { backward, n_heads, d_head, means, values: vec![f32::NAN; ablations.len()] })
    }

    fn step(&mut self) -> Result<Step, EngineError> {
        let step = self.backward.step()?;
        for HookGradient { hook, gradient, value } in self.backward.drain() {
            let (Hook::Block(layer, _), Some(z)) = (hook.hook, value) else { continue };
            let (n_heads, d_head) = (self.n_heads, self.d_head);
            let width = n_heads * d_head;
            let mut sums = vec![0.0; n_heads];
            for (index, (gradient, z)) in gradient.iter().zip(&z).enumerate() {
                let at = index % width;
                sums[at / d_head] += f64::from(*gradient) * f64::from(self.means[layer * width + at] - z);
            }
            self.values[layer * n_heads..][..n_heads].iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
        }
        Ok(step)
    }
}

impl Ablating {
    fn step(&mut self) -> Result<Step, EngineError> {
        if self.cells.is_done() {
            self.measure()?;
            return Ok(Step::Done);
        }
        if let Some((index, Some(run))) = self.cells.step(&self.base)? {
            self.waiting.push((index, run.final_stream().to_vec()));
            if self.waiting.len() >= BATCH {
                self.measure()?;
            }
        }
        Ok(Step::More)
    }

    fn measure(&mut self) -> Result<(), EngineError> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let streams: Vec<&[f32]> = waiting.iter().map(|(_, stream)| stream.as_slice()).collect();
        let outcomes = self.outcome.values(self.base.model(), &streams)?;
        for ((index, _), outcome) in waiting.iter().zip(outcomes) {
            self.values[*index] = outcome - self.base_value;
        }
        Ok(())
    }
}

/// One score of every head, out of all of them.
fn scores(table: &[f32], feature: &Feature) -> Vec<f32> {
    let Feature::Score(score, leave_out) = feature else { return Vec::new() };
    // [2, n_layers, n_heads, n_scores]: with all positions, then without special tokens and the first position.
    let half = table.len() / 2;
    let table = if *leave_out == LeaveOut::default() { &table[..half] } else { &table[half..] };
    table.chunks_exact(Score::ALL.len()).map(|scores| scores[score.index()]).collect()
}

/// The weights between marked words of every head of a layer.
fn weigh(
    run: &Run,
    layer: usize,
    row: &AlignedRow,
    feature: &Feature,
    values: &mut Vec<f32>,
) -> Result<(), EngineError> {
    let Feature::Weight { from, to, minus } = feature else { return Ok(()) };
    let positions = |name: &String| row.marks.get(name).map_or(&[][..], Vec::as_slice);
    let queries = positions(from);
    let (Some(&first), Some(&last)) = (queries.first(), queries.last()) else { return Ok(()) };
    let sizes = run.sizes();
    let attention = run.attention(layer)?;
    let queries: Vec<usize> = queries.iter().map(|query| query - first).collect();
    for head in 0..sizes.n_heads {
        let pattern = attention.pattern_rows(head, first..last + 1)?;
        let weight = |name: &String| between(&pattern, sizes.n_key, &queries, positions(name)).unwrap_or(f64::NAN);
        values.push((weight(to) - minus.as_ref().map_or(0.0, weight)) as f32);
    }
    Ok(())
}
