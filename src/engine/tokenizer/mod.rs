//! Text to tokens and back, the same for page and command line.
//!
//! The work is done by the `tokenizers` crate; here a tokenizer is made, from the files of a folder ([`TokenizerFiles`]: a
//! tokenizer.json in [`json`], older files, SentencePiece's in [`sentencepiece`], with what [`settings`] say beside them) or from the
//! metadata of a GGUF file ([`gguf`]), and its result becomes [`Tokens`]. Truncation and padding are never on: cutting is the caller's
//! decision, after it has told the user.

mod assemble;
mod charsmap;
mod class;
mod error;
mod faults;
mod files;
mod form;
mod gguf;
mod json;
mod limits;
mod model;
mod sentencepiece;
mod settings;

use std::sync::Arc;

use tokenizers::Encoding;
use tokenizers::decoders::DecoderWrapper;

pub use error::TokenizerError;
pub use files::{TokenizerFiles, Tokenizers};
pub use gguf::gguf_labels;

use crate::trace::{TokenForm, Tokens, byte_level_token, token_bytes};
use sentencepiece::Names;

/// Splits texts into tokens.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    form: TokenForm,
    n_vocab: usize,
    specials: Specials,
    /// "bos_token" and its text, and others that its files name.
    named: Vec<(&'static str, String)>,
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

impl Tokenizer {
    /// `n_model_vocab`: one more than the highest id of the model, added tokens aside. Passed in because the crate lists
    /// its vocabulary only by copying it.
    fn new(inner: tokenizers::Tokenizer, n_model_vocab: usize, specials: Specials) -> Self {
        let added = inner.get_added_vocabulary().get_vocab().values();
        let n_added = added.max().map_or(0, |id| (*id as usize).saturating_add(1));
        Tokenizer {
            form: form::token_form(&inner),
            inner,
            n_vocab: n_model_vocab.max(n_added),
            specials,
            named: Vec::new(),
            names: None,
        }
    }

    /// Returns this tokenizer with the names of a vocabulary's ids.
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
                let tokens = self.encoded(text, None)?.0;
                expect_own(&tokens, 0..tokens.len(), "text").map(|()| tokens)
            }
            Some(second) if has_pairs => self.encode_pair(text, second),
            Some(second) => self.encode_joined(text, second),
        }
    }

    /// The tokens of a text as it is: none is added.
    pub fn encode_bare(&self, text: &str) -> Result<Tokens, TokenizerError> {
        self.encoded_with(text, None, false).map(|(tokens, _)| tokens)
    }

    /// Reads two texts as a pair, in the tokenizer's own way.
    fn encode_pair(&self, first: &str, second: &str) -> Result<Tokens, TokenizerError> {
        let (mut tokens, sequences) = self.encoded(first, Some(second))?;
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

    /// Reads two texts as one, joined by one space.
    fn encode_joined(&self, first: &str, second: &str) -> Result<Tokens, TokenizerError> {
        let mut tokens = self.encoded(&format!("{first} {second}"), None)?.0;
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

    /// Tokens for ids as they are; nothing is added. Those that the tokenizer could have added count as special; an id without a
    /// token is shown as a number in brackets, [`placeholder`].
    ///
    /// # Errors
    /// When there is no id.
    pub fn from_ids(&self, ids: &[u32]) -> Result<Tokens, TokenizerError> {
        if ids.is_empty() {
            return Err(TokenizerError::Empty { which: "list of ids" });
        }
        let added = self.inner.get_added_vocabulary();
        let is_special = |&id: &u32| self.own_name(id).is_some_and(|token| added.is_special_token(&token));
        Ok(Tokens {
            tokens: ids.iter().map(|&id| self.name(id)).collect(),
            ids: ids.to_vec(),
            form: self.form,
            offsets: vec![(0, 0); ids.len()],
            special: ids.iter().map(is_special).collect(),
            segments: Vec::new(),
            type_ids: vec![0; ids.len()],
        })
    }

    /// One more than the highest id. The model's embedding may have more rows, and fewer: then it cannot read the highest ids.
    pub fn n_vocab(&self) -> usize {
        self.n_vocab
    }

    /// How tokens are written.
    pub fn form(&self) -> TokenForm {
        self.form
    }

    /// The token of an id in the tokenizer's form. Added tokens of a byte-level tokenizer are text, which never went through its
    /// alphabet; they are written in it here, so that one form holds for all.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        let token = self.own_name(id)?;
        Some(if self.form == TokenForm::ByteLevel && self.is_added(id) { byte_level_token(&token) } else { token })
    }

    /// The token's name, or a placeholder for an id without a token: models often predict more ids than there are tokens.
    pub fn name(&self, id: u32) -> String {
        self.id_to_token(id).unwrap_or_else(|| placeholder(id))
    }

    /// The token of an id as its file has it.
    fn own_name(&self, id: u32) -> Option<String> {
        match &self.names {
            Some(names) => names.token(id).map(str::to_owned),
            None => self.inner.id_to_token(id),
        }
    }

    fn is_added(&self, id: u32) -> bool {
        self.names.is_none() && self.inner.get_added_vocabulary().get_added_tokens_decoder().contains_key(&id)
    }

    /// The id of a token, as its file has it.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        match &self.names {
            Some(names) => names.id(token),
            None => self.inner.token_to_id(token),
        }
    }

    /// The text of ids, special tokens included. Bytes that do not make a whole character become �, ids without a token stay in brackets.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        if let Some(DecoderWrapper::ByteLevel(_)) = self.inner.get_decoder() {
            let bytes: Vec<u8> = ids.iter().flat_map(|&id| token_bytes(&self.name(id), TokenForm::ByteLevel)).collect();
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let mut text = String::new();
        for run in ids.chunk_by(|&a, &b| self.own_name(a).is_some() && self.own_name(b).is_some()) {
            let tokens: Vec<String> = run.iter().filter_map(|&id| self.own_name(id)).collect();
            match (run, self.inner.get_decoder()) {
                ([id], _) if tokens.is_empty() => text.push_str(&placeholder(*id)),
                (_, Some(decoder)) => text.push_str(&limits::decode(decoder, tokens)?),
                (_, None) => text.push_str(&tokens.join(" ")),
            }
        }
        Ok(text)
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

    /// The special tokens that its files name: "bos_token" and its text, ….
    pub fn named_tokens(&self) -> &[(&'static str, String)] {
        &self.named
    }

    /// Whether it puts a token in front of every text. Reads none for that: with the first one the crate compiles its pattern, which
    /// takes a browser fifty milliseconds.
    pub fn begins_with(&self, id: u32) -> Result<bool, TokenizerError> {
        let added = self.inner.post_process(Encoding::default(), None, true).map_err(refused)?;
        Ok(self.ids(&added).first() == Some(&id))
    }

    /// The tokens and, for each, which of the texts it is of.
    fn encoded(&self, text: &str, second: Option<&str>) -> Result<(Tokens, Vec<Option<usize>>), TokenizerError> {
        self.encoded_with(text, second, true)
    }

    /// The same; `adds_special`: with what the tokenizer puts around a text.
    fn encoded_with(
        &self,
        text: &str,
        second: Option<&str>,
        adds_special: bool,
    ) -> Result<(Tokens, Vec<Option<usize>>), TokenizerError> {
        if let Some(normalizer) = self.inner.get_normalizer() {
            for text in [Some(text), second].into_iter().flatten() {
                limits::check_growth(normalizer, text)?;
            }
        }
        let encoding = match second {
            Some(second) => self.inner.encode((text, second), adds_special),
            None => self.inner.encode(text, adds_special),
        };
        let encoding = encoding.map_err(refused)?;
        let ids = self.ids(&encoding);
        let name = |(&id, piece): (&u32, &String)| self.id_to_token(id).unwrap_or_else(|| piece.clone());
        let tokens = Tokens {
            // An added token's piece is the text it matched, spaces included; its name is what its file says.
            tokens: ids.iter().zip(encoding.get_tokens()).map(name).collect(),
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
}

/// Stands for an id without a token.
pub fn placeholder(id: u32) -> String {
    format!("⟨{id}⟩")
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: tokenizers::Error) -> TokenizerError {
    TokenizerError::Encode { reason: error.to_string() }
}

/// Refuses a range of tokens that the tokenizer added all itself.
fn expect_own(tokens: &Tokens, range: std::ops::Range<usize>, which: &'static str) -> Result<(), TokenizerError> {
    let has_own = tokens.special.get(range).is_some_and(|special| special.contains(&false));
    if has_own { Ok(()) } else { Err(TokenizerError::Empty { which }) }
}
