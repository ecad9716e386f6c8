//! Generation: the next token, another token in its place, and the last token removed.

use super::{Against, Variant};
use crate::protocol::{EditingRequest, InputText, Prediction, RequestId, ToWorker};
use crate::state::{Effect, Shown, State, Task};
use crate::trace::Tokens;
use crate::trace::display::{Piece, PieceKind, SPACE_MARK, TokenLabel, token_label};

/// How many tokens are written at a time: one, so that its attention is seen before the next one comes.
const AT_A_TIME: u32 = 1;

impl State {
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
        let request = self.begin_task(Task::Write, effects);
        let sampling = self.editing.sampling;
        let asked = EditingRequest::Write { request, run, follower, n_keep, first_id, n_tokens, sampling };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }

    /// Takes the tokens that A and B have after a token was appended or removed.
    pub(super) fn grew(
        &mut self,
        request: RequestId,
        tokens: Tokens,
        top: Vec<Prediction>,
        follower_top: Vec<Prediction>,
        effects: &mut Vec<Effect>,
    ) {
        let labels: std::sync::Arc<[_]> = tokens.tokens.iter().map(|token| token_label(token, tokens.form)).collect();
        let has_grown = self.shown.as_ref().is_some_and(|shown| shown.info.tokens.len() < tokens.len());
        let chooser = if self.editing.variant == Variant::B { Variant::B } else { Variant::A };
        let requests = [request, self.request(), self.request()];
        let grow = |shown: &mut Shown, request: RequestId, top: Vec<Prediction>| {
            shown.request = request;
            shown.labels = labels.clone();
            // These tokens are now the input of the result, for links and for another worker too.
            shown.input.text = InputText::Ids(tokens.ids.clone());
            shown.info.tokens = tokens.clone();
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
