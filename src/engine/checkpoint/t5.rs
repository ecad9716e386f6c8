//! T5 (Raffel et al. 2020), its version 1.1, Flan-T5 and mT5: T5ForConditionalGeneration, as in Hugging Face. Positions by a bias on
//! the scores of the first layer, which all layers of a stack share; scores are not scaled.

use super::super::error::EngineError;
use super::tying::first_there;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::Stack;
use crate::trace::spec::{Activation, Mask, MlpKind, NormKind, NormPlacement, Positions, RelativeBias, Unembed};

/// Longest input where the configuration has no `n_positions`: relative positions have no limit.
const N_CTX: usize = 1 << 13;

const HEAD: &str = "lm_head.weight";

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // T5EncoderModel, and classifiers of tokens: the encoder alone.
    let outer = if has_tensor("transformer.encoder.final_layer_norm.weight") { "transformer." } else { "" };
    let has_decoder = has_tensor(&format!("{outer}decoder.final_layer_norm.weight"));
    let has_encoder = has_tensor(&format!("{outer}encoder.final_layer_norm.weight"));
    if !config.switch("is_encoder_decoder", true)? && (has_decoder || !has_encoder) {
        return Err(config.refuse("is_encoder_decoder", "true, since the file has a decoder", "false"));
    }
    let n_layers = config.n_layers("num_layers")?;
    let encoder = spec(config, n_layers)?;
    // transformers ties T5 whatever the configuration says, and takes the switch for the scale; mT5 has no scale.
    let is_mt5 = encoder.architecture == "mt5";
    let tie = config.switch("tie_word_embeddings", true)?;
    let scale = switch_or_null(config, "scale_decoder_outputs", tie)? && !is_mt5;
    let n_decoder_layers = match config.get("num_decoder_layers") {
        Some(_) => config.n_layers("num_decoder_layers")?,
        None => n_layers,
    };
    let decoder = Spec {
        n_layers: n_decoder_layers,
        mask: Mask::Causal,
        logit_scale: scale.then_some(1.0 / (encoder.d_model as f64).sqrt()),
        unembed: Unembed::Linear { tied: true },
        ..encoder.clone()
    };
    let shared = || format!("{outer}shared.weight");
    let stack = |stack: Stack, spec: Spec| {
        let own = |stack: Stack| format!("{outer}{}.embed_tokens.weight", stack.name());
        let embed = [own(stack), shared(), own(Stack::Encoder), own(Stack::Decoder), HEAD.to_owned()];
        let embed = first_there(&embed, has_tensor);
        let prefix = format!("{outer}{}.", stack.name());
        Architecture::new(spec, Biases::NONE, source).with_prefix(&prefix).with_name(Slot::Embed, embed)
    };
    if has_encoder && !has_decoder {
        return Ok(stack(Stack::Encoder, encoder));
    }
    let mut model = stack(Stack::Decoder, decoder).with_tied_head(&[HEAD.to_owned(), shared()], has_tensor);
    model.encoder = Some(Box::new(stack(Stack::Encoder, encoder)));
    Ok(model)
}

/// The encoder's structure.
fn spec(config: &Config, n_layers: usize) -> Result<Spec, EngineError> {
    let architecture = config.string("model_type")?.to_owned();
    let n_heads = config.size("num_heads")?;
    let n_buckets = config.size_or("relative_attention_num_buckets", 32)?;
    let max_distance = config.size_or("relative_attention_max_distance", 128)?;
    if n_buckets < 4 {
        return Err(config.refuse("relative_attention_num_buckets", "at least 4", &n_buckets.to_string()));
    }
    // The decoder's exact distances take half the buckets.
    if max_distance <= n_buckets / 2 {
        let expected = format!("more than half of relative_attention_num_buckets {n_buckets}");
        return Err(config.refuse("relative_attention_max_distance", &expected, &max_distance.to_string()));
    }
    let (mlp, activation) = mlp(config)?;
    Ok(Spec {
        architecture,
        n_layers,
        n_heads,
        n_key_value_heads: n_heads,
        d_model: config.size("d_model")?,
        d_head: config.size("d_kv")?,
        d_mlp: config.size("d_ff")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size_or("n_positions", N_CTX)?,
        norm: NormKind::RmsNorm,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::None,
        relative_bias: Some(RelativeBias { n_buckets, max_distance }),
        attn_scale: 1.0,
        mlp,
        activation,
        ..Spec::default()
    })
}

/// The form of the MLP and its activation: `feed_forward_proj` says both, unless keys of their own say otherwise.
fn mlp(config: &Config) -> Result<(MlpKind, Activation), EngineError> {
    const FIELD: &str = "feed_forward_proj";
    let kind = config.string(FIELD)?;
    let (is_gated, name) = kind.strip_prefix("gated-").map_or((false, kind), |rest| (true, rest));
    // Hugging Face takes this for the tanh form.
    let name = if kind == "gated-gelu" { "gelu_new" } else { name };
    let is_gated = switch_or_null(config, "is_gated_act", is_gated)?;
    let activation = match config.get("dense_act_fn") {
        Some(_) => config.activation("dense_act_fn")?,
        None => config.activation_named(FIELD, name)?,
    };
    Ok((if is_gated { MlpKind::Gated } else { MlpKind::Plain }, activation))
}

/// A switch that null turns off.
fn switch_or_null(config: &Config, field: &str, absent: bool) -> Result<bool, EngineError> {
    let is_null = config.mentions(field) && config.get(field).is_none();
    Ok(!is_null && config.switch(field, absent)?)
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::RelativeBias => arch.named("block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
        Slot::Block(layer, slot, part) => {
            let mlp = if arch.spec.is_causal() { "layer.2" } else { "layer.1" };
            let name = match slot {
                BlockSlot::AttnNorm => "layer.0.layer_norm".to_owned(),
                BlockSlot::Q => "layer.0.SelfAttention.q".to_owned(),
                BlockSlot::K => "layer.0.SelfAttention.k".to_owned(),
                BlockSlot::V => "layer.0.SelfAttention.v".to_owned(),
                BlockSlot::O => "layer.0.SelfAttention.o".to_owned(),
                BlockSlot::CrossNorm => "layer.1.layer_norm".to_owned(),
                BlockSlot::CrossQ => "layer.1.EncDecAttention.q".to_owned(),
                BlockSlot::CrossK => "layer.1.EncDecAttention.k".to_owned(),
                BlockSlot::CrossV => "layer.1.EncDecAttention.v".to_owned(),
                BlockSlot::CrossO => "layer.1.EncDecAttention.o".to_owned(),
                BlockSlot::MlpNorm => format!("{mlp}.layer_norm"),
                BlockSlot::MlpGate => format!("{mlp}.DenseReluDense.wi_0"),
                BlockSlot::MlpIn if arch.spec.mlp == MlpKind::Gated => format!("{mlp}.DenseReluDense.wi_1"),
                BlockSlot::MlpIn => format!("{mlp}.DenseReluDense.wi"),
                BlockSlot::MlpOut => format!("{mlp}.DenseReluDense.wo"),
                _ => return None,
            };
            arch.named(format!("block.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("final_layer_norm.{}", part.name())),
        Slot::Unembed(_) => whole(HEAD, Layout::Rows),
        _ => None,
    }
}
