//! Why something cannot be estimated, tried or asked, each as a sentence with what to do.

use crate::protocol::{EstimatedPart, OutcomeAsked};
use crate::state::requests::Holder;
use crate::state::{State, Variant};

impl State {
    /// Why no gradient can be asked for.
    fn gradient_problem(&self) -> Option<&'static str> {
        if self.shown.is_none() {
            Some("Run a text first.")
        } else if self.editing.variant == Variant::Difference {
            Some("An estimate is one of a single result: show the original or the other one.")
        } else if !self.can_answer(true) {
            Some("Gradients need the model’s weights: run the text in the model.")
        } else if !self.editing.asked.is_complete() {
            Some("Choose an outcome under “Change”: tokens, a label, or two sentences.")
        } else {
            None
        }
    }

    /// Why parts cannot be estimated.
    pub fn estimates_problem(&self, part: EstimatedPart) -> Option<&'static str> {
        let from = &self.matters.choice.from;
        let is_by_position = matches!(part, EstimatedPart::Positions | EstimatedPart::Links);
        let is_cosine = matches!(self.editing.asked, OutcomeAsked::Cosine { .. });
        self.gradient_problem().or(match from {
            _ if is_cosine && is_by_position => {
                Some("Two sentences have positions of their own: rank heads or neurons, which read both.")
            }
            Some(_) if is_cosine => Some("Nothing can be patched into two sentences at once: choose zeroing."),
            Some(_) if part == EstimatedPart::Links => Some("Links are cut, not patched: choose zeroing."),
            Some(text) if text.trim().is_empty() => Some("Type the other text, of as many tokens."),
            _ => None,
        })
    }

    /// Why estimates that a view shows as colours are not here; nothing while they are on their way.
    pub fn estimates_wanting(&self, part: EstimatedPart) -> Option<String> {
        if self.estimates_of(part).is_some() || self.matters.estimate.is_pending() {
            return None;
        }
        let problem = self.estimates_problem(part).or(self.matters.estimate.problem());
        Some(problem.unwrap_or("Press “Estimate” under “Matters”.").to_owned())
    }

    /// Why the largest estimates cannot be tried.
    pub fn trial_problem(&self) -> Option<&'static str> {
        let is_of_worker = matches!(self.shown.as_ref()?.holder(), Some(Holder::Worker(_)));
        (!is_of_worker).then_some("Only the first model’s results are tried.")
    }

    /// Why saliency cannot be asked for.
    pub fn saliency_problem(&self) -> Option<&'static str> {
        self.gradient_problem()
    }
}
