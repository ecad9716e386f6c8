//! The answer to [`super::Question::Neurons`]: how the scores of one head arise.

use serde::{Deserialize, Serialize};

use crate::trace::BlockSite;

/// How the scores of one head arise. The buffers come in the order of [`NeuronPart::EACH`]; a part that the source does
/// not hold is empty and has its reason in `missing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeuronsAnswer {
    /// The layer asked about.
    pub layer: u32,
    /// The head asked about.
    pub head: u32,
    /// Neurons of the head; 0 where the source holds patterns alone.
    pub d_head: u32,
    /// Rows of the pattern.
    pub n_query: u32,
    /// Columns of the pattern.
    pub n_key: u32,
    /// Factor on q·k, where it is known.
    pub attn_scale: Option<f32>,
    /// The query heads that read the same keys, this one included: first, and one past the last.
    pub sharing_heads: (u32, u32),
    /// What the source does not hold, and why.
    pub missing: Vec<(NeuronPart, String)>,
}

/// A buffer of [`NeuronsAnswer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NeuronPart {
    /// Queries as they enter the product [n_query, d_head].
    Queries,
    /// Keys as they enter the product [n_key, d_head].
    Keys,
    /// Queries before norm and rotation [n_query, d_head].
    PlainQueries,
    /// Keys before norm and rotation [n_key, d_head].
    PlainKeys,
    /// Scores as they enter the softmax [n_query, n_key]; −∞ where masked.
    Scores,
    /// The pattern [n_query, n_key].
    Pattern,
    /// ‖f_j‖ of each key [n_key].
    ValueNorms,
    /// Disentangled attention: what contents alone add to the scores [n_query, n_key]; this and the next two are empty where a model has
    /// no such part.
    ContentToContent,
    /// What the query's content and the key's position add [n_query, n_key].
    ContentToPosition,
    /// What the query's position and the key's content add [n_query, n_key].
    PositionToContent,
}

impl NeuronPart {
    /// In the order of the buffers.
    pub const EACH: [NeuronPart; 10] = [
        NeuronPart::Queries,
        NeuronPart::Keys,
        NeuronPart::PlainQueries,
        NeuronPart::PlainKeys,
        NeuronPart::Scores,
        NeuronPart::Pattern,
        NeuronPart::ValueNorms,
        NeuronPart::ContentToContent,
        NeuronPart::ContentToPosition,
        NeuronPart::PositionToContent,
    ];

    /// The parts that disentangled attention adds up to scores.
    pub const OF_SCORES: [NeuronPart; 3] =
        [NeuronPart::ContentToContent, NeuronPart::ContentToPosition, NeuronPart::PositionToContent];

    /// The activation, of a part of the scores.
    pub fn part_of_scores(self) -> Option<BlockSite> {
        match self {
            NeuronPart::ContentToContent => Some(BlockSite::ScoresC2c),
            NeuronPart::ContentToPosition => Some(BlockSite::ScoresC2p),
            NeuronPart::PositionToContent => Some(BlockSite::ScoresP2c),
            _ => None,
        }
    }
}
