//! What a layer of a finished run writes into the stream at one position: its heads, biases, MLP and neurons, with the tokens that each
//! promotes and suppresses.

use std::sync::Arc;

use super::direct::captured;
use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::direct::FinalScale;
use crate::analysis::inside::stream::norms;
use crate::analysis::inside::top::Top;
use crate::analysis::inside::written::{Writer, WritingNeuron, Written, WrittenPart, without_words};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::AttnWeights;
use crate::engine::run::{Run, Step};
use crate::engine::weights::Weight;
use crate::kernels::PackedRows;
use crate::kernels::threads::together;
use crate::trace::{Attn, BlockSite, Hook};

/// Multiplications and additions per step.
const STEP_FLOP: usize = 600_000_000;

/// How many neurons are listed.
const N_NEURONS: usize = 10;

/// The reading of one layer and position under way.
#[derive(Debug)]
pub struct WrittenJob {
    /// The same run from the layer on, with captures at the position.
    run: Run,
    layer: usize,
    n_top: usize,
    /// What comes after the run.
    reading: Option<Reading>,
    written: Written,
    is_done: bool,
}

/// The vocabulary under way.
#[derive(Debug)]
struct Reading {
    rows: PackedRows,
    /// For each row, the largest and the smallest.
    tops: Vec<[Top; 2]>,
    next_id: usize,
}

impl WrittenJob {
    /// Prepares what a layer of a finished run writes at a position, with so many tokens promoted and suppressed.
    ///
    /// # Errors
    /// When the run is not done, or the layer or position does not exist.
    pub fn new(run: &Run, layer: usize, position: usize, n_top: usize) -> Result<Self, EngineError> {
        run.layer(layer)?;
        let n_pos = run.tokens().len();
        if position >= n_pos {
            let message = format!("position {position} is not there: {n_pos} tokens, counted from 0");
            return Err(EngineError::Request(message));
        }
        let own = [BlockSite::Z, BlockSite::CrossZ, BlockSite::MlpPost, BlockSite::MlpOut];
        let last = Hook::Block(run.model().spec().n_layers - 1, BlockSite::ResidPost);
        let hooks = own.map(|site| Hook::Block(layer, site)).into_iter().chain([last]);
        let run = run.again(run.edits.clone(), Captures::at_position(hooks, position))?;
        Ok(Self { run, layer, n_top, reading: None, written: Written::default(), is_done: false })
    }

    /// The vectors that are written, [n, d_model], with who writes them.
    fn vectors(&mut self) -> Result<(Vec<Writer>, Vec<f32>), EngineError> {
        let model = Arc::clone(self.run.model());
        let (mut writers, mut vectors) = (Vec::new(), Vec::new());
        let (layer, block) = (self.layer, &model.blocks[self.layer]);
        let cross = block.cross.as_ref().map(|(_, weights)| weights);
        for (attn, weights) in [(Attn::Own, Some(&block.attn)), (Attn::Cross, cross)] {
            let Some(weights) = weights else { continue };
            let z = captured(&self.run, Hook::Block(layer, BlockSite::Z.in_attn(attn)))?;
            for (head, z) in z.chunks_exact(model.spec().d_head).enumerate() {
                writers.push(if attn == Attn::Own { Writer::Head(head) } else { Writer::CrossHead(head) });
                vectors.extend(output(weights, head, z));
            }
            if let Some(bias) = &weights.o.bias {
                writers.push(if attn == Attn::Own { Writer::AttnBias } else { Writer::CrossBias });
                vectors.extend_from_slice(bias);
            }
        }
        if let Some(mlp) = &block.mlp {
            writers.push(Writer::Mlp);
            vectors.extend_from_slice(captured(&self.run, Hook::Block(layer, BlockSite::MlpOut))?);
            let post = captured(&self.run, Hook::Block(layer, BlockSite::MlpPost))?;
            self.written.neurons = neurons(&mlp.out.weight, post);
        }
        Ok((writers, vectors))
    }

