//! The keys of a generation_config.json, read with errors that name them.

use serde_json::Value;

use crate::engine::checkpoint::Config;
use crate::engine::error::EngineError;
use crate::trace::shorten::shortened;

/// Reads values with errors that name the key.
pub(super) struct Reader<'a>(pub &'a Config);

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
    pub fn ids(&self, key: &str) -> Result<Vec<u32>, EngineError> {
        let ids = self.value(key, "a token id or a list of them", |value| match value {
            Value::Array(list) => ids(list),
            one => ids(std::slice::from_ref(one)),
        });
        Ok(ids?.unwrap_or_default())
    }

    pub fn id(&self, key: &str) -> Result<Option<u32>, EngineError> {
        Ok(self.ids(key)?.first().copied())
    }

    pub fn sequences(&self, key: &str) -> Result<Vec<Vec<u32>>, EngineError> {
        let lists = |value: &Value| value.as_array()?.iter().map(|list| ids(list.as_array()?)).collect();
        let mut sequences: Vec<Vec<u32>> = self.value(key, "a list of lists of token ids", lists)?.unwrap_or_default();
        sequences.retain(|sequence| !sequence.is_empty());
        Ok(sequences)
    }

    /// Pairs of a sequence and a number.
    pub fn biases(&self, key: &str) -> Result<Vec<(Vec<u32>, f32)>, EngineError> {
        let pair = |pair: &Value| match pair.as_array()?.as_slice() {
            [sequence, bias] => Some((ids(sequence.as_array()?)?, bias.as_f64()? as f32)),
            _ => None,
        };
        let pairs = |value: &Value| value.as_array()?.iter().map(pair).collect();
        let mut biases: Vec<(Vec<u32>, f32)> =
            self.value(key, "a list of [token ids, number]", pairs)?.unwrap_or_default();
        biases.retain(|(sequence, _)| !sequence.is_empty());
        Ok(biases)
    }

    /// A number of tokens and a factor.
    pub fn decay(&self, key: &str) -> Result<Option<(usize, f32)>, EngineError> {
        self.value(key, "a list of a number of tokens and a factor", |value| match value.as_array()?.as_slice() {
            [start, factor] => Some((usize::try_from(start.as_u64()?).ok()?, factor.as_f64()? as f32)),
            _ => None,
        })
    }

    pub fn count(&self, key: &str) -> Result<Option<usize>, EngineError> {
        self.value(key, "a whole number", |value| value.as_u64().and_then(|count| usize::try_from(count).ok()))
    }

    /// A factor; 1 means that there is no rule.
    pub fn penalty(&self, key: &str) -> Result<Option<f32>, EngineError> {
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

/// Keys that change what transformers writes without sampling and are not applied, as "key value".
pub(super) fn unapplied(config: &Config) -> Vec<String> {
    let is_more = |value: &Value, than: f64| value.as_f64().is_some_and(|number| number > than);
    let asks = |key: &str, value: &Value| match key {
        "num_beams" | "num_beam_groups" | "guidance_scale" => is_more(value, 1.0),
        "penalty_alpha" | "diversity_penalty" => is_more(value, 0.0),
        "token_healing" => value == true,
        _ => !matches!(value.as_array(), Some(list) if list.is_empty()),
    };
    let keys = [
        "num_beams",
        "num_beam_groups",
        "diversity_penalty",
        "guidance_scale",
        "stop_strings",
        "watermarking_config",
        "token_healing",
        "penalty_alpha",
        "dola_layers",
        "constraints",
        "force_words_ids",
    ];
    let found = keys.into_iter().filter_map(|key| Some((key, config.get(key)?)));
    found
        .filter(|(key, value)| asks(key, value))
        .map(|(key, value)| format!("{key} {}", shortened(&value.to_string())))
        .collect()
}
