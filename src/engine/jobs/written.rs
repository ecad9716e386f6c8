//! What a layer of a finished run writes into the stream at one position: its heads, biases, MLP and neurons, with the tokens that each
//! promotes and suppresses; or of its heads only what they bring from one position.

use std::sync::Arc;

use super::direct::captured;
use super::vocabulary::Reading;
use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::direct::FinalScale;
use crate::analysis::inside::stream::norms;
use crate::analysis::inside::written::{
    Words, Writer, WritingNeuron, Written, WrittenAsked, WrittenPart, without_words,
};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::AttnWeights;
use crate::engine::run::experts::expert_output;
use crate::engine::run::{Run, Step};
use crate::engine::weights::Weight;
use crate::kernels::PackedRows;
use crate::trace::{Attn, BlockSite, Hook};

/// How many neurons are listed.
const N_NEURONS: usize = 10;

/// The reading of one layer and position under way.
#[derive(Debug)]
pub struct WrittenJob {
    /// The same run from the layer on, with captures at the position.
    run: Run,
    asked: WrittenAsked,
    /// What comes after the run.
    reading: Option<Reading>,
    written: Written,
    /// By how much the experts among the writers count, in their order.
    expert_weights: Vec<f32>,
    is_done: bool,
}

/// Vectors that are written, [n, d_model], with who writes them.
type Vectors = (Vec<Writer>, Vec<f32>);

impl WrittenJob {
    /// Prepares what a layer of a finished run writes at a position.
    ///
    /// # Errors
    /// When the run is not done, or the layer, a position or the attention does not exist.
    pub fn new(run: &Run, asked: WrittenAsked) -> Result<Self, EngineError> {
        let WrittenAsked { layer, position, link, .. } = asked;
        run.layer(layer)?;
        expect_position(position, run.tokens().len())?;
        if let Some((attn, key)) = link {
            expect_position(key, n_keys(run, layer, attn)?)?;
        }
        let own = [BlockSite::Z, BlockSite::CrossZ, BlockSite::MlpPre, BlockSite::MlpPreLinear, BlockSite::MlpPost];
        let routed = [BlockSite::MlpOut, BlockSite::ResidMid, BlockSite::ExpertIndices, BlockSite::ExpertWeights];
        let own = own.into_iter().chain(routed).filter(|_| link.is_none());
        let last = Hook::Block(run.model().spec().n_layers - 1, BlockSite::ResidPost);
        let hooks = own.map(|site| Hook::Block(layer, site)).chain([last]);
        let run = run.again(run.edits.clone(), Captures::at_position(hooks, position))?;
        Ok(Self { run, asked, reading: None, written: Written::default(), expert_weights: Vec::new(), is_done: false })
    }

    /// All that the layer writes.
    fn all_vectors(&mut self) -> Result<Vectors, EngineError> {
        let model = Arc::clone(self.run.model());
        let (mut writers, mut vectors) = (Vec::new(), Vec::new());
        let (layer, block) = (self.asked.layer, &model.blocks[self.asked.layer]);
        let cross = block.cross.as_ref().map(|(_, weights)| weights);
        for (attn, weights) in [(Attn::Own, Some(&block.attn)), (Attn::Cross, cross)] {
            let Some(weights) = weights else { continue };
            let z = captured(&self.run, Hook::Block(layer, BlockSite::Z.in_attn(attn)))?;
            for (head, z) in z.chunks_exact(model.spec().d_head).enumerate() {
                writers.push(writer(attn, head));
                vectors.extend(output(weights, head, z));
            }
            if let Some(bias) = &weights.o.bias {
                writers.push(if attn == Attn::Own { Writer::AttnBias } else { Writer::CrossBias });
                vectors.extend_from_slice(bias);
            }
        }
        if let Some(mlp) = &block.mlp {
            let at = |site: BlockSite| Hook::Block(layer, site);
            writers.push(Writer::Mlp);
            vectors.extend_from_slice(captured(&self.run, at(BlockSite::MlpOut))?);
            let (pre, post) = (captured(&self.run, at(BlockSite::MlpPre))?, at(BlockSite::MlpPost));
            let linear = self.run.captured(at(BlockSite::MlpPreLinear));
            self.written.neurons = neurons(&mlp.out.weight, pre, linear, captured(&self.run, post)?);
        }
        if let Some(experts) = &block.experts {
            let at = |site: BlockSite| captured(&self.run, Hook::Block(layer, site));
            writers.push(Writer::Mlp);
            vectors.extend_from_slice(at(BlockSite::MlpOut)?);
            let input = model.mlp_input(layer, at(BlockSite::ResidMid)?);
            let chosen = at(BlockSite::ExpertIndices)?.iter().map(|expert| *expert as usize);
            let (mut wrote, mut weights) = (Vec::new(), Vec::new());
            for (expert, weight) in chosen.zip(at(BlockSite::ExpertWeights)?) {
                wrote.push((Writer::Expert(expert), expert_output(&model, &experts.each[expert], &input)));
                weights.push(*weight);
            }
            if let Some((shared, gate)) = experts.shared() {
                wrote.push((Writer::SharedExpert, expert_output(&model, shared, &input)));
                weights.extend(gate.open(&input));
            }
            for ((writer, wrote), weight) in wrote.into_iter().zip(&weights) {
                writers.push(writer);
                vectors.extend(wrote.iter().map(|value| value * weight));
            }
            self.expert_weights = weights;
        }
        Ok((writers, vectors))
    }

