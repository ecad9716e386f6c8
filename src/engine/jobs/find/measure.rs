//! What is measured of each head over a set, and how it is written on the command line.

use std::str::FromStr;

use crate::analysis::scores::{LeaveOut, Score};
use crate::engine::rows::Wanted;

/// One number of a head on one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Feature {
    /// A score of its pattern.
    Score(Score, LeaveOut),
    /// The weight from one marked word to another, pieces of words joined: from a word averaged, into a word summed.
    Weight {
        /// The mark of the word that reads.
        from: String,
        /// The mark of the word that is read.
        to: String,
        /// A second word whose weight is subtracted.
        minus: Option<String>,
    },
    /// What the outcome changes by, M_edited − M, when the head's z is replaced by its mean over the rows of the set.
    Effect,
    /// The same to first order: the gradient of the outcome by z, times what z changes by.
    Estimate,
}

impl Feature {
    /// Whether it is about the outcome, with the means of z over the set in place of a head's own.
    pub fn is_ablation(&self) -> bool {
        matches!(self, Feature::Effect | Feature::Estimate)
    }
}

/// What is said of each head.
#[derive(Clone, Debug, PartialEq)]
pub enum FindMeasure {
    /// The mean of a feature over rows, or of the difference between the versions of minimal pairs.
    Mean(Feature),
    /// How well a feature tells two labels apart: the area under the curve.
    Area(Feature),
}

impl FindMeasure {
    /// The feature.
    pub fn feature(&self) -> &Feature {
        match self {
            FindMeasure::Mean(feature) | FindMeasure::Area(feature) => feature,
        }
    }

    /// What rows need for it.
    pub fn wanted(&self) -> Wanted {
        let marks = match self.feature() {
            Feature::Weight { from, to, minus } => [from, to].into_iter().chain(minus).cloned().collect(),
            _ => Vec::new(),
        };
        Wanted {
            marks,
            has_outcome: self.feature().is_ablation(),
            has_pair: matches!(self.feature(), Feature::Score(Score::AToB | Score::BToA, _)),
            has_label: matches!(self, FindMeasure::Area(_)),
            ..Wanted::default()
        }
    }
}

impl FromStr for FindMeasure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("auc:") {
            Some(feature) => feature.parse().map(FindMeasure::Area),
            None => text.parse().map(FindMeasure::Mean),
        }
    }
}

impl FromStr for Feature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "effect" => return Ok(Feature::Effect),
            "estimate" => return Ok(Feature::Estimate),
            _ => {}
        }
        if let Some(marks) = text.strip_prefix("weight:") {
            let expected =
                || format!("\"{text}\": expected weight:MARK:MARK, or weight:MARK:MARK-MARK for a difference");
            let (from, to) = marks.split_once(':').ok_or_else(expected)?;
            let (to, minus) = to.split_once('-').map_or((to, None), |(to, minus)| (to, Some(minus.to_owned())));
            let is_named = !from.is_empty() && !to.is_empty() && minus.as_deref() != Some("");
            return match is_named {
                true => Ok(Feature::Weight { from: from.to_owned(), to: to.to_owned(), minus }),
                false => Err(expected()),
            };
        }
        match Score::from_id(text) {
            Some((Score::Induction | Score::Duplicate, _)) => {
                Err(format!("\"{text}\" is measured on a random block that is read twice, not on the texts of a set"))
            }
            Some((score, leave_out)) => Ok(Feature::Score(score, leave_out)),
            None => Err(format!("\"{text}\" is not a measure")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_written_and_read() {
        let weight = |to: &str, minus: Option<&str>| Feature::Weight {
            from: "pronoun".to_owned(),
            to: to.to_owned(),
            minus: minus.map(str::to_owned),
        };
        for (text, expected) in [
            ("effect", FindMeasure::Mean(Feature::Effect)),
            ("auc:effect", FindMeasure::Area(Feature::Effect)),
            ("estimate", FindMeasure::Mean(Feature::Estimate)),
            ("weight:pronoun:occ_f", FindMeasure::Mean(weight("occ_f", None))),
            ("weight:pronoun:occ_f-occ_m", FindMeasure::Mean(weight("occ_f", Some("occ_m")))),
            ("auc:between_ab", FindMeasure::Area(Feature::Score(Score::AToB, LeaveOut::default()))),
            (
                "entropy_without",
                FindMeasure::Mean(Feature::Score(Score::Entropy, LeaveOut { special: true, first: true })),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in
            ["", "weight:", "weight:a", "weight:a:", "weight:a:b-", "auc:", "induction", "colour", "auc:auc:self"]
        {
            let error = text.parse::<FindMeasure>().unwrap_err();
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn every_score_has_an_id() {
        for score in Score::ALL {
            assert_eq!(Score::from_id(score.id()), Some((score, LeaveOut::default())));
        }
        assert_eq!(Score::from_id("without"), None);
    }
}
