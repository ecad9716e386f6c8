//! An atlas: what the heads of a model do over a corpus, gathered text by text (docs/methods.md, "Atlas of heads").
//!
//! ```text
//! scores and strongest links of one text ─▶ weighted sums (intervals) ─▶ mean and 95 % interval of each head and score
//!                                        ─▶ reservoir and highest      ─▶ examples of each head and score
//! ```
//! [`to_bytes`] writes an atlas as a file, [`AtlasFile`] reads one, [`likeness()`] lays out heads by all their scores.
//!
//! Invariant: memory does not grow with the number of texts, but for the ids of the texts that are examples.

mod examples;
mod export;
mod file;
mod likeness;
mod metadata;
mod read;
mod sums;

pub use examples::{Example, Examples};
pub use export::{csv, head_json, json, scores_csv};
pub use file::to_bytes;
pub use likeness::{Likeness, likeness};
pub use metadata::{AtlasMetadata, FORMAT};
pub use read::{AtlasError, AtlasExample, AtlasFile};
pub use sums::{Summary, Sums};

use std::collections::BTreeSet;

use crate::analysis::scores::{LeaveOut, Score};

/// The scores of an atlas: those of a text, with and without special tokens and the first position. Scores of random blocks are not
/// about a corpus.
pub fn scores() -> Vec<(Score, LeaveOut)> {
    let of_texts = Score::ALL.into_iter().filter(|score| !matches!(score, Score::Induction | Score::Duplicate));
    let both = [false, true].map(|is_without| LeaveOut { special: is_without, first: is_without });
    of_texts.flat_map(|score| both.map(|leave_out| (score, leave_out))).collect()
}

/// The id of a score of an atlas.
pub fn score_id((score, leave_out): (Score, LeaveOut)) -> String {
    let ending = if leave_out == LeaveOut::default() { "" } else { "_without" };
    format!("{}{ending}", score.id())
}

/// The strongest link of a head in a text: query and key.
pub type Link = (u32, u32);

/// What is gathered over the texts of a corpus.
#[derive(Clone, Debug)]
pub struct Atlas {
    n_layers: usize,
    n_heads: usize,
    scores: Vec<(Score, LeaveOut)>,
    sums: Sums,
    examples: Examples,
    n_texts: usize,
}

impl Atlas {
    /// Nothing is gathered yet. Equal seeds draw equal resamples and examples.
    pub fn new(n_layers: usize, n_heads: usize, seed: u64) -> Self {
        let scores = scores();
        let n_places = n_layers * n_heads * scores.len();
        let (sums, examples) = (Sums::new(n_places, scores.len(), seed), Examples::new(n_places, scores.len(), seed));
        Self { n_layers, n_heads, scores, sums, examples, n_texts: 0 }
    }

    /// Adds a text: its ids, the number of its cluster, the scores of its heads as `AllHeads` gives them, [2, n_layers, n_heads,
    /// n_scores], and the strongest link of each head [n_layers, n_heads].
    pub fn add(&mut self, ids: &[u32], cluster: u64, table: &[f32], links: &[Link]) {
        let n_heads = self.n_layers * self.n_heads;
        let half = table.len() / 2;
        let mut values = Vec::with_capacity(n_heads * self.scores.len());
        for head in 0..n_heads {
            for (score, leave_out) in &self.scores {
                let start = if *leave_out == LeaveOut::default() { 0 } else { half };
                let value = table.get(start + head * Score::ALL.len() + score.index());
                values.push(value.copied().unwrap_or(f32::NAN));
            }
        }
        self.sums.add(cluster, &values);
        self.examples.add(self.n_texts, ids, &values, links);
        self.n_texts += 1;
    }

    /// How many texts were added.
    pub fn n_texts(&self) -> usize {
        self.n_texts
    }

    /// Layers and heads of a layer.
    pub fn shape(&self) -> (usize, usize) {
        (self.n_layers, self.n_heads)
    }

    /// The ids of the scores, in their order.
    pub fn score_ids(&self) -> Vec<String> {
        self.scores.iter().map(|score| score_id(*score)).collect()
    }

    /// Mean, interval and number of texts of every head and score, [n_layers, n_heads, n_scores].
    pub fn summaries(&self) -> Vec<Summary> {
        self.sums.summaries()
    }

    /// The examples of a head, counted over all layers, and a score: the highest first, then those of each decile.
    pub fn examples(&self, head: usize, score: usize) -> Vec<Example> {
        self.examples.of_place(head * self.scores.len() + score)
    }

    /// The ids of a text that is an example.
    pub fn ids(&self, text: usize) -> &[u32] {
        self.examples.ids(text)
    }

    /// The ids of tokens in texts that are examples, and in those of the last texts that may not be.
    pub fn token_ids(&self) -> BTreeSet<u32> {
        self.examples.token_ids().collect()
    }

    /// Bytes held, about.
    pub fn byte_len(&self) -> usize {
        self.sums.byte_len() + self.examples.byte_len()
    }
}

#[cfg(test)]
mod tests;
