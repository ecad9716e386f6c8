//! Falcon (Almazrouei et al. 2023), as in Hugging Face: BLOOM's names of tensors; attention and MLP side by side or not, one key head,
//! a few or as many as queries, rotation or ALiBi.
//!
//! ALiBi is what transformers computes by default. Asked for its patterns (`output_attentions`), transformers 5.24 adds it twice.

use super::super::error::EngineError;
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, OwnNames, bloom};
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Mask, NormPlacement, Positions, Unembed};

const TWO_NORMS: OwnNames = &[(BlockSlot::AttnNorm, "ln_attn"), (BlockSlot::MlpNorm, "ln_mlp")];

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // Older files have the first name.
    let width = if config.get("n_embed").is_some() { "n_embed" } else { "hidden_size" };
    let (d_model, n_heads) = config.width_and_heads(width, "num_attention_heads")?;
    let prefix = super::prefix("transformer.", &["word_embeddings.weight", "ln_f.weight"], has_tensor);
    let d_head = d_model / n_heads;
    let is_new = config.switch("new_decoder_architecture", false)?;
    let (shares_keys, parallel) = (config.switch("multi_query", true)?, config.switch("parallel_attn", true)?);
    let n_norms = config.size_if_any("num_ln_in_parallel_attn")?;
    let given = config.size_if_any("num_kv_heads")?;
    let n_key_value_heads = match (is_new, shares_keys) {
        (true, _) => given.unwrap_or(n_heads),
        (false, true) => 1,
        (false, false) => n_heads,
    };
    if !n_heads.is_multiple_of(n_key_value_heads) {
        let expected = format!("a divisor of num_attention_heads {n_heads}");
        return Err(config.refuse("num_kv_heads", &expected, &n_key_value_heads.to_string()));
    }
    if is_new && !parallel {
        return Err(config.refuse("parallel_attn", "true, which the new decoder always is", "false"));
    }
    let (block, own_names): (BlockKind, OwnNames) = match (is_new, n_norms) {
        (true, None | Some(2)) => (BlockKind::Parallel, TWO_NORMS),
        (_, None | Some(1)) if parallel => (BlockKind::ParallelOneNorm, &[]),
        (false, None | Some(1)) => (BlockKind::Sequential, &[]),
        (_, other) => {
            let expected = if is_new { "1 or 2" } else { "1 (2 is of the new decoder)" };
            return Err(config.refuse("num_ln_in_parallel_attn", expected, &other.unwrap_or(0).to_string()));
        }
    };
    let n_ctx = config.size("max_position_embeddings")?;
    let (rotary, stretched) = rotary::read(config, d_head, n_ctx, Family::USUAL)?;
    let has_alibi = config.switch("alibi", false)?;
    let spec = Spec {
        architecture: "falcon".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads,
        d_model,
        d_head,
        d_mlp: config.size_or("ffn_hidden_size", 4 * d_model)?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: if has_alibi { n_ctx } else { stretched },
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: if has_alibi { Positions::ScaledAlibi } else { Positions::Rotary(rotary) },
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        block,
        activation: config.activation("activation")?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    let bias = config.switch("bias", false)?;
    let biases = Biases { qkv: bias, o: bias, mlp: bias, ..Biases::OF_NORMS };
    Ok(Architecture::new(spec, biases, bloom::source).with_own_names(own_names).with_prefix(prefix))
}
