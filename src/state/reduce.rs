//! The reducer: hands each event to the part of the state that it concerns, then asks for what is missing and writes the address.

use super::State;
use super::event::{Effect, Event};
use super::home::RUNS_MODELS;

impl State {
    /// Changes the state; returns what to do in the browser, in order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let (view, is_passing) = (self.selection.view, event.is_passing());
        let mut effects = Vec::new();
        if RUNS_MODELS || !event.is_about_models() {
            self.handle(event, &mut effects);
        }
        self.withdraw_stale(&mut effects);
        self.follow_scales(&mut effects);
        self.follow_scores(&mut effects);
        self.follow_stream(&mut effects);
        self.follow_quantities(&mut effects);
        self.follow_readings(&mut effects);
        if let Some(later) = self.later() {
            (later.follow_matters)(self, &mut effects);
        }
        self.follow_pane(&mut effects);
        if let Some(later) = self.later() {
            (later.follow_find)(self, &mut effects);
        }
        if !is_passing {
            self.write_link(self.selection.view != view, &mut effects);
        }
        effects
    }

    pub(super) fn handle(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Start(event) => self.start_event(event, effects),
            Event::Work(event) => self.work_event(event, effects),
            Event::Worker(event) => self.worker_event(event, effects),
            Event::Entry(event) => self.entry_event(event, effects),
            Event::Select(event) => self.selection_event(event, effects),
            Event::View(event) => self.view_event(event, effects),
            Event::Link(event) => self.link_event(event, effects),
            Event::Scores(event) => self.score_event(event, effects),
            Event::Stream(event) => self.stream_event(event, effects),
            Event::Matters(event) => self.matters_event(event, effects),
            Event::PositionPicked(position) => self.position_picked(position, effects),
            Event::Editing(event) => self.edit_event(event, effects),
            Event::Find(event) => self.find_event(event, effects),
            Event::Trace(event) => self.trace_event(event, effects),
            Event::More(event) => self.more_event(event, effects),
            Event::Pane(event) => self.pane_event(event, effects),
            Event::NoticeDismissed => self.notices.dismiss(),
        }
    }
}
