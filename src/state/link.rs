//! The state as a URL fragment: `v=1&model=…&text=…&view=head&layer=2&heads=9&query=3`.
//!
//! Written so that a person can read it and any reader of query strings can decode it: a space is `%20`. Read with the
//! rules of forms, so that `+` is a space too. What is unknown or broken is left out
//! and named. How things are drawn is in `link_options`.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::home::RUNS_MODELS;
use super::link_options::LinkedOptions;
use super::options::{SegmentFilter, Theme};
use super::selection::View;
use super::wording::shortened;
use crate::edit::{self, Edit};
use crate::protocol::OutcomeAsked;
use crate::trace::{Attn, AttnKind, Chat, ChatMessage, Stack};

/// Version of the fragment.
const VERSION: &str = "1";

/// Longest fragment that is written, in bytes: longer ones are cut off by programs that pass links on.
pub const MAX_BYTES: usize = 8 << 10;

/// What is encoded: what ends a fragment's part or a link in a text, and what would be read as something else.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'`')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'{')
    .add(b'}');

/// What a link says; what it leaves out is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Id of the model in the catalogue.
    pub model: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The second text.
    pub pair: Option<String>,
    /// What a decoder reads, instead of what it writes; ids where the input is ids.
    pub target: Option<String>,
    /// The token ids, instead of a text.
    pub ids: Option<Vec<u32>>,
    /// The messages of a conversation, instead of a text.
    pub messages: Option<Vec<ChatMessage>>,
    /// Whether the conversation ends with the beginning of an answer; it does where nothing is said.
    pub adds_prompt: Option<bool>,
    /// The view.
    pub view: Option<View>,
    /// Which stack of an encoder-decoder model.
    pub stack: Option<Stack>,
    /// Which attention of its decoder.
    pub attn: Option<Attn>,
    /// The layer.
    pub layer: Option<usize>,
    /// Which heads.
    pub heads: Option<Heads>,
    /// Chosen query tokens.
    pub queries: BTreeSet<usize>,
    /// Chosen key tokens.
    pub keys: BTreeSet<usize>,
    /// The pinned neuron.
    pub neuron: Option<usize>,
    /// The trace, instead of a model and a text.
    pub trace: Option<TracePlace>,
    /// How things are drawn.
    pub drawn: LinkedOptions,
    /// The part of a sentence pair that is shown.
    pub segment: Option<SegmentFilter>,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// The set on the workbench.
    pub set: LinkedSet,
    /// The edits, in the order in which they act.
    pub edits: Vec<Edit>,
    /// The outcome that is followed.
    pub outcome: Option<OutcomeAsked>,
}

/// A set of texts, as far as a link says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedSet {
    /// Its hash.
    pub hash: Option<String>,
    /// How the program makes it: name, rows and seed, "coreference:80:0".
    pub made: Option<String>,
    /// Its rows as JSON Lines, where they are few.
    pub rows: Option<String>,
}

/// The link in the query of an address, where somebody wrote `?v=1&…` for `#v=1&…`; without its `?`.
pub fn in_query(query: &str) -> Option<&str> {
    let parts = query.strip_prefix('?')?;
    form_urlencoded::parse(parts.as_bytes()).any(|(name, _)| name == "v").then_some(parts)
}

/// What a link names where the host of a frame hands the trace over.
pub const HOST_TRACE: &str = "host:";

/// Where a trace lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracePlace {
    /// Under a URL, absolute or relative to the page.
    Url(String),
    /// On somebody's disk: its name.
    File(String),
}

impl TracePlace {
    /// The trace's name on the page.
    pub fn name(&self) -> &str {
        match self {
            TracePlace::Url(url) if url == HOST_TRACE => "this page",
            TracePlace::Url(url) => url.rsplit('/').find(|part| !part.is_empty()).unwrap_or(url),
            TracePlace::File(name) => name,
        }
    }

    /// `file:` and a name, or a URL.
    fn read(value: &str) -> Self {
        match value.strip_prefix("file:") {
            Some(name) => TracePlace::File(name.to_owned()),
            None => TracePlace::Url(value.to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            TracePlace::Url(url) => url.clone(),
            TracePlace::File(name) => format!("file:{name}"),
        }
    }
}

/// Heads of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heads {
    /// All heads.
    All,
    /// These heads.
    These(BTreeSet<usize>),
}

