//! What a model is: sizes and structure, in TransformerLens's names. A checkpoint adapter makes one from its
//! `config.json` or GGUF metadata; the one transformer reads nothing else.
//!
//! The types serialise both as JSON (trace metadata) and without field names (messages), so: no untagged enums and no
//! skipped fields here. Traces are read by `json`: there too, fields that came later have defaults, so that files from before them are read.

mod bare;
mod check;
mod default;
mod distances;
mod experts;
mod json;
mod labels;
mod rotary;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use check::{MAX_DEPTH, SpecFault};
pub use distances::{Conv, Disentangled, RelativeBias};
pub use experts::Experts;
pub use labels::{LabelHead, LabelKind, LabelReads};
pub use rotary::{Pairing, Rotary, RotaryScaling};

use super::Stack;

/// The structure of a transformer: of its one stack, or of the decoder, which then holds the encoder's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Hugging Face `model_type`: bert, gpt2, llama, …
    pub architecture: String,
    /// Number of blocks.
    pub n_layers: usize,
    /// Query heads per block.
    pub n_heads: usize,
    /// Key and value heads per block; query head h reads key head h / (n_heads / n_key_value_heads).
    pub n_key_value_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of one head.
    pub d_head: usize,
    /// Width of the MLP's hidden layer; 0 where there is none.
    pub d_mlp: usize,
    /// Rows of the embedding.
    pub d_vocab: usize,
    /// Longest input, in tokens.
    pub n_ctx: usize,
    /// The normalisation.
    pub norm: NormKind,
    /// Added to the variance before the root.
    pub norm_eps: f64,
    /// Where the normalisation stands.
    pub norm_placement: NormPlacement,
    /// How positions enter.
    pub positions: Positions,
    /// Rows of the token type embedding; 0 where there is none.
    pub n_token_types: usize,
    /// Which keys a query may see.
    pub mask: Mask,
    /// Factor on q·k, before `attn_scale_by_inverse_layer`.
    pub attn_scale: f64,
    /// Whether the scale of layer l (from zero) is divided by l + 1 (GPT-2's option).
    pub attn_scale_by_inverse_layer: bool,
    /// Shape of the MLP.
    pub mlp: MlpKind,
    /// The nonlinearity.
    pub activation: Activation,
    /// What turns the stream into logits.
    pub unembed: Unembed,
    /// Width of the embeddings where it is not d_model (ALBERT): a matrix leads to d_model, after the embedding norm where
    /// there is one (word, position and type embeddings then have this width), else at once (word embedding only).
    #[serde(default)]
    pub d_embed: Option<usize>,
    /// Factor on the token embedding; none is 1.
    #[serde(default)]
    pub embed_scale: Option<f64>,
    /// A token whose embedding is left out while the others grow, by the share of such tokens in the text, as in training (ESM).
    #[serde(default)]
    pub token_dropout: Option<u32>,
    /// Whether the sum of the embeddings is normalised.
    #[serde(default)]
    pub embed_norm: bool,
    /// Row of the position embedding that the first token reads.
    #[serde(default)]
    pub pos_offset: usize,
    /// A token that does not count as a position (RoBERTa's padding): it reads row `pos_offset - 1`, and the next token
    /// continues the count.
    #[serde(default)]
    pub pad_id: Option<u32>,
    /// Whether norms multiply by 1 + weight (Gemma).
    #[serde(default)]
    pub norm_adds_one: bool,
    /// How attention and MLP follow each other.
    #[serde(default)]
    pub block: BlockKind,
    /// Norms of queries and keys, before the rotation.
    #[serde(default)]
    pub qk_norm: Option<QkNorm>,
    /// Layers that see only near keys.
    #[serde(default)]
    pub local: Option<Local>,
    /// Layers that do not rotate in a model that does (SmolLM3).
    #[serde(default)]
    pub unrotated_layers: Vec<usize>,
    /// A learned bias by distance on the scores of every layer (T5, MPNet).
    #[serde(default)]
    pub relative_bias: Option<RelativeBias>,
    /// Keys and queries of positions beside those of contents (DeBERTa).
    #[serde(default)]
    pub disentangled: Option<Disentangled>,
    /// A convolution over the stream entering the first block, added to what leaves it and normalised with it (DeBERTa v2).
    #[serde(default)]
    pub conv: Option<Conv>,
    /// Whether each head has a learned score that takes weight in every row and stands for no token (gpt-oss).
    #[serde(default)]
    pub sinks: bool,
    /// Scores become cap · tanh(score / cap) (Gemma 2).
    #[serde(default)]
    pub attn_softcap: Option<f64>,
    /// Layers in which each token goes to some of several MLPs.
    #[serde(default)]
    pub experts: Option<Experts>,
    /// The soft cap on logits.
    #[serde(default)]
    pub logit_softcap: Option<f64>,
    /// Queries, keys and values are cut off at this size on either side, as they are projected (MPT, OLMo).
    #[serde(default)]
    pub clip_qkv: Option<f64>,
    /// Factor on what each sub-layer adds to the stream; none is 1 (Granite).
    #[serde(default)]
    pub resid_scale: Option<f64>,
    /// Factor on what the unembedding reads; none is 1 (T5: 1/√d_model).
    #[serde(default)]
    pub logit_scale: Option<f64>,
    /// Activation of a masked-word head where it is not the MLP's.
    #[serde(default)]
    pub head_activation: Option<Activation>,
    /// The head of a classifier.
    #[serde(default)]
    pub labels: Option<LabelHead>,
    /// The encoder that this decoder reads through cross-attention.
    #[serde(default)]
    pub encoder: Option<Box<Spec>>,
}

