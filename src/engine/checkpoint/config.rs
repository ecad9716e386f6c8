//! Fields of a `config.json`, read with errors that name the field.

use serde_json::{Map, Value};

use super::super::error::EngineError;
use crate::trace::spec::Activation;

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
    /// When it is no JSON object.
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

    /// A positive number.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn positive(&self, field: &str) -> Result<f64, EngineError> {
        let found = self.read(field, "a positive number", positive)?;
        self.need(field, "a positive number", found)
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

    /// Width of the stream and number of heads, where each head has an equal share of it.
    ///
    /// # Errors
    /// When one is missing, or the width is no multiple of the heads.
    pub fn width_and_heads(&self, width: &str, heads: &str) -> Result<(usize, usize), EngineError> {
        let (d_model, n_heads) = (self.size(width)?, self.size(heads)?);
        if d_model % n_heads != 0 {
            return Err(self.refuse(heads, &format!("a divisor of {width} {d_model}"), &n_heads.to_string()));
        }
        Ok((d_model, n_heads))
    }

    /// Refuses a model from which heads were removed: its matrices have other shapes.
    ///
    /// # Errors
    /// When there are such heads.
    pub fn must_have_all_heads(&self) -> Result<(), EngineError> {
        match self.get("pruned_heads").filter(|pruned| **pruned != serde_json::json!({})) {
            Some(pruned) => Err(self.refuse("pruned_heads", "none", &pruned.to_string())),
            None => Ok(()),
        }
    }

    /// An activation by its Hugging Face name.
    ///
    /// # Errors
    /// When the name is not known.
    pub fn activation(&self, field: &str) -> Result<Activation, EngineError> {
        let known = [
            ("gelu", Activation::Gelu),
            ("gelu_python", Activation::Gelu),
            ("gelu_new", Activation::GeluTanh),
            ("gelu_fast", Activation::GeluTanh),
            ("gelu_pytorch_tanh", Activation::GeluTanh),
            ("gelu_python_tanh", Activation::GeluTanh),
            ("gelu_accurate", Activation::GeluTanh),
            ("quick_gelu", Activation::QuickGelu),
            ("relu", Activation::Relu),
            ("relu2", Activation::Relu2),
            ("silu", Activation::Silu),
            ("swish", Activation::Silu),
            ("tanh", Activation::Tanh),
            ("sigmoid", Activation::Sigmoid),
        ];
        let name = self.string(field)?;
        let found = known.iter().find(|(known, _)| *known == name).map(|(_, activation)| *activation);
        found.ok_or_else(|| self.refuse(field, &known.map(|(known, _)| known).join(", "), name))
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