    /// Measures what is written, and prepares its reading where it can be read as tokens.
    fn measure(&mut self) -> Result<(), EngineError> {
        let (writers, vectors) = self.vectors()?;
        let (model, spec) = (self.run.model(), self.run.model().spec());
        let lengths = norms(&vectors, spec.d_model);
        let part = |(writer, norm)| WrittenPart { writer, norm, promotes: Vec::new(), suppresses: Vec::new() };
        self.written.parts = writers.into_iter().zip(lengths).map(part).collect();
        if without_words(spec).is_some() {
            self.is_done = true;
            return Ok(());
        }
        let last = captured(&self.run, Hook::Block(spec.n_layers - 1, BlockSite::ResidPost))?;
        let ones = vec![1.0; spec.d_model];
        let weight = model.final_norm.as_ref().map_or(&ones, |norm| &norm.weight);
        let scale = FinalScale::new(spec, last, weight);
        let rows: Vec<f32> = vectors.chunks_exact(spec.d_model).flat_map(|vector| scale.apply(vector)).collect();
        let tops = self.written.parts.iter().map(|_| [Top::new(self.n_top), Top::new(self.n_top)]).collect();
        self.reading = Some(Reading { rows: model.unembed_input(rows), tops, next_id: 0 });
        Ok(())
    }

    /// Multiplies with the next piece of the vocabulary.
    fn read(&mut self) {
        let (model, Some(reading)) = (Arc::clone(self.run.model()), &mut self.reading) else { return };
        let weight = model.unembedding();
        let flop_per_id = 2 * reading.rows.n_rows() * reading.rows.n_in();
        let n_at_once = (together(STEP_FLOP) / flop_per_id.max(1)).next_multiple_of(Weight::ROW_UNIT);
        let ids = reading.next_id..(reading.next_id + n_at_once).min(weight.n_out());
        let logits = weight.matmul_outputs(&reading.rows, ids.clone());
        for (row, [largest, smallest]) in logits.chunks_exact(ids.len()).zip(&mut reading.tops) {
            largest.add(ids.start as u32, row.iter().copied());
            smallest.add(ids.start as u32, row.iter().map(|logit| -logit));
        }
        reading.next_id = ids.end;
        if ids.end < weight.n_out() {
            return;
        }
        for (part, [largest, smallest]) in self.written.parts.iter_mut().zip(&reading.tops) {
            part.promotes = largest.best().to_vec();
            part.suppresses = smallest.best().iter().map(|(id, logit)| (*id, -logit)).collect();
        }
        self.is_done = true;
    }
}

/// What a head's z [d_head] becomes once it leaves the head, [d_model].
fn output(weights: &AttnWeights, head: usize, z: &[f32]) -> Vec<f32> {
    let inputs = head * z.len()..(head + 1) * z.len();
    weights.o.weight.matmul(&PackedRows::pack(z, z.len(), 0..z.len()), inputs)
}

/// The neurons that add most.
fn neurons(out: &Weight, post: &[f32]) -> Vec<WritingNeuron> {
    let (mut row, mut squares) = (vec![0.0; out.n_in()], vec![0.0f64; out.n_in()]);
    for index in 0..out.n_out() {
        out.copy_row(index, &mut row);
        squares.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value).powi(2));
    }
    let mut neurons: Vec<WritingNeuron> = post
        .iter()
        .zip(squares)
        .enumerate()
        .map(|(neuron, (&activation, square))| {
            let norm = (f64::from(activation.abs()) * square.sqrt()) as f32;
            WritingNeuron { neuron, activation, norm }
        })
        .collect();
    neurons.sort_by(|a, b| b.norm.total_cmp(&a.norm).then(a.neuron.cmp(&b.neuron)));
    neurons.truncate(N_NEURONS);
    neurons
}

impl Job for WrittenJob {
    type Part = ();
    type Output = Written;

    fn step(&mut self) -> Result<Step, EngineError> {
        if self.is_done {
            return Ok(Step::Done);
        }
        if self.run.step()? == Step::More {
            return Ok(Step::More);
        }
        match self.reading {
            None => self.measure()?,
            Some(_) => self.read(),
        }
        Ok(if self.is_done { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_ids = self.run.model().unembedding().n_out();
        let done = self.reading.as_ref().map_or(0, |reading| reading.next_id);
        Progress { unit: Unit::Positions, done, total: n_ids }
    }

    fn finish(self) -> Result<Written, EngineError> {
        if self.is_done { Ok(self.written) } else { Err(not_done()) }
    }
}
