//! GPT-J (Wang & Komatsuzaki 2021): GPTJForCausalLM, as in Hugging Face. Attention and MLP read the same norm, and neighbouring
//! neurons turn together.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Mask, NormPlacement, Pairing, Positions, Rotary, RotaryScaling, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("n_embd", "n_head")?;
    let prefix = super::prefix("transformer.", &["wte.weight", "ln_f.weight"], has_tensor);
    let tied = config.switch("tie_word_embeddings", false)?;
    let d_head = d_model / n_heads;
    let dims = config.size_or("rotary_dim", d_head)?;
    if dims > d_head || !dims.is_multiple_of(2) {
        let expected = format!("an even number, at most the head's {d_head} neurons");
        return Err(config.refuse("rotary_dim", &expected, &dims.to_string()));
    }
    let rotary = Rotary { theta: 10_000.0, dims, scaling: RotaryScaling::None, pairing: Pairing::Adjacent };
    // The bias is its own even where the matrix is the embedding's.
    let has_head = has_tensor("lm_head.weight") || tied && has_tensor("lm_head.bias");
    let spec = Spec {
        architecture: "gptj".to_owned(),
        n_layers: config.n_layers("n_layer")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size_or("n_inner", 4 * d_model)?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("n_positions")?,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Rotary(rotary),
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        block: BlockKind::ParallelOneNorm,
        activation: config.activation("activation_function")?,
        unembed: if has_head { Unembed::Linear { tied } } else { Unembed::None },
        ..Spec::default()
    };
    let biases = Biases { qkv: false, o: false, ..Biases::ALL };
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::AttnNorm => "ln_1",
                BlockSlot::Q => "attn.q_proj",
                BlockSlot::K => "attn.k_proj",
                BlockSlot::V => "attn.v_proj",
                BlockSlot::O => "attn.out_proj",
                BlockSlot::MlpIn => "mlp.fc_in",
                BlockSlot::MlpOut => "mlp.fc_out",
                _ => return None,
            };
            arch.named(format!("h.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("ln_f.{}", part.name())),
        Slot::Unembed(part) => whole(format!("lm_head.{}", part.name()), Layout::Rows),
        _ => None,
    }
}
