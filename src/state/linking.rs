//! Following links and writing them: what the address says becomes the state, and the state the address.
//!
//! Choosing replaces the history entry, changing the view pushes one, hovering writes nothing. A link that came is
//! followed as far as it goes: its text and model at once, what is chosen when their result is there.

use super::entry::parse_ids;
use super::link::{Heads, Link, MAX_BYTES, TracePlace};
use super::link_options::LinkedOptions;
use super::more_models::hub_model;
use super::scales::options::NeuronOptions;
use super::*;
use crate::edit::parse_list;
use crate::protocol::{Input, InputText, TargetAsked};
use crate::trace::AttnKind;

/// What is known of the address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linking {
    /// What of a link was left out, or why the address does not follow: a sentence for the reader.
    pub notice: Option<String>,
    /// The model that the last link named, by its id.
    pub(super) model: Option<String>,
    /// The fragment in the address, as far as it is ours.
    written: String,
    /// A link whose result is not there yet.
    pub(super) pending: Option<Link>,
    /// A link to a trace on somebody's disk, until that file is opened.
    awaited: Option<Link>,
    /// Whether what is on screen is too much for a link.
    pub is_too_long: bool,
}

impl Linking {
    /// Whether a link waits for its result.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The trace that a link leads to could not be opened.
    pub(super) fn give_up(&mut self) {
        self.pending.take_if(|link| link.trace.is_some());
    }

    /// A trace is on screen: what links say of others is dropped.
    pub(super) fn keep_only(&mut self, place: Option<&TracePlace>) {
        if let Some(link) = self.awaited.take_if(|link| link.trace.as_ref() == place) {
            self.pending = Some(link);
            self.notice = None;
        }
        self.pending.take_if(|link| link.trace.as_ref() != place);
    }
}

impl State {
    /// A fragment is in the address that we did not put there.
    pub(super) fn link_came(&mut self, fragment: &str, effects: &mut Vec<Effect>) {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if fragment == self.linking.written {
            return;
        }
        let (link, problems) = Link::parse(fragment);
        self.linking.written = fragment.to_owned();
        self.linking.notice = left_out(&problems);
        self.linking.model.clone_from(&link.model);
        if link == Link::default() {
            return;
        }
        if let Some(text) = &link.text {
            (self.text, self.pair) = (text.clone(), link.pair.clone().unwrap_or_default());
        }
        self.entry.target = link.target.clone().unwrap_or_default();
        self.options.segment = link.segment.unwrap_or_default();
        let LinkedOptions { display, is_side_by_side, map, neuron } = link.drawn.clone();
        (self.options.display, self.scales.is_side_by_side) = (display, is_side_by_side);
        self.scales.map = map;
        self.scales.neuron = NeuronOptions { shows_keys: self.scales.neuron.shows_keys, ..neuron };
        if let Some(theme) = link.theme {
            self.options.theme = theme;
        }
        match &link.trace {
            Some(TracePlace::Url(url)) => {
                self.open_url(url.clone(), effects);
                self.linking.pending = Some(link);
                return;
            }
            Some(TracePlace::File(name)) => {
                self.linking.notice = Some(format!(
                    "This link shows the trace {name}, which is a file on somebody’s device. Open that file to see it."
                ));
                self.linking.awaited = Some(link);
                return;
            }
            None => {}
        }
        let edits = link.edits.as_deref().and_then(|json| parse_list(json).ok()).unwrap_or_default();
        self.editing.replace(edits);
        self.linking.pending = Some(link);
        if !self.home.is_page() {
            self.take_up_link(effects);
        } else if !self.models.is_empty() {
            self.follow_link(effects);
        }
    }

    /// Goes where the pending link leads, now that the models are known. Says whether that started something.
    pub(super) fn follow_link(&mut self, effects: &mut Vec<Effect>) -> bool {
        if self.look_up_linked(effects) {
            return true;
        }
        let Some(link) = &self.linking.pending else { return false };
        if link.trace.is_some() {
            // It is being opened and needs no model.
            return true;
        }
        let Some((model, input)) = self.linked_run() else { return false };
        self.fill_in(&input);
        self.leave_example();
        let is_shown = self.result(EditSide::A).is_some_and(|shown| {
            shown.origin.trace.is_none()
                && (&shown.input.text, &shown.input.target) == (&input.text, &input.target)
                && self.models.get(model).is_some_and(|entry| entry.name == shown.model_name)
        });
        if is_shown {
            self.apply_link();
            self.edit_again(effects);
            self.follow_layer(effects);
            return false;
        }
        if model != self.picked_model && !self.models.is_empty() {
            self.picked_model = model;
            self.n_stops = 0;
            self.end_worker(effects);
        }
        match &input.text {
            // Says that there is no text.
            InputText::Single(text) if text.trim().is_empty() => self.run(false, effects),
            _ => self.carry_out(Plan { input, purpose: Purpose::Fresh }, effects),
        }
        true
    }

    /// The model that the pending link names, by its place in the catalogue, and what it asks to read.
    pub(super) fn linked_run(&mut self) -> Option<(usize, Input)> {
        let link = self.linking.pending.as_ref()?;
        let named = link.model.as_ref().map(|id| (id, self.models.iter().position(|entry| entry.id == *id)));
        let model = match named {
            Some((_, Some(model))) => model,
            // Before the catalogue is here nothing is known.
            Some((id, None)) if !self.models.is_empty() && hub_model(id).is_none() => {
                self.linking.notice = left_out(&[format!("there is no model {id} here")]);
                self.picked_model
            }
            _ => self.picked_model,
        };
        Some((model, self.linked_input()))
    }

