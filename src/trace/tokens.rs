//! The tokens of an input, as the tokenizer names them.

use serde::{Deserialize, Serialize};

/// How a tokenizer writes a token as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenForm {
    /// GPT-2's alphabet: one character per byte, `Ġ` for a space.
    ByteLevel,
    /// `▁` for a space, `<0x0A>` for a byte.
    Sentencepiece,
    /// `##` before a piece that continues a word.
    Wordpiece,
    /// As it is.
    Plain,
}

/// The tokens of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// What the tokenizer's id_to_token says.
    pub tokens: Vec<String>,
    /// Row of the embedding per token.
    pub ids: Vec<u32>,
    /// How `tokens` is written.
    pub form: TokenForm,
    /// Start and end in bytes of the text each token came from; (0, 0) for tokens that the tokenizer added.
    pub offsets: Vec<(usize, usize)>,
    /// Which tokens the tokenizer added ([CLS], [SEP], BOS).
    pub special: Vec<bool>,
    /// Where each sequence of a pair starts, e.g. [0, 8]; empty for a single text. The second one starts at its first
    /// own token: special tokens before it are the first one's.
    pub segments: Vec<usize>,
    /// Token type per token, 0 or 1, where the model has such an embedding.
    pub type_ids: Vec<u32>,
}

impl Tokens {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
