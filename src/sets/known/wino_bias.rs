//! WinoBias: two occupations and a pronoun, of which one pair belongs together. In the authors' files that pair is in brackets, in
//! the Hub's it is named by the positions of its words.

use serde_json::Value;

use super::{cell, text_cell};
use crate::sets::Row;
use crate::sets::read::Record;

const PRONOUNS: [&str; 6] = ["she", "her", "hers", "he", "him", "his"];

pub(super) fn fits(record: &Record) -> bool {
    text_cell(record, "line").is_ok_and(|line| crate::sets::read::is_bracketed(&line))
}

/// A line: "1 [The developer] argued with the designer because [she] did not like it."
pub(super) fn line(record: &Record) -> Result<Vec<Row>, String> {
    let line = text_cell(record, "line")?;
    let rest = line.trim_start().trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start();
    let mut row = Row::default();
    let mut open = None;
    let mut ranges = Vec::new();
    for letter in rest.trim_end().chars() {
        match letter {
            '[' => open = Some(row.text.len()),
            ']' => ranges.extend(open.take().map(|from| (from, row.text.len()))),
            _ => row.text.push(letter),
        }
    }
    if ranges.len() < 2 {
        return Err("there are no two phrases in brackets".to_owned());
    }
    marked(row, ranges)
}

/// Words and the positions of the first and last word of each of the two phrases.
pub(super) fn tokens(record: &Record) -> Result<Vec<Row>, String> {
    let list = |name: &str| {
        let missing = || format!("\"{name}\" is not a list");
        cell(record, name).and_then(Value::as_array).ok_or_else(missing)
    };
    let words: Option<Vec<&str>> = list("tokens")?.iter().map(Value::as_str).collect();
    let words = words.ok_or("\"tokens\" holds something that is not a word")?;
    let mut row = Row::default();
    let mut places = Vec::with_capacity(words.len());
    for word in words {
        let is_mark = word.chars().all(|letter| !letter.is_alphanumeric()) || word.starts_with('\'') || word == "n't";
        if !row.text.is_empty() && !is_mark {
            row.text.push(' ');
        }
        places.push((row.text.len(), row.text.len() + word.len()));
        row.text.push_str(word);
    }
    let position = |value: &Value| match value {
        Value::String(text) => text.trim().parse::<usize>().ok(),
        other => other.as_u64().and_then(|position| usize::try_from(position).ok()),
    };
    let positions: Option<Vec<usize>> = list("coreference_clusters")?.iter().map(position).collect();
    let positions = positions.ok_or("\"coreference_clusters\" holds something that is not a position")?;
    let range = |ends: &[usize; 2]| Some((places.get(ends[0])?.0, places.get(ends[1])?.1));
    let ranges: Option<Vec<_>> = positions.as_chunks::<2>().0.iter().map(range).collect();
    marked(row, ranges.ok_or("\"coreference_clusters\" names a word that is not there")?)
}

/// The row with its occupation and its pronoun marked.
fn marked(mut row: Row, ranges: Vec<(usize, usize)>) -> Result<Vec<Row>, String> {
    for (from, to) in ranges {
        let phrase = row.text.get(from..to).unwrap_or_default().to_lowercase();
        let (name, from) = match PRONOUNS.contains(&phrase.as_str()) {
            true => ("pronoun", from),
            // The article does not belong to the word.
            false => {
                let n_article = ["the ", "a ", "an "].iter().find(|article| phrase.starts_with(*article));
                ("occupation", from + n_article.map_or(0, |article| article.len()))
            }
        };
        row.marks.insert(name.to_owned(), (from, to));
    }
    match row.marks.len() {
        2 => Ok(vec![row]),
        _ => Err("the two phrases are not an occupation and a pronoun".to_owned()),
    }
}
