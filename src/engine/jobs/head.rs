//! The circuits of a head: what it would write of a token (OV), which tokens a token would read (QK), and whether reading a token
//! promotes that token (copying). They are of the weights, whatever the text.

use std::sync::Arc;

use super::vocabulary::Reading;
use super::{Job, Progress, Unit, not_done};
use crate::analysis::attention::{AttnLayer, NotFinite, SquarePart, Tap, queries};
use crate::analysis::inside::direct::FinalScale;
use crate::analysis::inside::head::{HeadAsked, HeadCircuits};
use crate::analysis::inside::top::Top;
use crate::analysis::inside::written::without_words;
use crate::engine::error::EngineError;
use crate::engine::model::{Linear, Model};
use crate::engine::run::Step;
use crate::engine::weights::Weight;
use crate::kernels::eigenvalues::eigenvalues;
use crate::kernels::{PackedRows, Panels};
use crate::trace::{Attn, Hook};

/// Tokens per step.
const TOKENS_PER_STEP: usize = 1024;

/// The circuits under way.
#[derive(Debug)]
pub struct HeadJob {
    model: Arc<Model>,
    asked: HeadAsked,
    phase: Phase,
    parts: HeadParts,
    found: HeadCircuits,
}

#[derive(Debug)]
enum Phase {
    /// What the head writes of each token is read as tokens.
    Reading(Reading),
    /// Every embedding is taken as a key, and through the whole circuit, from a token on.
    Vocabulary(usize),
    Done,
}

/// The head's part of the matrices, and what is added up over the vocabulary.
#[derive(Debug)]
struct HeadParts {
    /// Each asked token's query as it enters the product [d_head].
    queries: Vec<Vec<f32>>,
    /// The tokens that each of them wants most.
    wanted: Vec<Top>,
    /// Rows of W_K, with their biases: of the head, or of all where one norm spans them all.
    keys: (Panels, Vec<f32>),
    /// W_V of the head, [d_head, d_model].
    values: Panels,
    /// W_O of the head through the final norm's weights and what follows, as rows for the unembedding; `None` without one.
    written: Option<PackedRows>,
    /// W_O W_U W_E W_V, [d_head, d_head].
    circuit: Vec<f64>,
}

/// Lets activations pass.
struct Untapped;

impl Tap for Untapped {
    type Error = NotFinite;

    fn rows(&mut self, _: Hook, _: std::ops::Range<usize>, _: &mut [f32]) -> Result<(), NotFinite> {
        Ok(())
    }

    fn scores(&mut self, _: SquarePart, _: &mut [f32]) -> Result<(), NotFinite> {
        Ok(())
    }

    fn pattern(&mut self, _: SquarePart, _: &[f32], _: &mut [f32]) -> Result<(), NotFinite> {
        Ok(())
    }
}

impl HeadJob {
    /// Prepares the circuits of a head of a model, or of its decoder's own attention.
    ///
    /// # Errors
    /// When there is no such layer, head or token.
    pub fn new(model: &Arc<Model>, asked: HeadAsked) -> Result<Self, EngineError> {
        let (spec, n_ids) = (model.spec(), model.embed.n_out());
        let request = |message: String| Err(EngineError::Request(message));
        if asked.layer >= spec.n_layers {
            return request(format!("layer {} is not there: {} layers, counted from 0", asked.layer, spec.n_layers));
        }
        if asked.head >= spec.n_heads {
            return request(format!("head {} is not there: {} heads, counted from 0", asked.head, spec.n_heads));
        }
        if let Some(id) = asked.tokens.iter().find(|id| **id as usize >= n_ids) {
            return request(format!("token {id} is not in the vocabulary of {n_ids}"));
        }
        if asked.distance >= spec.n_ctx {
            return request(format!("distance {} is more than the model reads: {} tokens", asked.distance, spec.n_ctx));
        }
        let (parts, written) = HeadParts::new(model, &asked)?;
        let phase = match written {
            Some(written) if !asked.tokens.is_empty() => Phase::Reading(Reading::new(model, written, asked.n_top)),
            _ => Phase::Vocabulary(0),
        };
        Ok(Self { model: Arc::clone(model), asked, phase, parts, found: HeadCircuits::default() })
    }

