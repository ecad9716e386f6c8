//! What is under way, in one place: what it is, how far it is, and how to stop it, whatever panel asked for it.

use super::{Task, WorkerPhase};
use crate::protocol::{RequestId, Stage};
use crate::state::more_models::Lookup;
use crate::state::requests::Purpose;
use crate::state::{Effect, Progress, State, wording};

/// Something that takes a while.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWay {
    /// What it is and how far: "Downloading 3.2 of 90.9 MB".
    pub text: String,
    /// The part that is done, 0 to 1, where it is known.
    pub fraction: Option<f64>,
    /// Whether it can be stopped.
    pub can_stop: bool,
    /// Tells one from the next, so that a pace is that of one.
    pub id: (u8, RequestId),
}

/// Numbers of [`UnderWay::id`], by what takes the while.
const TASK: u8 = 0;
const GENERATION: u8 = 1;
const LEDGER: u8 = 2;
const SECOND: u8 = 3;
const OTHER: u8 = 4;
/// Of value zeroing.
pub(in crate::state) const ZEROING: u8 = 7;
/// Of a search; the next number is that of one that rests.
pub(in crate::state) const FIND: u8 = 5;

impl State {
    /// What takes a while now: what somebody asked for first, then what the page asks by itself.
    pub fn under_way(&self) -> Option<UnderWay> {
        let Some(text) = wording::work(self) else {
            return self.zeroing_under_way().or_else(|| self.search_under_way());
        };
        let (fraction, id) = match (&self.work.request, self.requests.long_request(), self.second_request()) {
            (Some(work), ..) if work.task == Task::Write => (self.written_part(), (GENERATION, 0)),
            (Some(work), ..) => (part(work.progress), (TASK, work.request)),
            (None, Some(request), _) => (part(self.requests.long_progress()), (LEDGER, request)),
            (None, None, Some(request)) => (part(self.second_progress()), (SECOND, request)),
            (None, None, None) => (None, (OTHER, 0)),
        };
        let is_stopping = self.work.request.as_ref().is_some_and(|work| work.is_cancelling);
        Some(UnderWay { text, fraction, can_stop: self.can_stop() && !is_stopping, id })
    }

    /// Whether something is under way that [`super::WorkEvent::CancelAsked`] stops.
    pub fn can_stop(&self) -> bool {
        let is_looking_up = matches!(self.more.lookup, Lookup::Asking { .. });
        let is_starting = self.work.worker == WorkerPhase::Starting;
        let is_opening = self.traces.opening.is_some();
        self.is_busy()
            || self.second_model_status().is_some()
            || is_looking_up
            || is_starting
            || is_opening
            || self.find.is_under_way()
            || self.requests.zeroing().is_some()
    }

    /// Stops what is under way where that is not the model's work: the other model, a look-up, a trace that is being opened.
    pub(super) fn stop_others(&mut self, effects: &mut Vec<Effect>) {
        if self.withdraw_long(effects) {
            return;
        }
        if self.second_model_status().is_some() {
            self.second_worker_failed("Stopped before the other model was loaded.".to_owned(), effects);
        } else if self.traces.opening.take().is_some() {
            self.linking.give_up();
        } else if matches!(self.more.lookup, Lookup::Asking { .. }) {
            self.more.lookup = Lookup::None;
        } else if !self.stop_zeroing(effects)
            && let Some(later) = self.later()
        {
            (later.stop_search)(self, "stopped", effects);
        }
    }

    /// How far generation is, of the tokens that were asked for.
    fn written_part(&self) -> Option<f64> {
        let (done, wanted) = self.generated()?;
        Some(f64::from(done) / f64::from(wanted.max(1)))
    }

    /// How many tokens of how many have been generated.
    pub fn generated(&self) -> Option<(u32, u32)> {
        let wanted = self.editing.n_asked;
        // One is on its way.
        (wanted > 1).then(|| (wanted.saturating_sub(self.editing.n_to_write + 1), wanted))
    }

    fn second_request(&self) -> Option<RequestId> {
        self.requests.number_of(self.editing.second_asked.pending()?)
    }

    /// How far the other model is, loading or running.
    pub(in crate::state) fn second_progress(&self) -> Option<Progress> {
        self.requests.progress_of(self.editing.second_asked.pending()?)
    }

    /// What the status line says of the other model.
    pub(in crate::state) fn second_work(&self) -> Option<String> {
        let status = self.second_model_status()?;
        let name = match self.editing.against {
            crate::state::editing::Against::Model(model) => self.models.get(model).map(|entry| entry.name.as_str()),
            _ => None,
        };
        let name = name.unwrap_or("The other model");
        Some(match (self.editing.second_asked.pending(), self.second_progress()) {
            (Some(Purpose::RunSecond(_)), Some(at)) => {
                format!("{name}, to compare: {}", wording::lower_first(&wording::progress(&at)))
            }
            (_, Some(at)) => format!("{name}: {}", wording::lower_first(&wording::progress(&at))),
            (_, None) => status.to_owned(),
        })
    }
}

fn part(progress: Option<Progress>) -> Option<f64> {
    // Sizes may still be unknown.
    progress.filter(|at| at.total > 0 || at.stage == Stage::Run).map(|at| at.fraction())
}
