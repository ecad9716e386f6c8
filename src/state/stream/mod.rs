//! The stream of the result on screen: the logit lens, norms and cosines at every layer and position, and the outcome as a sum.
//!
//! The lens comes a few positions at a time, those in view first, so that the worker is never long away from other questions.
//! Everything belongs to one result and one of its stacks.

pub mod circuits;
pub mod columns;
pub mod neuron;
pub mod numbers;
pub mod options;
pub mod path;
pub mod written;

use std::sync::Arc;

use super::editing::inside::CellChange;
use super::requests::{Purpose, Slot, Waiting};
use super::scales::options::CellNumber;
use super::{Effect, Looked, State, View};
use crate::protocol::{Answer, OutcomeAsked, Question, TokenAsked};
use crate::trace::spec::Unembed;
use crate::trace::{Attn, Side, Spec};
use circuits::{CircuitsAsked, HeadNumbers};
use columns::{LensColumns, N_TOP};
use neuron::NeuronNumbers;
use numbers::{DirectNumbers, StreamNumbers};
use options::StreamNumber;
use path::PathNumbers;
use written::WrittenNumbers;

/// Why two answers were not subtracted.
const NO_DIFFERENCE: &str = "The two results have answers of different sizes, so no change can be shown.";

/// Why what is written in two results was not subtracted.
const NO_DIFFERENCE_OF_WORDS: &str = "What a layer writes is shown as words, and words cannot be subtracted.";

/// Why the paths of two results were not subtracted.
const NO_DIFFERENCE_OF_PATHS: &str = "A path belongs to one result: show the original or the edited one.";

/// How many tokens are listed that a part promotes and suppresses.
const N_WRITTEN: u32 = 3;

/// How many tokens of each kind a neuron's or a head's page lists.
const N_ON_PAGE: u32 = 8;

/// What is known of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamStore {
    /// The result that all of this belongs to.
    result: Option<Looked>,
    /// The lens, as far as it is here.
    pub columns: LensColumns,
    /// The positions of the lens that are on their way.
    pub lens: Slot<()>,
    /// Norms and cosines.
    pub numbers: Slot<Arc<StreamNumbers>>,
    /// What is written at the chosen cell.
    pub written: Slot<Arc<WrittenNumbers>>,
    /// What the heads of the layer bring along the selected link.
    pub linked: Slot<Arc<WrittenNumbers>>,
    /// The neuron of an MLP whose page is open.
    pub neuron: Slot<Arc<NeuronNumbers>>,
    /// The circuits of the head whose page is open.
    pub head: Slot<Arc<HeadNumbers>>,
    /// The way of the chosen cell's content.
    pub path: Slot<Arc<PathNumbers>>,
    /// The direction that a change of a cell waits for.
    pub direction: Slot<()>,
    /// The change that waits for its direction.
    pub changing: Option<CellChange>,
    /// The outcome as a sum.
    pub direct: Slot<Arc<DirectNumbers>>,
    /// What of the inspector is open.
    pub opened: Opened,
    /// Whether the outcome as a sum is on screen.
    shows_direct: bool,
    /// The first and the last position in view.
    seen: (usize, usize),
    /// The row of the chosen cell: a layer, or the number of layers for the output.
    pub row: Option<usize>,
}

/// What of the inside is open in the inspector, and therefore asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The neuron of an MLP, by layer and index.
    pub neuron: Option<(usize, usize)>,
    /// Whether neurons at the chosen cell stand by their direct effect on the outcome.
    pub by_effect: bool,
    /// From which share on, in hundredths, steps of the chosen cell's path are drawn, while it is shown.
    pub path: Option<u8>,
    /// Whether what the selected link writes is on screen.
    pub shows_link: bool,
    /// What is asked about the selected head's weights, while its page is open.
    pub circuits: Option<CircuitsAsked>,
}

