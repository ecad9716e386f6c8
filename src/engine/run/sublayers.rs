//! The steps that the sub-layers of a block share: norms, projections, one attention from projections to output, the MLP.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use super::experts::Routed;
use crate::analysis::attention::{Keys, Tap, pattern, queries};
use crate::engine::error::EngineError;
use crate::engine::hooks::{Hooks, Squares};
use crate::engine::model::{AttnWeights, Block, Linear, Mlp, Model, Norm, add_bias};
use crate::kernels::{PackedRows, Panels, threads};
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite, Hook, Spec};

/// What every step of a block reads, and the hook point that its activations pass through.
pub(in crate::engine) struct BlockContext<'a, 'h> {
    pub model: &'a Model,
    pub weights: &'a Block,
    pub layer: usize,
    /// What positions add to the inputs of queries and keys [pos, d_model]; empty where they are in the stream.
    pub positions: &'a [f32],
    /// The encoder's last stream [source_pos, d_model]; empty for models of one stack.
    pub source: &'a [f32],
    pub hooks: &'a mut Hooks<'h>,
}

impl BlockContext<'_, '_> {
    /// Passes an activation's rows through the hook point of the block.
    pub fn pass(&mut self, site: BlockSite, rows: &Range<usize>, data: &mut [f32]) -> Result<(), EngineError> {
        self.hooks.rows(Hook::Block(self.layer, site), rows.clone(), data)
    }

    /// Where rows of the stream lie in a buffer [pos, d_model].
    pub fn span(&self, rows: &Range<usize>) -> Range<usize> {
        rows.start * self.model.spec.d_model..rows.end * self.model.spec.d_model
    }

    /// What a sub-layer reads of the stream: normalised in models whose norms stand before sub-layers.
    pub fn normed_before(&self, norm: Option<&Norm>, stream: &[f32]) -> Vec<f32> {
        match norm.filter(|_| self.model.spec.has_input_norms()) {
            Some(norm) => self.model.norm(norm, stream),
            None => stream.to_vec(),
        }
    }

    /// The stream after a sub-layer: normalised in post-norm models.
    pub fn normed_after(&self, norm: Option<&Norm>, stream: Vec<f32>) -> Vec<f32> {
        match norm.filter(|_| self.model.spec.norm_placement == NormPlacement::Post) {
            Some(norm) => self.model.norm(norm, &stream),
            None => stream,
        }
    }
}

/// a + b, element by element.
pub(in crate::engine) fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// Writes a projection of packed rows to their place in `all` [pos, n_out].
pub(in crate::engine) fn project_rows(linear: &Linear, packed: &PackedRows, rows: &Range<usize>, all: &mut [f32]) {
    let width = linear.weight.n_out();
    all[rows.start * width..rows.end * width].copy_from_slice(&linear.apply_packed(packed));
}

/// One attention of a block: over the stack's own positions, or over the encoder's.
#[derive(Debug)]
pub(in crate::engine) struct Attention {
    attn: Attn,
    /// The positions of this pass.
    new_queries: Range<usize>,
    new_keys: Range<usize>,
    /// [pos, n_heads, d_head], before rotation
    pub q: Vec<f32>,
    /// [key_pos, n_key_value_heads, d_head], before rotation
    pub k: Vec<f32>,
    /// [key_pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
    packed: Option<PackedKeys>,
    /// [pos, n_heads, d_head]
    z: Vec<f32>,
}

/// Keys as they enter the product, and values transposed, [d_head, key_pos] for each key head.
#[derive(Debug)]
struct PackedKeys {
    keys: Keys,
    values: Vec<Panels>,
}

impl Attention {
    /// Makes room for the positions of `new_queries` behind those of earlier passes, which `kept` holds as q, k and v.
    pub fn new(
        spec: &Spec,
        attn: Attn,
        new_queries: Range<usize>,
        n_key: usize,
        [mut q, mut k, mut v]: [Vec<f32>; 3],
    ) -> Self {
        let (query_width, key_width) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let n_pos = new_queries.end;
        let new_keys = k.len() / key_width..n_key;
        q.resize(n_pos * query_width, 0.0);
        k.resize(n_key * key_width, 0.0);
        v.resize(n_key * key_width, 0.0);
        Self { attn, new_queries, new_keys, q, k, v, packed: None, z: vec![0.0; n_pos * query_width] }
    }

    /// How many positions it reads.
    pub fn n_key(&self) -> usize {
        self.new_keys.end
    }

    /// Passes the new queries, keys and values through their hooks and packs what the product reads.
    pub fn pack(&mut self, cx: &mut BlockContext<'_, '_>) -> Result<(), EngineError> {
        let spec = &cx.model.spec;
        let (query_width, key_width) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let new_q = &mut self.q[self.new_queries.start * query_width..];
        cx.pass(BlockSite::Q.in_attn(self.attn), &self.new_queries, new_q)?;
        if !self.new_keys.is_empty() {
            let start = self.new_keys.start * key_width;
            cx.pass(BlockSite::K.in_attn(self.attn), &self.new_keys, &mut self.k[start..])?;
            cx.pass(BlockSite::V.in_attn(self.attn), &self.new_keys, &mut self.v[start..])?;
        }
        self.pack_kept(cx)
    }

