//! What is known of every head of the model at once: its scores, and how much it reads between the chosen tokens.
//!
//! Both belong to one result. Scores are asked for by themselves where that takes no time to speak of, else when somebody
//! wants them. Imports `protocol`.

use std::sync::Arc;

pub use super::seeds::SeedScores;

use super::{Effect, Looked, State};
use crate::protocol::{Question, Report, RequestId};

/// Up to so many tokens, scores of all heads are made without being asked for.
pub const N_AUTO_TOKENS: usize = 160;

/// Scores and weights of every head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreStore {
    /// Which result this is of.
    of: Option<Looked>,
    /// [2, n_layers, n_heads, n_scores] as `protocol::Question::Scores` says, once they came.
    pub table: Option<Arc<[f32]>>,
    /// The question under way.
    asked: Option<RequestId>,
    /// Why there are none.
    pub problem: Option<String>,
    /// The same over blocks of several seeds, once it came.
    pub seeds: Option<SeedScores>,
    /// Whether that is shown instead.
    pub shows_seeds: bool,
    /// What heads read between the chosen tokens, once it came.
    pub link: Option<LinkWeights>,
    link_asked: Option<(RequestId, Ends)>,
}

/// The chosen tokens of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Who reads.
    pub queries: Vec<u32>,
    /// Who is read.
    pub keys: Vec<u32>,
}

/// How much every head reads between some tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkWeights {
    /// Between which.
    pub ends: Ends,
    /// [n_layers, n_heads]
    pub weights: Arc<[f32]>,
}

impl ScoreStore {
    /// The scores to show [2, n_layers, n_heads, n_scores]: of this input, or over several seeds.
    pub fn shown(&self) -> Option<&[f32]> {
        match &self.seeds {
            Some(seeds) if self.shows_seeds => Some(&seeds.mean),
            _ => self.table.as_deref(),
        }
    }

    /// How far they spread over the seeds, where that is what is shown.
    pub fn shown_deviation(&self) -> Option<&[f32]> {
        self.seeds.as_ref().filter(|_| self.shows_seeds).map(|seeds| &*seeds.deviation)
    }

    /// Whether an answer is on its way.
    pub fn is_under_way(&self) -> bool {
        self.asked.is_some()
    }

    /// No answer will come any more.
    pub fn forget_requests(&mut self) {
        self.asked = None;
        self.link_asked = None;
    }

    /// Takes scores that were waited for.
    pub fn scores_came(&mut self, request: RequestId, values: Vec<f32>) {
        if self.asked.take_if(|asked| *asked == request).is_some() {
            self.table = Some(values.into());
        }
    }

    /// Takes weights that were waited for.
    pub fn weights_came(&mut self, request: RequestId, values: Vec<f32>) {
        if let Some((_, ends)) = self.link_asked.take_if(|(asked, _)| *asked == request) {
            self.link = Some(LinkWeights { ends, weights: values.into() });
        }
    }

    /// A question ended without an answer. Says whether it was one of these.
    pub fn ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let was_link = self.link_asked.take_if(|(asked, _)| *asked == request).is_some();
        let was_scores = self.asked.take_if(|asked| *asked == request).is_some();
        if was_scores {
            self.problem = report.map(|report| super::wording::sentence(&report.message));
        }
        was_link || was_scores
    }
}

impl State {
    /// Asks for the scores and weights that can be had and are not there.
    pub(super) fn follow_scores(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        if self.scores.of != Some(shown.looked()) {
            self.scores = ScoreStore { of: Some(shown.looked()), ..ScoreStore::default() };
        }
        // First what is drawn.
        if self.awaits_layer() {
            return;
        }
        let is_quick = shown.shape().n_query.max(shown.shape().n_key) <= N_AUTO_TOKENS;
        if is_quick && self.scores.problem.is_none() {
            self.ask_for_scores(effects);
        }
        self.ask_for_weights(effects);
    }

    /// Asks for the scores of all heads, unless they are there or on their way.
    pub(super) fn ask_for_scores(&mut self, effects: &mut Vec<Effect>) {
        if self.scores.table.is_some() || self.scores.asked.is_some() {
            return;
        }
        let n_block = self.shown.as_ref().and_then(|shown| shown.input.text.n_block());
        self.scores.problem = None;
        self.scores.asked = self.ask(Question::Scores { n_block }, effects);
    }

    /// Asks what heads read between the chosen tokens, where both sides have some.
    fn ask_for_weights(&mut self, effects: &mut Vec<Effect>) {
        let list = |positions: &std::collections::BTreeSet<usize>| positions.iter().map(|&at| at as u32).collect();
        let ends = Ends { queries: list(&self.selection.queries), keys: list(&self.selection.keys) };
        if ends.queries.is_empty() || ends.keys.is_empty() {
            self.scores.link = None;
            return;
        }
        let is_here = self.scores.link.as_ref().is_some_and(|link| link.ends == ends);
        let is_asked = self.scores.link_asked.as_ref().is_some_and(|(_, asked)| *asked == ends);
        if is_here || is_asked {
            return;
        }
        let question = Question::HeadWeights { queries: ends.queries.clone(), keys: ends.keys.clone() };
        if let Some(request) = self.ask(question, effects) {
            self.scores.link_asked = Some((request, ends));
        }
    }
}
