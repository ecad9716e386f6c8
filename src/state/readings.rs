//! What is known of the words of a result beside its attention: the tokens as they are typed, how well each was
//! predicted, what is predicted at a chosen position, how alike two texts are.
//!
//! All of it is asked of the worker in its free time, and belongs to one result or one text. Imports `protocol`.

use std::sync::Arc;

use super::{Effect, State};
use crate::protocol::{Input, InputText, Prediction, Report, RequestId, TargetAsked, ToWorker};
use crate::trace::Tokens;
use crate::trace::spec::Unembed;

/// How long the fields rest before their tokens are asked for.
pub const TYPING_PAUSE_MS: u32 = 150;

/// How many predictions there are at a position.
const N_TOP: u32 = 10;

/// Up to so many tokens, losses are asked for without being wanted.
const N_AUTO_TOKENS: usize = 256;

/// Answers about words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The tokens of what is in the fields, and what they are of.
    pub typed: Option<(Input, Tokens)>,
    typed_asked: Option<(RequestId, Input)>,
    /// Counts edits: only the last one's pause counts.
    n_edits: u32,
    /// Which result the rest is of.
    of: Option<RequestId>,
    /// −ln p of each token, NaN for the first; [pos]
    pub losses: Option<Arc<[f32]>>,
    losses_asked: Option<RequestId>,
    losses_failed: bool,
    /// The position whose predictions are shown, where it is not the one that came with the result.
    pub position: Option<usize>,
    /// The predictions there, once they came.
    pub top: Option<Vec<Prediction>>,
    top_asked: Option<RequestId>,
    /// Cosine of the two texts' embeddings.
    pub similarity: Option<f64>,
    similarity_asked: Option<RequestId>,
    similarity_failed: bool,
}

impl Readings {
    /// No answer will come any more.
    pub fn forget_requests(&mut self) {
        self.typed_asked = None;
        self.losses_asked = None;
        self.top_asked = None;
        self.similarity_asked = None;
    }

    /// Tokens that were waited for.
    pub fn typed_came(&mut self, request: RequestId, tokens: Tokens) {
        if let Some((_, input)) = self.typed_asked.take_if(|(asked, _)| *asked == request) {
            self.typed = Some((input, tokens));
        }
    }

    /// Losses that were waited for.
    pub fn losses_came(&mut self, request: RequestId, losses: Vec<f32>) {
        if self.losses_asked.take_if(|asked| *asked == request).is_some() {
            self.losses = Some(losses.into());
        }
    }

    /// Predictions that were waited for.
    pub fn top_came(&mut self, request: RequestId, position: usize, top: Vec<Prediction>) {
        if self.top_asked.take_if(|asked| *asked == request).is_some() && self.position == Some(position) {
            self.top = Some(top);
        }
    }

    /// A cosine that was waited for.
    pub fn similarity_came(&mut self, request: RequestId, cosine: f64) {
        if self.similarity_asked.take_if(|asked| *asked == request).is_some() {
            self.similarity = Some(cosine);
        }
    }

    /// A request ended without an answer. Says whether it was one of these; what cannot be read says so elsewhere.
    pub fn ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let was_typed = self.typed_asked.take_if(|(asked, _)| *asked == request).is_some();
        if was_typed {
            self.typed = None;
        }
        let was_losses = self.losses_asked.take_if(|asked| *asked == request).is_some();
        self.losses_failed |= was_losses && report.is_some();
        let was_similarity = self.similarity_asked.take_if(|asked| *asked == request).is_some();
        self.similarity_failed |= was_similarity && report.is_some();
        let was_top = self.top_asked.take_if(|asked| *asked == request).is_some();
        was_typed || was_losses || was_similarity || was_top
    }
}

impl State {
    /// The fields were edited: their tokens are asked for when they rest.
    pub(super) fn typed(&mut self, effects: &mut Vec<Effect>) {
        self.readings.n_edits += 1;
        effects.push(Effect::ArmTyping { n_edits: self.readings.n_edits, delay_ms: TYPING_PAUSE_MS });
    }

