//! What is ranked, and for which edit.

use crate::protocol::EstimatedPart;
use crate::trace::BlockSite;

/// What is ranked by its estimated effect on the outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ranked {
    /// Heads, each over all positions.
    #[default]
    Heads,
    /// Heads at a position.
    HeadPositions,
    /// The stream entering a layer, at a position.
    Stream,
    /// What a layer's attention adds, at a position.
    AttnOutputs,
    /// What a layer's MLP adds, at a position.
    MlpOutputs,
    /// Neurons of MLPs, over all positions.
    MlpNeurons,
    /// Neurons of queries, keys and values, over all positions.
    HeadNeurons,
    /// Links between two tokens.
    Links,
}

impl Ranked {
    /// In the order in which they are offered.
    pub const EACH: [Ranked; 8] = [
        Self::Heads,
        Self::HeadPositions,
        Self::Stream,
        Self::AttnOutputs,
        Self::MlpOutputs,
        Self::MlpNeurons,
        Self::HeadNeurons,
        Self::Links,
    ];

    /// Its name in links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heads => "heads",
            Self::HeadPositions => "head_positions",
            Self::Stream => "stream",
            Self::AttnOutputs => "attn_outputs",
            Self::MlpOutputs => "mlp_outputs",
            Self::MlpNeurons => "mlp_neurons",
            Self::HeadNeurons => "head_neurons",
            Self::Links => "links",
        }
    }

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Heads => "Heads",
            Self::HeadPositions => "Heads × positions",
            Self::Stream => "Stream: layers × positions",
            Self::AttnOutputs => "Attention outputs: layers × positions",
            Self::MlpOutputs => "MLP outputs: layers × positions",
            Self::MlpNeurons => "MLP neurons",
            Self::HeadNeurons => "Query, key and value neurons",
            Self::Links => "Links between tokens",
        }
    }

    /// What one of them is called, for counts.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Heads => "head",
            Self::HeadPositions => "head at a position",
            Self::Stream | Self::AttnOutputs | Self::MlpOutputs => "cell",
            Self::MlpNeurons | Self::HeadNeurons => "neuron",
            Self::Links => "link",
        }
    }

    /// Which estimates hold them.
    pub fn part(self) -> EstimatedPart {
        match self {
            Self::Heads | Self::HeadPositions => EstimatedPart::Heads,
            Self::Stream | Self::AttnOutputs | Self::MlpOutputs => EstimatedPart::Positions,
            Self::MlpNeurons | Self::HeadNeurons => EstimatedPart::Neurons,
            Self::Links => EstimatedPart::Links,
        }
    }

    /// Whether they have a map, and its columns are positions rather than heads.
    pub fn map_by_position(self) -> Option<bool> {
        match self {
            Self::Heads => Some(false),
            Self::Stream | Self::AttnOutputs | Self::MlpOutputs => Some(true),
            Self::HeadPositions | Self::MlpNeurons | Self::HeadNeurons | Self::Links => None,
        }
    }

    /// Whether each of them is, or belongs to, one head.
    pub(super) fn has_head(self) -> bool {
        matches!(self, Self::Heads | Self::HeadPositions | Self::HeadNeurons | Self::Links)
    }

    /// Whether each of them is a neuron.
    pub(super) fn has_neuron(self) -> bool {
        matches!(self, Self::MlpNeurons | Self::HeadNeurons)
    }

    /// Whether each of them stands at a position.
    pub(super) fn has_position(self) -> bool {
        !matches!(self, Self::Heads | Self::MlpNeurons | Self::HeadNeurons)
    }

    /// Whether an activation is one of them.
    pub(super) fn has(self, site: BlockSite) -> bool {
        use BlockSite::*;
        match self {
            Self::Heads | Self::HeadPositions => matches!(site, Z | CrossZ),
            Self::Stream => site == ResidPre,
            Self::AttnOutputs => matches!(site, AttnOut | CrossAttnOut),
            Self::MlpOutputs => site == MlpOut,
            Self::MlpNeurons => site == MlpPost,
            Self::HeadNeurons => matches!(site, Q | K | V | RotQ | RotK | CrossQ | CrossK | CrossV),
            Self::Links => false,
        }
    }
}

/// What is ranked, and for which edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MattersChoice {
    /// What is ranked.
    pub ranked: Ranked,
    /// The text whose values are patched in, its second text on a line of its own; nothing where parts are zeroed.
    pub from: Option<String>,
}

impl MattersChoice {
    /// What the edit does, as a noun.
    pub(super) fn edit_name(&self) -> &'static str {
        match (self.ranked, &self.from) {
            (Ranked::Links, _) => "cutting",
            (_, None) => "zeroing",
            (_, Some(_)) => "patching",
        }
    }
}
