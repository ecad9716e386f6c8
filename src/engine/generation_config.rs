//! What a checkpoint says about the text that its model writes: where it starts and ends, and which tokens may not or must be next.
//!
//! Read from generation_config.json, or from config.json where that file is missing, with the keys of transformers'
//! `GenerationConfig`. The rules act on the logits one after another, in the order of transformers' greedy search
//! (`_get_logits_processor`), so that a greedy continuation is the same. Beams and sampling settings of the file are not applied:
//! whoever runs the model chooses them.

use serde_json::Value;

use super::checkpoint::Config;
use super::error::EngineError;

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
        })
    }

    /// Rules that only say which tokens end a text.
    pub fn ending_with(eos_ids: Vec<u32>) -> Self {
        Self { eos_ids, ..Self::default() }
    }

    /// The most tokens of a text that begins with `n_prompt`, if the file says so.
    pub fn max_length(&self, n_prompt: usize) -> Option<usize> {
        self.max_new_tokens.map(|n_tokens| n_prompt.saturating_add(n_tokens)).or(self.max_length)
    }

    /// Applies the rules to the logits [d_vocab] of the next token: what may not be next becomes −∞.
    pub(super) fn apply(&self, logits: &mut [f32], text: TextSoFar<'_>) {
        let TextSoFar { ids, n_prompt, source, max_length } = text;
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
            if let Some((last, before)) = word.split_last()
                && ids.ends_with(before)
            {
                ban(logits, &[*last]);
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
        ban(logits, &self.suppressed);
        // Where the first token is forced, the second one is the first that is chosen.
        let begin = if n_prompt > 1 || self.forced_bos_id.is_none() { n_prompt } else { n_prompt + 1 };
        if ids.len() == begin {
            ban(logits, &self.suppressed_at_begin);
        }
    }
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

/// Reads values with errors that name the key.
struct Reader<'a>(&'a Config);

impl Reader<'_> {
    fn value<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, EngineError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.0.refuse(key, expected, &value.to_string()))
    }

    /// One id or a list; negative ones, which stand for none, are left out.
    fn ids(&self, key: &str) -> Result<Vec<u32>, EngineError> {
        let ids = self.value(key, "a token id or a list of them", |value| match value {
            Value::Array(list) => ids(list),
            one => ids(std::slice::from_ref(one)),
        });
        Ok(ids?.unwrap_or_default())
    }

    fn id(&self, key: &str) -> Result<Option<u32>, EngineError> {
        Ok(self.ids(key)?.first().copied())
    }

    fn sequences(&self, key: &str) -> Result<Vec<Vec<u32>>, EngineError> {
        let lists = |value: &Value| value.as_array()?.iter().map(|list| ids(list.as_array()?)).collect();
        let mut sequences: Vec<Vec<u32>> = self.value(key, "a list of lists of token ids", lists)?.unwrap_or_default();
        sequences.retain(|sequence| !sequence.is_empty());
        Ok(sequences)
    }

    fn count(&self, key: &str) -> Result<Option<usize>, EngineError> {
        self.value(key, "a whole number", |value| value.as_u64().and_then(|count| usize::try_from(count).ok()))
    }

    /// A factor; 1 means that there is no rule.
    fn penalty(&self, key: &str) -> Result<Option<f32>, EngineError> {
        let positive = |value: &Value| value.as_f64().map(|number| number as f32).filter(|number| *number > 0.0);
        Ok(self.value(key, "a positive number", positive)?.filter(|penalty| *penalty != 1.0))
    }
}

