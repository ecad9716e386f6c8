//! What matters for the outcome: parts of the model ranked by what editing them would do, to first order, the largest and some drawn at
//! random tried exactly, and the tokens that the outcome rests on.
//!
//! Everything belongs to one result, one outcome and one choice: what belongs to another is kept for a while, but not shown.

mod choice;
mod feeds;
mod links;
mod listed;
mod ranking;
mod refusals;
mod saliency;
mod trial;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::requests::{Holder, Purpose, Slot, Waiting};
use super::scales::options::{CellNumber, CellStyle};
use super::scores::N_AUTO_TOKENS;
use super::stream::options::StreamNumber;
use super::{Effect, Looked, State, View};
use crate::protocol::{
    EditingRequest, EstimateAsked, EstimatedPart, EstimatesAnswer, OutcomeAsked, Question, SweepAsked, ToWorker,
};
use crate::trace::AttnKind;

pub use choice::{MattersChoice, Ranked};
pub use feeds::{FeedNumbers, FeedRow};
pub use links::{GraphStack, KeptNumbers, LinkChoice, LinkGraph};
pub use listed::{Listed, ListedPart};
pub use ranking::{Estimates, Part, Ranking};
pub use saliency::{SaliencyNumbers, SaliencyText};
pub use trial::{Trial, Tried};

/// How many of the largest are tried, and as many drawn at random, unless somebody says otherwise.
pub const N_TRIED: usize = 20;

/// The most that are tried.
pub const MAX_TRIED: usize = 500;

/// How many answers are kept.
const N_KEPT: usize = 12;

/// What estimates are about.
type About = (Looked, EstimateAsked);

/// What other numbers about an outcome are about.
type AboutOutcome = (Looked, OutcomeAsked);

/// Estimates, trials and saliency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matters {
    /// What is ranked, and for which edit.
    pub choice: MattersChoice,
    /// The estimates under way, and why there are none.
    pub estimate: Slot<()>,
    found: Vec<(About, Arc<Estimates>)>,
    /// The trial under way.
    pub trying: Slot<()>,
    trials: Vec<(About, Trial)>,
    /// Which tokens the outcome rests on.
    pub saliency: Slot<Arc<SaliencyNumbers>>,
    /// How many links the graph has, and what becomes of the others.
    pub links: LinkChoice,
    /// The outcome with only some links.
    pub kept: Slot<Arc<KeptNumbers>>,
    /// What feeds a head.
    pub feeds: Slot<Arc<FeedNumbers>>,
    /// Whether the map on the stage is that of estimates rather than of a sweep.
    pub is_on_stage: bool,
}

/// Somebody asks what matters.
#[derive(Clone, Debug, PartialEq)]
pub enum MattersEvent {
    /// Rank something else, or for another edit.
    Chosen(MattersChoice),
    /// Estimate what is chosen.
    EstimateAsked,
    /// Try so many of the largest exactly, and as many drawn at random.
    TrialAsked(usize),
    /// Ask which tokens the outcome rests on.
    SaliencyAsked,
    /// Show so many links, or ablate the others in another way.
    LinksChosen(LinkChoice),
    /// Measure the outcome with only the graph's links.
    KeepAsked,
    /// Ask what feeds the selected head.
    FeedsAsked,
    /// Show the map of the estimates in the place of the views, or the views again.
    MapShown(bool),
}

impl State {
    pub(super) fn matters_event(&mut self, event: MattersEvent, effects: &mut Vec<Effect>) {
        if let Some(later) = self.later() {
            (later.matters_event)(self, event, effects);
        }
    }

    pub(super) fn late_matters_event(&mut self, event: MattersEvent, effects: &mut Vec<Effect>) {
        match event {
            MattersEvent::Chosen(choice) => self.matters.choice = choice,
            MattersEvent::EstimateAsked => {
                self.matters.estimate.forgive();
                self.ask_for_estimates(self.matters.choice.ranked.part(), effects);
            }
            MattersEvent::TrialAsked(n) => self.try_parts(n.clamp(1, MAX_TRIED), effects),
            MattersEvent::SaliencyAsked => {
                if self.saliency_problem().is_none() {
                    self.matters.saliency = Slot::default();
                    self.ask(Question::Saliency(self.editing.asked.clone()), effects);
                }
            }
            MattersEvent::LinksChosen(links) => self.matters.links = links,
            MattersEvent::KeepAsked => self.keep_links(effects),
            MattersEvent::FeedsAsked => self.ask_for_feeds(effects),
            MattersEvent::MapShown(is_shown) => {
                (self.editing.is_sweep_shown, self.matters.is_on_stage) = (is_shown, is_shown);
            }
        }
    }

