//! Tables whose columns are known by name, by place, or by hand.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{Columns, Role, cell};
use crate::sets::Row;
use crate::sets::read::{Record, SetError};
use crate::sets::row::Label;

/// The names of columns by role, the likelier ones first.
const NAMES: [(Role, &[&str]); 8] = [
    (
        Role::Text,
        &[
            "text",
            "sentence",
            "sentence1",
            "text1",
            "premise",
            "question1",
            "question",
            "prompt",
            "input",
            "content",
            "line",
        ],
    ),
    (Role::TextPair, &["text_pair", "sentence2", "text2", "hypothesis", "question2", "pair"]),
    (Role::Target, &["target", "summary", "translation"]),
    (Role::Answer, &["answer"]),
    (Role::Others, &["others", "other"]),
    (Role::Label, &["label", "labels", "class", "score", "rating", "gold_label"]),
    (Role::PairId, &["pair_id"]),
    (Role::Version, &["version"]),
];

/// Columns by role.
#[derive(Debug, Default)]
pub(in crate::sets) struct ByName {
    columns: BTreeMap<Role, String>,
    has_names: bool,
}

/// Whether one of the names, in lower case, is a column of texts.
pub(super) fn has_text_column(names: &[String]) -> bool {
    NAMES[0].1.iter().any(|known| names.iter().any(|name| name == known))
}

/// Names for the columns of a table that names none: the first is the text, a second one with several words its pair, and a last one
/// with one word the label.
pub(in crate::sets) fn names_by_place(first: &[String]) -> Vec<String> {
    let n_words = |cell: &String| cell.split_whitespace().count();
    // CoLA: source, label, the author's mark, sentence.
    if let [_, label, mark, sentence] = first
        && ["0", "1"].contains(&label.trim())
        && ["", "*", "?", "??", "#"].contains(&mark.trim())
        && n_words(sentence) > 0
    {
        return ["source", "acceptability", "mark", "sentence"].map(str::to_owned).into();
    }
    let (mut has_pair, mut has_label) = (false, false);
    let name = |(index, cell): (usize, &String)| match (index, n_words(cell)) {
        (0, _) => "text".to_owned(),
        (_, 2..) if !has_pair => {
            has_pair = true;
            "text_pair".to_owned()
        }
        (_, 1) if !has_label => {
            has_label = true;
            "label".to_owned()
        }
        _ => format!("column {}", index + 1),
    };
    first.iter().enumerate().map(name).collect()
}

impl ByName {
    pub fn of(records: &[Record], has_names: bool, given: &Columns) -> Result<Self, SetError> {
        // In their order, each once; a table may have very many.
        let mut seen = HashSet::new();
        let names = records.iter().flat_map(|record| record.cells.keys());
        let names: Vec<&String> = names.filter(|name| seen.insert(*name)).collect();
        let listed = || names.iter().map(|name| (*name).clone()).collect::<Vec<String>>();
        let named = |wanted: &str| names.iter().find(|name| name.to_lowercase() == wanted.to_lowercase());
        let mut columns = BTreeMap::new();
        for (role, known) in NAMES {
            let found = match given.0.get(&role) {
                Some(name) => {
                    let missing = || SetError::NoColumn { name: name.clone(), columns: listed() };
                    Some(named(name).ok_or_else(missing)?)
                }
                None => known.iter().find_map(|name| named(name)),
            };
            let is_free = |name: &&&String| !columns.values().any(|taken: &String| taken == **name);
            columns.extend(found.filter(is_free).map(|name| (role, (*name).clone())));
        }
        match columns.contains_key(&Role::Text) {
            true => Ok(Self { columns, has_names }),
            false => Err(SetError::NoText { columns: listed() }),
        }
    }

    pub fn name(&self) -> &'static str {
        if self.has_names { "columns by name" } else { "columns by place" }
    }

    pub fn note(&self) -> Option<String> {
        let named = || self.columns.values().map(String::as_str).collect::<Vec<_>>().join(", ");
        let is_assumed = !self.has_names && self.columns.len() > 1;
        is_assumed.then(|| format!("The table names no columns; by their places they are {}.", named()))
    }

    pub fn columns(&self) -> Vec<String> {
        self.columns.values().map(|name| name.to_lowercase()).collect()
    }

    /// The row of a record.
    pub fn row(&self, record: &Record) -> Result<Row, String> {
        let mut fields = serde_json::Map::new();
        for role in Role::EACH {
            let value = self.columns.get(&role).and_then(|column| record.cells.get(column));
            let value = value.and_then(|value| in_role(role, value));
            fields.extend(value.map(|value| (role.name().to_owned(), value)));
        }
        // Ranges of words can only be written as JSON.
        let marks = match cell(record, "marks") {
            Some(Value::String(json)) => serde_json::from_str(json).ok(),
            other => other.cloned(),
        };
        fields.extend(marks.map(|marks| ("marks".to_owned(), marks)));
        Row::from_json(&fields)
    }
}

/// The value of a cell as a field of a row; `None` for an empty cell.
fn in_role(role: Role, value: &Value) -> Option<Value> {
    match (role, value) {
        (_, Value::String(text)) if text.is_empty() => None,
        (Role::Label, Value::String(text)) => Label::of_cell(text).map(|label| label.to_json()),
        (Role::Others, Value::String(text)) => {
            let list = serde_json::from_str::<Vec<String>>(text);
            Some(list.unwrap_or_else(|_| text.split('|').map(str::to_owned).collect()).into())
        }
        (Role::Text | Role::TextPair | Role::Target | Role::Answer, Value::Number(number)) => {
            Some(number.to_string().into())
        }
        (_, value) => Some(value.clone()),
    }
}
