//! The logit lens of a finished run, a few positions at a time and of those a piece of the vocabulary at a time.
//!
//! ```text
//! positions ─▶ rows: their streams at each asked layer, and their output ─▶ norm ─▶ pieces of the vocabulary ─▶ sums ─▶ cells
//! ```
//! The unembedding is read once for all layers of some positions; logits are reduced as soon as they are made, so that at most a
//! few megabytes of them are ever in memory. A classifier's stream is read through the head of its labels, whose indices then stand in
//! the place of tokens.

use std::sync::Arc;

use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::lens::{LensAsked, LensCell, LensSums, LensTable};
use crate::engine::error::EngineError;
use crate::engine::model::Model;
use crate::engine::run::{LayerRun, Run, Step};
use crate::engine::weights::Weight;
use crate::kernels::PackedRows;
use crate::kernels::threads::together;
use crate::trace::spec::Unembed;

/// Multiplications and additions per step: about 25 ms on one core in a browser, with what it takes to widen the weights.
const STEP_FLOP: usize = 600_000_000;

/// Rows at a time: as many as make widening a piece of the vocabulary cheap beside multiplying with it.
const MAX_ROWS: usize = 128;

/// A lens under way.
#[derive(Debug)]
pub struct LensJob {
    model: Arc<Model>,
    /// What the run keeps of each asked layer; `None` for the output.
    layers: Vec<Option<Arc<LayerRun>>>,
    /// What the unembedding reads at each asked position, [positions.len(), d_model].
    outputs: Vec<f32>,
    asked: LensAsked,
    /// How many positions are begun.
    n_begun: usize,
    batch: Option<Batch>,
    /// [layers.len()] for each position that is done.
    columns: Vec<Vec<LensCell>>,
}

/// Some positions under way.
#[derive(Debug)]
struct Batch {
    /// What the vocabulary is multiplied with; nothing where all logits are in the sums already.
    rows: Option<PackedRows>,
    n_positions: usize,
    sums: LensSums,
    /// The first token that is not done.
    next_id: usize,
}

/// How many tokens the lens tells apart: the vocabulary, or a classifier's labels.
fn n_ids(model: &Model) -> Result<usize, EngineError> {
    if let Some(head) = model.spec().lens_labels() {
        return Ok(head.names.len());
    }
    if model.spec().unembed == Unembed::None && model.spec().labels.is_some() {
        let reason = "the labels of this classifier have no common distribution that a lens could show";
        return Err(EngineError::Request(reason.to_owned()));
    }
    model.expect_unembedding()?;
    Ok(model.unembedding().n_out())
}

impl LensJob {
    /// Prepares the lens of a finished run.
    ///
    /// # Errors
    /// When the run is not done, the model predicts no tokens, or a layer, position or token is not there.
    pub fn new(run: &Run, asked: LensAsked) -> Result<Self, EngineError> {
        let model = Arc::clone(run.model());
        let (d_model, n_layers, n_pos) = (model.spec().d_model, model.spec().n_layers, run.tokens().len());
        let n_ids = n_ids(&model)?;
        let is_outside = |id: &u32| *id as usize >= n_ids;
        if let Some(id) = asked.token.filter(is_outside) {
            let place = match model.spec().lens_labels() {
                Some(_) => format!("label {id} is not one of the {n_ids} labels, which count from 0"),
                None => format!("token {id} is not in the vocabulary of {n_ids}"),
            };
            return Err(EngineError::Request(place));
        }
        let layer = |&layer: &usize| match layer {
            layer if layer == n_layers => Ok(None),
            layer => run.shared_layer(layer).map(Some),
        };
        let layers = asked.layers.iter().map(layer).collect::<Result<_, _>>()?;
        let mut outputs = Vec::with_capacity(asked.positions.len() * d_model);
        for &position in &asked.positions {
            let row = run.final_stream().get(position * d_model..(position + 1) * d_model);
            let missing =
                || EngineError::Request(format!("position {position} is not there: {n_pos} tokens, counted from 0"));
            outputs.extend_from_slice(row.ok_or_else(missing)?);
        }
        Ok(Self { model, layers, outputs, asked, n_begun: 0, batch: None, columns: Vec::new() })
    }

