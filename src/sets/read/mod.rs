//! Reading sets: JSON Lines, JSON, CSV, TSV, plain text, and cells pasted from a spreadsheet.
//!
//! Whatever the form, a file becomes records of named cells, and `known` makes rows of them. A record that does not fit is listed
//! with its line and the reason; the others work.

mod encoding;
mod json;
mod table;
mod text;

pub(super) use text::is_bracketed;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::known::{self, Columns};
use super::row::FIELDS;
use super::{Row, Version};

/// The most rows of a set; the rest of a larger file is left out, and said.
pub const MAX_ROWS: usize = 10_000;

/// So many records of a file are kept while it is read; a file of a million rows would fill the memory.
const MAX_RECORDS: usize = 2 * MAX_ROWS;

/// Why a file gives no set at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Nothing in it.
    #[error("the file is empty: a set needs at least one row with a text")]
    Empty,
    /// Bytes that are not text in an encoding that says what it is.
    #[error("byte {byte} is not UTF-8: save the file as UTF-8 (or as UTF-16 with a byte order mark)")]
    Encoding {
        /// The first byte that does not fit, counted from 0.
        byte: usize,
    },
    /// Not JSON.
    #[error("line {line}, column {column}: {message}; a set in JSON is a list of objects, or one object a line")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// JSON of another shape.
    #[error("{0}")]
    Shape(String),
    /// No column holds texts.
    #[error("no column is known to hold texts ({}): say which one does, or name it \"text\"", listed(columns))]
    NoText {
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// A column that was named by hand.
    #[error("there is no column \"{name}\": there is {}", listed(columns))]
    NoColumn {
        /// As it was named.
        name: String,
        /// The columns that are there.
        columns: Vec<String>,
    },
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

impl SetError {
    /// The columns of a file of which none is known to hold texts.
    pub fn columns(&self) -> &[String] {
        match self {
            SetError::NoText { columns } | SetError::NoColumn { columns, .. } => columns,
            _ => &[],
        }
    }
}

/// A record that does not make a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it begins in the file, counted from 1; in a JSON file without lines, the record's number.
    pub line: usize,
    /// Why it does not fit, as a clause.
    pub reason: String,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadSet {
    /// The rows.
    pub rows: Vec<Row>,
    /// The records that do not fit.
    pub refused: Vec<Refused>,
    /// What the columns were recognised as: "BLiMP", "columns by name", …
    pub form: &'static str,
    /// Names that its columns can be given roles by: those of the first record, and the cells of a first line that names none.
    pub columns: Vec<String>,
    /// What was assumed or left out, a sentence each.
    pub notes: Vec<String>,
}

/// A record: its line, and its cells by the names of their columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub line: usize,
    pub cells: Map<String, Value>,
}

/// The records of a file, and what was assumed in reading them.
#[derive(Debug, Default)]
struct Records {
    records: Vec<Record>,
    refused: Vec<Refused>,
    notes: Vec<String>,
    /// Whether columns were named by the file; by their place otherwise.
    has_names: bool,
    /// Records after the first [`MAX_RECORDS`], which are counted and not kept.
    n_more: usize,
}

/// Reads a file by its name and bytes; of pasted text the name is empty. `columns` are roles that were given by hand.
///
/// # Errors
/// When nothing in the file can be a row.
pub fn read(name: &str, bytes: &[u8], columns: &Columns) -> Result<ReadSet, SetError> {
    let (text, encoding_note) = encoding::decoded(bytes)?;
    if text.trim().is_empty() {
        return Err(SetError::Empty);
    }
    let mut found = records(name, &text, columns)?;
    found.notes.splice(0..0, encoding_note);
    if found.records.is_empty() && found.refused.is_empty() {
        return Err(SetError::Empty);
    }
    let form = known::recognise(&found.records, found.has_names, columns)?;
    let (mut rows, mut refused) = (Vec::new(), std::mem::take(&mut found.refused));
    let mut n_looked_at = found.records.len();
    for (index, record) in found.records.iter().enumerate() {
        if rows.len() >= MAX_ROWS {
            n_looked_at = index;
            break;
        }
        match form.rows(record) {
            Ok(made) => rows.extend(made.into_iter().map(|row| (record.line, row))),
            Err(reason) => refused.push(Refused { line: record.line, reason }),
        }
    }
    let n_all = found.records.len() + found.n_more;
    if n_looked_at < n_all {
        let most = format!("since a set has at most {MAX_ROWS} texts");
        found.notes.push(format!("The file has {n_all} rows: the first {n_looked_at} are taken, {most}."));
    }
    refused.extend(without_partner(&mut rows));
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let columns = column_names(&found);
    refused.sort_by_key(|refused| refused.line);
    let mut notes = found.notes;
    notes.extend(form.note());
    notes.extend(unread(&found.records, &form));
    Ok(ReadSet { rows, refused, form: form.name(), columns, notes })
}

fn records(name: &str, text: &str, columns: &Columns) -> Result<Records, SetError> {
    let ending = name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_lowercase());
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    match ending.as_str() {
        "csv" => Ok(table::separated(text, columns)),
        "tsv" | "tab" => Ok(table::tabbed(text, columns)),
        "jsonl" | "ndjson" => json::lines(text),
        "json" => json::document(text),
        _ if first_line.starts_with(['{', '[']) && !is_bracketed(first_line) => json::document(text),
        _ if first_line.contains('\t') => Ok(table::tabbed(text, columns)),
        _ => Ok(text::lines(text)),
    }
}

fn column_names(found: &Records) -> Vec<String> {
    let Some(first) = found.records.first() else { return Vec::new() };
    let mut names: Vec<String> = first.cells.keys().cloned().collect();
    if !found.has_names {
        let cells = first.cells.values().filter_map(Value::as_str).map(|cell| cell.trim().to_owned());
        names.extend(cells.filter(|cell| !cell.is_empty()));
    }
    names
}

/// Takes versions without the other version of their pair out of the rows: a difference needs both.
fn without_partner(rows: &mut Vec<(usize, Row)>) -> Vec<Refused> {
    let key = |row: &Row, version: Version| (row.pair_id.clone(), version);
    let there: BTreeSet<_> = rows.iter().filter_map(|(_, row)| Some(key(row, row.version?))).collect();
    let mut refused = Vec::new();
    rows.retain(|(line, row)| {
        let other = match row.version {
            None => return true,
            Some(Version::A) => Version::B,
            Some(Version::B) => Version::A,
        };
        let has_other = there.contains(&key(row, other));
        if !has_other {
            let pair = row.pair_id.as_deref().unwrap_or_default();
            let reason = format!("version {} of the pair \"{pair}\" is missing", other.name());
            refused.push(Refused { line: *line, reason });
        }
        has_other
    });
    refused
}

/// A sentence about columns that no role has.
fn unread(records: &[Record], form: &known::Form) -> Option<String> {
    let read = form.columns();
    let is_read = |name: &String| read.contains(&name.to_lowercase()) || FIELDS.contains(&name.as_str());
    let names: Vec<&str> = records.first()?.cells.keys().filter(|name| !is_read(name)).map(String::as_str).collect();
    (!names.is_empty()).then(|| format!("Columns without a role: {}.", names.join(", ")))
}

#[cfg(test)]
mod tests;
