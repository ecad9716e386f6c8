//! The way of a cell's content up through the layers of a finished run: the layers from the cell on run once more, and after each one
//! the shares are worked out, a few heads per step.

use super::{Job, Progress, not_done};
use crate::analysis::inside::path::{Carrier, Path, PathStep, keep_largest, share};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::patterns::LayerAttention;
use crate::engine::run::{Run, Step};
use crate::kernels::{PackedRows, Panels};
use crate::trace::{BlockSite, Hook};

/// The most steps of a way that are kept.
const N_STEPS: usize = 2000;

/// A way under way.
#[derive(Debug)]
pub struct PathJob {
    /// The same run from the layer on, with what attention and MLPs add.
    run: Run,
    /// The layer whose shares come next.
    layer: usize,
    /// Its heads under way.
    heads: Option<Heads>,
    /// The content's share of the stream entering that layer, [pos].
    entering: Vec<f64>,
    path: Path,
}

/// The attention of one layer under way.
struct Heads {
    attention: LayerAttention,
    next: usize,
    /// The stream after attention, [pos, d_model].
    mid: Vec<f32>,
    /// The content's share of it, as far as heads are done, [pos].
    shares: Vec<f64>,
}

impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "from head {}", self.next)
    }
}

impl PathJob {
    /// Prepares the way of a cell: the stream entering a layer at a position.
    ///
    /// # Errors
    /// When the run is not done, the cell does not exist, or what sub-layers write is normalised before it is added.
    pub fn new(run: &Run, layer: usize, position: usize) -> Result<Self, EngineError> {
        let (spec, n_pos) = (run.model().spec(), run.tokens().len());
        run.layer(layer)?;
        if position >= n_pos {
            let message = format!("position {position} is not there: {n_pos} tokens, counted from 0");
            return Err(EngineError::Request(message));
        }
        if spec.has_output_norms() || run.source().is_some() {
            let message =
                "this model normalises what heads write, or reads an encoder: no shares of heads sum to the stream";
            return Err(EngineError::Request(message.to_owned()));
        }
        if layer == 0 && spec.conv.is_some() {
            let message = "a convolution beside the first layer adds to the stream: choose a cell of a later layer";
            return Err(EngineError::Request(message.to_owned()));
        }
        let sites = [BlockSite::AttnOut, BlockSite::MlpOut];
        let hooks = (layer..spec.n_layers).flat_map(|layer| sites.map(|site| Hook::Block(layer, site)));
        let again = run.again(run.edits.clone(), Captures::of(hooks))?;
        let mut entering = vec![0.0; n_pos];
        entering[position] = 1.0;
        let mut shares = vec![0.0; layer * n_pos];
        shares.extend(entering.iter().map(|share| *share as f32));
        let path = Path { steps: Vec::new(), shares };
        Ok(Self { run: again, layer, heads: None, entering, path })
    }

    /// Begins the heads of the layer.
    fn begin(&mut self) -> Result<Heads, EngineError> {
        let (layer, d_model) = (self.layer, self.run.model().spec().d_model);
        let attn_out = self.run.captures().take(Hook::Block(layer, BlockSite::AttnOut)).ok_or_else(not_done)?;
        let kept = self.run.layer(layer)?;
        let mid: Vec<f32> = kept.resid_pre.iter().zip(&attn_out).map(|(a, b)| a + b).collect();
        let rows = kept.resid_pre.chunks_exact(d_model).zip(mid.chunks_exact(d_model));
        let shares = rows.zip(&self.entering).map(|((own, sum), before)| share(own, sum) * before).collect();
        Ok(Heads { attention: self.run.attention(layer)?, next: 0, mid, shares })
    }

