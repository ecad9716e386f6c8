//! One row of a set.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What a row is of.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// A class by its number, or a rating.
    Number(f64),
    /// A class by its name.
    Text(String),
}

impl Label {
    /// The label that a cell of a table stands for: a number where the cell is one.
    pub fn of_cell(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        let number = cell.parse::<f64>().ok().and_then(Self::of_number);
        number.or_else(|| (!cell.is_empty()).then(|| Label::Text(cell.to_owned())))
    }

    /// The label that a number in JSON stands for.
    pub(super) fn of_json(number: &serde_json::Number) -> Option<Self> {
        number.as_f64().map(|value| Self::of_number(value).unwrap_or_else(|| Label::Text(number.to_string())))
    }

    /// A number to fifteen digits, which every reader of JSON reads again as the same number; `None` for numbers that are too large or
    /// too small for that, which stay as they are written.
    fn of_number(number: f64) -> Option<Self> {
        let is_moderate = number == 0.0 || (1e-6..1e15).contains(&number.abs());
        let rounded = format!("{number:.14e}").parse().ok().filter(|_| is_moderate)?;
        Some(Label::Number(rounded))
    }

    /// The label as JSON.
    pub(super) fn to_json(&self) -> Value {
        match self {
            // One way to write a number, whatever its file wrote.
            Label::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Value::from(*number as i64),
            Label::Number(number) => Value::from(*number),
            Label::Text(text) => Value::from(text.as_str()),
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Label::Number(number) => write!(f, "{number}"),
            Label::Text(text) => f.write_str(text),
        }
    }
}

/// Which of the two texts of a minimal pair a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The first one: the stereotype, the feminine pronoun, the right form.
    A,
    /// The second one.
    B,
}

impl Version {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Version::A => "a",
            Version::B => "b",
        }
    }
}

/// A text with its roles. What a row lacks is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What the model reads.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// What the decoder of an encoder-decoder model writes.
    pub target: Option<String>,
    /// How the text goes on, or what stands at its mask.
    pub answer: Option<String>,
    /// Other answers, against which the answer is weighed.
    pub others: Vec<String>,
    /// The row's class or rating.
    pub label: Option<Label>,
    /// Rows with one id belong together: the two versions of a minimal pair, or pairs that share a source. Before a `#` stands what
    /// several ids share, names apart by `/` where rows share things crosswise: "t1/nurse/carpenter#0".
    pub pair_id: Option<String>,
    /// Which version of a minimal pair the row is.
    pub version: Option<Version>,
    /// Words of the text by name, as byte ranges.
    pub marks: BTreeMap<String, (usize, usize)>,
}

/// The fields of a row in a file.
pub(super) const FIELDS: [&str; 9] =
    ["text", "text_pair", "target", "answer", "others", "label", "pair_id", "version", "marks"];

impl Row {
    /// A row of one text.
    pub fn of_text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The row that a JSON object stands for. Fields of other names are not looked at.
    ///
    /// # Errors
    /// A clause that names the field and what is wrong with it.
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, String> {
        let field = |name: &str| object.get(name).filter(|value| !value.is_null());
        let text = |name: &str| match field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(format!("\"{name}\" is {}, not a text", kind(other))),
        };
        let others = match field("others") {
            None => Vec::new(),
            Some(Value::Array(list)) => {
                let each = list.iter().map(|other| other.as_str().map(str::to_owned));
                each.collect::<Option<_>>().ok_or("\"others\" holds something that is not a text")?
            }
            Some(other) => return Err(format!("\"others\" is {}, not a list of texts", kind(other))),
        };
        let label = match field("label") {
            None => None,
            Some(Value::String(text)) => Some(Label::Text(text.clone())),
            Some(Value::Bool(is_true)) => Some(Label::Number(f64::from(u8::from(*is_true)))),
            Some(Value::Number(number)) => Label::of_json(number),
            Some(other) => return Err(format!("\"label\" is {}, not a text or a number", kind(other))),
        };
        let pair_id = match field("pair_id") {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => text("pair_id")?,
        };
        let version = match text("version")?.as_deref() {
            None => None,
            Some("a") => Some(Version::A),
            Some("b") => Some(Version::B),
            Some(other) => return Err(format!("\"version\" is \"{other}\", not \"a\" or \"b\"")),
        };
        let row = Self {
            text: text("text")?.ok_or("\"text\" is missing")?,
            text_pair: text("text_pair")?,
            target: text("target")?,
            answer: text("answer")?,
            others,
            label,
            pair_id,
            version,
            marks: field("marks").map_or(Ok(BTreeMap::new()), marks)?,
        };
        row.checked()
    }

    /// The row, if a model can read it and its parts fit together.
    ///
    /// # Errors
    /// A clause that says what does not fit.
    pub fn checked(self) -> Result<Self, String> {
        if self.text.is_empty() {
            return Err("the text is empty".to_owned());
        }
        if self.version.is_some() && self.pair_id.is_none() {
            return Err("a version needs a \"pair_id\", which names the pair".to_owned());
        }
        if !self.others.is_empty() && self.answer.is_none() {
            return Err("there are other answers and no answer".to_owned());
        }
        for (name, (from, to)) in &self.marks {
            if from >= to || self.text.get(*from..*to).is_none() {
                return Err(format!("the mark \"{name}\" is at bytes {from} to {to}, where the text has no word"));
            }
        }
        Ok(self)
    }

    /// The marked word.
    pub fn marked(&self, name: &str) -> Option<&str> {
        self.marks.get(name).and_then(|(from, to)| self.text.get(*from..*to))
    }
}

