//! A loaded model: its structure, its tokenizer and its weights by what they do.

mod alone;
mod assemble;
mod labels;
mod parts;
mod unembed;

use std::collections::HashMap;
use std::sync::Arc;

use super::chat::ChatTemplate;
use super::error::{EngineError, InputError};
use super::generation_config::GenerationConfig;
use super::tokenizer::Tokenizer;
use super::weights::Weight;
use crate::analysis::attention::AttnLayer;
use crate::kernels::activation;
use crate::kernels::activation::{Activate, Gate};
use crate::kernels::norm::{layer_norm, layer_norm_reverse, rms_norm, rms_norm_reverse};
use crate::trace::display::token_label;
use crate::trace::spec::{Activation, NormKind};
use crate::trace::{Attn, Spec, TokenForm, Tokens};

pub(super) use assemble::{Filled, StackSlot, StackSlots};
pub(super) use labels::LabelLayers;
pub(super) use parts::{AttnWeights, Block, Experts, Linear, Mlp, Norm, WideBlock, add_bias};

/// A model that can run: its only stack, or a decoder with its encoder, which is a model too. Weights are as stored: nothing
/// folded, nothing centred; of DeBERTa's positions the keys and queries are held, which no text changes. A
/// [`Loader`](super::Loader) makes one of a checkpoint; for measuring and tests one can be drawn at random:
///
/// ```
/// use headlight::engine::Model;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = std::fs::read_to_string("tests/fixtures/golden/gpt2/config.json")?;
/// let model = Model::seeded(&config, 7)?;
/// assert_eq!(model.spec().architecture, "gpt2");
/// assert!(model.tokenizer().is_none());
/// let tokens = model.tokens_from_ids(&[5, 17, 42])?;
/// assert_eq!(tokens.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Model {
    pub(super) spec: Spec,
    pub(super) encoder: Option<Arc<Model>>,
    pub(super) generation: GenerationConfig,
    pub(super) tokenizer: Option<Arc<Tokenizer>>,
    pub(super) chat: Option<Arc<ChatTemplate>>,
    /// Names of the token ids of a model without a tokenizer, as far as there are any, and how they are written.
    pub(super) labels: Arc<[String]>,
    pub(super) label_form: TokenForm,
    /// Why there is no tokenizer, where its files are there.
    pub(super) without_tokenizer: Option<String>,
    pub(super) quantisation: String,
    /// What was assumed or left out in reading the checkpoint, a sentence each.
    pub(super) notes: Vec<String>,
    pub(super) embed: Arc<Weight>,
    pub(super) pos_embed: Option<Arc<Weight>>,
    pub(super) token_type_embed: Option<Arc<Weight>>,
    pub(super) embed_norm: Option<Norm>,
    pub(super) embed_project: Option<Linear>,
    pub(super) blocks: Vec<Block>,
    /// [n_buckets, n_heads]
    pub(super) relative_bias: Option<Vec<f32>>,
    pub(super) final_norm: Option<Norm>,
    /// A matrix of its own, where it is not the embedding.
    pub(super) unembed: Option<Arc<Weight>>,
    pub(super) unembed_bias: Option<Vec<f32>>,
    pub(super) unembed_project: Option<Linear>,
    pub(super) masked_word_head: Option<(Linear, Norm)>,
    pub(super) label_layers: Option<LabelLayers>,
}

impl Model {
    /// The model's structure.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The encoder, of a model that reads one text and writes another.
    pub fn encoder(&self) -> Option<&Arc<Model>> {
        self.encoder.as_ref()
    }

    /// The rules for the text that it writes.
    pub fn generation_config(&self) -> &GenerationConfig {
        &self.generation
    }

    /// The model's tokenizer; `None` for models without one, which read ids.
    pub fn tokenizer(&self) -> Option<&Tokenizer> {
        self.tokenizer.as_deref()
    }

    /// What a token is called: by the tokenizer, else by its label, else its id. An id without a token has its id in brackets.
    pub fn token_name(&self, id: u32) -> String {
        if let Some(tokenizer) = &self.tokenizer {
            return tokenizer.name(id);
        }
        let label = self.labels.get(id as usize).filter(|label| !label.is_empty()).cloned();
        label.unwrap_or_else(|| id.to_string())
    }

    /// Names the tokens of a model without a tokenizer; `reason`: why it has none, where its files are there.
    pub(super) fn set_labels(&mut self, labels: Vec<String>, form: TokenForm, reason: Option<String>) {
        self.labels = labels.into();
        (self.label_form, self.without_tokenizer) = (form, reason);
        if let Some(encoder) = self.encoder.as_mut().and_then(Arc::get_mut) {
            encoder.labels = Arc::clone(&self.labels);
            (encoder.label_form, encoder.without_tokenizer) = (form, self.without_tokenizer.clone());
        }
    }

