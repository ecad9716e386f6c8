//! An outcome as JSON, as links and traces hold it (docs/formats.md, "Outcomes").

use serde_json::{Value, json};

use super::{OutcomeAsked, OutcomeToken};
use crate::fields::Fields;

impl OutcomeAsked {
    /// The outcome as a JSON object, which [`OutcomeAsked::from_json`] reads.
    pub fn to_json(&self) -> Value {
        match self {
            OutcomeAsked::Tokens { answer, others, position } => {
                let each = |token: &OutcomeToken| token.id.map_or_else(|| json!(token.text), |id| json!(id));
                let others_written = others.iter().map(each).collect::<Vec<_>>();
                let mut outcome =
                    json!({"kind": "logit_difference", "answer": [each(answer)], "others": others_written});
                let tokens = || std::iter::once(answer).chain(others);
                if let Some(fields) = outcome.as_object_mut() {
                    if tokens().any(|token| token.id.is_some()) {
                        let texts = tokens().map(|token| json!(token.text)).collect();
                        fields.insert("texts".to_owned(), Value::Array(texts));
                    }
                    if let Some(position) = position {
                        fields.insert("position".to_owned(), json!(position));
                    }
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
    /// What is missing, unknown, or neither text nor an id.
    pub fn from_json(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        let kind: String = fields.required("kind")?;
        let outcome = match kind.as_str() {
            "logit_difference" => {
                let (answers, others): (Vec<Value>, Vec<Value>) =
                    (fields.required("answer")?, fields.required("others")?);
                let texts: Option<Vec<String>> = fields.optional("texts")?;
                let position = fields.optional("position")?;
                let others = others.into_iter().map(|other| token("others", other)).collect::<Result<Vec<_>, _>>()?;
                if others.is_empty() {
                    return Err("`others` has 0 tokens".to_owned());
                }
                let mut asked = OutcomeAsked::Tokens { answer: only(answers)?, others, position };
                if let Some(texts) = texts {
                    name(&mut asked, texts)?;
                }
                asked
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

/// The one answer token of a list.
fn only(answers: Vec<Value>) -> Result<OutcomeToken, String> {
    match <[Value; 1]>::try_from(answers) {
        Ok([answer]) => token("answer", answer),
        Err(several) => Err(format!("`answer` has {} tokens, and one is followed", several.len())),
    }
}

/// A token, by its id or as text.
fn token(name: &str, token: Value) -> Result<OutcomeToken, String> {
    let id = token.as_u64().and_then(|id| u32::try_from(id).ok());
    match token {
        Value::String(text) if !text.is_empty() => Ok(OutcomeToken { text, id: None }),
        _ if id.is_some() => Ok(OutcomeToken { text: String::new(), id }),
        _ => Err(format!("`{name}` is neither a token’s id nor its text")),
    }
}

/// Gives the tokens that are written as ids their texts: one for each token, the answer's first.
fn name(asked: &mut OutcomeAsked, texts: Vec<String>) -> Result<(), String> {
    let n_tokens = asked.tokens_mut().count();
    if texts.len() != n_tokens {
        return Err(format!("`texts` has {}, and the outcome {n_tokens} tokens", texts.len()));
    }
    for (token, text) in asked.tokens_mut().zip(texts) {
        if token.id.is_some() {
            token.text = text;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back() {
        let named = |others: &[&str]| OutcomeAsked::Tokens {
            answer: " Mary".into(),
            others: others.iter().map(|other| (*other).into()).collect(),
            position: Some(13),
        };
        let by_id = |text: &str, id| OutcomeToken { text: text.to_owned(), id: Some(id) };
        let by_ids = OutcomeAsked::Tokens {
            answer: by_id("##ing", 7),
            others: vec![" John".into(), by_id("", 9)],
            position: None,
        };
        let (mary, several) = (named(&[" John"]), named(&[" John", " Tom"]));
        let cosine = OutcomeAsked::Cosine { first: "a".to_owned(), second: "b".to_owned() };
        let label = |against, position| OutcomeAsked::Label { label: Some(1), against, position };
        for outcome in [
            mary.clone(),
            several,
            by_ids.clone(),
            OutcomeAsked::tokens("x", "y"),
            cosine,
            label(None, None),
            label(Some(0), Some(3)),
        ] {
            assert_eq!(OutcomeAsked::from_json(outcome.to_json()), Ok(outcome));
        }
        let json = r#"{"answer":[" Mary"],"kind":"logit_difference","others":[" John"],"position":13}"#;
        assert_eq!(mary.to_json().to_string(), json);
        let json = r###"{"answer":[7],"kind":"logit_difference","others":[" John",9],"texts":["##ing"," John",""]}"###;
        assert_eq!(by_ids.to_json().to_string(), json);
        // As another program writes it, which has no texts.
        let ids = serde_json::json!({"kind": "logit_difference", "answer": [7], "others": [9], "position": 3});
        let (answer, others) = (by_id("", 7), vec![by_id("", 9)]);
        assert_eq!(OutcomeAsked::from_json(ids), Ok(OutcomeAsked::Tokens { answer, others, position: Some(3) }));
        assert_eq!(label(Some(0), None).to_json().to_string(), r#"{"index":1,"kind":"label","other":0}"#);
    }

    #[test]
    fn what_is_wrong_with_another_is_said() {
        for (json, expected) in [
            ("[]", "expected an object"),
            (r#"{"kind":"beauty"}"#, "`beauty` is not a kind of outcome"),
            (r#"{"kind":"logit_difference","answer":[" a"]}"#, "missing field `others`"),
            (
                r#"{"kind":"logit_difference","answer":[-7],"others":[" a"]}"#,
                "`answer` is neither a token’s id nor its text",
            ),
            (
                r#"{"kind":"logit_difference","answer":[7],"others":[8],"texts":["a"]}"#,
                "`texts` has 1, and the outcome 2 tokens",
            ),
            (r#"{"kind":"logit_difference","answer":[" a",""],"others":[" b"]}"#, "`answer` has 2 tokens"),
            (r#"{"kind":"logit_difference","answer":[" a"],"others":[]}"#, "`others` has 0 tokens"),
            (
                r#"{"kind":"logit_difference","answer":[" a"],"others":[" b",true]}"#,
                "`others` is neither a token’s id nor its text",
            ),
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
