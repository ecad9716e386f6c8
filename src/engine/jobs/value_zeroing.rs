//! Value zeroing in one layer of a finished run: the block runs once for each position whose value is zero, on the clean stream that
//! enters it.

use super::{Job, Progress, Unit, not_done};
use crate::analysis::inside::value_zeroing::{ValueZeroing, changes, huge, normalised};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::{Attn, BlockSite, Hook};

/// Value zeroing under way.
#[derive(Debug)]
pub struct ValueZeroingJob {
    /// Shares everything with the run that is looked at.
    base: Run,
    layer: usize,
    attn: Attn,
    n_key: usize,
    /// The block under way.
    run: Option<Run>,
    /// The stream leaving the block, [pos, d_model]; empty before it is there.
    clean: Vec<f32>,
    /// For each key that is done, the change of each query.
    by_source: Vec<Vec<f64>>,
}

impl ValueZeroingJob {
    /// Prepares value zeroing in a layer of a finished run, of its own attention or of that to the encoder.
    ///
    /// # Errors
    /// When the run is not done, or there is no such layer or attention.
    pub fn new(run: &Run, layer: usize, attn: Attn) -> Result<Self, EngineError> {
        run.layer(layer)?;
        let n_key = match attn {
            Attn::Own => run.tokens().len(),
            Attn::Cross => {
                run.cross(layer)?;
                run.source().map_or(0, |source| source.tokens().len())
            }
        };
        let base = run.again(run.edits.clone(), Captures::none())?;
        Ok(Self { base, layer, attn, n_key, run: None, clean: Vec::new(), by_source: Vec::new() })
    }

    /// The block as it is, or without the value of the next key.
    fn start(&self) -> Result<Run, EngineError> {
        if self.clean.is_empty() {
            let leaving = Hook::Block(self.layer, BlockSite::ResidPost);
            return self.base.again(self.base.edits.clone(), Captures::of([leaving]));
        }
        let edits = self.base.edits.without_value(self.layer, self.attn, self.by_source.len(), self.n_key);
        self.base.again(edits, Captures::none())
    }
}

impl Job for ValueZeroingJob {
    type Part = ();
    type Output = ValueZeroing;

    fn step(&mut self) -> Result<Step, EngineError> {
        if !self.clean.is_empty() && self.by_source.len() == self.n_key {
            return Ok(Step::Done);
        }
        let mut run = match self.run.take() {
            Some(run) => run,
            None => self.start()?,
        };
        run.step()?;
        if run.progress().0 <= self.layer {
            self.run = Some(run);
            return Ok(Step::More);
        }
        let stream = run.entering();
        match self.clean.is_empty() {
            true => self.clean = stream.to_vec(),
            false => self.by_source.push(changes(&self.clean, stream, self.base.model().spec().d_model)),
        }
        Ok(if self.by_source.len() == self.n_key { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress { unit: Unit::Positions, done: self.by_source.len(), total: self.n_key }
    }

    fn finish(self) -> Result<ValueZeroing, EngineError> {
        if self.by_source.len() < self.n_key {
            return Err(not_done());
        }
        let huge = huge(&self.clean, self.base.model().spec().d_model);
        Ok(ValueZeroing { shares: normalised(&self.by_source), huge })
    }
}
