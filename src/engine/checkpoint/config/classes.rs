//! The configuration classes of transformers 5.24 as data: the keys of each family with their defaults.
//!
//! `classes.json` is made by `tests/fixtures/make_config_keys.py` from transformers itself.

use serde_json::{Map, Value};

/// A configuration class.
#[derive(Clone, Debug)]
pub struct Class {
    /// The class's name, e.g. "LlamaConfig".
    pub name: String,
    keys: Map<String, Value>,
    /// Keys for which null is a value, not the default.
    nullable: Vec<String>,
    /// Other names of keys: alias, key.
    pub(super) aliases: Vec<(String, String)>,
}

impl Class {
    /// The class that reads a `model_type`.
    pub fn of(model_type: &str) -> Option<Self> {
        Self::parse(all().remove(model_type)?)
    }

    /// Every `model_type` with the name of its class.
    pub fn names() -> Vec<(String, String)> {
        let class = |class: &Value| class.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
        all().iter().map(|(model_type, value)| (model_type.clone(), class(value))).collect()
    }

    fn parse(value: Value) -> Option<Self> {
        let Value::Object(mut fields) = value else { return None };
        let Some(Value::Object(keys)) = fields.remove("keys") else { return None };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let nullable = fields.get("nullable")?.as_array()?.iter().filter_map(text).collect();
        let aliases = fields.get("aliases")?.as_object()?.iter();
        let aliases = aliases.filter_map(|(alias, key)| Some((alias.clone(), text(key)?))).collect();
        Some(Self { name: text(fields.get("class")?)?, keys, nullable, aliases })
    }

    /// The default of a key; none where it is null.
    pub fn default(&self, key: &str) -> Option<&Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    /// Whether null says something else than leaving the key out.
    pub fn is_null_a_value(&self, key: &str) -> bool {
        self.nullable.iter().any(|nullable| nullable == key)
    }

    /// Keys and defaults.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.keys.iter().map(|(key, default)| (key.as_str(), default))
    }
}

fn all() -> Map<String, Value> {
    serde_json::from_str(include_str!("classes.json")).unwrap_or_default()
}
