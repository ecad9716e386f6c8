//! What is measured of each head, as chosen.

use serde::{Deserialize, Serialize};

use super::set::LoadedSet;
use crate::analysis::scores::Score;

/// Kinds of measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A score of the head's pattern.
    #[default]
    Score,
    /// The weight between marked words.
    Weight,
    /// The weight between two words that are typed.
    Words,
    /// The weight between the two parts of a pattern.
    Pattern,
    /// What ablating the head does to the outcome.
    Effect,
    /// The same, estimated by gradients.
    Estimate,
}

impl Kind {
    /// In the order in which they are offered.
    pub const EACH: [Kind; 6] = [Kind::Score, Kind::Weight, Kind::Words, Kind::Pattern, Kind::Effect, Kind::Estimate];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Score => "A score of its pattern",
            Kind::Weight => "Weight between marked words",
            Kind::Words => "Weight between two words",
            Kind::Pattern => "Weight between parts of a pattern",
            Kind::Effect => "Effect of ablating it",
            Kind::Estimate => "Effect, estimated by gradients",
        }
    }
}

/// The fields of a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// What is measured on each row.
    pub kind: Kind,
    /// Whether it is asked how well that tells two labels apart, rather than for its mean.
    pub is_area: bool,
    /// The score.
    #[serde(with = "score_id")]
    pub score: Score,
    /// Whether special tokens and the first position are left out of it.
    pub is_without: bool,
    /// The mark of the word that reads.
    pub from: String,
    /// The mark of the word that is read.
    pub to: String,
    /// The mark of a word whose weight is subtracted; empty for none.
    pub minus: String,
    /// The word that reads, as typed.
    pub reading: String,
    /// The word that is read, as typed.
    pub read: String,
    /// The pattern, as typed.
    pub pattern: String,
    /// The answer of rows that name none, as typed.
    pub answer: String,
    /// The other answer of rows that name none, as typed.
    pub other: String,
    /// The label that counts as positive; empty for the larger one of two.
    pub positive: String,
    /// Permutations behind each p value, as typed.
    pub n_permutations: String,
    /// Whether the edits of the page act.
    pub has_edits: bool,
}

/// A score by its id.
mod score_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::analysis::scores::Score;

    pub fn serialize<S: Serializer>(score: &Score, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(score.id())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
        let id = String::deserialize(deserializer)?;
        Score::from_id(&id).map(|(score, _)| score).ok_or_else(|| D::Error::custom("the score is not known"))
    }
}

impl Default for Form {
    fn default() -> Self {
        Self {
            kind: Kind::Score,
            is_area: false,
            score: Score::Decay,
            is_without: false,
            from: String::new(),
            to: String::new(),
            minus: String::new(),
            reading: String::new(),
            read: String::new(),
            pattern: String::new(),
            answer: String::new(),
            other: String::new(),
            positive: String::new(),
            n_permutations: "2000".to_owned(),
            has_edits: false,
        }
    }
}

/// Scores that texts have; the others are measured on a random block that is read twice.
pub fn offered_scores() -> impl Iterator<Item = Score> {
    Score::ALL.into_iter().filter(|score| !matches!(score, Score::Induction | Score::Duplicate))
}

impl Form {
    /// What a set is likely made for; fields that hold for any set stay.
    #[must_use]
    pub fn suited(&self, set: &LoadedSet) -> Self {
        let marks = set.marks();
        let has = |name: &str| marks.iter().any(|mark| mark == name);
        let mark = |at: usize| marks.get(at).cloned().unwrap_or_default();
        let (from, to, minus) = if has("pronoun") && has("occ_f") && has("occ_m") {
            ("pronoun".to_owned(), "occ_f".to_owned(), "occ_m".to_owned())
        } else {
            (mark(0), mark(1), String::new())
        };
        let is_area = set.labels().len() == 2 && set.has_pairs();
        let kind = match marks.len() {
            _ if is_area => Kind::Score,
            _ if set.has_answers() => Kind::Effect,
            0 | 1 => Kind::Score,
            _ => Kind::Weight,
        };
        let score = if is_area { Score::AToB } else { Score::Decay };
        let Self { n_permutations, reading, read, pattern, has_edits, .. } = self.clone();
        let kept = Self { n_permutations, reading, read, pattern, has_edits, ..Self::default() };
        Self { kind, is_area, score, from, to, minus, ..kept }
    }

    /// The measure as the worker reads it.
    pub fn measure(&self) -> String {
        let feature = match self.kind {
            Kind::Score => format!("{}{}", self.score.id(), if self.is_without { "_without" } else { "" }),
            Kind::Weight if self.minus.is_empty() => format!("weight:{}:{}", self.from, self.to),
            Kind::Weight => format!("weight:{}:{}-{}", self.from, self.to, self.minus),
            Kind::Words | Kind::Pattern => Self::marked_measure(),
            Kind::Effect => "effect".to_owned(),
            Kind::Estimate => "estimate".to_owned(),
        };
        if self.is_area { format!("auc:{feature}") } else { feature }
    }

    /// The measure as the command line writes it.
    pub fn command(&self) -> String {
        let feature = match self.kind {
            Kind::Words => format!("words:{}:{}", self.reading.trim(), self.read.trim()),
            Kind::Pattern => format!("pattern:{}", self.pattern.trim()),
            Kind::Score | Kind::Weight | Kind::Effect | Kind::Estimate => return self.measure(),
        };
        if self.is_area { format!("auc:{feature}") } else { feature }
    }

    /// What a number says, for headings.
    pub fn meaning(&self) -> String {
        let feature = match self.kind {
            Kind::Score => self.score.name().to_owned(),
            Kind::Weight if self.minus.is_empty() => format!("weight {} → {}", self.from, self.to),
            Kind::Weight => format!("weight {} → {} minus → {}", self.from, self.to, self.minus),
            Kind::Words => format!("weight “{}” → “{}”", self.reading.trim(), self.read.trim()),
            Kind::Pattern => format!("weight between the parts of “{}”", self.pattern.trim()),
            Kind::Effect => "effect of mean ablation on the outcome".to_owned(),
            Kind::Estimate => "estimated effect of mean ablation on the outcome".to_owned(),
        };
        if self.is_area { format!("AUC of {feature}") } else { feature }
    }

    /// Whether a number is the slope of ln weight over distance.
    pub fn is_decay(&self) -> bool {
        self.kind == Kind::Score && self.score == Score::Decay && !self.is_area
    }
}
