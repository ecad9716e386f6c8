//! Opening a trace in the place of the result on screen, and saving that result as one.
//!
//! A trace replaces the result; the model stays picked, and the next run is its again. A trace that cannot be opened changes
//! nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::editing::{Against, Variant};
use super::link::TracePlace;
use super::shown::{KeyTokens, Origin, labels};
use super::{Effect, EntryKind, FirstScreen, Shown, State, Task, wording};
use crate::protocol::{
    Input, InputText, OutcomeAsked, Prediction, RequestId, RunInfo, TargetAsked, TargetRead, ToWorker,
};
use crate::trace::file::lens::N_LENS_TOP;
use crate::trace::file::{Element, ModelName, RowSums, SavePlan, Saved, TraceMetadata, patterns_need_more};
use crate::trace::spec::Unembed;
use crate::trace::{AttnKind, Spec, Tokens};

/// Traces that are being opened or saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traces {
    /// The trace that is being opened: its number and its name.
    pub opening: Option<(u32, String)>,
    n_opened: u32,
    /// What a saved trace is handed over as.
    pub form: SaveForm,
    /// Whether the stream's table is to go along.
    pub wants_lens: bool,
}

/// The form in which a result is saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveForm {
    /// The trace file.
    #[default]
    Trace,
    /// A page that shows it, with the trace inside.
    Page,
}

/// A trace is opened or saved.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Clone, Debug, PartialEq)]
pub enum TraceEvent {
    /// A file was chosen; the page reads it and says [`TraceEvent::Came`] with the number that is then in
    /// [`Traces::opening`].
    FileChosen(String),
    /// A trace under this URL is wanted.
    UrlAsked(String),
    /// A file was read as far as it must be, or a sentence why not.
    Came {
        /// The number that [`Traces::opening`] has.
        number: u32,
        /// The trace.
        opened: Result<OpenedTrace, String>,
    },
    /// The file could not be given to the reader, in words.
    SaveFailed(String),
    /// The stream's table is to go into saved files, or not.
    LensWanted(bool),
    /// The result is to be saved.
    SaveAsked {
        /// What goes along.
        saved: Saved,
        /// F16 instead of F32.
        is_half: bool,
        /// The form of the file.
        form: SaveForm,
    },
}

/// An opened trace, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedTrace {
    /// The model that made the trace; an empty name where the file does not say.
    pub model: ModelName,
    /// Its structure, or the sizes alone.
    pub spec: Spec,
    /// What was read; by the encoder where there are two stacks.
    pub tokens: Tokens,
    /// What the decoder read, where there are two stacks.
    pub target: Option<Tokens>,
    /// The text; empty where the file does not say.
    pub text: String,
    /// The second text, in a pair.
    pub pair: Option<String>,
    /// The edits that acted, as in an edits file.
    pub edits: Vec<Value>,
    /// What was followed, as the file says it.
    pub outcome: Option<Value>,
    /// The most likely next tokens after the last position.
    pub top: Vec<Prediction>,
    /// Where it is; none for the example that ships with the page.
    pub place: Option<TracePlace>,
    /// The attentions that the file holds, each with the layers of which it does not; at least one.
    pub held: Vec<(AttnKind, BTreeSet<usize>)>,
    /// The sizes of cross-attention where they are not those of the decoder's own.
    pub cross_spec: Option<Spec>,
    /// The keys of each attention, where a sink stands after the tokens.
    pub sinks: Vec<(AttnKind, Tokens)>,
}

impl State {
    pub(super) fn trace_event(&mut self, event: TraceEvent, effects: &mut Vec<Effect>) {
        match event {
            TraceEvent::FileChosen(name) => _ = self.begin_opening(name),
            TraceEvent::UrlAsked(url) => self.open_url(url, effects),
            TraceEvent::Came { number, opened } => {
                if self.traces.opening.take_if(|(opening, _)| *opening == number).is_none() {
                    return;
                }
                match opened {
                    Ok(opened) => self.open(opened, effects),
                    Err(message) => {
                        self.linking.give_up();
                        self.notices.status = Some(wording::ended(&message));
                    }
                }
            }
            TraceEvent::SaveFailed(message) => self.notices.status = Some(wording::ended(&message)),
            TraceEvent::LensWanted(wants_lens) => self.traces.wants_lens = wants_lens,
            TraceEvent::SaveAsked { saved, is_half, form } => {
                self.traces.form = form;
                if let Some(later) = self.later() {
                    (later.save)(self, saved, is_half, effects);
                }
            }
        }
    }

    fn begin_opening(&mut self, name: String) -> u32 {
        self.notices.status = None;
        self.traces.n_opened += 1;
        self.traces.opening = Some((self.traces.n_opened, name));
        self.traces.n_opened
    }

