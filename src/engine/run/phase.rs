//! The phases of a block: their order, and how many rows of each make a step.

use crate::kernels::ROWS;
use crate::trace::Spec;

/// The phases of a block in their order; what each does is in `block`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Phase {
    /// Queries, keys and values.
    Project,
    /// z from queries, keys and values.
    Attend,
    /// Keys and values of the encoder's positions.
    ProjectSource,
    /// The stream after attention, and the queries of cross-attention.
    ProjectCross,
    /// z of cross-attention.
    AttendCross,
    /// The stream leaving the block.
    Finish,
}

impl Phase {
    /// The phase that follows. The encoder's keys and values are made in the first pass over an input and kept for later ones.
    pub fn next(self, has_cross: bool, is_first_pass: bool) -> Phase {
        match self {
            Phase::Project => Phase::Attend,
            Phase::Attend if has_cross && is_first_pass => Phase::ProjectSource,
            Phase::Attend if has_cross => Phase::ProjectCross,
            Phase::ProjectSource => Phase::ProjectCross,
            Phase::ProjectCross => Phase::AttendCross,
            Phase::Attend | Phase::AttendCross | Phase::Finish => Phase::Finish,
        }
    }

    /// About how many operations one row costs.
    pub fn flop_per_row(self, spec: &Spec, n_pos: usize, n_source: usize) -> usize {
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let multiplications = match self {
            Phase::Project => spec.d_model * (queries + 2 * keys),
            // With positions there are two more products. Twice the products: softmax costs about as much as a product of 64 neurons.
            Phase::Attend if spec.disentangled.is_some() => 8 * n_pos * queries,
            Phase::Attend => 4 * n_pos * queries,
            Phase::AttendCross => 4 * n_source * queries,
            Phase::ProjectSource => spec.d_model * 2 * keys,
            Phase::ProjectCross => spec.d_model * 2 * queries,
            Phase::Finish => spec.d_model * (queries + 3 * spec.mlp_width()),
        };
        2 * multiplications.max(1)
    }
}

/// How many of `n_rows` rows make a step of at most about `wanted` rows: steps of about equal length and whole panels, so that
/// weights are read as seldom as possible and no step ends with a few rows of its own.
pub(in crate::engine) fn rows_at_once(n_rows: usize, wanted: usize) -> usize {
    let n_parts = n_rows.div_ceil(wanted.max(1)).max(1);
    n_rows.div_ceil(n_parts).next_multiple_of(ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_reads_its_encoder_between_attention_and_mlp() {
        let order = |has_cross, is_first_pass| {
            let mut phases = vec![Phase::Project];
            while phases.last() != Some(&Phase::Finish) {
                phases.push(phases.last().unwrap().next(has_cross, is_first_pass));
            }
            phases
        };
        use Phase::*;
        assert_eq!(order(false, true), [Project, Attend, Finish]);
        assert_eq!(order(true, true), [Project, Attend, ProjectSource, ProjectCross, AttendCross, Finish]);
        assert_eq!(order(true, false), [Project, Attend, ProjectCross, AttendCross, Finish]);
    }

    #[test]
    fn steps_are_about_equally_long_and_whole_panels() {
        assert_eq!(rows_at_once(1, 0), ROWS);
        assert_eq!(rows_at_once(5 * ROWS, 4 * ROWS), 3 * ROWS);
        assert_eq!(rows_at_once(8 * ROWS, 100 * ROWS), 8 * ROWS);
    }
}
