//! How much of an outcome some links hold, over their number: a curve of these, and one of the rest.

/// Both curves, over the logarithm of the number of links.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareCurve {
    /// How many links are kept; F of these and F of the rest.
    pub points: Vec<(usize, [f32; 2])>,
    /// The smallest F, at most 0.
    pub low: f32,
    /// The largest F, at least 1.
    pub high: f32,
}

impl ShareCurve {
    /// The curves through these points.
    pub fn new(points: Vec<(usize, [f32; 2])>) -> Self {
        let all = || points.iter().flat_map(|(_, pair)| pair).copied();
        let (low, high) = (all().fold(0.0, f32::min), all().fold(1.0, f32::max));
        Self { points, low, high }
    }

    /// The largest number of links.
    pub fn last(&self) -> usize {
        self.points.last().map_or(1, |(count, _)| *count)
    }

    /// Where a number of links stands, 0 to 1.
    pub fn across(&self, count: usize) -> f32 {
        let log = |count: usize| (count.max(1) as f32).ln();
        if self.last() > 1 { log(count) / log(self.last()) } else { 0.5 }
    }

    /// Where an F stands, 0 below to 1 above.
    pub fn up(&self, share: f32) -> f32 {
        (share - self.low) / (self.high - self.low)
    }

    /// The values of F that have a line: 0, 1, and the ends that lie apart from these.
    pub fn levels(&self) -> Vec<f32> {
        let ends = [self.low, self.high].into_iter().filter(|end| *end < -0.15 || *end > 1.15);
        [0.0, 1.0].into_iter().chain(ends).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_one_are_on_the_scale_and_numbers_stand_by_their_logarithm() {
        let curve = ShareCurve::new(vec![(1, [0.2, 0.9]), (10, [0.6, 0.5]), (100, [1.4, -0.1])]);
        assert_eq!([1, 10, 100].map(|count| curve.across(count)), [0.0, 0.5, 1.0]);
        assert_eq!((curve.up(-0.1), curve.up(1.4), curve.levels()), (0.0, 1.0, vec![0.0, 1.0, 1.4]));
        let only = ShareCurve::new(vec![(1, [0.5, 0.5])]);
        assert_eq!((only.across(1), only.up(0.5)), (0.5, 0.5));
    }
}