    /// The next positions, as many as fit, or nothing after the last.
    fn begin(&mut self) -> Result<Option<Batch>, EngineError> {
        let n_rows_each = self.layers.len() + 1;
        let n_left = self.asked.positions.len() - self.n_begun;
        let n_positions = (MAX_ROWS / n_rows_each).max(1).min(n_left);
        if n_positions == 0 || self.layers.is_empty() {
            return Ok(None);
        }
        let d_model = self.model.spec().d_model;
        let outputs = &self.outputs[self.n_begun * d_model..(self.n_begun + n_positions) * d_model];
        let positions = &self.asked.positions[self.n_begun..self.n_begun + n_positions];
        let mut rows = Vec::with_capacity(n_positions * n_rows_each * d_model);
        let mut output_of = Vec::with_capacity(n_positions * n_rows_each);
        for (index, (&position, output)) in positions.iter().zip(outputs.chunks_exact(d_model)).enumerate() {
            for layer in &self.layers {
                match layer {
                    None => rows.extend_from_slice(output),
                    Some(layer) => {
                        let stream = &layer.resid_pre[position * d_model..(position + 1) * d_model];
                        rows.extend(self.model.final_normed(stream));
                    }
                }
                output_of.push(index);
            }
        }
        rows.extend_from_slice(outputs);
        if self.model.spec().lens_labels().is_some() {
            return self.begin_labels(&rows, n_positions, output_of).map(Some);
        }
        let rows = self.model.head_input(&rows)?;
        let token = self.asked.token.map(|id| (id, token_logits(&self.model, &rows, id as usize)));
        self.n_begun += n_positions;
        let sums = LensSums::new(output_of, self.asked.n_top, token);
        Ok(Some(Batch { rows: Some(rows), n_positions, sums, next_id: 0 }))
    }

    /// A classifier's labels are few: all of their logits at once.
    fn begin_labels(&mut self, rows: &[f32], n_positions: usize, output_of: Vec<usize>) -> Result<Batch, EngineError> {
        let n_labels = n_ids(&self.model)?;
        let logits = self.model.label_logits(rows)?;
        let logits_of = |label: usize| logits.iter().skip(label).step_by(n_labels).copied().collect::<Vec<f32>>();
        let mut sums =
            LensSums::new(output_of, self.asked.n_top, self.asked.token.map(|id| (id, logits_of(id as usize))));
        sums.add(0, &logits, n_labels);
        self.n_begun += n_positions;
        Ok(Batch { rows: None, n_positions, sums, next_id: n_labels })
    }

    /// Multiplies some positions with the next piece of the vocabulary; returns whether it was the last.
    fn advance(model: &Model, batch: &mut Batch) -> bool {
        let Some(rows) = &batch.rows else { return true };
        let n_ids = model.unembedding().n_out();
        let flop_per_id = 2 * rows.n_rows() * rows.n_in();
        let n_at_once = (together(STEP_FLOP) / flop_per_id.max(1)).next_multiple_of(Weight::ROW_UNIT);
        let ids = batch.next_id..(batch.next_id + n_at_once).min(n_ids);
        let logits = model.logits_of(rows, ids.clone());
        batch.sums.add(ids.start as u32, &logits, ids.len());
        batch.next_id = ids.end;
        ids.end == n_ids
    }

    fn keep(&mut self, batch: Batch) -> Result<(), EngineError> {
        let mut cells = batch.sums.finish().into_iter();
        for _ in 0..batch.n_positions {
            let column: Vec<LensCell> = cells.by_ref().take(self.layers.len()).collect();
            if column.iter().any(|cell| cell.entropy.is_nan() || cell.kl.is_nan()) {
                return Err(EngineError::LogitsNotFinite { position: self.asked.positions[self.columns.len()] });
            }
            self.columns.push(column);
        }
        Ok(())
    }
}

/// The logit of one token in each row but those of the output, by the same product that counts the tokens above it.
fn token_logits(model: &Model, rows: &PackedRows, id: usize) -> Vec<f32> {
    let first = id / Weight::ROW_UNIT * Weight::ROW_UNIT;
    let ids = first..(first + Weight::ROW_UNIT).min(model.unembedding().n_out());
    let logits = model.logits_of(rows, ids.clone());
    logits.chunks_exact(ids.len()).map(|row| row[id - first]).collect()
}

impl Job for LensJob {
    type Part = ();
    type Output = LensTable;

    fn step(&mut self) -> Result<Step, EngineError> {
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None => match self.begin()? {
                Some(batch) => batch,
                None => return Ok(Step::Done),
            },
        };
        match Self::advance(&self.model, &mut batch) {
            true => self.keep(batch)?,
            false => self.batch = Some(batch),
        }
        let is_done = self.batch.is_none() && self.n_begun == self.asked.positions.len();
        Ok(if is_done { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress { unit: Unit::Positions, done: self.columns.len(), total: self.asked.positions.len() }
    }

    fn finish(self) -> Result<LensTable, EngineError> {
        if !self.layers.is_empty() && self.columns.len() < self.asked.positions.len() {
            return Err(not_done());
        }
        let mut columns: Vec<_> = self.columns.into_iter().map(Vec::into_iter).collect();
        let row = |_| columns.iter_mut().filter_map(Iterator::next).collect::<Vec<LensCell>>();
        Ok(LensTable { cells: (0..self.layers.len()).flat_map(row).collect() })
    }
}