    /// The next tokens of the vocabulary as keys, and through the circuit.
    fn pass(&mut self, first: usize) -> Result<Phase, EngineError> {
        let (model, parts) = (&self.model, &mut self.parts);
        let n_ids = model.embed.n_out().min(model.unembedding().n_out());
        let at_once = TOKENS_PER_STEP.next_multiple_of(Weight::ROW_UNIT);
        let ids = first..(first + at_once).min(n_ids);
        let embedded = model.embedded(ids.clone());
        parts.want(model, &self.asked, ids.start, &embedded);
        if let Some(written) = &parts.written {
            // Logits of what each neuron of the head writes, [d_head, ids.len()], times what it reads of each token.
            let logits = model.unembedding().matmul_outputs(written, ids.clone());
            let read = product(&parts.values, &linear_input(model, self.asked.layer, &embedded));
            let (d_head, n) = (model.spec().d_head, ids.len());
            let mut sum = vec![0.0; d_head * d_head];
            let columns = Panels::pack_columns(&read, d_head, 0..d_head);
            columns.matmul(&PackedRows::pack(&logits, n, 0..n), 0..n, &mut sum, d_head, 0);
            parts.circuit.iter_mut().zip(&sum).for_each(|(all, part)| *all += f64::from(*part));
        }
        if ids.end < n_ids {
            return Ok(Phase::Vocabulary(ids.end));
        }
        self.found.qk = parts.wanted.iter().map(|top| top.best().to_vec()).collect();
        if parts.written.is_some() {
            let circuit = std::mem::take(&mut parts.circuit);
            let missing = || EngineError::Request("the eigenvalues of this head were not found".to_owned());
            let all = eigenvalues(circuit, model.spec().d_head).ok_or_else(missing)?;
            let sum = all.iter().map(|(real, _)| real).sum();
            let size = all.iter().map(|(real, imaginary)| real.hypot(*imaginary)).sum();
            self.found.eigenvalues = Some((sum, size));
        }
        Ok(Phase::Done)
    }
}

impl HeadParts {
    /// The parts, and what the head writes of each asked token through the final norm's weights [tokens, d_model].
    fn new(model: &Arc<Model>, asked: &HeadAsked) -> Result<(Self, Option<Vec<f32>>), EngineError> {
        let (spec, attention) = (model.spec(), model.attn_layer(asked.layer, Attn::Own));
        let weights = &model.blocks[asked.layer].attn;
        let (d_head, n_kv) = (spec.d_head, spec.n_key_value_heads);
        let head_rows = |head: usize| head * d_head..(head + 1) * d_head;
        let key_head = asked.head / spec.queries_per_key_head();
        let is_whole = attention.k_norm.is_some_and(|norm| norm.weight.len() > d_head);
        let keys = rows(&weights.k, if is_whole { 0..n_kv * d_head } else { head_rows(key_head) });
        let (values, value_bias) = rows(&weights.v, head_rows(key_head));
        let alone = |id: &u32| model.attn_input(asked.layer, &model.embedded(*id as usize..*id as usize + 1));
        let inputs: Vec<Vec<f32>> = asked.tokens.iter().map(alone).collect();
        let query = |input: &Vec<f32>| -> Result<Vec<f32>, EngineError> {
            let all = queries(
                &attention,
                asked.distance..asked.distance + 1,
                asked.distance + 1,
                &weights.q.apply(input),
                &mut Untapped,
            )?;
            Ok(all[head_rows(asked.head)].to_vec())
        };
        let queries = inputs.iter().map(query).collect::<Result<Vec<_>, EngineError>>()?;
        let ones = vec![1.0; spec.d_model];
        let scale = FinalScale::of_weights(spec, model.final_norm.as_ref().map_or(&ones, |norm| &norm.weight));
        let out = |z: &[f32]| {
            let written = weights.o.weight.matmul(&PackedRows::pack(z, d_head, 0..d_head), head_rows(asked.head));
            written.chunks_exact(spec.d_model).flat_map(|row| scale.apply(row)).collect::<Vec<f32>>()
        };
        let has_words = without_words(spec).is_none();
        let read = |input: &Vec<f32>| {
            let mut z = product(&values, input);
            z.iter_mut().zip(&value_bias).for_each(|(value, bias)| *value += bias);
            out(&z)
        };
        let written_of_tokens = has_words.then(|| inputs.iter().flat_map(read).collect());
        let identity: Vec<f32> = (0..d_head * d_head).map(|at| f32::from(u8::from(at % (d_head + 1) == 0))).collect();
        let written = has_words.then(|| model.unembed_input(out(&identity)));
        let wanted = asked.tokens.iter().map(|_| Top::new(asked.n_top)).collect();
        let circuit = vec![0.0; d_head * d_head];
        Ok((Self { queries, wanted, keys, values, written, circuit }, written_of_tokens))
    }

