//! JSON: a list of objects or texts, an object that holds such a list, StereoSet's tree, or one object a line.

use serde_json::{Map, Value};

use super::{MAX_RECORDS, Record, Records, Refused, SetError};
use crate::sets::row::kind;

/// Fields in which files keep their list of rows.
const LISTS: [&str; 3] = ["data", "rows", "examples"];

pub(super) fn document(text: &str) -> Result<Records, SetError> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => of_value(value),
        // Several objects in a row: one a line.
        Err(error) if error.is_syntax() && error.to_string().starts_with("trailing characters") => lines(text),
        Err(error) => Err(SetError::Json { line: error.line(), column: error.column(), message: plain(&error) }),
    }
}

fn of_value(value: Value) -> Result<Records, SetError> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut object) => match LISTS.iter().find_map(|name| object.remove(*name)) {
            Some(Value::Array(list)) => list,
            Some(Value::Object(tree)) => of_tree(tree)?,
            _ => vec![Value::Object(object)],
        },
        other => return Err(SetError::Shape(format!("the file is {}: a set is a list of objects", kind(&other)))),
    };
    let mut records = Records { has_names: true, ..Records::default() };
    list.into_iter().enumerate().for_each(|(index, value)| push(&mut records, index + 1, value));
    Ok(records)
}

/// StereoSet keeps its rows by kind: {"intersentence":[…],"intrasentence":[…]}.
fn of_tree(tree: Map<String, Value>) -> Result<Vec<Value>, SetError> {
    let lists = tree.into_iter().filter_map(|(kind, value)| Some((kind, value.as_array()?.clone())));
    let mut rows = Vec::new();
    for (kind, list) in lists {
        for mut row in list {
            if let Value::Object(row) = &mut row {
                row.insert("kind".to_owned(), Value::from(kind.as_str()));
            }
            rows.push(row);
        }
    }
    match rows.is_empty() {
        true => Err(SetError::Shape("\"data\" holds no list of rows".to_owned())),
        false => Ok(rows),
    }
}

pub(super) fn lines(text: &str) -> Result<Records, SetError> {
    let mut records = Records { has_names: true, ..Records::default() };
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if records.records.len() + records.refused.len() >= MAX_RECORDS {
            records.n_more += 1;
            continue;
        }
        match serde_json::from_str(line) {
            Ok(value) => push(&mut records, index + 1, value),
            Err(error) => records.refused.push(Refused { line: index + 1, reason: plain(&error) }),
        }
    }
    Ok(records)
}

fn push(records: &mut Records, line: usize, value: Value) {
    let cells = match value {
        // The dataset viewer of the Hugging Face Hub wraps each row.
        Value::Object(mut object) => match object.remove("row") {
            Some(Value::Object(row)) => row,
            Some(other) => {
                object.insert("row".to_owned(), other);
                object
            }
            None => object,
        },
        Value::String(text) => Map::from_iter([("text".to_owned(), Value::String(text))]),
        other => {
            records.refused.push(Refused { line, reason: format!("the row is {}, not an object", kind(&other)) });
            return;
        }
    };
    records.records.push(Record { line, cells });
}

/// What serde_json says, without its place, which is said beside it.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or(&message).to_owned()
}
