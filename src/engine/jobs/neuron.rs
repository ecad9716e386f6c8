//! One neuron of an MLP: what it does at every position of a finished run, and which tokens its weights speak of.

use std::sync::Arc;

use super::direct::captured;
use super::vocabulary::Reading;
use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::direct::FinalScale;
use crate::analysis::inside::neuron::Neuron;
use crate::analysis::inside::stream::{dot, norms};
use crate::analysis::inside::top::Top;
use crate::analysis::inside::written::without_words;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Mlp;
use crate::engine::run::{Run, Step};
use crate::trace::{BlockSite, Hook};

/// Embeddings whose drive is computed per step.
const TOKENS_PER_STEP: usize = 4096;

/// The neuron under way.
#[derive(Debug)]
pub struct NeuronJob {
    /// The same run from the layer on, with what the MLP's neurons do.
    run: Run,
    layer: usize,
    neuron: usize,
    n_top: usize,
    phase: Phase,
    found: Neuron,
}

#[derive(Debug)]
enum Phase {
    /// The block runs once more.
    Running,
    /// What the neuron writes is read as tokens.
    Reading(Reading),
    /// The embeddings that drive it are looked for, from a token on.
    Driving(usize, Top),
    Done,
}

impl NeuronJob {
    /// Prepares a neuron of a finished run, with so many tokens of each kind.
    ///
    /// # Errors
    /// When the run is not done, or there is no such layer or neuron.
    pub fn new(run: &Run, layer: usize, neuron: usize, n_top: usize) -> Result<Self, EngineError> {
        run.layer(layer)?;
        let d_mlp = run.model().blocks[layer].mlp.as_ref().map_or(0, |mlp| mlp.out.weight.n_in());
        if neuron >= d_mlp {
            let message = match d_mlp {
                0 if run.model().blocks[layer].experts.is_some() => {
                    format!("layer {layer} sends each token to experts, whose neurons are not shown one by one")
                }
                0 => format!("layer {layer} has no MLP"),
                _ => format!("neuron {neuron} is not there: {d_mlp} neurons, counted from 0"),
            };
            return Err(EngineError::Request(message));
        }
        let sites = [BlockSite::MlpPre, BlockSite::MlpPreLinear, BlockSite::MlpPost];
        let captures = Captures::of(sites.map(|site| Hook::Block(layer, site)));
        let run = run.again(run.edits.clone(), captures)?;
        Ok(Self { run, layer, neuron, n_top, phase: Phase::Running, found: Neuron::default() })
    }

    /// What the neuron does, and the row that it writes; prepares the reading of the latter.
    fn measure(&mut self) -> Result<Phase, EngineError> {
        let (model, neuron) = (Arc::clone(self.run.model()), self.neuron);
        let (spec, Some(mlp)) = (model.spec(), &model.blocks[self.layer].mlp) else { return Ok(Phase::Done) };
        let d_mlp = mlp.out.weight.n_in();
        let column = |values: &[f32]| values.iter().skip(neuron).step_by(d_mlp).copied().collect::<Vec<f32>>();
        let at = |site: BlockSite| Hook::Block(self.layer, site);
        self.found.pre = column(captured(&self.run, at(BlockSite::MlpPre))?);
        self.found.linear = self.run.captured(at(BlockSite::MlpPreLinear)).map(column).unwrap_or_default();
        self.found.post = column(captured(&self.run, at(BlockSite::MlpPost))?);
        let out = &mlp.out.weight;
        let mut inputs = vec![0.0; d_mlp];
        let mut written = Vec::with_capacity(out.n_out());
        for index in 0..out.n_out() {
            out.copy_row(index, &mut inputs);
            written.push(inputs[neuron]);
        }
        self.found.out_norm = norms(&written, written.len())[0];
        if without_words(spec).is_some() {
            return Ok(self.drivers());
        }
        let ones = vec![1.0; spec.d_model];
        let scale = FinalScale::of_weights(spec, model.final_norm.as_ref().map_or(&ones, |norm| &norm.weight));
        Ok(Phase::Reading(Reading::new(&model, scale.apply(&written), self.n_top)))
    }

    /// Only in the first layer embeddings are what the MLP reads, but for what attention adds.
    fn drivers(&self) -> Phase {
        if self.layer == 0 { Phase::Driving(0, Top::new(self.n_top)) } else { Phase::Done }
    }

    /// The drive of the next embeddings.
    fn drive(&self, first: usize, mut top: Top) -> (Phase, Vec<(u32, f32)>) {
        let model = self.run.model();
        let ids = first..(first + TOKENS_PER_STEP).min(model.embed.n_out());
        let Some(mlp) = &model.blocks[self.layer].mlp else { return (Phase::Done, Vec::new()) };
        let (weights, bias) = input_row(mlp, self.neuron);
        let rows = model.first_mlp_input(&model.embedded(ids.clone()));
        top.add(ids.start as u32, rows.chunks_exact(weights.len()).map(|row| dot(row, &weights) as f32 + bias));
        match ids.end == model.embed.n_out() {
            true => (Phase::Done, top.best().to_vec()),
            false => (Phase::Driving(ids.end, top), Vec::new()),
        }
    }
}

/// The weights of a neuron's `hook_pre` [d_model], and its bias.
fn input_row(mlp: &Mlp, neuron: usize) -> (Vec<f32>, f32) {
    let linear = mlp.gate.as_ref().unwrap_or(&mlp.into);
    let mut row = vec![0.0; linear.weight.n_in()];
    linear.weight.copy_row(neuron, &mut row);
    (row, linear.bias.as_ref().and_then(|bias| bias.get(neuron)).copied().unwrap_or(0.0))
}

impl Job for NeuronJob {
    type Part = ();
    type Output = Neuron;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Done => return Ok(Step::Done),
            Phase::Running => {
                self.run.step()?;
                // The layers after it need not run.
                if self.run.progress().0 <= self.layer { Phase::Running } else { self.measure()? }
            }
            Phase::Reading(mut reading) => match reading.step(self.run.model()) {
                None => Phase::Reading(reading),
                Some(words) => {
                    self.found.words = words.into_iter().next().unwrap_or_default();
                    self.drivers()
                }
            },
            Phase::Driving(first, top) => {
                let (phase, drivers) = self.drive(first, top);
                self.found.drivers = drivers;
                phase
            }
        };
        Ok(if matches!(self.phase, Phase::Done) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_ids = self.run.model().unembedding().n_out();
        let done = match &self.phase {
            Phase::Running => 0,
            Phase::Reading(reading) => reading.n_read(),
            Phase::Driving(..) | Phase::Done => n_ids,
        };
        Progress { unit: Unit::Positions, done, total: n_ids }
    }

    fn finish(self) -> Result<Neuron, EngineError> {
        if matches!(self.phase, Phase::Done) { Ok(self.found) } else { Err(not_done()) }
    }
}
