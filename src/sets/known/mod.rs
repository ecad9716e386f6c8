//! Which columns hold what: known data sets by their columns, other tables by the names of their columns or by hand.

mod by_name;
mod forms;
mod pairs;
mod wino_bias;
mod winogender;

use std::collections::BTreeMap;

use serde_json::Value;

use by_name::ByName;
pub(super) use by_name::names_by_place;
use forms::KNOWN;

use super::Row;
use super::read::{Record, SetError};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What the model reads.
    Text,
    /// The second text.
    TextPair,
    /// What a decoder writes.
    Target,
    /// How the text goes on.
    Answer,
    /// Other answers: a list in JSON, else separated by a vertical bar.
    Others,
    /// Class or rating.
    Label,
    /// What rows share.
    PairId,
    /// "a" or "b".
    Version,
}

impl Role {
    /// Every role.
    pub const EACH: [Role; 8] = [
        Role::Text,
        Role::TextPair,
        Role::Target,
        Role::Answer,
        Role::Others,
        Role::Label,
        Role::PairId,
        Role::Version,
    ];

    /// Its name, which is that of the field of a row.
    pub fn name(self) -> &'static str {
        match self {
            Role::Text => "text",
            Role::TextPair => "text_pair",
            Role::Target => "target",
            Role::Answer => "answer",
            Role::Others => "others",
            Role::Label => "label",
            Role::PairId => "pair_id",
            Role::Version => "version",
        }
    }
}

/// Roles that were given to columns by hand; the others are recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(pub BTreeMap<Role, String>);

impl Columns {
    /// This column holds the texts.
    pub fn of_text(name: impl Into<String>) -> Self {
        Self(BTreeMap::from([(Role::Text, name.into())]))
    }
}

/// A data set that is known by its columns.
#[derive(Debug)]
pub(super) struct Known {
    /// Its name.
    name: &'static str,
    /// Columns that it always has, in lower case.
    columns: &'static [&'static str],
    /// Whether its first record looks like it, beyond its columns.
    fits: fn(&Record) -> bool,
    /// The rows of a record.
    rows: fn(&Record) -> Result<Vec<Row>, String>,
    /// Whether quotation marks in its tables are parts of the texts.
    has_literal_quotes: bool,
}

/// What a file was recognised as.
#[derive(Debug)]
pub(super) enum Form {
    Known(&'static Known),
    ByName(ByName),
}

impl Form {
    /// The rows of a record; several where it holds both versions of a pair.
    pub fn rows(&self, record: &Record) -> Result<Vec<Row>, String> {
        let rows = match self {
            Form::Known(known) => (known.rows)(record)?,
            Form::ByName(by_name) => vec![by_name.row(record)?],
        };
        rows.into_iter().map(Row::checked).collect()
    }

    pub fn name(&self) -> &'static str {
        match self {
            Form::Known(known) => known.name,
            Form::ByName(by_name) => by_name.name(),
        }
    }

    /// A sentence about what was assumed.
    pub fn note(&self) -> Option<String> {
        match self {
            Form::Known(_) => None,
            Form::ByName(by_name) => by_name.note(),
        }
    }

    /// The columns that are read, in lower case.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Form::Known(known) => known.columns.iter().map(|name| (*name).to_owned()).collect(),
            Form::ByName(by_name) => by_name.columns(),
        }
    }
}

/// What records are of, by the first one.
pub(super) fn recognise(records: &[Record], has_names: bool, columns: &Columns) -> Result<Form, SetError> {
    let Some(first) = records.first() else {
        // Every record was refused: there is nothing to recognise, and no row to make.
        return Ok(Form::ByName(ByName::default()));
    };
    if columns.0.is_empty() {
        let names: Vec<String> = first.cells.keys().map(|name| name.to_lowercase()).collect();
        let has = |known: &&Known| known.columns.iter().all(|column| names.iter().any(|name| name == column));
        if let Some(known) = KNOWN.iter().filter(has).find(|known| (known.fits)(first)) {
            return Ok(Form::Known(known));
        }
    }
    ByName::of(records, has_names, columns).map(Form::ByName)
}

/// Whether the first line of a table names its columns. Columns given by hand are names of the first line, unless they are those of
/// [`names_by_place`].
pub(super) fn is_header(cells: &[String], given: &Columns) -> bool {
    if !given.0.is_empty() {
        let by_place = names_by_place(cells);
        return !given.0.values().all(|name| by_place.contains(name));
    }
    let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_lowercase()).collect();
    let has = |known: &Known| known.columns.iter().all(|column| names.iter().any(|name| name == column));
    KNOWN.iter().any(has) || by_name::has_text_column(&names)
}

/// Whether a table with these columns is known to have quotation marks that are parts of its texts.
pub(super) fn has_literal_quotes(cells: &[String]) -> bool {
    let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_lowercase()).collect();
    let has = |known: &Known| known.columns.iter().all(|column| names.iter().any(|name| name == column));
    KNOWN.iter().any(|known| known.has_literal_quotes && has(known))
}

/// A cell by the name of its column, in upper or lower case.
fn cell<'a>(record: &'a Record, name: &str) -> Option<&'a Value> {
    let found = record.cells.iter().find(|(column, _)| column.to_lowercase() == name);
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

/// A cell that holds a text, or a number as it is written.
fn text_cell(record: &Record, name: &str) -> Result<String, String> {
    match cell(record, name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::String(_)) | None => Err(format!("\"{name}\" is empty")),
        Some(other) => Err(format!("\"{name}\" is {}, not a text", super::row::kind(other))),
    }
}