/// LayerNorm (mean and variance, weight and bias), RMSNorm (root mean square, weight), or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Ba et al. 2016.
    LayerNorm,
    /// Zhang & Sennrich 2019.
    RmsNorm,
    /// The stream is read as it is.
    None,
}

/// Where the norms of a block stand. All but the last have one more at the end of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormPlacement {
    /// GPT-2, Llama: before each sub-layer; the stream itself is never normalised until `ln_final`.
    Pre,
    /// Gemma 2: before each sub-layer, and on what it adds to the stream.
    PreAndOutput,
    /// OLMo 2: on what each sub-layer adds to the stream.
    Output,
    /// BERT: after each sum.
    Post,
}

/// How attention and MLP follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The MLP reads what attention wrote.
    #[default]
    Sequential,
    /// Both read the stream entering the block, each through its own norm (GPT-NeoX).
    Parallel,
    /// Both read it through one norm (GPT-J).
    ParallelOneNorm,
}

/// Norms of queries and keys, of the model's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNorm {
    /// Each head is normalised by itself, weight [d_head] (Qwen 3).
    PerHead,
    /// All heads together, weight [n_heads · d_head] (OLMo 2).
    AllHeads,
    /// Each head by itself with weights of its own, [n_heads · d_head] (StableLM 2, Command R+).
    EachHead,
}

/// Layers whose queries see only near keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// The layers.
    pub layers: Vec<usize>,
    /// The farthest key that is seen, in positions from the query: a window of w causal keys reaches w − 1.
    pub reach: usize,
    /// Their rotation, where it differs from that of the other layers.
    pub rotary: Option<Rotary>,
}

/// How a model knows where a token stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// A learned vector per position, added to the embedding.
    Learned,
    /// Queries and keys are rotated (Su et al. 2021).
    Rotary(Rotary),
    /// Sines, then cosines, added to the embedding (Vaswani et al. 2017).
    Sinusoidal,
    /// Sines, then cosines, by rows that count from `pos_offset`, with 10000 as the longest wavelength of all (fairseq, M2M100); a
    /// token that takes no position has zeros.
    ShiftedSinusoidal,
    /// Scores fall with the distance, each head with a slope of its own (Press et al. 2022).
    Alibi,
    /// ALiBi's numbers by the key's position, in 16 bits and multiplied by the scale of the scores (Falcon).
    ScaledAlibi,
    /// Not by themselves: by a relative bias, or the mask alone.
    None,
    /// A learned vector per position, added in every layer to what queries and keys are made of, never to the stream (Press et
    /// al. 2021).
    Shortformer,
}

/// Which keys a query may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Every position.
    Bidirectional,
    /// A query sees its own position and earlier ones.
    Causal,
}

/// Shape of the MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MlpKind {
    /// act(x W_in) W_out.
    Plain,
    /// (act(x W_gate) ⊙ x W_in) W_out (Shazeer 2020).
    Gated,
    /// Blocks are attention only (Elhage et al. 2021).
    None,
}

/// Nonlinearity of the MLP, by its definition; several Hugging Face names share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x Φ(x), with the error function.
    Gelu,
    /// The tanh approximation of gelu.
    GeluTanh,
    /// x σ(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// max(x, 0)².
    Relu2,
    /// x σ(x).
    Silu,
    /// tanh x.
    Tanh,
    /// σ(x).
    Sigmoid,
}