/// The stream view is scrolled, a cell is chosen, or the outcome as a sum is opened.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// These positions are in view, from the first to the last.
    PositionsSeen((usize, usize)),
    /// A cell is chosen: a layer, or the number of layers for the output, and a position.
    CellPicked {
        /// The row.
        row: usize,
        /// The position.
        position: usize,
    },
    /// The outcome as a sum is on screen, or not any more.
    DirectShown(bool),
    /// A cell is changed: the stream there, or what attention or the MLP adds.
    CellChanged(CellChange),
    /// Neurons at the chosen cell stand by their direct effect on the outcome, or by what they add.
    NeuronsByEffect(bool),
    /// The path of the chosen cell is shown from a share on, in hundredths, or not any more.
    PathShown(Option<u8>),
    /// What the selected link writes is on screen, or not any more.
    LinkShown(bool),
    /// The page of a neuron of an MLP is opened, by layer and index, or closed.
    NeuronOpened(Option<(usize, usize)>),
    /// The circuits of the selected head are on screen, or not any more.
    CircuitsShown(Option<CircuitsAsked>),
}

impl State {
    pub(super) fn stream_event(&mut self, event: StreamEvent, effects: &mut Vec<Effect>) {
        match event {
            StreamEvent::PositionsSeen(seen) => self.stream.seen = seen,
            StreamEvent::DirectShown(is_shown) => self.stream.shows_direct = is_shown,
            StreamEvent::NeuronsByEffect(by_effect) => self.stream.opened.by_effect = by_effect,
            StreamEvent::CellChanged(change) => self.cell_changed(change, effects),
            StreamEvent::PathShown(path) => self.stream.opened.path = path,
            StreamEvent::LinkShown(is_shown) => self.stream.opened.shows_link = is_shown,
            StreamEvent::NeuronOpened(neuron) => self.stream.opened.neuron = neuron,
            StreamEvent::CircuitsShown(asked) => self.stream.opened.circuits = asked,
            StreamEvent::CellPicked { row, position } => {
                let Some(shape) = self.shown.as_ref().map(super::Shown::shape) else { return };
                self.stream.row = Some(row.min(shape.n_layers));
                let layer_before = self.selection.layer;
                (self.selection.layer, self.selection.queries) = (row, [position].into());
                self.selection.clamp(&shape);
                if self.selection.layer != layer_before {
                    self.follow_layer(effects);
                }
            }
        }
    }

    /// Asks for what the stream view and the sum lack.
    pub(super) fn follow_stream(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        if self.stream.result != Some(shown.looked()) {
            let StreamStore { shows_direct, seen, row, opened, .. } = std::mem::take(&mut self.stream);
            let result = Some(shown.looked());
            self.stream = StreamStore { result, shows_direct, seen, row, opened, ..StreamStore::default() };
        }
        if self.awaits_layer() || self.is_busy() {
            return;
        }
        if self.views().contains(&View::Stream) {
            if !self.has_lens() && self.scales.stream.number == StreamNumber::default() {
                // The usual number is read through the lens: without one the table opens with what there is.
                self.scales.stream.number = StreamNumber::Norm;
            }
            self.ask(Question::Stream, effects);
            self.ask_for_lens(effects);
            self.ask_for_written(effects);
        }
        if self.wants_direct() {
            self.ask_for_direct(effects);
        }
        self.ask_for_opened(effects);
    }

    /// Whether the outcome as a sum is on screen: itself, or as numbers of neurons, heads or cells.
    fn wants_direct(&self) -> bool {
        let stream = &self.stream;
        let views = self.views();
        let is_in_table = views.contains(&View::Stream) && self.scales.stream.number.needs_direct();
        let is_on_map = views.contains(&View::Model) && self.scales.map.number == CellNumber::Direct;
        stream.shows_direct || stream.opened.by_effect || stream.opened.circuits.is_some() || is_in_table || is_on_map
    }

    /// Asks for what is open in the inspector.
    fn ask_for_opened(&mut self, effects: &mut Vec<Effect>) {
        if !self.can_answer(true) {
            return;
        }
        let Opened { neuron, shows_link, circuits, .. } = self.stream.opened.clone();
        let layer = self.selection.layer as u32;
        let last = |positions: &std::collections::BTreeSet<usize>| positions.last().map(|at| *at as u32);
        let (query, key) = (last(&self.selection.queries), last(&self.selection.keys));
        if let (true, Some(query), Some(key)) = (shows_link, query, key) {
            self.ask(Question::Linked { layer, query, key, n_top: N_WRITTEN }, effects);
        }
        if let Some((layer, neuron)) = neuron {
            let question = Question::MlpNeuron { layer: layer as u32, neuron: neuron as u32, n_top: N_ON_PAGE };
            self.ask(question, effects);
        }
        if let Some(CircuitsAsked { texts, distance }) = circuits.filter(|_| self.has_circuits()) {
            let tokens = self.tokens_of_circuits(texts);
            let head = self.selection.head() as u32;
            self.ask(Question::Head { layer, head, tokens, distance, n_top: N_ON_PAGE }, effects);
        }
    }

