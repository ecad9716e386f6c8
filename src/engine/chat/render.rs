//! Carries out a template, within bounds.

use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};

use super::date::Date;
use super::tags::without_generation;
use super::{ChatError, ChatTemplate, python};
use crate::trace::ChatMessage;
use crate::trace::shorten::shortened;

/// What a template may spend: a step costs one, and so do 64 bytes that it makes. The templates of the fixtures take 100 and 70 for
/// each message. It also bounds how deep a list of lists can be, which is written and freed by recursion.
const FUEL: u64 = 5_000;
const FUEL_PER_MESSAGE: u64 = 500;
const BYTES_PER_FUEL: u64 = 2;

/// How deep macros and loops may stand in one another.
const MAX_RECURSION: usize = 100;

/// A template that can be carried out many times.
pub(super) struct Program<'a> {
    pub template: &'a ChatTemplate,
    source: String,
    date: Date,
}

impl<'a> Program<'a> {
    pub fn new(template: &'a ChatTemplate, date: &Date) -> Self {
        // Jinja reads every end of a line as one character.
        let source = template.source.replace("\r\n", "\n").replace('\r', "\n");
        Self { template, source: without_generation(&source), date: *date }
    }

    /// The text of messages, with or without the beginning of an answer.
    pub fn run(&self, messages: &[ChatMessage], adds_prompt: bool) -> Result<String, ChatError> {
        let mut environment = Environment::new();
        environment.set_syntax(syntax()?);
        let n_bytes: usize = messages.iter().map(|message| message.content.len()).sum();
        let fuel = FUEL + FUEL_PER_MESSAGE * messages.len() as u64 + n_bytes as u64 / BYTES_PER_FUEL;
        environment.set_fuel(Some(fuel));
        environment.set_recursion_limit(MAX_RECURSION);
        python::add(&mut environment, self.date);
        let template = environment.template_from_str(&self.source).map_err(|error| reason(&error))?;
        template.render(self.context(messages, adds_prompt)).map_err(|error| reason(&error))
    }

    /// What the template sees, as transformers hands it over.
    fn context(&self, messages: &[ChatMessage], adds_prompt: bool) -> Value {
        let message = |message: &ChatMessage| {
            Value::from_pairs([("role", message.role.as_str()), ("content", message.content.as_str())])
        };
        let messages: Vec<Value> = messages.iter().map(message).collect();
        let tokens = self.template.tokens.iter().map(|(name, token)| (*name, Value::from(token.as_str())));
        let given = [
            ("messages", messages.into_iter().collect::<Value>()),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(adds_prompt)),
        ];
        Value::from_pairs(tokens.chain(given))
    }
}

/// transformers' whitespace: a line that holds nothing but a block leaves nothing.
fn syntax() -> Result<SyntaxConfig, ChatError> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(|error| reason(&error))
}

fn reason(error: &Error) -> ChatError {
    if error.kind() == ErrorKind::OutOfFuel {
        return ChatError::Endless;
    }
    let detail = error.detail().map(|detail| shortened(detail).into_owned());
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<python::Raised>() {
            return ChatError::Refused(detail.unwrap_or_default());
        }
        source = inner.source();
    }
    let kind = error.kind().to_string();
    let reason = detail.map_or_else(|| kind.clone(), |detail| format!("{kind}: {detail}"));
    ChatError::Template { line: error.line().unwrap_or(1), reason }
}
