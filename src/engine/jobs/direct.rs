//! Direct attribution of a finished run: the input is run once more to capture what each component wrote at one position, then every
//! component is read with the direction of the outcome, half a layer per step.

use std::sync::Arc;

use super::{Job, Progress, not_done};
use crate::analysis::inside::direct::{AttnParts, Contrast, DirectSum, MlpParts, Reader, refusal};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::{AttnWeights, Block, Model, Norm};
use crate::engine::patterns::LayerAttention;
use crate::engine::run::{Run, Step};
use crate::trace::{Attn, BlockSite, Hook};

/// A direct attribution under way.
#[derive(Debug)]
pub struct DirectJob {
    /// The same run, with captures at the position.
    run: Run,
    contrast: Contrast,
    reader: Option<Reader>,
    /// What comes after the run: each layer's attention, then its MLP.
    n_halves: usize,
    sum: DirectSum,
}

impl DirectJob {
    /// Prepares the attribution of `contrast` at a position of a finished run.
    ///
    /// # Errors
    /// When the outcome is not a sum in this model, or the position or a token does not exist.
    pub fn new(run: &Run, contrast: Contrast, position: usize) -> Result<Self, EngineError> {
        let (model, spec) = (run.model(), run.model().spec());
        if let Some(reason) = refusal(spec) {
            return Err(EngineError::Request(reason.to_owned()));
        }
        let (n_pos, n_ids) = (run.tokens().len(), model.unembedding().n_out());
        if position >= n_pos {
            let message = format!("position {position} is not there: {n_pos} tokens, counted from 0");
            return Err(EngineError::Request(message));
        }
        if contrast.answers.is_empty() {
            return Err(EngineError::Request("the outcome needs at least one answer token".to_owned()));
        }
        if let Some((id, _)) = contrast.weights().iter().find(|(id, _)| *id as usize >= n_ids) {
            return Err(EngineError::Request(format!("token {id} is not in the vocabulary of {n_ids}")));
        }
        let sites = [
            BlockSite::Z,
            BlockSite::Result,
            BlockSite::CrossZ,
            BlockSite::CrossResult,
            BlockSite::MlpPost,
            BlockSite::MlpOut,
        ];
        let is_result = |site: BlockSite| matches!(site, BlockSite::Result | BlockSite::CrossResult);
        let hooks = (0..spec.n_layers).flat_map(|layer| sites.map(|site| (layer, site)));
        // z through W_O says what heads wrote, unless an edit changed what came out of it.
        let hooks = hooks.map(|(layer, site)| (Hook::Block(layer, site), site));
        let hooks = hooks.filter(|(hook, site)| !is_result(*site) || run.edits.touches(*hook)).map(|(hook, _)| hook);
        let last = Hook::Block(spec.n_layers - 1, BlockSite::ResidPost);
        let captures = Captures::at_position(hooks.chain([last]), position);
        let sum = DirectSum { position, ..DirectSum::default() };
        Ok(Self { run: run.capturing(captures)?, contrast, reader: None, n_halves: 0, sum })
    }

    /// The direction of the outcome, and the parts that no layer wrote.
    fn begin(&mut self) -> Result<Reader, EngineError> {
        let (model, spec, position) = (self.run.model(), self.run.model().spec(), self.sum.position);
        let d_model = spec.d_model;
        let weights = self.contrast.weights();
        let direction = output_direction(model, &weights);
        let last = captured(&self.run, Hook::Block(spec.n_layers - 1, BlockSite::ResidPost))?;
        let ones = vec![1.0; d_model];
        let norm = model.final_norm.as_ref();
        let reader = Reader::new(spec, last, norm.map_or(&ones, |norm| &norm.weight), &direction);
        let logits = self.run.logits(position..position + 1)?;
        self.sum.outcome = weights.iter().map(|(id, factor)| f64::from(logits[*id as usize]) * factor).sum();
        let first = &self.run.layer(0)?.resid_pre[position * d_model..(position + 1) * d_model];
        self.sum.embed = reader.read(first);
        let bias =
            |norm: &Norm| norm.bias.iter().zip(&direction).map(|(bias, factor)| f64::from(*bias) * factor).sum::<f64>();
        let of_tokens = |biases: &Vec<f32>| {
            let bias = |id: u32| biases.get(id as usize).map_or(0.0, |bias| f64::from(*bias));
            weights.iter().map(|(id, factor)| bias(*id) * factor).sum::<f64>()
        };
        self.sum.constant = norm.map_or(0.0, bias) + model.unembed_bias.as_ref().map_or(0.0, of_tokens);
        Ok(reader)
    }

    /// What attention of a layer adds: over the stack's own positions, and over the encoder's.
    fn attention(&mut self, reader: &Reader, layer: usize) -> Result<(), EngineError> {
        let model = Arc::clone(self.run.model());
        let block = &model.blocks[layer];
        let own = self.attn_parts(reader, layer, Attn::Own, &block.attn)?;
        self.sum.attns.push(own);
        if let Some((_, weights)) = &block.cross {
            let cross = self.attn_parts(reader, layer, Attn::Cross, weights)?;
            self.sum.cross.push(cross);
        }
        Ok(())
    }

