//! A, B and their difference: which is on screen, how B comes and goes.

use super::{Against, SecondWorker, Variant};
use crate::edit::Edit;
use crate::protocol::{RunId, ToWorker};
use crate::state::requests::{Holder, Slot};
use crate::state::{Effect, Second, Shown, State};

impl State {
    /// One of the three results, on screen or not.
    pub fn result(&self, side: Variant) -> Option<&Shown> {
        if self.editing.variant == side {
            return self.shown.as_ref();
        }
        self.editing.kept.iter().find(|(kept, _)| *kept == side).map(|(_, shown)| shown.as_ref())
    }

    /// The name of A's or B's run in the worker, where it is one.
    pub(in crate::state) fn run_of(&self, side: Variant) -> Option<RunId> {
        self.result(side)?.live_run
    }

    /// The result that a run can be made of: B where it is on screen, else A.
    pub(in crate::state) fn run_on_screen(&self) -> Option<RunId> {
        match self.editing.variant {
            Variant::B => self.run_of(Variant::B),
            Variant::A | Variant::Difference => self.run_of(Variant::A),
        }
    }

    /// The edits that act in [`Self::run_on_screen`].
    pub(in crate::state) fn edits_on_screen(&self) -> Vec<Edit> {
        match (self.editing.variant, &self.editing.against) {
            (Variant::B, Against::Edits) => self.editing.acting().map(|listed| listed.edit.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// Shows another one of the results, if it is there.
    pub(in crate::state) fn look_at(&mut self, side: Variant, effects: &mut Vec<Effect>) {
        if self.show_variant(side) {
            self.follow_layer(effects);
        }
    }

    /// Puts another one of the results on screen; says whether it is there.
    fn show_variant(&mut self, side: Variant) -> bool {
        let Some(at) = self.editing.kept.iter().position(|(kept, _)| *kept == side) else { return false };
        let Some(shown) = self.shown.take() else { return false };
        let (_, next) = self.editing.kept.swap_remove(at);
        self.editing.kept.push((self.editing.variant, Box::new(shown)));
        self.editing.variant = side;
        self.shown = Some(*next);
        self.look_at_kind(self.selection.kind);
        if let Some(shape) = self.shown.as_ref().map(Shown::shape) {
            self.selection.clamp(&shape);
        }
        true
    }

    /// Puts another one of the results in the place of the one on screen; returns which that was. Nothing where the other one is not there,
    /// or is the same.
    pub(in crate::state) fn exchange_variant(&mut self, side: Variant) -> Option<Variant> {
        let before = self.editing.variant;
        let (name, kept) = self.editing.kept.iter_mut().find(|(kept, _)| *kept == side)?;
        std::mem::swap(&mut **kept, self.shown.as_mut()?);
        (*name, self.editing.variant) = (before, side);
        Some(before)
    }

    /// Shows the next of the results.
    pub(super) fn step_variant(&mut self, effects: &mut Vec<Effect>) {
        let at = Variant::EACH.iter().position(|side| *side == self.editing.variant).unwrap_or(0);
        self.look_at(Variant::EACH[(at + 1) % Variant::EACH.len()], effects);
    }

    /// Takes a result as B and shows it, or its difference from A where that was on screen.
    pub(super) fn set_b(&mut self, b: Shown, effects: &mut Vec<Effect>) {
        let wanted = if self.editing.variant == Variant::Difference { Variant::Difference } else { Variant::B };
        self.show_variant(Variant::A);
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
        self.editing.kept.push((Variant::B, Box::new(b)));
        self.editing.kept.push((Variant::Difference, Box::new(difference)));
        self.editing.against_problem = None;
        self.look_at(wanted, effects);
        self.compare(effects);
    }

    /// Shows A and forgets B, whatever it is.
    pub(in crate::state) fn drop_b(&mut self, effects: &mut Vec<Effect>) {
        self.look_at(Variant::A, effects);
        self.forget_b(effects);
    }

    /// Frees what is held of B, which is not on screen.
    fn forget_b(&mut self, effects: &mut Vec<Effect>) {
        self.editing.continuations = None;
        for (_, shown) in std::mem::take(&mut self.editing.kept) {
            match (shown.live_run, shown.second) {
                (_, Some(Second::Run(run))) => effects.push(Effect::SendSecond(ToWorker::Forget { run })),
                (Some(run), None) => effects.push(Effect::Send(ToWorker::Forget { run })),
                _ => {}
            }
        }
    }

    /// Drops B and what is known of A and B, before another result replaces both. Asks nothing about A.
    pub(in crate::state) fn forget_editing(&mut self, effects: &mut Vec<Effect>) {
        self.show_variant(Variant::A);
        self.forget_b(effects);
        self.end_second_worker(effects);
        let editing = &mut self.editing;
        (editing.against, editing.against_problem) = (Against::Edits, None);
        editing.inactive.clear();
        editing.alone.clear();
        editing.compared = Slot::default();
        editing.sweep = None;
        editing.written.clear();
        editing.writing_note = None;
        editing.branching = None;
        editing.n_to_write = 0;
    }

    /// The worker is gone with its runs: A, where there is one, or else what is on screen stays.
    pub(in crate::state) fn editing_lost_worker(&mut self, effects: &mut Vec<Effect>) {
        if let Some(at) = self.editing.kept.iter().position(|(side, _)| *side == Variant::A) {
            self.shown = Some(*self.editing.kept.swap_remove(at).1);
        }
        self.end_second_worker(effects);
        let editing = &mut self.editing;
        editing.kept.clear();
        editing.variant = Variant::A;
        editing.against = Against::Edits;
        editing.n_to_write = 0;
        // The next model may cut texts in another way.
        editing.cuts.clear();
    }

    /// Ends the worker that holds another model.
    pub(super) fn end_second_worker(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.second_worker != SecondWorker::Absent {
            self.editing.second_worker = SecondWorker::Absent;
            self.forget_asked_of(|holder| matches!(holder, Holder::SecondWorker(_)), effects);
            effects.push(Effect::EndSecondWorker);
        }
    }
}
