//! What a model is made of: matrices with their biases, norms, attentions, blocks.

use std::sync::Arc;

use crate::analysis::attention::HeadNorm;
use crate::analysis::attention::disentangled::PositionVectors;
use crate::engine::weights::Weight;
use crate::kernels::PackedRows;
use crate::kernels::activation::sigmoid;

/// The weights of one block.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Block {
    /// Before attention, or after its sum; none where the stream is read as it is.
    pub attn_norm: Option<Norm>,
    pub attn: AttnWeights,
    /// On what attention adds.
    pub attn_out_norm: Option<Norm>,
    /// A decoder's over its encoder: its norm and weights.
    pub cross: Option<(Norm, AttnWeights)>,
    /// Before the MLP, or after its sum.
    pub mlp_norm: Option<Norm>,
    /// None in blocks of attention only, and where tokens go to experts.
    pub mlp: Option<Mlp>,
    /// The MLP of a routed layer.
    pub experts: Option<Experts>,
    /// On what the MLP adds.
    pub mlp_out_norm: Option<Norm>,
    /// A convolution [d_model, d_model · kernel], and the norm of what leaves the block with what it adds.
    pub conv: Option<(Linear, Norm)>,
    /// Keys and queries of positions, of disentangled attention.
    pub positions: Option<Arc<PositionVectors>>,
}

/// The weights of one MLP.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Mlp {
    pub gate: Option<Linear>,
    pub into: Linear,
    pub out: Linear,
}

/// The weights of a routed MLP.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Experts {
    /// [n_experts, d_model]
    pub router: Linear,
    /// The experts, each with a gate; the shared one comes last.
    pub each: Vec<Mlp>,
    /// How much the shared expert counts [1, d_model], before a sigmoid.
    pub shared_gate: Option<Linear>,
}

/// The weights of one attention.
#[derive(Clone, Debug)]
pub(in crate::engine) struct AttnWeights {
    pub q: Linear,
    pub k: Linear,
    pub v: Linear,
    pub o: Linear,
    /// The queries' norm, [d_head] or [n_heads · d_head].
    pub q_norm: Option<Norm>,
    /// The keys' norm, [d_head] or [n_key_value_heads · d_head].
    pub k_norm: Option<Norm>,
    /// Scores of attention sinks, [n_heads].
    pub sinks: Option<Vec<f32>>,
}

/// x · Wᵀ + b, cut off where there is a limit.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Linear {
    pub weight: Arc<Weight>,
    /// [n_out]
    pub bias: Option<Vec<f32>>,
    /// The size that no output exceeds.
    pub clip: Option<f32>,
}

/// LayerNorm or RMSNorm.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Norm {
    /// [width]
    pub weight: Vec<f32>,
    /// [width], zeros where there is none.
    pub bias: Vec<f32>,
}

impl Experts {
    /// The expert that every token goes to, and the gate before it.
    pub fn shared(&self) -> Option<(&Mlp, &Linear)> {
        self.each.last().zip(self.shared_gate.as_ref())
    }
}

impl Norm {
    /// The norm of queries or keys, as the maths of attention wants it.
    pub fn of_heads(&self) -> HeadNorm<'_> {
        HeadNorm { weight: &self.weight, bias: &self.bias }
    }
}

impl Linear {
    /// [n_rows, n_out] from rows [n_rows, n_in].
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let n_in = self.weight.n_in();
        self.apply_packed(&PackedRows::pack(x, n_in, 0..n_in))
    }

    /// Applies the layer to rows that several layers read.
    pub fn apply_packed(&self, x: &PackedRows) -> Vec<f32> {
        let mut y = self.unclipped(x);
        self.cut_off(&mut y);
        y
    }

    /// How far a gate opens for rows [n_rows, n_in]: its output through a sigmoid.
    pub fn open(&self, x: &[f32]) -> Vec<f32> {
        let mut open = self.apply(x);
        sigmoid(&mut open);
        open
    }

    fn unclipped(&self, x: &PackedRows) -> Vec<f32> {
        let mut y = self.weight.matmul(x, 0..self.weight.n_in());
        if let Some(bias) = &self.bias {
            add_bias(&mut y, bias);
        }
        y
    }

    /// Keeps outputs within the limit.
    pub fn cut_off(&self, y: &mut [f32]) {
        if let Some(clip) = self.clip {
            y.iter_mut().for_each(|value| *value = value.clamp(-clip, clip));
        }
    }

    /// The reverse of the limit: gradients by outputs of rows `x` that it cuts off become 0.
    pub fn cut_off_reverse(&self, x: &PackedRows, grad: &mut [f32]) {
        if let Some(clip) = self.clip {
            let is_cut = |value: &f32| value.abs() > clip;
            grad.iter_mut()
                .zip(&self.unclipped(x))
                .filter(|(_, value)| is_cut(value))
                .for_each(|(grad, _)| *grad = 0.0);
        }
    }

    /// The reverse: gradients by the inputs [n_rows, n_in] from those by the outputs [n_rows, n_out].
    pub fn reverse(&self, grad: &[f32]) -> Vec<f32> {
        let n_out = self.weight.n_out();
        self.weight.matmul_transposed(&PackedRows::pack(grad, n_out, 0..n_out))
    }

    fn widen(&mut self) {
        if let Some(wide) = self.weight.widened() {
            self.weight = Arc::new(wide);
        }
    }
}

impl Block {
    /// Every matrix.
    pub fn weights(&self) -> impl Iterator<Item = &Arc<Weight>> {
        let attns = [Some(&self.attn), self.cross.as_ref().map(|(_, attn)| attn)];
        let attns = attns.into_iter().flatten().flat_map(|attn| [&attn.q, &attn.k, &attn.v, &attn.o]);
        let experts = self.experts.iter().flat_map(|experts| &experts.each);
        let mlp = self.mlp.iter().chain(experts).flat_map(|mlp| mlp.gate.iter().chain([&mlp.into, &mlp.out]));
        let mlp = mlp.chain(self.experts.iter().map(|experts| &experts.router));
        let conv = self.conv.iter().map(|(linear, _)| linear);
        attns.chain(mlp).chain(conv).map(|linear| &linear.weight)
    }
}

/// A block whose matrices are f32: where many runs pass through it one after another, they are widened once. Experts stay as they are
/// held, since each sees few rows.
#[derive(Debug)]
pub(in crate::engine) struct WideBlock {
    pub layer: usize,
    pub block: Block,
}

impl WideBlock {
    pub fn new(layer: usize, block: &Block) -> Self {
        let mut block = block.clone();
        let cross = block.cross.as_mut().map(|(_, attn)| attn);
        for attn in [Some(&mut block.attn), cross].into_iter().flatten() {
            [&mut attn.q, &mut attn.k, &mut attn.v, &mut attn.o].into_iter().for_each(Linear::widen);
        }
        if let Some(mlp) = &mut block.mlp {
            mlp.gate.iter_mut().chain([&mut mlp.into, &mut mlp.out]).for_each(Linear::widen);
        }
        if let Some((conv, _)) = &mut block.conv {
            conv.widen();
        }
        Self { layer, block }
    }
}

/// Adds a vector to every row.
pub(in crate::engine) fn add_bias(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}
