//! Text to tokens and back, the same for page and command line.
//!
//! The work is done by the `tokenizers` crate; here a tokenizer is made, from a tokenizer.json ([`json`]), the older files
//! ([`vocab`], [`sentencepiece`]) or the metadata of a GGUF file ([`gguf`]), and its result becomes [`Tokens`]. Truncation and padding
//! are never on: cutting is the caller's decision, after it has told the user.

mod charsmap;
mod faults;
mod form;
mod gguf;
mod json;
mod model;
mod sentencepiece;
mod vocab;

use std::sync::Arc;

use tokenizers::{Decoder as _, Encoding};

pub use vocab::{OlderFiles, Tokenizers};

use crate::engine::files::FileError;
use crate::trace::{TokenForm, Tokens};
use sentencepiece::Names;

/// Splits texts into tokens.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    form: TokenForm,
    n_vocab: usize,
    specials: Specials,
    /// Where the model knows its tokens by other ids than the file that splits text.
    names: Option<Arc<Names>>,
}

/// Tokens with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialToken {
    /// Begins a text.
    Bos,
    /// Ends one.
    Eos,
    /// Stands for a word to be guessed.
    Mask,
}

/// Ids of the tokens with a role, where the file gives them by id.
#[derive(Clone, Copy, Debug, Default)]
struct Specials {
    bos: Option<u32>,
    eos: Option<u32>,
    mask: Option<u32>,
}

