//! What a checkpoint says about the text that its model writes: where it starts and ends, and which tokens may not or must be next.
//!
//! Read from generation_config.json, or from config.json where that file is missing, with the keys of transformers'
//! `GenerationConfig`. The rules act on the logits one after another, in the order of transformers' greedy search
//! (`_get_logits_processor`), so that a greedy continuation is the same. Sampling settings of the file are not applied: whoever runs
//! the model chooses them. What else is not applied is said where the model is described ([`GenerationConfig::note`]).

mod keys;

use super::checkpoint::Config;
use super::error::EngineError;
use keys::{Reader, unapplied};

/// Rules for the next token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerationConfig {
    /// The token that a decoder reads first.
    pub start_id: Option<u32>,
    /// Tokens that end a text.
    pub eos_ids: Vec<u32>,
    /// The most tokens of a text, the prompt included.
    max_length: Option<usize>,
    /// The most tokens written after the prompt.
    max_new_tokens: Option<usize>,
    /// Divides the logits of tokens that are in the text, and multiplies negative ones.
    repetition_penalty: Option<f32>,
    /// Does the same, inverted, for tokens that the encoder read.
    encoder_repetition_penalty: Option<f32>,
    /// Sequences, and what is added to the logit of the token that would complete one.
    sequence_bias: Vec<(Vec<u32>, f32)>,
    /// After so many tokens of a continuation, the logits of tokens that end it grow by this factor with every token.
    exponential_decay: Option<(usize, f32)>,
    /// Keys that would change what is written and are not applied, each with its value.
    unapplied: Vec<String>,
    /// No sequence of so many tokens occurs twice in a text; 0 for no such rule.
    no_repeat_ngram_size: usize,
    /// No sequence of so many tokens that the encoder read is written; 0 for no such rule.
    encoder_no_repeat_ngram_size: usize,
    /// Sequences that are never completed.
    bad_words: Vec<Vec<u32>>,
    /// A text of fewer tokens does not end.
    min_length: usize,
    /// A continuation of fewer tokens does not end.
    min_new_tokens: usize,
    /// The token after a text of one token.
    forced_bos_id: Option<u32>,
    /// The tokens that may stand last when the most tokens are reached.
    forced_eos_ids: Vec<u32>,
    /// Tokens that are never written.
    suppressed: Vec<u32>,
    /// Tokens that are not written first.
    suppressed_at_begin: Vec<u32>,
}

/// The text that is being written, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextSoFar<'a> {
    /// Prompt and what was written after it.
    pub ids: &'a [u32],
    /// Tokens of the prompt.
    pub n_prompt: usize,
    /// What the encoder read; empty for a model of one stack.
    pub source: &'a [u32],
    /// The number of tokens at which the text has to end; `None` where writing may go on afterwards.
    pub max_length: Option<usize>,
}

impl GenerationConfig {
    /// Reads the keys of a generation_config.json or a config.json.
    ///
    /// # Errors
    /// When a value is of another type.
    pub fn read(config: &Config) -> Result<Self, EngineError> {
        let read = Reader(config);
        let start_id = read.id("decoder_start_token_id")?;
        Ok(Self {
            start_id: if start_id.is_some() { start_id } else { read.id("bos_token_id")? },
            eos_ids: read.ids("eos_token_id")?,
            max_length: read.count("max_length")?,
            max_new_tokens: read.count("max_new_tokens")?,
            repetition_penalty: read.penalty("repetition_penalty")?,
            encoder_repetition_penalty: read.penalty("encoder_repetition_penalty")?,
            no_repeat_ngram_size: read.count("no_repeat_ngram_size")?.unwrap_or(0),
            encoder_no_repeat_ngram_size: read.count("encoder_no_repeat_ngram_size")?.unwrap_or(0),
            bad_words: read.sequences("bad_words_ids")?,
            min_length: read.count("min_length")?.unwrap_or(0),
            min_new_tokens: read.count("min_new_tokens")?.unwrap_or(0),
            forced_bos_id: read.id("forced_bos_token_id")?,
            forced_eos_ids: read.ids("forced_eos_token_id")?,
            suppressed: read.ids("suppress_tokens")?,
            suppressed_at_begin: read.ids("begin_suppress_tokens")?,
            sequence_bias: read.biases("sequence_bias")?,
            exponential_decay: read.decay("exponential_decay_length_penalty")?,
            unapplied: unapplied(config),
        })
    }

    /// The rules that a GGUF file has: which tokens end a text, and which are never written.
    pub fn of_gguf(eos_ids: Vec<u32>, suppressed: Vec<u32>) -> Self {
        Self { eos_ids, suppressed, ..Self::default() }
    }

