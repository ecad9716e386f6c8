//! OLMo 2 (Walsh et al. 2025), as in Hugging Face: Llama's form with norms on what each sub-layer adds, and on all queries and
//! all keys together.

use super::super::error::EngineError;
use super::llama;
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{NormPlacement, QkNorm};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let base = llama::spec(config, "hidden_act", Family::USUAL)?;
    let spec = Spec { norm_placement: NormPlacement::Output, qk_norm: Some(QkNorm::AllHeads), ..base };
    let attn = config.switch("attention_bias", false)?;
    let biases = Biases { qkv: attn, o: attn, ..Biases::NONE };
    Ok(Architecture::new(spec, biases, source).with_prefix(llama::prefix(has_tensor)))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, BlockSlot::AttnOutNorm, _) => {
            arch.named(format!("layers.{layer}.post_attention_layernorm.weight"))
        }
        Slot::Block(layer, BlockSlot::MlpOutNorm, _) => {
            arch.named(format!("layers.{layer}.post_feedforward_layernorm.weight"))
        }
        _ => llama::source(arch, slot),
    }
}
