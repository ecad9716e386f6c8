//! Questions about one result: a run in the worker, or a trace that the page holds.
//!
//! Whoever asks need not know which. Questions about attention are answered by `answers` from either; questions about words need
//! the model, so a trace refuses them with a reason. Positions, layers and heads count from zero.

use serde::{Deserialize, Serialize};

use super::{
    DirectionOf, EstimateAsked, EstimatesAnswer, FeedsAsked, Grid, HeadNumbers, Input, KeptAsked, NeuronsAnswer,
    OutcomeAsked, Prediction, Quantity, SaliencyAnswer, TokenAsked, TokenRead, Writer,
};
use crate::edit::PatchSite;

/// A question about one result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Whole patterns of some heads. Buffer: f32 [heads.len(), n_query, n_key].
    Patterns {
        /// The layer.
        layer: u32,
        /// The heads, in the order in which they come back.
        heads: Vec<u32>,
    },
    /// Patterns of some heads, made small. Buffer: f32 [heads.len(), n_rows, n_columns].
    Thumbnails {
        /// The layer.
        layer: u32,
        /// The heads, in the order in which they come back.
        heads: Vec<u32>,
        /// Which queries and keys, and how small.
        grid: Grid,
    },
    /// What is drawn in place of the weights of a layer. Buffer: f32 [heads.len(), n_query, n_key]; of a layer-wide quantity
    /// [n_query, n_key].
    Quantity {
        /// The quantity, other than the weights.
        quantity: Quantity,
        /// The layer.
        layer: u32,
        /// The heads, in the order in which they come back; empty for a layer-wide quantity.
        heads: Vec<u32>,
    },
    /// The same made small, of several layers. Buffer: f32 [layers.len(), heads.len(), n_rows, n_columns]; of a layer-wide quantity
    /// [layers.len(), n_rows, n_columns].
    QuantityCells {
        /// The quantity, other than the weights.
        quantity: Quantity,
        /// The layers, ascending.
        layers: Vec<u32>,
        /// The heads of each; empty for a layer-wide quantity.
        heads: Vec<u32>,
        /// Which queries and keys, and how small.
        grid: Grid,
    },
    /// How the scores of one head arise. Buffers: as [`NeuronsAnswer`] says.
    Neurons {
        /// The layer.
        layer: u32,
        /// The query head.
        head: u32,
    },
    /// What each head of the model does, as numbers made from its pattern alone (`analysis::scores`). Buffer: f32
    /// [2, n_layers, n_heads, n_scores], first with all positions, then without special tokens and the first position;
    /// NaN where there is nothing to measure.
    Scores {
        /// Length of the block, where the input ends with one read twice.
        n_block: Option<u32>,
    },
    /// Scores of every head on other inputs, each read under the edits of the run. Buffers: one per input, each as [`Question::Scores`] says.
    ScoresOver {
        /// What to read, one run each; none of these runs is kept.
        inputs: Vec<Input>,
    },
    /// How much each head of the model reads from some keys: summed over the keys, averaged over the queries. Buffer: f32
    /// [n_layers, n_heads].
    HeadWeights {
        /// Positions that read.
        queries: Vec<u32>,
        /// Positions that are read.
        keys: Vec<u32>,
    },
    /// The logit lens at some layers and positions. Buffers: as [`LensPart`] says.
    Lens {
        /// Layers whose entering stream is read; the number of layers stands for the output.
        layers: Vec<u32>,
        /// The positions.
        positions: Vec<u32>,
        /// How many of the most likely tokens.
        n_top: u32,
        /// A token whose probability, rank and logit are wanted everywhere.
        token: Option<TokenAsked>,
    },
    /// The stream as numbers, at every layer and position. Buffers: as [`StreamPart`] says.
    Stream,
    /// What the parts of a layer write into the stream at a position. Buffers: as [`WrittenPart`] says.
    Written {
        /// The layer.
        layer: u32,
        /// The position.
        position: u32,
        /// How many tokens each part promotes and suppresses most.
        n_top: u32,
    },
    /// What the heads of the attention that is looked at bring from one position to another. Answered as [`Question::Written`].
    Linked {
        /// The layer.
        layer: u32,
        /// The position that reads.
        query: u32,
        /// The position that is read.
        key: u32,
        /// How many tokens each head promotes and suppresses most.
        n_top: u32,
    },
    /// A neuron of an MLP, on this text and in the weights. Buffers: as [`NeuronPagePart`] says.
    MlpNeuron {
        /// The layer.
        layer: u32,
        /// The neuron.
        neuron: u32,
        /// How many tokens of each kind.
        n_top: u32,
    },
    /// What a head's weights do with tokens, whatever the text. Buffers: as [`HeadPart`] says.
    Head {
        /// The layer.
        layer: u32,
        /// The head.
        head: u32,
        /// Tokens that it reads, and that read.
        tokens: Vec<TokenAsked>,
        /// How far before the reading token the read one stands.
        distance: u32,
        /// How many tokens are listed.
        n_top: u32,
    },
    /// The way of the stream entering a layer at a position up through the layers. Buffers: as [`PathPart`] says.
    Path {
        /// The layer.
        layer: u32,
        /// The position.
        position: u32,
    },
    /// A direction of the stream for an edit. Buffer: f32 [d_model].
    Direction {
        /// The layer.
        layer: u32,
        /// The stream, or what attention or the MLP adds to it.
        site: PatchSite,
        /// The position.
        position: u32,
        /// What it is made of.
        made_of: DirectionOf,
    },
    /// The outcome at a position as a sum over what each component wrote. Buffers: as [`DirectPart`] says.
    Direct {
        /// The tokens whose mean logit counts.
        answers: Vec<TokenAsked>,
        /// The tokens whose mean logit is subtracted.
        others: Vec<TokenAsked>,
        /// After which token.
        position: u32,
    },
    /// −ln p of each token that a causal model read, given the tokens before it. Buffer: f32 [pos], NaN at position 0.
    Losses,
    /// The most likely tokens at one position: after it, or in place of a mask there.
    Predictions {
        /// The position.
        position: u32,
        /// How many of the most likely tokens.
        n_top: u32,
        /// Ids of tokens that the answer lists besides the most likely ones.
        also: Vec<u32>,
    },
    /// What a classifier says: of the text, or of each token. Buffers: logits and probabilities, f32 [n_rows, n_labels] each; no
    /// probabilities where a logit is the answer itself.
    Labels,
    /// Cosine of the mean-pooled embeddings of two texts, each read on its own under the edits of the run.
    Similarity {
        /// One text.
        first: Input,
        /// The other text.
        second: Input,
    },
    /// What edits of parts would do to an outcome, by gradients. Buffers: as [`EstimatesAnswer`] says.
    Estimate(EstimateAsked),
    /// Which tokens an outcome rests on, by gradients. Buffers: as [`SaliencyAnswer`] says.
    Saliency(OutcomeAsked),
    /// The outcome with only some links between tokens. Buffers: the outcome with all, with none, and for each number of links with
    /// these alone and with all but these.
    Kept(KeptAsked),
    /// What feeds a head. Buffers: what embeddings and biases feed its query, key and value; the paths from heads and MLPs, the largest
    /// first: through query, key or value (0, 1, 2), layer, head (−1: the MLP), estimate, exact effect (NaN where it was not tried).
    Feeds(FeedsAsked),
}

