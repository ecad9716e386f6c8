//! Following links.

use super::{LinkEvent, left_out};
use crate::protocol::{Input, InputText, TargetAsked};
use crate::state::entry::parse_ids;
use crate::state::link::{Heads, Link, LinkedSet, TracePlace};
use crate::state::link_options::LinkedOptions;
use crate::state::more_models::hub_model;
use crate::state::provenance::input_of;
use crate::state::scales::options::NeuronOptions;
use crate::state::{Effect, Notices, PaneEvent, Plan, RunReason, Shown, State, TraceModel, Variant, View, wording};
use crate::trace::AttnKind;

impl State {
    pub(in crate::state) fn link_event(&mut self, event: LinkEvent, effects: &mut Vec<Effect>) {
        match event {
            LinkEvent::Came(fragment) => self.link_came(&fragment, effects),
            LinkEvent::NoticeRead => self.linking.notice = None,
        }
    }

    /// Follows a fragment that the page did not put into the address.
    fn link_came(&mut self, fragment: &str, effects: &mut Vec<Effect>) {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if fragment == self.linking.written {
            return;
        }
        let (link, problems) = Link::parse(fragment);
        self.linking.written = fragment.to_owned();
        // What was wrong with an earlier link, or with what it led to, says nothing about this one.
        let Notices { model, stopped, .. } = std::mem::take(&mut self.notices);
        self.notices = Notices { model, stopped, ..Notices::default() };
        self.linking.waits_for_run = false;
        self.linking.notice = left_out(&problems);
        self.linking.model.clone_from(&link.model);
        if link == Link::default() {
            return;
        }
        if let Some(text) = &link.text {
            (self.entry.text, self.entry.pair) = (text.clone(), link.pair.clone().unwrap_or_default());
        }
        self.entry.target = link.target.clone().unwrap_or_default();
        self.options.segment = link.segment.unwrap_or_default();
        let LinkedOptions { display, beside, map, neuron, stream, matters } = link.drawn.clone();
        self.options.display = display;
        // A link of the first version says only that there are two views, head and neuron.
        let beside = beside.map(|view| if link.view == Some(view) { View::Head } else { view });
        self.pane_event(beside.map_or(PaneEvent::Closed, PaneEvent::ViewPicked), effects);
        self.scales.map = map;
        self.scales.neuron = NeuronOptions { shows_keys: self.scales.neuron.shows_keys, ..neuron };
        self.scales.stream = stream;
        self.matters.choice = matters;
        if let Some(theme) = link.theme {
            self.options.theme = theme;
        }
        self.find.linked = Some(link.set.clone()).filter(|set| *set != LinkedSet::default());
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
        self.editing.replace(link.edits.clone());
        self.linking.pending = Some(link);
        if !self.home.is_page() {
            self.take_up_link(effects);
        } else if !self.models.is_empty()
            && let Some(later) = self.later()
        {
            (later.follow_link)(self, false, effects);
        }
    }