    fn expect_tokenizer(&self) -> Result<&Tokenizer, EngineError> {
        let missing = || match &self.without_tokenizer {
            Some(reason) => EngineError::Request(format!("{reason}: give token ids")),
            None => EngineError::Request("this model has no tokenizer: give token ids".to_owned()),
        };
        self.tokenizer.as_deref().ok_or_else(missing)
    }

    /// What was assumed or left out in reading the checkpoint, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// "F32", "Q4_1", …: the format of most of the block weights.
    pub fn quantisation(&self) -> &str {
        &self.quantisation
    }

    /// Bytes of all matrices as held, each once.
    pub fn weight_bytes(&self) -> usize {
        let mut held: HashMap<*const Weight, usize> = HashMap::new();
        for model in [Some(self), self.encoder.as_deref()].into_iter().flatten() {
            let outer = [&model.pos_embed, &model.token_type_embed, &model.unembed].into_iter().flatten();
            let linears = [&model.embed_project, &model.unembed_project].into_iter().flatten();
            let head = model.masked_word_head.iter().map(|(dense, _)| &dense.weight);
            let head = head.chain(model.label_layers.iter().flat_map(LabelLayers::weights));
            let all = outer.chain([&model.embed]).chain(linears.map(|linear| &linear.weight)).chain(head);
            let all = all.chain(model.blocks.iter().flat_map(Block::weights));
            held.extend(all.map(|weight| (Arc::as_ptr(weight), weight.byte_len())));
        }
        held.values().sum()
    }

    /// Tokens of a text or a pair; a pair is joined by one space where the model reads from left to right. Of an
    /// encoder-decoder model: of what the encoder reads.
    ///
    /// # Errors
    /// When the model has no tokenizer, or the text gives no token.
    pub fn encode(&self, text: &str, pair: Option<&str>) -> Result<Tokens, EngineError> {
        let reader = self.encoder.as_deref().unwrap_or(self);
        let tokenizer = reader.expect_tokenizer()?;
        if text.is_empty() {
            return Err(InputError::Empty.into());
        }
        let pair = pair.filter(|pair| !pair.is_empty());
        Ok(tokenizer.encode(text, pair, !reader.spec.is_causal())?)
    }

    /// What the decoder reads when it is to write `target`: the start token, then the target without its last token.
    ///
    /// # Errors
    /// When the model has no encoder, no tokenizer, or the target has no token.
    pub fn encode_target(&self, target: &str) -> Result<Tokens, EngineError> {
        let mut tokens = self.start()?;
        let tokenizer = self.expect_tokenizer()?;
        if target.is_empty() {
            return Err(InputError::Empty.into());
        }
        let written = tokenizer.encode(target, None, false)?;
        for index in 0..written.len() - 1 {
            tokens.push(&written, index);
        }
        Ok(tokens)
    }

