//! What the worker's answers about editing do. An answer to a request that is no longer waited for changes nothing.

use super::{Compared, Continuations, Variant, Written};
use crate::protocol::{EditingReply, Prediction, RequestId, RunInfo, ToWorker};
use crate::state::requests::{Purpose, Reply};
use crate::state::{Effect, Shown, State};

impl State {
    pub(in crate::state) fn editing_said(&mut self, reply: EditingReply, effects: &mut Vec<Effect>) {
        match reply {
            EditingReply::Again { request, run, inactive } => self.ran_again(request, run, inactive, effects),
            EditingReply::Compared { request, position, tokens, outcome } => {
                let compared = Compared { position: position as usize, tokens, outcome };
                self.replied(request, Reply::Compared(compared), effects);
            }
            EditingReply::SweepCell { request, cell } => {
                if self.requests.purpose(request) == Some(&Purpose::Trial) {
                    self.matters.tried(cell.column as usize, cell.outcome.map(|outcome| outcome.value));
                } else if let Some(Purpose::EachAlone(ids)) = self.requests.purpose(request) {
                    if let (Some(id), Some(value)) = (ids.get(cell.column as usize), cell.outcome) {
                        self.editing.alone.push((*id, value));
                    }
                } else if let Some(sweep) = self.editing.sweep.as_mut().filter(|sweep| sweep.request == request) {
                    sweep.cells.insert((cell.layer as usize, cell.column as usize), cell);
                }
            }
            EditingReply::SweepDone { request, base, other } => {
                self.end_task(request);
                self.replied(request, Reply::Done, effects);
                if let Some(sweep) = self.editing.sweep.as_mut().filter(|sweep| sweep.request == request) {
                    (sweep.base, sweep.other, sweep.is_done) = (Some(base), other, true);
                }
            }
            EditingReply::Written { request, tokens, prob, .. } => {
                if self.work.request.as_ref().is_some_and(|work| work.request == request) {
                    let position = tokens.len() - 1;
                    // What it was chosen from; not known where the run went back first.
                    let shown = self.shown.as_ref().filter(|shown| shown.info.tokens.len() == position);
                    let kept =
                        self.editing.branching.take().filter(|others| others.0 == position).map(|others| others.1);
                    let others = kept.or_else(|| shown.map(|shown| shown.info.top.clone())).unwrap_or_default();
                    self.editing.written.push(Written { position, prob, others });
                }
            }
            EditingReply::Continued { request, continuations } => {
                if self.end_task(request).is_some()
                    && let Ok([original, other]) = <[Vec<Prediction>; 2]>::try_from(continuations)
                {
                    self.editing.continuations = Some(Continuations { original, other });
                }
            }
            EditingReply::WritingDone { request, tokens, top, follower_top } => {
                if self.end_task(request).is_some() {
                    self.grew(request, tokens, top, follower_top, effects);
                }
            }
        }
    }

    fn ran_again(&mut self, request: RequestId, run: RunInfo, inactive: Vec<(u32, String)>, effects: &mut Vec<Effect>) {
        if self.end_task(request).is_none() {
            effects.push(Effect::Send(ToWorker::Forget { run: run.run }));
            return;
        }
        let id_of = |(index, reason): (u32, String)| Some((self.editing.list.get(index as usize)?.id, reason));
        self.editing.inactive = inactive.into_iter().filter_map(id_of).collect();
        let Some(a) = self.result(Variant::A) else { return };
        let b = Shown {
            request,
            live_run: Some(run.run),
            info: RunInfo { text: a.info.text.clone(), turns: a.info.turns.clone(), n_cut: a.info.n_cut, ..run },
            layers: Default::default(),
            drawn: None,
            ..a.clone()
        };
        self.set_b(b, effects);
    }
}
