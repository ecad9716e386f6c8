//! What templates expect of Python's Jinja and minijinja does otherwise.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, State};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::date::Date;
use super::json::tojson;

/// Marks an error as the template's own refusal.
#[derive(Debug, thiserror::Error)]
#[error("raised by the template")]
pub(super) struct Raised;

/// Adds functions, filters, tests and methods.
pub(super) fn add(environment: &mut Environment<'_>, date: Date) {
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", tojson);
    environment.add_function("raise_exception", |message: &Value| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message.to_string()).with_source(Raised))
    });
    environment.add_function("strftime_now", move |format: &str| date.format(format));
    // A text has a length and items in Python, so it is a sequence; so is an object.
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined)
    });
    // It prints what it is given access to, and no template has it in Python.
    environment.remove_global("debug");
}

/// A text whose every run of letters begins with a capital: "</Think>", where minijinja has words between spaces.
fn titled(text: &str) -> String {
    let mut is_inside = false;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        match is_inside {
            true => titled.extend(letter.to_lowercase()),
            false => titled.extend(letter.to_uppercase()),
        }
        is_inside = letter.is_lowercase() || letter.is_uppercase();
    }
    titled
}

/// Methods of texts, lists and objects.
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        match name {
            "removeprefix" => {
                let (prefix,): (&str,) = from_args(arguments)?;
                return Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)));
            }
            "removesuffix" => {
                let (suffix,): (&str,) = from_args(arguments)?;
                return Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)));
            }
            "title" => {
                let () = from_args(arguments)?;
                return Ok(Value::from(titled(text)));
            }
            _ => {}
        }
    }
    unknown_method_callback(state, value, name, arguments)
}
