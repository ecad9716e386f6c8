//! One neuron of an MLP: what it does on a text, and what its weights say (docs/methods.md, "Neurons of the MLP").

use super::written::Words;

/// A neuron on one text, and in the weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neuron {
    /// Before the activation function, `hook_pre`: of a gated MLP its gate. [pos]
    pub pre: Vec<f32>,
    /// The ungated half of a gated MLP, `hook_pre_linear` [pos]; empty in a plain one.
    pub linear: Vec<f32>,
    /// What leaves it, `hook_post`. [pos]
    pub post: Vec<f32>,
    /// ‖·‖₂ of its row of the output matrix: what it adds per unit of activation.
    pub out_norm: f32,
    /// The tokens of this row through the final norm's weights, its scale left out; empty where there are none.
    pub words: Words,
    /// In the first layer, the tokens whose embeddings alone give the largest `hook_pre`, with it.
    pub drivers: Vec<(u32, f32)>,
}