impl Link {
    /// Reads a fragment, with or without its `#`. Also says, each a clause, what of it was left out.
    pub fn parse(fragment: &str) -> (Self, Vec<String>) {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (mut link, mut problems) = (Self::default(), Vec::new());
        let pairs: Vec<_> = form_urlencoded::parse(fragment.as_bytes()).collect();
        if let Some((_, version)) = pairs.iter().find(|(name, version)| name == "v" && version != VERSION) {
            problems.push(format!("it has version {version}, and this page reads version {VERSION}"));
            return (link, problems);
        }
        for (name, value) in pairs.iter().filter(|(name, value)| !(name.is_empty() && value.is_empty())) {
            if let Err(problem) = link.set(name, value) {
                problems.push(problem);
            }
        }
        (link, problems)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let broken = |expected: &str| Err(format!("{name}={} is not {expected}", shortened(value)));
        if let Some(drawn) = self.drawn.set(name, value) {
            return drawn.or_else(broken);
        }
        match name {
            "v" => {}
            "model" => self.model = Some(value.to_owned()),
            "text" => self.text = Some(value.to_owned()),
            "pair" => self.pair = Some(value.to_owned()),
            "target" => self.target = Some(value.to_owned()),
            "trace" if value.is_empty() => return broken("a file"),
            "trace" => self.trace = Some(TracePlace::read(value)),
            "ids" => match numbers(value) {
                Some(ids) => self.ids = Some(ids),
                None => return broken("a list of token ids"),
            },
            "chat" => match ChatMessage::parse_list(value) {
                Ok(messages) => self.messages = Some(messages),
                Err(error) => return Err(format!("chat: {error}")),
            },
            "prompt" => match value {
                "0" => self.adds_prompt = Some(false),
                "1" => self.adds_prompt = Some(true),
                _ => return broken("0 or 1"),
            },
            // A page that was saved with the workbench on screen has none.
            "view" if value == View::Find.name() && !RUNS_MODELS => {}
            "view" => match View::EACH.iter().copied().find(|view| view.name() == value) {
                Some(view) => self.view = Some(view),
                None => return broken("model, head, neuron, stream or find"),
            },
            "stack" => match Stack::BOTH.into_iter().find(|stack| stack.name() == value) {
                Some(stack) => self.stack = Some(stack),
                None => return broken("encoder or decoder"),
            },
            "attn" => match [Attn::Own, Attn::Cross].into_iter().find(|attn| attn.name() == value) {
                Some(attn) => self.attn = Some(attn),
                None => return broken("self or cross"),
            },
            "layer" => match value.parse() {
                Ok(layer) => self.layer = Some(layer),
                Err(_) => return broken("a layer’s number"),
            },
            "heads" if value == "all" => self.heads = Some(Heads::All),
            "heads" => match numbers(value) {
                Some(heads) => self.heads = Some(Heads::These(heads.into_iter().collect())),
                None => return broken("a list of heads"),
            },
            "query" | "key" => match numbers(value) {
                Some(positions) if name == "query" => self.queries = positions.into_iter().collect(),
                Some(positions) => self.keys = positions.into_iter().collect(),
                None => return broken("a list of token positions"),
            },
            "neuron" => match value.parse() {
                Ok(neuron) => self.neuron = Some(neuron),
                Err(_) => return broken("a neuron’s number"),
            },
            "segment" => match SegmentFilter::EACH.into_iter().find(|segment| segment_name(*segment) == value) {
                Some(segment) => self.segment = Some(segment),
                None => return broken("all, aa, ab, ba or bb"),
            },
            "set" => self.set.hash = Some(value.to_owned()),
            "made" => self.set.made = Some(value.to_owned()),
            "rows" => self.set.rows = Some(value.to_owned()),
            "theme" => match Theme::from_name(value) {
                Some(theme) => self.theme = Some(theme),
                None => return broken("system, light or dark"),
            },
            "edits" => match edit::parse_list(value) {
                Ok(edits) => self.edits = edits,
                Err(error) => return Err(format!("edits: {error}")),
            },
            "outcome" => {
                let outcome = serde_json::from_str(value).map_err(|error| error.to_string());
                match outcome.and_then(OutcomeAsked::from_json) {
                    Ok(outcome) => self.outcome = Some(outcome),
                    Err(problem) => return Err(format!("outcome: {problem}")),
                }
            }
            _ => return Err(format!("{} is unknown", shortened(name))),
        }
        Ok(())
    }