    pub(super) fn open_url(&mut self, url: String, effects: &mut Vec<Effect>) {
        let number = self.begin_opening(url.clone());
        effects.push(Effect::FetchTrace { number, url });
    }

    /// A trace takes the place of the result.
    fn open(&mut self, opened: OpenedTrace, effects: &mut Vec<Effect>) {
        // A run under way would replace the trace.
        self.work.planned = None;
        if self.work.request.as_ref().is_some_and(|work| work.task != Task::Load) {
            self.cancel(effects);
        }
        self.first = FirstScreen::Done;
        self.linking.keep_only(opened.place.as_ref());
        self.forget_editing(effects);
        if let Some(run) = self.shown.as_ref().and_then(|shown| shown.live_run) {
            effects.push(Effect::Send(ToWorker::Forget { run }));
        }
        if opened.place.is_some() {
            // A trace that the reader opened is not an example, even where it has an example's text.
            self.entry.example = None;
        }
        self.leave_example();
        self.selection.clear_tokens();
        self.show_trace(opened, effects);
        if self.home.is_page() {
            self.apply_link();
            self.follow_layer(effects);
        } else {
            self.take_up_link(effects);
        }
    }

    pub(super) fn show_trace(&mut self, opened: OpenedTrace, effects: &mut Vec<Effect>) {
        let OpenedTrace {
            model,
            spec,
            tokens,
            target,
            text,
            pair,
            edits,
            outcome,
            top,
            place,
            held,
            cross_spec,
            sinks,
        } = opened;
        if !self.linking.is_pending() || place.is_some() {
            self.entry.kind = EntryKind::Text;
            self.entry.text.clone_from(&text);
            self.entry.pair = pair.clone().unwrap_or_default();
        }
        let input = match pair {
            Some(pair) => InputText::Pair(text.clone(), pair),
            None => InputText::Single(text.clone()),
        };
        let had_all_heads =
            self.shown.as_ref().is_some_and(|shown| self.selection.heads.len() == shown.stack_spec().n_heads);
        let request = self.request();
        let input = Input { text: input, cut: false, bos: None, target: TargetAsked::Generated };
        // A file holds no predictions but the last ones.
        let target = target.map(|tokens| TargetRead { tokens, is_generated: false, predicted: Vec::new() });
        let turns = Vec::new();
        let info = RunInfo { run: 0, tokens, target, text, turns, n_cut: 0, elapsed_ms: 0.0, top, memory_bytes: 0 };
        let shown = Shown::new(request, input, shown_name(&model), spec, info, self.selection.kind);
        let origin = Origin { model, has_bos: None, trace: place, edits };
        let with_labels = |(kind, tokens): (AttnKind, Tokens)| (kind, KeyTokens { labels: labels(&tokens), tokens });
        let sinks = sinks.into_iter().map(with_labels).collect();
        let mut shown = Shown { origin, is_trace: true, held, cross_spec, sinks, ..shown };
        shown.kind = shown.nearest(shown.kind);
        self.selection.kind = shown.kind;
        if had_all_heads {
            self.selection.heads = (0..shown.stack_spec().n_heads).collect();
        }
        self.selection.clamp(&shown.shape());
        // The nearest layer that the file holds: the next one, else the last.
        let missing = shown.missing_layers();
        let held = |layer: &usize| !missing.is_some_and(|missing| missing.contains(layer));
        let (layer, n_layers) = (self.selection.layer, shown.shape().n_layers);
        self.selection.layer = (layer..n_layers).find(held).or_else(|| (0..layer).rfind(held)).unwrap_or(layer);
        let before = self.shown.replace(shown);
        self.settle_outcome(before.as_ref());
        match outcome.map(OutcomeAsked::from_json) {
            Some(Ok(outcome)) => self.take_outcome(outcome),
            Some(Err(problem)) => self.notices.status = Some(format!("The trace’s outcome is left out: {problem}.")),
            None => {}
        }
        self.follow_layer(effects);
    }

    /// What the numbers of the result on screen mean, as a trace says it.
    pub fn trace_metadata(&self) -> Option<TraceMetadata> {
        let shown = self.shown.as_ref()?;
        let (tokens, target) = (&shown.info.tokens, shown.info.target.as_ref());
        let (text, text_pair) = match &shown.input.text {
            // A generated token is not part of the text.
            _ if !self.editing.written.is_empty() => (None, None),
            InputText::Single(text) => (Some(text.clone()), None),
            InputText::Pair(text, pair) => (Some(text.clone()), Some(pair.clone())),
            InputText::Ids(_) | InputText::RandomBlock { .. } | InputText::Chat(_) => (None, None),
        };
        Some(TraceMetadata {
            decoder_tokens: target.map(|target| target.tokens.tokens.clone()),
            segments: tokens.segments.clone(),
            text: text.filter(|text| !text.is_empty()),
            text_pair,
            model: (!shown.origin.model.name.is_empty()).then(|| shown.origin.model.clone()),
            spec: (!shown.spec.is_bare()).then(|| shown.spec.clone()),
            row_sums: shown.spec.sinks.then_some(RowSums::Sinks),
            edits: self.acting_edits(),
            outcome: self.chosen_outcome_by_ids().map(|outcome| outcome.to_json()),
            ..TraceMetadata::of_tokens(tokens.tokens.clone(), tokens.form)
        })
    }