    /// Adds tokens from `first_id` on to what each query wants, by their embeddings.
    fn want(&mut self, model: &Model, asked: &HeadAsked, first_id: usize, embedded: &[f32]) {
        let (spec, attention): (_, AttnLayer<'_>) = (model.spec(), model.attn_layer(asked.layer, Attn::Own));
        let (panels, bias) = &self.keys;
        let weights = &model.blocks[asked.layer].attn.k;
        let width = panels.n_out();
        let mut keys = product(panels, &model.attn_input(asked.layer, embedded));
        for row in keys.chunks_exact_mut(width) {
            row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
        }
        weights.cut_off(&mut keys);
        attention.keys_at_start(&mut keys, width / spec.d_head, asked.distance + 1);
        let first = if width > spec.d_head { asked.head / spec.queries_per_key_head() * spec.d_head } else { 0 };
        let scale = spec.attn_scale_of(asked.layer);
        for (query, wanted) in self.queries.iter().zip(&mut self.wanted) {
            let dot = |key: &[f32]| scale * query.iter().zip(&key[first..]).map(|(q, k)| q * k).sum::<f32>();
            wanted.add(first_id as u32, keys.chunks_exact(width).map(dot));
        }
    }
}

/// Some rows of a matrix, and their biases; none where the matrix has none.
fn rows(linear: &Linear, range: std::ops::Range<usize>) -> (Panels, Vec<f32>) {
    let n_in = linear.weight.n_in();
    let mut rows = vec![0.0; range.len() * n_in];
    for (row, index) in rows.chunks_exact_mut(n_in.max(1)).zip(range.clone()) {
        linear.weight.copy_row(index, row);
    }
    (Panels::pack(&rows, n_in), linear.bias.as_ref().map(|bias| bias[range].to_vec()).unwrap_or_default())
}

/// Rows [n, n_in] times a matrix, [n, n_out].
fn product(panels: &Panels, rows: &[f32]) -> Vec<f32> {
    let (n_in, n_out) = (panels.n_in(), panels.n_out());
    let mut out = vec![0.0; rows.len() / n_in.max(1) * n_out];
    panels.matmul(&PackedRows::pack(rows, n_in, 0..n_in), 0..n_in, &mut out, n_out, 0);
    out
}

/// Embeddings as the circuit takes them: through the weights of the layer's first norm, its scale left out.
fn linear_input(model: &Model, layer: usize, embedded: &[f32]) -> Vec<f32> {
    let spec = model.spec();
    let Some(norm) = model.blocks[layer].attn_norm.as_ref().filter(|_| spec.has_input_norms()) else {
        return embedded.to_vec();
    };
    let scale = FinalScale::of_weights(spec, &norm.weight);
    embedded.chunks_exact(spec.d_model).flat_map(|row| scale.apply(row)).collect()
}

impl Job for HeadJob {
    type Part = ();
    type Output = HeadCircuits;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Done => return Ok(Step::Done),
            Phase::Reading(mut reading) => match reading.step(&self.model) {
                None => Phase::Reading(reading),
                Some(words) => {
                    self.found.ov = words;
                    Phase::Vocabulary(0)
                }
            },
            Phase::Vocabulary(first) => self.pass(first)?,
        };
        Ok(if matches!(self.phase, Phase::Done) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_ids = self.model.embed.n_out();
        let done = match &self.phase {
            Phase::Reading(_) => 0,
            Phase::Vocabulary(first) => *first,
            Phase::Done => n_ids,
        };
        Progress { unit: Unit::Positions, done, total: n_ids }
    }

    fn finish(self) -> Result<HeadCircuits, EngineError> {
        if matches!(self.phase, Phase::Done) { Ok(self.found) } else { Err(not_done()) }
    }
}