    /// Asks for the estimates that a view on screen shows as colours, of a short text.
    pub(super) fn follow_matters(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let is_quick = shown.info.tokens.len() <= N_AUTO_TOKENS;
        if !is_quick || self.is_busy() || self.awaits_layer() {
            return;
        }
        let (views, map) = (self.views(), &self.scales.map);
        let is_on_map = map.style == CellStyle::Number && map.number == CellNumber::Estimate;
        let is_in_table = self.scales.stream.number == StreamNumber::Estimate;
        let parts = [
            (views.contains(&View::Model) && is_on_map, EstimatedPart::Heads),
            (views.contains(&View::Stream) && is_in_table, EstimatedPart::Positions),
        ];
        for (_, part) in parts.into_iter().filter(|(is_shown, _)| *is_shown) {
            self.ask_for_estimates(part, effects);
        }
    }

    fn ask_for_estimates(&mut self, part: EstimatedPart, effects: &mut Vec<Effect>) {
        if self.estimates_problem(part).is_none() && self.estimates_of(part).is_none() {
            self.ask(Question::Estimate(self.estimate_asked(part)), effects);
        }
    }

    /// What is asked, by the present choice and outcome.
    fn estimate_asked(&self, of: EstimatedPart) -> EstimateAsked {
        let from = self.matters.choice.from.clone();
        EstimateAsked { of, from, outcome: self.editing.asked.clone() }
    }

    /// The estimates of the present result, outcome and choice, where they are here.
    fn estimates_of(&self, part: EstimatedPart) -> Option<&Arc<Estimates>> {
        let about = self.about(self.estimate_asked(part))?;
        self.matters.found.iter().find(|(found, _)| *found == about).map(|(_, estimates)| estimates)
    }

    /// The present result, and what is asked of it. Links are those of all attentions, whichever is on screen.
    fn about(&self, asked: EstimateAsked) -> Option<About> {
        let looked = self.shown.as_ref()?.looked();
        let kind = if asked.of == EstimatedPart::Links { AttnKind::ONLY } else { looked.kind };
        Some((Looked { kind, ..looked }, asked))
    }

    /// The present result and outcome.
    fn about_outcome(&self) -> Option<AboutOutcome> {
        Some((self.shown.as_ref()?.looked(), self.editing.asked.clone()))
    }

    /// What is chosen, ranked; nothing before it is estimated.
    pub fn ranking(&self) -> Option<&Ranking> {
        let ranked = self.matters.choice.ranked;
        self.estimates_of(ranked.part())?.ranking(ranked)
    }

    /// Whether what is chosen is estimated and has a map, or a graph.
    pub fn has_matters_map(&self) -> bool {
        let ranked = self.matters.choice.ranked;
        (ranked == Ranked::Links || ranked.map_by_position().is_some()) && self.ranking().is_some()
    }

    /// Whether the graph of links stands on the stage.
    pub fn shows_link_graph(&self) -> bool {
        self.matters.is_on_stage && self.matters.choice.ranked == Ranked::Links && self.shows_sweep()
    }

    /// The heads with their estimates, for the colours of a view.
    pub fn estimated_heads(&self) -> Option<&Ranking> {
        self.estimates_of(EstimatedPart::Heads)?.ranking(Ranked::Heads)
    }

    /// What the stream view's estimates are of: the outputs that are ranked, else the stream itself.
    pub fn ranked_cells(&self) -> Ranked {
        match self.matters.choice.ranked {
            ranked @ (Ranked::AttnOutputs | Ranked::MlpOutputs) => ranked,
            _ => Ranked::Stream,
        }
    }

    /// The estimated effect of a cell of the stream view, at a layer and a position.
    pub fn estimated_cell(&self, layer: usize, position: usize) -> Option<f32> {
        self.estimates_of(EstimatedPart::Positions)?.ranking(self.ranked_cells())?.at(layer, position)
    }

