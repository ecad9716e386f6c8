//! What a layer writes into the stream at one position, and which tokens that promotes and suppresses (docs/methods.md, "What is
//! written").

use crate::trace::Spec;
use crate::trace::spec::{NormPlacement, Unembed};

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
    /// The MLP with its bias.
    Mlp,
}

/// What one writer adds.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenPart {
    /// Who writes.
    pub writer: Writer,
    /// ‖·‖₂ of what is added.
    pub norm: f32,
    /// Tokens whose logits it raises most, with how much; empty where it cannot be read as tokens.
    pub promotes: Vec<(u32, f32)>,
    /// Tokens whose logits it lowers most, with how much (below 0).
    pub suppresses: Vec<(u32, f32)>,
}

/// A neuron of an MLP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WritingNeuron {
    /// Its index.
    pub neuron: usize,
    /// Its activation, `hook_post`.
    pub activation: f32,
    /// |activation| · ‖W_out row‖₂: the length of what it adds.
    pub norm: f32,
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