    /// What the decoder reads before it has written anything.
    ///
    /// # Errors
    /// When the model has no encoder, or its configuration names no start token.
    pub fn start(&self) -> Result<Tokens, EngineError> {
        if self.encoder.is_none() {
            let message = format!("{} has no decoder beside an encoder: it takes no target", self.spec.architecture);
            return Err(EngineError::Request(message));
        }
        let missing = "config.json names no decoder_start_token_id: what the decoder reads first is unknown";
        let id = self.generation.start_id.ok_or_else(|| EngineError::Request(missing.to_owned()))?;
        let mut tokens = self.tokens_from_ids(&[id])?;
        tokens.special = vec![true];
        Ok(tokens)
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
                tokens: ids.iter().map(|&id| self.token_name(id)).collect(),
                ids: ids.to_vec(),
                form: self.label_form,
                offsets: vec![(0, 0); ids.len()],
                special: vec![false; ids.len()],
                segments: Vec::new(),
                type_ids: vec![0; ids.len()],
            }),
        }
    }

    /// The one token that a text is, e.g. " Mary".
    ///
    /// # Errors
    /// When it is several, or none.
    pub fn single_token(&self, text: &str) -> Result<u32, EngineError> {
        let pieces = self.pieces(text)?;
        match pieces.as_slice() {
            [(id, _)] => Ok(*id),
            _ => {
                let pieces: Vec<&str> = pieces.iter().map(|(_, piece)| piece.as_str()).collect();
                let message = format!("\"{text}\" is {} tokens ({}), expected one", pieces.len(), pieces.join(" "));
                Err(EngineError::Request(message))
            }
        }
    }

    /// The token that a text begins with, and how many the text has.
    ///
    /// # Errors
    /// When it has none.
    pub fn first_token(&self, text: &str) -> Result<(u32, usize), EngineError> {
        let pieces = self.pieces(text)?;
        let first = pieces.first().map(|(id, _)| (*id, pieces.len()));
        first.ok_or_else(|| EngineError::Request(format!("\"{text}\" has no token")))
    }

    /// The tokens of a text but those that the tokenizer adds.
    fn pieces(&self, text: &str) -> Result<Vec<(u32, String)>, EngineError> {
        let tokens = match (&self.tokenizer, &self.encoder) {
            // Of what is written, which a translator splits in its own way.
            (Some(tokenizer), Some(_)) if !text.is_empty() => tokenizer.encode(text, None, false)?,
            _ => self.encode(text, None)?,
        };
        let own = (0..tokens.len()).filter(|&index| !tokens.special[index]);
        Ok(own.map(|index| (tokens.ids[index], tokens.tokens[index].clone())).collect())
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
        let Some((position, &id)) = ids.iter().enumerate().find(|(_, id)| **id as usize >= d_vocab) else {
            return Ok(());
        };
        let label = |tokenizer: &Tokenizer| Some(token_label(&tokenizer.id_to_token(id)?, tokenizer.form()).plain);
        Err(match self.tokenizer.as_deref().and_then(label) {
            Some(token) => InputError::NoRow { token, id, position, d_vocab },
            None => InputError::UnknownId { id, position, d_vocab },
        }
        .into())
    }

    /// Applies a norm of this model to rows [_, d_model].
    pub(super) fn norm(&self, norm: &Norm, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        match self.spec.norm {
            NormKind::LayerNorm => layer_norm(x, &norm.weight, &norm.bias, self.spec.norm_eps, &mut out),
            NormKind::RmsNorm => rms_norm(x, &norm.weight, self.spec.norm_adds_one, self.spec.norm_eps, &mut out),
            NormKind::None => out.copy_from_slice(x),
        }
        out
    }

    /// The reverse of [`Model::norm`]: turns gradients by its result into those by `x`, in place; both [_, d_model].
    pub(super) fn norm_reverse(&self, norm: &Norm, x: &[f32], grad: &mut [f32]) {
        let (adds_one, eps) = (self.spec.norm_adds_one, self.spec.norm_eps);
        match self.spec.norm {
            NormKind::LayerNorm => layer_norm_reverse(x, &norm.weight, eps, grad),
            NormKind::RmsNorm => rms_norm_reverse(x, &norm.weight, adds_one, eps, grad),
            NormKind::None => {}
        }
    }

    /// One attention of one layer, as the maths of attention wants it.
    pub(super) fn attn_layer(&self, layer: usize, attn: Attn) -> AttnLayer<'_> {
        let own = Some(&self.blocks[layer].attn).filter(|_| attn == Attn::Own);
        AttnLayer {
            spec: &self.spec,
            layer,
            attn,
            q_norm: own.and_then(|own| own.q_norm.as_ref()).map(Norm::of_heads),
            k_norm: own.and_then(|own| own.k_norm.as_ref()).map(Norm::of_heads),
            sinks: own.and_then(|own| own.sinks.as_deref()),
            relative_bias: self.relative_bias.as_deref(),
            positions: self.blocks[layer].positions.as_deref(),
        }
    }

    /// The MLP's nonlinearity, alone and with a gate.
    pub(super) fn activation(&self) -> (Activate, Gate) {
        Self::kernels_of(self.spec.activation)
    }

    /// An activation function.
    pub(super) fn activate(activation: Activation) -> Activate {
        Self::kernels_of(activation).0
    }

    fn kernels_of(activation: Activation) -> (Activate, Gate) {
        match activation {
            Activation::Gelu => (activation::gelu, activation::gelu_gate),
            Activation::GeluTanh => (activation::gelu_tanh, activation::gelu_tanh_gate),
            Activation::QuickGelu => (activation::quick_gelu, activation::quick_gelu_gate),
            Activation::Relu => (activation::relu, activation::relu_gate),
            Activation::Relu2 => (activation::relu2, activation::relu2_gate),
            Activation::Silu => (activation::silu, activation::silu_gate),
            Activation::Tanh => (activation::tanh, activation::tanh_gate),
            Activation::Sigmoid => (activation::sigmoid, activation::sigmoid_gate),
        }
    }

    /// The derivative of an activation function.
    pub(super) fn slope_of(activation: Activation) -> Activate {
        match activation {
            Activation::Gelu => activation::gelu_slope,
            Activation::GeluTanh => activation::gelu_tanh_slope,
            Activation::QuickGelu => activation::quick_gelu_slope,
            Activation::Relu => activation::relu_slope,
            Activation::Relu2 => activation::relu2_slope,
            Activation::Silu => activation::silu_slope,
            Activation::Tanh => activation::tanh_slope,
            Activation::Sigmoid => activation::sigmoid_slope,
        }
    }
}
