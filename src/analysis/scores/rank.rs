//! In which order heads stand that are ranked by a number.

use super::Score;

/// What puts one head before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankBy {
    /// The larger value.
    Value,
    /// The value farther from 0: of numbers whose sign says only in which direction.
    Size,
    /// The steeper fall: the lower slope.
    Fall,
}

impl RankBy {
    /// The number by which heads are sorted, the largest first.
    pub fn key(self, value: f32) -> f32 {
        match self {
            RankBy::Value => value,
            RankBy::Size => value.abs(),
            RankBy::Fall => -value,
        }
    }
}

impl Score {
    /// What ranks heads by this score, or by its change between two runs.
    pub fn rank_by(self, is_change: bool) -> RankBy {
        match self {
            _ if is_change => RankBy::Size,
            Score::Decay => RankBy::Fall,
            _ => RankBy::Value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steepest_decay_and_the_largest_change_come_first() {
        let first = |by: RankBy, values: [f32; 3]| {
            let mut values = values.to_vec();
            values.sort_by(|one, other| by.key(*other).total_cmp(&by.key(*one)));
            values[0]
        };
        assert_eq!(first(Score::Decay.rank_by(false), [0.115, -0.739, -0.2]), -0.739);
        assert_eq!(first(Score::Previous.rank_by(false), [0.1, 0.9, 0.3]), 0.9);
        assert_eq!(first(Score::Previous.rank_by(true), [0.1, -0.9, 0.3]), -0.9);
        assert_eq!(first(Score::Decay.rank_by(true), [0.1, 0.9, -0.3]), 0.9);
    }
}
