//! A loaded model: its structure, its tokenizer and its weights by what they do.

use std::collections::HashMap;

use super::checkpoint::{Architecture, BlockSlot, Part, Slot};
use super::error::{EngineError, InputError};
use super::tokenizer::Tokenizer;
use super::weights::Weight;
use crate::kernels::norm::{layer_norm, rms_norm};
use crate::kernels::{PackedRows, activation};
use crate::trace::spec::{Activation, NormKind, Unembed};
use crate::trace::{Spec, TokenForm, Tokens};

/// A model that can run. Weights are as stored: nothing folded, nothing centred.
#[derive(Debug)]
pub struct Model {
    pub(super) spec: Spec,
    pub(super) tokenizer: Option<Tokenizer>,
    pub(super) quantisation: String,
    pub(super) embed: Weight,
    pub(super) pos_embed: Option<Weight>,
    pub(super) token_type_embed: Option<Weight>,
    pub(super) embed_norm: Option<Norm>,
    pub(super) blocks: Vec<Block>,
    pub(super) final_norm: Option<Norm>,
    /// A matrix of its own, where it is not the embedding.
    pub(super) unembed: Option<Weight>,
    pub(super) unembed_bias: Option<Vec<f32>>,
    pub(super) masked_word_head: Option<(Linear, Norm)>,
}

/// The weights of one block.
#[derive(Debug)]
pub(super) struct Block {
    pub attn_norm: Norm,
    pub q: Linear,
    pub k: Linear,
    pub v: Linear,
    pub o: Linear,
    pub mlp_norm: Norm,
    pub mlp_gate: Option<Linear>,
    pub mlp_in: Linear,
    pub mlp_out: Linear,
}

/// x · Wᵀ + b.
#[derive(Debug)]
pub(super) struct Linear {
    pub weight: Weight,
    /// [n_out]
    pub bias: Option<Vec<f32>>,
}

/// LayerNorm or RMSNorm.
#[derive(Debug)]
pub(super) struct Norm {
    /// [d_model]
    pub weight: Vec<f32>,
    /// [d_model], zeros where there is none.
    pub bias: Vec<f32>,
}

/// What a tensor became.
pub(super) enum Filled {
    Matrix(Weight),
    Vector(Vec<f32>),
}

/// The tensors of a model by their slots, on the way to a [`Model`].
pub(super) struct Slots(pub HashMap<Slot, Filled>);

impl Slots {
    fn matrix(&mut self, slot: Slot) -> Result<Weight, EngineError> {
        match self.0.remove(&slot) {
            Some(Filled::Matrix(weight)) => Ok(weight),
            _ => Err(EngineError::Checkpoint(format!("no tensor was read for {slot:?}"))),
        }
    }

    fn vector(&mut self, slot: Slot) -> Option<Vec<f32>> {
        match self.0.remove(&slot) {
            Some(Filled::Vector(vector)) => Some(vector),
            _ => None,
        }
    }

    fn linear(&mut self, slot: impl Fn(Part) -> Slot) -> Result<Linear, EngineError> {
        Ok(Linear { weight: self.matrix(slot(Part::Weight))?, bias: self.vector(slot(Part::Bias)) })
    }

    fn norm(&mut self, slot: impl Fn(Part) -> Slot) -> Result<Norm, EngineError> {
        let missing = || EngineError::Checkpoint(format!("no tensor was read for {:?}", slot(Part::Weight)));
        let weight = self.vector(slot(Part::Weight)).ok_or_else(missing)?;
        let bias = self.vector(slot(Part::Bias)).unwrap_or_else(|| vec![0.0; weight.len()]);
        Ok(Norm { weight, bias })
    }

    fn block(&mut self, layer: usize) -> Result<Block, EngineError> {
        let at = |slot: BlockSlot| move |part: Part| Slot::Block(layer, slot, part);
        let has_gate = self.0.contains_key(&Slot::Block(layer, BlockSlot::MlpGate, Part::Weight));
        Ok(Block {
            attn_norm: self.norm(at(BlockSlot::AttnNorm))?,
            q: self.linear(at(BlockSlot::Q))?,
            k: self.linear(at(BlockSlot::K))?,
            v: self.linear(at(BlockSlot::V))?,
            o: self.linear(at(BlockSlot::O))?,
            mlp_norm: self.norm(at(BlockSlot::MlpNorm))?,
            mlp_gate: has_gate.then(|| self.linear(at(BlockSlot::MlpGate))).transpose()?,
            mlp_in: self.linear(at(BlockSlot::MlpIn))?,
            mlp_out: self.linear(at(BlockSlot::MlpOut))?,
        })
    }
}

