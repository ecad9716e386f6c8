//! GGUF files: llama.cpp's metadata to Spec. What its tensors are called is in [`names`].
//!
//! An architecture is what its Hugging Face adapter says, by other names and with what converting changed: Llama's rows of
//! queries and keys are in pairs, Gemma's norms have the 1 added, GPT-NeoX's queries, keys and values stand one after another.

mod experts;
mod fields;
mod kin;
mod names;

use super::super::error::EngineError;
use super::super::files::gguf::Gguf;
use super::super::generation_config::GenerationConfig;
use super::{Architecture, Biases, MAX_LAYERS, SourceOf};
use crate::trace::Spec;
use crate::trace::spec::{
    Activation, BlockKind, Local, Mask, MlpKind, NormKind, NormPlacement, Positions, QkNorm, Rotary, RotaryScaling,
    Unembed,
};
use fields::Fields;

/// `general.architecture` and how it is read.
const KINDS: [(&str, Kind); 31] = [
    ("bloom", Kind::Bloom),
    ("chatglm", Kind::Glm),
    ("cohere2", Kind::Cohere2),
    ("command-r", Kind::Cohere),
    ("exaone4", Kind::Exaone4),
    ("falcon", Kind::Falcon),
    ("gemma", Kind::Gemma),
    ("gemma-embedding", Kind::GemmaEmbedding),
    ("gemma2", Kind::Gemma2),
    ("gemma3", Kind::Gemma3),
    ("glm4", Kind::Glm4),
    ("gpt2", Kind::Gpt2),
    ("gpt-oss", Kind::GptOss),
    ("gptneox", Kind::GptNeox),
    ("granite", Kind::Granite),
    ("llama", Kind::Llama),
    ("mistral", Kind::Llama),
    ("mpt", Kind::Mpt),
    ("olmo", Kind::Olmo),
    ("olmo2", Kind::Olmo2),
    ("olmoe", Kind::Olmoe),
    ("phi2", Kind::Phi2),
    ("phi3", Kind::Phi3),
    ("qwen2", Kind::Qwen2),
    ("qwen2moe", Kind::Qwen2Moe),
    ("qwen3", Kind::Qwen3),
    ("qwen3moe", Kind::Qwen3Moe),
    ("smollm3", Kind::SmolLm3),
    ("stablelm", Kind::StableLm),
    ("starcoder", Kind::StarCoder),
    ("starcoder2", Kind::StarCoder2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bloom,
    Cohere,
    Cohere2,
    Exaone4,
    Falcon,
    Gemma,
    Gemma2,
    Gemma3,
    GemmaEmbedding,
    Glm,
    Glm4,
    Gpt2,
    GptNeox,
    GptOss,
    Granite,
    Llama,
    Mpt,
    Olmo,
    Olmo2,
    Olmoe,
    Phi2,
    Phi3,
    Qwen2,
    Qwen2Moe,
    Qwen3,
    Qwen3Moe,
    SmolLm3,
    StableLm,
    StarCoder,
    StarCoder2,
}

pub(super) fn from_metadata(gguf: &Gguf) -> Result<Architecture, EngineError> {
    super::peft::refuse_gguf(gguf)?;
    let name = gguf.string("general.architecture")?;
    let fields = Fields { gguf, architecture: name };
    let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) else {
        return Err(super::family::refusal(&gguf.index.file, name));
    };
    let base = spec(&fields, name)?;
    let mut spec = own(&fields, *kind, base)?;
    spec.experts = experts::read(&fields, *kind, &spec)?;
    if *kind == Kind::Llama && spec.experts.is_some() {
        spec.architecture = "mixtral".to_owned();
    }
    let is_embedder = *kind == Kind::GemmaEmbedding;
    if is_embedder || gguf.optional(&format!("{name}.attention.causal"), Gguf::bool)? == Some(false) {
        spec.mask = Mask::Bidirectional;
        if let Some(local) = &mut spec.local {
            // The window is shared between the two sides.
            local.reach = local.reach.div_ceil(2);
        }
    }
    let has = |name: &str| gguf.index.tensors.contains_key(name);
    let is_fused = has("blk.0.attn_qkv.weight");
    let biases = Biases {
        qkv: has("blk.0.attn_q.bias") || has("blk.0.attn_qkv.bias"),
        o: has("blk.0.attn_output.bias"),
        mlp: has("blk.0.ffn_up.bias"),
        norm: has("output_norm.bias"),
        qk_norm: false,
        experts: has("blk.0.ffn_gate_inp.bias"),
        head_dense: false,
        unembed: has("output.bias"),
    };
    let source: SourceOf = match kind {
        Kind::Llama if has("blk.0.ffn_gate.0.weight") => experts::apart,
        Kind::Llama | Kind::SmolLm3 | Kind::Olmo | Kind::Granite => names::paired,
        Kind::GptOss => names::gpt_oss,
        Kind::Phi3 => names::phi3,
        Kind::Glm | Kind::Glm4 if is_fused => names::phi3,
        Kind::Glm | Kind::Glm4 => names::gate_and_up,
        Kind::Falcon if has("blk.0.attn_norm_2.weight") => names::two_norms,
        Kind::Cohere | Kind::StableLm => names::norms_of_heads,
        _ if is_fused => names::fused,
        _ => names::plain,
    };
    let mut architecture = Architecture::new(spec, biases, source);
    architecture.has_unweighted_norms = *kind == Kind::Olmo;
    architecture.rotary_tables = names::rotary_tables(gguf);
    if is_embedder {
        let what = "The file is of an embedding model, which has no head that predicts tokens.";
        architecture.notes.push(what.to_owned());
    }
    architecture.generation = generation(gguf)?;
    Ok(architecture)
}

