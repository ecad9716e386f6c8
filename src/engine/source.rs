//! A run as a source of attention for views: answers are made from what the run keeps, through its edits.

mod inside;

use std::ops::Range;

use super::error::EngineError;
use super::hooks::{Captures, Hooks};
use super::model::AttnWeights;
use super::patterns::LayerAttention;
use super::run::Run;
use crate::analysis::attention::{Keys, queries};
use crate::analysis::inside::InsideSource;
use crate::analysis::source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError, check_rows, head_columns};
use crate::kernels::PackedRows;
use crate::trace::{Attn, AttnKind, BlockSite, Side, Spec, Stack, Tokens};

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
            has_sink: false,
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
                let attention = self.model().attn_layer(layer, Attn::Own);
                Ok(own(&queries(&attention, 0..n_pos, n_pos, &kept.q, hooks)?))
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
                let attention = self.model().attn_layer(layer, Attn::Own);
                Ok(Keys::new(&attention, &kept.k, hooks)?.head(key_head))
            }),
        }
    }

    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let (spec, kept) = (self.model().spec(), self.layer(layer)?);
        Ok(head_columns(&kept.v, spec.n_key_value_heads, spec.d_head, self.sizes().key_head(head)))
    }

    fn value_output_norms(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        let values = self.values(layer, head)?;
        Ok(output_norms(&self.model().blocks[layer].attn, self.model().spec(), head, &values))
    }

    fn inside(&self) -> &dyn InsideSource {
        self
    }
}

/// One of the attentions of a run, for views to ask.
#[derive(Clone, Copy, Debug)]
pub enum RunAttention<'a> {
    /// Over a stack's own positions.
    Own(&'a Run),
    /// A decoder's over its encoder's.
    Cross(CrossSource<'a>),
}

impl<'a> RunAttention<'a> {
    /// The attention of a kind: of the only stack, or where a run has a source, the encoder's, the decoder's, or the one between.
    ///
    /// # Errors
    /// When the model has no such attention.
    pub fn of(run: &'a Run, kind: AttnKind) -> Result<Self, EngineError> {
        let encoder = run.source().map(|source| &**source);
        let found = match (kind.stack, kind.attn, encoder) {
            (None, Attn::Own, None) | (Some(Stack::Decoder), Attn::Own, Some(_)) => Some(Self::Own(run)),
            (Some(Stack::Encoder), Attn::Own, Some(encoder)) => Some(Self::Own(encoder)),
            (Some(Stack::Decoder), Attn::Cross, Some(_)) => CrossSource::of(run).map(Self::Cross),
            _ => None,
        };
        found.ok_or_else(|| EngineError::Request("this model has no such attention".to_owned()))
    }

    /// The attention as a source of answers.
    pub fn source(&self) -> &dyn AttentionSource {
        match self {
            Self::Own(run) => *run,
            Self::Cross(cross) => cross,
        }
    }
}

/// A decoder's attention to its encoder, as a source of its own.
#[derive(Clone, Copy, Debug)]
pub struct CrossSource<'a> {
    run: &'a Run,
    source: &'a Run,
}

impl<'a> CrossSource<'a> {
    /// Makes the source of a run that reads an encoder; `None` for other runs.
    pub fn of(run: &'a Run) -> Option<Self> {
        run.source().map(|source| Self { run, source })
    }
}

impl AttentionSource for CrossSource<'_> {
    fn sizes(&self) -> Sizes {
        Sizes { n_key: self.source.tokens().len(), ..self.run.sizes() }
    }

    fn tokens(&self, side: Side) -> &Tokens {
        match side {
            Side::Query => Run::tokens(self.run),
            Side::Key => Run::tokens(self.source),
        }
    }

    fn spec(&self) -> Option<&Spec> {
        Some(self.run.model().spec())
    }

    fn attn(&self) -> Attn {
        Attn::Cross
    }

    fn layer_source(&self, layer: usize) -> Result<Box<dyn LayerSource>, SourceError> {
        Ok(Box::new(self.run.cross_attention(layer)?))
    }

    // Nothing changes queries and keys on their way into the product.
    fn queries(&self, layer: usize, head: usize, _rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let Sizes { n_heads, d_head, .. } = self.sizes();
        Ok(head_columns(&self.run.cross(layer)?.q, n_heads, d_head, head))
    }

    fn keys(&self, layer: usize, head: usize, _rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let sizes = self.sizes();
        Ok(head_columns(&self.run.cross(layer)?.k, sizes.n_key_value_heads, sizes.d_head, sizes.key_head(head)))
    }

    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes(), head, &(0..0))?;
        let sizes = self.sizes();
        Ok(head_columns(&self.run.cross(layer)?.v, sizes.n_key_value_heads, sizes.d_head, sizes.key_head(head)))
    }

    fn value_output_norms(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        let values = self.values(layer, head)?;
        let missing = || SourceError::NoSuch("this model has no cross-attention".to_owned());
        let (_, attn) = self.run.model().blocks[layer].cross.as_ref().ok_or_else(missing)?;
        Ok(output_norms(attn, self.run.model().spec(), head, &values))
    }

    fn inside(&self) -> &dyn InsideSource {
        self.run
    }
}

/// ‖v_j W_O^h‖₂ for values [n_key, d_head] of a head.
fn output_norms(attn: &AttnWeights, spec: &Spec, head: usize, values: &[f32]) -> Vec<f32> {
    let inputs = head * spec.d_head..(head + 1) * spec.d_head;
    let packed = PackedRows::pack(values, spec.d_head, 0..spec.d_head);
    let outputs = attn.o.weight.matmul(&packed, inputs);
    let norm = |output: &[f32]| output.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32;
    outputs.chunks_exact(spec.d_model).map(norm).collect()
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

    fn score_part(&self, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        Ok(self.rows_of(site, head, rows)?)
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
