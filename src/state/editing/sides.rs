//! A, B and their difference: which is on screen, how B comes and goes.

use super::super::*;
use super::{Against, SecondWorker, Side};
use crate::protocol::{RunId, ToWorker};

impl State {
    /// One of the three results, on screen or not.
    pub fn result(&self, side: Side) -> Option<&Shown> {
        if self.editing.side == side {
            return self.shown.as_ref();
        }
        self.editing.kept.iter().find(|(kept, _)| *kept == side).map(|(_, shown)| shown.as_ref())
    }

    /// The name of A's or B's run in the worker, where it is one.
    pub(in crate::state) fn run_of(&self, side: Side) -> Option<RunId> {
        self.result(side)?.live_run
    }

    /// The result that a run can be made of: B where it is on screen, else A.
    pub(in crate::state) fn run_on_screen(&self) -> Option<RunId> {
        match self.editing.side {
            Side::B => self.run_of(Side::B),
            Side::A | Side::Difference => self.run_of(Side::A),
        }
    }

    /// Whether questions about what is on screen have somebody who answers.
    pub(in crate::state) fn can_answer(&self) -> bool {
        let answers = |side| self.result(side).is_some_and(Shown::answers);
        match self.editing.side {
            Side::Difference => answers(Side::A) && answers(Side::B),
            side => answers(side),
        }
    }

    /// Shows another one of the results, if it is there.
    pub(in crate::state) fn look_at(&mut self, side: Side, effects: &mut Vec<Effect>) {
        let Some(at) = self.editing.kept.iter().position(|(kept, _)| *kept == side) else { return };
        let Some(shown) = self.shown.take() else { return };
        let (_, next) = self.editing.kept.swap_remove(at);
        self.editing.kept.push((self.editing.side, Box::new(shown)));
        self.editing.side = side;
        self.shown = Some(*next);
        self.look_at_kind(self.selection.kind);
        if let Some(shape) = self.shown.as_ref().map(Shown::shape) {
            self.selection.clamp(&shape);
        }
        self.look_again(effects);
    }

    /// The next of the results.
    pub(super) fn step_side(&mut self, effects: &mut Vec<Effect>) {
        let at = Side::EACH.iter().position(|side| *side == self.editing.side).unwrap_or(0);
        self.look_at(Side::EACH[(at + 1) % Side::EACH.len()], effects);
    }

    /// Asks for the patterns of the result on screen.
    pub(in crate::state) fn look_again(&mut self, effects: &mut Vec<Effect>) {
        if let Some((request, _)) = self.wanted_layer.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        self.follow_layer(effects);
    }

    /// Takes a result as B and shows it, or its difference from A where that was on screen.
    pub(super) fn set_b(&mut self, b: Shown, effects: &mut Vec<Effect>) {
        let wanted = if self.editing.side == Side::Difference { Side::Difference } else { Side::B };
        self.look_at(Side::A, effects);
        self.forget_b(effects);
        let request = self.request();
        let Some(a) = &self.shown else { return };
        let difference = Shown {
            request,
            live_run: None,
            second: None,
            is_trace: false,
            layers: Default::default(),
            drawn: None,
            ..a.clone()
        };
        self.editing.kept.push((Side::B, Box::new(b)));
        self.editing.kept.push((Side::Difference, Box::new(difference)));
        self.editing.against_problem = None;
        self.look_at(wanted, effects);
        self.compare(effects);
    }

    /// Shows A and forgets B, whatever it is.
    pub(in crate::state) fn drop_b(&mut self, effects: &mut Vec<Effect>) {
        self.look_at(Side::A, effects);
        self.forget_b(effects);
    }

    /// Frees what is held of B, which is not on screen.
    fn forget_b(&mut self, effects: &mut Vec<Effect>) {
        for (_, shown) in std::mem::take(&mut self.editing.kept) {
            match (shown.live_run, shown.second) {
                (_, Some(Second::Run(run))) => effects.push(Effect::SendSecond(ToWorker::Forget { run })),
                (Some(run), None) => effects.push(Effect::Send(ToWorker::Forget { run })),
                _ => {}
            }
        }
    }

    /// Before another result replaces what is shown: B goes, and with it what was known of both.
    pub(in crate::state) fn forget_editing(&mut self, effects: &mut Vec<Effect>) {
        self.drop_b(effects);
        self.end_second_worker(effects);
        let editing = &mut self.editing;
        (editing.against, editing.against_problem) = (Against::Edits, None);
        editing.inactive.clear();
        editing.alone.clear();
        editing.compared = None;
        editing.sweep = None;
        editing.written.clear();
        editing.branching = None;
        editing.n_to_write = 0;
        editing.comparing = None;
        editing.measuring = None;
        editing.pairs = Default::default();
    }

    /// The worker is gone, and the runs with it: what is on screen stays, as A if there is one.
    pub(in crate::state) fn editing_lost_worker(&mut self, effects: &mut Vec<Effect>) {
        if let Some(at) = self.editing.kept.iter().position(|(side, _)| *side == Side::A) {
            self.shown = Some(*self.editing.kept.swap_remove(at).1);
        }
        self.end_second_worker(effects);
        let editing = &mut self.editing;
        editing.kept.clear();
        editing.side = Side::A;
        editing.against = Against::Edits;
        editing.n_to_write = 0;
        editing.comparing = None;
        editing.measuring = None;
        editing.pairs = Default::default();
    }

    /// Ends the worker that holds another model.
    pub(super) fn end_second_worker(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.second_worker != SecondWorker::Absent {
            self.editing.second_worker = SecondWorker::Absent;
            effects.push(Effect::EndSecondWorker);
        }
    }
}