/// Which tokens end a text (of a turn or a message too, as in llama.cpp), and which are never written.
fn generation(gguf: &Gguf) -> Result<GenerationConfig, EngineError> {
    let mut eos_ids = Vec::new();
    for name in ["eos", "eot", "eom"] {
        let id = gguf.optional(&format!("tokenizer.ggml.{name}_token_id"), Gguf::u32)?;
        eos_ids.extend(id.filter(|id| !eos_ids.contains(id)));
    }
    let suppressed = gguf.optional("tokenizer.ggml.suppress_tokens", Gguf::integers)?.unwrap_or_default();
    let suppressed = suppressed.into_iter().filter_map(|id| u32::try_from(id).ok()).collect();
    Ok(GenerationConfig::of_gguf(eos_ids, suppressed))
}

/// What all architectures share: a decoder of Llama's form.
fn spec(fields: &Fields<'_>, name: &str) -> Result<Spec, EngineError> {
    let (d_model, n_heads) = (fields.size("embedding_length")?, fields.size("attention.head_count")?);
    let n_key_value_heads = fields.size_or("attention.head_count_kv", n_heads)?;
    if n_heads % n_key_value_heads != 0 {
        let expected = format!("a divisor of the head count {n_heads}");
        return Err(fields.refuse("attention.head_count_kv", &expected, &n_key_value_heads.to_string()));
    }
    let d_head = fields.size_or("attention.key_length", d_model / n_heads)?;
    let of_values = fields.size_or("attention.value_length", d_head)?;
    if of_values != d_head || d_head == 0 {
        let expected = format!("the width of keys, {d_head}");
        return Err(fields.refuse("attention.value_length", &expected, &of_values.to_string()));
    }
    let (norm, norm_eps) = match fields.positive_if_any("attention.layer_norm_rms_epsilon")? {
        Some(eps) => (NormKind::RmsNorm, eps),
        None => (NormKind::LayerNorm, fields.positive("attention.layer_norm_epsilon")?),
    };
    let embed = fields.gguf.index.tensors.get("token_embd.weight");
    let n_layers = fields.size("block_count")?;
    if n_layers > MAX_LAYERS {
        let expected = format!("at most {MAX_LAYERS}");
        return Err(fields.refuse("block_count", &expected, &n_layers.to_string()));
    }
    Ok(Spec {
        architecture: name.to_owned(),
        n_layers,
        n_heads,
        n_key_value_heads,
        d_model,
        d_head,
        d_mlp: fields.size("feed_forward_length")?,
        d_vocab: embed.and_then(|entry| entry.shape.first().copied()).unwrap_or(0),
        n_ctx: fields.size("context_length")?,
        norm,
        norm_eps,
        norm_placement: NormPlacement::Pre,
        positions: Positions::None,
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        mlp: MlpKind::Gated,
        activation: Activation::Silu,
        unembed: Unembed::Linear { tied: !fields.gguf.index.tensors.contains_key("output.weight") },
        ..Spec::default()
    })
}

