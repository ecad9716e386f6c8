//! Who feeds a head: what each head and MLP below gives its query, its key and its value, by gradients, and the exact effect of the
//! paths of the best (docs/methods.md, "What feeds a head").
//!
//! ```text
//! gradient by q, k, v of the head ─▶ by the stream that it reads, through each ─▶ · what each component wrote ─▶ the best, exactly
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::exact::ExactJob;
use super::{Job, Progress, not_done};
use crate::analysis::inside::feeds::{Feed, Feeds, N_THROUGH};
use crate::analysis::inside::stream::dot;
use crate::engine::backward::{Asked, Backward, Differentiated};
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::{Linear, Model, Norm};
use crate::engine::run::{Run, Step};
use crate::kernels::PackedRows;
use crate::trace::spec::NormPlacement;
use crate::trace::{BlockSite, Hook};

/// Query, key and value, in this order everywhere.
const SITES: [BlockSite; N_THROUGH] = [BlockSite::Q, BlockSite::K, BlockSite::V];

/// The stream of a layer, before and after norms that stand behind its sub-layers, and what reaches it other than by `attn.hook_z` and
/// `hook_mlp_out`.
const STREAM: [BlockSite; 7] = [
    BlockSite::ResidPre,
    BlockSite::Result,
    BlockSite::AttnOut,
    BlockSite::ResidMid,
    BlockSite::ResidPost,
    BlockSite::NormalizedResidPost,
    BlockSite::ConvOut,
];

/// What norms behind sub-layers read, the convolution's norm the sum of the last two.
const READ: [BlockSite; 4] =
    [BlockSite::ResidMid, BlockSite::ResidPost, BlockSite::NormalizedResidPost, BlockSite::ConvOut];

/// Feeds under way.
#[derive(Debug)]
pub struct FeedsJob {
    run: Arc<Run>,
    of: Differentiated,
    layer: usize,
    head: usize,
    n_tried: usize,
    stage: Stage,
    /// Gradient by the stream entering the layer, through query, key and value. [pos, d_model] each
    by_stream: Vec<Vec<f32>>,
    /// The layer whose components come next.
    next: usize,
    feeds: Feeds,
}

#[derive(Debug)]
enum Stage {
    Backward(Box<Backward>),
    /// The run once more, for what components write; whether that is to be added up, or taken away from what the head reads.
    Run(Box<Run>, bool),
    Exact(Box<ExactJob>),
    Done,
}

impl FeedsJob {
    /// Prepares what feeds a head of a finished run, the paths of the `n_tried` best exactly.
    ///
    /// # Errors
    /// When there is no such head or outcome, or components do not add up to what it reads.
    pub fn new(
        run: Arc<Run>,
        of: Differentiated,
        (layer, head): (usize, usize),
        n_tried: usize,
    ) -> Result<Self, EngineError> {
        let refuse = |message: &str| Err(EngineError::Request(message.to_owned()));
        let spec = run.model().spec();
        if layer >= spec.n_layers || head >= spec.n_heads {
            return refuse("this head is not there");
        }
        if run.source().is_some() {
            return refuse(
                "what feeds a head is traced in models of one stack: paths between an encoder and a decoder go through two streams",
            );
        }
        let is_changed = |layer: usize| STREAM.iter().any(|site| run.edits.touches(Hook::Block(layer, *site)));
        let own = SITES.map(|site| Hook::Block(layer, site));
        if run.edits.touches(Hook::Block(layer, BlockSite::ResidPre))
            || (0..layer).any(is_changed)
            || own.iter().any(|hook| run.edits.touches(*hook))
        {
            return refuse("an edit in force changes the stream below this head, or what it reads: take the edit out");
        }
        let backward = Backward::new(Arc::clone(&run), of.clone(), Asked::of(own))?;
        let stage = Stage::Backward(Box::new(backward));
        let feeds = Feeds::new(layer, spec.n_heads);
        Ok(Self { run, of, layer, head, n_tried, stage, by_stream: Vec::new(), next: 0, feeds })
    }

    /// The projections of the head's layer.
    fn projections(&self) -> [&Linear; N_THROUGH] {
        let weights = &self.run.model().blocks[self.layer].attn;
        [&weights.q, &weights.k, &weights.v]
    }

