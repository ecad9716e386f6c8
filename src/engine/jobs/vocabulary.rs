//! Reading vectors of the stream as tokens: the logits that each vector alone would give, a piece of the vocabulary at a time, of which
//! the largest and the smallest stay.

use crate::analysis::inside::top::Top;
use crate::analysis::inside::written::Words;
use crate::engine::model::Model;
use crate::engine::weights::Weight;
use crate::kernels::PackedRows;
use crate::kernels::threads::together;

/// Multiplications and additions per step.
const STEP_FLOP: usize = 600_000_000;

/// The vocabulary under way.
#[derive(Debug)]
pub(super) struct Reading {
    rows: PackedRows,
    /// For each row, the largest and the smallest.
    tops: Vec<[Top; 2]>,
    next_id: usize,
}

impl Reading {
    /// Prepares the reading of vectors as the final norm leaves them [n, d_model].
    pub fn new(model: &Model, normed: Vec<f32>, n_top: usize) -> Self {
        let n_rows = normed.len() / model.spec().d_model.max(1);
        let tops = (0..n_rows).map(|_| [Top::new(n_top), Top::new(n_top)]).collect();
        Self { rows: model.unembed_input(normed), tops, next_id: 0 }
    }

    /// How many tokens have been read.
    pub fn n_read(&self) -> usize {
        self.next_id
    }

    /// Multiplies with the next piece of the vocabulary; returns the words of each vector with the last one.
    pub fn step(&mut self, model: &Model) -> Option<Vec<Words>> {
        let weight = model.unembedding();
        let flop_per_id = 2 * self.rows.n_rows() * self.rows.n_in();
        let n_at_once = (together(STEP_FLOP) / flop_per_id.max(1)).max(1).next_multiple_of(Weight::ROW_UNIT);
        let ids = self.next_id..(self.next_id + n_at_once).min(weight.n_out());
        let logits = weight.matmul_outputs(&self.rows, ids.clone());
        for (row, [largest, smallest]) in logits.chunks_exact(ids.len().max(1)).zip(&mut self.tops) {
            largest.add(ids.start as u32, row.iter().copied());
            smallest.add(ids.start as u32, row.iter().map(|logit| -logit));
        }
        self.next_id = ids.end;
        (ids.end == weight.n_out()).then(|| self.tops.iter().map(words).collect())
    }
}

fn words([largest, smallest]: &[Top; 2]) -> Words {
    Words {
        promotes: largest.best().to_vec(),
        suppresses: smallest.best().iter().map(|(id, logit)| (*id, -logit)).collect(),
    }
}
