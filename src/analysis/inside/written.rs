//! What a layer writes into the stream at one position, and which tokens that promotes and suppresses (docs/methods.md, "What is
//! written").

use crate::trace::spec::{NormPlacement, Unembed};
use crate::trace::{Attn, Spec};

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A head.
    Head(usize),
    /// The bias of attention's output.
    AttnBias,
    /// A head of the attention to an encoder.
    CrossHead(usize),
    /// The bias of the output of attention to an encoder.
    CrossBias,
    /// The MLP with its bias; of a routed layer all its experts together.
    Mlp,
    /// An expert that the token goes to, by its weight.
    Expert(usize),
    /// The expert that every token goes to, by its gate.
    SharedExpert,
}

/// What a vector of the stream says through the unembedding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// Tokens whose logits it raises most, with how much.
    pub promotes: Vec<(u32, f32)>,
    /// Tokens whose logits it lowers most, with how much (below 0).
    pub suppresses: Vec<(u32, f32)>,
}

/// What one writer adds.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenPart {
    /// Who writes.
    pub writer: Writer,
    /// ‖·‖₂ of what is added.
    pub norm: f32,
    /// By how much an expert counts.
    pub weight: Option<f32>,
    /// Its tokens; none where it cannot be read as tokens.
    pub words: Words,
}

/// A neuron of an MLP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WritingNeuron {
    /// Its index.
    pub neuron: usize,
    /// Its activation, `hook_post`.
    pub activation: f32,
    /// Before the activation function, `hook_pre`: of a gated MLP its gate.
    pub pre: f32,
    /// The ungated half of a gated MLP, `hook_pre_linear`.
    pub linear: Option<f32>,
    /// |activation| · ‖W_out row‖₂: the length of what it adds.
    pub norm: f32,
}

/// Whose writing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenAsked {
    /// The layer.
    pub layer: usize,
    /// The position that it is written to.
    pub position: usize,
    /// Only what each head brings from one position, of its own tokens or of the encoder's; `None` for all that the layer writes.
    pub link: Option<(Attn, usize)>,
    /// How many tokens each part promotes and suppresses.
    pub n_top: usize,
}

/// What is written at one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Writers in the order of the block.
    pub parts: Vec<WrittenPart>,
    /// The neurons that add most, the largest first.
    pub neurons: Vec<WritingNeuron>,
}

/// Why what is written cannot be read as tokens; `None` where it can: a linear unembedding after one last norm.
pub fn without_words(spec: &Spec) -> Option<&'static str> {
    match (spec.unembed, spec.norm_placement) {
        (Unembed::None, _) => Some(super::NO_UNEMBEDDING),
        (Unembed::MaskedWord { .. }, _) => {
            Some("the masked-word head is not linear: a part of the stream has no tokens of its own")
        }
        (_, NormPlacement::Post) => {
            Some("each block normalises the sum: a part of the stream has no tokens of its own")
        }
        (_, NormPlacement::PreAndOutput | NormPlacement::Output) => {
            Some("what sub-layers write is normalised before it is added: a part of it has no tokens of its own")
        }
        (Unembed::Linear { .. }, NormPlacement::Pre) => None,
    }
}
