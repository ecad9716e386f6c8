//! Statistics of a search: of the numbers of each head over rows, or over the differences of minimal pairs.

use std::collections::BTreeMap;

use super::{FindMeasure, FindOptions};
use crate::analysis::statistics::{
    Bootstrap, Clusters, Corrected, Estimate, HeadFound, Permutations, area_interval, mean, mean_interval,
};
use crate::engine::error::EngineError;
use crate::engine::rows::{AlignedRow, clusters};
use crate::engine::run::Step;
use crate::sets::{Row, Version};

/// Permutations of a step, at most.
const PERMUTATIONS_AT_ONCE: usize = 20;

/// The answer of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// [n_layers, n_heads]
    pub heads: Vec<HeadFound>,
    /// Heads of a layer.
    pub n_heads: usize,
    /// How many rows, or pairs of rows, were measured.
    pub n_units: usize,
    /// Clusters, for each of the ways in which rows share something.
    pub n_clusters: Vec<usize>,
    /// The smallest p value that so few clusters allow.
    pub least_p: f64,
    /// Areas that need no model: word overlap, and difference of length. For areas over pairs alone.
    pub baselines: Vec<(&'static str, Estimate)>,
}

/// Rows, or pairs of rows, and their numbers.
pub(super) struct Units {
    /// The aligned row whose clusters and label are the unit's.
    rows: Vec<usize>,
    /// [unit][n_layers, n_heads]
    values: Vec<Vec<f64>>,
    is_paired: bool,
}

/// The units among rows that are done: version a minus version b where rows have versions, else the rows themselves.
pub(super) fn units(set: &[Row], rows: &[AlignedRow], values: &BTreeMap<usize, Vec<f32>>) -> Units {
    let wide =
        |row: &AlignedRow| values.get(&row.index).map(|values| values.iter().map(|value| f64::from(*value)).collect());
    let is_paired = rows.iter().any(|row| set[row.index].version.is_some());
    let mut units = Units { rows: Vec::new(), values: Vec::new(), is_paired };
    if !is_paired {
        for (place, row) in rows.iter().enumerate() {
            if let Some(values) = wide(row) {
                units.rows.push(place);
                units.values.push(values);
            }
        }
        return units;
    }
    let version = |version: Version| {
        let of_version = rows.iter().enumerate().filter(move |(_, row)| set[row.index].version == Some(version));
        of_version.map(|(place, row)| (set[row.index].pair_id.as_deref().unwrap_or_default(), (place, row)))
    };
    let second: BTreeMap<&str, (usize, &AlignedRow)> = version(Version::B).collect();
    for (pair, (place, row)) in version(Version::A) {
        let Some((_, other)) = second.get(pair) else { continue };
        let both: Option<(Vec<f64>, Vec<f64>)> = wide(row).zip(wide(other));
        if let Some((first, second)) = both {
            units.rows.push(place);
            units.values.push(first.iter().zip(second).map(|(first, second)| first - second).collect());
        }
    }
    units
}

/// The mean of each head.
pub(super) fn means(units: &Units) -> Vec<f64> {
    let n_heads = units.values.first().map_or(0, Vec::len);
    let of_head = |head: usize| units.values.iter().map(|values| values[head]).collect::<Vec<f64>>();
    (0..n_heads).map(|head| mean(&of_head(head)).unwrap_or(f64::NAN)).collect()
}

