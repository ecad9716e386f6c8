//! The conversation in the fields of the input: messages, each with a role.

use super::{EntryKind, State};
use crate::trace::{Chat, ChatMessage};

/// The roles that are offered; a link may bring another one.
pub const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// A change of the conversation; messages are named by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatChange {
    /// A message was edited.
    Content(usize, String),
    /// A message is somebody else's.
    Role(usize, String),
    /// A message is added at the end: of whoever's turn it is.
    Added,
    /// A message is removed; the last one is emptied instead.
    Removed(usize),
    /// A message changes places with the one before it.
    MovedUp(usize),
    /// A message changes places with the one after it.
    MovedDown(usize),
    /// Whether the text ends with the beginning of an answer.
    Prompt(bool),
}

/// The conversation that the fields begin with.
pub(super) fn first() -> Chat {
    Chat { messages: vec![ChatMessage::new("user", "")], adds_prompt: true }
}

/// Makes a change; one that names no message that is there changes nothing.
pub(super) fn change(chat: &mut Chat, made: ChatChange) {
    let messages = &mut chat.messages;
    match made {
        ChatChange::Content(index, content) => {
            if let Some(message) = messages.get_mut(index) {
                message.content = content;
            }
        }
        ChatChange::Role(index, role) => {
            if let Some(message) = messages.get_mut(index) {
                message.role = role;
            }
        }
        ChatChange::Added => {
            let is_users = messages.last().is_none_or(|message| message.role != "user");
            messages.push(ChatMessage::new(if is_users { "user" } else { "assistant" }, ""));
        }
        ChatChange::Removed(index) if messages.len() > 1 && index < messages.len() => _ = messages.remove(index),
        ChatChange::Removed(index) => change(chat, ChatChange::Content(index, String::new())),
        ChatChange::MovedUp(index) if (1..messages.len()).contains(&index) => messages.swap(index - 1, index),
        ChatChange::MovedDown(index) if index + 1 < messages.len() => messages.swap(index, index + 1),
        ChatChange::MovedUp(_) | ChatChange::MovedDown(_) => {}
        ChatChange::Prompt(adds_prompt) => chat.adds_prompt = adds_prompt,
    }
}

impl State {
    /// Whether conversations can be read: the model has a chat template, or the fields hold one that a link brought.
    pub fn offers_chat(&self) -> bool {
        self.entry.kind == EntryKind::Chat || self.work.model.as_ref().is_some_and(|model| model.has_chat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "u: a, s: b": roles by their first letters.
    fn written(chat: &Chat) -> String {
        let message = |message: &ChatMessage| format!("{}:{}", &message.role[..1], message.content);
        chat.messages.iter().map(message).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn messages_are_added_moved_and_removed() {
        let mut chat = first();
        for (made, expected) in [
            (ChatChange::Content(0, "a".to_owned()), "u:a"),
            (ChatChange::Added, "u:a a:"),
            (ChatChange::Content(1, "b".to_owned()), "u:a a:b"),
            (ChatChange::Added, "u:a a:b u:"),
            (ChatChange::Role(2, "system".to_owned()), "u:a a:b s:"),
            (ChatChange::MovedUp(2), "u:a s: a:b"),
            (ChatChange::MovedUp(1), "s: u:a a:b"),
            (ChatChange::MovedUp(0), "s: u:a a:b"),
            (ChatChange::MovedDown(2), "s: u:a a:b"),
            (ChatChange::MovedDown(0), "u:a s: a:b"),
            (ChatChange::Content(9, "x".to_owned()), "u:a s: a:b"),
            (ChatChange::Removed(9), "u:a s: a:b"),
            (ChatChange::Removed(1), "u:a a:b"),
            (ChatChange::Removed(0), "a:b"),
            (ChatChange::Removed(0), "a:"),
        ] {
            let about = format!("{made:?}");
            change(&mut chat, made);
            assert_eq!(written(&chat), expected, "{about}");
        }
        change(&mut chat, ChatChange::Prompt(false));
        assert!(!chat.adds_prompt);
    }
}
