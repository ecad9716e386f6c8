//! TransformerLens's own models: attention-only ones such as attn-only-1l, and small ones of one's own (HookedTransformer).
//!
//! A config.json holds the fields of `HookedTransformerConfig` (`json.dump` of its `to_dict`, or the older files of the Hub), the
//! safetensors file the model's `state_dict`: one matrix per head, `blocks.0.attn.W_Q` [head, d_model, d_head]. Its masks are
//! made anew, not read. What a model of another kind would need is refused by its field.

use serde_json::Value;

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{
    BlockKind, Mask, MlpKind, NormKind, NormPlacement, Pairing, Positions, Rotary, RotaryScaling, Unembed,
};

pub(super) const NAME: &str = "hooked_transformer";

/// Switches that must be off.
const OFF: [&str; 7] = [
    "use_local_attn",
    "gated_mlp",
    "final_rms",
    "use_qk_norm",
    "use_normalization_before_and_after",
    "use_NTK_by_parts_rope",
    "post_embedding_ln",
];

/// Fields that must be null.
const ABSENT: [&str; 2] = ["n_key_value_heads", "num_experts"];

/// Whether the fields are TransformerLens's: they name sizes as no `config.json` of Hugging Face does but MPT's, and no `model_type`.
pub(super) fn is_configured_by(config: &Config) -> bool {
    let named = ["d_model", "d_head", "n_heads", "n_ctx"].into_iter().filter(|field| config.mentions(field));
    !config.mentions("model_type") && !config.mentions("attn_config") && named.count() >= 2
}

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    OFF.into_iter().try_for_each(|field| config.must_be_off(field))?;
    ABSENT.into_iter().try_for_each(|field| config.must_be(field, &Value::Null))?;
    let (d_model, d_head) = (config.size("d_model")?, config.size("d_head")?);
    let n_heads = set(config, "n_heads").map(|_| config.size("n_heads")).transpose()?.unwrap_or(d_model / d_head);
    let d_vocab = config.size("d_vocab")?;
    if n_heads == 0 {
        return Err(config.refuse("n_heads", "at least one head", "none fits into d_model"));
    }
    if set(config, "d_vocab_out").is_some() && config.size("d_vocab_out")? != d_vocab {
        let found = config.size("d_vocab_out")?.to_string();
        return Err(config.refuse("d_vocab_out", &format!("as many as d_vocab, {d_vocab}"), &found));
    }
    let is_attention_only = config.switch("attn_only", false)?;
    let has_scale = config.switch("use_attn_scale", true)?;
    let divisor = match set(config, "attn_scale").filter(|_| has_scale) {
        Some(_) => config.positive("attn_scale")?,
        None if has_scale => (d_head as f64).sqrt(),
        None => 1.0,
    };
    let cap = |field: &str| set(config, field).map(|_| config.positive(field)).transpose();
    let (norm, has_unweighted_norms) = norm(config)?;
    let mut spec = Spec {
        architecture: NAME.to_owned(),
        n_layers: config.n_layers("n_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_vocab,
        n_ctx: config.size("n_ctx")?,
        norm,
        norm_eps: config.positive_if_any("eps")?.unwrap_or(1e-5),
        norm_placement: NormPlacement::Pre,
        positions: positions(config, d_head)?,
        mask: one_of(config, "attention_dir", 0, &[("causal", Mask::Causal), ("bidirectional", Mask::Bidirectional)])?,
        attn_scale: 1.0 / divisor,
        attn_scale_by_inverse_layer: config.switch("scale_attn_by_inverse_layer_idx", false)?,
        attn_softcap: cap("attn_scores_soft_cap")?,
        logit_softcap: cap("output_logits_soft_cap")?,
        mlp: MlpKind::None,
        unembed: Unembed::Linear { tied: false },
        ..Spec::default()
    };
    if !is_attention_only {
        spec.mlp = MlpKind::Plain;
        spec.d_mlp = set(config, "d_mlp").map(|_| config.size("d_mlp")).transpose()?.unwrap_or(4 * d_model);
        spec.activation = config.activation("act_fn")?;
        if config.switch("parallel_attn_mlp", false)? {
            spec.block = BlockKind::Parallel;
        }
    }
    let biases = Biases { unembed: has_tensor("unembed.b_U"), ..Biases::LAYERS };
    Ok(Architecture { has_unweighted_norms, ..Architecture::new(spec, biases, source) })
}

