//! What a patching sweep takes from the other input.

use serde::{Deserialize, Serialize};

use crate::trace::BlockSite;

/// What is taken, one cell each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchSite {
    /// The stream entering a layer, at one position.
    #[default]
    Stream,
    /// What a layer's attention adds, at one position.
    Attention,
    /// What a layer's MLP adds, at one position.
    Mlp,
    /// The output of one head, at every position.
    Heads,
}

impl PatchSite {
    /// In the order in which they are offered.
    pub const EACH: [PatchSite; 4] = [Self::Stream, Self::Attention, Self::Mlp, Self::Heads];

    /// What it is called in sentences.
    pub fn label(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Attention => "attention output",
            Self::Mlp => "MLP output",
            Self::Heads => "heads",
        }
    }

    /// The activation that is taken.
    pub fn site(self) -> BlockSite {
        match self {
            Self::Stream => BlockSite::ResidPre,
            Self::Attention => BlockSite::AttnOut,
            Self::Mlp => BlockSite::MlpOut,
            Self::Heads => BlockSite::Z,
        }
    }

    /// Whether the cells of a layer are positions rather than heads.
    pub fn is_by_position(self) -> bool {
        self != Self::Heads
    }
}
