//! What feeds a head: paths from heads and MLPs below through its query, key and value.

use std::sync::Arc;

use super::AboutOutcome;
use crate::protocol::{FEED_WIDTH, FeedsAsked, OutcomeAsked, Question};
use crate::state::requests::{Purpose, Waiting};
use crate::state::{Effect, Shown, State};

/// How many paths through each of query, key and value are tried exactly.
const N_TRIED: u32 = 5;

/// A path from a head or an MLP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeedRow {
    /// Through the query, the key or the value: 0, 1 or 2.
    pub through: usize,
    /// The layer of what feeds.
    pub layer: usize,
    /// The head; none for the MLP.
    pub head: Option<usize>,
    /// M without the path minus M, to first order.
    pub estimate: f32,
    /// The same exactly, where it was tried.
    pub exact: Option<f32>,
}

/// All paths to a head.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedNumbers {
    about: AboutOutcome,
    /// The head.
    pub place: (usize, usize),
    /// What embeddings and biases feed query, key and value, estimated.
    pub rest: [f32; 3],
    /// The paths, the largest first.
    pub rows: Vec<FeedRow>,
}

impl State {
    /// Why it cannot be asked what feeds the selected head.
    pub fn feeds_problem(&self) -> Option<&'static str> {
        let is_lowest = "Layer 0 reads embeddings: no head or MLP stands below it.";
        let one_text = "What feeds a head is about one text: choose tokens or a label as the outcome.";
        let two_stacks = "What feeds a head is traced in models of one stack: paths between an encoder and a decoder go through two streams.";
        let has_encoder = self.shown.as_ref().is_some_and(|shown| shown.spec.encoder.is_some());
        let is_cosine = matches!(self.editing.asked, OutcomeAsked::Cosine { .. });
        let problem = self.saliency_problem().or((self.selection.layer == 0).then_some(is_lowest));
        has_encoder.then_some(two_stacks).or(problem).or(is_cosine.then_some(one_text))
    }

    pub(super) fn ask_for_feeds(&mut self, effects: &mut Vec<Effect>) {
        if self.feeds_problem().is_none() {
            let (layer, head) = (self.selection.layer as u32, self.selection.head() as u32);
            self.matters.feeds.forgive();
            let outcome = self.editing.asked.clone();
            self.ask(Question::Feeds(FeedsAsked { layer, head, n_tried: N_TRIED, outcome }), effects);
        }
    }

    /// What feeds the selected head, for the present result and outcome.
    pub fn feeds(&self) -> Option<&Arc<FeedNumbers>> {
        let about = self.about_outcome()?;
        let place = (self.selection.layer, self.selection.head());
        self.matters.feeds.value().filter(|feeds| feeds.about == about && feeds.place == place)
    }

    pub(in crate::state) fn feeds_came(&mut self, asked: FeedsAsked, buffers: &[Vec<f32>]) {
        let Some(looked) = self.shown.as_ref().map(Shown::looked) else { return };
        let (about, place) = ((looked, asked.outcome.clone()), (asked.layer as usize, asked.head as usize));
        let purpose = Purpose::Question(Question::Feeds(asked));
        match buffers {
            [rest, rows] if rest.len() == 3 && rows.len().is_multiple_of(FEED_WIDTH) => {
                let row = |row: &[f32]| FeedRow {
                    through: row[0] as usize,
                    layer: row[1] as usize,
                    head: (row[2] >= 0.0).then_some(row[2] as usize),
                    estimate: row[3],
                    exact: Some(row[4]).filter(|exact| !exact.is_nan()),
                };
                let rows = rows.chunks_exact(FEED_WIDTH).map(row).collect();
                let rest = [rest[0], rest[1], rest[2]];
                self.matters.feeds.fill(purpose, Arc::new(FeedNumbers { about, place, rest, rows }));
            }
            _ => {
                let problem = "What feeds the head arrived in an unexpected shape.".to_owned();
                self.matters.feeds.give_up(&purpose, Some(problem));
            }
        }
    }

    /// What feeds the head, as CSV.
    pub fn feeds_csv(&self) -> Option<String> {
        let line = |row: &FeedRow| {
            let through = ["query", "key", "value"][row.through.min(2)];
            let component = row.head.map_or("mlp".to_owned(), |head| head.to_string());
            let exact = row.exact.map(|exact| exact.to_string()).unwrap_or_default();
            format!("{through},{},{component},{},{exact}\r\n", row.layer, row.estimate)
        };
        let lines: String = self.feeds()?.rows.iter().map(line).collect();
        Some(format!("through,layer,head,estimate,exact\r\n{lines}"))
    }
}
