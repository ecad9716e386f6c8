//! Attribution by gradients (Nanda 2023; docs/methods.md, "Attribution by gradients"): to first order, what every head, neuron,
//! position or link does to the outcome, from one reverse pass over a finished run.
//!
//! ```text
//! the other text, where activations come from one ─▶ reverse pass, a layer at a time ─▶ g · (a′ − a), added up per part
//! ```
//! Of a layer's gradients only the sums outlive the layer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::few::Few;
use super::{Job, Progress, not_done};
use crate::engine::backward::{Asked, Backward, Differentiated, HookGradient};
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::{Attn, AttnKind, BlockSite, Hook, Lengths, Stack, StackHook, Tokens};

/// What is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstimateOf {
    /// Each head at each position: z. [pos, head]
    Heads,
    /// Each position of the stream entering a block, of what attention adds and of what the MLP adds. [pos]
    Positions,
    /// Each neuron of the MLPs, and of queries, keys and values as they enter the product, over all positions. [neuron] or
    /// [head, neuron]
    Neurons,
    /// Each link between two tokens, cut before the softmax; NaN where it is a row's only one. [head, query_pos, key_pos]
    Edges,
}

impl EstimateOf {
    /// What is estimated at a hook.
    fn at(site: BlockSite) -> Self {
        use BlockSite::*;
        match site {
            Z | CrossZ => Self::Heads,
            ResidPre | AttnOut | CrossAttnOut | MlpOut => Self::Positions,
            Pattern | CrossPattern => Self::Edges,
            _ => Self::Neurons,
        }
    }

    /// Checks that parts can be estimated for a cosine, with or without another text's values.
    ///
    /// # Errors
    /// What does not go together.
    pub fn check_cosine(self, has_other: bool) -> Result<(), EngineError> {
        let refuse = |message: &str| Err(EngineError::Request(message.to_owned()));
        match self {
            EstimateOf::Positions | EstimateOf::Edges => {
                refuse("a cosine is of two texts with positions of their own: only heads and neurons are in both")
            }
            _ if has_other => refuse("nothing can be patched into both texts of a cosine"),
            _ => Ok(()),
        }
    }
}

/// The estimates at one hook.
#[derive(Clone, Debug, PartialEq)]
pub struct HookEstimate {
    /// The hook at which the edit would act.
    pub hook: StackHook,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// M_edited − M, to first order; of a few parts where only these are kept.
    pub values: Vec<f32>,
    /// Which parts are kept, where not all are.
    pub few: Option<Few>,
}

/// What an estimate gives.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    /// The outcome of the run.
    pub outcome: f64,
    /// The positions at which it reads the last stream.
    pub reads: Vec<usize>,
    /// In the order in which a run passes the hooks, encoder first.
    pub hooks: Vec<HookEstimate>,
    /// The other text's z, where it was patched in for heads; empty where they are zeroed.
    pub patched: BTreeMap<StackHook, Arc<[f32]>>,
}

impl Estimates {
    /// The estimates of one kind of part in the stack of one attention: at the hooks of cross-attention, or at all others.
    pub fn at_hooks_of(&self, kind: AttnKind, part: EstimateOf) -> Vec<&HookEstimate> {
        let is_of = |named: StackHook| {
            let Hook::Block(_, site) = named.hook else { return false };
            named.stack == kind.stack && site.is_cross() == (kind.attn == Attn::Cross) && EstimateOf::at(site) == part
        };
        self.hooks.iter().filter(|estimate| is_of(estimate.hook)).collect()
    }

    /// Adds the estimates of the same parts in another text, whose positions are its own; to nothing, as they are.
    pub fn add(&mut self, other: Estimates) {
        if self.hooks.is_empty() {
            *self = other;
            return;
        }
        let over_positions = |estimate: &mut HookEstimate| {
            if let [n_pos, n_heads] = estimate.shape[..]
                && n_pos != 1
                && estimate.hook.is_z()
            {
                let sum = |head: usize| estimate.values.iter().skip(head).step_by(n_heads).sum::<f32>();
                (estimate.shape, estimate.values) = (vec![1, n_heads], (0..n_heads).map(sum).collect());
            }
        };
        for (own, mut other) in self.hooks.iter_mut().zip(other.hooks) {
            over_positions(own);
            over_positions(&mut other);
            own.values.iter_mut().zip(other.values).for_each(|(own, other)| *own += other);
        }
    }
}

