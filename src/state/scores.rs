//! What is known of every head of the model at once: its scores, and how much it reads between the chosen tokens.
//!
//! Both belong to one result. Scores of short inputs are asked for at once, those of long ones when somebody wants them.

use std::collections::BTreeSet;
use std::sync::Arc;

pub use super::seeds::SeedScores;

use super::editing::Variant;
use super::requests::{Purpose, Slot};
use super::{Effect, Looked, State};
use crate::protocol::Question;

/// Up to so many tokens, scores of all heads are made without being asked for.
pub const N_AUTO_TOKENS: usize = 160;

/// Scores and weights of every head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreStore {
    /// The result that all of this belongs to.
    result: Option<Looked>,
    /// [2, n_layers, n_heads, n_scores] as `protocol::Question::Scores` says.
    pub table: Slot<Arc<[f32]>>,
    /// The same over blocks of several seeds, where somebody asked for it.
    pub seeds: Slot<SeedScores>,
    /// Whether the scores over several seeds are shown instead.
    pub shows_seeds: bool,
    /// What heads read between the chosen tokens.
    pub link: Slot<LinkWeights>,
}

/// Somebody wants scores of all heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreEvent {
    /// Score every head, however long it takes.
    Asked,
    /// Score every head on random blocks of several seeds.
    SeedsAsked,
    /// Show the scores of this block alone again.
    SeedsLeft,
}

/// The chosen tokens of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Positions that read.
    pub queries: Vec<u32>,
    /// Positions that are read.
    pub keys: Vec<u32>,
}

/// How much every head reads from some tokens at others.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkWeights {
    /// The tokens between which the heads read.
    pub ends: Ends,
    /// [n_layers, n_heads]
    pub weights: Arc<[f32]>,
}

impl ScoreStore {
    /// The scores on screen [2, n_layers, n_heads, n_scores]: of this input, or the mean over several seeds.
    pub fn shown(&self) -> Option<&[f32]> {
        match self.seeds.value() {
            Some(seeds) if self.shows_seeds => Some(&seeds.mean),
            _ => self.table.value().map(|table| &**table),
        }
    }

    /// The standard deviation over the seeds, where the mean over seeds is on screen.
    pub fn shown_deviation(&self) -> Option<&[f32]> {
        self.seeds.value().filter(|_| self.shows_seeds).map(|seeds| &*seeds.deviation)
    }

    pub(super) fn take_weights(&mut self, purpose: Purpose, (queries, keys): (Vec<u32>, Vec<u32>), weights: Vec<f32>) {
        self.link.fill(purpose, LinkWeights { ends: Ends { queries, keys }, weights: weights.into() });
    }
}

impl State {
    /// Asks for the scores and weights that are wanted and not known yet.
    pub(super) fn follow_scores(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        if self.scores.result != Some(shown.looked()) {
            self.scores = ScoreStore { result: Some(shown.looked()), ..ScoreStore::default() };
        }
        // First what is drawn.
        if self.awaits_layer() {
            return;
        }
        let is_quick = shown.shape().n_query.max(shown.shape().n_key) <= N_AUTO_TOKENS;
        if is_quick {
            self.ask_for_scores(effects);
        }
        self.ask_for_weights(effects);
    }

    pub(super) fn score_event(&mut self, event: ScoreEvent, effects: &mut Vec<Effect>) {
        match event {
            ScoreEvent::Asked => {
                self.scores.table.forgive();
                self.ask_for_scores(effects);
            }
            ScoreEvent::SeedsAsked => self.ask_for_seeds(effects),
            ScoreEvent::SeedsLeft => self.scores.shows_seeds = false,
        }
    }

    fn ask_for_scores(&mut self, effects: &mut Vec<Effect>) {
        let n_block = self.n_block_on_screen();
        self.ask(Question::Scores { n_block }, effects);
    }

    /// The length of the block that the input repeats; `None` for any other text, and for a change between inputs of which only one
    /// repeats a block of that length.
    fn n_block_on_screen(&self) -> Option<u32> {
        let length = |side| self.result(side).and_then(|shown| shown.input.text.n_block());
        match self.editing.variant {
            Variant::Difference => length(Variant::A).filter(|n_block| length(Variant::B) == Some(*n_block)),
            side => length(side),
        }
    }

    /// Asks what heads read between the chosen tokens, where both sides have some.
    fn ask_for_weights(&mut self, effects: &mut Vec<Effect>) {
        let list = |positions: &BTreeSet<usize>| positions.iter().map(|&at| at as u32).collect::<Vec<u32>>();
        let (queries, keys) = (list(&self.selection.queries), list(&self.selection.keys));
        let question = Question::HeadWeights { queries: queries.clone(), keys: keys.clone() };
        if queries.is_empty() || keys.is_empty() {
            self.withdraw_slot(&Purpose::Question(question), effects);
            self.scores.link.clear();
        } else {
            self.ask(question, effects);
        }
    }
}
