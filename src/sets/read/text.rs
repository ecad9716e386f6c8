//! Plain text: a row a line. Lines in WinoBias's own form have brackets around an occupation and its pronoun.

use serde_json::{Map, Value};

use super::{MAX_RECORDS, Record, Records};

/// The column of a line.
const LINE: &str = "line";

/// Whether a line is one of WinoBias's: "1 [The developer] argued with the designer because [she] did not like it."
pub(in crate::sets) fn is_bracketed(line: &str) -> bool {
    let is_word =
        |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphabetic() || " '-".contains(letter));
    let inner = line.split('[').skip(1).filter_map(|part| part.split_once(']')).filter(|(inner, _)| is_word(inner));
    inner.count() >= 2 && line.matches('[').count() == line.matches(']').count()
}

pub(super) fn lines(text: &str) -> Records {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let record = |(index, line): (usize, &str)| Record {
        line: index + 1,
        cells: Map::from_iter([(LINE.to_owned(), Value::from(line.trim_end_matches('\r')))]),
    };
    let records = lines.by_ref().take(MAX_RECORDS).map(record).collect();
    Records { records, has_names: true, n_more: lines.count(), ..Records::default() }
}
