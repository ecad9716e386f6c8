//! Generation: the next token, another token in its place, and the last token removed.

use super::{Against, Variant};
use crate::protocol::{EditingRequest, InputText, Prediction, RequestId, ToWorker};
use crate::state::{Effect, Shown, State, Task};
use crate::trace::Tokens;
use crate::trace::display::{Piece, PieceKind, SPACE_MARK, TokenLabel, token_label};
use crate::trace::spec::Unembed;

/// How many tokens are written at a time: one, so that its attention is seen before the next one comes.
const AT_A_TIME: u32 = 1;

impl State {
    /// Why the result on screen cannot be continued; nothing where it can.
    pub fn no_generation(&self) -> Option<&'static str> {
        let Some(shown) = &self.shown else { return Some("Run a text first.") };
        Some(match shown.spec.unembed {
            _ if shown.target.is_some() => "This model writes its whole target: leave the target empty and run it.",
            Unembed::None => "This model does not predict words, so it cannot generate text.",
            _ if !shown.spec.is_causal() => "This model reads in both directions, so it cannot generate text.",
            _ if self.editing.variant == Variant::Difference => {
                "Show one of the two results to generate: their change has no next token of its own."
            }
            _ if shown.second.is_some() => "Show the original to generate: the loaded model did not make this result.",
            _ if shown.is_trace => "This result is precomputed. Run the text to generate.",
            _ if shown.live_run.is_none() => {
                "The model that ran this has been unloaded. Run the text again to generate."
            }
            _ => return None,
        })
    }

    /// Whether there are two results that this model can continue.
    pub fn can_continue_both(&self) -> bool {
        let predicts = self.shown.as_ref().is_some_and(|shown| {
            shown.target.is_none() && shown.spec.is_causal() && shown.spec.unembed != Unembed::None
        });
        predicts && self.run_of(Variant::A).is_some() && self.run_of(Variant::B).is_some()
    }

    pub(super) fn continue_both(&mut self, n_tokens: u32, effects: &mut Vec<Effect>) {
        if !self.can_continue_both() {
            return;
        }
        let runs = [Variant::A, Variant::B].into_iter().filter_map(|side| self.run_of(side)).collect();
        self.editing.continuations = None;
        let request = self.begin_task(Task::Continue, effects);
        let sampling = self.editing.sampling;
        let asked = EditingRequest::Continue { request, runs, n_tokens, sampling };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }

    /// Generates the next token, if one is due: the run on screen chooses the token, and the other run reads it too.
    pub(in crate::state) fn write_next(&mut self, first_id: Option<u32>, effects: &mut Vec<Effect>) {
        if self.editing.n_to_write == 0 {
            return;
        }
        let n_keep = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len() as u32);
        self.editing.n_to_write -= 1;
        self.ask_to_write(n_keep, first_id, AT_A_TIME, effects);
    }

    /// Replaces a generated token, and drops everything after it.
    pub(super) fn branch(&mut self, n_keep: usize, id: u32, effects: &mut Vec<Effect>) {
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len());
        if n_keep == 0 || n_keep > n_tokens {
            return;
        }
        self.editing.n_to_write = 0;
        let replaced = self.editing.written.iter().find(|written| written.position == n_keep);
        self.editing.branching = replaced.map(|written| (n_keep, written.others.clone()));
        self.editing.written.retain(|written| written.position < n_keep);
        self.ask_to_write(n_keep as u32, Some(id), AT_A_TIME, effects);
    }

    pub(super) fn take_back(&mut self, effects: &mut Vec<Effect>) {
        self.editing.n_to_write = 0;
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len());
        if n_tokens < 2 {
            return;
        }
        self.editing.written.retain(|written| written.position + 1 < n_tokens);
        self.ask_to_write(n_tokens as u32 - 1, None, 0, effects);
    }

    fn ask_to_write(&mut self, n_keep: u32, first_id: Option<u32>, n_tokens: u32, effects: &mut Vec<Effect>) {
        let Some(run) = self.run_on_screen() else { return };
        let follower =
            [Variant::A, Variant::B].into_iter().filter_map(|side| self.run_of(side)).find(|other| *other != run);
        if follower.is_none() && self.editing.has_b() {
            // A trace or another model cannot read the new token.
            self.against_picked(Against::Edits, effects);
        }
        self.editing.writing_note = None;
        self.pin_outcome();
        let request = self.begin_task(Task::Write, effects);
        let sampling = self.editing.sampling;
        let asked = EditingRequest::Write { request, run, follower, n_keep, first_id, n_tokens, sampling };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }

    /// Takes the tokens that A and B have after a token was appended or removed.
    pub(in crate::state) fn grew(
        &mut self,
        request: RequestId,
        tokens: Tokens,
        top: Vec<Prediction>,
        follower_top: Vec<Prediction>,
        effects: &mut Vec<Effect>,
    ) {
        let labels: std::sync::Arc<[_]> = tokens.tokens.iter().map(|token| token_label(token, tokens.form)).collect();
        let before = self.shown.as_ref().map(|shown| (shown.info.tokens.ids.clone(), shown.spec.n_ctx));
        let (ids_before, n_ctx) = before.unwrap_or_default();
        let has_grown = ids_before.len() < tokens.len();
        if ids_before == tokens.ids {
            self.editing.writing_note = Some(match tokens.len() >= n_ctx {
                true => format!("The context is full: this model reads at most {n_ctx} tokens."),
                false => "The model ends the text here: its next token is the end-of-text token.".to_owned(),
            });
        }
        let chooser = if self.editing.variant == Variant::B { Variant::B } else { Variant::A };
        let requests = [request, self.request(), self.request()];
        let grow = |shown: &mut Shown, request: RequestId, top: Vec<Prediction>| {
            shown.request = request;
            shown.labels = labels.clone();
            // These tokens are now the input of the result, for links and for another worker too.
            shown.input.text = InputText::Ids(tokens.ids.clone());
            shown.info.tokens = tokens.clone();
            // What the model writes after the beginning of an answer is that answer.
            if let Some(answer) = shown.info.turns.last_mut().filter(|turn| turn.message.is_none()) {
                answer.end = tokens.len() as u32;
            }
            shown.info.top = top;
            shown.layers = Default::default();
            shown.drawn = None;
        };
        let top_of = |side: Variant| match side {
            Variant::Difference => top.clone(),
            side if side == chooser => top.clone(),
            _ => follower_top.clone(),
        };
        for ((side, kept), request) in self.editing.kept.iter_mut().zip(&requests[1..]) {
            grow(kept, *request, top_of(*side));
        }
        if let Some(shown) = &mut self.shown {
            grow(shown, request, top_of(self.editing.variant));
            self.selection.clamp(&shown.shape());
        }
        self.editing.sweep = None;
        self.editing.continuations = None;
        self.follow_layer(effects);
        self.compare(effects);
        if has_grown {
            self.write_next(None, effects);
        } else {
            self.editing.n_to_write = 0;
        }
    }
}

/// The text that a token stands for, with its space.
pub(super) fn written_text(label: &TokenLabel) -> String {
    let piece = |piece: &Piece| match piece.kind {
        PieceKind::Space => piece.text.replace(SPACE_MARK, " "),
        _ => piece.text.clone(),
    };
    label.pieces.iter().map(piece).collect()
}