    /// What each head brings from one position: A[i, j] v_j W_O.
    fn linked_vectors(&self, attn: Attn, key: usize) -> Result<Vectors, EngineError> {
        let WrittenAsked { layer, position, .. } = self.asked;
        let (model, spec) = (self.run.model(), self.run.model().spec());
        let block = &model.blocks[layer];
        let cross = block.cross.as_ref().map(|(_, weights)| weights);
        let weights = if attn == Attn::Own { Some(&block.attn) } else { cross };
        let missing = || EngineError::Request("this model has no attention to an encoder".to_owned());
        let weights = weights.ok_or_else(missing)?;
        let (attention, values) = match attn {
            Attn::Own => (self.run.attention(layer)?, &self.run.layer(layer)?.v),
            Attn::Cross => (self.run.cross_attention(layer)?, &self.run.cross(layer)?.v),
        };
        let width = spec.n_key_value_heads * spec.d_head;
        let (mut writers, mut vectors) = (Vec::new(), Vec::new());
        for head in 0..spec.n_heads {
            let weight = attention.pattern_rows(head, position..position + 1)?[key];
            let first = key * width + head / spec.queries_per_key_head() * spec.d_head;
            let brought: Vec<f32> = values[first..first + spec.d_head].iter().map(|value| value * weight).collect();
            writers.push(writer(attn, head));
            vectors.extend(output(weights, head, &brought));
        }
        Ok((writers, vectors))
    }

    /// Measures what is written, and prepares its reading where it can be read as tokens.
    fn measure(&mut self) -> Result<(), EngineError> {
        let (writers, vectors) = match self.asked.link {
            Some((attn, key)) => self.linked_vectors(attn, key)?,
            None => self.all_vectors()?,
        };
        let (model, spec) = (self.run.model(), self.run.model().spec());
        let lengths = norms(&vectors, spec.d_model);
        let part = |(writer, norm)| WrittenPart { writer, norm, weight: None, words: Words::default() };
        self.written.parts = writers.into_iter().zip(lengths).map(part).collect();
        let is_expert = |part: &&mut WrittenPart| matches!(part.writer, Writer::Expert(_) | Writer::SharedExpert);
        let experts = self.written.parts.iter_mut().filter(is_expert);
        experts.zip(&self.expert_weights).for_each(|(part, weight)| part.weight = Some(*weight));
        if without_words(spec).is_some() {
            self.is_done = true;
            return Ok(());
        }
        let last = captured(&self.run, Hook::Block(spec.n_layers - 1, BlockSite::ResidPost))?;
        let ones = vec![1.0; spec.d_model];
        let weight = model.final_norm.as_ref().map_or(&ones, |norm| &norm.weight);
        let scale = FinalScale::new(spec, last, weight);
        let rows: Vec<f32> = vectors.chunks_exact(spec.d_model).flat_map(|vector| scale.apply(vector)).collect();
        self.reading = Some(Reading::new(model, rows, self.asked.n_top));
        Ok(())
    }
}

fn writer(attn: Attn, head: usize) -> Writer {
    if attn == Attn::Own { Writer::Head(head) } else { Writer::CrossHead(head) }
}

/// How many positions an attention reads.
fn n_keys(run: &Run, layer: usize, attn: Attn) -> Result<usize, EngineError> {
    match attn {
        Attn::Own => Ok(run.tokens().len()),
        Attn::Cross => {
            run.cross(layer)?;
            Ok(run.source().map_or(0, |source| source.tokens().len()))
        }
    }
}

fn expect_position(position: usize, n_pos: usize) -> Result<(), EngineError> {
    if position < n_pos {
        return Ok(());
    }
    Err(EngineError::Request(format!("position {position} is not there: {n_pos} tokens, counted from 0")))
}

/// What a head's z [d_head] becomes once it leaves the head, [d_model].
fn output(weights: &AttnWeights, head: usize, z: &[f32]) -> Vec<f32> {
    let inputs = head * z.len()..(head + 1) * z.len();
    weights.o.weight.matmul(&PackedRows::pack(z, z.len(), 0..z.len()), inputs)
}

/// The neurons that add most.
fn neurons(out: &Weight, pre: &[f32], linear: Option<&[f32]>, post: &[f32]) -> Vec<WritingNeuron> {
    let (mut row, mut squares) = (vec![0.0; out.n_in()], vec![0.0f64; out.n_in()]);
    for index in 0..out.n_out() {
        out.copy_row(index, &mut row);
        squares.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value).powi(2));
    }
    let norm = |neuron: usize| (f64::from(post[neuron].abs()) * squares[neuron].sqrt()) as f32;
    let mut order: Vec<(usize, f32)> = (0..post.len()).map(|neuron| (neuron, norm(neuron))).collect();
    order.sort_unstable_by(|(a, norm_a), (b, norm_b)| norm_b.total_cmp(norm_a).then(a.cmp(b)));
    let listed = order.into_iter().take(N_NEURONS);
    let linear_of = |neuron: usize| linear.and_then(|linear| linear.get(neuron)).copied();
    let neuron = |(neuron, norm): (usize, f32)| WritingNeuron {
        neuron,
        activation: post[neuron],
        pre: pre[neuron],
        linear: linear_of(neuron),
        norm,
    };
    listed.map(neuron).collect()
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
        match &mut self.reading {
            None => self.measure()?,
            Some(reading) => {
                if let Some(words) = reading.step(self.run.model()) {
                    self.written.parts.iter_mut().zip(words).for_each(|(part, words)| part.words = words);
                    self.is_done = true;
                }
            }
        }
        Ok(if self.is_done { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_ids = self.run.model().unembedding().n_out();
        Progress { unit: Unit::Positions, done: self.reading.as_ref().map_or(0, Reading::n_read), total: n_ids }
    }

    fn finish(self) -> Result<Written, EngineError> {
        if self.is_done { Ok(self.written) } else { Err(not_done()) }
    }
}
