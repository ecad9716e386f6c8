//! Labelled sentences and pairs (GLUE, PAWS), and minimal pairs (CrowS-Pairs, BLiMP, StereoSet).

use serde_json::{Map, Value};

use super::{cell, text_cell};
use crate::sets::read::Record;
use crate::sets::row::Label;
use crate::sets::{Row, Version};

/// A text, perhaps a second one, and a label.
pub(super) fn labelled(record: &Record, text: &str, pair: Option<&str>, label: &str) -> Result<Vec<Row>, String> {
    let found = match cell(record, label) {
        Some(Value::Number(number)) => Label::of_json(number),
        Some(Value::String(text)) => Label::of_cell(text),
        _ => None,
    };
    // GLUE's test sets have −1 or nothing there, MNLI a "-" where annotators disagree.
    let found = found.filter(|label| *label != Label::Number(-1.0) && *label != Label::Text("-".to_owned()));
    let found = found.ok_or_else(|| format!("\"{label}\" has no label"))?;
    let text_pair = pair.map(|pair| text_cell(record, pair).map(|text| unquoted(&text))).transpose()?;
    Ok(vec![Row { text: unquoted(&text_cell(record, text)?), text_pair, label: Some(found), ..Row::default() }])
}

/// A text without the marks of Python's bytes, which one release of PAWS has.
fn unquoted(text: &str) -> String {
    let inner = ["b'", "b\""].iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(&mark[1..]));
    inner.unwrap_or(text).to_owned()
}

/// Both versions of a minimal pair.
fn versions(pair_id: String, first: String, second: String) -> Vec<Row> {
    let row = |version, text| Row { text, pair_id: Some(pair_id.clone()), version: Some(version), ..Row::default() };
    vec![row(Version::A, first), row(Version::B, second)]
}

/// CrowS-Pairs: the sentence that says more of a stereotype, and the other one.
pub(super) fn crows_pairs(record: &Record) -> Result<Vec<Row>, String> {
    let id = cell(record, "id").or_else(|| cell(record, ""));
    let id = id.and_then(|id| id.as_str().map(str::to_owned).or_else(|| Some(id.as_i64()?.to_string())));
    let id = id.unwrap_or_else(|| record.line.to_string());
    Ok(versions(id, text_cell(record, "sent_more")?, text_cell(record, "sent_less")?))
}

/// BLiMP: a sentence of the language, and one that is not.
pub(super) fn blimp(record: &Record) -> Result<Vec<Row>, String> {
    let id = ["uid", "pairid", "pair_id"].iter().filter_map(|name| text_cell(record, name).ok());
    let id = id.collect::<Vec<_>>().join("-");
    let id = if id.is_empty() { record.line.to_string() } else { id };
    Ok(versions(id, text_cell(record, "sentence_good")?, text_cell(record, "sentence_bad")?))
}

/// StereoSet: of the sentences of an example the stereotype and the one against it; the unrelated one is left out.
pub(super) fn stereo_set(record: &Record) -> Result<Vec<Row>, String> {
    let context = text_cell(record, "context")?;
    let sentences = sentences(cell(record, "sentences"))?;
    let of_label = |wanted: &str| {
        let found = sentences.iter().find(|(label, _)| label == wanted);
        found.map(|(_, text)| text.clone()).ok_or_else(|| format!("there is no sentence with the label \"{wanted}\""))
    };
    // Between sentences, the model reads the context first; within one, the sentence is the context with its blank filled.
    let is_within = context.contains("BLANK");
    let whole = |sentence: String| if is_within { sentence } else { format!("{context} {sentence}") };
    let id = text_cell(record, "id").unwrap_or_else(|_| record.line.to_string());
    let target = text_cell(record, "target").map(|target| format!("{target}#{id}")).unwrap_or(id);
    Ok(versions(target, whole(of_label("stereotype")?), whole(of_label("anti-stereotype")?)))
}

/// Labels and sentences: a list of objects, or an object of lists with labels as numbers, as the Hub keeps it.
fn sentences(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let text = |object: &Map<String, Value>, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let found: Option<Vec<(String, String)>> = match value {
        Some(Value::Array(list)) => list
            .iter()
            .map(|sentence| sentence.as_object())
            .map(|object| object.and_then(|object| Some((text(object, "gold_label")?, text(object, "sentence")?))))
            .collect(),
        Some(Value::Object(lists)) => {
            let list = |name: &str| lists.get(name).and_then(Value::as_array);
            let label = |label: &Value| match (label.as_str(), label.as_u64()) {
                (Some(label), _) => Some(label.to_owned()),
                (None, Some(0)) => Some("anti-stereotype".to_owned()),
                (None, Some(1)) => Some("stereotype".to_owned()),
                (None, Some(_)) => Some("unrelated".to_owned()),
                (None, None) => None,
            };
            list("gold_label").zip(list("sentence")).and_then(|(labels, sentences)| {
                labels
                    .iter()
                    .zip(sentences)
                    .map(|(l, sentence)| Some((label(l)?, sentence.as_str()?.to_owned())))
                    .collect()
            })
        }
        _ => None,
    };
    found.ok_or_else(|| "\"sentences\" does not hold sentences with their labels".to_owned())
}
