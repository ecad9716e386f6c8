//! Values inside edits that take more than one form: what `set` writes, and where `patch` takes its values from.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::fields::Field;

/// What `set` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SetValue {
    /// One number for every position and neuron.
    One(f32),
    /// One number for each index of the activation's last axis, such as a mean of z over other inputs.
    Each(Vec<f32>),
}

/// The input whose values `patch` takes: a trace, or a run of the same model without edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchFrom {
    /// A trace file, by its name; relative to the file of edits on the command line.
    Trace(String),
    /// A run on a text, or on a pair of texts.
    Text(String, Option<String>),
    /// A run on token ids.
    Ids(Vec<u32>),
}

impl Field for SetValue {
    fn read(value: Value) -> Result<Self, String> {
        let number = |value: &Value| f32::read(value.clone()).ok();
        let found = match &value {
            Value::Number(_) => number(&value).map(SetValue::One),
            Value::Array(list) => list.iter().map(number).collect::<Option<_>>().map(SetValue::Each),
            _ => None,
        };
        found.ok_or_else(|| format!("expected a number or a list of numbers, found {value}"))
    }
}

impl From<SetValue> for Value {
    fn from(value: SetValue) -> Self {
        match value {
            SetValue::One(number) => json!(number),
            SetValue::Each(list) => json!(list),
        }
    }
}

impl Field for PatchFrom {
    fn read(value: Value) -> Result<Self, String> {
        let text = |map: &Map<String, Value>, field: &str| map.get(field).and_then(Value::as_str).map(str::to_owned);
        let ids = |list: &Value| Vec::<u32>::read(list.clone()).ok();
        let found = match &value {
            Value::String(file) => Some(PatchFrom::Trace(file.clone())),
            Value::Object(map) => match (text(map, "text"), text(map, "text_pair"), map.get("ids").and_then(ids)) {
                (Some(text), pair, None) if map.len() == 1 + usize::from(pair.is_some()) => {
                    Some(PatchFrom::Text(text, pair))
                }
                (None, None, Some(ids)) if map.len() == 1 => Some(PatchFrom::Ids(ids)),
                _ => None,
            },
            _ => None,
        };
        let expected = "a trace's file name, {\"text\":…}, {\"text\":…,\"text_pair\":…} or {\"ids\":[…]}";
        found.ok_or_else(|| format!("expected {expected}, found {value}"))
    }
}

impl From<PatchFrom> for Value {
    fn from(from: PatchFrom) -> Self {
        match from {
            PatchFrom::Trace(file) => json!(file),
            PatchFrom::Text(text, None) => json!({"text": text}),
            PatchFrom::Text(text, Some(pair)) => json!({"text": text, "text_pair": pair}),
            PatchFrom::Ids(ids) => json!({"ids": ids}),
        }
    }
}

impl fmt::Display for PatchFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::from(self.clone()))
    }
}
