//! Fields of a `config.json`, read with errors that name the field.
//!
//! A configuration of a known family has the defaults of its class in transformers. It remembers which fields were read, and which
//! of them were defaults, so that nothing is assumed or ignored without a word.

mod classes;
mod model;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::super::error::EngineError;
pub use classes::Class;
pub use unread::WITHOUT_EFFECT;

/// A Hugging Face `config.json`.
#[derive(Clone, Debug)]
pub struct Config {
    file: String,
    fields: Map<String, Value>,
    /// The family's class in transformers.
    class: Option<Arc<Class>>,
    reads: Arc<Mutex<Reads>>,
}

/// What was asked of a configuration.
#[derive(Debug, Default)]
struct Reads {
    /// Fields that were asked for.
    fields: BTreeSet<String>,
    /// The fields that the file does not have, with the class's defaults.
    defaults: BTreeMap<String, String>,
}

/// Names that fields had before transformers 2; the class knows only the second.
const OLD_NAMES: [(&str, &str); 2] = [("max_sequence_length", "max_position_embeddings"), ("n_ctx", "n_positions")];

impl Config {
    /// Parses the file.
    ///
    /// # Errors
    /// When the text is not a JSON object.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, EngineError> {
        let refuse = |found: String| EngineError::Config {
            file: file.to_owned(),
            field: "the file".to_owned(),
            expected: "a JSON object".to_owned(),
            found,
        };
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self::of(file.to_owned(), fields)),
            Ok(other) => Err(refuse(shorten(&other.to_string()))),
            Err(error) => Err(refuse(error.to_string())),
        }
    }

    fn of(file: String, fields: Map<String, Value>) -> Self {
        Self { file, fields, class: None, reads: Arc::default() }
    }

    /// Returns the configuration as the class of a family reads it: with its defaults and its other names of keys.
    pub fn of_family(&self, model_type: &str) -> Self {
        let mut config = Self { class: Class::of(model_type).map(Arc::new), reads: Arc::default(), ..self.clone() };
        let Some(class) = config.class.clone() else { return config };
        config.fields.insert("model_type".to_owned(), model_type.into());
        // As in transformers an alias goes before the key itself, an old name only where the key is not there.
        for (alias, key) in &class.aliases {
            if let Some(value) = config.fields.remove(alias).filter(|value| !value.is_null()) {
                config.fields.insert(key.clone(), value);
            }
        }
        for (old, key) in OLD_NAMES {
            if config.fields.get(key).is_none_or(Value::is_null)
                && class.default(key).is_some()
                && let Some(value) = config.fields.get(old).cloned()
            {
                config.fields.insert(key.to_owned(), value);
            }
        }
        config
    }

    /// The fields that were read and are not in the file, with the defaults of the family's class that were taken.
    pub fn defaults_taken(&self) -> Vec<(String, String)> {
        self.reads.lock().map(|reads| reads.defaults.clone().into_iter().collect()).unwrap_or_default()
    }

    /// Whether a field was asked for.
    pub fn was_read(&self, field: &str) -> bool {
        self.reads.lock().is_ok_and(|reads| reads.fields.contains(field))
    }

    /// Name of the family's class in transformers.
    pub fn class_name(&self) -> Option<&str> {
        self.class.as_ref().map(|class| class.name.as_str())
    }

    /// Name of the file, for messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The error that a field is not as expected.
    pub fn refuse(&self, field: &str, expected: &str, found: &str) -> EngineError {
        EngineError::Config {
            file: self.file.clone(),
            field: field.to_owned(),
            expected: expected.to_owned(),
            found: shorten(found),
        }
    }

    /// Whether a field is there, be it null.
    pub fn mentions(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Returns this configuration with the fields of a nested one in place of its own.
    pub fn with_fields_of(&self, nested: &Config) -> Config {
        let mut fields = self.fields.clone();
        fields.extend(nested.fields.clone());
        Config { fields, ..self.clone() }
    }

    /// A field that is there and not null, else its default in the family's class.
    pub fn get(&self, field: &str) -> Option<&Value> {
        let found = self.fields.get(field);
        let is_null_meant = found.is_some() && self.class.as_ref().is_some_and(|class| class.is_null_a_value(field));
        let given = found.filter(|value| !value.is_null());
        let default = || self.class.as_ref().filter(|_| !is_null_meant)?.default(field);
        let value = given.or_else(default);
        if let Ok(mut reads) = self.reads.lock() {
            reads.fields.insert(field.to_owned());
            if let (None, Some(default)) = (given, value) {
                reads.defaults.insert(field.to_owned(), default.to_string());
            }
        }
        value
    }

    fn read<T>(
        &self,
        field: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, EngineError> {
        let value = self.get(field);
        value.map(|value| read(value).ok_or_else(|| self.refuse(field, expected, &value.to_string()))).transpose()
    }

    fn need<T>(&self, field: &str, expected: &str, value: Option<T>) -> Result<T, EngineError> {
        value.ok_or_else(|| self.refuse(field, expected, "nothing"))
    }

    /// A size: a whole number from 1 to 2³¹.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn size(&self, field: &str) -> Result<usize, EngineError> {
        self.need(field, SIZE, self.size_if_any(field)?)
    }

    /// Reads a field like [`Config::size`] that may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn size_if_any(&self, field: &str) -> Result<Option<usize>, EngineError> {
        let size = |value: &Value| value.as_u64().filter(|size| (1..=1 << 31).contains(size));
        self.read(field, SIZE, |value| size(value).and_then(|size| usize::try_from(size).ok()))
    }

    /// Reads a field like [`Config::size`], with its value where it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn size_or(&self, field: &str, absent: usize) -> Result<usize, EngineError> {
        Ok(self.size_if_any(field)?.unwrap_or(absent))
    }

    /// A positive number.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn positive(&self, field: &str) -> Result<f64, EngineError> {
        self.need(field, "a positive number", self.positive_if_any(field)?)
    }

    /// Reads a field like [`Config::positive`] that may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn positive_if_any(&self, field: &str) -> Result<Option<f64>, EngineError> {
        self.read(field, "a positive number", positive)
    }

    /// Positive numbers, as many as they may be.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn positives(&self, field: &str) -> Result<Vec<f64>, EngineError> {
        let list = |value: &Value| value.as_array()?.iter().map(positive).collect::<Option<Vec<f64>>>();
        let found = self.read(field, "a list of positive numbers", list)?;
        self.need(field, "a list of positive numbers", found)
    }

    /// One token id, a list of them, or none.
    ///
    /// # Errors
    /// When it is something else.
    pub fn ids(&self, field: &str) -> Result<Vec<u32>, EngineError> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        let ids = |value: &Value| match value {
            Value::Array(list) => list.iter().map(id).collect::<Option<Vec<u32>>>(),
            other => id(other).map(|id| vec![id]),
        };
        Ok(self.read(field, "a token id or a list of them", ids)?.unwrap_or_default())
    }

    /// A list of words, where it may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn words(&self, field: &str) -> Result<Option<Vec<String>>, EngineError> {
        let word = |value: &Value| value.as_str().map(str::to_owned);
        self.read(field, "a list of words", |value| value.as_array()?.iter().map(word).collect())
    }

    /// A switch, with what it means when absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn switch(&self, field: &str, absent: bool) -> Result<bool, EngineError> {
        Ok(self.read(field, "true or false", Value::as_bool)?.unwrap_or(absent))
    }

    /// A word.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn string(&self, field: &str) -> Result<&str, EngineError> {
        let value = self.need(field, "a word", self.get(field))?;
        value.as_str().ok_or_else(|| self.refuse(field, "a word", &value.to_string()))
    }

    /// Refuses a switch that is on: an option that is not read.
    ///
    /// # Errors
    /// When it is on.
    pub fn must_be_off(&self, field: &str) -> Result<(), EngineError> {
        if self.switch(field, false)? {
            Err(self.refuse(field, "false (the option is not supported)", "true"))
        } else {
            Ok(())
        }
    }

    /// Refuses any value but one, where there is any.
    ///
    /// # Errors
    /// When it is another one.
    pub fn must_be(&self, field: &str, only: &Value) -> Result<(), EngineError> {
        match self.get(field).filter(|value| *value != only) {
            Some(other) => Err(self.refuse(field, &format!("{only} (nothing else is supported)"), &other.to_string())),
            None => Ok(()),
        }
    }

    /// A nested object, as a configuration of its own.
    ///
    /// # Errors
    /// When it is something else.
    pub fn object(&self, field: &str) -> Result<Option<Config>, EngineError> {
        self.read(field, "an object", |value| {
            value.as_object().map(|fields| Config::of(format!("{}: {field}", self.file), fields.clone()))
        })
    }

    /// Returns this configuration without some fields.
    pub fn without(&self, fields: &[&str]) -> Config {
        let mut rest = self.clone();
        rest.fields.retain(|field, _| !fields.contains(&field.as_str()));
        rest
    }
}

const SIZE: &str = "a whole number from 1 to 2147483648";

fn positive(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| *number > 0.0 && number.is_finite())
}

/// Keeps a message readable whatever the file holds.
fn shorten(found: &str) -> String {
    if found.chars().count() <= 80 { found.to_owned() } else { found.chars().take(79).chain(['…']).collect() }
}