    /// The fields have rested since an edit.
    pub(super) fn typing_rested(&mut self, n_edits: u32, effects: &mut Vec<Effect>) {
        if n_edits == self.readings.n_edits {
            self.ask_for_typed(effects);
        }
    }

    fn ask_for_typed(&mut self, effects: &mut Vec<Effect>) {
        let Ok(input) = self.input(false) else {
            self.readings.typed = None;
            return;
        };
        let is_here = self.readings.typed.as_ref().is_some_and(|(known, _)| *known == input);
        let is_asked = self.readings.typed_asked.as_ref().is_some_and(|(_, asked)| *asked == input);
        if self.model.is_none() || is_here || is_asked {
            return;
        }
        if let Some((request, _)) = self.readings.typed_asked.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        let request = self.request();
        effects.push(Effect::Send(ToWorker::Tokenize { request, input: input.clone() }));
        self.readings.typed_asked = Some((request, input));
    }

    /// A token was chosen: what is predicted there.
    pub(super) fn position_picked(&mut self, position: usize, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let Some(run) = shown.live_run.filter(|_| position < shown.predicting().0.len()) else { return };
        if let Some(request) = self.readings.top_asked.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        let request = self.request();
        effects.push(Effect::Send(ToWorker::Predict { request, run, position: position as u32, n_top: N_TOP }));
        (self.readings.position, self.readings.top, self.readings.top_asked) = (Some(position), None, Some(request));
    }

    /// Asks for what can be said of the words of the result on screen.
    pub(super) fn follow_readings(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let (unembed, is_causal) = (shown.spec.unembed, shown.spec.is_causal());
        if self.readings.of != Some(shown.request) {
            let (typed, typed_asked) = (self.readings.typed.take(), self.readings.typed_asked.take());
            let (of, n_edits) = (Some(shown.request), self.readings.n_edits);
            self.readings = Readings { typed, typed_asked, n_edits, of, ..Readings::default() };
            if let Some(mask) = shown.info.tokens.tokens.iter().position(|token| is_mask(token))
                && matches!(unembed, Unembed::MaskedWord { .. })
            {
                self.position_picked(mask, effects);
            }
        }
        let Some(shown) = &self.shown else { return };
        let (Some(run), false) = (shown.live_run, self.awaits_layer() || self.is_busy()) else { return };
        let predicts_next = matches!(unembed, Unembed::Linear { .. }) && is_causal;
        let readings = &self.readings;
        let wants_losses = predicts_next
            && readings.losses.is_none()
            && readings.losses_asked.is_none()
            && !readings.losses_failed
            && shown.predicting().0.len() <= N_AUTO_TOKENS;
        let pair = match &shown.input.text {
            InputText::Pair(first, second) if !is_causal && unembed == Unembed::None => {
                Some((first.clone(), second.clone()))
            }
            _ => None,
        };
        let wants_similarity =
            readings.similarity.is_none() && readings.similarity_asked.is_none() && !readings.similarity_failed;
        let cut = shown.input.cut;
        if wants_losses {
            let request = self.request();
            self.readings.losses_asked = Some(request);
            effects.push(Effect::Send(ToWorker::TokenLosses { request, run }));
        }
        if let Some((first, second)) = pair.filter(|_| wants_similarity) {
            let request = self.request();
            self.readings.similarity_asked = Some(request);
            let alone =
                |text: String| Input { text: InputText::Single(text), cut, bos: None, target: TargetAsked::Generated };
            let (first, second) = (alone(first), alone(second));
            effects.push(Effect::Send(ToWorker::Similarity { request, first, second }));
        }
        if self.readings.typed.is_none() && self.readings.typed_asked.is_none() {
            self.ask_for_typed(effects);
        }
    }
}

/// Whether a token stands for a word to be guessed.
fn is_mask(token: &str) -> bool {
    matches!(token, "[MASK]" | "<mask>")
}