    /// Whether the heads on screen read the stack's own tokens, whose embeddings their circuits are read from.
    pub fn has_circuits(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.kind.attn == Attn::Own)
    }

    /// The tokens that circuits are asked about: those of the texts, else the selected ones, else the last of the text.
    fn tokens_of_circuits(&self, texts: Vec<String>) -> Vec<TokenAsked> {
        if !texts.is_empty() {
            return texts.into_iter().map(TokenAsked::Text).collect();
        }
        let Some(shown) = &self.shown else { return Vec::new() };
        let ids = &shown.tokens(Side::Query).ids;
        let selected = self.selection.queries.iter().chain(&self.selection.keys);
        let mut positions: Vec<usize> = selected.copied().filter(|position| *position < ids.len()).collect();
        positions.dedup();
        if positions.is_empty() {
            positions.extend(ids.len().checked_sub(1));
        }
        positions.into_iter().map(|position| TokenAsked::Id(ids[position])).collect()
    }

    /// Asks for the lens at the next positions, where it is shown and none are on their way.
    fn ask_for_lens(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        if self.stream.lens.is_pending() || self.stream.lens.problem().is_some() || !self.has_lens() {
            return;
        }
        let shape = shown.shape();
        let token = self.stream_token();
        let n_rows = shape.n_layers + 1;
        let positions = self.stream.columns.missing(n_rows, shape.n_query, self.stream.seen, token.as_ref());
        if positions.is_empty() {
            return;
        }
        let layers = (0..n_rows as u32).collect();
        self.ask(Question::Lens { layers, positions, n_top: N_TOP as u32, token }, effects);
    }

    /// Asks what is written at the chosen cell. At the output nothing is.
    fn ask_for_written(&mut self, effects: &mut Vec<Effect>) {
        let Some(position) = self.selection.queries.last().copied() else { return };
        let layer = self.selection.layer;
        if self.stream.opened.path.is_some() && self.stream.row == Some(layer) && self.can_answer(true) {
            self.ask(Question::Path { layer: layer as u32, position: position as u32 }, effects);
        }
        if self.stream.row == Some(layer) && self.can_answer(true) {
            let question = Question::Written { layer: layer as u32, position: position as u32, n_top: N_WRITTEN };
            self.ask(question, effects);
        }
    }

    /// Whether the stack on screen has a lens: it predicts tokens, or gives labels.
    pub fn has_lens(&self) -> bool {
        let has = |spec: &Spec| spec.unembed != Unembed::None || spec.lens_labels().is_some();
        self.shown.as_ref().is_some_and(|shown| has(shown.stack_spec()))
    }

    /// Whether the lens tells labels apart instead of tokens.
    pub fn lens_has_labels(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.stack_spec().lens_labels().is_some())
    }

    /// The token whose numbers the stream view shows, where these are shown: the reader's, or the model's own prediction.
    pub fn stream_token(&self) -> Option<TokenAsked> {
        let options = &self.scales.stream;
        if !options.number.needs_token() {
            return None;
        }
        if !options.token.is_empty() {
            return Some(TokenAsked::Text(options.token.clone()));
        }
        if self.lens_has_labels() {
            let likeliest = || self.label_head()?.index_of(&self.label_rows().first()?.name);
            return Some(TokenAsked::Id(likeliest().unwrap_or(0) as u32));
        }
        self.shown.as_ref()?.info.top.first().map(|top| TokenAsked::Id(top.id))
    }

    /// The number that a cell of the stream view shows; nothing where it is not here or not known.
    pub fn stream_number(&self, number: StreamNumber, row: usize, position: usize) -> Option<f32> {
        if number.needs_lens() {
            let token = self.stream_token();
            return self.stream.columns.get(position)?.number(number, row, token.as_ref());
        }
        match number {
            StreamNumber::Direct => return self.stream.direct.value()?.of_cell(row, position),
            StreamNumber::Estimate => return self.estimated_cell(row, position),
            _ => {}
        }
        self.stream.numbers.value()?.number(number, row, position)
    }

    /// What a head of the attention on screen adds to the outcome directly, where that is known.
    pub fn direct_effect(&self, layer: usize, head: usize) -> Option<f32> {
        let shown = self.shown.as_ref()?;
        self.stream.direct.value()?.of_head(layer, head, shown.kind.attn == Attn::Cross)
    }

    /// Why there is no direct effect: a sentence; nothing while it is here or on its way.
    pub fn direct_problem(&self) -> Option<String> {
        let is_difference =
            matches!(self.editing.asked, OutcomeAsked::Tokens { .. }) && self.editing.asked.is_complete();
        if self.gives_labels() {
            return Some(
                "Direct effects are effects on the logits of tokens, and this model predicts no tokens.".to_owned(),
            );
        }
        if !self.can_answer(true) {
            return Some("Direct effects need the model’s weights: run the text in the model.".to_owned());
        }
        if !is_difference {
            return Some("Choose an outcome under Change: two tokens whose logits are compared.".to_owned());
        }
        self.stream.direct.problem().map(str::to_owned)
    }

    /// Asks for the outcome as a sum, where it is a difference of logits.
    fn ask_for_direct(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let OutcomeAsked::Tokens { answer, others, position } = &self.editing.asked else { return };
        if !self.editing.asked.is_complete() || !self.can_answer(true) {
            return;
        }
        let n_tokens = shown.predicting().0.len();
        let last = || n_tokens.saturating_sub(1) as u32;
        let question = Question::Direct {
            answers: vec![answer.into()],
            others: others.iter().map(TokenAsked::from).collect(),
            position: position.unwrap_or_else(last),
        };
        self.ask(question, effects);
    }

    /// Takes an answer about the stream.
    pub(super) fn take_stream(&mut self, question: Question, answer: Answer, buffers: Vec<Vec<f32>>) {
        let purpose = Purpose::Question(question.clone());
        match question {
            Question::Lens { positions, token, .. } => {
                self.stream.columns.take(&positions, token, answer, &buffers);
                self.stream.lens.fill(purpose, ());
            }
            Question::Stream => match StreamNumbers::new(&answer, buffers) {
                Some(numbers) => self.stream.numbers.fill(purpose, Arc::new(numbers)),
                None => self.stream.numbers.give_up(&purpose, Some(NO_DIFFERENCE.to_owned())),
            },
            Question::Written { layer, position, .. } => {
                match WrittenNumbers::new((layer, position), answer, &buffers) {
                    Some(written) => self.stream.written.fill(purpose, Arc::new(written)),
                    None => self.stream.written.give_up(&purpose, Some(NO_DIFFERENCE_OF_WORDS.to_owned())),
                }
            }
            Question::Linked { layer, query, .. } => match WrittenNumbers::new((layer, query), answer, &buffers) {
                Some(linked) => self.stream.linked.fill(purpose, Arc::new(linked)),
                None => self.stream.linked.give_up(&purpose, Some(NO_DIFFERENCE_OF_WORDS.to_owned())),
            },
            Question::Path { layer, position } => {
                let n_positions = self.shown.as_ref().map_or(0, |shown| shown.shape().n_query);
                match PathNumbers::new((layer, position), n_positions, &buffers) {
                    Some(path) => self.stream.path.fill(purpose, Arc::new(path)),
                    None => self.stream.path.give_up(&purpose, Some(NO_DIFFERENCE_OF_PATHS.to_owned())),
                }
            }
            Question::MlpNeuron { layer, neuron, .. } => match NeuronNumbers::new((layer, neuron), answer, &buffers) {
                Some(neuron) => self.stream.neuron.fill(purpose, Arc::new(neuron)),
                None => self.stream.neuron.give_up(&purpose, Some(NO_DIFFERENCE.to_owned())),
            },
            Question::Head { layer, head, distance, .. } => {
                match HeadNumbers::new([layer, head, distance], answer, &buffers) {
                    Some(circuits) => self.stream.head.fill(purpose, Arc::new(circuits)),
                    None => self.stream.head.give_up(&purpose, Some(NO_DIFFERENCE_OF_WORDS.to_owned())),
                }
            }
            Question::Direct { .. } => match DirectNumbers::new(answer, buffers) {
                Some(numbers) => self.stream.direct.fill(purpose, Arc::new(numbers)),
                None => self.stream.direct.give_up(&purpose, Some(NO_DIFFERENCE.to_owned())),
            },
            _ => {}
        }
    }
}