    /// Packs what the product reads of queries, keys and values that have passed their hooks.
    pub fn pack_kept(&mut self, cx: &mut BlockContext<'_, '_>) -> Result<(), EngineError> {
        let spec = &cx.model.spec;
        let key_width = spec.n_key_value_heads * spec.d_head;
        let columns = (0..spec.n_key_value_heads).map(|head| head * spec.d_head..(head + 1) * spec.d_head);
        let values = columns.map(|columns| Panels::pack_columns(&self.v, key_width, columns)).collect();
        let keys = Keys::new(&cx.model.attn_layer(cx.layer, self.attn), &self.k, cx.hooks)?;
        self.packed = Some(PackedKeys { keys, values });
        Ok(())
    }

    /// The keys as they enter the product, once they are packed.
    pub fn keys(&self) -> Option<&Keys> {
        self.packed.as_ref().map(|packed| &packed.keys)
    }

    /// Fills rows of z; all queries, keys and values are there and packed.
    pub fn attend(&mut self, cx: &mut BlockContext<'_, '_>, rows: &Range<usize>) -> Result<(), EngineError> {
        let Some(packed) = &self.packed else { return Ok(()) };
        let attention = cx.model.attn_layer(cx.layer, self.attn);
        let spec = attention.spec;
        let width = spec.n_heads * spec.d_head;
        let span = rows.start * width..rows.end * width;
        let queries = queries(&attention, rows.clone(), self.new_queries.end, &self.q[span.clone()], cx.hooks)?;
        // One head after the other, [n_heads, rows.len(), d_head], so that threads can share them.
        let head_len = rows.len() * spec.d_head;
        let mut by_head = vec![0.0; spec.n_heads * head_len];
        let edits = cx.hooks.edits;
        let refused = Mutex::new(BTreeMap::new());
        // Where there are too few heads for the threads, each head's own products are shared instead.
        let n_key = attention.visible_keys(rows, packed.keys.n_pos());
        let has_enough_heads = spec.n_heads >= 2 * threads::count();
        let work = if has_enough_heads { 4 * width * rows.len() * n_key } else { 0 };
        threads::share(&mut by_head, head_len, work, |first, heads| {
            for (head, z) in (first..).zip(heads.chunks_exact_mut(head_len)) {
                match pattern(&attention, head, rows.clone(), &queries, &packed.keys, &mut Squares(edits)) {
                    Ok(weights) => packed.mix_values(head / spec.queries_per_key_head(), &weights, z),
                    Err(error) => _ = refused.lock().map(|mut refused| refused.insert(head, error)),
                }
            }
        });
        // The first head's error, however the threads were scheduled.
        if let Some((_, error)) = refused.into_inner().unwrap_or_default().pop_first() {
            return Err(error);
        }
        for (head, from) in by_head.chunks_exact(head_len.max(1)).enumerate() {
            let columns = head * spec.d_head..(head + 1) * spec.d_head;
            for (to, from) in self.z[span.clone()].chunks_exact_mut(width).zip(from.chunks_exact(spec.d_head)) {
                to[columns.clone()].copy_from_slice(from);
            }
        }
        Ok(())
    }

    /// Passes the new rows of z through their hook, all at once, since a mean over positions needs all of them.
    pub fn finish_z(&mut self, cx: &mut BlockContext<'_, '_>, keeps_keys: bool) -> Result<(), EngineError> {
        if !keeps_keys {
            self.packed = None;
        }
        let width = cx.model.spec.n_heads * cx.model.spec.d_head;
        let new_z = &mut self.z[self.new_queries.start * width..];
        cx.pass(BlockSite::Z.in_attn(self.attn), &self.new_queries, new_z)
    }

    /// z of all positions. [pos, n_heads, d_head]
    pub fn z(&self) -> &[f32] {
        &self.z
    }

    /// Whether someone looks at what each head writes, so that the output is made head by head.
    pub fn is_head_by_head(&self, cx: &BlockContext<'_, '_>) -> bool {
        cx.hooks.wants(Hook::Block(cx.layer, BlockSite::Result.in_attn(self.attn)))
    }