    /// A sentence on what the file asks for and is not applied, where there is such.
    pub fn note(&self) -> Option<String> {
        let (keys, are) = (self.unapplied.join(", "), if self.unapplied.len() == 1 { "is" } else { "are" });
        (!self.unapplied.is_empty()).then(|| format!("{keys} {are} not applied when the model writes text."))
    }

    /// The most tokens of a text that begins with `n_prompt`, if the file says so.
    pub fn max_length(&self, n_prompt: usize) -> Option<usize> {
        self.max_new_tokens.map(|n_tokens| n_prompt.saturating_add(n_tokens)).or(self.max_length)
    }

    /// Applies the rules to the logits [d_vocab] of the next token: what may not be next becomes −∞.
    pub(super) fn apply(&self, logits: &mut [f32], text: TextSoFar<'_>) {
        let TextSoFar { ids, n_prompt, source, max_length } = text;
        for (sequence, bias) in &self.sequence_bias {
            if let Some(id) = completed(sequence, ids)
                && let Some(logit) = logits.get_mut(id as usize)
            {
                *logit += bias;
            }
        }
        if let Some(penalty) = self.encoder_repetition_penalty {
            penalise(logits, source, penalty.recip());
        }
        if let Some(penalty) = self.repetition_penalty {
            penalise(logits, ids, penalty);
        }
        ban_repeated(logits, ids, ids, self.no_repeat_ngram_size);
        ban_repeated(logits, source, ids, self.encoder_no_repeat_ngram_size);
        let is_eos = |word: &[u32]| matches!(word, [id] if self.eos_ids.contains(id));
        for word in self.bad_words.iter().filter(|word| !is_eos(word)) {
            if let Some(id) = completed(word, ids) {
                ban(logits, &[id]);
            }
        }
        if ids.len() < self.min_length.max(n_prompt.saturating_add(self.min_new_tokens)) {
            let is_asked = self.min_length > 0 || self.min_new_tokens > 0;
            ban(logits, if is_asked { &self.eos_ids } else { &[] });
        }
        if let Some(id) = self.forced_bos_id
            && ids.len() == 1
        {
            force(logits, &[id]);
        }
        if !self.forced_eos_ids.is_empty() && max_length.is_some_and(|max_length| ids.len() + 1 == max_length) {
            force(logits, &self.forced_eos_ids);
        }
        if let Some((start, factor)) = self.exponential_decay
            && let Some(n_beyond) = ids.len().checked_sub(n_prompt + start).filter(|n_beyond| *n_beyond > 0)
        {
            let grown = f64::from(factor).powf(n_beyond as f64) - 1.0;
            for &id in &self.eos_ids {
                if let Some(logit) = logits.get_mut(id as usize).filter(|logit| logit.is_finite()) {
                    *logit += logit.abs() * grown as f32;
                }
            }
        }
        ban(logits, &self.suppressed);
        // Where the first token is forced, the second one is the first that is chosen.
        let begin = if n_prompt > 1 || self.forced_bos_id.is_none() { n_prompt } else { n_prompt + 1 };
        if ids.len() == begin {
            ban(logits, &self.suppressed_at_begin);
        }
    }
}

/// The token that would complete a sequence after a text.
fn completed(sequence: &[u32], ids: &[u32]) -> Option<u32> {
    let (last, before) = sequence.split_last()?;
    ids.ends_with(before).then_some(*last)
}

fn ban(logits: &mut [f32], ids: &[u32]) {
    for &id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = f32::NEG_INFINITY;
        }
    }
}

fn force(logits: &mut [f32], ids: &[u32]) {
    logits.fill(f32::NEG_INFINITY);
    for &id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = 0.0;
        }
    }
}

/// Makes the tokens of a text less likely, each once however often it occurs.
fn penalise(logits: &mut [f32], ids: &[u32], penalty: f32) {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = if *logit < 0.0 { *logit * penalty } else { *logit / penalty };
        }
    }
}

/// Bans what would complete a sequence of `n` tokens that occurs in `known`.
fn ban_repeated(logits: &mut [f32], known: &[u32], ids: &[u32], n: usize) {
    if n == 0 || ids.len() + 1 < n {
        return;
    }
    let before = &ids[ids.len() + 1 - n..];
    for sequence in known.windows(n) {
        if sequence[..n - 1] == *before {
            ban(logits, &sequence[n - 1..]);
        }
    }
}

#[cfg(test)]
mod tests;
