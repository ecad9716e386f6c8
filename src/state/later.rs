//! The part of the reducer that a page may fetch after itself: what happens only with a model, with edits, or with answers to what is
//! opened later.
//!
//! A program in one piece has it from the start. A page in parts hands it to the state once it has come ([`State::complete`]); until then
//! the page keeps the events that need it ([`Event::needs_later`]) and dispatches them afterwards, in their order.

use std::fmt;

use super::editing::EditEvent;
use super::editing::offers::{Menu, Target};
use super::entry::EntryEvent;
use super::find::FindEvent;
use super::link::Link;
use super::matters::MattersEvent;
use super::more_models::MoreEvent;
use super::requests::{Asked, Reply};
use super::work::{WorkEvent, WorkerEvent};
use super::{Effect, Event, PaneEvent, RUNS_MODELS, State, TraceEvent};
use crate::protocol::{Answer, FromWorker, Report, RequestId};
use crate::trace::file::Saved;

/// Reducers and readers of the state, each reached through this table alone.
pub struct Reducers {
    pub(super) begin: fn(&mut State, &mut Vec<Effect>),
    pub(super) deliver: fn(&mut State, RequestId, Asked, Vec<Reply>, &mut Vec<Effect>),
    pub(super) edit_again: fn(&mut State, &mut Vec<Effect>),
    pub(super) edit_event: fn(&mut State, EditEvent, &mut Vec<Effect>),
    pub(super) edit_menu: fn(&State, &Target) -> Menu,
    pub(super) entry_event: fn(&mut State, EntryEvent, &mut Vec<Effect>),
    pub(super) follow_matters: fn(&mut State, &mut Vec<Effect>),
    pub(super) find_event: fn(&mut State, FindEvent, &mut Vec<Effect>),
    pub(super) find_lost_worker: fn(&mut State),
    pub(super) follow_find: fn(&mut State, &mut Vec<Effect>),
    pub(super) follow_link: fn(&mut State, bool, &mut Vec<Effect>) -> bool,
    pub(super) has_matters_map: fn(&State) -> bool,
    pub(super) matters_event: fn(&mut State, MattersEvent, &mut Vec<Effect>),
    pub(super) more_event: fn(&mut State, MoreEvent, &mut Vec<Effect>),
    pub(super) stop_search: fn(&mut State, &str, &mut Vec<Effect>) -> bool,
    pub(super) save: fn(&mut State, Saved, bool, &mut Vec<Effect>),
    pub(super) task_ended: fn(&mut State, RequestId, Option<Report>, &mut Vec<Effect>),
    pub(super) work_event: fn(&mut State, WorkEvent, &mut Vec<Effect>),
    pub(super) worker_event: fn(&mut State, WorkerEvent, &mut Vec<Effect>),
    pub(super) write_link: fn(&Link) -> String,
}

/// The table. A program in parts names it in a later part only.
pub static REDUCERS: Reducers = Reducers {
    begin: if RUNS_MODELS { State::begin } else { |_, _| () },
    deliver: State::deliver,
    edit_again: if RUNS_MODELS { State::run_edits_again } else { |_, _| () },
    edit_event: if RUNS_MODELS { State::late_edit_event } else { |_, _, _| () },
    edit_menu: if RUNS_MODELS { State::edits_for } else { |_, _| Menu::default() },
    entry_event: if RUNS_MODELS { State::late_entry_event } else { |_, _, _| () },
    follow_matters: if RUNS_MODELS { State::follow_matters } else { |_, _| () },
    find_event: if RUNS_MODELS { State::late_find_event } else { |_, _, _| () },
    find_lost_worker: if RUNS_MODELS { State::find_lost_worker } else { |_| () },
    follow_find: if RUNS_MODELS { State::follow_find } else { |_, _| () },
    follow_link: if RUNS_MODELS { State::follow_link } else { |_, _, _| false },
    has_matters_map: if RUNS_MODELS { State::has_matters_map } else { |_| false },
    matters_event: if RUNS_MODELS { State::late_matters_event } else { |_, _, _| () },
    more_event: if RUNS_MODELS { State::late_more_event } else { |_, _, _| () },
    save: State::save,
    stop_search: if RUNS_MODELS { State::stop_search } else { |_, _, _| false },
    task_ended: if RUNS_MODELS { State::task_ended } else { |_, _, _, _| () },
    work_event: if RUNS_MODELS { State::late_work_event } else { |_, _, _| () },
    worker_event: if RUNS_MODELS { State::model_said } else { |_, _, _| () },
    write_link: Link::write,
};

