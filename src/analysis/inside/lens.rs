//! The logit lens (nostalgebraist 2020): what the model would predict if the stream ended at a layer (docs/methods.md, "Logit
//! lens").
//!
//! Logits come a piece of the vocabulary at a time and are reduced at once: [`LensSums`] never sees a whole row.

use super::top::Top;
use crate::kernels::logits::{LogitSums, weighted_sum};

/// What is asked of the lens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LensAsked {
    /// Layers whose entering stream is read; the number of layers stands for the output.
    pub layers: Vec<usize>,
    /// The positions.
    pub positions: Vec<usize>,
    /// How many of the most likely tokens.
    pub n_top: usize,
    /// A token whose probability, rank and logit are wanted everywhere.
    pub token: Option<u32>,
}

/// The lens at each asked layer and position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LensTable {
    /// [layers.len() · positions.len()], layer by layer.
    pub cells: Vec<LensCell>,
}

/// The lens at one layer and position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LensCell {
    /// The most likely tokens with their probabilities, most likely first.
    pub top: Vec<(u32, f32)>,
    /// Entropy of the distribution, in nats.
    pub entropy: f32,
    /// KL(output ‖ lens), in nats: what the lens lacks of the model's own prediction at this position.
    pub kl: f32,
    /// The asked token.
    pub token: Option<LensToken>,
}

/// One token in one distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LensToken {
    /// Its probability.
    pub prob: f32,
    /// How many tokens have a larger logit: 0 for the most likely one.
    pub rank: u32,
    /// Its logit.
    pub logit: f32,
}

/// One row under way.
#[derive(Clone, Debug)]
struct Row {
    /// Index of the output row at the same position.
    output: usize,
    sums: LogitSums,
    top: Top,
    /// Σ e^(z − m) of the output times this row's logits.
    under_output: f64,
    n_above: u32,
}

/// The lens of some rows, and the output rows at their positions, as their logits come.
#[derive(Clone, Debug)]
pub struct LensSums {
    rows: Vec<Row>,
    outputs: Vec<LogitSums>,
    /// The asked token with its logit in each row.
    token: Option<(u32, Vec<f32>)>,
}

impl LensSums {
    /// Prepares the lens of one row for each of `output_of`, which names its output row.
    pub fn new(output_of: Vec<usize>, n_top: usize, token: Option<(u32, Vec<f32>)>) -> Self {
        let n_outputs = output_of.iter().max().map_or(0, |last| last + 1);
        let row =
            |output| Row { output, sums: LogitSums::default(), top: Top::new(n_top), under_output: 0.0, n_above: 0 };
        let rows = output_of.into_iter().map(row).collect();
        Self { rows, outputs: vec![LogitSums::default(); n_outputs], token }
    }

    /// Adds the logits of tokens from `first_id` on, [rows + output rows, width].
    pub fn add(&mut self, first_id: u32, logits: &[f32], width: usize) {
        let (own, of_outputs) = logits.split_at(self.rows.len() * width);
        let mut weights = vec![(Vec::new(), 1.0); self.outputs.len()];
        for ((sums, logits), (weights, factor)) in
            self.outputs.iter_mut().zip(of_outputs.chunks_exact(width)).zip(&mut weights)
        {
            *factor = sums.add(logits);
            sums.weights(logits, weights);
        }
        for (index, (row, logits)) in self.rows.iter_mut().zip(own.chunks_exact(width)).enumerate() {
            row.sums.add(logits);
            row.top.add(first_id, logits.iter().copied());
            let (weights, factor) = &weights[row.output];
            row.under_output = row.under_output * factor + weighted_sum(weights, logits);
            if let Some((id, own)) = &self.token {
                let own = own[index];
                let is_above = |(other, logit): (u32, &f32)| *logit > own && other != *id;
                row.n_above += (first_id..).zip(logits).filter(|pair| is_above(*pair)).count() as u32;
            }
        }
    }

    /// The cells, row by row; NaN where a row's logits are not numbers.
    pub fn finish(self) -> Vec<LensCell> {
        let token = self.token;
        let cell = |(index, row): (usize, Row)| {
            let (log_total, output) = (row.sums.log_total(), &self.outputs[row.output]);
            let prob = |logit: f32| (f64::from(logit) - log_total).exp() as f32;
            let kl = log_total - row.under_output / output.total() - output.entropy();
            LensCell {
                top: row.top.best().iter().map(|&(id, logit)| (id, prob(logit))).collect(),
                entropy: row.sums.entropy() as f32,
                // Rounding may leave a little less than nothing.
                kl: if kl < 0.0 { 0.0 } else { kl as f32 },
                token: token.as_ref().map(|(_, logits)| LensToken {
                    prob: prob(logits[index]),
                    rank: row.n_above,
                    logit: logits[index],
                }),
            }
        };
        self.rows.into_iter().enumerate().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows and the output at their position, worked out in f64.
    #[test]
    fn pieces_of_a_vocabulary_give_what_whole_rows_give() {
        let n = 37;
        let logit = |row: usize, id: usize| ((id * (7 + row) + 3 * row) % 11) as f32 / 2.0 - 2.0;
        let rows: Vec<Vec<f32>> = (0..3).map(|row| (0..n).map(|id| logit(row, id)).collect()).collect();
        let probs: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| {
                let total: f64 = row.iter().map(|z| f64::from(*z).exp()).sum();
                row.iter().map(|z| f64::from(*z).exp() / total).collect()
            })
            .collect();
        let token = 5;
        let mut sums = LensSums::new(vec![0, 0], 4, Some((token, vec![rows[0][5], rows[1][5]])));
        for first in (0..n).step_by(8) {
            let ids = first..(first + 8).min(n);
            let piece: Vec<f32> = rows.iter().flat_map(|row| row[ids.clone()].to_vec()).collect();
            sums.add(first as u32, &piece, ids.len());
        }
        for (row, cell) in sums.finish().into_iter().enumerate() {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_unstable_by(|a, b| rows[row][*b].total_cmp(&rows[row][*a]).then(a.cmp(b)));
            let ids: Vec<usize> = cell.top.iter().map(|(id, _)| *id as usize).collect();
            assert_eq!(ids, order[..4]);
            assert!(cell.top.iter().all(|(id, prob)| (f64::from(*prob) - probs[row][*id as usize]).abs() < 1e-6));
            let entropy: f64 = probs[row].iter().map(|p| -p * p.ln()).sum();
            let kl: f64 = probs[2].iter().zip(&probs[row]).map(|(p, q)| p * (p / q).ln()).sum();
            assert!((f64::from(cell.entropy) - entropy).abs() < 1e-5, "{} {entropy}", cell.entropy);
            assert!((f64::from(cell.kl) - kl).abs() < 1e-5, "{} {kl}", cell.kl);
            let found = cell.token.unwrap();
            assert_eq!(found.rank as usize, rows[row].iter().filter(|z| **z > rows[row][5]).count());
            assert!((f64::from(found.prob) - probs[row][5]).abs() < 1e-6 && found.logit == rows[row][5]);
        }
    }

    #[test]
    fn the_output_has_no_distance_from_itself() {
        let logits = [0.5f32, -1.0, 2.0, f32::NEG_INFINITY];
        let mut sums = LensSums::new(vec![0], 9, None);
        sums.add(0, &[logits, logits].concat(), 4);
        let cell = sums.finish().remove(0);
        assert!(cell.kl < 1e-6 && cell.token.is_none(), "{cell:?}");
        assert_eq!(cell.top.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 0, 1, 3], "no more than there are");
    }
}