fn marks(value: &Value) -> Result<BTreeMap<String, (usize, usize)>, String> {
    let Value::Object(object) = value else { return Err(format!("\"marks\" is {}, not an object", kind(value))) };
    let mark = |(name, range): (&String, &Value)| {
        let ends: Option<Vec<usize>> = range
            .as_array()
            .and_then(|ends| ends.iter().map(|end| end.as_u64().and_then(|end| usize::try_from(end).ok())).collect());
        match ends.as_deref() {
            Some(&[from, to]) => Ok((name.clone(), (from, to))),
            _ => Err(format!("the mark \"{name}\" is not two byte positions")),
        }
    };
    object.iter().map(mark).collect()
}

/// What a JSON value is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Result<Row, String> {
        let Ok(Value::Object(object)) = serde_json::from_str(json) else { panic!("{json}") };
        Row::from_json(&object)
    }

    #[test]
    fn a_row_that_does_not_fit_says_why() {
        for (json, expected) in [
            (r#"{}"#, "\"text\" is missing"),
            (r#"{"text":""}"#, "the text is empty"),
            (r#"{"text":7}"#, "\"text\" is a number, not a text"),
            (r#"{"text":"t","others":"x"}"#, "not a list of texts"),
            (r#"{"text":"t","others":["x"]}"#, "no answer"),
            (r#"{"text":"t","label":[1]}"#, "\"label\" is a list"),
            (r#"{"text":"t","version":"c","pair_id":"p"}"#, "not \"a\" or \"b\""),
            (r#"{"text":"t","version":"a"}"#, "needs a \"pair_id\""),
            (r#"{"text":"é","marks":{"w":[0,1]}}"#, "where the text has no word"),
            (r#"{"text":"t","marks":{"w":[0]}}"#, "not two byte positions"),
        ] {
            let found = row(json).unwrap_err();
            assert!(found.contains(expected), "{json}: {found}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for (cell, expected) in [
            (" 1.0 ", Label::Number(1.0)),
            ("0.1234567890123456789", Label::Number(0.123_456_789_012_346)),
            ("-0", Label::Number(0.0)),
            ("5e+39", Label::Text("5e+39".to_owned())),
            ("1e-7", Label::Text("1e-7".to_owned())),
            ("inf", Label::Text("inf".to_owned())),
            ("entailment", Label::Text("entailment".to_owned())),
        ] {
            assert_eq!(Label::of_cell(cell), Some(expected), "{cell}");
        }
        assert!(matches!(row(r#"{"text":"t","label":5e39}"#).unwrap().label, Some(Label::Text(_))));
        assert_eq!(Label::of_cell(" "), None);
    }

    #[test]
    fn every_field_is_read() {
        let json = r#"{"text":"She saw him","text_pair":"p","target":"t","answer":" a","others":[" b"],"label":1,
            "pair_id":3,"version":"b","marks":{"pronoun":[0,3]}}"#;
        let row = row(json).unwrap();
        assert_eq!(row.marked("pronoun"), Some("She"));
        assert_eq!(
            (row.label, row.pair_id.as_deref(), row.version),
            (Some(Label::Number(1.0)), Some("3"), Some(Version::B))
        );
        assert_eq!((row.answer.as_deref(), row.others), (Some(" a"), vec![" b".to_owned()]));
    }
}
