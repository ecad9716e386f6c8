//! The properties of an input's tokens that scores depend on.

use std::ops::Range;

use crate::trace::display::token_label;
use crate::trace::{TokenForm, Tokens};

/// Positions that are left out of the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaveOut {
    /// Whether tokens that the tokenizer added are left out.
    pub special: bool,
    /// Whether position 0 is left out.
    pub first: bool,
}

/// A block of tokens that is read twice, one copy right after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Position of the first token: 1 after a BOS.
    pub start: usize,
    /// Length of one copy, in tokens.
    pub n_tokens: usize,
}

/// The properties of one input's tokens, one value for each position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether the tokenizer added a token.
    pub special: Vec<bool>,
    /// Whether a token is nothing but punctuation.
    pub punctuation: Vec<bool>,
    /// Numbers that are equal for equal tokens.
    pub kinds: Vec<u32>,
    /// Position at which the second text of a pair starts.
    pub second_start: Option<usize>,
    /// Keys that the mask lets each query see.
    pub allowed: Vec<Range<usize>>,
    /// The random block, where the input is one read twice.
    pub block: Option<Block>,
}

impl Facts {
    /// The properties of `tokens`. `allowed` are the keys that the mask lets each query see; `n_block` is the length of the
    /// block, where the input ends with one read twice.
    pub fn of(tokens: &Tokens, allowed: Vec<Range<usize>>, n_block: Option<usize>) -> Self {
        let block = n_block
            .filter(|n| *n > 0)
            .and_then(|n_tokens| Some(Block { start: tokens.len().checked_sub(2 * n_tokens)?, n_tokens }));
        Self {
            special: tokens.special.clone(),
            punctuation: tokens
                .tokens
                .iter()
                .zip(&tokens.special)
                .map(|(token, special)| !special && is_punctuation(token, tokens.form))
                .collect(),
            kinds: tokens.ids.clone(),
            second_start: tokens.segments.get(1).copied(),
            allowed,
            block,
        }
    }

    /// The properties of no tokens: for cross-attention, where queries and keys are different tokens.
    pub fn none() -> Self {
        let (special, punctuation, kinds, allowed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { special, punctuation, kinds, second_start: None, allowed, block: None }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether the input has no tokens.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether each position counts.
    pub fn kept(&self, leave_out: LeaveOut) -> Vec<bool> {
        let stays =
            |(position, special): (usize, &bool)| !(leave_out.special && *special || leave_out.first && position == 0);
        self.special.iter().enumerate().map(stays).collect()
    }
}

/// Whether a token is nothing but punctuation, spaces aside.
fn is_punctuation(token: &str, form: TokenForm) -> bool {
    use crate::trace::display::PieceKind;
    let label = token_label(token, form);
    let mut letters =
        label.pieces.iter().filter(|piece| piece.kind == PieceKind::Text).flat_map(|piece| piece.text.chars());
    let is_mark = |letter: char| !letter.is_alphanumeric() && !letter.is_whitespace();
    letters.next().is_some_and(is_mark) && letters.all(is_mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation() {
        for (token, form, expected) in [
            (",", TokenForm::Wordpiece, true),
            ("Ġ,", TokenForm::ByteLevel, true),
            ("▁...", TokenForm::Sentencepiece, true),
            ("Ġ", TokenForm::ByteLevel, false),
            ("'s", TokenForm::Plain, false),
            ("##s", TokenForm::Wordpiece, false),
            ("Ċ", TokenForm::ByteLevel, false),
            ("word", TokenForm::Plain, false),
        ] {
            assert_eq!(is_punctuation(token, form), expected, "{token}");
        }
    }
}