    /// Goes where the pending link leads, now that the models are known. A model is loaded only where somebody asked for it
    /// (`may_load`); else the text waits in the fields for Run. Says whether there is something to come.
    pub(in crate::state) fn follow_link(&mut self, may_load: bool, effects: &mut Vec<Effect>) -> bool {
        if self.look_up_linked(effects) {
            return true;
        }
        let Some(link) = &self.linking.pending else { return false };
        if link.trace.is_some() {
            // The trace is being opened and needs no model.
            return true;
        }
        let Some((model, input)) = self.linked_run() else { return false };
        self.fill_in(&input);
        self.leave_example();
        let is_shown = self.result(Variant::A).is_some_and(|shown| {
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
        if !may_load && self.work.model.is_none() && !self.is_busy() && self.home.is_page() {
            return self.wait_for_run(model, effects);
        }
        if model != self.picked_model && !self.models.is_empty() {
            self.picked_model = model;
            self.work.n_stops = 0;
            self.end_worker(effects);
        }
        match &input.text {
            // This run reports that there is no text.
            InputText::Single(text) if text.is_empty() => self.run(false, effects),
            _ => self.carry_out(Plan { input, reason: RunReason::Fresh }, effects),
        }
        true
    }

    /// Goes where the pending link leads as far as that goes without a model. Says whether the rest waits for Run.
    fn wait_for_run(&mut self, model: usize, effects: &mut Vec<Effect>) -> bool {
        let Some(link) = &self.linking.pending else { return false };
        let names_text = link.text.is_some() || link.ids.is_some() || link.messages.is_some();
        if !names_text && link.model.is_none() && link.edits.is_empty() && self.shown.is_some() {
            // It only chooses among what is on screen.
            self.apply_link();
            self.follow_layer(effects);
            return false;
        }
        self.picked_model = model;
        self.linking.waits_for_run = true;
        self.linking.notice = self.waiting_notice(names_text);
        true
    }

    /// What a link says whose text, model or edits wait to be run, after what was left out of it.
    fn waiting_notice(&self, names_text: bool) -> Option<String> {
        let entry = self.picked()?;
        let reads = if names_text {
            "This link shows another text. Run reads it"
        } else {
            "Run follows this link: it reads the text"
        };
        let waits = format!("{reads} with {}, which loads {} first.", entry.name, wording::bytes(entry.size()));
        Some(self.linking.notice.as_ref().map_or_else(String::new, |left_out| format!("{left_out} ")) + &waits)
    }

    /// The model that the pending link names, by its place in the catalogue, and what it asks to read.
    pub(in crate::state) fn linked_run(&mut self) -> Option<(usize, Input)> {
        let link = self.linking.pending.as_ref()?;
        let named = link.model.as_ref().map(|id| (id, self.models.iter().position(|entry| entry.id == *id)));
        let model = match named {
            Some((_, Some(model))) => model,
            // Before the catalogue is here nothing is known.
            Some((id, None)) if !self.models.is_empty() && hub_model(id).is_none() => {
                self.linking.notice = left_out(&[format!("this page has no model {id}")]);
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
            // A text that is not a list of ids is reported when it is run.
            Some(target) if is_ids => parse_ids(&target).map_or(TargetAsked::Text(target), TargetAsked::Ids),
            Some(target) => TargetAsked::Text(target),
        };
        if let Some(chat) = link.and_then(Link::chat) {
            return Input { text: InputText::Chat(chat), cut: false, bos: None, target: TargetAsked::Generated };
        }
        match link.and_then(|link| link.ids.clone()) {
            Some(ids) => Input { text: InputText::Ids(ids), cut: false, bos: None, target: target(true) },
            None => {
                let text = if self.entry.pair.trim().is_empty() {
                    InputText::Single(self.entry.text.clone())
                } else {
                    InputText::Pair(self.entry.text.clone(), self.entry.pair.clone())
                };
                Input { text, cut: false, bos: None, target: target(false) }
            }
        }
    }

    /// A result is on screen: what a pending link says about it is chosen, if it is the link's result.
    pub(in crate::state) fn apply_link(&mut self) {
        let Some(shown) = &self.shown else { return };
        // Somebody may have run another text while the link's was on its way.
        let pending = self.linking.pending.take();
        let Some(link) = pending.filter(|link| link.reads(&shown.input.text, shown.origin.trace.as_ref())) else {
            return;
        };
        let mut problems = Vec::new();
        if let Some(outcome) = link.outcome.clone() {
            self.take_outcome(outcome);
        }
        self.matters.choice = link.drawn.matters.clone();
        self.look_at_kind(link.kind());
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        if link.stack.is_some() && self.selection.kind == AttnKind::ONLY {
            problems.push("this model has one stack".to_owned());
        }
        let mut within = |what: &str, number: usize, n: usize| {
            if number >= n {
                problems.push(format!("there is no {what} {number}: the last is {}", n.saturating_sub(1)));
            }
        };
        let has_find = self.home.is_page();
        let selection = &mut self.selection;
        selection.view = link.view.filter(|view| *view != View::Find || has_find).unwrap_or_default();
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

    /// Goes where a link leads as far as that goes without a model: into the trace that is on screen, else into the fields,
    /// to be run when somebody asks.
    pub(in crate::state) fn take_up_link(&mut self, effects: &mut Vec<Effect>) {
        if let Some(shown) = &self.shown {
            // What is run next is read by the model that the link names, or by the one that made the trace.
            let input = input_of(shown);
            let model = match (&self.linking.model, self.trace_model()) {
                (Some(id), _) => self.models.iter().position(|entry| entry.id == *id),
                (None, Some(TraceModel::Here(model))) => Some(model),
                (None, _) => None,
            };
            self.picked_model = model.unwrap_or(self.picked_model);
            self.fill_in(&input);
            self.apply_link();
            self.follow_layer(effects);
        } else if let Some((model, input)) = self.linked_run() {
            self.picked_model = model;
            self.fill_in(&input);
            // What is chosen holds for whatever is typed instead.
            if let Some(link) = &mut self.linking.pending {
                (link.text, link.pair, link.messages) = (None, None, None);
            }
        }
    }
}

impl Link {
    /// Whether it is about this input, or this trace; a link without either is about any input.
    fn reads(&self, input: &InputText, trace: Option<&TracePlace>) -> bool {
        if self.trace.is_some() || trace.is_some() {
            return self.trace.as_ref() == trace;
        }
        if let Some(linked) = self.chat() {
            return matches!(input, InputText::Chat(chat) if *chat == linked);
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