impl Question {
    /// Whether the question is about words rather than attention: its answer is the same whichever attention is looked at, and only
    /// a run can give it.
    pub fn is_about_words(&self) -> bool {
        let is_about_tokens = matches!(self, Question::Losses | Question::Predictions { .. } | Question::Saliency(_));
        is_about_tokens || matches!(self, Question::Labels | Question::Similarity { .. })
    }

    /// Whether only a model can answer: the question is about words, or about other inputs.
    pub fn needs_model(&self) -> bool {
        self.is_about_words()
            || matches!(
                self,
                Question::ScoresOver { .. } | Question::Estimate(_) | Question::Kept(_) | Question::Feeds(_)
            )
    }
}

/// What a source says; numbers in bulk are in the buffers beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Answers [`Question::Patterns`].
    Patterns {
        /// The layer asked about.
        layer: u32,
        /// The heads asked about.
        heads: Vec<u32>,
        /// Rows per head.
        n_query: u32,
        /// Columns per row.
        n_key: u32,
    },
    /// Answers [`Question::Thumbnails`].
    Thumbnails {
        /// The layer asked about.
        layer: u32,
        /// Rows per head.
        n_rows: u32,
        /// Columns per row.
        n_columns: u32,
        /// What a thumbnail cannot show, head by head as asked.
        heads: Vec<HeadNumbers>,
    },
    /// Answers [`Question::Quantity`].
    Quantity {
        /// The layer asked about.
        layer: u32,
        /// Pictures: as many as heads, or one.
        n_parts: u32,
        /// Rows of a picture.
        n_query: u32,
        /// Columns of a row.
        n_key: u32,
        /// Queries of value zeroing whose stream is so long that its direction hardly changes.
        huge: Vec<u32>,
    },
    /// Answers [`Question::QuantityCells`].
    QuantityCells {
        /// The layers asked about.
        layers: Vec<u32>,
        /// Pictures of each layer.
        n_parts: u32,
        /// Rows of a picture.
        n_rows: u32,
        /// Columns of a row.
        n_columns: u32,
    },
    /// Answers [`Question::Neurons`].
    Neurons(NeuronsAnswer),
    /// Answers [`Question::Scores`].
    Scores {
        /// Layers.
        n_layers: u32,
        /// Heads per layer.
        n_heads: u32,
    },
    /// Answers [`Question::ScoresOver`].
    ScoresOver {
        /// How many inputs were read.
        n_inputs: u32,
    },
    /// Answers [`Question::HeadWeights`].
    HeadWeights {
        /// The query positions asked about.
        queries: Vec<u32>,
        /// The key positions asked about.
        keys: Vec<u32>,
        /// Layers.
        n_layers: u32,
        /// Heads per layer.
        n_heads: u32,
    },
    /// Answers [`Question::Lens`].
    Lens {
        /// How many layers.
        n_layers: u32,
        /// How many positions.
        n_positions: u32,
        /// The most likely tokens of each cell.
        n_top: u32,
        /// What the tokens are called that are among the most likely somewhere, by their ids.
        names: Vec<(u32, String)>,
        /// The token that was asked for.
        token: Option<TokenRead>,
    },
    /// Answers [`Question::Stream`].
    Stream {
        /// Layers of the model.
        n_layers: u32,
        /// Positions.
        n_positions: u32,
    },
    /// Answers [`Question::Written`] and [`Question::Linked`].
    Written {
        /// Who writes, in the order of the buffers.
        writers: Vec<Writer>,
        /// The neurons of the MLP that add most, the largest first.
        neurons: Vec<u32>,
        /// How many tokens each promotes and suppresses; 0 where what is written cannot be read as tokens.
        n_top: u32,
        /// What these tokens are called, by their ids.
        names: Vec<(u32, String)>,
        /// Why what is written cannot be read as tokens.
        without_words: Option<String>,
    },
    /// Answers [`Question::MlpNeuron`].
    MlpNeuron {
        /// How many tokens it promotes and suppresses; 0 where what it writes cannot be read as tokens.
        n_top: u32,
        /// What the tokens are called, by their ids.
        names: Vec<(u32, String)>,
        /// Why what it writes cannot be read as tokens.
        without_words: Option<String>,
    },
    /// Answers [`Question::Head`].
    Head {
        /// The tokens asked about.
        tokens: Vec<TokenRead>,
        /// How many tokens are listed.
        n_top: u32,
        /// What they are called, by their ids.
        names: Vec<(u32, String)>,
        /// Re Σλ / Σ|λ| of the OV circuit.
        copying: Option<f64>,
        /// Why what the head writes cannot be read as tokens.
        without_words: Option<String>,
    },
    /// Answers [`Question::Path`].
    Path,
    /// Answers [`Question::Direction`].
    Direction,
    /// Answers [`Question::Direct`].
    Direct {
        /// The position asked about.
        position: u32,
        /// The answers' tokens.
        answers: Vec<TokenRead>,
        /// The others.
        others: Vec<TokenRead>,
        /// Layers.
        n_layers: u32,
        /// Heads per layer.
        n_heads: u32,
    },
    /// Answers [`Question::Losses`].
    Losses,
    /// Answers [`Question::Predictions`].
    Predictions {
        /// The position asked about.
        position: u32,
        /// The most likely tokens, most likely first, then those that were asked for besides.
        top: Vec<Prediction>,
    },
    /// Answers [`Question::Labels`].
    Labels {
        /// 1 for a text as a whole, else the number of tokens.
        n_rows: u32,
        /// Labels per row.
        n_labels: u32,
    },
    /// Answers [`Question::Similarity`].
    Similarity {
        /// The cosine of both embeddings, from −1 to 1.
        cosine: f64,
    },
    /// Answers [`Question::Estimate`].
    Estimates(EstimatesAnswer),
    /// Answers [`Question::Saliency`].
    Saliency(SaliencyAnswer),
    /// Answers [`Question::Kept`].
    Kept,
    /// Answers [`Question::Feeds`].
    Feeds,
}