    /// The shares that one head carries.
    fn head(&mut self, heads: &mut Heads) -> Result<(), EngineError> {
        let (model, layer, head) = (self.run.model(), self.layer, heads.next);
        let (spec, kept) = (model.spec(), self.run.layer(layer)?);
        let (n_pos, d_model, d_head) = (self.run.tokens().len(), spec.d_model, spec.d_head);
        let width = spec.n_key_value_heads * d_head;
        let columns = head / spec.queries_per_key_head() * d_head;
        let values: Vec<f32> =
            kept.v.chunks_exact(width).flat_map(|row| row[columns..columns + d_head].iter().copied()).collect();
        // f_j [pos, d_model], then f_j · mid_i [key, query].
        let packed = PackedRows::pack(&values, d_head, 0..d_head);
        let outputs = model.blocks[layer].attn.o.weight.matmul(&packed, head * d_head..(head + 1) * d_head);
        let mut products = vec![0.0; n_pos * n_pos];
        let streams = Panels::pack(&heads.mid, d_model);
        streams.matmul(&PackedRows::pack(&outputs, d_model, 0..d_model), 0..d_model, &mut products, n_pos, 0);
        let pattern = heads.attention.pattern(head)?;
        for to in 0..n_pos {
            let sum = &heads.mid[to * d_model..(to + 1) * d_model];
            let size: f64 = sum.iter().map(|value| f64::from(*value).powi(2)).sum();
            for from in (0..n_pos).filter(|from| self.entering[*from] != 0.0) {
                let weight = f64::from(pattern[to * n_pos + from]);
                if weight == 0.0 || size == 0.0 {
                    continue;
                }
                let amount = weight * f64::from(products[from * n_pos + to]) / size * self.entering[from];
                heads.shares[to] += amount;
                let amount = amount as f32;
                self.path.steps.push(PathStep { layer, carrier: Carrier::Head(head), from, to, amount });
            }
        }
        keep_largest(&mut self.path.steps, N_STEPS);
        heads.next += 1;
        Ok(())
    }

    /// What the MLP carries, and the shares of the stream that enters the next layer.
    fn end(&mut self, heads: &Heads) {
        let (layer, d_model) = (self.layer, self.run.model().spec().d_model);
        let (is_parallel, mut leaving) = (self.run.model().spec().is_parallel(), heads.shares.clone());
        if let Some(mlp_out) = self.run.captures().take(Hook::Block(layer, BlockSite::MlpOut)) {
            let rows = mlp_out.chunks_exact(d_model).zip(heads.mid.chunks_exact(d_model)).enumerate();
            for (at, (added, mid)) in rows {
                let sum: Vec<f32> = mid.iter().zip(added).map(|(a, b)| a + b).collect();
                // In a parallel block the MLP reads what attention reads.
                let content = if is_parallel { self.entering[at] } else { heads.shares[at] };
                let amount = share(added, &sum) * content;
                leaving[at] = share(mid, &sum) * heads.shares[at] + amount;
                if amount != 0.0 {
                    let amount = amount as f32;
                    self.path.steps.push(PathStep { layer, carrier: Carrier::Mlp, from: at, to: at, amount });
                }
            }
        }
        self.path.shares.extend(leaving.iter().map(|share| *share as f32));
        self.entering = leaving;
        self.layer += 1;
    }
}

impl Job for PathJob {
    type Part = ();
    type Output = Path;

    fn step(&mut self) -> Result<Step, EngineError> {
        let n_layers = self.run.model().spec().n_layers;
        if self.layer == n_layers {
            return Ok(Step::Done);
        }
        if self.run.progress().0 <= self.layer {
            self.run.step()?;
            return Ok(Step::More);
        }
        let mut heads = match self.heads.take() {
            Some(heads) => heads,
            None => self.begin()?,
        };
        self.head(&mut heads)?;
        match heads.next < self.run.model().spec().n_heads {
            true => self.heads = Some(heads),
            false => self.end(&heads),
        }
        Ok(if self.layer == n_layers { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress::blocks((self.layer, self.run.model().spec().n_layers))
    }

    fn finish(mut self) -> Result<Path, EngineError> {
        if self.layer < self.run.model().spec().n_layers {
            return Err(not_done());
        }
        self.path.steps.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
        self.path.steps.truncate(N_STEPS);
        Ok(self.path)
    }
}
