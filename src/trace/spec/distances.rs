//! What depends on how far apart two tokens stand: biases on scores, products with positions, a convolution.

use serde::{Deserialize, Serialize};

use super::Activation;

/// A learned bias on scores by the distance from query to key (Raffel et al. 2020): near distances have a bucket each, far
/// ones share buckets that widen logarithmically. Bidirectional stacks halve the buckets between the two directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelativeBias {
    /// How many buckets.
    pub n_buckets: usize,
    /// Distances from this one on share the last bucket.
    pub max_distance: usize,
}

/// Attention that multiplies contents with positions too (He et al. 2021): a position's vectors are by the distance from query to key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disentangled {
    /// Buckets on either side: near distances have one each, far ones share buckets that widen logarithmically. 0: no buckets.
    pub n_buckets: usize,
    /// The distance at which the last bucket is reached; without buckets, farther ones are taken for it.
    pub max_distance: usize,
    /// Whether queries of contents are multiplied with keys of positions.
    pub content_to_position: bool,
    /// Whether keys of contents are multiplied with queries of positions.
    pub position_to_content: bool,
}

impl Disentangled {
    /// How many distances on either side have vectors of their own.
    pub fn span(&self) -> usize {
        if self.n_buckets > 0 { self.n_buckets } else { self.max_distance }
    }
}

/// A convolution over positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv {
    /// How many positions it reads, as many before as after; odd.
    pub kernel: usize,
    /// Its nonlinearity.
    pub activation: Activation,
}