    /// What the pending link asks to read.
    fn linked_input(&self) -> Input {
        let link = self.linking.pending.as_ref();
        let target = |is_ids: bool| match link.and_then(|link| link.target.clone()) {
            None => TargetAsked::Generated,
            // What is no list of ids is said when it is run.
            Some(target) if is_ids => parse_ids(&target).map_or(TargetAsked::Text(target), TargetAsked::Ids),
            Some(target) => TargetAsked::Text(target),
        };
        match link.and_then(|link| link.ids.clone()) {
            Some(ids) => Input { text: InputText::Ids(ids), cut: false, bos: None, target: target(true) },
            None => {
                let text = if self.pair.trim().is_empty() {
                    InputText::Single(self.text.clone())
                } else {
                    InputText::Pair(self.text.clone(), self.pair.clone())
                };
                Input { text, cut: false, bos: None, target: target(false) }
            }
        }
    }

    /// A result is on screen: what a pending link says about it is chosen, if it is the link's result.
    pub(super) fn apply_link(&mut self) {
        let Some(shown) = &self.shown else { return };
        // Somebody may have run another text while the link's was on its way.
        let pending = self.linking.pending.take();
        let Some(link) = pending.filter(|link| link.reads(&shown.input.text, shown.origin.trace.as_ref())) else {
            return;
        };
        let mut problems = Vec::new();
        self.look_at_kind(link.kind());
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        if link.stack.is_some() && self.selection.kind == AttnKind::ONLY {
            problems.push("this model has one stack".to_owned());
        }
        let mut within = |what: &str, number: usize, n: usize| {
            if number >= n {
                problems.push(format!("{what} {number} is not there, the last one is {}", n.saturating_sub(1)));
            }
        };
        let selection = &mut self.selection;
        selection.view = link.view.unwrap_or_default();
        if let Some(layer) = link.layer {
            within("layer", layer, shape.n_layers);
            selection.layer = layer;
        }
        match link.heads {
            Some(Heads::All) => selection.heads = (0..shape.n_heads).collect(),
            Some(Heads::These(heads)) => {
                heads.iter().for_each(|&head| within("head", head, shape.n_heads));
                selection.heads = heads;
            }
            None => {}
        }
        link.queries.iter().for_each(|&query| within("query", query, shape.n_query));
        link.keys.iter().for_each(|&key| within("key", key, shape.n_key));
        link.neuron.iter().for_each(|&neuron| within("neuron", neuron, shape.d_head));
        (selection.queries, selection.keys, selection.neuron) = (link.queries, link.keys, link.neuron);
        selection.clamp(&shape);
        if !problems.is_empty() {
            self.linking.notice = left_out(&problems);
        }
    }

    /// Lets the address say what is on screen.
    pub(super) fn write_link(&mut self, pushes: bool, effects: &mut Vec<Effect>) {
        if self.linking.pending.is_some() || !self.home.writes_links() {
            return;
        }
        let Some(fragment) = self.link().map(|link| link.write()) else { return };
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

    /// What is on screen, as a link; nothing before the first result. It leads to A and the edits: what else B may be has no
    /// words in a link.
    pub fn link(&self) -> Option<Link> {
        let shown = self.result(EditSide::A)?;
        let read_ids = || Some(shown.info.tokens.ids.clone());
        let (text, pair, ids) = match &shown.input.text {
            // It is in the file.
            _ if self.home == Home::File => (None, None, None),
            // A link has no words for these: the ids say what was read.
            InputText::RandomBlock { .. } => (None, None, read_ids()),
            _ if shown.origin.trace.is_some() => (None, None, None),
            _ if shown.input.bos.is_some() => (None, None, read_ids()),
            InputText::Single(text) => (Some(text.clone()), None, None),
            InputText::Pair(text, pair) => (Some(text.clone()), Some(pair.clone()), None),
            InputText::Ids(ids) => (None, None, Some(ids.clone())),
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
                is_side_by_side: self.scales.is_side_by_side,
                map: self.scales.map.clone(),
                neuron: NeuronOptions { shows_keys: false, ..self.scales.neuron },
            },
            segment: Some(self.options.segment),
            theme: Some(self.options.theme),
            edits: (trace.is_none() && !self.editing.list.is_empty()).then(|| self.editing.json()),
            trace,
        })
    }
}

impl Link {
    /// Whether it is about this input, or this trace; a link without either is about any input.
    fn reads(&self, input: &InputText, trace: Option<&TracePlace>) -> bool {
        if self.trace.is_some() || trace.is_some() {
            return self.trace.as_ref() == trace;
        }
        match (input, &self.text, &self.ids) {
            (InputText::Ids(ids), _, Some(linked)) => ids == linked,
            (InputText::Single(text), Some(linked), _) => text == linked,
            (InputText::Pair(text, pair), Some(linked), _) => text == linked && self.pair.as_ref() == Some(pair),
            (_, None, None) => true,
            _ => false,
        }
    }
}

fn left_out(problems: &[String]) -> Option<String> {
    (!problems.is_empty()).then(|| format!("Left out of the link: {}.", problems.join("; ")))
}
