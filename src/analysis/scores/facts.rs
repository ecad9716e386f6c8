//! What scores need to know of the tokens of an input.

use std::ops::Range;

use crate::trace::display::token_label;
use crate::trace::{TokenForm, Tokens};

/// Which positions are left out of the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaveOut {
    /// Tokens that the tokenizer added.
    pub special: bool,
    /// Position 0.
    pub first: bool,
}

/// A block of tokens that is read twice, one copy right after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Position of its first token: 1 where a BOS stands in front.
    pub start: usize,
    /// Its length.
    pub n_tokens: usize,
}

/// The tokens of one input, as far as scores depend on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Tokens that the tokenizer added.
    pub special: Vec<bool>,
    /// Tokens of nothing but punctuation.
    pub punctuation: Vec<bool>,
    /// Equal numbers for equal tokens.
    pub kinds: Vec<u32>,
    /// Where the second text starts, in a pair.
    pub second_start: Option<usize>,
    /// Which keys the mask lets each query see.
    pub allowed: Vec<Range<usize>>,
    /// The block that was read twice, if that is what the input is.
    pub block: Option<Block>,
}

impl Facts {
    /// The facts of an input. `allowed`: which keys the mask lets each query see. `n_block`: the length of the block, if the input ends with one read twice.
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

    /// Of no tokens: what is known where queries and keys are different ones, so that positions cannot be compared.
    pub fn none() -> Self {
        let (special, punctuation, kinds, allowed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { special, punctuation, kinds, second_start: None, allowed, block: None }
    }

    /// How many tokens.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Which positions stay.
    pub fn kept(&self, leave_out: LeaveOut) -> Vec<bool> {
        let stays =
            |(position, special): (usize, &bool)| !(leave_out.special && *special || leave_out.first && position == 0);
        self.special.iter().enumerate().map(stays).collect()
    }
}

/// Whether a token shows nothing but punctuation; spaces do not count.
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
