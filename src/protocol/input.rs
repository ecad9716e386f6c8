//! What a model is asked to read.

use serde::{Deserialize, Serialize};

use crate::trace::Chat;

/// One input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// What to read.
    pub text: InputText,
    /// Cut at the model's context length instead of refusing a longer input.
    pub cut: bool,
    /// Whether a BOS token stands in front: as the tokenizer does it, or as said here.
    pub bos: Option<bool>,
    /// What the decoder of an encoder-decoder model reads; nothing to other models.
    pub target: TargetAsked,
}

/// What a decoder reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetAsked {
    /// What the decoder writes itself, the most likely token each time.
    #[default]
    Generated,
    /// The start token, then this text without its last token.
    Text(String),
    /// Rows of the embedding, as they are.
    Ids(Vec<u32>),
}

/// What a model reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputText {
    /// One text.
    Single(String),
    /// Two texts: a sentence pair, or joined by one space where the model has no pairs.
    Pair(String, String),
    /// Rows of the embedding, as they are.
    Ids(Vec<u32>),
    /// A block of random tokens twice, a BOS in front where the model has one.
    RandomBlock {
        /// Length of the block.
        n_tokens: u32,
        /// Equal seeds give equal blocks.
        seed: u32,
    },
    /// A conversation, through the model's chat template.
    Chat(Chat),
}

impl InputText {
    /// Length of the block, where it is one read twice.
    pub fn n_block(&self) -> Option<u32> {
        match self {
            InputText::RandomBlock { n_tokens, .. } => Some(*n_tokens),
            _ => None,
        }
    }
}
