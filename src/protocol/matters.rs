//! What matters for an outcome: estimates by gradients, and which tokens it rests on.

use serde::{Deserialize, Serialize};

use super::OutcomeAsked;
use crate::trace::Tokens;

/// What is estimated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimateAsked {
    /// Which parts.
    pub of: EstimatedPart,
    /// The text whose values are taken, its second text on a line of its own; nothing where parts are zeroed.
    pub from: Option<String>,
    /// What is measured.
    pub outcome: OutcomeAsked,
}

/// Parts of a model whose effects are estimated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EstimatedPart {
    /// Each head at each position.
    Heads,
    /// Each position of the stream entering a layer, and of what attention and the MLP add.
    Positions,
    /// Each neuron of the MLPs, and of queries, keys and values, over all positions.
    Neurons,
    /// Each link between two tokens.
    Links,
}

/// Links between tokens to be kept while all others are ablated, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAsked {
    /// Each as `analysis::links::Link`.
    pub links: Vec<[u32; 4]>,
    /// How many of them, from the first on, are kept at a time.
    pub counts: Vec<u32>,
    /// Whether a head that keeps none at a position writes its mean over positions there rather than nothing.
    pub is_mean: bool,
    /// What is measured.
    pub outcome: OutcomeAsked,
}

/// Which head's inputs are traced to what stands below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedsAsked {
    /// Its layer.
    pub layer: u32,
    /// The head.
    pub head: u32,
    /// How many paths through each of query, key and value are tried exactly.
    pub n_tried: u32,
    /// What is measured.
    pub outcome: OutcomeAsked,
}

/// Numbers of a path to a head.
pub const FEED_WIDTH: usize = 5;

/// Estimates of the attention asked about, M with the edit minus M. Buffers: one per hook; of links those drawn at random and the
/// largest, of [`LINK_WIDTH`] numbers each (`analysis::links::Link` and the estimate), and the positions at which the outcome reads the last
/// stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatesAnswer {
    /// The outcome of the run.
    pub outcome: f32,
    /// Each buffer's hook with its shape: [pos, head] for heads, [pos] for positions, [neuron] or [head, neuron] for neurons; none
    /// of links. Of a cosine heads have one position, which stands for all.
    pub hooks: Vec<(String, Vec<u32>)>,
}

/// Numbers of a link.
pub const LINK_WIDTH: usize = 5;

/// Which tokens an outcome rests on. Buffers, for each text: gradient · embedding, the gradient's length, integrated gradients. [pos]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaliencyAnswer {
    /// The outcome of the run.
    pub outcome: f32,
    /// What was read: by the encoder before the decoder where there are two stacks, both texts of a cosine.
    pub texts: Vec<Tokens>,
    /// What the integrated gradients leave over: of all texts together, or of each text of a cosine.
    pub remainders: Vec<f32>,
    /// Steps of the path; the most of both texts of a cosine.
    pub n_steps: u32,
    /// The token whose embedding the path begins with; nothing for the mean of all.
    pub baseline: Option<String>,
}