    /// The fragment, without its `#`.
    pub fn write(&self) -> String {
        let mut fragment = self.write_without_edits();
        put(&mut fragment, "edits", (!self.edits.is_empty()).then(|| edit::list_to_json(&self.edits)));
        put(&mut fragment, "outcome", self.outcome.as_ref().map(|outcome| outcome.to_json().to_string()));
        fragment
    }

    /// Whether the link says more than [`Link::write_without_edits`] writes.
    pub(super) fn has_edits(&self) -> bool {
        !self.edits.is_empty() || self.outcome.is_some()
    }

    /// The fragment without edits and without the outcome.
    pub fn write_without_edits(&self) -> String {
        let mut fragment = format!("v={VERSION}");
        let mut put = |name: &str, value: Option<String>| put(&mut fragment, name, value);
        put("model", self.model.clone());
        put("text", self.text.clone());
        put("pair", self.pair.clone().filter(|pair| !pair.is_empty()));
        put("target", self.target.clone());
        put("ids", self.ids.as_ref().map(list));
        put("chat", self.messages.as_deref().map(ChatMessage::list_to_json));
        put("prompt", self.adds_prompt.filter(|adds_prompt| !adds_prompt).map(|_| "0".to_owned()));
        put("trace", self.trace.as_ref().map(TracePlace::write));
        put("view", self.view.map(|view| view.name().to_owned()));
        put("stack", self.stack.map(|stack| stack.name().to_owned()));
        put("attn", self.attn.map(|attn| attn.name().to_owned()));
        put("layer", self.layer.map(|layer| layer.to_string()));
        put("heads", self.heads.as_ref().map(Heads::write));
        put("query", (!self.queries.is_empty()).then(|| list(&self.queries)));
        put("key", (!self.keys.is_empty()).then(|| list(&self.keys)));
        put("neuron", self.neuron.map(|neuron| neuron.to_string()));
        let segment = self.segment.filter(|segment| *segment != SegmentFilter::All);
        put("segment", segment.map(|segment| segment_name(segment).to_owned()));
        self.drawn.write(&mut put);
        put("set", self.set.hash.clone());
        put("made", self.set.made.clone());
        put("rows", self.set.rows.clone());
        put("theme", self.theme.filter(|theme| *theme != Theme::System).map(|theme| theme.name().to_owned()));
        fragment
    }
}

fn put(fragment: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        fragment.push('&');
        fragment.push_str(name);
        fragment.push('=');
        fragment.extend(utf8_percent_encode(&value, ENCODED));
    }
}

impl Link {
    /// The conversation to be read.
    pub fn chat(&self) -> Option<Chat> {
        let messages = self.messages.clone()?;
        Some(Chat { messages, adds_prompt: self.adds_prompt.unwrap_or(true) })
    }

    /// Which attention it is about; a decoder's cross-attention may be named by `attn` alone.
    pub fn kind(&self) -> AttnKind {
        match (self.stack, self.attn) {
            (None | Some(Stack::Decoder), Some(Attn::Cross)) => AttnKind::CROSS,
            (stack, attn) => AttnKind { stack, attn: attn.unwrap_or_default() },
        }
    }
}

impl Heads {
    fn write(&self) -> String {
        match self {
            Heads::All => "all".to_owned(),
            Heads::These(heads) => list(heads),
        }
    }
}

fn segment_name(segment: SegmentFilter) -> &'static str {
    match segment {
        SegmentFilter::All => "all",
        SegmentFilter::Aa => "aa",
        SegmentFilter::Ab => "ab",
        SegmentFilter::Ba => "ba",
        SegmentFilter::Bb => "bb",
    }
}

/// Reads "3,5,8"; `None` when a part is not a number.
pub(super) fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}

/// "3,5,8".
pub(super) fn list<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
