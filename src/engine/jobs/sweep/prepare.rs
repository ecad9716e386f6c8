//! What a sweep reads of other inputs before its first cell: each is run once, without edits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cells::{HeadMeans, SweepKind};
use super::group::read_by;
use crate::edit::{Edit, PatchSite};
use crate::engine::edits::{CompiledEdits, PatchValues};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::jobs::{Job, OtherInputs, Progress, not_done};
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};
use crate::trace::{BlockSite, Hook, Stack, Tokens};

/// What the cells need.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What patches take.
    pub values: PatchValues,
    /// The means over the references of [`SweepKind::MeanHeads`].
    pub means: HeadMeans,
    /// The other input of [`SweepKind::Patch`].
    pub other: Option<Arc<Run>>,
    /// The base once more, with what patches take of it that it has not kept.
    pub recorded: Option<Run>,
}

/// The preparation under way.
#[derive(Debug)]
pub(super) struct Preparing {
    model: Arc<Model>,
    others: OtherInputs,
    are_others_done: bool,
    /// Inputs whose z is wanted.
    references: VecDeque<Tokens>,
    reference: Option<Run>,
    means: HeadMeans,
    /// The other input, not yet begun.
    patched: Option<Tokens>,
    /// What is captured of the other input.
    captures: Captures,
    other: Option<Run>,
    recorded: Option<Run>,
}

impl Preparing {
    pub fn new(base: &Run, kind: &SweepKind) -> Result<Self, EngineError> {
        let mut reading: &[Edit] = &[];
        let (mut references, mut patched) = (VecDeque::new(), None);
        let (mut captures, mut recorded) = (Captures::none(), None);
        match kind {
            SweepKind::Each(list) => reading = list,
            SweepKind::MeanHeads(inputs) => references.extend(inputs.iter().cloned()),
            SweepKind::Patch { site, other, is_denoising, .. } => {
                patched = Some(other.clone());
                // A run keeps the stream by itself.
                if *site != PatchSite::Stream {
                    let hooks = (0..base.model().spec().n_layers).map(|layer| Hook::Block(layer, site.site()));
                    match is_denoising {
                        true => recorded = Some(base.capturing(Captures::of(hooks))?),
                        false => captures = Captures::of(hooks),
                    }
                }
            }
            SweepKind::ZeroHeads | SweepKind::PositionMeanHeads | SweepKind::CutKeys => {}
        }
        // All edits of a list act in the stack of its first.
        let (own, stack, lengths) = read_by(base, reading.first());
        let target = (stack == Some(Stack::Decoder)).then(|| own.tokens().clone());
        let model = Arc::clone(base.model());
        let others = OtherInputs::new(Arc::clone(&model), reading, (stack, target), lengths, PatchValues::default());
        Ok(Self {
            model,
            others,
            are_others_done: false,
            references,
            reference: None,
            means: HeadMeans::default(),
            patched,
            captures,
            other: None,
            recorded,
        })
    }

    /// Does the next piece of work.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        if !self.are_others_done {
            self.are_others_done = self.others.step()? == Step::Done;
        } else if let Some(run) = &mut self.reference {
            if run.step()? == Step::Done {
                self.means.add(run)?;
                self.reference = None;
            }
        } else if let Some(tokens) = self.references.pop_front() {
            let z = (0..self.model.spec().n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
            self.reference = Some(self.start(tokens, Captures::of(z))?);
        } else if let Some(tokens) = self.patched.take() {
            self.other = Some(self.start(tokens, self.captures.clone())?);
        } else if let Some(recorded) = self.recorded.as_mut().filter(|run| !run.is_done()) {
            recorded.step()?;
        } else {
            return self.other.as_mut().map_or(Ok(Step::Done), Run::step);
        }
        Ok(Step::More)
    }

    fn start(&self, tokens: Tokens, captures: Captures) -> Result<Run, EngineError> {
        Run::new(Arc::clone(&self.model), tokens, CompiledEdits::none(), captures)
    }

    pub fn progress(&self) -> Progress {
        match self.reference.as_ref().or(self.other.as_ref()) {
            Some(run) => Progress::blocks(run.progress()),
            None => self.others.progress(),
        }
    }

    pub fn finish(self) -> Result<Prepared, EngineError> {
        if self.reference.is_some() || !self.references.is_empty() || self.patched.is_some() {
            return Err(not_done());
        }
        let (other, recorded) = (self.other.map(Arc::new), self.recorded);
        Ok(Prepared { values: self.others.finish()?, means: self.means, other, recorded })
    }
}
