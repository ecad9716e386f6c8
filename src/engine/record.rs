//! Writes activations of a run into a trace file, piece by piece, while the run makes them or afterwards.
//!
//! At most one layer waits in memory, and patterns are made one head at a time. The caller decides when to go on: the command
//! line at once, the worker between two turns of the browser.

use std::io::Write;

use super::error::EngineError;
use super::hooks::Captures;
use super::patterns::LayerAttention;
use super::run::Run;
use crate::trace::file::lens::LensTensors;
use crate::trace::file::{SavePlan, TraceError, TraceMetadata, TraceWriter};
use crate::trace::{BlockSite, Hook, Stack, StackHook, Tokens};

/// Positions whose logits are made at a time.
const LOGIT_ROWS: usize = 64;

/// Why a run was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The run does not have an activation.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file could not be written.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// Records one run, or an encoder's and then its decoder's.
pub struct Recorder<W: Write> {
    writer: TraceWriter<W>,
    plan: SavePlan,
    n_recorded: usize,
    /// The layer whose scores or patterns are being written, and the next head.
    square: Option<(LayerAttention, usize)>,
    n_logits: usize,
}

impl<W: Write> Recorder<W> {
    /// Writes the header, the token ids, and the stream's table where the plan has one. `target` is what the decoder of a model with two stacks reads. The plan must be of
    /// the same input.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn new(
        out: W,
        metadata: &TraceMetadata,
        plan: SavePlan,
        tokens: &Tokens,
        target: Option<&Tokens>,
        lens: Option<&LensTensors>,
    ) -> Result<Self, TraceError> {
        let mut writer = TraceWriter::new(out, metadata, plan.tensors.clone())?;
        writer.write_ids("input_ids", &tokens.ids)?;
        if let Some(target) = target {
            writer.write_ids("decoder_input_ids", &target.ids)?;
        }
        if plan.names_positions {
            let positions: Vec<u32> = plan.logits.clone().map(|position| position as u32).collect();
            writer.write_ids("logit_positions", &positions)?;
        }
        if let Some(lens) = lens {
            lens.write(&mut writer)?;
        }
        Ok(Self { writer, plan, n_recorded: 0, square: None, n_logits: 0 })
    }

    /// What the run of a stack must capture for the plan.
    pub fn captures(&self, stack: Option<Stack>) -> Captures {
        let hooks = self.plan.hooks.iter().filter(|hook| hook.stack == stack).map(|hook| hook.hook);
        Captures::of(hooks.filter(|hook| Run::must_capture(*hook)))
    }

    /// How many activations are written, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.n_recorded, self.plan.hooks.len())
    }

    /// Writes the next piece of what is complete: the embeddings with the first layer, each layer when it is done. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the run cannot give it, or the output refuses.
    pub fn record(&mut self, stack: Option<Stack>, run: &mut Run) -> Result<bool, RecordError> {
        let Some(named) = self.next(stack, run) else { return Ok(false) };
        // Taken out of the run, so that a layer does not stay in memory until its end.
        let captured = run.captures().take(named.hook);
        self.record_one(run, named, captured)
    }

    /// Writes the next piece of a run that keeps its captures.
    ///
    /// # Errors
    /// When the run cannot give it, or the output refuses.
    pub fn record_kept(&mut self, stack: Option<Stack>, run: &Run) -> Result<bool, RecordError> {
        let Some(named) = self.next(stack, run) else { return Ok(false) };
        self.record_one(run, named, run.captured(named.hook).map(<[f32]>::to_vec))
    }

    /// The activation that is written next, if the run has it already.
    fn next(&self, stack: Option<Stack>, run: &Run) -> Option<StackHook> {
        let (n_layers_done, _) = run.progress();
        let named = self.plan.hooks.get(self.n_recorded).copied().filter(|named| named.stack == stack)?;
        let is_complete = match named.hook.layer() {
            Some(layer) => layer < n_layers_done,
            None if named.hook == Hook::LnFinal => !run.final_stream().is_empty(),
            None => n_layers_done > 0,
        };
        is_complete.then_some(named)
    }

    fn record_one(&mut self, run: &Run, named: StackHook, captured: Option<Vec<f32>>) -> Result<bool, RecordError> {
        if self.write(run, named, captured)? {
            self.n_recorded += 1;
        }
        Ok(true)
    }

    /// Writes an activation, or its next head; returns whether the activation is complete.
    fn write(&mut self, run: &Run, named: StackHook, captured: Option<Vec<f32>>) -> Result<bool, RecordError> {
        let (name, hook) = (named.to_string(), named.hook);
        match hook {
            Hook::Block(layer, site) if site.is_square() => {
                let (attention, head) = match self.square.take() {
                    Some(under_way) => under_way,
                    None if site.is_cross() => (run.cross_attention(layer)?, 0),
                    None => (run.attention(layer)?, 0),
                };
                let square = attention.square(site, head)?;
                self.writer.write_floats(&name, &square)?;
                let is_last = head + 1 == run.model().spec().n_heads;
                self.square = (!is_last).then_some((attention, head + 1));
                return Ok(is_last);
            }
            _ if Run::must_capture(hook) => {
                let missing = || EngineError::Request(format!("{hook} was not captured in this run"));
                let values = captured.ok_or_else(missing)?;
                match hook {
                    Hook::Block(_, BlockSite::ExpertIndices) if !self.writer.is_next_float() => {
                        let indices: Vec<u32> = values.iter().map(|index| *index as u32).collect();
                        self.writer.write_ids(&name, &indices)?;
                    }
                    _ => self.writer.write_floats(&name, &values)?,
                }
            }
            _ => self.writer.write_floats(&name, &run.activation(hook)?)?,
        }
        Ok(true)
    }

    /// Writes the next logits of a finished run; returns whether there were any.
    ///
    /// # Errors
    /// When the run cannot give them, or the output refuses.
    pub fn record_logits(&mut self, run: &Run) -> Result<bool, RecordError> {
        let start = self.plan.logits.start + self.n_logits;
        let rows = start..(start + LOGIT_ROWS).min(self.plan.logits.end);
        if rows.is_empty() {
            return Ok(false);
        }
        self.n_logits += rows.len();
        self.writer.write_floats("logits", &run.logits(rows)?)?;
        Ok(true)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When an activation of the plan was not recorded, or the output refuses.
    pub fn finish(self) -> Result<W, TraceError> {
        self.writer.finish()
    }
}
