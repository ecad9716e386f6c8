//! A decoder block's attention to the encoder, under way. Which phase calls what is in `layer`.

use std::ops::Range;

use super::CrossRun;
use super::attend::Attend;
use super::layer::{input_of, output, project_rows, sum};
use crate::analysis::attention::{AttnLayer, Tap};
use crate::engine::error::EngineError;
use crate::engine::hooks::Hooks;
use crate::engine::model::{AttnWeights, Model, Norm};
use crate::kernels::PackedRows;
use crate::trace::{Attn, BlockSite, Hook, Spec};

/// Cross-attention of one block.
#[derive(Debug)]
pub(super) struct CrossWork {
    /// Positions before it were done earlier, and with them the source's keys and values.
    first: usize,
    n_pos: usize,
    n_source: usize,
    kept: CrossRun,
    /// The stream after the block's own attention. [pos, d_model]
    stream: Vec<f32>,
    attend: Option<Attend>,
    /// [pos, n_heads, d_head]
    z: Vec<f32>,
}

impl CrossWork {
    pub fn new(spec: &Spec, first: usize, n_pos: usize, n_source: usize, past: Option<CrossRun>) -> Self {
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let of_source = || vec![0.0; n_source * keys];
        let mut kept = past.unwrap_or_else(|| CrossRun { q: Vec::new(), k: of_source(), v: of_source() });
        kept.q.resize(n_pos * queries, 0.0);
        Self {
            first,
            n_pos,
            n_source,
            kept,
            stream: vec![0.0; n_pos * spec.d_model],
            attend: None,
            z: vec![0.0; n_pos * queries],
        }
    }

    /// How many tokens the encoder has read.
    pub fn n_source(&self) -> usize {
        self.n_source
    }

    /// What is kept.
    pub fn finish(self) -> CrossRun {
        self.kept
    }

    /// Keys and values of the encoder's positions `rows`; `source` [source_pos, d_model] is what it ended with.
    pub fn project_source(&mut self, attn: &AttnWeights, source: &[f32], rows: Range<usize>) {
        let width = attn.k.weight.n_in();
        let packed = PackedRows::pack(&source[rows.start * width..rows.end * width], width, 0..width);
        project_rows(&attn.k, &packed, rows.clone(), &mut self.kept.k);
        project_rows(&attn.v, &packed, rows, &mut self.kept.v);
    }

    /// Queries of positions `rows`, whose stream after the block's own attention is `stream`.
    pub fn project(&mut self, model: &Model, norm: &Norm, attn: &AttnWeights, stream: &[f32], rows: Range<usize>) {
        let d_model = model.spec.d_model;
        self.stream[rows.start * d_model..rows.end * d_model].copy_from_slice(stream);
        let packed = PackedRows::pack(&input_of(model, Some(norm), stream), d_model, 0..d_model);
        project_rows(&attn.q, &packed, rows, &mut self.kept.q);
    }

    pub fn start_attending(&mut self, model: &Model, layer: usize, hooks: &mut Hooks<'_>) -> Result<(), EngineError> {
        let CrossRun { q, k, v } = &mut self.kept;
        let width = model.spec.n_heads * model.spec.d_head;
        hooks.rows(Hook::Block(layer, BlockSite::CrossQ), self.first..self.n_pos, &mut q[self.first * width..])?;
        if self.first == 0 {
            hooks.rows(Hook::Block(layer, BlockSite::CrossK), 0..self.n_source, k)?;
            hooks.rows(Hook::Block(layer, BlockSite::CrossV), 0..self.n_source, v)?;
        }
        self.attend = Some(Attend::new(&model.attn_layer(layer, Attn::Cross), k, v, hooks)?);
        Ok(())
    }

    pub fn attend(&mut self, of: &AttnLayer<'_>, rows: Range<usize>, hooks: &mut Hooks<'_>) -> Result<(), EngineError> {
        match &self.attend {
            Some(attend) => attend.rows(of, rows, self.n_pos, &self.kept.q, hooks, &mut self.z),
            None => Ok(()),
        }
    }

    pub fn end_attending(&mut self, layer: usize, hooks: &mut Hooks<'_>) -> Result<(), EngineError> {
        self.attend = None;
        let width = self.z.len() / self.n_pos;
        hooks.rows(Hook::Block(layer, BlockSite::CrossZ), self.first..self.n_pos, &mut self.z[self.first * width..])
    }

    /// Rows of the stream between cross-attention and MLP, before a post-norm.
    pub fn finish_rows(
        &self,
        model: &Model,
        attn: &AttnWeights,
        layer: usize,
        rows: Range<usize>,
        hooks: &mut Hooks<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let spec = &model.spec;
        let width = spec.n_heads * spec.d_head;
        let z = &self.z[rows.start * width..rows.end * width];
        let mut out = output(attn, spec, Hook::Block(layer, BlockSite::CrossResult), z, &rows, hooks)?;
        hooks.rows(Hook::Block(layer, BlockSite::CrossAttnOut), rows.clone(), &mut out)?;
        let mut resid_mid = sum(&self.stream[rows.start * spec.d_model..rows.end * spec.d_model], &out);
        hooks.rows(Hook::Block(layer, BlockSite::ResidMidCross), rows, &mut resid_mid)?;
        Ok(resid_mid)
    }
}