    /// The sum of the selected heads' estimated effects at each position, where that is ranked and estimated; else nothing.
    pub fn estimated_tokens(&self) -> Vec<f32> {
        let Some(ranking) = self.ranking().filter(|ranking| ranking.ranked == Ranked::HeadPositions) else {
            return Vec::new();
        };
        let mut sums = Vec::new();
        for values in
            self.selection.heads.iter().filter_map(|head| ranking.head_at_positions(self.selection.layer, *head))
        {
            sums.resize(values.len(), 0.0);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        sums
    }

    /// The estimated effects of the selected head's query and key neurons, where these are ranked and estimated.
    pub fn estimated_neurons(&self) -> Option<[&[f32]; 2]> {
        let ranking = self.ranking().filter(|ranking| ranking.ranked == Ranked::HeadNeurons)?;
        let (layer, head) = (self.selection.layer, self.selection.head());
        let spec = self.shown.as_ref()?.stack_spec();
        let key_head = head / (spec.n_heads / spec.n_key_value_heads.max(1)).max(1);
        Some([ranking.neurons_of(layer, head, false)?, ranking.neurons_of(layer, key_head, true)?])
    }

    /// Takes estimates.
    pub(super) fn estimates_came(&mut self, asked: EstimateAsked, answer: EstimatesAnswer, buffers: Vec<Vec<f32>>) {
        let purpose = Purpose::Question(Question::Estimate(asked.clone()));
        let part = asked.of;
        let (Some(about), Some(shown)) = (self.about(asked), &self.shown) else { return };
        let n_encoder = shown.spec.encoder.as_ref().map(|encoder| encoder.n_layers);
        match Estimates::new(part, answer, buffers, n_encoder) {
            Some(estimates) => {
                let found = &mut self.matters.found;
                found.push((about, Arc::new(estimates)));
                found.drain(..found.len().saturating_sub(N_KEPT));
                self.matters.estimate.settle(&purpose);
            }
            None => {
                let problem = "The estimates arrived in an unexpected shape.".to_owned();
                self.matters.estimate.give_up(&purpose, Some(problem));
            }
        }
    }

    /// Tries the largest parts and some drawn ones, each edit by itself.
    fn try_parts(&mut self, n: usize, effects: &mut Vec<Effect>) {
        let (Some(ranking), None) = (self.ranking(), self.trial_problem()) else { return };
        let (Some(shown), Some(base)) = (&self.shown, self.run_on_screen()) else { return };
        let asked = self.estimate_asked(ranking.ranked.part());
        let trial = Trial::new(ranking, n);
        let edit = |index: &usize| {
            let mut edit = ranking.part(*index).edit(asked.from.as_deref())?;
            shown.place(&mut edit);
            Some(edit)
        };
        let Some(tried) = trial.parts().map(edit).collect::<Option<Vec<_>>>() else { return };
        let Some(about) = self.about(asked) else { return };
        let edits = self.edits_on_screen();
        self.withdraw_slot(&Purpose::Trial, effects);
        let ranked = trial.ranked;
        self.matters.trials.retain(|(of, other)| (of, other.ranked) != (&about, ranked));
        self.matters.trials.push((about, trial));
        let n_trials = self.matters.trials.len();
        self.matters.trials.drain(..n_trials.saturating_sub(N_KEPT));
        let request = self.request();
        self.note_asked(Purpose::Trial, vec![(request, Holder::Worker(base))]);
        let (what, outcome) = (SweepAsked::Each(tried), self.editing.asked.clone());
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Sweep { request, base, edits, what, outcome })));
    }

    /// What was tried of the present ranking.
    pub fn trial(&self) -> Option<&Trial> {
        let ranked = self.matters.choice.ranked;
        let about = self.about(self.estimate_asked(ranked.part()))?;
        let (_, trial) = self.matters.trials.iter().find(|(of, trial)| *of == about && trial.ranked == ranked)?;
        Some(trial)
    }
}

impl Matters {
    /// An edit of the trial under way was tried.
    pub(super) fn tried(&mut self, place: usize, outcome: Option<f32>) {
        if let Some((_, trial)) = self.trials.last_mut() {
            trial.take(place, outcome);
        }
    }

    /// How many of the edits under way are tried, of all.
    pub(super) fn trial_progress(&self) -> Option<(usize, usize)> {
        self.trials.last().map(|(_, trial)| trial.progress())
    }
}
