//! Sets as JSON Lines, in the one form that has a hash: keys sorted, no spaces, UTF-8, each row ended by a line feed.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Row;

impl Row {
    fn to_json(&self) -> BTreeMap<&'static str, Value> {
        let mut fields = BTreeMap::from([("text", Value::from(self.text.as_str()))]);
        let texts = [
            ("text_pair", &self.text_pair),
            ("target", &self.target),
            ("answer", &self.answer),
            ("pair_id", &self.pair_id),
        ];
        fields.extend(texts.into_iter().filter_map(|(name, text)| Some((name, Value::from(text.as_deref()?)))));
        if !self.others.is_empty() {
            fields.insert("others", self.others.iter().map(String::as_str).collect());
        }
        if let Some(label) = &self.label {
            fields.insert("label", label.to_json());
        }
        if let Some(version) = self.version {
            fields.insert("version", version.name().into());
        }
        if !self.marks.is_empty() {
            // A map sorted by name, so that its order does not hang on how serde_json keeps objects.
            let marks = self.marks.iter().map(|(name, (from, to))| (name.clone(), Value::from(vec![*from, *to])));
            fields.insert("marks", Value::Object(marks.collect()));
        }
        fields
    }
}

/// The rows as JSON Lines.
pub fn to_json_lines(rows: &[Row]) -> String {
    let line = |row: &Row| serde_json::to_string(&row.to_json()).unwrap_or_default() + "\n";
    rows.iter().map(line).collect()
}

/// The rows of [`to_json_lines`].
///
/// # Errors
/// A clause that names the line and what is wrong with it.
pub fn from_json_lines(lines: &str) -> Result<Vec<Row>, String> {
    let row = |(index, line): (usize, &str)| {
        let row = match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Row::from_json(&object),
            Ok(_) => Err("the line is not an object".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        row.map_err(|reason| format!("row {}: {reason}", index + 1))
    };
    lines.lines().enumerate().map(row).collect()
}

/// The name of a set in links: the first 16 hexadecimal digits of the SHA-256 of its JSON Lines.
pub fn hash(rows: &[Row]) -> String {
    let digest = Sha256::digest(to_json_lines(rows).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sets::{Label, Version};

    #[test]
    fn keys_are_sorted_and_nothing_is_escaped_that_need_not_be() {
        let row = Row {
            text: "Sie sagt „ja“\n".to_owned(),
            answer: Some(" a".to_owned()),
            others: vec!["\"b\"".to_owned()],
            label: Some(Label::Number(1.0)),
            pair_id: Some("p".to_owned()),
            version: Some(Version::A),
            marks: BTreeMap::from([("y".to_owned(), (4, 8)), ("x".to_owned(), (0, 3))]),
            ..Row::default()
        };
        let expected = "{\"answer\":\" a\",\"label\":1,\"marks\":{\"x\":[0,3],\"y\":[4,8]},\"others\":[\"\\\"b\\\"\"],\
            \"pair_id\":\"p\",\"text\":\"Sie sagt „ja“\\n\",\"version\":\"a\"}\n";
        assert_eq!(to_json_lines(std::slice::from_ref(&row)), expected);
        assert_eq!(from_json_lines(expected), Ok(vec![row]));
        assert!(from_json_lines("{\"text\":\"a\"}\n{}\n").unwrap_err().starts_with("row 2: \"text\""));
    }

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        // printf '{"text":"a"}\n' | sha256sum
        let expected = Sha256::digest(b"{\"text\":\"a\"}\n");
        let expected: String = expected[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash(&[Row::of_text("a")]), expected);
        assert_ne!(hash(&[Row::of_text("b")]), expected);
        assert_eq!(hash(&[]), "e3b0c44298fc1c14", "the well-known hash of nothing");
    }
}