/// An estimate under way.
#[derive(Debug)]
pub struct EstimateJob {
    run: Arc<Run>,
    kinds: Vec<EstimateOf>,
    n_kept: Option<usize>,
    backward: Backward,
    other: Option<Other>,
    estimates: Estimates,
    is_done: bool,
}

/// The text from which activations are taken: the only stack's, or the encoder's with the same target.
#[derive(Debug)]
struct Other {
    encoder: Option<Arc<Run>>,
    running: Run,
}

impl EstimateJob {
    /// Prepares estimates of some kinds of part, which share one reverse pass, for `run`: of zeroing, or of taking the values
    /// of `other`, which has as many tokens.
    ///
    /// # Errors
    /// When the run has no such outcome, or the other text does not fit.
    pub fn new(
        run: Arc<Run>,
        outcome: Differentiated,
        kinds: &[EstimateOf],
        other: Option<Tokens>,
    ) -> Result<Self, EngineError> {
        let read = run.source().unwrap_or(&run);
        let other = match other {
            None => None,
            Some(_) if kinds.contains(&EstimateOf::Edges) => {
                return Err(EngineError::Request("links are cut, not taken from another text".to_owned()));
            }
            Some(other) if other.len() != read.tokens().len() => {
                return Err(EngineError::Request(format!(
                    "patching needs inputs of equal length: this one has {} tokens, the other {}",
                    read.tokens().len(),
                    other.len()
                )));
            }
            Some(tokens) => {
                let captures = captures(kinds, read);
                let running = Run::new(Arc::clone(read.model()), tokens, CompiledEdits::none(), captures)?;
                Some(Other { encoder: None, running })
            }
        };
        let asked = Asked::matching(&run, |hook| is_asked(kinds, &run, hook)).with_values();
        let backward = Backward::new(Arc::clone(&run), outcome, asked)?;
        Ok(Self {
            run,
            kinds: kinds.to_vec(),
            n_kept: None,
            backward,
            other,
            estimates: Estimates::default(),
            is_done: false,
        })
    }

    /// Keeps of each hook only the `n` largest parts and `n` drawn at random: of a long text's links there are too many.
    #[must_use]
    pub fn keeping(self, n: usize) -> Self {
        Self { n_kept: Some(n), ..self }
    }

    /// Adds the estimates of one hook.
    fn add(&mut self, part: HookGradient) -> Result<(), EngineError> {
        let hook = part.hook;
        let Hook::Block(_, site) = hook.hook else { return Ok(()) };
        let kind = EstimateOf::at(site);
        let own = if self.is_of_encoder(hook) { self.run.source() } else { None }.unwrap_or(&self.run);
        let lengths = Lengths {
            n_pos: own.tokens().len(),
            n_source: self.run.source().map_or(0, |source| source.tokens().len()),
        };
        let shape = hook.hook.shape(own.model().spec(), lengths);
        let value = part.value.unwrap_or_default();
        let other = match &self.other {
            None => None,
            Some(other) => {
                let run = if self.is_of_encoder(hook) { other.encoder.as_deref() } else { None };
                Some(run.unwrap_or(&other.running).activation(hook.hook)?)
            }
        };
        let (shape, values) = match kind {
            EstimateOf::Edges => {
                let values = edges(&part.gradient, &value, shape[2]);
                (shape, values)
            }
            _ => {
                let moved = |index: usize| match &other {
                    None => -f64::from(value[index]),
                    Some(other) => f64::from(other[index]) - f64::from(value[index]),
                };
                let products = part.gradient.iter().enumerate().map(|(index, grad)| f64::from(*grad) * moved(index));
                sums(kind, &shape, products)
            }
        };
        if let (EstimateOf::Heads, Some(other)) = (kind, other) {
            self.estimates.patched.insert(hook, other.into());
        }
        let mut estimate = HookEstimate { hook, shape, values, few: None };
        if let Some(n) = self.n_kept {
            estimate.keep(n, self.estimates.hooks.len() as u64);
        }
        self.estimates.hooks.push(estimate);
        Ok(())
    }

    fn is_of_encoder(&self, hook: StackHook) -> bool {
        hook.stack == Some(Stack::Encoder)
    }