    /// The norm through which the head reads the stream, where one stands there.
    fn norm_before(&self) -> Option<&Norm> {
        let model = self.run.model();
        model.blocks[self.layer].attn_norm.as_ref().filter(|_| model.spec().has_input_norms())
    }

    /// The head's place among queries, keys or values, and how many there are.
    fn place(&self, through: usize) -> (usize, usize) {
        let spec = self.run.model().spec();
        match through {
            0 => (self.head, spec.n_heads),
            _ => (self.head / spec.queries_per_key_head(), spec.n_key_value_heads),
        }
    }

    /// What the projection of a stream reads, packed.
    fn input(&self, through: usize, stream: &[f32]) -> PackedRows {
        let (model, d_model) = (self.run.model(), self.run.model().spec().d_model);
        let norm = self.norm_before();
        let mut input = norm.map_or_else(|| stream.to_vec(), |norm| model.norm(norm, stream));
        if through < 2 {
            input.iter_mut().zip(self.run.positions_beside()).for_each(|(value, add)| *value += add);
        }
        PackedRows::pack(&input, d_model, 0..d_model)
    }

    /// From gradients by queries, keys and values to those by the stream, of this head alone.
    fn to_stream(&self, backward: &mut Backward) -> Result<Vec<Vec<f32>>, EngineError> {
        let (model, d_head) = (self.run.model(), self.run.model().spec().d_head);
        let stream = &self.run.layer(self.layer)?.resid_pre;
        let mut parts = backward.drain();
        parts.sort_unstable_by_key(|part| part.hook);
        let norm = self.norm_before();
        let through = |(through, linear): (usize, &Linear)| -> Result<Vec<f32>, EngineError> {
            let (own, n_heads) = self.place(through);
            let mut grad = std::mem::take(&mut parts.get_mut(through).ok_or_else(not_done)?.gradient);
            let heads = grad.chunks_exact_mut(d_head).enumerate();
            heads.filter(|(head, _)| head % n_heads != own).for_each(|(_, grad)| grad.fill(0.0));
            linear.cut_off_reverse(&self.input(through, stream), &mut grad);
            let mut grad = linear.reverse(&grad);
            if let Some(norm) = norm {
                model.norm_reverse(norm, stream, &mut grad);
            }
            Ok(grad)
        };
        self.projections().into_iter().enumerate().map(through).collect()
    }

    /// The run once more up to the head's layer.
    fn again(&self, layers: impl Iterator<Item = usize>, adds: bool) -> Result<Stage, EngineError> {
        let written = layers.flat_map(|layer| [BlockSite::Z, BlockSite::MlpOut].map(|site| Hook::Block(layer, site)));
        let normed = (0..self.layer).filter(|_| is_post_norm(self.run.model()));
        let read = normed.flat_map(|layer| READ.map(|site| Hook::Block(layer, site)));
        let is_there =
            |hook: &Hook| matches!(hook, Hook::Block(layer, site) if site.exists_at(self.run.model().spec(), *layer));
        let hooks = written.chain(read).filter(is_there);
        Ok(Stage::Run(Box::new(self.run.capturing(Captures::of(hooks))?), adds))
    }

