//! What is drawn between a query and a key: where a head reads, or how much that matters.

use serde::{Deserialize, Serialize};

/// What is drawn between a query and a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// The weights of each head.
    #[default]
    Weights,
    /// ‖A f‖ of each head: how long what arrives from a key is (docs/methods.md, "Norm-based attention").
    Norms,
    /// How much each query's output changes without a key's value in a layer (docs/methods.md, "Value zeroing").
    ValueZeroing,
    /// Attention multiplied through the layers (docs/methods.md, "Attention rollout").
    Rollout,
}

impl Quantity {
    /// In the order in which they are offered.
    pub const EACH: [Self; 4] = [Self::Weights, Self::Norms, Self::ValueZeroing, Self::Rollout];

    /// Whether a layer has one picture rather than one for each head.
    pub fn is_layer_wide(self) -> bool {
        matches!(self, Self::ValueZeroing | Self::Rollout)
    }

    /// Its name in links and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weight",
            Self::Norms => "norm",
            Self::ValueZeroing => "value_zeroing",
            Self::Rollout => "rollout",
        }
    }

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Norms => "weights × ‖f‖",
            Self::ValueZeroing => "value zeroing",
            Self::Rollout => "rollout",
        }
    }

    /// What a single number of it is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Weights => "weight",
            Self::Norms => "‖A f‖",
            Self::ValueZeroing => "share of the change",
            Self::Rollout => "rollout weight",
        }
    }
}