    /// The next piece of the other text; whether it is done.
    fn step_other(&mut self) -> Result<Step, EngineError> {
        let Some(other) = &mut self.other else { return Ok(Step::Done) };
        if other.running.step()? == Step::More {
            return Ok(Step::More);
        }
        if self.run.source().is_none() || other.encoder.is_some() {
            return Ok(Step::Done);
        }
        let encoder = self.other.take().map(|other| Arc::new(other.running)).ok_or_else(not_done)?;
        let (model, tokens) = (Arc::clone(self.run.model()), self.run.tokens().clone());
        let captures = captures(&self.kinds, &self.run);
        let running = Run::decode(model, Arc::clone(&encoder), tokens, CompiledEdits::none(), captures)?;
        self.other = Some(Other { encoder: Some(encoder), running });
        Ok(Step::More)
    }
}

impl Job for EstimateJob {
    type Part = ();
    type Output = Estimates;

    fn step(&mut self) -> Result<Step, EngineError> {
        if self.step_other()? == Step::More {
            return Ok(Step::More);
        }
        let step = self.backward.step()?;
        for part in self.backward.drain() {
            self.add(part)?;
        }
        if step == Step::Done && !self.is_done {
            self.is_done = true;
            self.estimates.outcome = self.backward.value();
            self.estimates.reads = self.backward.reads().to_vec();
            self.estimates.hooks.sort_unstable_by_key(|estimate| estimate.hook);
        }
        Ok(step)
    }

    fn progress(&self) -> Progress {
        let other = self.other.as_ref().map_or((0, 0), |other| other.running.progress());
        let (done, total) = self.backward.progress();
        Progress::blocks((other.0 + done, other.1 + total))
    }

    fn finish(self) -> Result<Estimates, EngineError> {
        if self.is_done { Ok(self.estimates) } else { Err(not_done()) }
    }
}

/// What a run of another text captures.
fn captures(kinds: &[EstimateOf], run: &Run) -> Captures {
    let hooks = Hook::all(run.model().spec()).into_iter();
    let wanted = hooks.filter(|&hook| is_asked(kinds, run, StackHook { stack: None, hook }) && Run::must_capture(hook));
    Captures::of(wanted)
}

/// Whether an estimate is made at a hook. Queries and keys count as they enter the product.
fn is_asked(kinds: &[EstimateOf], run: &Run, named: StackHook) -> bool {
    use BlockSite::*;
    let Hook::Block(layer, site) = named.hook else { return false };
    let spec = match (named.stack, run.source()) {
        (Some(Stack::Encoder), Some(source)) => source.model().spec(),
        _ => run.model().spec(),
    };
    let is_part = match EstimateOf::at(site) {
        EstimateOf::Neurons => match site {
            RotQ | RotK | V | CrossQ | CrossK | CrossV | MlpPost => true,
            Q | K => !RotQ.exists_at(spec, layer),
            _ => false,
        },
        _ => true,
    };
    is_part && kinds.contains(&EstimateOf::at(site))
}

/// Adds up products in the shape of a hook.
fn sums(of: EstimateOf, shape: &[usize], products: impl Iterator<Item = f64>) -> (Vec<usize>, Vec<f32>) {
    let n_pos = shape[0];
    let width: usize = shape[1..].iter().product();
    let (kept, group): (Vec<usize>, usize) = match of {
        EstimateOf::Heads => (vec![n_pos, shape[1]], shape[2..].iter().product()),
        EstimateOf::Positions => (vec![n_pos], width),
        EstimateOf::Neurons | EstimateOf::Edges => (shape[1..].to_vec(), 1),
    };
    let mut sums = vec![0.0f64; kept.iter().product()];
    let n_kept = sums.len().max(1);
    for (index, product) in products.enumerate() {
        sums[index / group % n_kept] += product;
    }
    (kept, sums.into_iter().map(|sum| sum as f32).collect())
}

/// Cutting one link j of a row: its weight goes to the row's other keys in proportion, so that to first order M changes by
/// A_j ÷ (1 − A_j) · (Σ_k g_k A_k − g_j).
fn edges(gradient: &[f32], weights: &[f32], n_key: usize) -> Vec<f32> {
    let rows = gradient.chunks_exact(n_key).zip(weights.chunks_exact(n_key));
    let row = |(gradient, weights): (&[f32], &[f32])| {
        let sum: f64 = gradient.iter().zip(weights).map(|(g, a)| f64::from(*g) * f64::from(*a)).sum();
        let edge = |(g, a): (&f32, &f32)| {
            let (g, a) = (f64::from(*g), f64::from(*a));
            // A row's only key cannot go.
            if a >= 1.0 { f32::NAN } else { (a / (1.0 - a) * (sum - g)) as f32 }
        };
        gradient.iter().zip(weights).map(edge).collect::<Vec<f32>>()
    };
    rows.flat_map(row).collect()
}
