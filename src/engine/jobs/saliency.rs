//! Which input tokens an outcome rests on: gradient × embedding, its norm, and integrated gradients (Sundararajan et al. 2017;
//! docs/methods.md, "Input saliency").
//!
//! The path of integrated gradients leads from one embedding at every position to the text's own. Its steps are doubled until what
//! the sum leaves over is at most 1 % of the difference, or there are [`MAX_STEPS`].

use std::sync::Arc;

use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::stream::dot;
use crate::engine::backward::{Asked, Backward, Differentiated, HookGradient};
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::{Captures, Hooks};
use crate::engine::model::Model;
use crate::engine::run::embed::embedded;
use crate::engine::run::{Run, Step};
use crate::engine::tokenizer::SpecialToken;
use crate::trace::{Hook, Stack, Tokens};

const FIRST_STEPS: usize = 32;
/// Most steps of the path.
pub const MAX_STEPS: usize = 256;

/// Where the path begins at every position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The embedding of a token.
    Token(u32),
    /// The mean of the vocabulary's embeddings.
    Mean,
}

impl Baseline {
    /// The mask, else the end of a text, else the mean.
    pub fn of(model: &Model) -> Self {
        let reader = model.encoder().map_or(model, Arc::as_ref);
        let special = |role| reader.tokenizer().and_then(|tokenizer| tokenizer.special_id(role));
        let mask = special(SpecialToken::Mask);
        let end = special(SpecialToken::Eos).or_else(|| model.generation_config().eos_ids.first().copied());
        let has_row = |id: &u32| (*id as usize) < model.spec().d_vocab;
        mask.or(end).filter(has_row).map_or(Baseline::Mean, Baseline::Token)
    }
}

/// What one stack's tokens count for, [pos] each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackSaliency {
    /// Gradient · embedding.
    pub saliency: Vec<f64>,
    /// Length of the gradient.
    pub norm: Vec<f64>,
    /// Integrated gradients.
    pub integrated: Vec<f64>,
}

/// The answer: of the only stack, or of the decoder and the encoder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saliency {
    /// The outcome.
    pub outcome: f64,
    /// Of the only stack or the decoder.
    pub own: StackSaliency,
    /// Of the encoder.
    pub encoder: Option<StackSaliency>,
    /// What the integrated gradients do not account for of the difference between the outcome and that of the path's beginning.
    pub remainder: f64,
    /// How many steps the path has.
    pub n_steps: usize,
}

/// One stack's embeddings, [pos, d_embed] each.
#[derive(Debug)]
struct Path {
    stack: Option<Stack>,
    from: Vec<f32>,
    to: Vec<f32>,
    /// Gradients along the path, added up.
    sum: Vec<f64>,
}

/// A saliency under way.
#[derive(Debug)]
pub struct SaliencyJob {
    run: Arc<Run>,
    of: Differentiated,
    baseline: Baseline,
    stage: Stage,
    paths: Vec<Path>,
    /// The outcome where the path begins; none before it is known.
    start: Option<f64>,
    n_steps: usize,
    n_steps_done: usize,
    answer: Saliency,
}

#[derive(Debug)]
enum Stage {
    /// Gradients of the run itself, or on the path.
    Backward(Box<Backward>),
    Encoder(Box<Run>),
    Run(Box<Run>),
    Next,
    Done,
}

impl SaliencyJob {
    /// Prepares the saliency of a finished run's tokens.
    ///
    /// # Errors
    /// When the run has no such outcome.
    pub fn new(run: Arc<Run>, of: Differentiated, baseline: Baseline) -> Result<Self, EngineError> {
        let stage = Stage::Backward(Box::new(Backward::new(Arc::clone(&run), of.clone(), embeddings(&run))?));
        Ok(Self {
            run,
            of,
            baseline,
            stage,
            paths: Vec::new(),
            start: None,
            n_steps: FIRST_STEPS,
            n_steps_done: 0,
            answer: Saliency::default(),
        })
    }

