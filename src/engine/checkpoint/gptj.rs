//! GPT-J (Wang & Komatsuzaki 2021) and CodeGen (Nijkamp et al. 2022), as in Hugging Face. Attention and MLP read the same norm, and
//! neighbouring neurons turn together. CodeGen has queries, values and keys in one matrix, in the four parts that it was trained in.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Mask, NormPlacement, Pairing, Positions, Rotary, RotaryScaling, Unembed};

/// The parts of CodeGen's matrix of queries, values and keys.
const CODEGEN_PARTS: usize = 4;

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
        architecture: config.string("model_type")?.to_owned(),
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
    if spec.architecture == "codegen" && !d_model.is_multiple_of(CODEGEN_PARTS) {
        return Err(config.refuse("n_embd", &format!("a multiple of {CODEGEN_PARTS}"), &d_model.to_string()));
    }
    let biases = Biases { qkv: false, o: false, ..Biases::ALL };
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::Block(layer, slot @ (BlockSlot::Q | BlockSlot::K | BlockSlot::V), part)
            if arch.spec.architecture == "codegen" =>
        {
            let index = match slot {
                BlockSlot::Q => 0,
                BlockSlot::V => 1,
                _ => 2,
            };
            let layout = Layout::Grouped { index, count: 1, n_parts: 3, unit: arch.spec.d_model / CODEGEN_PARTS };
            arch.named_as(format!("h.{layer}.attn.qkv_proj.{}", part.name()), layout)
        }
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
