//! Checkpoint adapters: what a `config.json` or GGUF metadata means as a [`Spec`], and what its tensors are called.
//!
//! Each architecture is one small file with two functions: a Spec from the configuration, refusing what it does not
//! know, and a table from our [`Slot`]s to tensor names. Nothing else in the engine knows an architecture by name.

mod bert;
mod config;
mod gguf;
mod gpt2;
mod llama;

pub use config::Config;

use super::error::EngineError;
use super::files::gguf::Gguf;
use crate::trace::Spec;
use crate::trace::spec::{MlpKind, NormKind, NormPlacement, Positions, Unembed};

/// A place in the model that a tensor fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// W_E [d_vocab, d_model].
    Embed,
    /// W_pos [n_ctx, d_model].
    PosEmbed,
    /// [n_token_types, d_model].
    TokenTypeEmbed,
    /// The embedding norm of post-norm models.
    EmbedNorm(Part),
    /// Inside a block.
    Block(usize, BlockSlot, Part),
    /// The final norm of pre-norm models.
    FinalNorm(Part),
    /// W_U [d_vocab, d_model], bias [d_vocab].
    Unembed(Part),
    /// The dense layer of a masked-word head [d_model, d_model].
    HeadDense(Part),
    /// The norm of a masked-word head.
    HeadNorm(Part),
}

/// A layer inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "TransformerLens's names")]
pub enum BlockSlot {
    AttnNorm,
    Q,
    K,
    V,
    O,
    MlpNorm,
    MlpGate,
    MlpIn,
    MlpOut,
}

/// Which tensor of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field's words")]
pub enum Part {
    Weight,
    Bias,
}

/// The tensor that fills a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name in the files.
    pub tensor: String,
    /// How its numbers lie.
    pub layout: Layout,
}

/// How the numbers of a tensor lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// [out, in] or a vector.
    Rows,
    /// Part `index` of `of` equal parts along the outputs of a transposed matrix [in, of · out] or of a vector: GPT-2's
    /// Conv1D.
    Transposed {
        /// Which part.
        index: usize,
        /// Of how many.
        of: usize,
    },
    /// [out, in] with the rows of each head in pairs (GGUF's Llama): row 2i + s of a head is our row i + s · d_head / 2.
    PairedRows,
}

/// A checkpoint as its adapter understands it.
#[derive(Clone, Debug)]
pub struct Architecture {
    /// Its structure.
    pub spec: Spec,
    source: fn(&Architecture, Slot) -> Option<Source>,
    /// Before every tensor name, e.g. "bert." where the file has it.
    prefix: String,
    /// Whether attention and MLP projections have biases, where that is an option.
    biases: Biases,
}

/// Optional biases.
#[derive(Clone, Copy, Debug, Default)]
struct Biases {
    attn: bool,
    mlp: bool,
}

impl Architecture {
    /// From a Hugging Face `config.json`; `has_tensor` says whether the checkpoint holds a tensor.
    ///
    /// # Errors
    /// When the architecture or the value of a field is not known.
    pub fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Self, EngineError> {
        let architecture = match config.string("model_type")? {
            "bert" => bert::from_config(config, has_tensor),
            "gpt2" => gpt2::from_config(config, has_tensor),
            "llama" => llama::from_config(config, has_tensor),
            other => Err(config.refuse("model_type", "bert, gpt2 or llama", other)),
        }?;
        architecture.check_sizes()
    }

    /// From GGUF metadata.
    ///
    /// # Errors
    /// When the architecture or the value of a field is not known.
    pub fn from_gguf(gguf: &Gguf) -> Result<Self, EngineError> {
        gguf::from_metadata(gguf)?.check_sizes()
    }

    /// Refuses sizes whose products cannot be held, before anything is allocated for them.
    fn check_sizes(self) -> Result<Self, EngineError> {
        let spec = &self.spec;
        let product = |a: usize, b: usize| a as u64 * b as u64;
        let products = [
            ("layers", spec.n_layers as u64, 1 << 12),
            ("heads × width of a head", product(spec.n_heads, spec.d_head), 1 << 20),
            ("width of the stream", spec.d_model as u64, 1 << 20),
            ("width of the MLP", spec.d_mlp as u64, 1 << 20),
            ("vocabulary × width of the stream", product(spec.d_vocab, spec.d_model), 1 << 31),
            ("context × width of the stream", product(spec.n_ctx, spec.d_model), 1 << 36),
        ];
        match products.into_iter().find(|(_, size, most)| size > most) {
            Some((what, size, most)) => {
                Err(EngineError::Checkpoint(format!("{what} = {size} is more than can be held (at most {most})")))
            }
            None => Ok(self),
        }
    }

