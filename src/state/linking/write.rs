//! Writing links: what is on screen as an address.

use crate::protocol::{InputText, TargetAsked};
use crate::state::link::{Heads, Link, MAX_BYTES};
use crate::state::link_options::LinkedOptions;
use crate::state::scales::options::NeuronOptions;
use crate::state::{Effect, Home, Selection, State, Variant};

impl State {
    /// Writes what is on screen into the address.
    pub(in crate::state) fn write_link(&mut self, pushes: bool, effects: &mut Vec<Effect>) {
        if self.linking.pending.is_some() || !self.home.writes_links() {
            return;
        }
        let Some(link) = self.link() else { return };
        let fragment = match self.later() {
            _ if !link.has_edits() => link.write_without_edits(),
            Some(later) => (later.write_link)(&link),
            // The address keeps what it says until edits can be written.
            None => return,
        };
        self.linking.is_too_long = fragment.len() > MAX_BYTES;
        if fragment == self.linking.written {
            return;
        }
        if self.linking.is_too_long {
            self.linking.notice = Some(format!(
                "This is too long for a link ({:.1} kB, {} kB fit), so the address does not follow. Save a trace and send \
                 that file instead.",
                fragment.len() as f64 / 1024.0,
                MAX_BYTES >> 10
            ));
            return;
        }
        self.linking.written.clone_from(&fragment);
        effects.push(if pushes { Effect::PushLink(fragment) } else { Effect::ReplaceLink(fragment) });
    }

    /// What is on screen, as a link; nothing before the first result. The link leads to A and the edits; a B that is a text,
    /// a trace or a model cannot be said in a link.
    pub fn link(&self) -> Option<Link> {
        let shown = self.result(Variant::A)?;
        let read_ids = || Some(shown.info.tokens.ids.clone());
        let mut chat = None;
        let (text, pair, ids) = match &shown.input.text {
            // It is in the file.
            _ if self.home == Home::File => (None, None, None),
            // A link cannot say how these arose; the ids say what was read.
            InputText::RandomBlock { .. } => (None, None, read_ids()),
            _ if shown.origin.trace.is_some() => (None, None, None),
            _ if shown.input.bos.is_some() => (None, None, read_ids()),
            InputText::Single(text) => (Some(text.clone()), None, None),
            InputText::Pair(text, pair) => (Some(text.clone()), Some(pair.clone()), None),
            InputText::Ids(ids) => (None, None, Some(ids.clone())),
            InputText::Chat(read) => {
                chat = Some(read.clone());
                (None, None, None)
            }
        };
        let trace = shown.origin.trace.clone();
        let entry = self.models.iter().find(|entry| trace.is_none() && entry.name == shown.model_name);
        let Selection { view, layer, heads, queries, keys, neuron, .. } = self.selection.clone();
        let has_all = heads.len() == shown.stack_spec().n_heads && heads.len() > 1;
        let target = match &shown.input.target {
            _ if shown.spec.encoder.is_none() => None,
            TargetAsked::Generated => None,
            TargetAsked::Text(text) => Some(text.clone()),
            TargetAsked::Ids(ids) => Some(ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")),
        };
        Some(Link {
            model: entry.map(|entry| entry.id.clone()),
            text,
            pair,
            target,
            ids,
            messages: chat.as_ref().map(|chat| chat.messages.clone()),
            adds_prompt: chat.map(|chat| chat.adds_prompt),
            view: Some(view),
            stack: shown.kind.stack,
            attn: shown.kind.stack.map(|_| shown.kind.attn),
            layer: Some(layer),
            heads: Some(if has_all { Heads::All } else { Heads::These(heads) }),
            queries,
            keys,
            neuron,
            drawn: LinkedOptions {
                display: self.options.display,
                beside: self.pane().map(|(view, _)| view),
                map: self.scales.map.clone(),
                neuron: NeuronOptions { shows_keys: false, ..self.scales.neuron },
                stream: self.scales.stream.clone(),
                matters: self.matters.choice.clone(),
            },
            segment: Some(self.options.segment),
            theme: Some(self.options.theme),
            set: self.find.linked_set(),
            edits: if trace.is_none() { self.editing.edits() } else { Vec::new() },
            outcome: self.chosen_outcome().cloned(),
            trace,
        })
    }

    /// What is looked at, as the link that a page with the trace inside begins with.
    pub fn file_link(&self) -> Option<String> {
        let link = self.link()?;
        // The trace inside says all of these.
        let (model, text, pair, target, ids, messages, adds_prompt, trace, edits, outcome, theme) = Default::default();
        let set = Default::default();
        let without =
            Link { model, text, pair, target, ids, messages, adds_prompt, trace, edits, outcome, theme, set, ..link };
        Some(without.write_without_edits())
    }
}