    /// The estimates of the components of a layer below. Norms behind sub-layers turn the gradient by the stream into that by what the layer
    /// reads, so with these the layers come from the top down.
    fn add(&mut self, layer: usize, captures: &Captures) -> Result<(), EngineError> {
        let run = Arc::clone(&self.run);
        let (model, d_head) = (run.model(), run.model().spec().d_head);
        let o = &model.blocks[layer].attn.o;
        let at = |site| captures.get(Hook::Block(layer, site));
        let (z, mlp_out) = (at(BlockSite::Z).ok_or_else(not_done)?, at(BlockSite::MlpOut));
        let [behind_attn, behind_mlp, behind_conv] = norms_behind(model, layer, captures);
        let behind_heads = model.blocks[layer].attn_out_norm.as_ref().map(|norm| (norm, o.apply(z)));
        for (through, grad) in self.by_stream.iter_mut().enumerate() {
            if let Some((norm, read)) = &behind_conv {
                model.norm_reverse(norm, read, grad);
                self.feeds.totals[through] -= at(BlockSite::ConvOut).map_or(0.0, |conv_out| dot(conv_out, grad));
            }
            if let Some((norm, read)) = &behind_mlp {
                model.norm_reverse(norm, read, grad);
            }
            if let Some(mlp_out) = mlp_out {
                *self.feeds.estimate(through, layer, None) -= dot(mlp_out, grad);
            }
            if let Some((norm, read)) = &behind_attn {
                // What the layer's MLP and attention add, and below all the embeddings.
                let added = mlp_out.map_or(0.0, |mlp_out| dot(mlp_out, grad));
                model.norm_reverse(norm, read, grad);
                let below = if layer > 0 { dot(&run.layer(layer)?.resid_pre, grad) } else { 0.0 };
                self.feeds.totals[through] -= added + dot(read, grad) - below;
            }
            let by_attn = behind_heads.as_ref().map(|(norm, read)| {
                let mut grad = grad.clone();
                model.norm_reverse(norm, read, &mut grad);
                grad
            });
            let by_z = o.reverse(by_attn.as_deref().unwrap_or(grad));
            let heads = z.chunks_exact(d_head).zip(by_z.chunks_exact(d_head)).enumerate();
            for (at, (z, grad)) in heads {
                let head = at % self.feeds.n_heads;
                *self.feeds.estimate(through, layer, Some(head)) -= dot(z, grad);
            }
            if model.spec().has_output_norms() {
                let heads = (0..self.feeds.n_heads).map(Some).chain([None]);
                self.feeds.totals[through] += heads.map(|head| *self.feeds.estimate(through, layer, head)).sum::<f64>();
            }
        }
        Ok(())
    }

    /// The head's query, key or value without what a component wrote.
    fn without(&self, feed: Feed, captures: &Captures) -> Result<CompiledEdits, EngineError> {
        let (model, n_pos) = (self.run.model(), self.run.tokens().len());
        let spec = model.spec();
        let minus =
            |all: &[f32], part: &[f32]| all.iter().zip(part).map(|(all, part)| all - part).collect::<Vec<f32>>();
        // What a norm gives for all that it reads, less what it gives without a part of that.
        let lost = |norm: &Norm, read: &[f32], part: &[f32]| {
            minus(&model.norm(norm, read), &model.norm(norm, &minus(read, part)))
        };
        let at = |site| captures.get(Hook::Block(feed.layer, site)).ok_or_else(not_done);
        let mut less = match feed.head {
            None => at(BlockSite::MlpOut)?.to_vec(),
            Some(head) => {
                let (z, width) = (at(BlockSite::Z)?, spec.n_heads * spec.d_head);
                let inputs = head * spec.d_head..(head + 1) * spec.d_head;
                let block = &model.blocks[feed.layer];
                let part = block.attn.o.weight.matmul(&PackedRows::pack(z, width, inputs.clone()), inputs);
                match &block.attn_out_norm {
                    Some(norm) => lost(norm, &block.attn.o.apply(z), &part),
                    None => part,
                }
            }
        };
        for layer in feed.layer..self.layer {
            // What an MLP writes joins the stream behind the first norm of its layer.
            let skipped = usize::from(layer == feed.layer && feed.head.is_none());
            for (norm, read) in norms_behind(model, layer, captures).into_iter().skip(skipped).flatten() {
                less = lost(norm, &read, &less);
            }
        }
        let input = self.input(feed.through, &minus(&self.run.layer(self.layer)?.resid_pre, &less));
        let values = self.projections()[feed.through].apply_packed(&input).into();
        let (own, n_heads) = self.place(feed.through);
        let hook = Hook::Block(self.layer, SITES[feed.through]);
        Ok(self.run.edits.with_head(hook, own, n_heads, Some((values, n_pos))))
    }

