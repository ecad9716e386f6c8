//! The tokens of an input, as the tokenizer names them.

use serde::{Deserialize, Serialize};

/// How a tokenizer writes a token as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenForm {
    /// GPT-2's alphabet: one character per byte, `Ġ` for a space.
    ByteLevel,
    /// `▁` for a space, `<0x0A>` for a byte.
    Sentencepiece,
    /// `##` before a piece that continues a word.
    Wordpiece,
    /// The text is shown as it is.
    #[default]
    Plain,
}

/// The tokens of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// As the tokenizer writes them: what its id_to_token says, but that added tokens of a byte-level tokenizer are in its alphabet
    /// too, and that an id without a token is its number in brackets, ⟨636⟩.
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
    /// Stands for the id of a key that is not a token: an attention sink.
    pub const NO_ID: u32 = u32::MAX;

    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

impl Tokens {
    /// The first position that stands for a word to be guessed, by the usual names of the mask token.
    pub fn first_mask(&self) -> Option<usize> {
        self.tokens.iter().position(|token| matches!(token.as_str(), "[MASK]" | "<mask>"))
    }

    /// Appends a token of another list.
    pub fn push(&mut self, from: &Tokens, index: usize) {
        self.tokens.push(from.tokens[index].clone());
        self.ids.push(from.ids[index]);
        self.offsets.push(from.offsets[index]);
        self.special.push(from.special[index]);
        self.type_ids.push(0);
    }

    /// Keeps the first tokens only.
    pub fn truncate(&mut self, n_tokens: usize) {
        self.tokens.truncate(n_tokens);
        self.ids.truncate(n_tokens);
        self.offsets.truncate(n_tokens);
        self.special.truncate(n_tokens);
        self.type_ids.truncate(n_tokens);
        if self.segments.iter().any(|start| *start >= n_tokens) {
            self.segments.clear();
        }
    }

    /// Shortens to at most `n_max` tokens and says how many were cut. What the tokenizer put at the end ([SEP]) stays.
    pub fn cut_to(&mut self, n_max: usize) -> usize {
        let n_cut = self.len().saturating_sub(n_max);
        if n_cut == 0 {
            return 0;
        }
        let n_tail = self.special.iter().rev().take_while(|special| **special).count().min(n_max);
        let cut = n_max - n_tail..self.len() - n_tail;
        self.tokens.drain(cut.clone());
        self.ids.drain(cut.clone());
        self.offsets.drain(cut.clone());
        self.special.drain(cut.clone());
        self.type_ids.drain(cut.clone());
        if self.segments.iter().any(|start| *start >= cut.start) {
            self.segments.clear();
        }
        n_cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(n: usize, special: &[usize], segments: &[usize]) -> Tokens {
        Tokens {
            tokens: (0..n).map(|i| i.to_string()).collect(),
            ids: (0..n as u32).collect(),
            form: TokenForm::Plain,
            offsets: vec![(0, 0); n],
            special: (0..n).map(|i| special.contains(&i)).collect(),
            segments: segments.to_vec(),
            type_ids: vec![0; n],
        }
    }

    #[test]
    fn the_first_mask_is_found_under_either_name() {
        let named = |names: [&str; 3]| Tokens { tokens: names.map(str::to_owned).to_vec(), ..tokens(3, &[], &[]) };
        assert_eq!(named(["[CLS]", "[MASK]", "[MASK]"]).first_mask(), Some(1));
        assert_eq!(named(["<s>", "a", "<mask>"]).first_mask(), Some(2));
        assert_eq!(named(["mask", "MASK", "[mask]"]).first_mask(), None);
    }

    #[test]
    fn cutting_keeps_the_separator() {
        let cases: [(Tokens, usize, usize, &[u32]); 5] = [
            (tokens(3, &[], &[]), 5, 0, &[0, 1, 2]),
            (tokens(5, &[], &[]), 3, 2, &[0, 1, 2]),
            (tokens(6, &[0, 5], &[]), 4, 2, &[0, 1, 2, 5]),
            (tokens(6, &[0, 3, 5], &[0, 4]), 4, 2, &[0, 1, 2, 5]),
            (tokens(3, &[0, 1, 2], &[]), 2, 1, &[1, 2]),
        ];
        for (mut tokens, n_max, n_cut, ids) in cases {
            assert_eq!(tokens.cut_to(n_max), n_cut);
            assert_eq!(tokens.ids, ids);
            assert!(tokens.segments.iter().all(|start| *start < tokens.len()));
        }
    }
}
