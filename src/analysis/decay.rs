//! Distance decay of one head over several texts: its curve, the part of each neuron, and the curve with some neurons scaled
//! (docs/methods.md, "Distance decay over texts").
//!
//! Every distance is averaged over the same rows: those that have a key at each of them, key 0 left out. Within a row, ln of a weight is
//! the score less one number, so what a factor on neurons of q makes of the pattern follows from the pattern and from q and k.

use super::scores::Line;

/// The greatest distance that is looked at.
const MAX_FAR: usize = 24;
/// So many rows at least have a key at each distance.
const MIN_ROWS: usize = 8;

/// What a head did on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadText {
    /// Positions.
    pub n: usize,
    /// [query_pos, key_pos]
    pub pattern: Vec<f32>,
    /// Queries as they enter the product, [pos, d_head].
    pub queries: Vec<f32>,
    /// Keys as they enter the product, [pos, d_head].
    pub keys: Vec<f32>,
}

/// Averages at the distances 1, 2, …
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The mean weight.
    pub weights: Vec<f64>,
    /// The mean of ln weight.
    pub logs: Vec<f64>,
    /// Rows behind each average.
    pub n_rows: usize,
}

/// The distances that texts of these lengths share; 0 where one is too short.
pub fn n_far(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.map(|n| n.saturating_sub(1 + MIN_ROWS)).min().unwrap_or(0).min(MAX_FAR)
}

/// The curve up to a distance. `factors`: what each neuron of q is multiplied by, beside `scale`, the factor of q·k.
pub fn curve(texts: &[HeadText], n_far: usize, scale: f64, factors: Option<&[f64]>) -> Curve {
    let mut found = Curve { weights: vec![0.0; n_far], logs: vec![0.0; n_far], n_rows: 0 };
    for text in texts {
        for query in n_far + 1..text.n {
            let row = weights(text, query, scale, factors);
            found.n_rows += 1;
            for far in 1..=n_far {
                let weight = row[query - far];
                found.weights[far - 1] += weight;
                found.logs[far - 1] += weight.ln();
            }
        }
    }
    let n_rows = found.n_rows.max(1) as f64;
    found.weights.iter_mut().chain(&mut found.logs).for_each(|sum| *sum /= n_rows);
    found
}

/// A row of the pattern, with neurons of q scaled where factors are given.
fn weights(text: &HeadText, query: usize, scale: f64, factors: Option<&[f64]>) -> Vec<f64> {
    let row = text.pattern[query * text.n..][..text.n].iter().map(|weight| f64::from(*weight));
    let Some(factors) = factors else { return row.collect() };
    let width = factors.len();
    let q = &text.queries[query * width..][..width];
    let changed = |(key, weight): (usize, f64)| {
        let k = &text.keys[key * width..][..width];
        let products = q.iter().zip(k).zip(factors).filter(|(_, factor)| **factor != 1.0);
        let change: f64 = products.map(|((q, k), factor)| (factor - 1.0) * f64::from(*q) * f64::from(*k)).sum();
        (weight, change * scale)
    };
    let changed: Vec<(f64, f64)> = row.enumerate().map(changed).collect();
    // Less the largest change among keys that have weight, so that no power is beyond f64.
    let seen = changed.iter().filter(|(weight, _)| *weight > 0.0).map(|(_, change)| *change);
    let largest = seen.fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = changed
        .iter()
        .map(|(weight, change)| if *weight > 0.0 { weight * (change - largest).exp() } else { 0.0 })
        .collect();
    let total: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / total).collect()
}

