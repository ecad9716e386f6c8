//! Questions about what is inside beside attention: how they name tokens, and the buffers of their answers.

use serde::{Deserialize, Serialize};

/// A token that a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenAsked {
    /// By its id.
    Id(u32),
    /// By its text with its space, e.g. " Mary"; of a text of several tokens the first.
    Text(String),
}

/// A token as a source read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRead {
    /// Its id.
    pub id: u32,
    /// What it is called.
    pub token: String,
    /// How many tokens the text has that it begins; 1 for a token that was asked for by its id.
    pub n_pieces: u32,
}

/// A buffer of the answer to [`super::Question::Lens`], in this order. A buffer of what was not asked for is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensPart {
    /// Entropy in nats [layers.len(), positions.len()].
    Entropy,
    /// KL(output ‖ lens) in nats [layers.len(), positions.len()].
    Kl,
    /// Probability of the asked token [layers.len(), positions.len()].
    TokenProb,
    /// How many tokens have a larger logit than the asked one [layers.len(), positions.len()].
    TokenRank,
    /// Logit of the asked token [layers.len(), positions.len()].
    TokenLogit,
    /// Probabilities of the most likely tokens, the largest first [layers.len(), positions.len(), n_top].
    TopProbs,
    /// Ids of these tokens, which f32 holds exactly, [layers.len(), positions.len(), n_top].
    TopIds,
}

/// A buffer of the answer to [`super::Question::Stream`], in this order. Rows are the streams entering each layer, then the one
/// leaving the last; NaN where the source does not hold it. A buffer that the source cannot give is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPart {
    /// ‖x‖₂ [n_layers + 1, n_positions].
    Norms,
    /// Cosine to the stream one layer before [n_layers + 1, n_positions].
    CosinesBefore,
    /// Cosine to the stream leaving the last layer [n_layers + 1, n_positions].
    CosinesOutput,
    /// ‖·‖₂ of what attention adds [n_layers, n_positions].
    AttnNorms,
    /// ‖·‖₂ of what the MLP adds [n_layers, n_positions].
    MlpNorms,
}

/// A buffer of the answer to [`super::Question::Direct`], in this order. Those of attention to an encoder are empty in models of one
/// stack, those of the MLP in models of attention only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectPart {
    /// The outcome, the embeddings, the constants, and the sum of all components [4].
    Ends,
    /// [n_layers, n_heads]
    Heads,
    /// The output's bias of each attention [n_layers].
    AttnBias,
    /// Each head by the position that it reads [n_layers, n_heads, n_key].
    Sources,
    /// Attention to the encoder [n_layers, n_heads].
    CrossHeads,
    /// The output's bias of attention to the encoder [n_layers].
    CrossBias,
    /// Attention to the encoder by the position that it reads [n_layers, n_heads, n_source].
    CrossSources,
    /// Each MLP with its bias [n_layers].
    Mlps,
    /// [n_layers, d_mlp]
    Neurons,
}

/// Who writes into the stream in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Writer {
    /// A head.
    Head(u32),
    /// The bias of attention's output.
    AttnBias,
    /// A head of the attention to an encoder.
    CrossHead(u32),
    /// The bias of the output of attention to an encoder.
    CrossBias,
    /// The MLP with its bias.
    Mlp,
}

/// A buffer of the answer to [`super::Question::Written`], in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenPart {
    /// ‖·‖₂ of what each part adds [writers.len()].
    Norms,
    /// Ids of the tokens whose logits each part raises most, which f32 holds exactly, [writers.len(), n_top].
    PromotedIds,
    /// By how much each part raises these logits [writers.len(), n_top].
    Promoted,
    /// Ids of the tokens whose logits each part lowers most [writers.len(), n_top].
    SuppressedIds,
    /// By how much each part lowers these logits, below 0, [writers.len(), n_top].
    Suppressed,
    /// Activations of the neurons [neurons.len()].
    Activations,
    /// ‖·‖₂ of what each neuron adds [neurons.len()].
    NeuronNorms,
}
