//! JSON objects read field by field, for what every program that opens a trace reads. The code that serde derives for the same
//! types is ten times as large.

use serde_json::{Map, Value};

/// The fields of an object that have not been read yet.
pub struct Fields(Map<String, Value>);

/// A type that can be read from a JSON value.
pub trait Field: Sized {
    /// Reads a value of this type.
    ///
    /// # Errors
    /// What was expected, and what was found.
    fn read(value: Value) -> Result<Self, String>;
}

impl From<Map<String, Value>> for Fields {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl Fields {
    /// The fields of a value that must be an object.
    ///
    /// # Errors
    /// When the value is not an object.
    pub fn of_object(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(expected("an object", &other)),
        }
    }

    /// Reads a field that must be there.
    ///
    /// # Errors
    /// When the field is missing, or cannot be read.
    pub fn required<T: Field>(&mut self, name: &str) -> Result<T, String> {
        match self.take(name) {
            Some(value) => T::read(value).map_err(|error| in_field(name, &error)),
            None => Err(format!("missing field `{name}`")),
        }
    }

    /// Reads a field that may be missing or null.
    ///
    /// # Errors
    /// When the field cannot be read.
    pub fn optional<T: Field>(&mut self, name: &str) -> Result<Option<T>, String> {
        match self.take(name) {
            Some(value) => T::read(value).map(Some).map_err(|error| in_field(name, &error)),
            None => Ok(None),
        }
    }

    /// Reads a field that has its type's default where it is missing or null.
    ///
    /// # Errors
    /// When the field cannot be read.
    pub fn or_default<T: Field + Default>(&mut self, name: &str) -> Result<T, String> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// The name of a field that has not been read.
    pub fn unread(&self) -> Option<&str> {
        self.0.keys().next().map(String::as_str)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }
}

/// "expected …, found …".
pub fn expected(what: &str, found: &Value) -> String {
    format!("expected {what}, found {found}")
}

fn in_field(name: &str, error: &str) -> String {
    format!("field \"{name}\": {error}")
}

/// The entry of a table that a value names.
///
/// # Errors
/// When the value is not a name in the table.
pub fn named<T: Copy>(value: &Value, table: &[(&str, T)]) -> Result<T, String> {
    let name = value.as_str();
    match table.iter().find(|(known, _)| Some(*known) == name) {
        Some((_, found)) => Ok(*found),
        None => Err(not_among(value, table.iter().map(|(name, _)| *name).collect())),
    }
}

fn not_among(value: &Value, names: Vec<&str>) -> String {
    expected(&format!("one of {}", names.join(", ")), value)
}

/// A variant of an enum as serde writes it: its name alone, or an object with the name as its only field.
///
/// # Errors
/// When the value has neither form.
pub fn variant(value: Value) -> Result<(String, Fields), String> {
    match value {
        Value::String(name) => Ok((name, Fields(Map::new()))),
        Value::Object(map) if map.len() == 1 => match map.into_iter().next() {
            Some((name, fields)) => Ok((name, Fields::of_object(fields)?)),
            None => Err(String::new()),
        },
        other => Err(expected("a name, or an object with one field", &other)),
    }
}

impl Field for Value {
    fn read(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

impl Field for bool {
    fn read(value: Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| expected("true or false", &value))
    }
}

impl Field for f64 {
    fn read(value: Value) -> Result<Self, String> {
        value.as_f64().ok_or_else(|| expected("a number", &value))
    }
}

impl Field for f32 {
    fn read(value: Value) -> Result<Self, String> {
        let number = f64::read(value)? as f32;
        // Written back, infinity would be null.
        if number.is_finite() { Ok(number) } else { Err("the number is not finite in 32 bits".to_owned()) }
    }
}

impl Field for usize {
    fn read(value: Value) -> Result<Self, String> {
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| expected("a whole number", &value))
    }
}

impl Field for u64 {
    fn read(value: Value) -> Result<Self, String> {
        value.as_u64().ok_or_else(|| expected("a whole number", &value))
    }
}

impl Field for u32 {
    fn read(value: Value) -> Result<Self, String> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| expected("a whole number", &value))
    }
}

impl Field for String {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(expected("a text", &other)),
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::Array(list) => list.into_iter().map(T::read).collect(),
            other => Err(expected("a list", &other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(json: Value) -> Fields {
        Fields::of_object(json).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn fields_are_read_once_by_their_names() {
        let mut all = fields(json!({"a": 3, "b": [0.5, 1], "c": null, "d": "x"}));
        assert_eq!(all.required::<usize>("a"), Ok(3));
        assert_eq!(all.optional::<Vec<f32>>("b"), Ok(Some(vec![0.5, 1.0])));
        assert_eq!((all.optional::<String>("c"), all.or_default::<u32>("e")), (Ok(None), Ok(0)));
        assert_eq!(all.unread(), Some("d"));
        assert_eq!(all.required::<usize>("a"), Err("missing field `a`".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut all = fields(json!({"a": -1, "b": [true], "c": 4294967296u64, "d": 1}));
        assert_eq!(all.required::<usize>("a"), Err("field \"a\": expected a whole number, found -1".to_owned()));
        assert_eq!(all.required::<Vec<f64>>("b"), Err("field \"b\": expected a number, found true".to_owned()));
        assert_eq!(all.required::<u32>("c"), Err("field \"c\": expected a whole number, found 4294967296".to_owned()));
        assert_eq!(all.optional::<String>("d"), Err("field \"d\": expected a text, found 1".to_owned()));
        assert_eq!(f32::read(json!(1e39)), Err("the number is not finite in 32 bits".to_owned()));
        assert_eq!(Fields::of_object(json!([])).err(), Some("expected an object, found []".to_owned()));
    }

    #[test]
    fn names_and_variants() {
        let table = [("one", 1), ("two", 2)];
        assert_eq!(named(&json!("two"), &table), Ok(2));
        assert_eq!(named(&json!(2), &table), Err("expected one of one, two, found 2".to_owned()));
        let (name, mut inside) = variant(json!({"linear": {"factor": 2.0}})).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((name.as_str(), inside.required::<f64>("factor")), ("linear", Ok(2.0)));
        assert_eq!(variant(json!("none")).map(|(name, _)| name), Ok("none".to_owned()));
        assert!(variant(json!({"a": {}, "b": {}})).is_err());
    }
}
