//! Occupations on an axis against the share of women in them: what a head does for each, and how the two go together.

use std::collections::BTreeMap;

use super::form::Kind;
use super::search::{Search, Unit};
use crate::analysis::statistics::{Bootstrap, Clusters, Correlation, Estimate, correlation_interval};
use crate::sets::made::share_of_women;

/// An occupation, and a head's mean over the rows that name it.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOccupation {
    /// Its name.
    pub name: String,
    /// Women among those employed in it, in per cent.
    pub women_percent: f64,
    /// The mean over its rows or pairs of rows.
    pub value: f64,
    /// How many rows or pairs name it.
    pub n: usize,
}

/// Occupations of a set, and a head's numbers for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupations {
    /// By the share of women, the lowest first.
    pub each: Vec<OneOccupation>,
    /// Spearman's ρ, with the interval of resampled occupations; those that stand in one row are drawn together.
    pub correlation: Option<Estimate>,
    /// Whether a number counts for the occupation that is read and, with its sign turned, for the one it is compared with.
    pub is_difference: bool,
}

impl Search {
    /// What a head does for each occupation; nothing where the set names fewer than three.
    pub fn occupations(&self, head: usize) -> Option<Occupations> {
        let mut sums: BTreeMap<String, (f64, f64, usize, usize)> = BTreeMap::new();
        for (index, unit) in self.units().into_iter().enumerate() {
            let value = self.value(unit, head);
            if value.is_nan() {
                continue;
            }
            for (name, sign) in self.named(unit) {
                let Some(women_percent) = share_of_women(&name) else { continue };
                let entry = sums.entry(name.to_lowercase()).or_insert((women_percent, 0.0, 0, index));
                (entry.1, entry.2) = (entry.1 + sign * value, entry.2 + 1);
            }
        }
        if sums.len() < 3 {
            return None;
        }
        let mut each: Vec<(OneOccupation, usize)> = sums
            .into_iter()
            .map(|(name, (women_percent, sum, n, first))| {
                (OneOccupation { name, women_percent, value: sum / n as f64, n }, first)
            })
            .collect();
        each.sort_by(|(one, _), (other, _)| one.women_percent.total_cmp(&other.women_percent));
        let shares: Vec<f64> = each.iter().map(|(one, _)| one.women_percent).collect();
        let values: Vec<f64> = each.iter().map(|(one, _)| one.value).collect();
        // Occupations that first stand in the same row have numbers that hang together.
        let clusters = Clusters::by_key(each.iter().map(|(_, first)| *first));
        let bootstrap = Bootstrap::of_seed(self.seed);
        let correlation = correlation_interval(Correlation::Spearman, &shares, &values, &clusters, bootstrap);
        let is_difference = self.form.kind == Kind::Weight && !self.form.minus.is_empty();
        Some(Occupations { each: each.into_iter().map(|(one, _)| one).collect(), correlation, is_difference })
    }

    /// The occupations of a unit, and the sign with which its number counts for each: the words that are read where they are marked, else
    /// what its id names.
    fn named(&self, unit: Unit) -> Vec<(String, f64)> {
        let Some(row) = self.set.rows.get(unit.row) else { return Vec::new() };
        let marked = |mark: &str, sign: f64| row.marked(mark).map(|word| (word.to_owned(), sign));
        let of_marks: Vec<(String, f64)> = match self.form.kind {
            Kind::Weight => marked(&self.form.to, 1.0).into_iter().chain(marked(&self.form.minus, -1.0)).collect(),
            Kind::Score | Kind::Words | Kind::Pattern | Kind::Effect | Kind::Estimate => Vec::new(),
        };
        if !of_marks.is_empty() {
            return of_marks;
        }
        let shared = row.pair_id.as_deref().and_then(|id| id.split('#').next()).unwrap_or_default();
        shared.split('/').map(|name| (name.to_owned(), 1.0)).collect()
    }
}