fn ids(list: &[Value]) -> Option<Vec<u32>> {
    let id = |value: &Value| match value.as_i64()? {
        negative if negative < 0 => Some(None),
        id => u32::try_from(id).ok().map(Some),
    };
    Some(list.iter().map(id).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that may be next after a text, and the most likely one, with logits 0, 1, 2, … of `n` tokens.
    #[track_caller]
    fn next(json: &str, n: usize, text: TextSoFar<'_>) -> (Vec<usize>, usize) {
        let config =
            GenerationConfig::read(&Config::parse("generation_config.json", json.as_bytes()).unwrap()).unwrap();
        let mut logits: Vec<f32> = (0..n).map(|id| id as f32).collect();
        config.apply(&mut logits, text);
        let allowed = (0..n).filter(|id| logits[*id] > f32::NEG_INFINITY).collect();
        let best = (0..n).reduce(|best, id| if logits[id] > logits[best] { id } else { best }).unwrap();
        (allowed, best)
    }

    fn after(ids: &[u32]) -> TextSoFar<'_> {
        TextSoFar { ids, n_prompt: ids.len(), source: &[], max_length: None }
    }

    #[test]
    fn each_rule_bans_or_forces() {
        let text = after(&[1, 2]);
        let written = TextSoFar { n_prompt: 1, ..text };
        let last = TextSoFar { max_length: Some(3), ..written };
        let read = TextSoFar { source: &[2, 3], ..text };
        for (json, text, allowed) in [
            ("{}", text, &[0, 1, 2, 3][..]),
            (r#"{"bad_words_ids":[[3],[2,0],[1,1],[4,2,1]]}"#, text, &[1, 2]),
            (r#"{"bad_words_ids":[[3]],"eos_token_id":[3,0]}"#, text, &[0, 1, 2, 3]),
            (r#"{"suppress_tokens":[3,-1,9]}"#, text, &[0, 1, 2]),
            (r#"{"begin_suppress_tokens":[3]}"#, text, &[0, 1, 2]),
            (r#"{"begin_suppress_tokens":[3]}"#, written, &[0, 1, 2, 3]),
            (r#"{"begin_suppress_tokens":[3],"forced_bos_token_id":2}"#, after(&[0]), &[2]),
            (r#"{"begin_suppress_tokens":[3],"forced_bos_token_id":2}"#, written, &[0, 1, 2]),
            (r#"{"forced_bos_token_id":2}"#, text, &[0, 1, 2, 3]),
            (r#"{"forced_eos_token_id":[1,2]}"#, last, &[1, 2]),
            (r#"{"forced_eos_token_id":1}"#, written, &[0, 1, 2, 3]),
            (r#"{"min_length":3,"eos_token_id":3}"#, text, &[0, 1, 2]),
            (r#"{"min_length":2,"eos_token_id":3}"#, text, &[0, 1, 2, 3]),
            (r#"{"min_new_tokens":1,"eos_token_id":3}"#, text, &[0, 1, 2]),
            (r#"{"min_new_tokens":1,"eos_token_id":3}"#, written, &[0, 1, 2, 3]),
            (r#"{"no_repeat_ngram_size":1}"#, text, &[0, 3]),
            (r#"{"no_repeat_ngram_size":2}"#, after(&[1, 2, 0, 1]), &[0, 1, 3]),
            (r#"{"encoder_no_repeat_ngram_size":2}"#, read, &[0, 1, 2]),
        ] {
            assert_eq!(next(json, 4, text).0, allowed, "{json}");
        }
    }

    #[test]
    fn penalties_move_logits_towards_the_less_likely() {
        // 3 / 2 is below 2.
        assert_eq!(next(r#"{"repetition_penalty":2.0}"#, 4, after(&[3, 3])).1, 2);
        // 2 · 2 is above 3.
        let text = TextSoFar { source: &[2], ..after(&[0]) };
        assert_eq!(next(r#"{"encoder_repetition_penalty":2.0}"#, 4, text).1, 2);
        let mut logits = [-1.0, 1.0];
        penalise(&mut logits, &[0, 1, 0], 2.0);
        assert_eq!(logits, [-2.0, 0.5]);
    }

    #[test]
    fn wrong_values_are_named() {
        for (json, expected) in [
            (
                r#"{"bad_words_ids":[3]}"#,
                "generation_config.json: bad_words_ids: expected a list of lists of token ids",
            ),
            (
                r#"{"eos_token_id":"</s>"}"#,
                "generation_config.json: eos_token_id: expected a token id or a list of them",
            ),
            (r#"{"min_length":-1}"#, "generation_config.json: min_length: expected a whole number, found -1"),
            (r#"{"repetition_penalty":0}"#, "generation_config.json: repetition_penalty: expected a positive number"),
        ] {
            let config = Config::parse("generation_config.json", json.as_bytes()).unwrap();
            let message = GenerationConfig::read(&config).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
