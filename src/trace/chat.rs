//! Conversations: messages with roles, and the tokens that each of them became.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::Fields;

/// Messages to be written as the text that a chat model reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// In their order.
    pub messages: Vec<ChatMessage>,
    /// Whether the text ends with the beginning of the model's answer.
    pub adds_prompt: bool,
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// "system", "user", "assistant", or another name that the model's template knows.
    pub role: String,
    /// What it says.
    pub content: String,
}

/// The tokens of a message, with what the template writes around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Whose turn it is.
    pub role: String,
    /// The message's place in the conversation; none where the model is to answer.
    pub message: Option<u32>,
    /// The first token.
    pub start: u32,
    /// One more than the last token.
    pub end: u32,
}

/// The longest role, which is a word, and the longest conversation: each message is a row of the page.
const MAX_ROLE_BYTES: usize = 100;
const MAX_MESSAGES: usize = 1_000;

impl ChatMessage {
    /// A message.
    pub fn new(role: &str, content: &str) -> Self {
        Self { role: role.to_owned(), content: content.to_owned() }
    }

    /// Reads a JSON list of objects with a role and a content.
    ///
    /// # Errors
    /// What is wrong with which message.
    pub fn parse_list(json: &str) -> Result<Vec<Self>, String> {
        let list: Vec<Value> =
            serde_json::from_str(json).map_err(|error| format!("messages are not a JSON list: {error}"))?;
        if list.len() > MAX_MESSAGES {
            return Err(format!("{} messages; at most {MAX_MESSAGES} are read", list.len()));
        }
        let read = |value| {
            let mut fields = Fields::of_object(value)?;
            let message = Self { role: fields.required("role")?, content: fields.required("content")? };
            if message.role.len() > MAX_ROLE_BYTES {
                return Err(format!("a role of {} bytes; at most {MAX_ROLE_BYTES} are read", message.role.len()));
            }
            match fields.unread() {
                Some(name) => Err(format!("unknown field `{name}`: a message has a role and a content")),
                None => Ok(message),
            }
        };
        let numbered = |(index, value)| read(value).map_err(|error| format!("message {}: {error}", index + 1));
        list.into_iter().enumerate().map(numbered).collect()
    }

    /// Writes a JSON list, which [`ChatMessage::parse_list`] reads.
    pub fn list_to_json(messages: &[Self]) -> String {
        let text = |text: &str| Value::from(text).to_string();
        let object =
            |message: &Self| format!("{{\"role\":{},\"content\":{}}}", text(&message.role), text(&message.content));
        format!("[{}]", messages.iter().map(object).collect::<Vec<_>>().join(","))
    }
}

impl Turn {
    /// Whether a token is of this turn.
    pub fn holds(&self, position: usize) -> bool {
        (self.start as usize..self.end as usize).contains(&position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were_written() {
        let messages = [ChatMessage::new("system", "Be \"brief\".\n"), ChatMessage::new("user", " 🐈 \\ ")];
        let json = ChatMessage::list_to_json(&messages);
        assert!(json.starts_with(r#"[{"role":"system","content":"Be \"brief\".\n"},{"role":"user""#), "{json}");
        assert_eq!(ChatMessage::parse_list(&json), Ok(messages.to_vec()));
        assert_eq!(ChatMessage::list_to_json(&[]), "[]");
    }

    #[test]
    fn the_message_that_is_wrong_is_named() {
        let table = [
            ("{}", "not a JSON list"),
            ("[3]", "message 1: expected an object"),
            (r#"[{"role":"user","content":"a"},{"role":"user"}]"#, "message 2: missing field `content`"),
            (r#"[{"role":"user","content":["a"]}]"#, "message 1: field \"content\": expected"),
            (r#"[{"role":"user","content":"a","tool_calls":[]}]"#, "unknown field `tool_calls`"),
        ];
        let long_role = format!(r#"[{{"role":"{}","content":"a"}}]"#, "r".repeat(1 << 20));
        let many = format!("[{}]", vec![r#"{"role":"user","content":"a"}"#; 20_000].join(","));
        let long = [
            (long_role.as_str(), "message 1: a role of 1048576 bytes; at most 100 are read"),
            (many.as_str(), "20000 messages; at most 1000 are read"),
        ];
        for (json, expected) in table.into_iter().chain(long) {
            let error = ChatMessage::parse_list(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