    /// What the gradients at the text itself say.
    fn begin(&mut self, value: f64, parts: Vec<HookGradient>) -> Result<(), EngineError> {
        self.answer.outcome = value;
        for HookGradient { hook, gradient, value } in parts {
            let run = if hook.stack == Some(Stack::Encoder) { self.run.source() } else { None }.unwrap_or(&self.run);
            let n_pos = run.tokens().len();
            let (to, width) = (value.unwrap_or_default(), gradient.len() / n_pos);
            let rows = || gradient.chunks_exact(width);
            let of_stack = StackSaliency {
                saliency: rows().zip(to.chunks_exact(width)).map(|(grad, embed)| dot(grad, embed)).collect(),
                norm: rows().map(|grad| dot(grad, grad).sqrt()).collect(),
                integrated: vec![0.0; n_pos],
            };
            match hook.stack {
                Some(Stack::Encoder) => self.answer.encoder = Some(of_stack),
                _ => self.answer.own = of_stack,
            }
            let row = baseline_row(run.model(), self.baseline)?;
            let (from, sum) = (row.repeat(n_pos), vec![0.0; to.len()]);
            self.paths.push(Path { stack: hook.stack, from, to, sum });
        }
        Ok(())
    }

    /// The run at a place of the path: 0 is its beginning, 1 the text.
    fn start(&self, place: f64) -> Result<Stage, EngineError> {
        let (edits, of_encoder) = (self.edits(place, false), self.run.source());
        Ok(match of_encoder {
            Some(source) => {
                let tokens = source.tokens().clone();
                let run = Run::new(Arc::clone(source.model()), tokens, self.edits(place, true), Captures::none())?;
                Stage::Encoder(Box::new(run))
            }
            None => {
                let (model, tokens) = (Arc::clone(self.run.model()), self.run.tokens().clone());
                Stage::Run(Box::new(Run::new(model, tokens, edits, Captures::none())?))
            }
        })
    }

    /// The edits of a stack with its embeddings at a place of the path.
    fn edits(&self, place: f64, is_encoder: bool) -> CompiledEdits {
        let is_own = |path: &&Path| (path.stack == Some(Stack::Encoder)) == is_encoder;
        let run = if is_encoder { self.run.source() } else { None }.unwrap_or(&self.run);
        let Some(path) = self.paths.iter().find(is_own) else { return run.edits.clone() };
        let between =
            |(from, to): (&f32, &f32)| (f64::from(*from) + place * (f64::from(*to) - f64::from(*from))) as f32;
        let values = path.from.iter().zip(&path.to).map(between).collect();
        run.edits.with_values(Hook::Embed, values, run.tokens().len())
    }

    /// Where the next run is made, or what the path adds up to.
    fn advance(&mut self) -> Result<Stage, EngineError> {
        if self.start.is_none() {
            return self.start(0.0);
        }
        if self.n_steps_done < self.n_steps {
            return self.start((self.n_steps_done as f64 + 0.5) / self.n_steps as f64);
        }
        let difference = self.answer.outcome - self.start.unwrap_or_default();
        let mut total = 0.0;
        for path in &self.paths {
            let of_stack = match (path.stack, &mut self.answer.encoder) {
                (Some(Stack::Encoder), Some(encoder)) => encoder,
                _ => &mut self.answer.own,
            };
            let width = path.to.len() / of_stack.norm.len().max(1);
            let products = path.sum.iter().zip(path.from.iter().zip(&path.to));
            let products: Vec<f64> = products
                .map(|(sum, (from, to))| sum / self.n_steps as f64 * (f64::from(*to) - f64::from(*from)))
                .collect();
            of_stack.integrated = products.chunks_exact(width).map(|row| row.iter().sum()).collect();
            total += of_stack.integrated.iter().sum::<f64>();
        }
        (self.answer.remainder, self.answer.n_steps) = (difference - total, self.n_steps);
        if self.answer.remainder.abs() <= 0.01 * difference.abs() || self.n_steps >= MAX_STEPS {
            return Ok(Stage::Done);
        }
        (self.n_steps, self.n_steps_done) = (2 * self.n_steps, 0);
        self.paths.iter_mut().for_each(|path| path.sum.fill(0.0));
        Ok(Stage::Next)
    }