    /// The edits that acted in the result on screen, as in an edits file.
    pub fn acting_edits(&self) -> Vec<Value> {
        let Some(shown) = &self.shown else { return Vec::new() };
        if shown.is_trace {
            return shown.origin.edits.clone();
        }
        if self.editing.variant == Variant::A || self.editing.against != Against::Edits {
            return Vec::new();
        }
        self.editing.acting().map(|listed| listed.edit.to_json()).collect()
    }

    /// Why the patterns of the run on screen do not follow from its queries and keys; `None` where they do.
    pub fn patterns_need_more(&self) -> Option<&'static str> {
        patterns_need_more(&self.shown.as_ref()?.spec, !self.acting_edits().is_empty())
    }

    /// The size of the result on screen as a trace, in bytes; `None` for a result that the page reads from a file, and where so much
    /// would not be enough.
    pub fn save_size(&self, saved: Saved, is_half: bool) -> Option<u64> {
        let shown = self.shown.as_ref().filter(|shown| !shown.is_trace)?;
        if saved == Saved::Attention && self.patterns_need_more().is_some() {
            return None;
        }
        let element = if is_half { Element::F16 } else { Element::F32 };
        let n_target = shown.info.target.as_ref().map(|target| target.tokens.len());
        let mut plan = SavePlan::new(&shown.spec, shown.info.tokens.len(), n_target, saved, element);
        if self.saves_lens() {
            let n_written = n_target.unwrap_or(shown.info.tokens.len());
            plan = plan.with_lens([shown.spec.n_layers + 1, n_written, N_LENS_TOP], element);
        }
        plan.n_bytes(&self.trace_metadata()?).ok()
    }

    /// Whether the stream's table goes along: the reader wants it, and the model has it.
    pub fn saves_lens(&self) -> bool {
        let has_words = self.shown.as_ref().is_some_and(|shown| shown.spec.unembed != Unembed::None);
        self.traces.wants_lens && has_words
    }

    /// The name of a saved file.
    pub fn file_stem(&self) -> String {
        let name = self.shown.as_ref().map_or("trace", |shown| shown.origin.model.name.as_str());
        let kept = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
        let stem: String = name.chars().map(kept).take(80).collect();
        if stem.trim_matches(['-', '.']).is_empty() { "trace".to_owned() } else { stem }
    }

    pub(super) fn save(&mut self, saved: Saved, is_half: bool, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        self.notices.status = None;
        if shown.second.is_some() || self.editing.variant == Variant::Difference {
            let reason =
                "Only a run of this model can be saved, not a change: show the original or the edited result first.";
            self.notices.status = Some(reason.to_owned());
            return;
        }
        if shown.is_trace {
            effects.push(Effect::SaveTrace { saved, is_half });
            return;
        }
        let (run, metadata) = (shown.live_run, self.trace_metadata());
        let (Some(run), Some(Ok(metadata_json))) = (run, metadata.map(|metadata| serde_json::to_string(&metadata)))
        else {
            self.notices.status =
                Some("The model that ran this has been unloaded. Run the text again, then save it.".to_owned());
            return;
        };
        let has_lens = self.saves_lens();
        let request = self.begin_task(Task::Save(saved), effects);
        effects.push(Effect::Send(ToWorker::Save { request, run, saved, is_half, has_lens, metadata_json }));
    }

    /// Hands a written file to the reader, if it is still wanted.
    pub(super) fn saved(&mut self, request: RequestId, url: String, effects: &mut Vec<Effect>) {
        let Some(Task::Save(saved)) = self.end_task(request) else { return };
        effects.push(Effect::SaveUrl { url, name: format!("{}-{}.safetensors", self.file_stem(), slug(saved)) });
    }
}

/// What is saved, in a file's name.
pub fn slug(saved: Saved) -> &'static str {
    match saved {
        Saved::Patterns => "patterns",
        Saved::Attention => "attention",
        Saved::Qk => "qk",
        Saved::Qkv => "qkv",
        Saved::All => "all",
    }
}

/// A model's name with its quantisation.
pub fn shown_name(model: &ModelName) -> String {
    match (&model.quantisation, model.name.is_empty()) {
        (_, true) => "A model without a name".to_owned(),
        (Some(quantisation), _) => format!("{}, {quantisation}", model.name),
        (None, _) => model.name.clone(),
    }
}
