//! Fields of a `config.json`, read with errors that name the field.

mod model;

use serde_json::{Map, Value};

use super::super::error::EngineError;

/// A Hugging Face `config.json`.
#[derive(Clone, Debug)]
pub struct Config {
    file: String,
    fields: Map<String, Value>,
}

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
            Ok(Value::Object(fields)) => Ok(Self { file: file.to_owned(), fields }),
            Ok(other) => Err(refuse(shorten(&other.to_string()))),
            Err(error) => Err(refuse(error.to_string())),
        }
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

    /// A field that is there and not null.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|value| !value.is_null())
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

    /// As [`Config::size`], where it may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn size_if_any(&self, field: &str) -> Result<Option<usize>, EngineError> {
        let size = |value: &Value| value.as_u64().filter(|size| (1..=1 << 31).contains(size));
        self.read(field, SIZE, |value| size(value).and_then(|size| usize::try_from(size).ok()))
    }

    /// As [`Config::size`], with what it means when absent.
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

    /// As [`Config::positive`], where it may be missing.
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
            value.as_object().map(|fields| Config { file: format!("{}: {field}", self.file), fields: fields.clone() })
        })
    }

    /// The same without some fields.
    pub fn without(&self, fields: &[&str]) -> Config {
        let mut rest = self.clone();
        rest.fields.retain(|field, _| !fields.contains(&field.as_str()));
        rest
    }

    /// Refuses every field of an object that is not in a list.
    ///
    /// # Errors
    /// The first unknown one.
    pub fn only(&self, known: &[&str]) -> Result<(), EngineError> {
        let unknown = self.fields.iter().find(|(field, value)| !known.contains(&field.as_str()) && !value.is_null());
        match unknown {
            Some((field, value)) => Err(self.refuse(field, "a field that is known", &value.to_string())),
            None => Ok(()),
        }
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