/// A field that is there, neither null nor −1, which is TransformerLens's word for "not set".
fn set<'c>(config: &'c Config, field: &str) -> Option<&'c Value> {
    config.get(field).filter(|value| value.as_f64() != Some(-1.0))
}

/// One of several words; where the field is absent, the one at `absent`.
fn one_of<T: Clone>(config: &Config, field: &str, absent: usize, known: &[(&str, T)]) -> Result<T, EngineError> {
    let word = if config.get(field).is_some() { config.string(field)? } else { known[absent].0 };
    let found = known.iter().find(|(known, _)| *known == word).map(|(_, value)| value.clone());
    let words = || known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| config.refuse(field, &format!("one of {}", words()), word))
}

/// Which norm, and whether its weights were folded into what reads it. `normalization` in older files.
fn norm(config: &Config) -> Result<(NormKind, bool), EngineError> {
    let known = [
        ("LN", (NormKind::LayerNorm, false)),
        ("LNPre", (NormKind::LayerNorm, true)),
        ("RMS", (NormKind::RmsNorm, false)),
        ("RMSPre", (NormKind::RmsNorm, true)),
    ];
    let field = if config.mentions("normalization") { "normalization" } else { "normalization_type" };
    match config.mentions(field) && config.get(field).is_none() {
        true => Ok((NormKind::None, true)),
        false => one_of(config, field, 0, &known),
    }
}

/// How positions enter. Older files say only whether they are Shortformer's.
fn positions(config: &Config, d_head: usize) -> Result<Positions, EngineError> {
    if !config.mentions("positional_embedding_type") {
        let is_shortformer = config.switch("shortformer_pos", false)?;
        return Ok(if is_shortformer { Positions::Shortformer } else { Positions::Learned });
    }
    let pairing = match config.switch("rotary_adjacent_pairs", false)? {
        true => Pairing::Adjacent,
        false => Pairing::Halves,
    };
    let dims = config.size_or("rotary_dim", d_head)?;
    let theta = config.positive_if_any("rotary_base")?.unwrap_or(10_000.0);
    let rotary = Rotary { theta, dims, scaling: RotaryScaling::None, pairing };
    let known = [
        ("standard", Positions::Learned),
        ("shortformer", Positions::Shortformer),
        ("rotary", Positions::Rotary(rotary)),
    ];
    let found = one_of(config, "positional_embedding_type", 0, &known)?;
    if let (Positions::Rotary(_), true) = (&found, dims > d_head || !dims.is_multiple_of(2)) {
        let expected = format!("an even number, at most the head's {d_head} neurons");
        return Err(config.refuse("rotary_dim", &expected, &dims.to_string()));
    }
    Ok(found)
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let matrix = Layout::Transposed { index: 0, n_parts: 1 };
    let norm = |name: &str, part: Part| arch.named(format!("{name}.{}", if part == Part::Weight { "w" } else { "b" }));
    match slot {
        Slot::Embed => arch.named("embed.W_E"),
        Slot::PosEmbed => arch.named("pos_embed.W_pos"),
        Slot::Block(layer, BlockSlot::AttnNorm, part) => norm(&format!("blocks.{layer}.ln1"), part),
        Slot::Block(layer, BlockSlot::MlpNorm, part) => norm(&format!("blocks.{layer}.ln2"), part),
        Slot::Block(layer, slot, part) => {
            let (sub_layer, letter, layout) = match slot {
                BlockSlot::Q => ("attn", "Q", Layout::HeadColumns),
                BlockSlot::K => ("attn", "K", Layout::HeadColumns),
                BlockSlot::V => ("attn", "V", Layout::HeadColumns),
                BlockSlot::O => ("attn", "O", Layout::HeadInputs),
                BlockSlot::MlpIn => ("mlp", "in", matrix),
                BlockSlot::MlpOut => ("mlp", "out", matrix),
                _ => return None,
            };
            let (name, layout) = match (part, slot) {
                (Part::Weight, _) => ("W", layout),
                (Part::Bias, BlockSlot::Q | BlockSlot::K | BlockSlot::V) => ("b", layout),
                (Part::Bias, _) => ("b", Layout::Rows),
            };
            arch.named_as(format!("blocks.{layer}.{sub_layer}.{name}_{letter}"), layout)
        }
        Slot::FinalNorm(part) => norm("ln_final", part),
        Slot::Unembed(Part::Weight) => arch.named_as("unembed.W_U", matrix),
        Slot::Unembed(Part::Bias) => arch.named("unembed.b_U"),
        _ => None,
    }
}