/// Why there is no tokenizer, or no tokens.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TokenizerError {
    /// A tokenizer.json, or another file of a tokenizer, that cannot be used.
    #[error("{file}: {reason}")]
    Json {
        /// Which file.
        file: String,
        /// What is wrong where.
        reason: String,
    },
    /// A vocabulary and merges that contradict each other.
    #[error("{file}: merge {number} (\"{left}\" and \"{right}\"): \"{missing}\" is not in the vocabulary")]
    Merge {
        /// Which file.
        file: String,
        /// Which one, from zero.
        number: usize,
        /// Its first part.
        left: String,
        /// Its second part.
        right: String,
        /// What the vocabulary lacks.
        missing: String,
    },
    /// Metadata of a GGUF file that are missing or of another type.
    #[error(transparent)]
    File(#[from] FileError),
    /// Metadata of a GGUF file that say something impossible or unknown.
    #[error("{file}: metadata {key}: expected {expected}, found {found}")]
    Metadata {
        /// Which file.
        file: String,
        /// Which field.
        key: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// No token but those that the tokenizer adds.
    #[error("the {which} is empty: it has no token of its own")]
    Empty {
        /// "text", "second text", "list of ids".
        which: &'static str,
    },
    /// An id that is no token.
    #[error("id {id} is outside the vocabulary of {n_vocab} tokens")]
    UnknownId {
        /// The id.
        id: u32,
        /// How many tokens there are.
        n_vocab: usize,
    },
    /// The tokenizer itself gave up.
    #[error("the tokenizer cannot read this: {reason}")]
    Encode {
        /// What it says.
        reason: String,
    },
}

impl Tokenizer {
    /// `n_model_vocab`: one more than the highest id of the model, added tokens aside. Passed in because the crate lists
    /// its vocabulary only by copying it.
    fn new(inner: tokenizers::Tokenizer, n_model_vocab: usize, specials: Specials) -> Self {
        let n_added = after_highest(inner.get_added_vocabulary().get_vocab().values());
        Tokenizer { form: form::of(&inner), inner, n_vocab: n_model_vocab.max(n_added), specials, names: None }
    }

    /// The same with the ids of a vocabulary.
    fn with_names(self, names: Arc<Names>) -> Self {
        Tokenizer { n_vocab: names.n_tokens(), names: Some(names), ..self }
    }

    /// The tokens of a text, or of two.
    ///
    /// `has_pairs`: whether the model reads two texts as a pair (BERT). Where not, they are joined by one space, and the
    /// second one starts at the token that holds its first byte, which may hold the space too.
    ///
    /// Offsets are bytes of `text`, or of both texts joined by one space.
    pub fn encode(&self, text: &str, pair: Option<&str>, has_pairs: bool) -> Result<Tokens, TokenizerError> {
        match pair {
            None => {
                let tokens = self.encoded(text)?.0;
                expect_own(&tokens, 0..tokens.len(), "text").map(|()| tokens)
            }
            Some(second) if has_pairs => self.encode_pair(text, second),
            Some(second) => self.encode_joined(text, second),
        }
    }

    /// As a pair, in the tokenizer's own way.
    fn encode_pair(&self, first: &str, second: &str) -> Result<Tokens, TokenizerError> {
        let (mut tokens, sequences) = self.encoded((first, second))?;
        let has_own = |sequence| sequences.contains(&Some(sequence));
        if !has_own(0) {
            return Err(TokenizerError::Empty { which: "text" });
        }
        let Some(start) = sequences.iter().position(|sequence| *sequence == Some(1)) else {
            return Err(TokenizerError::Empty { which: "second text" });
        };
        for (offsets, sequence) in tokens.offsets.iter_mut().zip(&sequences) {
            if *sequence == Some(1) {
                offsets.0 += first.len() + 1;
                offsets.1 += first.len() + 1;
            }
        }
        tokens.segments = vec![0, start];
        Ok(tokens)
    }

    /// As one text, joined by one space.
    fn encode_joined(&self, first: &str, second: &str) -> Result<Tokens, TokenizerError> {
        let mut tokens = self.encoded(format!("{first} {second}"))?.0;
        let second_byte = first.len() + 1;
        let holds_second = |(index, offsets): (usize, &(usize, usize))| {
            (!tokens.special[index] && offsets.1 > second_byte).then_some(index)
        };
        let start = tokens.offsets.iter().enumerate().find_map(holds_second);
        let start = start.filter(|_| !second.is_empty()).ok_or(TokenizerError::Empty { which: "second text" })?;
        if first.is_empty() {
            return Err(TokenizerError::Empty { which: "text" });
        }
        expect_own(&tokens, 0..start, "text")?;
        tokens.segments = vec![0, start];
        Ok(tokens)
    }

    /// Tokens for ids as they are; nothing is added. Those that the tokenizer could have added count as special.
    pub fn from_ids(&self, ids: &[u32]) -> Result<Tokens, TokenizerError> {
        if ids.is_empty() {
            return Err(TokenizerError::Empty { which: "list of ids" });
        }
        let unknown = |id| TokenizerError::UnknownId { id, n_vocab: self.n_vocab };
        let name = |&id: &u32| self.id_to_token(id).ok_or_else(|| unknown(id));
        let tokens = ids.iter().map(name).collect::<Result<Vec<String>, TokenizerError>>()?;
        let added = self.inner.get_added_vocabulary();
        Ok(Tokens {
            special: tokens.iter().map(|token| added.is_special_token(token)).collect(),
            tokens,
            ids: ids.to_vec(),
            form: self.form,
            offsets: vec![(0, 0); ids.len()],
            segments: Vec::new(),
            type_ids: vec![0; ids.len()],
        })
    }

    /// One more than the highest id. The model's embedding must have at least so many rows.
    pub fn n_vocab(&self) -> usize {
        self.n_vocab
    }

    /// How tokens are written.
    pub fn form(&self) -> TokenForm {
        self.form
    }

    /// The token of an id.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        match &self.names {
            Some(names) => names.token(id).map(str::to_owned),
            None => self.inner.id_to_token(id),
        }
    }

    /// The id of a token.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        match &self.names {
            Some(names) => names.id(token),
            None => self.inner.token_to_id(token),
        }
    }

    /// The text of ids, special tokens included. Bytes that are no whole character become �.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let text = match (&self.names, self.inner.get_decoder()) {
            (Some(names), Some(decoder)) => {
                decoder.decode(ids.iter().filter_map(|&id| names.token(id)).map(str::to_owned).collect())
            }
            _ => self.inner.decode(ids, false),
        };
        text.map_err(refused)
    }

    /// The id of a token with a role. A tokenizer.json does not say which token has which; there it is found by the usual
    /// names.
    pub fn special_id(&self, role: SpecialToken) -> Option<u32> {
        let (given, names): (_, &[&str]) = match role {
            SpecialToken::Bos => (self.specials.bos, &["<|begin_of_text|>", "<s>", "<bos>", "<|endoftext|>"]),
            SpecialToken::Eos => (self.specials.eos, &["<|end_of_text|>", "</s>", "<eos>", "<|endoftext|>"]),
            SpecialToken::Mask => (self.specials.mask, &["[MASK]", "<mask>"]),
        };
        let added = self.inner.get_added_vocabulary();
        let by_name = || names.iter().find(|name| added.is_special_token(name)).and_then(|name| self.token_to_id(name));
        given.or_else(by_name)
    }

    /// Whether it puts a token in front of every text. Reads none for that: with the first one the crate compiles its pattern, which
    /// takes a browser fifty milliseconds.
    pub fn begins_with(&self, id: u32) -> Result<bool, TokenizerError> {
        let added = self.inner.post_process(Encoding::default(), None, true).map_err(refused)?;
        Ok(self.ids(&added).first() == Some(&id))
    }

    /// The tokens and, for each, which of the texts it is of.
    fn encoded<'s, E>(&self, input: E) -> Result<(Tokens, Vec<Option<usize>>), TokenizerError>
    where
        E: Into<tokenizers::EncodeInput<'s>>,
    {
        let encoding = self.inner.encode(input, true).map_err(refused)?;
        let ids = self.ids(&encoding);
        let tokens = Tokens {
            tokens: ids.iter().zip(encoding.get_tokens()).map(|(&id, token)| self.name(id, token)).collect(),
            form: self.form,
            offsets: encoding.get_offsets().to_vec(),
            special: encoding.get_special_tokens_mask().iter().map(|&mask| mask != 0).collect(),
            segments: Vec::new(),
            type_ids: encoding.get_type_ids().to_vec(),
            ids,
        };
        Ok((tokens, encoding.get_sequence_ids()))
    }

    /// Ids of what the crate made, by the model's own numbers.
    fn ids(&self, encoding: &Encoding) -> Vec<u32> {
        let Some(names) = &self.names else { return encoding.get_ids().to_vec() };
        let piece = |(&id, piece): (&u32, &String)| match self.inner.id_to_token(id) {
            // An added token's piece is the text it matched; that of what is unknown may be known to the vocabulary.
            Some(token) if self.inner.get_added_vocabulary().is_special_token(&token) && token != "<unk>" => {
                names.id_or_unknown(&token)
            }
            _ => names.id_or_unknown(piece),
        };
        encoding.get_ids().iter().zip(encoding.get_tokens()).map(piece).collect()
    }

    /// An added token's piece is the text it matched, spaces included; its name is what id_to_token says.
    fn name(&self, id: u32, piece: &str) -> String {
        self.id_to_token(id).unwrap_or_else(|| piece.to_owned())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: tokenizers::Error) -> TokenizerError {
    TokenizerError::Encode { reason: error.to_string() }
}

/// One more than the highest id.
fn after_highest<'a>(ids: impl Iterator<Item = &'a u32>) -> usize {
    ids.max().map_or(0, |id| *id as usize + 1)
}

/// Refuses a range of tokens that the tokenizer added all itself.
fn expect_own(tokens: &Tokens, range: std::ops::Range<usize>, which: &'static str) -> Result<(), TokenizerError> {
    let has_own = tokens.special.get(range).is_some_and(|special| special.contains(&false));
    if has_own { Ok(()) } else { Err(TokenizerError::Empty { which }) }
}
