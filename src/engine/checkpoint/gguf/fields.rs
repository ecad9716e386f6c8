//! Fields of an architecture in GGUF metadata, read with errors that name them.

use crate::engine::error::EngineError;
use crate::engine::files::gguf::{Array, Gguf, Scalar, Value};
use crate::trace::spec::{Pairing, Rotary, RotaryScaling};

/// The fields under `architecture.`.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub gguf: &'a Gguf,
    pub architecture: &'a str,
}

impl Fields<'_> {
    fn key(&self, field: &str) -> String {
        if field.starts_with("general.") { field.to_owned() } else { format!("{}.{field}", self.architecture) }
    }

    /// The error that a field is not as expected.
    pub fn refuse(&self, field: &str, expected: &str, found: &str) -> EngineError {
        EngineError::Config {
            file: self.gguf.index.file.clone(),
            field: self.key(field),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    /// A whole number, zero included, where there is one.
    pub fn whole_if_any(&self, field: &str) -> Result<Option<usize>, EngineError> {
        let key = self.key(field);
        Ok(if self.gguf.has(&key) { Some(self.gguf.u32(&key)? as usize) } else { None })
    }

    /// A size: at least 1.
    pub fn size(&self, field: &str) -> Result<usize, EngineError> {
        let value = self.gguf.u32(&self.key(field))? as usize;
        if value == 0 { Err(self.refuse(field, "a positive number", "0")) } else { Ok(value) }
    }

    /// Reads a size, with its value where the field is absent.
    pub fn size_or(&self, field: &str, absent: usize) -> Result<usize, EngineError> {
        if self.gguf.has(&self.key(field)) { self.size(field) } else { Ok(absent) }
    }

    /// A positive number, where there is one.
    pub fn positive_if_any(&self, field: &str) -> Result<Option<f64>, EngineError> {
        let key = self.key(field);
        let Some(value) = self.gguf.optional(&key, Gguf::f32)? else { return Ok(None) };
        if value > 0.0 && value.is_finite() {
            return Ok(Some(f64::from(value)));
        }
        Err(self.refuse(field, "a positive number", &value.to_string()))
    }

    /// A positive number.
    pub fn positive(&self, field: &str) -> Result<f64, EngineError> {
        self.positive_if_any(field)?.ok_or_else(|| self.refuse(field, "a positive number", "nothing"))
    }

    /// Which layers are local: every one but each n-th (a number), or those that a list says.
    pub fn local_layers(&self, n_layers: usize, interval: usize) -> Result<Vec<usize>, EngineError> {
        let field = "attention.sliding_window_pattern";
        let flags = match self.gguf.metadata.get(&self.key(field)) {
            None => None,
            Some(Value::Array(Array::Scalars { kind: Scalar::Bool, bytes })) => Some(bytes),
            Some(_) => return Ok(every_but_each(n_layers, self.size(field)?)),
        };
        match flags {
            None => Ok(every_but_each(n_layers, interval)),
            Some(flags) if flags.len() == n_layers => Ok((0..n_layers).filter(|layer| flags[*layer] != 0).collect()),
            Some(flags) => Err(self.refuse(field, &format!("{n_layers} truth values"), &flags.len().to_string())),
        }
    }

    /// The rotation, by the rules of llama.cpp's loader. Files whose divisors stand among the tensors get them from there.
    ///
    /// Keys: `rope.dimension_count`, `rope.freq_base`, `rope.scaling.type` (linear where it is absent), `rope.scaling.factor` and
    /// before it `rope.scale_linear`, `rope.scaling.original_context_length`, `rope.scaling.attn_factor`, and `rope.scaling.yarn_…`:
    /// `log_multiplier`, `ext_factor`, `attn_factor`, `beta_fast`, `beta_slow`. `rope.scaling.finetuned` changes nothing.
    pub fn rotary(&self, d_head: usize, n_ctx: usize) -> Result<Rotary, EngineError> {
        let dims = self.size_or("rope.dimension_count", d_head)?;
        if 2 * dims.div_ceil(2) > d_head {
            let expected = format!("pairs of at most the head's {d_head} neurons");
            return Err(self.refuse("rope.dimension_count", &expected, &dims.to_string()));
        }
        // Keys of architectures that are not read.
        for field in ["rope.freq_base_per_layer", "rope.scaling.alpha"] {
            if self.gguf.has(&self.key(field)) {
                return Err(self.refuse(field, "nothing (the key is not supported)", "a value"));
            }
        }
        let theta = self.positive_if_any("rope.freq_base")?.unwrap_or(10_000.0);
        let plain = Rotary { theta, dims, scaling: RotaryScaling::None, pairing: Pairing::Halves };
        let key = self.key("rope.scaling.type");
        let kind = self.gguf.optional(&key, Gguf::string)?.unwrap_or("linear");
        let original = self.size_or("rope.scaling.original_context_length", n_ctx)?;
        let optional = |field: &str| self.positive_if_any(field);
        // Queries and keys are multiplied by this whatever the type.
        let attn_factor = optional("rope.scaling.attn_factor")?.unwrap_or(1.0)
            * optional("rope.scaling.yarn_attn_factor")?.unwrap_or(1.0);
        if !["none", "linear", "yarn", "longrope", "su"].contains(&kind) {
            return Err(self.refuse("rope.scaling.type", "none, linear, yarn or longrope", kind));
        }
        if self.has_long_tables() {
            return Ok(Rotary { scaling: long_rope(dims, original, attn_factor), ..plain });
        }
        let factor = match kind {
            "none" => 1.0,
            _ => match self.factor_if_any("rope.scaling.factor")? {
                Some(factor) => factor,
                None => self.factor_if_any("rope.scale_linear")?.unwrap_or(1.0),
            },
        };
        let extrapolated = match self.number_if_any("rope.scaling.yarn_ext_factor")? {
            Some(share) if share >= 0.0 => share,
            _ => f64::from(u8::from(kind == "yarn")),
        };
        if extrapolated == 0.0 {
            return Ok(Rotary { scaling: linear(plain.n_pairs(), factor, attn_factor), ..plain });
        }
        let grown = |by: f64| if factor <= 1.0 { 1.0 } else { 0.1 * by * factor.ln() + 1.0 };
        let by_all = self.number_if_any("rope.scaling.yarn_log_multiplier")?.filter(|by| *by != 0.0);
        let yarn = Rotary {
            scaling: RotaryScaling::Yarn {
                factor,
                beta_fast: optional("rope.scaling.yarn_beta_fast")?.unwrap_or(32.0),
                beta_slow: optional("rope.scaling.yarn_beta_slow")?.unwrap_or(1.0),
                original_n_ctx: original,
                magnitude: grown(1.0) / by_all.map_or(1.0, grown) * attn_factor,
                truncate: true,
            },
            ..plain.clone()
        };
        if extrapolated == 1.0 {
            return Ok(yarn);
        }
        // Only a share of what YaRN keeps of the short wavelengths is kept.
        let kept = yarn.frequencies(0).into_iter().zip(plain.frequencies(0)).map(|(scaled, plain)| {
            let interpolated = plain / factor;
            plain / (interpolated + (scaled - interpolated) * extrapolated)
        });
        let divisors = kept.collect();
        Ok(Rotary { scaling: RotaryScaling::Divisors { divisors, magnitude: f64::from(yarn.magnitude()) }, ..plain })
    }

    /// A factor of which 0 says that there is none.
    fn factor_if_any(&self, field: &str) -> Result<Option<f64>, EngineError> {
        match self.number_if_any(field)? {
            Some(0.0) => Ok(Some(1.0)),
            Some(_) => self.positive_if_any(field),
            None => Ok(None),
        }
    }

    /// Any number, where there is one.
    fn number_if_any(&self, field: &str) -> Result<Option<f64>, EngineError> {
        Ok(self.gguf.optional(&self.key(field), Gguf::f32)?.map(f64::from))
    }

    fn has_long_tables(&self) -> bool {
        self.gguf.index.tensors.contains_key("rope_factors_long.weight")
    }
}

/// LongRoPE, its lists still to come.
fn long_rope(dims: usize, original_n_ctx: usize, magnitude: f64) -> RotaryScaling {
    let ones = vec![1.0; dims.div_ceil(2)];
    RotaryScaling::LongRope { short: ones.clone(), long: ones, original_n_ctx, magnitude }
}

/// Every frequency divided by the same factor.
fn linear(n_pairs: usize, factor: f64, magnitude: f64) -> RotaryScaling {
    match (factor == 1.0, magnitude == 1.0) {
        (true, true) => RotaryScaling::None,
        (false, true) => RotaryScaling::Linear { factor },
        _ => RotaryScaling::Divisors { divisors: vec![factor; n_pairs], magnitude },
    }
}

fn every_but_each(n_layers: usize, interval: usize) -> Vec<usize> {
    (0..n_layers).filter(|layer| !(layer + 1).is_multiple_of(interval)).collect()
}
