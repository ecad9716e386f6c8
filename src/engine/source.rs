//! A run as a source of attention for views: everything is made from what it keeps, through its edits.

use std::ops::Range;

use super::error::EngineError;
use super::hooks::{Captures, Hooks};
use super::patterns::LayerAttention;
use super::run::Run;
use crate::analysis::attention::{Keys, queries};
use crate::analysis::source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError, check_rows, head_columns};
use crate::kernels::PackedRows;
use crate::trace::{Attn, Side, Spec, Tokens};

impl AttentionSource for Run {
    fn sizes(&self) -> Sizes {
        let (spec, n_pos) = (self.model().spec(), self.tokens().len());
        Sizes {
            n_layers: spec.n_layers,
            n_heads: spec.n_heads,
            n_key_value_heads: spec.n_key_value_heads,
            d_head: spec.d_head,
            n_query: n_pos,
            n_key: n_pos,
        }
    }

    fn tokens(&self, _side: Side) -> &Tokens {
        Run::tokens(self)
    }

    fn spec(&self) -> Option<&Spec> {
        Some(self.model().spec())
    }

    fn layer_source(&self, layer: usize) -> Result<Box<dyn LayerSource>, SourceError> {
        Ok(Box::new(self.attention(layer)?))
    }

    fn queries(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let (spec, kept) = (self.model().spec(), self.layer(layer)?);
        let own = |q: &[f32]| head_columns(q, spec.n_heads, spec.d_head, head);
        match rotation {
            Rotation::Before => Ok(own(&kept.q)),
            Rotation::After => self.tapped(|hooks| {
                let n_pos = hooks.n_pos;
                let of = self.model().attn_layer(layer, Attn::Own);
                Ok(own(&queries(&of, 0..n_pos, n_pos, &kept.q, hooks)?))
            }),
        }
    }

    fn keys(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let (spec, kept) = (self.model().spec(), self.layer(layer)?);
        let key_head = self.sizes().key_head(head);
        match rotation {
            Rotation::Before => Ok(head_columns(&kept.k, spec.n_key_value_heads, spec.d_head, key_head)),
            Rotation::After => self.tapped(|hooks| {
                let of = self.model().attn_layer(layer, Attn::Own);
                Ok(Keys::new(&of, &kept.k, hooks)?.head(key_head))
            }),
        }
    }

    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let (spec, kept) = (self.model().spec(), self.layer(layer)?);
        Ok(head_columns(&kept.v, spec.n_key_value_heads, spec.d_head, self.sizes().key_head(head)))
    }

    fn value_output_norms(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        let (spec, values) = (self.model().spec(), self.values(layer, head)?);
        let inputs = head * spec.d_head..(head + 1) * spec.d_head;
        let packed = PackedRows::pack(&values, spec.d_head, 0..spec.d_head);
        let outputs = self.model().blocks[layer].attn.o.weight.matmul(&packed, inputs);
        let norm = |output: &[f32]| output.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32;
        Ok(outputs.chunks_exact(spec.d_model).map(norm).collect())
    }
}

impl Run {
    /// Makes something through the run's edits.
    fn tapped<T>(&self, make: impl FnOnce(&mut Hooks<'_>) -> Result<T, EngineError>) -> Result<T, SourceError> {
        let mut captures = Captures::none();
        Ok(make(&mut Hooks { n_pos: self.tokens().len(), edits: &self.edits, captures: &mut captures })?)
    }
}

impl LayerSource for LayerAttention {
    fn pattern(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        Ok(self.pattern_rows(head, rows)?)
    }

    fn scores(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        Ok(self.score_rows(head, rows)?)
    }
}

impl From<EngineError> for SourceError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Request(message) => SourceError::NoSuch(message),
            other => SourceError::Failed(other.to_string()),
        }
    }
}
