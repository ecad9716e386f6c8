//! Llama in GGUF files: metadata to Spec, llama.cpp's tensor names to ours.

use super::super::error::EngineError;
use super::super::files::gguf::Gguf;
use super::{Architecture, Biases, BlockSlot, Layout, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{
    Activation, Mask, MlpKind, NormKind, NormPlacement, Positions, Rotary, RotaryScaling, Unembed,
};

pub(super) fn from_metadata(gguf: &Gguf) -> Result<Architecture, EngineError> {
    let refuse = |field: &str, expected: String, found: String| EngineError::Config {
        file: gguf.index.file.clone(),
        field: field.to_owned(),
        expected,
        found,
    };
    let architecture = gguf.string("general.architecture")?;
    if architecture != "llama" {
        return Err(refuse("general.architecture", "llama".to_owned(), architecture.to_owned()));
    }
    let size = |key: &str| -> Result<usize, EngineError> {
        let key = format!("llama.{key}");
        let value = gguf.u32(&key)?;
        let in_range = usize::try_from(value).ok().filter(|value| *value > 0);
        in_range.ok_or_else(|| refuse(&key, "a positive number".to_owned(), value.to_string()))
    };
    let size_or = |key: &str, other: usize| if gguf.has(&format!("llama.{key}")) { size(key) } else { Ok(other) };
    let positive = |key: &str, value: f32| {
        let number = f64::from(value);
        let in_range = (number > 0.0 && number.is_finite()).then_some(number);
        in_range.ok_or_else(|| refuse(key, "a positive number".to_owned(), value.to_string()))
    };
    let (d_model, n_heads) = (size("embedding_length")?, size("attention.head_count")?);
    let n_key_value_heads = size_or("attention.head_count_kv", n_heads)?;
    if n_heads % n_key_value_heads != 0 {
        let expected = format!("a divisor of the head count {n_heads}");
        return Err(refuse("llama.attention.head_count_kv", expected, n_key_value_heads.to_string()));
    }
    let d_head = size_or("attention.key_length", d_model / n_heads)?;
    let dims = size_or("rope.dimension_count", d_head)?;
    let same = [("attention.value_length", size_or("attention.value_length", d_head)?), ("rope.dimension_count", dims)];
    for (key, found) in same {
        if found != d_head || d_head % 2 != 0 {
            return Err(refuse(&format!("llama.{key}"), format!("the head's width {d_head}, even"), found.to_string()));
        }
    }
    if let Some(count) = gguf.optional("llama.expert_count", Gguf::u32)?.filter(|count| *count > 0) {
        return Err(refuse("llama.expert_count", "0 (mixtures of experts are not read)".to_owned(), count.to_string()));
    }
    let scaling = match gguf.optional("llama.rope.scaling.type", Gguf::string)? {
        None | Some("none") => RotaryScaling::None,
        Some("linear") => {
            let key = "llama.rope.scaling.factor";
            RotaryScaling::Linear { factor: positive(key, gguf.f32(key)?)? }
        }
        Some(other) => return Err(refuse("llama.rope.scaling.type", "none or linear".to_owned(), other.to_owned())),
    };
    if gguf.index.tensors.contains_key("rope_freqs.weight") {
        return Err(refuse("rope_freqs.weight", "no table of rotary factors".to_owned(), "one".to_owned()));
    }
    let theta = gguf.optional("llama.rope.freq_base", Gguf::f32)?.unwrap_or(10_000.0);
    let epsilon = "llama.attention.layer_norm_rms_epsilon";
    let embed = gguf.index.tensors.get("token_embd.weight");
    let tied = !gguf.index.tensors.contains_key("output.weight");
    let spec = Spec {
        architecture: "llama".to_owned(),
        n_layers: size("block_count")?,
        n_heads,
        n_key_value_heads,
        d_model,
        d_head,
        d_mlp: size("feed_forward_length")?,
        d_vocab: embed.and_then(|entry| entry.shape.first().copied()).unwrap_or(0),
        n_ctx: size("context_length")?,
        norm: NormKind::RmsNorm,
        norm_eps: positive(epsilon, gguf.f32(epsilon)?)?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Rotary(Rotary { theta: positive("llama.rope.freq_base", theta)?, dims, scaling }),
        n_token_types: 0,
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        attn_scale_by_inverse_layer: false,
        mlp: MlpKind::Gated,
        activation: Activation::Silu,
        unembed: Unembed::Linear { tied },
    };
    let has = |name: &str| gguf.index.tensors.contains_key(name);
    let biases = Biases { attn: has("blk.0.attn_q.bias"), mlp: has("blk.0.ffn_up.bias") };
    Ok(Architecture { spec, source, prefix: String::new(), biases })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("token_embd.weight"),
        Slot::Block(layer, slot, part) => {
            let (name, layout, has_bias) = match slot {
                BlockSlot::AttnNorm => ("attn_norm", Layout::Rows, false),
                BlockSlot::Q => ("attn_q", Layout::PairedRows, arch.biases.attn),
                BlockSlot::K => ("attn_k", Layout::PairedRows, arch.biases.attn),
                BlockSlot::V => ("attn_v", Layout::Rows, arch.biases.attn),
                BlockSlot::O => ("attn_output", Layout::Rows, arch.biases.attn),
                BlockSlot::MlpNorm => ("ffn_norm", Layout::Rows, false),
                BlockSlot::MlpGate => ("ffn_gate", Layout::Rows, arch.biases.mlp),
                BlockSlot::MlpIn => ("ffn_up", Layout::Rows, arch.biases.mlp),
                BlockSlot::MlpOut => ("ffn_down", Layout::Rows, arch.biases.mlp),
            };
            let is_there = part == Part::Weight || has_bias;
            is_there.then(|| arch.named_as(format!("blk.{layer}.{name}.{}", part.name()), layout)).flatten()
        }
        Slot::FinalNorm(part) if arch.norm_has(part) => arch.named("output_norm.weight"),
        Slot::Unembed(Part::Weight) if arch.spec.unembed == (Unembed::Linear { tied: false }) => {
            arch.named("output.weight")
        }
        _ => None,
    }
}