impl Model {
    /// Puts the tensors of a checkpoint in their places.
    pub(super) fn assemble(
        architecture: &Architecture,
        tokenizer: Option<Tokenizer>,
        quantisation: String,
        mut slots: Slots,
    ) -> Result<Self, EngineError> {
        let has = |slots: &Slots, slot: Slot| slots.0.contains_key(&slot);
        let blocks = (0..architecture.spec.n_layers).map(|layer| slots.block(layer)).collect::<Result<_, _>>()?;
        let pos_embed = has(&slots, Slot::PosEmbed).then(|| slots.matrix(Slot::PosEmbed)).transpose()?;
        let types = has(&slots, Slot::TokenTypeEmbed).then(|| slots.matrix(Slot::TokenTypeEmbed)).transpose()?;
        let embed_norm = Slot::EmbedNorm;
        let embed_norm = has(&slots, embed_norm(Part::Weight)).then(|| slots.norm(embed_norm)).transpose()?;
        let final_norm = Slot::FinalNorm;
        let final_norm = has(&slots, final_norm(Part::Weight)).then(|| slots.norm(final_norm)).transpose()?;
        let unembed = Slot::Unembed(Part::Weight);
        let unembed = has(&slots, unembed).then(|| slots.matrix(unembed)).transpose()?;
        let masked_word_head = match architecture.spec.unembed {
            Unembed::MaskedWord { .. } => Some((slots.linear(Slot::HeadDense)?, slots.norm(Slot::HeadNorm)?)),
            _ => None,
        };
        Ok(Self {
            spec: architecture.spec.clone(),
            tokenizer,
            quantisation,
            embed: slots.matrix(Slot::Embed)?,
            pos_embed,
            token_type_embed: types,
            embed_norm,
            blocks,
            final_norm,
            unembed,
            unembed_bias: slots.vector(Slot::Unembed(Part::Bias)),
            masked_word_head,
        })
    }

    /// Its structure.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its tokenizer; none for models without one, which read ids.
    pub fn tokenizer(&self) -> Option<&Tokenizer> {
        self.tokenizer.as_ref()
    }

    /// "F32", "Q4_1", …: the format of most of the block weights.
    pub fn quantisation(&self) -> &str {
        &self.quantisation
    }

    /// Bytes of all matrices as held.
    pub fn weight_bytes(&self) -> usize {
        let outer = [Some(&self.embed), self.pos_embed.as_ref(), self.token_type_embed.as_ref(), self.unembed.as_ref()];
        let head = self.masked_word_head.as_ref().map(|(dense, _)| &dense.weight);
        let linears = self.blocks.iter().flat_map(|block| {
            let Block { q, k, v, o, mlp_gate, mlp_in, mlp_out, .. } = block;
            [Some(q), Some(k), Some(v), Some(o), mlp_gate.as_ref(), Some(mlp_in), Some(mlp_out)].into_iter().flatten()
        });
        let weights = linears.map(|linear| &linear.weight).chain(outer.into_iter().flatten()).chain(head);
        weights.map(Weight::byte_len).sum()
    }

    /// Tokens of a text or a pair; a pair is joined by one space where the model knows no pairs.
    ///
    /// # Errors
    /// When the model has no tokenizer, or the text gives no token.
    pub fn encode(&self, text: &str, pair: Option<&str>) -> Result<Tokens, EngineError> {
        let Some(tokenizer) = &self.tokenizer else {
            return Err(EngineError::Request("this model has no tokenizer: give token ids".to_owned()));
        };
        if text.trim().is_empty() {
            return Err(InputError::Empty.into());
        }
        let pair = pair.filter(|pair| !pair.trim().is_empty());
        Ok(tokenizer.encode(text, pair, self.spec.n_token_types > 1)?)
    }

