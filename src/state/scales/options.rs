//! How the model view and the neuron view are drawn.

use std::collections::BTreeSet;

use crate::protocol::Reduce;

/// What a cell of the model view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellStyle {
    /// A heat map of the pattern.
    #[default]
    Heat,
    /// Lines from queries to keys.
    Lines,
    /// The chosen number of the head, as a colour.
    Number,
}

/// A number that every head has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellNumber {
    /// Spread of the rows, 0 to 1.
    #[default]
    Entropy,
    /// The largest weight.
    Strongest,
    /// The direct effect on the outcome (docs/methods.md, "Direct attribution").
    Direct,
    /// The effect of zeroing or patching the head, estimated by gradients (docs/methods.md, "Attribution by gradients").
    Estimate,
    /// A score of `analysis::scores`, by its place in the list there.
    Score(usize),
}

impl CellNumber {
    /// Those that are not scores, in the order in which they are offered.
    pub const BEFORE_SCORES: [CellNumber; 4] = [Self::Entropy, Self::Strongest, Self::Direct, Self::Estimate];

    /// Whether it is an effect on the outcome, with a sign.
    pub fn is_effect(self) -> bool {
        matches!(self, Self::Direct | Self::Estimate)
    }
}

/// Options of the model view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapOptions {
    /// What a cell shows.
    pub style: CellStyle,
    /// What a cell of a reduced pattern says.
    pub reduce: Reduce,
    /// The number that colours or sorts cells.
    pub number: CellNumber,
    /// Whether cells stand in the order of their number instead of by layer and head.
    pub is_sorted: bool,
    /// Layers left out.
    pub hidden_layers: BTreeSet<usize>,
    /// Heads left out.
    pub hidden_heads: BTreeSet<usize>,
}

/// In which order neurons stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeuronOrder {
    /// Neurons are ordered by their number.
    #[default]
    Index,
    /// Neurons are ordered by what they add to the chosen query and key.
    Pair,
    /// Neurons are ordered by what they add for the chosen query over all keys.
    Total,
}

impl NeuronOrder {
    /// In the order in which they are offered.
    pub const EACH: [NeuronOrder; 3] = [NeuronOrder::Index, NeuronOrder::Pair, NeuronOrder::Total];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            NeuronOrder::Index => "number",
            NeuronOrder::Pair => "this key",
            NeuronOrder::Total => "all keys",
        }
    }
}

/// Options of the neuron view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeuronOptions {
    /// In which order neurons stand.
    pub order: NeuronOrder,
    /// Queries and keys before norm and rotation instead of as they enter the product.
    pub is_plain: bool,
    /// Where there is room for one block of cells: the keys instead of the products.
    pub shows_keys: bool,
}