    /// The next piece; nothing where there is no other stage.
    fn advance(&mut self) -> Result<Option<Stage>, EngineError> {
        let mut stage = std::mem::replace(&mut self.stage, Stage::Done);
        match &mut stage {
            Stage::Backward(backward) => {
                if backward.step()? == Step::More {
                    return Ok(Some(stage));
                }
                self.feeds.outcome = backward.value();
                self.by_stream = self.to_stream(backward)?;
                // Behind norms the sum is made layer by layer.
                let is_made_here = !is_post_norm(self.run.model()) || self.layer == 0;
                // A norm on what attention writes leaves more of it than of its heads one by one, which belongs to no path.
                let first = if self.run.model().spec().has_output_norms() { 0 } else { self.layer };
                for (total, grad) in self.feeds.totals.iter_mut().zip(&self.by_stream).filter(|_| is_made_here) {
                    *total = -dot(&self.run.layer(first)?.resid_pre, grad);
                }
                Ok(Some(self.again(0..self.layer, true)?))
            }
            Stage::Run(run, adds) => {
                let is_top_down = is_post_norm(self.run.model());
                let n_ready = if is_top_down && run.progress().0 < self.layer { 0 } else { run.progress().0 };
                while *adds && self.next < n_ready.min(self.layer) {
                    let layer = if is_top_down { self.layer - 1 - self.next } else { self.next };
                    self.add(layer, run.captures())?;
                    for site in [BlockSite::Z, BlockSite::MlpOut].into_iter().chain(READ) {
                        run.captures().take(Hook::Block(layer, site));
                    }
                    self.next += 1;
                }
                if run.progress().0 < self.layer {
                    run.step()?;
                    return Ok(Some(stage));
                }
                if *adds {
                    self.feeds.choose(self.n_tried);
                    let layers: Vec<usize> = self.feeds.tried.iter().map(|(feed, _)| feed.layer).collect();
                    return (!layers.is_empty()).then(|| self.again(layers.into_iter(), false)).transpose();
                }
                let captures = run.captures();
                let edits = self.feeds.tried.iter().map(|(feed, _)| Ok((None, self.without(*feed, captures)?)));
                let edits = edits.collect::<Result<_, EngineError>>()?;
                let exact = ExactJob::of_edits(Arc::clone(&self.run), self.of.clone(), self.feeds.outcome, edits);
                Ok(Some(Stage::Exact(Box::new(exact))))
            }
            Stage::Exact(exact) => match exact.step()? {
                Step::More => Ok(Some(stage)),
                Step::Done => {
                    let Stage::Exact(exact) = stage else { return Ok(None) };
                    let effects = exact.finish()?;
                    self.feeds.tried.iter_mut().zip(effects).for_each(|((_, exact), effect)| *exact = effect);
                    Ok(None)
                }
            },
            Stage::Done => Ok(None),
        }
    }
}

/// Whether norms stand behind sub-layers, on the stream itself.
fn is_post_norm(model: &Model) -> bool {
    model.spec().norm_placement == NormPlacement::Post
}

/// A norm, and what it reads. [pos, d_model]
type Behind<'a> = (&'a Norm, Cow<'a, [f32]>);

/// The norms on the stream behind a layer's attention, behind its MLP and behind the convolution beside it, each with what it reads, where
/// the model has them.
fn norms_behind<'a>(model: &'a Model, layer: usize, captures: &'a Captures) -> [Option<Behind<'a>>; 3] {
    let block = &model.blocks[layer];
    let at = |site| captures.get(Hook::Block(layer, site));
    let stream = |norm: &'a Option<Norm>, site| {
        let norm = norm.as_ref().filter(|_| is_post_norm(model))?;
        Some((norm, Cow::Borrowed(at(site)?)))
    };
    let conv = || {
        let ((_, norm), resid, out) =
            (block.conv.as_ref()?, at(BlockSite::NormalizedResidPost)?, at(BlockSite::ConvOut)?);
        Some((norm, Cow::Owned(resid.iter().zip(out).map(|(resid, out)| resid + out).collect())))
    };
    [stream(&block.attn_norm, BlockSite::ResidMid), stream(&block.mlp_norm, BlockSite::ResidPost), conv()]
}

impl Job for FeedsJob {
    type Part = ();
    type Output = Feeds;

    fn step(&mut self) -> Result<Step, EngineError> {
        match self.advance()? {
            Some(stage) => {
                self.stage = stage;
                Ok(Step::More)
            }
            None => Ok(Step::Done),
        }
    }

    fn progress(&self) -> Progress {
        match &self.stage {
            Stage::Backward(backward) => {
                let (done, total) = backward.progress();
                Progress::blocks((done, total + self.layer))
            }
            Stage::Exact(exact) => exact.progress(),
            Stage::Run(..) | Stage::Done => Progress::blocks((self.next, self.layer.max(1))),
        }
    }

    fn finish(self) -> Result<Feeds, EngineError> {
        match (self.stage, self.next == self.layer) {
            (Stage::Done, true) => Ok(self.feeds),
            _ => Err(not_done()),
        }
    }
}
