//! The stream of the result on screen: the logit lens, norms and cosines at every layer and position, and the outcome as a sum.
//!
//! The lens comes a few positions at a time, those in view first, so that the worker is never long away from other questions.
//! Everything belongs to one result and one of its stacks.

pub mod columns;
pub mod numbers;
pub mod options;
pub mod written;

use std::sync::Arc;

use super::requests::{Purpose, Slot, Waiting};
use super::{Effect, Looked, State, View};
use crate::protocol::{Answer, OutcomeAsked, Question, TokenAsked};
use crate::trace::spec::Unembed;
use columns::{LensColumns, N_TOP};
use numbers::{DirectNumbers, StreamNumbers};
use options::StreamNumber;
use written::WrittenNumbers;

/// Why two answers were not subtracted.
const NO_DIFFERENCE: &str = "The two results have answers of different sizes, so no change can be shown.";

/// Why what is written in two results was not subtracted.
const NO_DIFFERENCE_OF_WORDS: &str = "What a layer writes is read as words, which have no difference.";

/// How many tokens are listed that a part promotes and suppresses.
const N_WRITTEN: u32 = 3;

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
    /// The outcome as a sum.
    pub direct: Slot<Arc<DirectNumbers>>,
    /// Whether the outcome as a sum is on screen.
    shows_direct: bool,
    /// The first and the last position in view.
    seen: (usize, usize),
    /// The row of the chosen cell: a layer, or the number of layers for the output.
    pub row: Option<usize>,
}

/// The stream view is scrolled, a cell is chosen, or the outcome as a sum is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl State {
    pub(super) fn stream_event(&mut self, event: StreamEvent, effects: &mut Vec<Effect>) {
        match event {
            StreamEvent::PositionsSeen(seen) => self.stream.seen = seen,
            StreamEvent::DirectShown(is_shown) => self.stream.shows_direct = is_shown,
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
            let StreamStore { shows_direct, seen, row, .. } = self.stream;
            self.stream =
                StreamStore { result: Some(shown.looked()), shows_direct, seen, row, ..StreamStore::default() };
        }
        if self.awaits_layer() || self.is_busy() {
            return;
        }
        if self.views().contains(&View::Stream) {
            self.ask(Question::Stream, effects);
            self.ask_for_lens(effects);
            self.ask_for_written(effects);
        }
        if self.stream.shows_direct {
            self.ask_for_direct(effects);
        }
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
        if self.stream.row == Some(layer) && self.can_answer(true) {
            let question = Question::Written { layer: layer as u32, position: position as u32, n_top: N_WRITTEN };
            self.ask(question, effects);
        }
    }

    /// Whether the stack on screen has a lens: it predicts tokens.
    pub fn has_lens(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.stack_spec().unembed != Unembed::None)
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
        self.shown.as_ref()?.info.top.first().map(|top| TokenAsked::Id(top.id))
    }

    /// The number that a cell of the stream view shows; nothing where it is not here or not known.
    pub fn stream_number(&self, number: StreamNumber, row: usize, position: usize) -> Option<f32> {
        if number.needs_lens() {
            let token = self.stream_token();
            return self.stream.columns.get(position)?.number(number, row, token.as_ref());
        }
        self.stream.numbers.value()?.number(number, row, position)
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
            answers: vec![TokenAsked::Text(answer.clone())],
            others: others.iter().cloned().map(TokenAsked::Text).collect(),
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
            Question::Direct { .. } => match DirectNumbers::new(answer, buffers) {
                Some(numbers) => self.stream.direct.fill(purpose, Arc::new(numbers)),
                None => self.stream.direct.give_up(&purpose, Some(NO_DIFFERENCE.to_owned())),
            },
            _ => {}
        }
    }
}
