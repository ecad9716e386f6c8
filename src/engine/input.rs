//! Inputs beyond a plain text: with or without BOS, and a block of random tokens repeated once.

use super::error::{EngineError, InputError};
use super::model::Model;
use super::tokenizer::SpecialToken;
use crate::random::SplitMix64;
use crate::trace::Tokens;

/// Whether the input starts with a BOS token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bos {
    /// BOS is added where the tokenizer adds it.
    #[default]
    AsTokenizer,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Model {
    /// Whether the tokenizer adds a BOS by itself; `None` where the model has no BOS token.
    pub fn adds_bos(&self) -> Option<bool> {
        let bos = self.bos()?;
        self.tokenizer()?.begins_with(bos).ok()
    }

    fn bos(&self) -> Option<u32> {
        self.tokenizer().and_then(|tokenizer| tokenizer.special_id(SpecialToken::Bos))
    }

    /// Adds or removes the BOS token; the starts of a pair's texts are adjusted.
    ///
    /// # Errors
    /// When one is wanted and the model has none.
    pub fn with_bos(&self, mut tokens: Tokens, choice: Bos) -> Result<Tokens, EngineError> {
        let bos = self.bos();
        let is_there = bos.is_some() && tokens.ids.first() == bos.as_ref();
        match (choice, bos) {
            (Bos::AsTokenizer, _) => {}
            (Bos::Off, _) if !is_there => {}
            (Bos::On, _) if is_there => {}
            (Bos::Off, _) => {
                tokens.tokens.remove(0);
                tokens.ids.remove(0);
                tokens.offsets.remove(0);
                tokens.special.remove(0);
                tokens.type_ids.remove(0);
                tokens.segments.iter_mut().for_each(|start| *start = start.saturating_sub(1));
            }
            (Bos::On, Some(id)) => {
                tokens.tokens.insert(0, self.token_name(id));
                tokens.ids.insert(0, id);
                tokens.offsets.insert(0, (0, 0));
                tokens.special.insert(0, true);
                tokens.type_ids.insert(0, 0);
                // The BOS token belongs to the first text.
                tokens.segments.iter_mut().skip(1).for_each(|start| *start += 1);
            }
            (Bos::On, None) => {
                return Err(EngineError::Request("this model has no BOS token".to_owned()));
            }
        }
        Ok(tokens)
    }

    /// A block of `n_block` random tokens twice, after a BOS token where the model has one and `choice` allows it: the input of
    /// prefix-matching scores (Olsson et al. 2022). Special tokens are never drawn; equal seeds give equal blocks.
    ///
    /// # Errors
    /// When the block is empty, or twice its length is more than the model reads.
    pub fn random_block(&self, n_block: usize, seed: u64, choice: Bos) -> Result<Tokens, EngineError> {
        let bos = self.bos().filter(|_| choice != Bos::Off);
        let (n_tokens, n_ctx) = (2 * n_block + usize::from(bos.is_some()), self.spec().n_ctx);
        if n_block == 0 {
            return Err(InputError::Empty.into());
        }
        if n_tokens > n_ctx {
            return Err(InputError::TooLong { n_tokens, n_ctx }.into());
        }
        let mut random = SplitMix64::new(seed);
        let block: Vec<u32> = (0..n_block).map(|_| self.random_id(&mut random)).collect();
        let ids: Vec<u32> = bos.into_iter().chain(block.iter().copied()).chain(block.iter().copied()).collect();
        self.tokens_from_ids(&ids)
    }

    /// The id of a token that is not special.
    fn random_id(&self, random: &mut SplitMix64) -> u32 {
        let d_vocab = self.spec().d_vocab;
        let n_vocab = self.tokenizer().map_or(d_vocab, |tokenizer| tokenizer.n_vocab().min(d_vocab)).max(1) as u64;
        let mut id = 0;
        // Few tokens of a vocabulary are special; the limit is for one that has no other.
        for _ in 0..1_000 {
            id = (random.next() % n_vocab) as u32;
            if self.tokens_from_ids(&[id]).is_ok_and(|tokens| !tokens.special[0]) {
                break;
            }
        }
        id
    }
}
