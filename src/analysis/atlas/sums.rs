//! Means with intervals from a Poisson bootstrap: each cluster counts 0, 1, 2, … times in each resample, drawn from the seed and the
//! cluster alone, so that texts can come one by one.

use crate::random::SplitMix64;

/// Resamples behind each interval.
const N_RESAMPLES: usize = 1_000;

/// Mean, interval and number of texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// NaN without texts.
    pub mean: f64,
    /// The 2.5th percentile of the resamples; NaN with fewer than two texts.
    pub low: f64,
    /// The 97.5th.
    pub high: f64,
    /// Texts that have the score.
    pub n: usize,
}

/// The sums of every place: a head and a score.
#[derive(Clone, Debug)]
pub struct Sums {
    n_scores: usize,
    seed: u64,
    /// Per place: the sum of the values, and how many there are.
    totals: Vec<(f64, u32)>,
    /// Per place [n_places, N_RESAMPLES]: the weighted sum.
    weighted: Vec<f32>,
    /// Per score [n_scores, N_RESAMPLES]: the sum of the weights of texts in which any head has the score.
    weights: Vec<f32>,
    /// Per place the weights of texts that have the score for some heads and not for this one, which is rare.
    missing: std::collections::BTreeMap<usize, Vec<f32>>,
    /// The weights of the text under way.
    drawn: Vec<f32>,
}

impl Sums {
    /// Places are in the order of heads, and of scores within a head.
    pub fn new(n_places: usize, n_scores: usize, seed: u64) -> Self {
        Self {
            n_scores,
            seed,
            totals: vec![(0.0, 0); n_places],
            weighted: vec![0.0; n_places * N_RESAMPLES],
            weights: vec![0.0; n_scores * N_RESAMPLES],
            missing: Default::default(),
            drawn: vec![0.0; N_RESAMPLES],
        }
    }

    /// Adds the values of a text, NaN where a place has none.
    pub fn add(&mut self, cluster: u64, values: &[f32]) {
        let mut random = SplitMix64::new(SplitMix64::nth(self.seed, cluster));
        self.drawn.iter_mut().for_each(|weight| *weight = poisson(random.unit_f64()));
        let n_scores = self.n_scores;
        let has_score: Vec<bool> = (0..n_scores)
            .map(|score| values.iter().skip(score).step_by(n_scores).any(|value| !value.is_nan()))
            .collect();
        for (weights, _) in self.weights.chunks_exact_mut(N_RESAMPLES).zip(&has_score).filter(|(_, has)| **has) {
            weights.iter_mut().zip(&self.drawn).for_each(|(sum, weight)| *sum += weight);
        }
        let sums = self.weighted.chunks_exact_mut(N_RESAMPLES);
        for (place, ((value, total), sums)) in values.iter().zip(&mut self.totals).zip(sums).enumerate() {
            if !value.is_nan() {
                (total.0, total.1) = (total.0 + f64::from(*value), total.1 + 1);
                sums.iter_mut().zip(&self.drawn).for_each(|(sum, weight)| *sum += value * weight);
            } else if has_score[place % n_scores] {
                let missing = self.missing.entry(place).or_insert_with(|| vec![0.0; N_RESAMPLES]);
                missing.iter_mut().zip(&self.drawn).for_each(|(sum, weight)| *sum += weight);
            }
        }
    }

    /// What is known of every place.
    pub fn summaries(&self) -> Vec<Summary> {
        let sums = self.weighted.chunks_exact(N_RESAMPLES);
        let each = self.totals.iter().zip(sums).enumerate();
        each.map(|(place, (&(total, n), sums))| {
            let mean = if n > 0 { total / f64::from(n) } else { f64::NAN };
            let weights = &self.weights[place % self.n_scores * N_RESAMPLES..][..N_RESAMPLES];
            let missing = self.missing.get(&place);
            let resample = |index: usize| {
                let weight = weights[index] - missing.map_or(0.0, |missing| missing[index]);
                (weight > 0.0).then(|| f64::from(sums[index]) / f64::from(weight))
            };
            let mut means: Vec<f64> = (0..N_RESAMPLES).filter_map(resample).collect();
            let mut bound = |share: f64| match n < 2 || means.is_empty() {
                true => f64::NAN,
                false => {
                    let at = ((share * (means.len() - 1) as f64).round() as usize).min(means.len() - 1);
                    *means.select_nth_unstable_by(at, f64::total_cmp).1
                }
            };
            Summary { mean, low: bound(0.025), high: bound(0.975), n: n as usize }
        })
        .collect()
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        let missing: usize = self.missing.values().map(Vec::len).sum();
        4 * (self.weighted.len() + self.weights.len() + missing) + 16 * self.totals.len()
    }
}

/// A draw from the Poisson distribution of mean 1, by a number drawn evenly from 0 to 1.
fn poisson(unit: f64) -> f32 {
    let (mut term, mut sum, mut count) = ((-1.0_f64).exp(), 0.0, 0.0);
    while count < 20.0 {
        sum += term;
        if unit < sum {
            break;
        }
        count += 1.0;
        term /= count;
    }
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_poissons() {
        let mut random = SplitMix64::new(5);
        let draws: Vec<f32> = (0..20_000).map(|_| poisson(random.unit_f64())).collect();
        let share = |count: f32| draws.iter().filter(|draw| **draw == count).count() as f64 / 20_000.0;
        for (count, expected) in [(0.0, 0.3679), (1.0, 0.3679), (2.0, 0.1839), (3.0, 0.0613)] {
            assert!((share(count) - expected).abs() < 0.012, "{count}: {}", share(count));
        }
        assert_eq!((poisson(0.0), poisson(0.9999999999)), (0.0, 12.0));
    }

    #[test]
    fn intervals_are_about_those_of_theory() {
        let mut sums = Sums::new(2, 2, 3);
        let mut random = SplitMix64::new(9);
        for text in 0..400 {
            sums.add(text, &[random.unit(), if text % 2 == 0 { f32::NAN } else { 1.0 }]);
        }
        let [even, odd] = sums.summaries()[..] else { unreachable!() };
        // The standard error of a mean of 400 numbers from 0 to 1 is 1/√(12 · 400).
        let expected = 1.96 / (12.0_f64 * 400.0).sqrt();
        assert!(even.n == 400 && (even.mean - 0.5).abs() < 0.05);
        assert!(((even.high - even.low) / (2.0 * expected) - 1.0).abs() < 0.15, "{even:?}");
        assert_eq!((odd.n, odd.mean), (200, 1.0));
        assert!((odd.low - 1.0).abs() < 1e-5 && (odd.high - 1.0).abs() < 1e-5, "{odd:?}");
    }

    #[test]
    fn texts_of_one_cluster_count_together() {
        let width = |n_clusters: u64| {
            let mut sums = Sums::new(1, 1, 3);
            (0..200).for_each(|text| sums.add(text % n_clusters, &[(text % n_clusters % 2) as f32]));
            let found = sums.summaries()[0];
            found.high - found.low
        };
        assert!(width(10) > 2.0 * width(200), "{} {}", width(10), width(200));
        let mut heads = Sums::new(2, 1, 3);
        heads.add(0, &[1.0, f32::NAN]);
        heads.add(1, &[3.0, 5.0]);
        let [both, one] = heads.summaries()[..] else { unreachable!() };
        assert_eq!((both.n, both.mean, one.n, one.mean), (2, 2.0, 1, 5.0));
        assert!(one.low.is_nan(), "one text has no interval");
    }
}