/// The slope over distance of each neuron's part of q·k, [d_head]. With the slope of a position bias they sum to the slope of the mean
/// of ln weight.
pub fn slopes(texts: &[HeadText], n_far: usize, scale: f64) -> Vec<f64> {
    let Some(first) = texts.first() else { return Vec::new() };
    let width = first.queries.len() / first.n.max(1);
    let mut parts = vec![0.0; width * n_far];
    let mut n_rows = 0;
    for text in texts {
        for query in n_far + 1..text.n {
            n_rows += 1;
            for far in 1..=n_far {
                let (q, k) = (&text.queries[query * width..], &text.keys[(query - far) * width..]);
                for (neuron, part) in parts[(far - 1) * width..][..width].iter_mut().enumerate() {
                    *part += f64::from(q[neuron]) * f64::from(k[neuron]) * scale;
                }
            }
        }
    }
    let slope = |neuron: usize| {
        let values: Vec<f64> = (0..n_far).map(|far| parts[far * width + neuron] / f64::from(n_rows.max(1))).collect();
        line(&values).slope
    };
    (0..width).map(slope).collect()
}

/// The least-squares line through values at the distances 1, 2, …
pub fn line(values: &[f64]) -> Line {
    let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(far, value)| ((far + 1) as f64, *value)).collect();
    Line::through(&points)
}

/// The distance over which a weight halves, where it falls.
pub fn half_life(slope: f64) -> Option<f64> {
    (slope < 0.0).then(|| std::f64::consts::LN_2 / -slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text whose scores are −d / 4 from neuron 0, and from neuron 1 a number that does not depend on distance.
    fn text(n: usize) -> HeadText {
        // q·k = −(i − j)/4 + noise: neuron 0 reads (i, −1/4) against (1, …) in two parts.
        let queries = (0..n).flat_map(|i| [-0.25, 0.25 * i as f32, 0.5]);
        let keys = (0..n).flat_map(|j| [-(j as f32), -1.0, if j % 2 == 0 { 0.5 } else { -0.5 }]);
        let (queries, keys): (Vec<f32>, Vec<f32>) = (queries.collect(), keys.collect());
        let mut pattern = vec![0.0; n * n];
        for i in 0..n {
            let score = |j: usize| (0..3).map(|at| queries[i * 3 + at] * keys[j * 3 + at]).sum::<f32>();
            let total: f32 = (0..=i).map(|j| score(j).exp()).sum();
            (0..=i).for_each(|j| pattern[i * n + j] = score(j).exp() / total);
        }
        HeadText { n, pattern, queries, keys }
    }

    #[test]
    fn slopes_of_neurons_sum_to_that_of_the_mean_ln_weight() {
        let texts = [text(26), text(31)];
        let far = n_far(texts.iter().map(|text| text.n));
        assert_eq!(far, 17);
        let found = curve(&texts, far, 1.0, None);
        assert_eq!(found.n_rows, 8 + 13);
        let parts = slopes(&texts, far, 1.0);
        let (sum, whole) = (parts.iter().sum::<f64>(), line(&found.logs).slope);
        assert!((sum - whole).abs() < 1e-4, "{parts:?} {whole}");
        assert!(whole < -0.2 && half_life(whole).is_some_and(|tokens| tokens < 3.5));
        assert_eq!(half_life(0.1), None);
    }

    #[test]
    fn scaled_neurons_move_the_curve_as_their_scores_do() {
        let texts = [text(30)];
        let far = n_far(texts.iter().map(|text| text.n));
        let same = curve(&texts, far, 1.0, Some(&[1.0, 1.0, 1.0]));
        let plain = curve(&texts, far, 1.0, None);
        assert!(same.weights.iter().zip(&plain.weights).all(|(one, other)| (one - other).abs() < 1e-6));
        // Without the two neurons that fall with distance, what is left does not.
        let flat = line(&curve(&texts, far, 1.0, Some(&[0.0, 0.0, 1.0])).logs).slope;
        assert!(flat.abs() < 1e-3, "{flat}");
        let twice = line(&curve(&texts, far, 1.0, Some(&[2.0, 2.0, 1.0])).logs).slope;
        assert!((twice - 2.0 * line(&plain.logs).slope).abs() < 1e-2, "{twice}");
        assert_eq!(n_far([9, 40].into_iter()), 0, "a short text shares no distance");
    }
}