/// Statistics under way.
pub(super) struct Summary {
    /// Heads of a layer.
    n_heads: usize,
    /// [head][unit]
    values: Vec<Vec<f64>>,
    /// Whether each unit has the positive label; for areas alone.
    is_positive: Option<Vec<bool>>,
    clusters: Vec<Clusters>,
    bootstrap: Bootstrap,
    n_permutations: usize,
    estimates: Vec<Estimate>,
    /// One test for each way in which rows share something; none where there is nothing to test.
    tests: Vec<Permutations>,
    baselines: Vec<(&'static str, Estimate)>,
}

impl Summary {
    pub fn new(
        set: &[Row],
        rows: &[AlignedRow],
        values: &BTreeMap<usize, Vec<f32>>,
        measure: &FindMeasure,
        options: &FindOptions,
        n_heads: usize,
    ) -> Result<Self, EngineError> {
        let units = units(set, rows, values);
        let n_all = units.values.first().map_or(0, Vec::len);
        let by_head: Vec<Vec<f64>> =
            (0..n_all).map(|head| units.values.iter().map(|values| values[head]).collect()).collect();
        let of_set: Vec<&Row> = units.rows.iter().map(|place| &set[rows[*place].index]).collect();
        let clusters = clusters(&of_set);
        let bootstrap = Bootstrap { n_resamples: options.n_resamples, seed: options.seed };
        let is_positive = match measure {
            FindMeasure::Mean(_) => None,
            FindMeasure::Area(_) => {
                let labels: Vec<bool> = units.rows.iter().map(|place| rows[*place].is_positive == Some(true)).collect();
                if labels.iter().all(|label| *label == labels[0]) {
                    let message = "the rows that fit have one label alone: an area under the curve needs two";
                    return Err(EngineError::Request(message.to_owned()));
                }
                Some(labels)
            }
        };
        let has_test = is_positive.is_some() || units.is_paired || measure.feature().is_ablation();
        let test = |clusters: &Clusters| match &is_positive {
            Some(labels) => Permutations::of_labels(&by_head, labels, clusters, options.seed),
            None => Permutations::of_signs(&by_head, clusters, options.seed),
        };
        let tests = clusters.iter().filter(|_| has_test).map(test).collect();
        let baselines = match (&is_positive, units.is_paired) {
            (Some(labels), false) => baselines(&of_set, labels, &clusters[0], bootstrap),
            _ => Vec::new(),
        };
        let n_permutations = options.n_permutations;
        let (values, estimates) = (by_head, Vec::new());
        Ok(Self { n_heads, values, is_positive, clusters, bootstrap, n_permutations, estimates, tests, baselines })
    }

    /// The interval of the next head, or the next permutations.
    pub fn step(&mut self) -> Step {
        if let Some(values) = self.values.get(self.estimates.len()) {
            let missing = Estimate { n: 0, value: f64::NAN, interval: None };
            let estimates = self.clusters.iter().map(|clusters| match &self.is_positive {
                None => mean_interval(values, clusters, self.bootstrap),
                Some(labels) => area_interval(values, labels, clusters, self.bootstrap).unwrap_or(missing),
            });
            self.estimates.push(estimates.reduce(Estimate::or_wider).unwrap_or(missing));
            return Step::More;
        }
        for test in &mut self.tests {
            let n_left = self.n_permutations - test.n_done().min(self.n_permutations);
            if n_left > 0 {
                test.advance(n_left.min(PERMUTATIONS_AT_ONCE));
                return Step::More;
            }
        }
        Step::Done
    }

    pub fn finish(self) -> Found {
        let corrected: Vec<Vec<Corrected>> = self.tests.iter().map(Permutations::corrected).collect();
        // Of several ways in which rows share something, the one that says least counts.
        let p = |head: usize| {
            let each = corrected.iter().map(|heads| heads[head]);
            each.reduce(|one, other| if other.p_corrected > one.p_corrected { other } else { one })
        };
        let heads = self.estimates.iter().enumerate();
        Found {
            heads: heads.map(|(head, estimate)| HeadFound { estimate: *estimate, p: p(head) }).collect(),
            n_heads: self.n_heads,
            n_units: self.values.first().map_or(0, Vec::len),
            n_clusters: self.clusters.iter().map(Clusters::len).collect(),
            least_p: self.tests.iter().map(Permutations::least_p).fold(0.0, f64::max),
            baselines: self.baselines,
        }
    }
}

/// How well labels are told apart by the share of words that two texts have in common, and by how much their lengths differ.
fn baselines(
    rows: &[&Row],
    labels: &[bool],
    clusters: &Clusters,
    bootstrap: Bootstrap,
) -> Vec<(&'static str, Estimate)> {
    // Words end before their full stops.
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|letter: char| !letter.is_alphanumeric());
        parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    let overlap = |row: &&Row| {
        let Some(pair) = &row.text_pair else { return f64::NAN };
        let (first, second) = (words(&row.text), words(pair));
        let n_shared = first.iter().filter(|word| second.contains(word)).count();
        n_shared as f64 / (first.len().max(second.len()).max(1)) as f64
    };
    // The closer two lengths are, the more alike the texts.
    let length = |row: &&Row| match &row.text_pair {
        Some(pair) => -(words(&row.text).len() as f64 - words(pair).len() as f64).abs(),
        None => f64::NAN,
    };
    let named = [
        ("word overlap", rows.iter().map(overlap).collect::<Vec<f64>>()),
        ("equal length", rows.iter().map(length).collect()),
    ];
    let with_area = |(name, values): (&'static str, Vec<f64>)| {
        area_interval(&values, labels, clusters, bootstrap).map(|estimate| (name, estimate))
    };
    named.into_iter().filter_map(with_area).collect()
}