/// Whether the later part is here; it is code, so states differ in it no more than programs do.
#[derive(Clone, Copy)]
pub(super) struct Later(Option<&'static Reducers>);

impl Default for Later {
    fn default() -> Self {
        Self(if cfg!(feature = "split") { None } else { Some(&REDUCERS) })
    }
}

impl PartialEq for Later {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "here" } else { "coming" })
    }
}

impl State {
    /// Hands over the later part of the reducer.
    pub fn complete(&mut self, reducers: &'static Reducers) {
        self.later = Later(Some(reducers));
    }

    /// Whether nothing of the reducer is still to come.
    pub fn is_complete(&self) -> bool {
        self.later.0.is_some()
    }

    /// The later part. Where it is not here, nothing has happened yet that needs it.
    pub(super) fn later(&self) -> Option<&'static Reducers> {
        self.later.0
    }
}

impl Event {
    /// Whether the event waits for the later part of the reducer.
    pub fn needs_later(&self) -> bool {
        match self {
            Self::Editing(_)
            | Self::Matters(_)
            | Self::Find(_)
            | Self::Entry(EntryEvent::TypingRested(_) | EntryEvent::ExamplePicked(_))
            | Self::Work(_)
            | Self::Trace(TraceEvent::SaveAsked { .. }) => true,
            Self::More(event) => !matches!(event, MoreEvent::BaseKept(_)),
            Self::Worker(WorkerEvent::Said(reply, _)) => match reply {
                FromWorker::Answered { answer, .. } => {
                    !matches!(answer, Answer::Patterns { .. } | Answer::Thumbnails { .. })
                }
                FromWorker::Cancelled { .. } | FromWorker::Failed { .. } => false,
                _ => true,
            },
            Self::Worker(_) => true,
            Self::Pane(PaneEvent::Within(event)) => event.needs_later(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::editing::Variant;
    use crate::state::tests::CATALOGUE;
    use crate::state::{SelectionEvent, StartEvent, Theme};

    /// What began without the later part goes on once it is here: an example that could not be shown is run.
    #[test]
    fn a_page_begins_once_the_later_part_is_here() {
        let mut state = State { later: Later(None), ..State::new("http://h/".to_owned(), Theme::System) };
        let mut started = |event| state.update(Event::Start(event)).contains(&Effect::StartWorker);
        assert!(!started(StartEvent::Opened));
        assert!(!started(StartEvent::FirstCame(Err("no reader".to_owned()))));
        assert!(!started(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
        assert!(!state.models.is_empty() && !state.is_complete());
        state.complete(&REDUCERS);
        assert!(state.update(Event::Start(StartEvent::Completed)).contains(&Effect::StartWorker));
    }

    /// What the page does before the later part is here must not need it: a trace is shown, looked through and answered for.
    #[test]
    fn what_edits_or_needs_a_model_waits_and_what_the_first_figures_need_does_not() {
        let said = |reply| Event::Worker(WorkerEvent::Said(reply, Vec::new()));
        let answered = |answer| said(FromWorker::Answered { request: 1, run: 0, answer });
        let patterns = Answer::Patterns { layer: 0, heads: vec![0], n_query: 1, n_key: 1 };
        let thumbnails = Answer::Thumbnails { layer: 0, n_rows: 1, n_columns: 1, heads: Vec::new() };
        for early in [
            answered(patterns),
            answered(thumbnails),
            said(FromWorker::Cancelled { request: 1 }),
            Event::Start(StartEvent::Opened),
            Event::Start(StartEvent::CatalogueCame(Ok(String::new()))),
            Event::Select(SelectionEvent::LayerStepped(1)),
            Event::More(MoreEvent::BaseKept(String::new())),
        ] {
            assert!(!early.needs_later(), "{early:?}");
            assert!(!Event::Pane(PaneEvent::Within(Box::new(early))).needs_later());
        }
        for late in [
            answered(Answer::Losses),
            said(FromWorker::Ready { version: 1, threads: 1 }),
            Event::Worker(WorkerEvent::Broke(String::new())),
            Event::Editing(EditEvent::VariantPicked(Variant::B)),
            Event::More(MoreEvent::LookUpAsked),
            Event::Work(WorkEvent::RunAsked),
        ] {
            assert!(late.needs_later(), "{late:?}");
            assert!(Event::Pane(PaneEvent::Within(Box::new(late))).needs_later());
        }
    }
}
