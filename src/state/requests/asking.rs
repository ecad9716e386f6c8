//! Asking: whom, what for, and who is not asked.

use super::{Asked, Entry, Holder, Purpose};
use crate::protocol::{Question, Report, RequestId, ToWorker};
use crate::state::editing::Variant;
use crate::state::{Effect, Looked, State, wording};
use crate::trace::AttnKind;

impl State {
    /// The number of a new request.
    pub(in crate::state) fn request(&mut self) -> RequestId {
        self.requests.next_id()
    }

    /// Asks a question about the result on screen, of A and of B where that is their difference. Asks nothing where the answer is
    /// here, on its way or was refused, or where nobody can give it. What was asked before for the same slot is withdrawn.
    pub(in crate::state) fn ask(&mut self, question: Question, effects: &mut Vec<Effect>) {
        let purpose = Purpose::Question(question);
        if self.slot(&purpose).wants(&purpose) {
            self.ask_again(purpose, effects);
        }
    }

    /// Asks a question whether or not its slot wants it.
    pub(in crate::state) fn ask_again(&mut self, purpose: Purpose, effects: &mut Vec<Effect>) {
        self.withdraw_slot(&purpose, effects);
        let Purpose::Question(question) = &purpose else { return };
        let Some(holders) = self.holders_of(question) else { return };
        let Some(kind) = self.shown.as_ref().map(|shown| shown.kind) else { return };
        let parts: Vec<(RequestId, Holder)> = holders.into_iter().map(|holder| (self.request(), holder)).collect();
        effects.extend(parts.iter().map(|&(request, holder)| {
            let question = question.clone();
            match holder {
                Holder::Worker(run) => Effect::Send(ToWorker::Ask { request, run, kind, question }),
                Holder::SecondWorker(run) => Effect::SendSecond(ToWorker::Ask { request, run, kind, question }),
                Holder::Trace => Effect::AskTrace { request, kind, question },
                Holder::SecondTrace => Effect::AskSecondTrace { request, kind, question },
            }
        }));
        self.note_asked(purpose, parts);
    }

    /// Notes what is asked of whom, and that its slot waits for it.
    pub(in crate::state) fn note_asked(&mut self, purpose: Purpose, parts: Vec<(RequestId, Holder)>) {
        let result = self.result_of(&purpose);
        self.slot(&purpose).await_answer(purpose.clone());
        let is_of_pane = self.is_in_pane;
        self.requests.open(Asked { purpose, result, is_of_pane }, parts);
    }

    /// Whether somebody can answer questions about the result on screen; `needs_model`: such that only a model can answer.
    pub fn can_answer(&self, needs_model: bool) -> bool {
        self.holders().is_some_and(|holders| holders.iter().all(|holder| holder.has_model() || !needs_model))
    }

    fn holders_of(&self, question: &Question) -> Option<Vec<Holder>> {
        self.holders().filter(|_| self.can_answer(question.needs_model()))
    }

    /// Who holds what is on screen: one, or A's and B's for their difference. Nothing where one of them is gone.
    fn holders(&self) -> Option<Vec<Holder>> {
        let sides: &[Variant] = match &self.editing.variant {
            Variant::Difference => &[Variant::A, Variant::B],
            side => std::slice::from_ref(side),
        };
        sides.iter().map(|side| self.result(*side)?.holder()).collect()
    }

    /// The result on screen that something asked for is about; `None` for what is in the fields.
    fn result_of(&self, purpose: &Purpose) -> Option<Looked> {
        let any_attention = |request| Looked { request, kind: AttnKind::default() };
        match purpose {
            Purpose::Tokens(_) | Purpose::Cut(_) | Purpose::LoadSecond(_) | Purpose::RunSecond(_) => None,
            Purpose::Question(question) if question.is_about_words() => {
                self.shown.as_ref().map(|shown| any_attention(shown.request))
            }
            Purpose::Question(_) | Purpose::Trial => self.shown.as_ref().map(|shown| shown.looked()),
            Purpose::Comparison { .. } | Purpose::EachAlone(_) => {
                self.result(Variant::A).map(|shown| any_attention(shown.request))
            }
        }
    }

    /// Withdraws what is about results that are not on screen any more, in either view.
    pub(in crate::state) fn withdraw_stale(&mut self, effects: &mut Vec<Effect>) {
        self.withdraw_stale_here(effects);
        self.in_pane(|state| state.withdraw_stale_here(effects));
    }

