//! What is asked and said of the small pictures of patterns.

use serde::{Deserialize, Serialize};

/// Which part of every pattern a thumbnail shows, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Positions shown as queries, ascending.
    pub queries: Vec<u32>,
    /// Positions shown as keys, ascending.
    pub keys: Vec<u32>,
    /// Most cells along either axis; longer patterns are reduced.
    pub max_cells: u32,
    /// What a cell says of the weights it stands for.
    pub reduce: Reduce,
}

/// What a cell says of the weights it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reduce {
    /// The largest: a thin diagonal stays visible.
    #[default]
    Max,
    /// Their mean.
    Mean,
}

/// Numbers of one head on one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadNumbers {
    /// Mean entropy of a row over the largest it could have, 0 to 1; none where every query sees one key.
    pub entropy: Option<f32>,
    /// The largest weight.
    pub strongest: Option<StrongLink>,
}

/// One weight of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrongLink {
    /// Position that reads.
    pub query: u32,
    /// Position that is read.
    pub key: u32,
    /// The weight, from 0 to 1.
    pub weight: f32,
}
