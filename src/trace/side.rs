//! The two ends of an attention weight.

use serde::{Deserialize, Serialize};

/// Which end of a weight a token is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The token that reads; a row of a pattern.
    Query,
    /// The token that is read; a column of a pattern.
    Key,
}

impl Side {
    /// The other end.
    pub fn opposite(self) -> Self {
        match self {
            Side::Query => Side::Key,
            Side::Key => Side::Query,
        }
    }
}
