//! What is known of the words of a result beside its attention: the tokens as they are typed, how well each token was
//! predicted, what is predicted at a chosen position, how alike two texts are.
//!
//! All of it is asked while the worker is idle, and belongs to one result or one text.

use std::sync::Arc;

use super::editing::Variant;
use super::labels::LabelNumbers;
use super::requests::{Holder, Purpose, Slot, Waiting};
use super::{Effect, State};
use crate::protocol::{Input, InputText, Prediction, Question, RequestId, TargetAsked, ToWorker};
use crate::trace::spec::Unembed;
use crate::trace::{Tokens, Turn};

/// How long the fields rest before their tokens are asked for.
pub const TYPING_PAUSE_MS: u32 = 150;

/// How many predictions there are at a position.
const N_TOP: u32 = 10;

/// Losses of longer inputs are asked for only when somebody wants them.
const N_AUTO_TOKENS: usize = 256;

/// What the model would read of the fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// Its tokens.
    pub tokens: Tokens,
    /// Of a conversation: which tokens are of which message.
    pub turns: Vec<Turn>,
}

/// What is known about the words of a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The tokens of the text in the fields.
    pub typed: Slot<Typed>,
    /// Counts edits: only the pause after the last one counts.
    n_edits: u32,
    /// The last edit after which the fields rested.
    n_rested: u32,
    /// The result that everything below belongs to.
    result: Option<RequestId>,
    /// −ln p of each token, NaN for the first; [pos]
    pub losses: Slot<Arc<[f32]>>,
    /// The position whose predictions are shown, where it is not the one that came with the result.
    pub position: Option<usize>,
    /// The predictions there.
    pub top: Slot<Vec<Prediction>>,
    /// What a classifier says.
    pub labels: Slot<Arc<LabelNumbers>>,
    /// Cosine of the two texts' embeddings.
    pub similarity: Slot<f64>,
}

impl State {
    /// Notes an edit of the fields: their tokens are asked for once the fields rest.
    pub(super) fn typed(&mut self, effects: &mut Vec<Effect>) {
        self.readings.n_edits += 1;
        effects.push(Effect::ArmTyping { n_edits: self.readings.n_edits, delay_ms: TYPING_PAUSE_MS });
    }

    /// Asks for the tokens of the fields, if no later edit has come.
    pub(super) fn typing_rested(&mut self, n_edits: u32, effects: &mut Vec<Effect>) {
        if n_edits == self.readings.n_edits {
            self.readings.n_rested = n_edits;
            self.ask_for_typed(effects);
        }
    }

    /// Tokens of the fields, and whether they are those of the present text: while the worker is about to say more, the last ones
    /// stay. Nothing where no model has read the fields.
    pub fn typed_tokens(&self) -> Option<(&Typed, bool)> {
        let input = self.input(false).ok()?;
        let typed = &self.readings.typed;
        let is_current = typed.about() == Some(&Purpose::Tokens(input));
        typed.value().filter(|_| is_current || self.work.model.is_some()).map(|typed| (typed, is_current))
    }

    /// Asks for the tokens of the fields where something else than typing has filled them.
    fn follow_typed(&mut self, effects: &mut Vec<Effect>) {
        let is_typing = self.readings.n_rested != self.readings.n_edits;
        if !is_typing && !self.is_busy() && !self.awaits_layer() {
            self.ask_for_typed(effects);
        }
    }

    fn ask_for_typed(&mut self, effects: &mut Vec<Effect>) {
        let Ok(input) = self.input(false) else {
            self.readings.typed.clear();
            return;
        };
        let purpose = Purpose::Tokens(input.clone());
        if self.work.model.is_none() || !self.readings.typed.wants(&purpose) {
            return;
        }
        self.withdraw_slot(&purpose, effects);
        let request = self.request();
        effects.push(Effect::Send(ToWorker::Tokenize { request, input }));
        self.note_asked(purpose, vec![(request, Holder::Worker(0))]);
    }

    /// Asks for the predictions at a position that somebody chose.
    pub(super) fn position_picked(&mut self, position: usize, effects: &mut Vec<Effect>) {
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.predicting().0.len());
        if position >= n_tokens || !self.can_answer(true) {
            return;
        }
        self.readings.position = Some(position);
        if self.gives_labels() {
            // Those of every token are here, or on their way.
            return;
        }
        let question = Question::Predictions { position: position as u32, n_top: N_TOP, also: Vec::new() };
        self.readings.top.clear();
        self.ask(question, effects);
    }

    /// Asks for what is not known yet about the words of the result on screen.
    pub(super) fn follow_readings(&mut self, effects: &mut Vec<Effect>) {
        self.follow_result(effects);
        self.follow_typed(effects);
    }

    fn follow_result(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let (unembed, is_causal) = (shown.spec.unembed, shown.spec.is_causal());
        let predicts_next = matches!(unembed, Unembed::Linear { .. }) && is_causal;
        if self.readings.result != Some(shown.request) {
            let Readings { typed, n_edits, n_rested, .. } = std::mem::take(&mut self.readings);
            self.readings = Readings { typed, n_edits, n_rested, result: Some(shown.request), ..Readings::default() };
            let mask = shown.info.tokens.first_mask();
            let position = match unembed {
                Unembed::MaskedWord { .. } => mask,
                // What came with the result is A's; the change has to be asked for.
                _ if predicts_next && self.editing.variant == Variant::Difference => {
                    shown.predicting().0.len().checked_sub(1)
                }
                _ => None,
            };
            if let Some(position) = position {
                self.position_picked(position, effects);
            }
        }
        if self.awaits_layer() || self.is_awaited() || !self.can_answer(true) {
            return;
        }
        let Some(shown) = &self.shown else { return };
        let is_short = shown.predicting().0.len() <= N_AUTO_TOKENS;
        let similarity = match &shown.input.text {
            InputText::Pair(first, second) if !is_causal && unembed == Unembed::None && shown.spec.labels.is_none() => {
                let alone = |text: &String| Input {
                    text: InputText::Single(text.clone()),
                    cut: shown.input.cut,
                    bos: None,
                    target: TargetAsked::Generated,
                };
                Some(Question::Similarity { first: alone(first), second: alone(second) })
            }
            _ => None,
        };
        if predicts_next && is_short {
            self.ask(Question::Losses, effects);
        }
        if self.gives_labels() {
            self.ask(Question::Labels, effects);
        }
        if let Some(question) = similarity {
            self.ask(question, effects);
        }
    }
}