    fn withdraw_stale_here(&mut self, effects: &mut Vec<Effect>) {
        let mut requests = std::mem::take(&mut self.requests);
        let is_here = |entry: &Entry| entry.asked.is_of_pane == self.is_in_pane;
        let is_stale = |entry: &Entry| is_here(entry) && entry.asked.result != self.result_of(&entry.asked.purpose);
        let stale = requests.withdraw(is_stale);
        self.requests = requests;
        self.cancel_all(stale, effects);
    }

    /// Withdraws what the second view waits for, which is gone.
    pub(in crate::state) fn withdraw_of_pane(&mut self, effects: &mut Vec<Effect>) {
        let withdrawn = self.requests.withdraw(|entry| entry.asked.is_of_pane);
        self.cancel_all(withdrawn, effects);
    }

    /// Withdraws what a slot waits for.
    pub(in crate::state) fn withdraw_slot(&mut self, purpose: &Purpose, effects: &mut Vec<Effect>) {
        let kind = std::mem::discriminant(purpose);
        let is_same = |entry: &Entry| match (&entry.asked.purpose, purpose) {
            (Purpose::Question(asked), Purpose::Question(question)) => {
                std::mem::discriminant(asked) == std::mem::discriminant(question)
            }
            (asked, _) => std::mem::discriminant(asked) == kind,
        };
        let is_in_pane = self.is_in_pane;
        let withdrawn = self.requests.withdraw(|entry| entry.asked.is_of_pane == is_in_pane && is_same(entry));
        self.cancel_all(withdrawn, effects);
    }

    /// Withdraws what takes long; says whether there was something.
    pub(in crate::state) fn withdraw_long(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Some(purpose) = self.requests.long().cloned() else { return false };
        self.withdraw_slot(&purpose, effects);
        true
    }

    /// Withdraws value zeroing for what goes first; its view asks again afterwards.
    pub(in crate::state) fn put_zeroing_off(&mut self, effects: &mut Vec<Effect>) {
        let withdrawn = self.requests.withdraw(|entry| entry.asked.purpose.is_zeroing());
        self.cancel_all(withdrawn, effects);
    }

    /// Forgets what was asked of somebody who is gone.
    pub(in crate::state) fn forget_asked_of(&mut self, is_gone: impl Fn(Holder) -> bool, effects: &mut Vec<Effect>) {
        let forgotten = self.requests.withdraw(|entry| entry.is_asked_of(&is_gone));
        for entry in forgotten {
            let others = entry.unanswered().filter(|(_, holder)| !is_gone(*holder));
            effects.extend(others.map(|(request, holder)| cancel(request, holder)));
            self.give_up(&entry.asked, None);
        }
    }

    /// Notes that no answer will come, in the slot of the view that asked.
    fn give_up(&mut self, asked: &Asked, reason: Option<String>) {
        self.in_its_pane(asked.is_of_pane, |state| state.slot(&asked.purpose).give_up(&asked.purpose, reason));
    }

    fn cancel_all(&mut self, entries: Vec<Entry>, effects: &mut Vec<Effect>) {
        for entry in entries {
            effects.extend(entry.unanswered().map(|(request, holder)| cancel(request, holder)));
            self.give_up(&entry.asked, None);
        }
    }

    /// A request ended without a reply: says whether it is in the ledger.
    pub(in crate::state) fn refused(
        &mut self,
        request: RequestId,
        report: Option<&Report>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(entry) = self.requests.close(request) else { return false };
        effects.extend(entry.unanswered().map(|(request, holder)| cancel(request, holder)));
        let reason = report.map(|report| wording::sentence(&report.message));
        self.give_up(&entry.asked, reason.clone());
        match (entry.asked.purpose, report, reason) {
            (Purpose::Question(Question::Patterns { .. }), Some(report), _) => {
                // A layer that is picked again is asked for again.
                self.in_its_pane(entry.asked.is_of_pane, |state| state.patterns.forgive());
                self.notices.place(report.clone());
            }
            (Purpose::Tokens(_), ..) => self.readings.typed.clear(),
            (Purpose::Comparison { .. } | Purpose::EachAlone(_), _, Some(reason)) => {
                self.notices.status = Some(reason);
            }
            (Purpose::LoadSecond(_) | Purpose::RunSecond(_), _, Some(reason)) => {
                self.second_worker_failed(reason, effects);
            }
            _ => {}
        }
        true
    }
}

fn cancel(request: RequestId, holder: Holder) -> Effect {
    match holder {
        Holder::Worker(_) => Effect::Send(ToWorker::Cancel { request }),
        Holder::SecondWorker(_) => Effect::SendSecond(ToWorker::Cancel { request }),
        Holder::Trace => Effect::CancelTrace { request },
        Holder::SecondTrace => Effect::CancelSecondTrace { request },
    }
}
