//! The way of a cell's content up through the layers: which heads and MLPs carry it, by shares of the stream that they make up
//! (docs/methods.md, "Path").

use super::stream::dot;

/// What carries content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A head, from the position that it reads to the one that it writes to.
    Head(usize),
    /// The MLP, at one position.
    Mlp,
}

/// One step of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathStep {
    /// The layer.
    pub layer: usize,
    /// What carries.
    pub carrier: Carrier,
    /// The position that is read.
    pub from: usize,
    /// The position that is written to.
    pub to: usize,
    /// How much of the cell's content arrives by it: a share of the stream at `to`.
    pub amount: f32,
}

/// The way of a cell's content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// The steps by which most arrives, the largest first.
    pub steps: Vec<PathStep>,
    /// The content's share of the stream entering each layer and leaving the last, [n_layers + 1, pos]; 0 before the cell's layer.
    pub shares: Vec<f32>,
}

/// The share of each part in a sum: part · sum ÷ ‖sum‖². The shares of all parts sum to 1.
pub fn share(part: &[f32], sum: &[f32]) -> f64 {
    let size = dot(sum, sum);
    if size > 0.0 { dot(part, sum) / size } else { 0.0 }
}

/// Keeps the largest steps in a list that grows.
pub fn keep_largest(steps: &mut Vec<PathStep>, n_kept: usize) {
    if steps.len() > 2 * n_kept {
        steps.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
        steps.truncate(n_kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_all_parts_sum_to_one() {
        let (one, other) = ([1.0f32, -2.0, 0.5], [0.25f32, 1.0, 3.0]);
        let sum: Vec<f32> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        assert!((share(&one, &sum) + share(&other, &sum) - 1.0).abs() < 1e-6);
        assert_eq!(share(&one, &[0.0; 3]), 0.0);
    }

    #[test]
    fn the_largest_steps_stay() {
        let step = |amount| PathStep { layer: 0, carrier: Carrier::Mlp, from: 0, to: 0, amount };
        let mut steps: Vec<PathStep> = [0.1, -0.9, 0.5, 0.2, 0.3].map(step).to_vec();
        keep_largest(&mut steps, 2);
        assert_eq!(steps.iter().map(|step| step.amount).collect::<Vec<_>>(), [-0.9, 0.5]);
    }
}
