//! Estimates beside exact effects as points: both axes have one scale, so that points on the diagonal are estimated rightly.

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterPoint {
    /// What it stands for.
    pub name: String,
    /// The estimate, across.
    pub estimate: f32,
    /// The exact effect, upwards.
    pub exact: f32,
    /// Whether it was drawn at random rather than chosen by its size.
    pub is_drawn: bool,
}

/// The scale of both axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScatterScale {
    /// The smallest number, at most 0.
    pub low: f32,
    /// The largest number, at least 0.
    pub high: f32,
}

impl ScatterScale {
    /// A scale that has room for all points.
    pub fn of(points: &[ScatterPoint]) -> Self {
        let all = || points.iter().flat_map(|point| [point.estimate, point.exact]);
        let (low, high) = (all().fold(0.0, f32::min), all().fold(0.0, f32::max));
        let gap = ((high - low) * 0.04).max(1e-6);
        Self { low: low - gap, high: high + gap }
    }

    /// Where a number stands on an axis, 0 to 1.
    pub fn share(&self, value: f32) -> f32 {
        (value - self.low) / (self.high - self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_axes_have_room_for_every_number_and_for_zero() {
        let point = |estimate, exact| ScatterPoint { name: String::new(), estimate, exact, is_drawn: false };
        let scale = ScatterScale::of(&[point(1.0, 3.0), point(0.5, 2.0)]);
        assert!(scale.low < 0.0 && scale.high > 3.0, "{scale:?}");
        assert!(scale.share(0.0) > 0.0 && scale.share(3.0) < 1.0 && scale.share(1.0) < scale.share(3.0));
        assert!(ScatterScale::of(&[]).share(0.0).is_finite());
    }
}
