//! What the worker's answers about editing do. An answer to a request that is no longer waited for changes nothing.

use super::super::*;
use super::{Compared, Side, Written};
use crate::protocol::{EditingReply, InputText, Prediction, Report, RunInfo, ToWorker};
use crate::trace::Tokens;
use crate::trace::display::{Piece, PieceKind, SPACE_MARK, TokenLabel, token_label};

impl State {
    pub(in crate::state) fn editing_said(&mut self, reply: EditingReply, effects: &mut Vec<Effect>) {
        match reply {
            EditingReply::Again { request, run, inactive } => self.ran_again(request, run, inactive, effects),
            EditingReply::Compared { request, position, tokens, outcome } => {
                let came = Compared { position: position as usize, tokens, outcome };
                self.compared_came(request, came, effects);
            }
            EditingReply::SweepCell { request, cell } => {
                if let Some((measuring, ids)) = &self.editing.measuring
                    && *measuring == request
                {
                    if let (Some(id), Some(value)) = (ids.get(cell.column as usize), cell.outcome) {
                        self.editing.alone.push((*id, value));
                    }
                } else if let Some(sweep) = self.editing.sweep.as_mut().filter(|sweep| sweep.request == request) {
                    sweep.cells.insert((cell.layer as usize, cell.column as usize), cell);
                }
            }
            EditingReply::SweepDone { request, base, other } => {
                self.work.take_if(|work| work.request == request);
                self.editing.measuring.take_if(|(measuring, _)| *measuring == request);
                if let Some(sweep) = self.editing.sweep.as_mut().filter(|sweep| sweep.request == request) {
                    (sweep.base, sweep.other, sweep.is_done) = (Some(base), other, true);
                }
            }
            EditingReply::Written { request, tokens, prob, .. } => {
                if self.work.as_ref().is_some_and(|work| work.request == request) {
                    let position = tokens.len() - 1;
                    // What it was chosen from; not known where the run went back first.
                    let shown = self.shown.as_ref().filter(|shown| shown.info.tokens.len() == position);
                    let kept =
                        self.editing.branching.take().filter(|others| others.0 == position).map(|others| others.1);
                    let others = kept.or_else(|| shown.map(|shown| shown.info.top.clone())).unwrap_or_default();
                    self.editing.written.push(Written { position, prob, others });
                }
            }
            EditingReply::WritingDone { request, tokens, top, follower_top } => {
                if self.work.take_if(|work| work.request == request).is_some() {
                    self.grew(request, tokens, top, follower_top, effects);
                }
            }
        }
    }

    fn ran_again(&mut self, request: RequestId, run: RunInfo, inactive: Vec<(u32, String)>, effects: &mut Vec<Effect>) {
        if self.work.take_if(|work| work.request == request).is_none() {
            effects.push(Effect::Send(ToWorker::Forget { run: run.run }));
            return;
        }
        let id_of = |(index, reason): (u32, String)| Some((self.editing.list.get(index as usize)?.id, reason));
        self.editing.inactive = inactive.into_iter().filter_map(id_of).collect();
        let Some(a) = self.result(Side::A) else { return };
        let b = Shown {
            request,
            live_run: Some(run.run),
            info: RunInfo { text: a.info.text.clone(), n_cut: a.info.n_cut, ..run },
            layers: Default::default(),
            drawn: None,
            ..a.clone()
        };
        self.set_b(b, effects);
    }

    /// Both runs have other tokens now.
    fn grew(
        &mut self,
        request: RequestId,
        tokens: Tokens,
        top: Vec<Prediction>,
        follower_top: Vec<Prediction>,
        effects: &mut Vec<Effect>,
    ) {
        let labels: std::sync::Arc<[_]> = tokens.tokens.iter().map(|token| token_label(token, tokens.form)).collect();
        let has_grown = self.shown.as_ref().is_some_and(|shown| shown.info.tokens.len() < tokens.len());
        let chooser = if self.editing.side == Side::B { Side::B } else { Side::A };
        let requests = [request, self.request(), self.request()];
        let grow = |shown: &mut Shown, request: RequestId, top: Vec<Prediction>| {
            shown.request = request;
            shown.labels = labels.clone();
            // What is on screen is these tokens now, for links and for another worker too.
            shown.input.text = InputText::Ids(tokens.ids.clone());
            shown.info.tokens = tokens.clone();
            shown.info.top = top;
            shown.layers = Default::default();
            shown.drawn = None;
        };
        let top_of = |side: Side| match side {
            Side::Difference => top.clone(),
            side if side == chooser => top.clone(),
            _ => follower_top.clone(),
        };
        for ((side, kept), request) in self.editing.kept.iter_mut().zip(&requests[1..]) {
            grow(kept, *request, top_of(*side));
        }
        if let Some(shown) = &mut self.shown {
            grow(shown, request, top_of(self.editing.side));
            self.selection.clamp(&shown.shape());
        }
        self.editing.sweep = None;
        self.look_again(effects);
        self.compare(effects);
        if has_grown {
            self.write_next(None, effects);
        } else {
            self.editing.n_to_write = 0;
        }
    }

    /// A request about editing ended without an answer.
    pub(in crate::state) fn editing_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        if let Some(work) = &self.work
            && work.request == request
        {
            self.editing.n_to_write = 0;
            return false;
        }
        let is_own = self.editing.comparing.take_if(|comparing| comparing.has(request)).is_some()
            | self.editing.measuring.take_if(|(measuring, _)| *measuring == request).is_some();
        if let (true, Some(report)) = (is_own, report) {
            self.notices.status = Some(wording::sentence(&report.message));
        }
        is_own
    }
}

/// What a token adds to a text, with its space.
pub(super) fn written_text(label: &TokenLabel) -> String {
    let piece = |piece: &Piece| match piece.kind {
        PieceKind::Space => piece.text.replace(SPACE_MARK, " "),
        _ => piece.text.clone(),
    };
    label.pieces.iter().map(piece).collect()
}