    fn attn_parts(
        &self,
        reader: &Reader,
        layer: usize,
        attn: Attn,
        weights: &AttnWeights,
    ) -> Result<AttnParts, EngineError> {
        let (spec, position) = (self.run.model().spec(), self.sum.position);
        let (n_heads, d_head) = (spec.n_heads, spec.d_head);
        // How much each neuron of z counts.
        let factors = weights.o.weight.times_transposed(reader.direction());
        let result = Hook::Block(layer, BlockSite::Result.in_attn(attn));
        let heads: Vec<f64> = if self.run.edits.touches(result) {
            captured(&self.run, result)?.chunks_exact(spec.d_model).map(|head| reader.read(head)).collect()
        } else {
            let z = captured(&self.run, Hook::Block(layer, BlockSite::Z.in_attn(attn)))?;
            z.chunks_exact(d_head).zip(factors.chunks_exact(d_head)).map(|(z, factors)| dot(z, factors)).collect()
        };
        let (attention, values): (LayerAttention, &[f32]) = match attn {
            Attn::Own => (self.run.attention(layer)?, &self.run.layer(layer)?.v),
            Attn::Cross => (self.run.cross_attention(layer)?, &self.run.cross(layer)?.v),
        };
        let mut sources = Vec::with_capacity(n_heads * attention.n_key());
        for (head, factors) in factors.chunks_exact(d_head).enumerate().take(n_heads) {
            let columns = head / spec.queries_per_key_head() * d_head;
            let rows = values.chunks_exact(spec.n_key_value_heads * d_head);
            let row = attention.pattern_rows(head, position..position + 1)?;
            let source = |(weight, row): (&f32, &[f32])| {
                (f64::from(*weight) * dot(&row[columns..columns + d_head], factors)) as f32
            };
            sources.extend(row.iter().zip(rows).map(source));
        }
        let bias = weights.o.bias.as_ref().map_or(0.0, |bias| reader.read(bias));
        Ok(AttnParts { heads, bias, sources })
    }

    fn mlp(&mut self, reader: &Reader, layer: usize) -> Result<(), EngineError> {
        let model = Arc::clone(self.run.model());
        let Block { mlp, experts, .. } = &model.blocks[layer];
        if mlp.is_none() && experts.is_none() {
            return Ok(());
        }
        let whole = reader.read(captured(&self.run, Hook::Block(layer, BlockSite::MlpOut))?);
        let Some(weights) = mlp else {
            // Beside layers with neurons of their own, as many places without a number.
            let n_neurons = if model.blocks.iter().any(|block| block.mlp.is_some()) { model.spec().d_mlp } else { 0 };
            self.sum.mlps.push(MlpParts { whole, neurons: vec![f32::NAN; n_neurons] });
            return Ok(());
        };
        let post = captured(&self.run, Hook::Block(layer, BlockSite::MlpPost))?;
        let factors = weights.out.weight.times_transposed(reader.direction());
        let neurons = post.iter().zip(&factors).map(|(post, factor)| (f64::from(*post) * factor) as f32).collect();
        self.sum.mlps.push(MlpParts { whole, neurons });
        Ok(())
    }
}

/// Σ factor · W_U[token] [d_model], with the scale of the logits, and before the projection to narrower embeddings where a model
/// has one.
pub(super) fn output_direction(model: &Model, weights: &[(u32, f64)]) -> Vec<f64> {
    let rows = model.unembedding();
    let (mut sum, mut row) = (vec![0.0; rows.n_in()], vec![0.0; rows.n_in()]);
    let scale = model.spec().logit_scale.unwrap_or(1.0);
    for (id, factor) in weights {
        rows.copy_row(*id as usize, &mut row);
        sum.iter_mut().zip(&row).for_each(|(sum, value)| *sum += scale * factor * f64::from(*value));
    }
    match &model.unembed_project {
        Some(project) => project.weight.times_transposed(&sum),
        None => sum,
    }
}

pub(super) fn captured(run: &Run, hook: Hook) -> Result<&[f32], EngineError> {
    run.captured(hook).ok_or_else(|| EngineError::Request(format!("{hook} was not captured in this run")))
}

fn dot(values: &[f32], factors: &[f64]) -> f64 {
    values.iter().zip(factors).map(|(value, factor)| f64::from(*value) * factor).sum()
}

impl Job for DirectJob {
    type Part = ();
    type Output = DirectSum;

    fn step(&mut self) -> Result<Step, EngineError> {
        if self.run.step()? == Step::More {
            return Ok(Step::More);
        }
        let Some(reader) = self.reader.take() else {
            self.reader = Some(self.begin()?);
            return Ok(Step::More);
        };
        let (layer, n_layers) = (self.n_halves / 2, self.run.model().spec().n_layers);
        if layer < n_layers {
            match self.n_halves % 2 {
                0 => self.attention(&reader, layer)?,
                _ => self.mlp(&reader, layer)?,
            }
            self.n_halves += 1;
        }
        self.reader = Some(reader);
        Ok(if self.n_halves == 2 * n_layers { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress::blocks(self.run.progress())
    }

    fn finish(self) -> Result<DirectSum, EngineError> {
        match self.n_halves == 2 * self.run.model().spec().n_layers {
            true => Ok(self.sum),
            false => Err(not_done()),
        }
    }
}