    /// The tensor that fills a slot; none where this model has no such slot.
    pub fn source(&self, slot: Slot) -> Option<Source> {
        (self.source)(self, slot)
    }

    /// Every slot of this structure, in the order of a run.
    pub fn slots(&self) -> Vec<Slot> {
        use BlockSlot::*;
        let spec = &self.spec;
        let both = |make: fn(Part) -> Slot| [make(Part::Weight), make(Part::Bias)];
        let mut slots = vec![Slot::Embed];
        if spec.positions == Positions::Learned {
            slots.push(Slot::PosEmbed);
        }
        if spec.n_token_types > 0 {
            slots.push(Slot::TokenTypeEmbed);
        }
        if spec.norm_placement == NormPlacement::Post {
            slots.extend(both(Slot::EmbedNorm));
        }
        for layer in 0..spec.n_layers {
            for slot in [AttnNorm, Q, K, V, O, MlpNorm, MlpGate, MlpIn, MlpOut] {
                if slot != MlpGate || spec.mlp == MlpKind::Gated {
                    slots.extend([Part::Weight, Part::Bias].map(|part| Slot::Block(layer, slot, part)));
                }
            }
        }
        if spec.norm_placement == NormPlacement::Pre {
            slots.extend(both(Slot::FinalNorm));
        }
        if let Unembed::MaskedWord { .. } = spec.unembed {
            slots.extend(both(Slot::HeadDense));
            slots.extend(both(Slot::HeadNorm));
        }
        if spec.unembed != Unembed::None {
            slots.extend(both(Slot::Unembed));
        }
        slots.retain(|&slot| self.source(slot).is_some());
        slots
    }

    /// The shape a slot must have, [out, in] or [out].
    pub fn shape(&self, slot: Slot) -> Vec<usize> {
        use BlockSlot::*;
        let spec = &self.spec;
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let layer = |n_out: usize, n_in: usize, part: Part| match part {
            Part::Weight => vec![n_out, n_in],
            Part::Bias => vec![n_out],
        };
        match slot {
            Slot::Embed => vec![spec.d_vocab, spec.d_model],
            Slot::PosEmbed => vec![spec.n_ctx, spec.d_model],
            Slot::TokenTypeEmbed => vec![spec.n_token_types, spec.d_model],
            Slot::EmbedNorm(_) | Slot::FinalNorm(_) | Slot::HeadNorm(_) | Slot::Block(_, AttnNorm | MlpNorm, _) => {
                vec![spec.d_model]
            }
            Slot::Block(_, Q, part) => layer(queries, spec.d_model, part),
            Slot::Block(_, K | V, part) => layer(keys, spec.d_model, part),
            Slot::Block(_, O, part) => layer(spec.d_model, queries, part),
            Slot::Block(_, MlpGate | MlpIn, part) => layer(spec.d_mlp, spec.d_model, part),
            Slot::Block(_, MlpOut, part) => layer(spec.d_model, spec.d_mlp, part),
            Slot::Unembed(part) => layer(spec.d_vocab, spec.d_model, part),
            Slot::HeadDense(part) => layer(spec.d_model, spec.d_model, part),
        }
    }

    /// A source under the file's prefix, row-major.
    fn named(&self, name: impl AsRef<str>) -> Option<Source> {
        self.named_as(name, Layout::Rows)
    }

    fn named_as(&self, name: impl AsRef<str>, layout: Layout) -> Option<Source> {
        Some(Source { tensor: format!("{}{}", self.prefix, name.as_ref()), layout })
    }

    /// Whether a norm has this part: RMSNorm has no bias.
    fn norm_has(&self, part: Part) -> bool {
        part == Part::Weight || self.spec.norm == NormKind::LayerNorm
    }
}

impl Part {
    /// "weight" or "bias".
    fn name(self) -> &'static str {
        match self {
            Part::Weight => "weight",
            Part::Bias => "bias",
        }
    }
}
