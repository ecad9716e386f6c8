//! Every statistic against scipy and scikit-learn (`tests/fixtures/make_statistics.py`).

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Reference {
    x: Vec<f64>,
    /// [head, row]
    values: Vec<Vec<f64>>,
    clusters: Vec<usize>,
    labels: Vec<bool>,
    n: usize,
    seed: u64,
    ranks: Vec<f64>,
    /// The value and the bounds of its interval, as in the next three.
    mean: [f64; 3],
    area: [f64; 3],
    pearson: [f64; 3],
    spearman: [f64; 3],
    /// Per head the statistic, its p and its corrected p, as in the next one.
    signs: Vec<[f64; 3]>,
    shuffles: Vec<[f64; 3]>,
    /// Found, of how many, and the bounds of the interval.
    wilson: Vec<(usize, usize, f64, f64)>,
    /// Lost, won, and p.
    mcnemar: Vec<(usize, usize, f64)>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../../tests/fixtures/statistics.json")).unwrap()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{what}: {found}, expected {expected}");
    }
}

#[track_caller]
fn same(estimate: Estimate, expected: [f64; 3], what: &str) {
    let (low, high) = estimate.interval.unwrap();
    close(&[estimate.value, low, high], &expected, what);
}

#[test]
fn values_and_intervals_are_those_of_scipy_and_scikit_learn() {
    let reference = reference();
    let (x, y) = (&reference.x, &reference.values[2]);
    let clusters = Clusters::by_key(reference.clusters.iter().copied());
    assert_eq!(clusters.of_rows(), reference.clusters);
    let bootstrap = Bootstrap { n_resamples: reference.n, seed: reference.seed };
    close(&mid_ranks(y, None), &reference.ranks, "ranks");
    same(mean_interval(y, &clusters, bootstrap), reference.mean, "mean");
    same(area_interval(y, &reference.labels, &clusters, bootstrap).unwrap(), reference.area, "area");
    let correlation = |kind| correlation_interval(kind, x, y, &clusters, bootstrap).unwrap();
    same(correlation(Correlation::Pearson), reference.pearson, "pearson");
    same(correlation(Correlation::Spearman), reference.spearman, "spearman");
}

#[test]
fn permutations_are_those_of_the_packages_statistics() {
    let reference = reference();
    let clusters = Clusters::by_key(reference.clusters.iter().copied());
    let single = Clusters::single(reference.x.len());
    let signs = Permutations::of_signs(&reference.values, &clusters, reference.seed);
    let labels = Permutations::of_labels(&reference.values, &reference.labels, &single, reference.seed);
    for (mut permutations, expected) in [(signs, &reference.signs), (labels, &reference.shuffles)] {
        // In two parts, as a job does it.
        permutations.advance(reference.n / 2);
        permutations.advance(reference.n - reference.n / 2);
        assert_eq!(permutations.n_done(), reference.n);
        for (found, expected) in permutations.corrected().iter().zip(expected) {
            close(&[found.statistic, found.p, found.p_corrected], expected, "a permutation test");
        }
    }
}

#[test]
fn shares_are_those_of_scipy() {
    let reference = reference();
    for (found, n, low, high) in reference.wilson {
        let (found_low, found_high) = wilson(found, n).unwrap();
        close(&[found_low, found_high], &[low, high], &format!("{found} of {n}"));
    }
    for (lost, won, p) in reference.mcnemar {
        close(&[mcnemar(lost, won)], &[p], &format!("{lost} lost, {won} won"));
    }
}