    fn measure(&self, run: Run) -> Result<Stage, EngineError> {
        let run = Arc::new(run);
        let asked = if self.start.is_none() { Asked::default() } else { embeddings(&run) };
        Ok(Stage::Backward(Box::new(Backward::new(run, self.of.clone(), asked)?)))
    }

    fn take(&mut self, value: f64, parts: Vec<HookGradient>) -> Result<(), EngineError> {
        if self.paths.is_empty() {
            return self.begin(value, parts);
        }
        if self.start.is_none() {
            self.start = Some(value);
            return Ok(());
        }
        for part in parts {
            if let Some(path) = self.paths.iter_mut().find(|path| path.stack == part.hook.stack) {
                path.sum.iter_mut().zip(part.gradient).for_each(|(sum, grad)| *sum += f64::from(grad));
            }
        }
        self.n_steps_done += 1;
        Ok(())
    }
}

/// The gradients by the token embeddings of all stacks.
fn embeddings(run: &Run) -> Asked {
    Asked::matching(run, |hook| hook.hook == Hook::Embed).with_values()
}

/// The row of the token embedding where the path begins, scaled and projected as the model does it.
fn baseline_row(model: &Model, baseline: Baseline) -> Result<Vec<f32>, EngineError> {
    let embedding = |id: u32| {
        let tokens = Tokens { type_ids: vec![0], ..model.tokens_from_ids(&[id])? };
        let (edits, mut captures) = (CompiledEdits::none(), Captures::of([Hook::Embed]));
        embedded(model, &tokens, 0, &mut Hooks { n_pos: 1, edits: &edits, captures: &mut captures })?;
        captures.take(Hook::Embed).ok_or_else(not_done)
    };
    match baseline {
        Baseline::Token(id) => embedding(id),
        Baseline::Mean => {
            let n_ids = model.embed.n_out();
            let (mut row, mut sum) = (vec![0.0; model.embed.n_in()], vec![0.0f64; model.embed.n_in()]);
            for id in 0..n_ids {
                model.embed.copy_row(id, &mut row);
                sum.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            let scale = model.spec().embed_scale.unwrap_or(1.0) / n_ids as f64;
            let mean: Vec<f32> = sum.into_iter().map(|sum| (sum * scale) as f32).collect();
            Ok(match &model.embed_project {
                Some(project) if !model.spec().embed_norm => project.apply(&mean),
                _ => mean,
            })
        }
    }
}

impl Job for SaliencyJob {
    type Part = ();
    type Output = Saliency;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Next) {
            Stage::Backward(mut backward) => match backward.step()? {
                Step::More => Stage::Backward(backward),
                Step::Done => {
                    self.take(backward.value(), backward.drain())?;
                    Stage::Next
                }
            },
            Stage::Encoder(mut run) => match run.step()? {
                Step::More => Stage::Encoder(run),
                Step::Done => {
                    let (model, tokens) = (Arc::clone(self.run.model()), self.run.tokens().clone());
                    let place = match self.start {
                        None => 0.0,
                        Some(_) => (self.n_steps_done as f64 + 0.5) / self.n_steps as f64,
                    };
                    let edits = self.edits(place, false);
                    Stage::Run(Box::new(Run::decode(model, Arc::new(*run), tokens, edits, Captures::none())?))
                }
            },
            Stage::Run(mut run) => match run.step()? {
                Step::More => Stage::Run(run),
                Step::Done => self.measure(*run)?,
            },
            Stage::Next => self.advance()?,
            Stage::Done => Stage::Done,
        };
        Ok(if matches!(self.stage, Stage::Done) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress { unit: Unit::SweepBlocks, done: self.n_steps_done, total: self.n_steps }
    }

    fn finish(self) -> Result<Saliency, EngineError> {
        if matches!(self.stage, Stage::Done) { Ok(self.answer) } else { Err(not_done()) }
    }
}
