//! Tables: CSV and TSV, with or without names of columns in the first line.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::{MAX_RECORDS, Record, Records, Refused};
use crate::sets::known::{self, Columns};

/// Commas or, as spreadsheets of many countries write, semicolons.
pub(super) fn separated(text: &str, columns: &Columns) -> Records {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let delimiter = if count(';') > count(',') { b';' } else { b',' };
    let mut records = of_rows(rows(text, delimiter, true), columns);
    if delimiter == b';' {
        records.notes.push("Columns are separated by semicolons.".to_owned());
    }
    records
}

/// Tabs. Spreadsheets put quotes around cells, GLUE's files have quotes that belong to the text: the reading in which more rows have
/// as many cells as the first one is right.
pub(super) fn tabbed(text: &str, columns: &Columns) -> Records {
    let plain = rows(text, b'\t', false);
    if !text.contains('"') {
        return of_rows(plain, columns);
    }
    let quoted = rows(text, b'\t', true);
    let n_odd = |rows: &Rows| {
        let width = rows.first.first().map_or(0, |(_, cells)| cells.len());
        rows.first.iter().filter(|(_, cells)| cells.len() != width).count()
    };
    let is_glue = plain.first.first().is_some_and(|(_, names)| known::has_literal_quotes(names));
    // A quote that opens a sentence and closes far below swallows rows.
    let has_swallowed = quoted.len() < plain.len() && n_odd(&plain) == 0;
    let mut records = match is_glue || has_swallowed || n_odd(&plain) < n_odd(&quoted) {
        true => of_rows(plain, columns),
        false => return of_rows(quoted, columns),
    };
    records.notes.push("Quotation marks are read as parts of the texts.".to_owned());
    records
}

/// Rows of a table: the first ones with their lines, and how many follow.
struct Rows {
    first: Vec<(usize, Vec<String>)>,
    n_more: usize,
}

impl Rows {
    fn len(&self) -> usize {
        self.first.len() + self.n_more
    }
}

fn rows(text: &str, delimiter: u8, has_quotes: bool) -> Rows {
    let mut reader = ReaderBuilder::new();
    let reader = reader.delimiter(delimiter).has_headers(false).flexible(true).quoting(has_quotes);
    let reader = reader.from_reader(text.as_bytes());
    let cells = |record: StringRecord| {
        let line = record.position().map_or(0, |position| position.line() as usize);
        (line, record.iter().map(str::to_owned).collect::<Vec<String>>())
    };
    // The text is UTF-8 and rows may be of any length, so that no record fails.
    let is_filled = |record: &StringRecord| record.iter().any(|cell| !cell.trim().is_empty());
    let mut records = reader.into_records().flatten().filter(is_filled);
    let first = records.by_ref().take(MAX_RECORDS + 1).map(cells).collect();
    Rows { first, n_more: records.count() }
}

fn of_rows(rows: Rows, columns: &Columns) -> Records {
    let n_more = rows.n_more;
    let mut rows = rows.first.into_iter().peekable();
    let Some((_, first)) = rows.peek() else { return Records::default() };
    let has_names = known::is_header(first, columns);
    let names: Vec<String> = match has_names {
        true => rows.next().map(|(_, names)| names).unwrap_or_default(),
        false => known::names_by_place(first),
    };
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let mut records = Records { has_names, n_more, ..Records::default() };
    for (line, cells) in rows {
        match cells.len() == names.len() {
            true => {
                let cells = names.iter().cloned().zip(cells.into_iter().map(Value::String));
                records.records.push(Record { line, cells: Map::from_iter(cells) });
            }
            false => {
                let reason = format!("the row has {} cells, the first one {}", cells.len(), names.len());
                records.refused.push(Refused { line, reason });
            }
        }
    }
    records
}
