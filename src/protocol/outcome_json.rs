//! An outcome as JSON, as links and traces hold it (docs/formats.md, "Outcomes").

use serde_json::{Value, json};

use super::OutcomeAsked;
use crate::fields::Fields;

impl OutcomeAsked {
    /// The outcome as a JSON object, which [`OutcomeAsked::from_json`] reads.
    pub fn to_json(&self) -> Value {
        match self {
            OutcomeAsked::Tokens { answer, others, position } => {
                let mut outcome = json!({"kind": "logit_difference", "answer": [answer], "others": others});
                if let (Some(position), Some(fields)) = (position, outcome.as_object_mut()) {
                    fields.insert("position".to_owned(), json!(position));
                }
                outcome
            }
            OutcomeAsked::Label { label, against, position } => {
                let mut outcome = json!({"kind": "label", "index": label, "other": against, "position": position});
                if let Some(fields) = outcome.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
                outcome
            }
            OutcomeAsked::Cosine { first, second } => json!({"kind": "cosine", "texts": [first, second]}),
        }
    }

    /// Reads an outcome.
    ///
    /// # Errors
    /// What is missing, unknown or not text.
    pub fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        let kind: String = fields.required("kind")?;
        let outcome = match kind.as_str() {
            "logit_difference" => {
                let (answers, others): (Vec<Value>, Vec<Value>) =
                    (fields.required("answer")?, fields.required("others")?);
                let position = fields.optional("position")?;
                let others = others.into_iter().map(|other| text("others", other)).collect::<Result<Vec<_>, _>>()?;
                if others.is_empty() {
                    return Err("`others` has 0 tokens".to_owned());
                }
                OutcomeAsked::Tokens { answer: only(answers)?, others, position }
            }
            "label" => OutcomeAsked::Label {
                label: Some(fields.required("index")?),
                against: fields.optional("other")?,
                position: fields.optional("position")?,
            },
            "cosine" => match <[String; 2]>::try_from(fields.required::<Vec<String>>("texts")?) {
                Ok([first, second]) => OutcomeAsked::Cosine { first, second },
                Err(texts) => return Err(format!("`texts` are two, not {}", texts.len())),
            },
            other => return Err(format!("`{other}` is not a kind of outcome: logit_difference, label or cosine")),
        };
        match fields.unread() {
            Some(name) => Err(format!("unknown field `{name}`")),
            None => Ok(outcome),
        }
    }
}

/// The one answer token of a list, as text.
fn only(answers: Vec<Value>) -> Result<String, String> {
    match <[Value; 1]>::try_from(answers) {
        Ok([answer]) => text("answer", answer),
        Err(several) => Err(format!("`answer` has {} tokens, and one is followed", several.len())),
    }
}

/// A token, as text.
fn text(name: &str, token: Value) -> Result<String, String> {
    match token {
        Value::String(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("`{name}` is not a token’s text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back() {
        let named = |others: &[&str]| OutcomeAsked::Tokens {
            answer: " Mary".to_owned(),
            others: others.iter().map(|other| (*other).to_owned()).collect(),
            position: Some(13),
        };
        let (mary, several) = (named(&[" John"]), named(&[" John", " Tom"]));
        let cosine = OutcomeAsked::Cosine { first: "a".to_owned(), second: "b".to_owned() };
        let label = |against, position| OutcomeAsked::Label { label: Some(1), against, position };
        for outcome in
            [mary.clone(), several, OutcomeAsked::tokens("x", "y"), cosine, label(None, None), label(Some(0), Some(3))]
        {
            assert_eq!(OutcomeAsked::from_json(outcome.to_json()), Ok(outcome));
        }
        let json = r#"{"answer":[" Mary"],"kind":"logit_difference","others":[" John"],"position":13}"#;
        assert_eq!(mary.to_json().to_string(), json);
        assert_eq!(label(Some(0), None).to_json().to_string(), r#"{"index":1,"kind":"label","other":0}"#);
    }

    #[test]
    fn what_is_wrong_with_another_is_said() {
        for (json, expected) in [
            ("[]", "expected an object"),
            (r#"{"kind":"beauty"}"#, "`beauty` is not a kind of outcome"),
            (r#"{"kind":"logit_difference","answer":[" a"]}"#, "missing field `others`"),
            (r#"{"kind":"logit_difference","answer":[7],"others":[" a"]}"#, "`answer` is not a token’s text"),
            (r#"{"kind":"logit_difference","answer":[" a",""],"others":[" b"]}"#, "`answer` has 2 tokens"),
            (r#"{"kind":"logit_difference","answer":[" a"],"others":[]}"#, "`others` has 0 tokens"),
            (r#"{"kind":"logit_difference","answer":[" a"],"others":[" b",7]}"#, "`others` is not a token’s text"),
            (r#"{"kind":"label","other":0}"#, "missing field `index`"),
            (r#"{"kind":"label","index":-1}"#, "expected a whole number"),
            (r#"{"kind":"cosine","texts":["a"]}"#, "`texts` are two, not 1"),
            (r#"{"kind":"cosine","texts":["a","b"],"colour":1}"#, "unknown field `colour`"),
        ] {
            let problem = OutcomeAsked::from_json(serde_json::from_str(json).unwrap()).unwrap_err();
            assert!(problem.contains(expected), "{json}: {problem}");
        }
    }
}
