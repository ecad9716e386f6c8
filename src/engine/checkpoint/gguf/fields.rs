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

    /// The same, with what it means when absent.
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

    /// The rotation. Files whose divisors stand among the tensors get them from there.
    pub fn rotary(&self, d_head: usize, n_ctx: usize) -> Result<Rotary, EngineError> {
        let dims = self.size_or("rope.dimension_count", d_head)?;
        if 2 * dims.div_ceil(2) > d_head {
            let expected = format!("pairs of at most the head's {d_head} neurons");
            return Err(self.refuse("rope.dimension_count", &expected, &dims.to_string()));
        }
        let theta = self.positive_if_any("rope.freq_base")?.unwrap_or(10_000.0);
        let key = self.key("rope.scaling.type");
        let kind = self.gguf.optional(&key, Gguf::string)?.unwrap_or("none");
        let original = || self.size_or("rope.scaling.original_context_length", n_ctx);
        let scaling = match kind {
            "none" | "longrope" | "su" => match self.has_long_tables() {
                false => RotaryScaling::None,
                true => self.long_rope(dims, n_ctx, original()?)?,
            },
            "linear" => RotaryScaling::Linear { factor: self.positive("rope.scaling.factor")? },
            "yarn" => {
                let factor = self.positive("rope.scaling.factor")?;
                let grown = if factor <= 1.0 { 1.0 } else { 0.1 * factor.ln() + 1.0 };
                RotaryScaling::Yarn {
                    factor,
                    beta_fast: self.positive_if_any("rope.scaling.yarn_beta_fast")?.unwrap_or(32.0),
                    beta_slow: self.positive_if_any("rope.scaling.yarn_beta_slow")?.unwrap_or(1.0),
                    original_n_ctx: original()?,
                    magnitude: self.positive_if_any("rope.scaling.attn_factor")?.unwrap_or(grown),
                    truncate: true,
                }
            }
            other => return Err(self.refuse("rope.scaling.type", "none, linear, yarn or longrope", other)),
        };
        Ok(Rotary { theta, dims, scaling, pairing: Pairing::Halves })
    }

    fn has_long_tables(&self) -> bool {
        self.gguf.index.tensors.contains_key("rope_factors_long.weight")
    }

    /// LongRoPE, its lists still to come.
    fn long_rope(&self, dims: usize, n_ctx: usize, original_n_ctx: usize) -> Result<RotaryScaling, EngineError> {
        let factor = n_ctx as f64 / original_n_ctx as f64;
        let grown = if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / (original_n_ctx as f64).ln()).sqrt() };
        let ones = vec![1.0; dims.div_ceil(2)];
        Ok(RotaryScaling::LongRope {
            short: ones.clone(),
            long: ones,
            original_n_ctx,
            magnitude: self.positive_if_any("rope.scaling.attn_factor")?.unwrap_or(grown),
        })
    }
}

fn every_but_each(n_layers: usize, interval: usize) -> Vec<usize> {
    (0..n_layers).filter(|layer| !(layer + 1).is_multiple_of(interval)).collect()
}
