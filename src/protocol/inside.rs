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

/// What a direction of the stream is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectionOf {
    /// The mean over all positions of the text, as it is.
    Mean,
    /// A token's row of the unembedding, as long as the stream at the position.
    Token(TokenAsked),
    /// The place at the end of the first text minus that at the end of the second, as long as the stream at the position.
    Texts(String, String),
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
    /// The MLP with its bias; of a routed layer all its experts together.
    Mlp,
    /// An expert that the token goes to.
    Expert(u32),
    /// The expert that every token goes to.
    SharedExpert,
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
    /// The neurons before the activation function, of a gated MLP their gates [neurons.len()].
    Pre,
    /// The ungated halves of a gated MLP's neurons [neurons.len()]; empty in a plain one.
    Linear,
    /// By how much experts count [writers.len()]; NaN for who is none.
    Weights,
}

/// A buffer of the answer to [`super::Question::MlpNeuron`], in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeuronPagePart {
    /// Before the activation function, of a gated MLP the gate [pos].
    Pre,
    /// The ungated half of a gated MLP [pos]; empty in a plain one.
    Linear,
    /// What leaves the neuron [pos].
    Post,
    /// ‖·‖₂ of what it adds per unit of activation [1].
    OutNorm,
    /// Ids of the tokens that this raises most [n_top].
    PromotedIds,
    /// By how much, the final norm's scale left out [n_top].
    Promoted,
    /// Ids of the tokens that it lowers most [n_top].
    SuppressedIds,
    /// By how much [n_top].
    Suppressed,
    /// In the first layer, ids of the tokens whose embeddings alone drive it most; else empty.
    DriverIds,
    /// What these embeddings give before the activation function.
    Drivers,
}

/// A buffer of the answer to [`super::Question::Path`], in this order: of each step but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// The layer.
    Layers,
    /// The head, or −1 for the MLP.
    Heads,
    /// The position that is read.
    From,
    /// The position that is written to.
    To,
    /// The share that arrives.
    Amounts,
    /// The content's share of the stream [n_layers + 1, pos].
    Shares,
}

/// A buffer of the answer to [`super::Question::Head`], in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadPart {
    /// Ids of the tokens that the head promotes most where it reads each token [tokens.len(), n_top]; empty without an unembedding.
    PromotedIds,
    /// By how much, the final norm's scale left out [tokens.len(), n_top].
    Promoted,
    /// Ids of the tokens that it suppresses most [tokens.len(), n_top].
    SuppressedIds,
    /// By how much [tokens.len(), n_top].
    Suppressed,
    /// Ids of the tokens that each token would read most [tokens.len(), n_top].
    WantedIds,
    /// Their scores before soft-cap and bias [tokens.len(), n_top].
    Wanted,
}
