//! What is to be read: typed text, token ids, a block of random tokens twice, or a conversation; with or without BOS.

use serde::{Deserialize, Serialize};

use super::chat::{self, ChatChange};
use super::{Effect, State};
use crate::protocol::{Input, InputText, TargetAsked};
use crate::trace::Chat;

/// Kinds of input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A text, and a second one where it is not empty.
    #[default]
    Text,
    /// Rows of the embedding.
    Ids,
    /// A block of random tokens, twice.
    RandomBlock,
    /// A conversation.
    Chat,
}

impl EntryKind {
    /// In the order in which they are offered.
    pub const EACH: [EntryKind; 4] = [EntryKind::Text, EntryKind::Ids, EntryKind::RandomBlock, EntryKind::Chat];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            EntryKind::Text => "Text",
            EntryKind::Ids => "Token ids",
            EntryKind::RandomBlock => "Random block twice",
            EntryKind::Chat => "Chat",
        }
    }
}

/// The fields of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text.
    pub text: String,
    /// The second text; empty for none.
    pub pair: String,
    /// The example of the gallery that the fields hold, by its place there.
    pub example: Option<usize>,
    /// Whether the example was just picked, so that its result is looked at as it says.
    pub(super) looks_at_example: bool,
    /// Which kind is wanted.
    pub kind: EntryKind,
    /// Ids as typed.
    pub ids: String,
    /// The conversation.
    pub chat: Chat,
    /// Length of the random block.
    pub n_block: u32,
    /// Its seed.
    pub seed: u32,
    /// With a BOS token (`Some(true)`), without one, or as the tokenizer does it (`None`).
    pub bos: Option<bool>,
    /// What the decoder of an encoder-decoder model is to have written, as typed; empty for what it writes by itself. Ids
    /// where the input is ids.
    pub target: String,
}

/// Something about the input was typed or chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryEvent {
    /// The text was edited.
    TextEdited(String),
    /// The second text was edited.
    PairEdited(String),
    /// Another of the fields was changed.
    FieldChanged(EntryChange),
    /// The fields have rested since this edit, counted by [`super::Readings`].
    TypingRested(u32),
    /// An example was picked, by its place in the gallery.
    ExamplePicked(usize),
}

/// Prefix matching is defined on blocks of at least 50 tokens.
const FIRST_BLOCK: u32 = 50;

impl Default for Entry {
    fn default() -> Self {
        Self {
            text: String::new(),
            pair: String::new(),
            example: None,
            looks_at_example: false,
            kind: EntryKind::Text,
            ids: String::new(),
            chat: chat::first(),
            n_block: FIRST_BLOCK,
            seed: 1,
            bos: None,
            target: String::new(),
        }
    }
}

/// A change of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryChange {
    /// Another kind of input was chosen.
    Kind(EntryKind),
    /// The ids were edited.
    Ids(String),
    /// The conversation was changed.
    Chat(ChatChange),
    /// The block's length was edited.
    Block(u32),
    /// Its seed.
    Seed(u32),
    /// With a BOS token (`Some(true)`), without one, or as the tokenizer does it (`None`).
    Bos(Option<bool>),
    /// The target was edited.
    Target(String),
}

impl Entry {
    /// Makes a change.
    pub fn apply(&mut self, change: EntryChange) {
        match change {
            EntryChange::Kind(kind) => self.kind = kind,
            EntryChange::Ids(ids) => self.ids = ids,
            EntryChange::Chat(change) => chat::change(&mut self.chat, change),
            EntryChange::Block(n_block) => self.n_block = n_block.max(1),
            EntryChange::Seed(seed) => self.seed = seed,
            EntryChange::Bos(bos) => self.bos = bos,
            EntryChange::Target(target) => self.target = target,
        }
    }
}

/// Reads ids from text: numbers with commas, spaces or brackets between them.
///
/// # Errors
/// A sentence that names the text that is not an id.
pub fn parse_ids(text: &str) -> Result<Vec<u32>, String> {
    let words = text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '[' | ']'));
    let id = |word: &str| word.parse().map_err(|_| format!("“{word}” is not a token id: ids are whole numbers."));
    let ids = words.filter(|word| !word.is_empty()).map(id).collect::<Result<Vec<u32>, String>>()?;
    if ids.is_empty() {
        Err("There are no token ids to read. Type numbers, for example 101, 7592, 102.".to_owned())
    } else {
        Ok(ids)
    }
}

