//! Examples of the gallery: run them, and look at what they are about.

use super::stream::options::StreamNumber;
use super::{Effect, InspectorTab, LayoutChange, MattersChoice, RUNS_MODELS, Shown, State, View, ViewEvent};
use crate::gallery::{EXAMPLES, Example};
use crate::protocol::OutcomeAsked;

impl State {
    /// The example on screen or on its way, until something else is typed or run.
    pub fn example(&self) -> Option<&'static Example> {
        EXAMPLES.get(self.entry.example.filter(|_| RUNS_MODELS)?)
    }

    /// Runs an example, unless it is on screen already, and looks at what it is about.
    pub(super) fn example_picked(&mut self, index: usize, effects: &mut Vec<Effect>) {
        let Some(example) = EXAMPLES.get(index) else { return };
        // Who asks for an example wants to know what it shows.
        self.view_event(ViewEvent::LayoutChanged(LayoutChange::Caption(true)), effects);
        let input = example.text.input();
        self.fill_in(&input);
        (self.entry.example, self.entry.looks_at_example) = (Some(index), true);
        if let Some(model) = self.models.iter().position(|entry| entry.id == example.model)
            && model != self.picked_model
        {
            self.picked_model = model;
            self.work.n_stops = 0;
            self.end_worker(effects);
        }
        let is_shown = self.shown.as_ref().is_some_and(|shown| {
            shown.input == input && self.picked().is_none_or(|entry| entry.name == shown.model_name)
        });
        if is_shown {
            self.look_at_example(effects);
            if example.outcome.is_some() {
                self.compare(effects);
            }
        } else {
            self.run(false, effects);
        }
    }

    /// Looks at what an example is about that was just picked, if the result on screen is its.
    pub(super) fn look_at_example(&mut self, effects: &mut Vec<Effect>) {
        if !self.entry.looks_at_example {
            return;
        }
        let Some(example) = self.example() else { return };
        let Some(shown) = self.shown.as_ref().filter(|shown| shown.input == example.text.input()) else { return };
        let shape = Shown::shape(shown);
        self.entry.looks_at_example = false;
        let selection = &mut self.selection;
        selection.clear_tokens();
        (selection.layer, selection.heads) = (example.layer, [example.head].into());
        selection.queries = example.queries.iter().copied().collect();
        selection.keys = example.keys.iter().copied().collect();
        selection.clamp(&shape);
        if let Some(token) = example.in_stream {
            selection.view = View::Stream;
            self.stream.row = Some(selection.layer);
            let stream = &mut self.scales.stream;
            (stream.number, stream.token) = (StreamNumber::TokenRank, token.to_owned());
        }
        if let Some(from) = example.patched_from {
            self.matters.choice = MattersChoice { from: Some(from.to_owned()), ..MattersChoice::default() };
            self.layout.apply(LayoutChange::Tab(InspectorTab::Matters));
        }
        if let Some((answer, other)) = example.outcome {
            self.take_outcome(OutcomeAsked::tokens(answer, other));
        }
        self.follow_layer(effects);
    }

    /// Notes that the fields or the picked model no longer belong to an example.
    pub(super) fn leave_example(&mut self) {
        let is_its = |example: &Example| {
            let is_its_model = self.picked().is_none_or(|entry| entry.id == example.model);
            is_its_model && self.input(false).is_ok_and(|input| input == example.text.input())
        };
        if !self.example().is_some_and(is_its) {
            self.entry.example = None;
        }
    }
}
