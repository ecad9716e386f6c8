//! GPT-NeoX (Black et al. 2022), also Pythia: GPTNeoXForCausalLM, as in Hugging Face. Attention and MLP side by side, a share
//! of each head rotated, queries, keys and values of each head in one matrix.

use super::super::error::EngineError;
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    let prefix = super::prefix("gpt_neox.", &["embed_in.weight", "final_layer_norm.weight"], has_tensor);
    let d_head = d_model / n_heads;
    let keys = Family { theta: ("rotary_emb_base", 10_000.0), share: Some(("rotary_pct", 0.25)) };
    // The share is one of `head_dim`, where there is one; heads are no wider for it.
    let turned = config.size_or("head_dim", d_head)?;
    let (rotary, n_ctx) = rotary::read(config, turned, config.size("max_position_embeddings")?, keys)?;
    if 2 * rotary.n_pairs() > d_head {
        let expected = format!("a width of which the part that is rotated is within the head's {d_head} neurons");
        return Err(config.refuse("head_dim", &expected, &turned.to_string()));
    }
    let parallel = config.switch("use_parallel_residual", true)?;
    let tied = config.switch("tie_word_embeddings", false)?;
    let spec = Spec {
        architecture: "gpt_neox".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx,
        norm_eps: config.positive("layer_norm_eps")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Rotary(rotary),
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        block: if parallel { BlockKind::Parallel } else { BlockKind::Sequential },
        activation: config.activation("hidden_act")?,
        unembed: Unembed::Linear { tied },
        ..Spec::default()
    };
    let attn = config.switch("attention_bias", true)?;
    let biases = Biases { qkv: attn, o: attn, ..Biases::LAYERS };
    let architecture = Architecture::new(spec, biases, source).with_prefix(prefix);
    // The name since transformers 5.
    Ok(match has_tensor("lm_head.weight") {
        true => architecture.with_name(Slot::Unembed(Part::Weight), "lm_head.weight".to_owned()),
        false => architecture,
    })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embed_in.weight"),
        Slot::Block(layer, slot, part) => {
            let (name, layout) = match slot {
                BlockSlot::AttnNorm => ("input_layernorm", Layout::Rows),
                BlockSlot::Q | BlockSlot::K | BlockSlot::V => ("attention.query_key_value", arch.by_key_head(slot)),
                BlockSlot::O => ("attention.dense", Layout::Rows),
                BlockSlot::MlpNorm => ("post_attention_layernorm", Layout::Rows),
                BlockSlot::MlpIn => ("mlp.dense_h_to_4h", Layout::Rows),
                BlockSlot::MlpOut => ("mlp.dense_4h_to_h", Layout::Rows),
                _ => return None,
            };
            arch.named_as(format!("layers.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("final_layer_norm.{}", part.name())),
        Slot::Unembed(_) => whole("embed_out.weight", Layout::Rows),
        _ => None,
    }
}
