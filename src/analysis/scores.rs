//! Scores of a head on one input, made from its pattern alone: positional, lexical and segment scores, entropy and
//! distance, and the two scores of a random block that is read twice (docs/methods.md, "Head scores").
//!
//! Each score has a sentence and a formula. A score is made of all positions, or without special tokens or the first
//! position: the rows and columns of those positions are then left out, and rows are not made to sum to 1 again, except
//! for entropy and distance, which need rows that do. Sums are made in f64.

mod all_heads;
mod facts;
mod measure;
mod over_inputs;
mod rank;

#[cfg(test)]
mod tests;

pub use all_heads::AllHeads;
pub use facts::{Block, Facts, LeaveOut};
pub use measure::{Line, between, measure, pattern_match};
pub use over_inputs::mean_and_deviation;
pub use rank::RankBy;

/// One number about a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Score {
    /// Weight on the token before.
    Previous,
    /// Weight on the token after.
    Next,
    /// Weight on the token itself.
    Own,
    /// Weight on position 0.
    First,
    /// Weight on position 0, as a ratio to that of a uniform row.
    FirstRatio,
    /// Weight on tokens that the tokenizer added.
    Separator,
    /// Weight on punctuation.
    Punctuation,
    /// Weight on equal tokens elsewhere.
    SameToken,
    /// Weight on what followed an equal token earlier.
    Prefix,
    /// Spread of a row.
    Entropy,
    /// How far a head reads, in tokens.
    Distance,
    /// Distance, as a ratio to that of a uniform row.
    DistanceRatio,
    /// How weights fall with distance.
    Decay,
    /// How well a straight line describes the decay.
    DecayFit,
    /// Weight from the first text to the second.
    AToB,
    /// Weight from the second text to the first.
    BToA,
    /// Prefix matching on a random block read twice.
    Induction,
    /// Weight on the same token of the block's first copy.
    Duplicate,
}

impl Score {
    /// Every score, in the order of the page.
    pub const ALL: [Score; 18] = [
        Score::Previous,
        Score::Next,
        Score::Own,
        Score::First,
        Score::FirstRatio,
        Score::Separator,
        Score::Punctuation,
        Score::SameToken,
        Score::Prefix,
        Score::Entropy,
        Score::Distance,
        Score::DistanceRatio,
        Score::Decay,
        Score::DecayFit,
        Score::AToB,
        Score::BToA,
        Score::Induction,
        Score::Duplicate,
    ];