/// What each architecture has of its own.
fn own(fields: &Fields<'_>, kind: Kind, base: Spec) -> Result<Spec, EngineError> {
    let rotated = |base: Spec| -> Result<Spec, EngineError> {
        Ok(Spec { positions: Positions::Rotary(fields.rotary(base.d_head, base.n_ctx)?), ..base })
    };
    let plain = |base: Spec| Spec { mlp: MlpKind::Plain, activation: Activation::GeluTanh, ..base };
    let is_large = base.n_layers == if kind == Kind::Gemma2 { 46 } else { 62 };
    let gemma = |base: Spec| Spec {
        norm_placement: NormPlacement::PreAndOutput,
        embed_scale: Some((base.d_model as f64).sqrt()),
        // The 27B models scale by the stream's share of a head; no field says so.
        attn_scale: if is_large { (base.d_model as f64 / base.n_heads as f64).powf(-0.5) } else { base.attn_scale },
        activation: Activation::GeluTanh,
        ..base
    };
    let window = fields.whole_if_any("attention.sliding_window")?.filter(|window| *window > 0);
    let in_layers = |window: Option<usize>, layers: Vec<usize>| {
        window.filter(|_| !layers.is_empty()).map(|window| Local { layers, reach: window - 1, rotary: None })
    };
    let all: Vec<usize> = (0..base.n_layers).collect();
    match kind {
        Kind::Llama => {
            rotated(Spec { architecture: "llama".to_owned(), local: in_layers(window, all), ..base.clone() })
        }
        Kind::Qwen2 => rotated(base),
        Kind::Qwen2Moe => rotated(Spec { architecture: "qwen2_moe".to_owned(), ..base }),
        Kind::Qwen3 => rotated(Spec { qk_norm: Some(QkNorm::PerHead), ..base }),
        Kind::Qwen3Moe => {
            let architecture = "qwen3_moe".to_owned();
            rotated(Spec { qk_norm: Some(QkNorm::PerHead), architecture, ..base })
        }
        Kind::GptOss => {
            let local = in_layers(window, fields.local_layers(base.n_layers, 2)?);
            let (architecture, activation) = ("gpt_oss".to_owned(), Activation::QuickGelu);
            let mut spec = rotated(Spec { local, architecture, activation, sinks: true, ..base })?;
            if let Positions::Rotary(Rotary { scaling: RotaryScaling::Yarn { truncate, .. }, .. }) = &mut spec.positions
            {
                // As the model was trained; no field says so.
                *truncate = false;
            }
            Ok(spec)
        }
        Kind::Olmoe => {
            let clip_qkv = fields.positive_if_any("attention.clamp_kqv")?;
            rotated(Spec { qk_norm: Some(QkNorm::AllHeads), clip_qkv, ..base })
        }
        Kind::Phi3 => rotated(Spec { local: in_layers(window, all), ..base.clone() }),
        Kind::Olmo2 => {
            let spec = Spec { norm_placement: NormPlacement::Output, qk_norm: Some(QkNorm::AllHeads), ..base };
            // OLMo 3's three local layers of four have no scaled rotation.
            let layers = fields.local_layers(spec.n_layers, 4)?;
            let mut local = in_layers(window, layers);
            let spec = rotated(spec)?;
            if let (Some(local), Some(rotary)) = (&mut local, spec.rotary()) {
                local.rotary = Some(Rotary { scaling: RotaryScaling::None, ..rotary.clone() });
            }
            Ok(Spec { local, ..spec })
        }
        Kind::Gemma => {
            let spec = gemma(base);
            rotated(Spec { norm_placement: NormPlacement::Pre, attn_scale: 1.0 / (spec.d_head as f64).sqrt(), ..spec })
        }
        Kind::SmolLm3 => {
            let unrotated_layers = (0..base.n_layers).filter(|layer| (layer + 1) % 4 == 0).collect();
            rotated(Spec { unrotated_layers, ..base })
        }
        Kind::Gemma2 => {
            let local = in_layers(window.or(Some(4096)), fields.local_layers(base.n_layers, 2)?);
            let attn_softcap = fields.positive_if_any("attn_logit_softcapping")?.or(Some(50.0));
            let logit_softcap = fields.positive_if_any("final_logit_softcapping")?.or(Some(30.0));
            rotated(gemma(Spec { local, attn_softcap, logit_softcap, ..base.clone() }))
        }
        Kind::Gemma3 | Kind::GemmaEmbedding => {
            let mut local = in_layers(window, fields.local_layers(base.n_layers, 6)?);
            let mut near = fields.rotary(base.d_head, base.n_ctx)?;
            near.dims = fields.size_or("rope.dimension_count_swa", near.dims)?;
            near.theta = fields.positive_if_any("rope.freq_base_swa")?.unwrap_or(10_000.0);
            near.scaling = RotaryScaling::None;
            if let Some(local) = &mut local {
                local.rotary = Some(near);
            }
            let logit_softcap = fields.positive_if_any("final_logit_softcapping")?;
            let qk_norm = Some(QkNorm::PerHead);
            let spec = rotated(gemma(Spec { local, qk_norm, logit_softcap, ..base.clone() }))?;
            let unembed = if kind == Kind::GemmaEmbedding { Unembed::None } else { spec.unembed };
            Ok(Spec { unembed, architecture: "gemma3_text".to_owned(), ..spec })
        }
        Kind::Gpt2 => Ok(Spec { positions: Positions::Learned, ..plain(base) }),
        Kind::Bloom => Ok(Spec { positions: Positions::Alibi, embed_norm: true, ..plain(base) }),
        Kind::GptNeox => {
            let parallel = fields.gguf.optional("gptneox.use_parallel_residual", Gguf::bool)?.unwrap_or(true);
            let block = if parallel { BlockKind::Parallel } else { BlockKind::Sequential };
            let spec = rotated(Spec { block, architecture: "gpt_neox".to_owned(), ..plain(base) })?;
            // Pythia's, the exact form; no field says so.
            Ok(Spec { activation: Activation::Gelu, ..spec })
        }
        _ => kin::own(fields, kind, window, base),
    }
}
