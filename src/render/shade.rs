//! The scale from weights to levels, the darkness of a drawing: linear or logarithmic, against 1 or against the row's
//! largest weight, from a least weight on.
//!
//! Invariant: a weight that changes no pixel has level 0, so that a legend can state the least weight that is drawn.

use super::MIN_ALPHA;

/// The lower end of the logarithmic scale, as a share of its upper end.
pub const LOG_FLOOR: f32 = 1e-4;

/// The scale from weights to levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shade {
    /// Whether the scale is logarithmic, from [`LOG_FLOOR`] on, rather than linear.
    pub is_log: bool,
    /// Whether the scale ends at the row's largest weight rather than at `end`.
    pub is_per_row: bool,
    /// Least weight that is drawn, as a share of `end`.
    pub min_weight: f32,
    /// Where the scale ends: at 1 for weights.
    pub end: f32,
}

impl Default for Shade {
    fn default() -> Self {
        Self { is_log: false, is_per_row: false, min_weight: 0.0, end: 1.0 }
    }
}

impl Shade {
    /// Level of a weight, from 0 (not drawn) to 1. `row_max` is the largest weight of the row, where levels are per
    /// row.
    pub fn level(&self, weight: f32, row_max: f32) -> f32 {
        if weight < self.min_weight * self.end || weight <= 0.0 {
            return 0.0;
        }
        let end = if self.is_per_row { row_max } else { self.end };
        let share = weight / end.max(f32::MIN_POSITIVE);
        let level = if self.is_log { 1.0 - share.ln() / LOG_FLOOR.ln() } else { share };
        if level < MIN_ALPHA { 0.0 } else { level.min(1.0) }
    }

    /// The share of the scale's upper end that has a level: the inverse of [`Shade::level`].
    pub fn share_at(&self, level: f32) -> f32 {
        if self.is_log { LOG_FLOOR.powf(1.0 - level) } else { level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: Shade = Shade { is_log: false, is_per_row: false, min_weight: 0.0, end: 1.0 };

    #[test]
    fn levels() {
        let log = Shade { is_log: true, ..LINEAR };
        let per_row = Shade { is_per_row: true, ..LINEAR };
        let from = Shade { min_weight: 0.1, ..LINEAR };
        let table = [
            (LINEAR, 0.25, 0.5, 0.25),
            (LINEAR, 1.2, 1.0, 1.0),
            (LINEAR, 0.003, 1.0, 0.0),
            (LINEAR, 0.0, 1.0, 0.0),
            (log, 1.0, 1.0, 1.0),
            (log, 0.01, 1.0, 0.5),
            (log, 0.0001, 1.0, 0.0),
            (per_row, 0.25, 0.5, 0.5),
            (per_row, 0.0, 0.0, 0.0),
            (Shade { is_log: true, ..per_row }, 0.005, 0.5, 0.5),
            (from, 0.0999, 1.0, 0.0),
            (from, 0.1, 1.0, 0.1),
            (Shade { end: 20.0, ..LINEAR }, 5.0, 1.0, 0.25),
            (Shade { end: 20.0, ..from }, 1.9, 1.0, 0.0),
            (Shade { end: 20.0, ..per_row }, 2.0, 4.0, 0.5),
        ];
        for (shade, weight, row_max, expected) in table {
            let level = shade.level(weight, row_max);
            assert!((level - expected).abs() < 1e-6, "{shade:?} of {weight} in {row_max}: {level}");
        }
    }

    #[test]
    fn a_legend_finds_its_way_back() {
        for shade in [LINEAR, Shade { is_log: true, ..LINEAR }] {
            for level in [0.25, 0.5, 1.0] {
                assert!((shade.level(shade.share_at(level), 1.0) - level).abs() < 1e-6, "{shade:?} at {level}");
            }
        }
    }
}
