//! Conversations as the text that a chat model reads: a model's chat template, a Jinja program, is carried out as transformers'
//! `apply_chat_template` does it.
//!
//! [`files`] finds the template of a checkpoint, [`render`] carries it out with what Python's Jinja has ([`python`], [`json`],
//! [`date`]), [`turns`] finds which message each part of the text is of. A template comes from strangers: it reaches nothing but
//! the messages, and its steps and its memory are bounded.

mod date;
mod error;
mod files;
mod json;
mod python;
mod render;
mod tags;
mod turns;

use std::ops::Range;

pub use date::Date;
pub use error::ChatError;
pub use files::ChatFiles;

use super::error::EngineError;
use super::model::Model;
use super::tokenizer::Tokenizer;
use crate::trace::{Chat, Tokens, Turn};

/// The most messages of a conversation.
pub const MAX_MESSAGES: usize = 512;

/// A model's chat template with the special tokens that it may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatTemplate {
    source: String,
    /// "bos_token" and its text, and others.
    tokens: Vec<(&'static str, String)>,
}

/// A conversation as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedChat {
    /// The text, special tokens written out.
    pub text: String,
    /// The turns in it, by bytes, one after another; what the template adds between or before them is in none.
    pub turns: Vec<TextTurn>,
}

/// A turn by its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTurn {
    /// Whose it is.
    pub role: String,
    /// The message's place in the conversation; none where the model is to answer.
    pub message: Option<usize>,
    /// Bytes of the text.
    pub range: Range<usize>,
}

/// A conversation as a model reads it.
#[derive(Clone, Debug)]
pub struct EncodedChat {
    /// Its tokens.
    pub tokens: Tokens,
    /// Its text, special tokens written out.
    pub text: String,
    /// Which tokens are whose.
    pub turns: Vec<Turn>,
}

impl ChatTemplate {
    /// A template and the special tokens that it may name: "bos_token", "eos_token", ….
    pub fn new(source: &str, tokens: Vec<(&'static str, String)>) -> Self {
        Self { source: source.to_owned(), tokens }
    }

    /// The template as its file has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Writes a conversation as text, and says which part of it is whose.
    ///
    /// # Errors
    /// When there is no message, the template is broken, refuses the messages or does not come to an end.
    pub fn render(&self, chat: &Chat, date: &Date) -> Result<RenderedChat, ChatError> {
        let n_messages = chat.messages.len();
        if n_messages == 0 {
            return Err(ChatError::Empty);
        }
        if n_messages > MAX_MESSAGES {
            return Err(ChatError::TooMany { n_messages });
        }
        let program = render::Program::new(self, date);
        let text = program.run(&chat.messages, chat.adds_prompt)?;
        let turns = turns::find(&program, chat, &text);
        Ok(RenderedChat { text, turns })
    }

    fn token(&self, name: &str) -> Option<&str> {
        self.tokens.iter().find(|(known, _)| *known == name).map(|(_, token)| token.as_str())
    }
}

impl Model {
    /// The chat template, of a model that has one and reads text from left to right.
    pub fn chat_template(&self) -> Option<&ChatTemplate> {
        self.chat.as_deref().filter(|_| self.encoder.is_none() && self.spec.is_causal() && self.tokenizer.is_some())
    }

    /// Tokens of a conversation. The tokenizer adds none: the template writes BOS itself where the model wants it.
    ///
    /// # Errors
    /// When the model has no chat template, or the template cannot write these messages.
    pub fn encode_chat(&self, chat: &Chat, date: &Date) -> Result<EncodedChat, EngineError> {
        let template = self.chat_template().ok_or(ChatError::NoTemplate)?;
        let RenderedChat { text, turns } = template.render(chat, date)?;
        let tokenizer: &Tokenizer = self.tokenizer().ok_or(ChatError::NoTemplate)?;
        let tokens = tokenizer.encode_bare(&text)?;
        if tokens.is_empty() {
            return Err(ChatError::Blank.into());
        }
        let turns = turns.iter().filter_map(|turn| token_turn(turn, &tokens)).collect();
        Ok(EncodedChat { tokens, text, turns })
    }
}

/// The tokens of a turn: those that begin in it.
fn token_turn(turn: &TextTurn, tokens: &Tokens) -> Option<Turn> {
    let first_from = |byte: usize| tokens.offsets.partition_point(|(start, _)| *start < byte) as u32;
    let (start, end) = (first_from(turn.range.start), first_from(turn.range.end));
    let message = turn.message.map(|message| message as u32);
    (start < end).then(|| Turn { role: turn.role.clone(), message, start, end })
}
