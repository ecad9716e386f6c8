//! What is said beside the numbers of a search: of what they are, and what they do not say.

use super::linked::rule;
use super::search::{Search, Stage};
use crate::analysis::decay::half_life;
use crate::protocol::Baseline;
use crate::state::wording::count;
use crate::trace::numeral::with_minus;

impl Search {
    /// How far it is, for the status line: "Find: 12 of 200 rows".
    pub fn status(&self) -> String {
        let (n, n_rows) = (self.values.len(), self.rows.len());
        match self.stage {
            Stage::Paused => format!("Find rests at {n} of {}", count(n_rows, "row")),
            Stage::Waiting => "Find waits for the model".to_owned(),
            _ if n_rows == 0 => "Find: reading the rows".to_owned(),
            _ if n == n_rows => "Find: intervals and permutations".to_owned(),
            _ => format!("Find: {n} of {}", count(n_rows, "row")),
        }
    }

    /// What rows or pairs are called.
    fn units_name(&self) -> &'static str {
        if self.set.has_versions() { "pair" } else { "row" }
    }

    /// Of what the numbers are, a sentence each: set, rows, model, edits, clusters, correction.
    pub fn statement(&self) -> Vec<String> {
        let n_set = self.set.rows.len();
        let left_out = match self.n_refused + self.set.refused.len() {
            0 => "none left out".to_owned(),
            n => format!("{n} left out"),
        };
        let n_all = count(n_set + self.set.refused.len(), "row");
        let used = match self.rows.is_empty() {
            true => n_all,
            false => format!("{} of {n_all} used, {left_out}", self.rows.len()),
        };
        let mut sentences = vec![format!("Set: {}, {used}.", self.set.name)];
        if self.model.is_empty() {
            return sentences;
        }
        let edits = match self.edits.len() {
            0 => "without edits".to_owned(),
            n => format!("under {}", count(n, "edit")),
        };
        sentences.push(format!("Model: {}, {edits}.", self.model));
        sentences.extend(rule(&self.form, self.sent.linked.as_ref().is_some_and(|(_, is_causal)| *is_causal)));
        let Some(found) = &self.found else {
            let n = self.values.len();
            sentences.push(format!("So far: {} of {}, without intervals.", n, count(self.rows.len(), "row")));
            return sentences;
        };
        let clusters: Vec<String> = found.n_clusters.iter().map(u32::to_string).collect();
        let statistic = if self.form.is_area { "Areas" } else { "Means" };
        let subject = if self.set.has_versions() { "of differences a − b over" } else { "over" };
        let crossed = if clusters.len() > 1 { ", of crossed clusters the wider one" } else { "" };
        sentences.push(format!(
            "{statistic} {subject} {} in {} clusters; intervals: 95 %, 1,000 resamples of whole clusters{crossed}.",
            count(found.n_units as usize, self.units_name()),
            clusters.join(" × ")
        ));
        let n_heads = found.heads.len();
        let test = match (self.form.is_area, found.heads.iter().any(|head| head.p.is_some())) {
            (_, false) => "No p: these numbers differ from 0 even where there is no effect.".to_owned(),
            (true, true) => format!(
                "p corrected for {n_heads} heads: labels shuffled {} times, within clusters that have both and of whole clusters \
                 that have one, the largest |AUC − ½|.",
                self.n_permutations
            ),
            (false, true) => format!(
                "p corrected for {n_heads} heads: signs of whole clusters flipped {} times, the largest |t|.",
                self.n_permutations
            ),
        };
        sentences.push(test);
        if found.least_p > 0.001 {
            sentences.push(format!("So few clusters allow no p below {:.4}.", found.least_p));
        }
        for Baseline { name, value, interval } in &found.baselines {
            let interval = interval.map(|(low, high)| format!(" ({low:.3} to {high:.3})")).unwrap_or_default();
            sentences.push(format!("Without a model: {name} has AUC {value:.3}{interval}."));
        }
        sentences
    }
}

/// A weight above 0: four decimals, smaller ones as a power of ten: "9.7 · 10⁻²¹".
pub fn weight(value: f64) -> String {
    if value >= 0.001 || value <= 0.0 {
        return number(value);
    }
    let exponent = value.log10().floor();
    let digits: String = (-exponent)
        .to_string()
        .chars()
        .filter_map(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize))
        .collect();
    format!("{:.1} · 10⁻{digits}", value / 10f64.powf(exponent))
}

/// A number of a search: four decimals.
pub fn number(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { with_minus(&format!("{value:.4}")) }
}

/// The half-life of a slope over distance, in tokens; a dash where nothing falls.
pub fn half_life_words(slope: f64) -> String {
    half_life(slope).map_or_else(|| "–".to_owned(), |tokens| format!("{tokens:.1}"))
}

/// An interval of a search.
pub fn interval(bounds: Option<(f64, f64)>) -> String {
    bounds.map_or_else(|| "–".to_owned(), |(low, high)| format!("{} to {}", number(low), number(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_weights_are_powers_of_ten() {
        assert_eq!([1.0, 0.25, 9.66e-21, 4.2e-4].map(weight), ["1.0000", "0.2500", "9.7 · 10⁻²¹", "4.2 · 10⁻⁴"]);
    }
}
