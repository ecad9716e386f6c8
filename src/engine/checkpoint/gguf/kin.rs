//! What further architectures have of their own in llama.cpp's files.

use super::Kind;
use super::fields::Fields;
use crate::engine::error::EngineError;
use crate::trace::Spec;
use crate::trace::spec::{Activation, BlockKind, Local, MlpKind, NormPlacement, Pairing, Positions, QkNorm, Rotary};

/// The structure of a file, from what all architectures share and the width of its window.
pub(super) fn own(fields: &Fields<'_>, kind: Kind, window: Option<usize>, base: Spec) -> Result<Spec, EngineError> {
    let has = |tensor: &str| fields.gguf.index.tensors.contains_key(tensor);
    let is_adjacent = matches!(kind, Kind::Cohere | Kind::Cohere2 | Kind::Glm | Kind::Glm4);
    let rotary = fields.rotary(base.d_head, base.n_ctx)?;
    let pairing = if is_adjacent { Pairing::Adjacent } else { Pairing::Halves };
    let base = Spec { positions: Positions::Rotary(Rotary { pairing, ..rotary }), ..base };
    let parallel = |base: Spec| Spec { block: BlockKind::ParallelOneNorm, ..base };
    let plain = |base: Spec| Spec { mlp: MlpKind::Plain, activation: Activation::GeluTanh, ..base };
    let called = |name: &str, spec: Spec| Ok(Spec { architecture: name.to_owned(), ..spec });
    let each_head = has("blk.0.attn_q_norm.weight").then_some(QkNorm::EachHead);
    match kind {
        Kind::Cohere => {
            let logit_scale = Some(fields.positive("logit_scale")?);
            called("cohere", Spec { qk_norm: each_head, logit_scale, ..parallel(base) })
        }
        Kind::Cohere2 => {
            let logit_scale = Some(fields.positive("logit_scale")?);
            called("cohere2", Spec { logit_scale, ..with_windows(fields, parallel(base), window)? })
        }
        Kind::Exaone4 => {
            let base = Spec { norm_placement: NormPlacement::Output, qk_norm: Some(QkNorm::PerHead), ..base };
            if window.is_some() { with_windows(fields, base, window) } else { Ok(base) }
        }
        Kind::Falcon => {
            let base = Spec { activation: Activation::Gelu, ..plain(parallel(base)) };
            let has_two = has("blk.0.attn_norm_2.weight");
            Ok(if has_two { Spec { block: BlockKind::Parallel, ..base } } else { base })
        }
        Kind::Glm => called("glm", base),
        Kind::Glm4 => Ok(Spec { norm_placement: NormPlacement::PreAndOutput, ..base }),
        Kind::Granite => {
            let factor = |field: &str| fields.positive_if_any(field);
            Ok(Spec {
                embed_scale: factor("embedding_scale")?,
                resid_scale: factor("residual_scale")?,
                logit_scale: factor("logit_scale")?.map(|divisor| 1.0 / divisor),
                attn_scale: factor("attention.scale")?.unwrap_or(base.attn_scale),
                ..base
            })
        }
        Kind::Mpt => {
            let steepest = fields.positive_if_any("attention.max_alibi_bias")?.unwrap_or(0.0);
            if steepest != 8.0 {
                let expected = "8 (nothing else is supported)";
                return Err(fields.refuse("attention.max_alibi_bias", expected, &steepest.to_string()));
            }
            let clip_qkv = fields.positive_if_any("attention.clamp_kqv")?;
            let spec = Spec { positions: Positions::Alibi, clip_qkv, ..plain(base) };
            Ok(Spec { activation: Activation::Gelu, ..spec })
        }
        Kind::Olmo => Ok(Spec { clip_qkv: fields.positive_if_any("attention.clamp_kqv")?, ..base }),
        Kind::Phi2 => called("phi", plain(parallel(base))),
        Kind::StableLm => {
            let base = if has("blk.0.ffn_norm.weight") { base } else { parallel(base) };
            Ok(Spec { qk_norm: each_head, ..base })
        }
        Kind::StarCoder => called("gpt_bigcode", Spec { positions: Positions::Learned, ..plain(base) }),
        _ => Ok(plain(base)),
    }
}

/// Three of four layers local, and the global ones without rotation.
fn with_windows(fields: &Fields<'_>, spec: Spec, window: Option<usize>) -> Result<Spec, EngineError> {
    let layers = fields.local_layers(spec.n_layers, 4)?;
    let unrotated_layers = (0..spec.n_layers).filter(|layer| !layers.contains(layer)).collect();
    let reach = window.unwrap_or(4096) - 1;
    let local = (!layers.is_empty()).then_some(Local { layers, reach, rotary: None });
    Ok(Spec { unrotated_layers, local, ..spec })
}
