//! The filter `tojson` as transformers has it: Python's `json.dumps` without escapes for HTML or for letters beyond ASCII.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

/// How deep lists and objects may stand in one another.
const MAX_DEPTH: usize = 64;

/// How JSON is written.
struct Style {
    ensure_ascii: bool,
    /// What one step to the right is, where every item has a line of its own.
    indent: Option<String>,
    separators: (String, String),
    sort_keys: bool,
}

/// The filter.
pub(super) fn tojson(state: &State, value: &Value, arguments: Kwargs) -> Result<Value, Error> {
    let flag = |name| arguments.get::<Option<bool>>(name).map(Option::unwrap_or_default);
    let indent = match arguments.get::<Option<Value>>("indent")? {
        None => None,
        Some(indent) if indent.is_none() => None,
        Some(indent) => Some(match indent.as_str() {
            Some(text) => text.to_owned(),
            None => " ".repeat(usize::try_from(indent.clone())?.min(64)),
        }),
    };
    let separators = match arguments.get::<Option<Vec<String>>>("separators")?.as_deref() {
        Some([item, key]) => (item.clone(), key.clone()),
        Some(_) => return Err(invalid("separators of tojson are two texts")),
        None if indent.is_some() => (",".to_owned(), ": ".to_owned()),
        None => (", ".to_owned(), ": ".to_owned()),
    };
    let style = Style { ensure_ascii: flag("ensure_ascii")?, indent, separators, sort_keys: flag("sort_keys")? };
    arguments.assert_all_used()?;
    let mut written = String::new();
    style.write(state, value, 0, &mut written)?;
    Ok(Value::from(written))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

impl Style {
    fn write(&self, state: &State, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(invalid("tojson of lists nested too deeply"));
        }
        // Paid for as it is written: what comes back is charged only once it is there.
        state.consume_fuel(1)?;
        match value.kind() {
            ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => out.push_str(&value.to_string()),
            ValueKind::String => self.text(state, value.as_str().unwrap_or_default(), out)?,
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                self.group(('[', ']'), &items, depth, out, |item, out| self.write(state, item, depth + 1, out))?;
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sort_keys {
                    keys.sort_unstable();
                }
                self.group(('{', '}'), &keys, depth, out, |key, out| {
                    self.text(state, &key_text(key), out)?;
                    out.push_str(&self.separators.1);
                    self.write(state, &value.get_item(key)?, depth + 1, out)
                })?;
            }
            kind => return Err(invalid(format!("a value of kind {kind} has no JSON"))),
        }
        Ok(())
    }

    fn group(
        &self,
        (open, close): (char, char),
        items: &[Value],
        depth: usize,
        out: &mut String,
        mut write: impl FnMut(&Value, &mut String) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let line = |out: &mut String, depth: usize| {
            if let Some(indent) = &self.indent {
                out.push('\n');
                (0..depth).for_each(|_| out.push_str(indent));
            }
        };
        out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(&self.separators.0);
            }
            line(out, depth + 1);
            write(item, out)?;
        }
        if !items.is_empty() {
            line(out, depth);
        }
        out.push(close);
        Ok(())
    }

    fn text(&self, state: &State, text: &str, out: &mut String) -> Result<(), Error> {
        state.consume_fuel(text.len() as u64 / 64)?;
        let quoted = serde_json::Value::from(text).to_string();
        for letter in quoted.chars() {
            match letter {
                letter if self.ensure_ascii && !letter.is_ascii() => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                letter => out.push(letter),
            }
        }
        Ok(())
    }
}

/// What Python writes for a key: a text as it is, `true` and `null` as JSON has them.
fn key_text(key: &Value) -> String {
    match key.kind() {
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => key.is_true().to_string(),
        _ => key.as_str().map_or_else(|| key.to_string(), str::to_owned),
    }
}