    /// Tokens from rows of the embedding.
    ///
    /// # Errors
    /// When an id is outside the vocabulary.
    pub fn tokens_from_ids(&self, ids: &[u32]) -> Result<Tokens, EngineError> {
        self.check_ids(ids)?;
        match &self.tokenizer {
            Some(tokenizer) => Ok(tokenizer.from_ids(ids)?),
            None => Ok(Tokens {
                tokens: ids.iter().map(u32::to_string).collect(),
                ids: ids.to_vec(),
                form: TokenForm::Plain,
                offsets: vec![(0, 0); ids.len()],
                special: vec![false; ids.len()],
                segments: Vec::new(),
                type_ids: vec![0; ids.len()],
            }),
        }
    }

    /// Checks that an input can be read.
    ///
    /// # Errors
    /// When it is empty, too long, or holds an id outside the vocabulary.
    pub fn check(&self, tokens: &Tokens) -> Result<(), EngineError> {
        let (n_tokens, n_ctx) = (tokens.len(), self.spec.n_ctx);
        if n_tokens == 0 {
            return Err(InputError::Empty.into());
        }
        if n_tokens > n_ctx {
            return Err(InputError::TooLong { n_tokens, n_ctx }.into());
        }
        self.check_ids(&tokens.ids)
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), EngineError> {
        let d_vocab = self.spec.d_vocab;
        let wrong = ids.iter().enumerate().find(|(_, id)| **id as usize >= d_vocab);
        wrong.map_or(Ok(()), |(position, &id)| Err(InputError::UnknownId { id, position, d_vocab }.into()))
    }

    /// Applies a norm of this model to rows [_, d_model].
    pub(super) fn norm(&self, norm: &Norm, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        match self.spec.norm {
            NormKind::LayerNorm => layer_norm(x, &norm.weight, &norm.bias, self.spec.norm_eps, &mut out),
            NormKind::RmsNorm => rms_norm(x, &norm.weight, self.spec.norm_eps, &mut out),
        }
        out
    }

    /// Applies the nonlinearity in place.
    pub(super) fn activate(&self, x: &mut [f32]) {
        let function = match self.spec.activation {
            Activation::Gelu => activation::gelu,
            Activation::GeluTanh => activation::gelu_tanh,
            Activation::QuickGelu => activation::quick_gelu,
            Activation::Relu => activation::relu,
            Activation::Relu2 => activation::relu2,
            Activation::Silu => activation::silu,
            Activation::Tanh => f32::tanh,
            Activation::Sigmoid => activation::sigmoid,
        };
        x.iter_mut().for_each(|value| *value = function(*value));
    }

    /// Logits [n_rows, d_vocab] of rows of the last stream [n_rows, d_model]: `ln_final.hook_out`, or a post-norm
    /// model's last `hook_normalized_resid_post`.
    ///
    /// # Errors
    /// When the checkpoint has no unembedding.
    pub fn unembed(&self, stream: &[f32]) -> Result<Vec<f32>, EngineError> {
        if self.spec.unembed == Unembed::None {
            return Err(EngineError::Request("this checkpoint has no unembedding: it predicts no tokens".to_owned()));
        }
        let transformed = self.masked_word_head.as_ref().map(|(dense, norm)| {
            let mut hidden = dense.apply(stream);
            self.activate(&mut hidden);
            self.norm(norm, &hidden)
        });
        let stream = transformed.as_deref().unwrap_or(stream);
        let d_model = self.spec.d_model;
        let weight = self.unembed.as_ref().unwrap_or(&self.embed);
        let mut logits = weight.matmul(&PackedRows::pack(stream, d_model, 0..d_model), 0..d_model);
        if let Some(bias) = &self.unembed_bias {
            add_bias(&mut logits, bias);
        }
        Ok(logits)
    }
}

impl Linear {
    /// [n_rows, n_out] from rows [n_rows, n_in].
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let n_in = self.weight.n_in();
        self.apply_packed(&PackedRows::pack(x, n_in, 0..n_in))
    }

    /// The same, where several layers read the same rows.
    pub fn apply_packed(&self, x: &PackedRows) -> Vec<f32> {
        let mut y = self.weight.matmul(x, 0..self.weight.n_in());
        if let Some(bias) = &self.bias {
            add_bias(&mut y, bias);
        }
        y
    }
}

/// Adds a vector to every row.
pub(super) fn add_bias(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}
