//! Rotation as configurations say it: `rope_parameters` (transformers 5), or `rope_theta` with `rope_scaling` (before).
//!
//! The base is never assumed silently: an architecture's own default holds only where neither is written.

use serde_json::{Value, json};

use super::super::error::EngineError;
use super::Config;
use crate::trace::spec::{Pairing, Rotary, RotaryScaling};

/// The keys that a family has for its rotation beside `rope_parameters`; transformers passes over those of other families.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// The key of the base, and its default.
    pub theta: (&'static str, f64),
    /// The key of the share of a head's neurons that is rotated, and its default; none where the family rotates them all.
    pub share: Option<(&'static str, f64)>,
}

impl Family {
    /// Most families rotate every neuron, with the paper's base.
    pub const USUAL: Family = Family { theta: ("rope_theta", 10_000.0), share: None };
}

/// The rotation of every layer of a model, and the longest input it is for.
pub(super) fn read(
    config: &Config,
    d_head: usize,
    n_ctx: usize,
    family: Family,
) -> Result<(Rotary, usize), EngineError> {
    let parameters = match config.object("rope_scaling")? {
        Some(scaling) if config.get("rope_scaling") != Some(&json!({})) => Some(scaling),
        _ => config.object("rope_parameters")?,
    };
    let rotary = read_parameters(config, parameters.as_ref(), d_head, n_ctx, family)?;
    let n_ctx = match rotary.scaling {
        RotaryScaling::Dynamic { factor, .. } => stretched(n_ctx, factor),
        RotaryScaling::Yarn { factor, original_n_ctx, .. } => n_ctx.max(stretched(original_n_ctx, factor)),
        _ => n_ctx,
    };
    Ok((rotary, n_ctx))
}

fn stretched(n_ctx: usize, factor: f64) -> usize {
    ((n_ctx as f64 * factor) as usize).min(1 << 31)
}

/// The rotation of layers of one type: Gemma 3 and ModernBERT have an object for each in `rope_parameters`. Older files have one
/// `rope_scaling`, of the types in `scaled`.
pub(super) fn read_of_type(
    config: &Config,
    layer_type: &str,
    theta: (&'static str, f64),
    (d_head, n_ctx): (usize, usize),
    scaled: &[&str],
) -> Result<Rotary, EngineError> {
    let nested = match config.object("rope_parameters")? {
        Some(parameters) => parameters.object(layer_type)?,
        None => None,
    };
    // What stands beside the nested objects is the default of what they leave out.
    let theta = config.positive_if_any(theta.0)?.unwrap_or(theta.1);
    let family = Family { theta: ("rope_theta", theta), share: None };
    let scaling = config.object("rope_scaling")?.filter(|_| scaled.contains(&layer_type));
    let is_for_both = scaling.is_some();
    let parameters = match (nested, scaling) {
        (Some(nested), Some(scaling)) => Some(nested.with_fields_of(&scaling)),
        (nested, scaling) => nested.or(scaling),
    };
    let rotary = match parameters {
        Some(parameters) => read_parameters(&parameters, Some(&parameters), d_head, n_ctx, family)?,
        None => Rotary { theta, dims: d_head, scaling: RotaryScaling::None, pairing: Pairing::Halves },
    };
    // transformers reads the original length and the factor of one LongRoPE for both types from other places than of two.
    if is_for_both && matches!(rotary.scaling, RotaryScaling::LongRope { .. }) {
        let expected =
            "another type than longrope, which is read where rope_parameters has an object for each type of layer";
        return Err(config.refuse("rope_scaling", expected, "longrope"));
    }
    Ok(rotary)
}

/// Reads rotary parameters from their object, or from the keys beside it.
fn read_parameters(
    config: &Config,
    parameters: Option<&Config>,
    d_head: usize,
    n_ctx: usize,
    family: Family,
) -> Result<Rotary, EngineError> {
    let inside = |field: &str| parameters.map_or(Ok(None), |parameters| parameters.positive_if_any(field));
    let either = |field: &str, (beside, default): (&str, f64)| match inside(field)? {
        Some(found) => Ok::<_, EngineError>(found),
        None => Ok(config.positive_if_any(beside)?.unwrap_or(default)),
    };
    let theta = either("rope_theta", family.theta)?;
    let share = match family.share {
        Some(beside) => either("partial_rotary_factor", beside)?,
        None => 1.0,
    };
    let dims = (d_head as f64 * share) as usize;
    // An odd number is rounded up where there is room.
    if share > 1.0 || dims == 0 || 2 * dims.div_ceil(2) > d_head {
        let expected = format!("a share of the head's {d_head} neurons that can turn in pairs");
        let field = if share == 1.0 { "head_dim" } else { "partial_rotary_factor" };
        return Err(config.refuse(field, &expected, &format!("{dims} neurons")));
    }
    let scaling = parameters.map_or(Ok(RotaryScaling::None), |scaling| read_scaling(config, scaling, n_ctx))?;
    if family.share.is_none() && scaling != RotaryScaling::None {
        // Where nothing is scaled, transformers passes over the share in these families; a part cannot be scaled.
        for place in [parameters, Some(config)].into_iter().flatten() {
            let share = place.positive_if_any("partial_rotary_factor")?.filter(|share| *share != 1.0);
            if let Some(share) = share {
                let expected = "1, since this family rotates every neuron and the rotation is scaled";
                return Err(place.refuse("partial_rotary_factor", expected, &share.to_string()));
            }
        }
    }
    Ok(Rotary { theta, dims, scaling, pairing: Pairing::Halves })
}

/// How the wavelengths are stretched. Keys that transformers does not read are passed over as it does: `attn_factor`, `finetuned`,
/// `mrope_section` and the like.
fn read_scaling(config: &Config, parameters: &Config, n_ctx: usize) -> Result<RotaryScaling, EngineError> {
    const ORIGINAL: &str = "original_max_position_embeddings";
    let original = || match config.size_if_any(ORIGINAL)? {
        Some(outside) => Ok(outside),
        None => parameters.size_or(ORIGINAL, n_ctx),
    };
    let field = if parameters.get("rope_type").is_some() { "rope_type" } else { "type" };
    let kind = if parameters.get(field).is_some() { parameters.string(field)? } else { "default" };
    match kind {
        // Qwen's name for positions of pictures: of text it is the usual rotation.
        "default" | "mrope" => Ok(RotaryScaling::None),
        "linear" => Ok(RotaryScaling::Linear { factor: parameters.positive("factor")? }),
        "dynamic" => {
            let factor = parameters.positive("factor")?;
            if factor < 1.0 {
                return Err(parameters.refuse("factor", "at least 1", &factor.to_string()));
            }
            Ok(RotaryScaling::Dynamic { factor, original_n_ctx: n_ctx })
        }
        "llama3" => {
            let (low, high) = (parameters.positive("low_freq_factor")?, parameters.positive("high_freq_factor")?);
            if high <= low {
                let expected = format!("more than low_freq_factor {low}");
                return Err(parameters.refuse("high_freq_factor", &expected, &high.to_string()));
            }
            let (factor, original_n_ctx) = (parameters.positive("factor")?, original()?);
            Ok(RotaryScaling::Llama3 { factor, low_freq_factor: low, high_freq_factor: high, original_n_ctx })
        }
        // Phi-3 once called its own so.
        "yarn" if parameters.get("short_factor").is_none() => {
            let (original_n_ctx, optional) = (original()?, |field: &str| parameters.positive_if_any(field));
            // transformers takes zero for nothing in these.
            let non_zero = |field: &str| match parameters.get(field).and_then(Value::as_f64) {
                Some(0.0) => Ok(None),
                _ => optional(field),
            };
            let factor = optional("factor")?.unwrap_or(n_ctx as f64 / original_n_ctx as f64);
            let grown = |by: f64| if factor <= 1.0 { 1.0 } else { 0.1 * by * factor.ln() + 1.0 };
            let magnitude = match (optional("attention_factor")?, non_zero("mscale")?, non_zero("mscale_all_dim")?) {
                (Some(given), ..) => given,
                (None, Some(by), Some(all)) => grown(by) / grown(all),
                _ => grown(1.0),
            };
            Ok(RotaryScaling::Yarn {
                factor,
                beta_fast: non_zero("beta_fast")?.unwrap_or(32.0),
                beta_slow: non_zero("beta_slow")?.unwrap_or(1.0),
                original_n_ctx,
                magnitude,
                truncate: parameters.switch("truncate", true)?,
            })
        }
        "longrope" | "su" | "yarn" => {
            let original_n_ctx = original()?;
            let factor = parameters.positive_if_any("factor")?.unwrap_or(n_ctx as f64 / original_n_ctx as f64);
            let grown = if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / (original_n_ctx as f64).ln()).sqrt() };
            Ok(RotaryScaling::LongRope {
                short: parameters.positives("short_factor")?,
                long: parameters.positives("long_factor")?,
                original_n_ctx,
                magnitude: parameters.positive_if_any("attention_factor")?.unwrap_or(grown),
            })
        }
        other => Err(parameters.refuse(field, "default, linear, dynamic, llama3, yarn or longrope", other)),
    }
}