    /// The score's index in [`Score::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The score's name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Score::Previous => "previous token",
            Score::Next => "next token",
            Score::Own => "self",
            Score::First => "first token",
            Score::FirstRatio => "first token, ratio",
            Score::Separator => "separators",
            Score::Punctuation => "punctuation",
            Score::SameToken => "same token",
            Score::Prefix => "prefix matching, text",
            Score::Entropy => "entropy",
            Score::Distance => "distance",
            Score::DistanceRatio => "distance, ratio",
            Score::Decay => "decay",
            Score::DecayFit => "decay, R²",
            Score::AToB => "A→B",
            Score::BToA => "B→A",
            Score::Induction => "prefix matching, block",
            Score::Duplicate => "duplicate token, block",
        }
    }

    /// Its name in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Score::Previous => "previous",
            Score::Next => "next",
            Score::Own => "self",
            Score::First => "first",
            Score::FirstRatio => "first_ratio",
            Score::Separator => "separator",
            Score::Punctuation => "punctuation",
            Score::SameToken => "same_token",
            Score::Prefix => "prefix",
            Score::Entropy => "entropy",
            Score::Distance => "distance",
            Score::DistanceRatio => "distance_ratio",
            Score::Decay => "decay",
            Score::DecayFit => "decay_r2",
            Score::AToB => "between_ab",
            Score::BToA => "between_ba",
            Score::Induction => "induction",
            Score::Duplicate => "duplicate",
        }
    }

    /// The score of an id; with `_without` after it, special tokens and the first position are left out.
    pub fn from_id(id: &str) -> Option<(Self, LeaveOut)> {
        let (id, is_without) = id.strip_suffix("_without").map_or((id, false), |id| (id, true));
        let score = Score::ALL.into_iter().find(|score| score.id() == id)?;
        Some((score, LeaveOut { special: is_without, first: is_without }))
    }

    /// One sentence that says what the score means.
    pub fn sentence(self) -> &'static str {
        match self {
            Score::Previous => "How much a token reads from the one before it, on average.",
            Score::Next => "How much a token reads from the one after it, on average; causal models cannot.",
            Score::Own => "How much a token reads from itself, on average.",
            Score::First => "How much later tokens read from the first one; often a place to rest that does little.",
            Score::FirstRatio => "Reading from the first token, as a multiple of what a uniform row would give it.",
            Score::Separator => "How much is read from the tokens that the tokenizer added, such as [CLS] and [SEP].",
            Score::Punctuation => "How much is read from punctuation.",
            Score::SameToken => "How much a token that occurs more than once reads from its other occurrences.",
            Score::Prefix => "How much a token that occurred before reads from whatever followed it then.",
            Score::Entropy => "How widely a row is spread: 0 on one key, 1 evenly over all keys it may see.",
            Score::Distance => "How many tokens away a head reads, on average.",
            Score::DistanceRatio => "Distance as a multiple of that of a uniform row.",
            Score::Decay => "How quickly weights fall with distance: the change of ln weight per token of distance.",
            Score::DecayFit => "How much of that fall a straight line describes: 1 is all of it.",
            Score::AToB => "How much the first text reads from the second, separators left out.",
            Score::BToA => "How much the second text reads from the first, separators left out.",
            Score::Induction => {
                "In a random block read twice, how much a token reads from what followed it the first time."
            }
            Score::Duplicate => "In a random block read twice, how much a token reads from itself the first time.",
        }
    }

    /// The score's formula: A is the pattern, i a query, j a key, n the number of keys that a query may see.
    pub fn formula(self) -> &'static str {
        match self {
            Score::Previous => "mean over i ≥ 2 of A[i, i−1]",
            Score::Next => "mean over i of A[i, i+1]",
            Score::Own => "mean over i ≥ 1 of A[i, i]",
            Score::First => "mean over i ≥ 1 of A[i, 0]",
            Score::FirstRatio => "mean over i ≥ 1 of A[i, 0] ÷ mean of 1/n",
            Score::Separator | Score::Punctuation => "mean over i of Σ A[i, j] over j in the set",
            Score::SameToken => {
                "mean, over i with an equal token elsewhere, of Σ A[i, j] over j ≠ i with token j = token i"
            }
            Score::Prefix => "mean, over i with an equal token at some p, p + 1 < i, of Σ A[i, p+1] over these p",
            Score::Entropy => "mean over i of −Σ A[i, j] ln A[i, j] ÷ ln n",
            Score::Distance => "mean over i of Σ A[i, j] |i − j|",
            Score::DistanceRatio => "mean over i of Σ A[i, j] |i − j| ÷ the same of 1/n",
            Score::Decay => "least-squares slope of ln mean A[i, i−d] over d ≥ 1, key 0 and rare d left out",
            Score::DecayFit => "R² of that line",
            Score::AToB => "mean over i in A of Σ A[i, j] over j in B",
            Score::BToA => "mean over i in B of Σ A[i, j] over j in A",
            Score::Induction => "block of N tokens twice: mean over i ≥ N of A[i, i−N+1]",
            Score::Duplicate => "block of N tokens twice: mean over i ≥ N of A[i, i−N]",
        }
    }

    /// Whether the score is a share of a row's weight, from 0 to 1.
    pub fn is_share(self) -> bool {
        !matches!(self, Score::FirstRatio | Score::Distance | Score::DistanceRatio | Score::Decay)
    }
}

/// Every score of one head; `None` where the input or the model has nothing to measure it on.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadScores {
    values: [Option<f64>; Score::ALL.len()],
}

impl HeadScores {
    /// The value of a score.
    pub fn get(&self, score: Score) -> Option<f64> {
        self.values[score.index()]
    }

    /// Every value as f32, in the order of [`Score::ALL`], NaN for a missing one and for one that f32 does not hold (edits may make
    /// any weights); messages carry scores in this form.
    pub fn to_row(&self) -> [f32; Score::ALL.len()] {
        let number = |value: Option<f64>| value.map(|value| value as f32).filter(|value| value.is_finite());
        self.values.map(|value| number(value).unwrap_or(f32::NAN))
    }
}
