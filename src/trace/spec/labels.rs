//! The head of a classifier: which rows of the final stream it reads, and what its logits mean.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Activation, Spec, Unembed};
use crate::fields::{Field, Fields, variant};

/// A head that gives labels to a text, or to each of its tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelHead {
    /// The labels, in the order of the logits (`id2label`).
    pub names: Vec<String>,
    /// What a logit stands for.
    pub kind: LabelKind,
    /// What of the final stream is read.
    pub reads: LabelReads,
    /// The nonlinearity of the dense layer before the labels' matrix; none where the head is that matrix alone.
    pub activation: Option<Activation>,
    /// Whether a norm follows the nonlinearity (ModernBERT).
    pub is_normed: bool,
}

/// What the logits of a head stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelKind {
    /// One label is right: the softmax over them is a distribution.
    OneOf,
    /// Each label is right or wrong by itself: the sigmoid of its logit is its probability.
    AnyOf,
    /// The logit is the answer itself, a number without a probability (regression).
    Value,
}

/// The rows of the final stream that a head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelReads {
    /// Every position: each token has labels.
    Each,
    /// The first position.
    First,
    /// The mean over all positions.
    Mean,
    /// The last position whose token is not padding.
    Last {
        /// The padding token, where the model has one.
        pad_id: Option<u32>,
    },
    /// The last position at which the text has this token (the end token of BART and T5).
    LastId {
        /// The token.
        id: u32,
    },
}

impl LabelHead {
    /// Whether each token has labels, rather than the text as a whole.
    pub fn is_of_tokens(&self) -> bool {
        self.reads == LabelReads::Each
    }

    /// Whether labels have probabilities.
    pub fn has_probabilities(&self) -> bool {
        self.kind != LabelKind::Value
    }

    /// The one position that the head reads of a text with these ids; `None` where it reads several, or the text lacks the token
    /// that it looks for.
    pub fn position(&self, ids: &[u32]) -> Option<usize> {
        match self.reads {
            LabelReads::Each | LabelReads::Mean => None,
            LabelReads::First => Some(0),
            // As in transformers: of a text of padding alone, the first.
            LabelReads::Last { pad_id } => Some(ids.iter().rposition(|id| Some(*id) != pad_id).unwrap_or(0)),
            LabelReads::LastId { id } => ids.iter().rposition(|found| *found == id),
        }
    }

    /// The index of a label, by its name in any case.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let exact = self.names.iter().position(|label| label == name);
        exact.or_else(|| self.names.iter().position(|label| label.to_lowercase() == name.trim().to_lowercase()))
    }
}

impl Spec {
    /// The head through which the lens reads a classifier's stream: one whose labels have a common distribution, of a model that
    /// predicts no tokens.
    pub fn lens_labels(&self) -> Option<&LabelHead> {
        self.labels.as_ref().filter(|head| self.unembed == Unembed::None && head.kind == LabelKind::OneOf)
    }
}

impl Field for LabelHead {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(LabelHead {
            names: fields.required("names")?,
            kind: fields.required("kind")?,
            reads: fields.required("reads")?,
            activation: fields.optional("activation")?,
            is_normed: fields.or_default("is_normed")?,
        })
    }
}

impl Field for LabelReads {
    fn read(value: Value) -> Result<Self, String> {
        let (name, mut fields) = variant(value)?;
        match name.as_str() {
            "each" => Ok(LabelReads::Each),
            "first" => Ok(LabelReads::First),
            "mean" => Ok(LabelReads::Mean),
            "last" => Ok(LabelReads::Last { pad_id: fields.optional("pad_id")? }),
            "last_id" => Ok(LabelReads::LastId { id: fields.required("id")? }),
            other => Err(format!("unknown variant `{other}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(reads: LabelReads) -> LabelHead {
        let names = ["NEGATIVE", "neutral", "Neutral"].map(str::to_owned).to_vec();
        LabelHead { names, kind: LabelKind::OneOf, reads, activation: None, is_normed: false }
    }

    #[test]
    fn the_position_read_is_that_of_transformers() {
        let last = LabelReads::Last { pad_id: Some(3) };
        for (reads, ids, expected) in [
            (LabelReads::First, &[7, 8][..], Some(0)),
            (LabelReads::Each, &[7, 8], None),
            (LabelReads::Mean, &[7, 8], None),
            (LabelReads::Last { pad_id: None }, &[7, 3, 3], Some(2)),
            (last, &[7, 3, 8, 3, 3], Some(2)),
            (last, &[3, 3], Some(0)),
            (LabelReads::LastId { id: 2 }, &[0, 2, 2, 5], Some(2)),
            (LabelReads::LastId { id: 2 }, &[0, 5], None),
        ] {
            assert_eq!(head(reads).position(ids), expected, "{reads:?} {ids:?}");
        }
    }

    #[test]
    fn labels_are_found_in_any_case_and_exactly_first() {
        let found = ["negative", "Neutral", " NEUTRAL ", "positive"].map(|name| head(LabelReads::First).index_of(name));
        assert_eq!(found, [Some(0), Some(2), Some(1), None]);
    }

    #[test]
    fn heads_are_read_as_they_are_written() {
        let each = [
            LabelReads::Each,
            LabelReads::First,
            LabelReads::Mean,
            LabelReads::Last { pad_id: None },
            LabelReads::Last { pad_id: Some(7) },
            LabelReads::LastId { id: 2 },
        ];
        for (reads, kind) in
            each.into_iter().zip([LabelKind::OneOf, LabelKind::AnyOf, LabelKind::Value].into_iter().cycle())
        {
            let activation = (kind == LabelKind::OneOf).then_some(Activation::Tanh);
            let written = LabelHead { kind, activation, is_normed: kind == LabelKind::AnyOf, ..head(reads) };
            assert_eq!(LabelHead::read(serde_json::to_value(&written).unwrap()), Ok(written));
        }
    }
}