fn written_ids(ids: &[u32]) -> String {
    ids.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl State {
    pub(super) fn entry_event(&mut self, event: EntryEvent, effects: &mut Vec<Effect>) {
        match event {
            EntryEvent::TextEdited(text) => self.entry.text = text,
            EntryEvent::PairEdited(pair) => self.entry.pair = pair,
            EntryEvent::FieldChanged(change) => self.entry.apply(change),
            EntryEvent::TypingRested(_) | EntryEvent::ExamplePicked(_) => {
                if let Some(later) = self.later() {
                    (later.entry_event)(self, event, effects);
                }
                return;
            }
        }
        // What was wrong with the text before says nothing about this one.
        self.notices.input = None;
        self.leave_example();
        self.typed(effects);
    }

    /// What needs a model.
    pub(super) fn late_entry_event(&mut self, event: EntryEvent, effects: &mut Vec<Effect>) {
        match event {
            EntryEvent::TypingRested(n_edits) => self.typing_rested(n_edits, effects),
            EntryEvent::ExamplePicked(index) => self.example_picked(index, effects),
            EntryEvent::TextEdited(_) | EntryEvent::PairEdited(_) | EntryEvent::FieldChanged(_) => {}
        }
    }

    /// What the fields hold.
    ///
    /// # Errors
    /// A sentence for the reader when there is nothing to read.
    pub(super) fn input(&self, cut: bool) -> Result<Input, String> {
        let text = match self.entry.kind {
            EntryKind::Text if self.entry.text.is_empty() => {
                return Err("There is no text to read. Type a sentence.".to_owned());
            }
            EntryKind::Text if self.entry.pair.trim().is_empty() => InputText::Single(self.entry.text.clone()),
            EntryKind::Text => InputText::Pair(self.entry.text.clone(), self.entry.pair.clone()),
            EntryKind::Ids => InputText::Ids(parse_ids(&self.entry.ids)?),
            EntryKind::RandomBlock => InputText::RandomBlock { n_tokens: self.entry.n_block, seed: self.entry.seed },
            EntryKind::Chat if self.entry.chat.messages.iter().all(|message| message.content.is_empty()) => {
                return Err("There is no message to read. Write one.".to_owned());
            }
            EntryKind::Chat => InputText::Chat(self.entry.chat.clone()),
        };
        // A chat template writes BOS itself.
        let bos = self.entry.bos.filter(|_| self.entry.kind != EntryKind::Chat);
        Ok(Input { text, cut, bos, target: self.target()? })
    }

    /// What the target's field holds; nothing as long as the model is known to have one stack.
    fn target(&self) -> Result<TargetAsked, String> {
        let has_one_stack = self.work.model.as_ref().is_some_and(|model| model.spec.encoder.is_none());
        Ok(match self.entry.kind {
            _ if has_one_stack || self.entry.target.trim().is_empty() => TargetAsked::Generated,
            EntryKind::Ids => TargetAsked::Ids(parse_ids(&self.entry.target)?),
            EntryKind::Text | EntryKind::RandomBlock | EntryKind::Chat => TargetAsked::Text(self.entry.target.clone()),
        })
    }

    /// Whether there is a field for a target: the model has an encoder and a decoder, or a link came with one.
    pub fn takes_target(&self) -> bool {
        match (&self.work.model, &self.shown) {
            (Some(model), _) => model.spec.encoder.is_some(),
            (None, Some(shown)) => shown.spec.encoder.is_some() || !self.entry.target.is_empty(),
            (None, None) => !self.entry.target.is_empty(),
        }
    }

    /// Whether the fields hold another input than the result on screen, so that Run would read something else.
    pub fn has_unrun_text(&self) -> bool {
        let Some(shown) = self.result(super::Variant::A).filter(|_| self.home.is_page()) else { return false };
        let entry = &self.entry;
        let is_same_text = match &shown.asked {
            InputText::Single(text) => {
                entry.kind == EntryKind::Text && entry.text == *text && entry.pair.trim().is_empty()
            }
            InputText::Pair(text, pair) => entry.kind == EntryKind::Text && (&entry.text, &entry.pair) == (text, pair),
            InputText::Ids(ids) => entry.kind == EntryKind::Ids && parse_ids(&entry.ids).as_ref() == Ok(ids),
            InputText::RandomBlock { n_tokens, seed } => {
                entry.kind == EntryKind::RandomBlock && (entry.n_block, entry.seed) == (*n_tokens, *seed)
            }
            InputText::Chat(chat) => entry.kind == EntryKind::Chat && entry.chat == *chat,
        };
        // A trace does not say how it was asked for.
        let is_same_way = shown.is_trace
            || entry.kind == EntryKind::Chat
            || entry.bos == shown.input.bos && self.target().as_ref().is_ok_and(|target| *target == shown.input.target);
        !(is_same_text && is_same_way)
    }

    /// Puts an input into the fields.
    pub(super) fn fill_in(&mut self, input: &Input) {
        self.notices.input = None;
        self.entry.bos = input.bos;
        self.entry.target = match &input.target {
            TargetAsked::Generated => String::new(),
            TargetAsked::Text(text) => text.clone(),
            TargetAsked::Ids(ids) => written_ids(ids),
        };
        match &input.text {
            InputText::Single(text) => {
                (self.entry.kind, self.entry.text, self.entry.pair) = (EntryKind::Text, text.clone(), String::new())
            }
            InputText::Pair(text, pair) => {
                (self.entry.kind, self.entry.text, self.entry.pair) = (EntryKind::Text, text.clone(), pair.clone());
            }
            InputText::Ids(ids) => {
                self.entry.kind = EntryKind::Ids;
                self.entry.ids = written_ids(ids);
            }
            InputText::RandomBlock { n_tokens, seed } => {
                (self.entry.kind, self.entry.n_block, self.entry.seed) = (EntryKind::RandomBlock, *n_tokens, *seed);
            }
            InputText::Chat(chat) => (self.entry.kind, self.entry.chat) = (EntryKind::Chat, chat.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_people_write_them() {
        for text in ["101, 7592,102", "[101 7592 102]", " 101;7592\n102 "] {
            assert_eq!(parse_ids(text), Ok(vec![101, 7592, 102]), "{text}");
        }
        assert!(parse_ids("101, cat").unwrap_err().contains("“cat”"));
        assert!(parse_ids("-1").is_err());
        assert!(parse_ids(" , ").unwrap_err().contains("no token ids"));
    }
}