/// What turns the stream into logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unembed {
    /// The checkpoint has no such head (sentence embedders).
    None,
    /// One matrix, its own or the embedding's.
    Linear {
        /// Whether it is the embedding.
        tied: bool,
    },
    /// BERT's masked-word head: dense, activation, norm, then the matrix with a bias.
    MaskedWord {
        /// Whether the matrix is the embedding.
        tied: bool,
    },
}

impl Spec {
    /// Factor on q·k in this layer.
    pub fn attn_scale_of(&self, layer: usize) -> f32 {
        let layer_factor = if self.attn_scale_by_inverse_layer { (layer + 1) as f64 } else { 1.0 };
        (self.attn_scale / layer_factor) as f32
    }

    /// How many query heads share a key head.
    pub fn queries_per_key_head(&self) -> usize {
        self.n_heads / self.n_key_value_heads
    }

    /// Width of the word embedding.
    pub fn embed_width(&self) -> usize {
        self.d_embed.unwrap_or(self.d_model)
    }

    /// Width of the sum of the embeddings, which is what the embedding norm sees.
    pub fn full_embed_width(&self) -> usize {
        if self.embed_norm { self.embed_width() } else { self.d_model }
    }

    /// The rotation of queries and keys, where there is one; of layers that are not local.
    pub fn rotary(&self) -> Option<&Rotary> {
        match &self.positions {
            Positions::Rotary(rotary) => Some(rotary),
            _ => None,
        }
    }

    /// The rotation in one layer.
    pub fn rotary_of(&self, layer: usize) -> Option<&Rotary> {
        let own = self.local.as_ref().filter(|local| local.layers.contains(&layer));
        let own = own.and_then(|local| local.rotary.as_ref());
        own.or(self.rotary()).filter(|_| !self.unrotated_layers.contains(&layer))
    }

    /// Whether inputs of both lengths are rotated alike in every layer. Where they are not, one more token changes what every
    /// earlier position computes.
    pub fn rotates_alike(&self, n_pos: usize, other_n_pos: usize) -> bool {
        let local = self.local.as_ref().and_then(|local| local.rotary.as_ref());
        self.rotary().into_iter().chain(local).all(|rotary| rotary.is_same_for(n_pos, other_n_pos))
    }

    /// Whether queries and keys enter the product of this layer otherwise than as projected.
    pub fn changes_queries(&self, layer: usize) -> bool {
        self.qk_norm.is_some() || self.rotary_of(layer).is_some()
    }

    /// Whether a position sees only itself and earlier ones.
    pub fn is_causal(&self) -> bool {
        self.mask == Mask::Causal
    }

    /// The keys that a query may see in one layer, of `n_pos`.
    pub fn visible(&self, layer: usize, query: usize, n_pos: usize) -> Range<usize> {
        let reach = self.local.as_ref().filter(|local| local.layers.contains(&layer)).map(|local| local.reach);
        let last = if self.is_causal() { query } else { query.saturating_add(reach.unwrap_or(n_pos)) };
        reach.map_or(0, |reach| query.saturating_sub(reach))..(last.saturating_add(1)).min(n_pos)
    }

    /// Whether attention and MLP read the same stream.
    pub fn is_parallel(&self) -> bool {
        self.block != BlockKind::Sequential
    }

    /// Whether there is a position embedding.
    pub fn has_pos_embed(&self) -> bool {
        use Positions::{Learned, ShiftedSinusoidal, Shortformer, Sinusoidal};
        matches!(self.positions, Learned | Sinusoidal | ShiftedSinusoidal | Shortformer)
    }

    /// Whether there is a stream between attention and what follows it in a block.
    pub fn has_resid_mid(&self) -> bool {
        !self.is_parallel() && self.mlp != MlpKind::None
    }

    /// Whether each sub-layer reads a normalised stream.
    pub fn has_input_norms(&self) -> bool {
        matches!(self.norm_placement, NormPlacement::Pre | NormPlacement::PreAndOutput)
    }

    /// Whether what a sub-layer adds to the stream is normalised.
    pub fn has_output_norms(&self) -> bool {
        matches!(self.norm_placement, NormPlacement::Output | NormPlacement::PreAndOutput)
    }

    /// The structure of one stack; of a model with one, its only one.
    pub fn stack(&self, stack: Stack) -> &Spec {
        match (stack, &self.encoder) {
            (Stack::Encoder, Some(encoder)) => encoder,
            _ => self,
        }
    }

    /// The structure of one of two stacks, or of the only one.
    pub fn of_stack(&self, stack: Option<Stack>) -> &Spec {
        stack.map_or(self, |stack| self.stack(stack))
    }
}

#[cfg(test)]
mod tests;
