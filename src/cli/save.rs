//! Writes activations into a trace file while the run makes them, so that never more than one layer waits in memory.

use std::io::Write;

use super::CliError;
use super::args::Save;
use crate::engine::{Captures, EngineError, Run};
use crate::trace::file::{Element, TensorPlan, TraceError, TraceMetadata, TraceWriter};
use crate::trace::spec::Unembed;
use crate::trace::{BlockSite, Hook, Spec, Tokens};

/// Positions whose logits are made at a time.
const LOGIT_ROWS: usize = 64;

/// Records one run.
pub(super) struct Recorder<W: Write> {
    writer: TraceWriter<W>,
    /// In the order of the run.
    hooks: Vec<Hook>,
    n_recorded: usize,
    /// Positions whose logits are saved.
    logits: std::ops::Range<usize>,
}

impl<W: Write> Recorder<W> {
    /// Writes the header and the ids.
    pub fn new(out: W, metadata: &TraceMetadata, spec: &Spec, tokens: &Tokens, save: Save) -> Result<Self, TraceError> {
        let n_pos = tokens.len();
        let hooks: Vec<Hook> = Hook::all(spec).into_iter().filter(|hook| is_saved(*hook, save)).collect();
        let logits = match (spec.unembed, save) {
            (Unembed::None, _) => 0..0,
            (_, Save::All) => 0..n_pos,
            _ => n_pos - 1..n_pos,
        };
        let plan =
            |name: &str, element, shape: &[usize]| TensorPlan { name: name.to_owned(), element, shape: shape.to_vec() };
        let mut plans = vec![plan("input_ids", Element::I64, &[n_pos])];
        let names_positions = !logits.is_empty() && logits.len() < n_pos;
        if names_positions {
            plans.push(plan("logit_positions", Element::I64, &[logits.len()]));
        }
        plans.extend(hooks.iter().map(|hook| plan(&hook.to_string(), Element::F32, &hook.shape(spec, n_pos))));
        if !logits.is_empty() {
            plans.push(plan("logits", Element::F32, &[logits.len(), spec.d_vocab]));
        }
        let mut writer = TraceWriter::new(out, metadata, plans)?;
        writer.write_ids("input_ids", &tokens.ids)?;
        if names_positions {
            let positions: Vec<u32> = (0..n_pos as u32).skip(logits.start).collect();
            writer.write_ids("logit_positions", &positions)?;
        }
        Ok(Recorder { writer, hooks, n_recorded: 0, logits })
    }

    /// What the run must keep for it.
    pub fn captures(&self) -> Captures {
        Captures::of(self.hooks.iter().copied().filter(|hook| Run::must_capture(*hook)))
    }

    /// Writes what has become complete: the embeddings with the first layer, each layer when it is done.
    pub fn record(&mut self, run: &mut Run) -> Result<(), CliError> {
        let (n_layers_done, _) = run.progress();
        while let Some(&hook) = self.hooks.get(self.n_recorded) {
            let is_complete = match hook.layer() {
                Some(layer) => layer < n_layers_done,
                None if hook == Hook::LnFinal => !run.final_stream().is_empty(),
                None => n_layers_done > 0,
            };
            if !is_complete {
                break;
            }
            self.write(run, hook)?;
            self.n_recorded += 1;
        }
        Ok(())
    }

    fn write(&mut self, run: &mut Run, hook: Hook) -> Result<(), CliError> {
        let name = hook.to_string();
        match hook {
            // Head by head: one square at a time.
            Hook::Block(layer, BlockSite::Pattern | BlockSite::AttnScores) => {
                let attention = run.attention(layer)?;
                for head in 0..run.model().spec().n_heads {
                    let square = match hook {
                        Hook::Block(_, BlockSite::Pattern) => attention.pattern(head)?,
                        _ => attention.scores(head)?,
                    };
                    self.writer.write_floats(&name, &square)?;
                }
            }
            _ if Run::must_capture(hook) => {
                let missing = || EngineError::Request(format!("{hook} was not captured in this run"));
                let values = run.captures().take(hook).ok_or_else(missing)?;
                self.writer.write_floats(&name, &values)?;
            }
            _ => self.writer.write_floats(&name, &run.activation(hook)?)?,
        }
        Ok(())
    }

    /// Writes what the end of a run gives, and ends the file.
    pub fn finish(mut self, run: &Run) -> Result<(), CliError> {
        for start in self.logits.clone().step_by(LOGIT_ROWS) {
            let rows = start..(start + LOGIT_ROWS).min(self.logits.end);
            self.writer.write_floats("logits", &run.logits(rows)?)?;
        }
        self.writer.finish()?;
        Ok(())
    }
}

fn is_saved(hook: Hook, save: Save) -> bool {
    use BlockSite::*;
    match (save, hook) {
        (Save::All, _) | (_, Hook::Block(_, Pattern)) => true,
        (Save::Qkv, Hook::Block(_, site)) => matches!(site, ResidPre | Q | K | V | RotQ | RotK),
        _ => false,
    }
}