    /// Rows of z through W_O [rows.len(), d_model]: head by head, by way of the `result` hook, only where someone looks there.
    pub fn output(
        &self,
        cx: &mut BlockContext<'_, '_>,
        weights: &AttnWeights,
        rows: &Range<usize>,
    ) -> Result<Vec<f32>, EngineError> {
        let spec = &cx.model.spec;
        let (width, d_model) = (spec.n_heads * spec.d_head, spec.d_model);
        let z = &self.z[rows.start * width..rows.end * width];
        let site = BlockSite::Result.in_attn(self.attn);
        let hook = Hook::Block(cx.layer, site);
        if !self.is_head_by_head(cx) {
            return Ok(weights.o.apply(z));
        }
        let mut result = vec![0.0; rows.len() * spec.n_heads * d_model];
        for head in 0..spec.n_heads {
            let inputs = head * spec.d_head..(head + 1) * spec.d_head;
            let part = weights.o.weight.matmul(&PackedRows::pack(z, width, inputs.clone()), inputs);
            for (row, part) in result.chunks_exact_mut(spec.n_heads * d_model).zip(part.chunks_exact(d_model)) {
                row[head * d_model..][..d_model].copy_from_slice(part);
            }
        }
        cx.pass(site, rows, &mut result)?;
        if !cx.hooks.edits.touches(hook) {
            // Only captured: the stream gets what it gets without a capture, to the last bit.
            return Ok(weights.o.apply(z));
        }
        let mut out = vec![0.0; rows.len() * d_model];
        for (out, heads) in out.chunks_exact_mut(d_model).zip(result.chunks_exact(spec.n_heads * d_model)) {
            for head in heads.chunks_exact(d_model) {
                out.iter_mut().zip(head).for_each(|(value, part)| *value += part);
            }
        }
        if let Some(bias) = &weights.o.bias {
            add_bias(&mut out, bias);
        }
        Ok(out)
    }
}

impl PackedKeys {
    /// Values of a key head, weighted: [rows, n_key] · [n_key, d_head] into `z` [rows, d_head].
    fn mix_values(&self, key_head: usize, weights: &[f32], z: &mut [f32]) {
        let values = &self.values[key_head];
        let n_key = weights.len() / (z.len() / values.n_out()).max(1);
        values.matmul(&PackedRows::pack(weights, n_key, 0..n_key), 0..n_key, z, values.n_out(), 0);
    }
}

/// What the reverse of a block needs of its inside and no hook keeps, for some rows; each as later steps read it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Inside {
    /// Attention's output before its norm, where it has one. [rows.len(), d_model]
    pub attn_raw: Vec<f32>,
    /// What the norm after attention reads, or the MLP. [rows.len(), d_model]
    pub resid_mid: Vec<f32>,
    /// The same after cross-attention. [rows.len(), d_model]
    pub resid_mid_cross: Vec<f32>,
    /// What the MLP's norm or the MLP itself reads. [rows.len(), d_model]
    pub mlp_stream: Vec<f32>,
    /// [rows.len(), d_mlp]
    pub mlp_pre: Vec<f32>,
    /// [rows.len(), d_mlp]; empty where there is no gate.
    pub mlp_linear: Vec<f32>,
    /// What a routed MLP did.
    pub routed: Routed,
    /// The MLP's output before its norm, where it has one. [rows.len(), d_model]
    pub mlp_raw: Vec<f32>,
    /// The sum that leaves the block, before a norm. [rows.len(), d_model]
    pub resid_post: Vec<f32>,
    /// What a convolution gives before its activation. [rows.len(), d_model]
    pub conv_pre: Vec<f32>,
    /// What the norm after it reads. [rows.len(), d_model]
    pub conv_sum: Vec<f32>,
}

/// The MLP on normalised rows of the stream [rows.len(), d_model], before its output's norm and hook.
pub(in crate::engine) fn mlp(
    cx: &mut BlockContext<'_, '_>,
    weights: &Mlp,
    input: &[f32],
    rows: &Range<usize>,
    inside: Option<&mut Inside>,
) -> Result<Vec<f32>, EngineError> {
    let d_model = cx.model.spec.d_model;
    let packed = PackedRows::pack(input, d_model, 0..d_model);
    let hidden = weights.gate.as_ref().unwrap_or(&weights.into).apply_packed(&packed);
    let linear = weights.gate.as_ref().map(|_| weights.into.apply_packed(&packed));
    Ok(weights.out.apply(&activated(cx, rows, hidden, linear, inside)?))
}

/// The hidden neurons of rows after the activation, [rows.len(), d_mlp]: `linear` is what a gate multiplies.
pub(in crate::engine) fn activated(
    cx: &mut BlockContext<'_, '_>,
    rows: &Range<usize>,
    mut hidden: Vec<f32>,
    linear: Option<Vec<f32>>,
    mut inside: Option<&mut Inside>,
) -> Result<Vec<f32>, EngineError> {
    let (activate, gate) = cx.model.activation();
    cx.pass(BlockSite::MlpPre, rows, &mut hidden)?;
    if let Some(inside) = &mut inside {
        inside.mlp_pre.clone_from(&hidden);
    }
    match linear {
        Some(mut linear) => {
            cx.pass(BlockSite::MlpPreLinear, rows, &mut linear)?;
            gate(&mut hidden, &linear);
            if let Some(inside) = inside {
                inside.mlp_linear = linear;
            }
        }
        None => activate(&mut hidden),
    }
    cx.pass(BlockSite::MlpPost, rows, &mut hidden)?;
    Ok(hidden)
}
