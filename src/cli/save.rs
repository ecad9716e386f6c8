//! Writes activations into a trace file while the run makes them, so that never more than one layer waits in memory.

use std::io::Write;

use super::CliError;
use super::args::Save;
use crate::engine::{Captures, EngineError, Run};
use crate::trace::file::{Element, TensorPlan, TraceError, TraceMetadata, TraceWriter};
use crate::trace::spec::Unembed;
use crate::trace::{Attn, BlockSite, Hook, Lengths, Spec, Stack, StackHook, Tokens};

/// Positions whose logits are made at a time.
const LOGIT_ROWS: usize = 64;

/// Records one run, or an encoder's and then its decoder's.
pub(super) struct Recorder<W: Write> {
    writer: TraceWriter<W>,
    /// In the order of the runs.
    hooks: Vec<StackHook>,
    n_recorded: usize,
    /// Positions whose logits are saved.
    logits: std::ops::Range<usize>,
}

impl<W: Write> Recorder<W> {
    /// Writes the header and the ids. `target`: what the decoder reads, where there is one beside an encoder.
    pub fn new(
        out: W,
        metadata: &TraceMetadata,
        spec: &Spec,
        tokens: &Tokens,
        target: Option<&Tokens>,
        save: Save,
        element: Element,
    ) -> Result<Self, TraceError> {
        let stacks: &[Option<Stack>] =
            if target.is_some() { &[Some(Stack::Encoder), Some(Stack::Decoder)] } else { &[None] };
        let n_written = target.map_or(tokens.len(), Tokens::len);
        let mut hooks = Vec::new();
        let mut shapes = Vec::new();
        for &stack in stacks {
            let spec = stack.map_or(spec, |stack| spec.stack(stack));
            let n_pos = if stack == Some(Stack::Decoder) { n_written } else { tokens.len() };
            let lengths = Lengths { n_pos, n_source: tokens.len() };
            for hook in Hook::all(spec).into_iter().filter(|hook| is_saved(*hook, save)) {
                hooks.push(StackHook { stack, hook });
                shapes.push(hook.shape(spec, lengths));
            }
        }
        let logits = match (spec.unembed, save) {
            (Unembed::None, _) => 0..0,
            (_, Save::All) => 0..n_written,
            _ => n_written - 1..n_written,
        };
        let plan =
            |name: &str, element, shape: &[usize]| TensorPlan { name: name.to_owned(), element, shape: shape.to_vec() };
        let mut plans = vec![plan("input_ids", Element::I64, &[tokens.len()])];
        if target.is_some() {
            plans.push(plan("decoder_input_ids", Element::I64, &[n_written]));
        }
        let names_positions = !logits.is_empty() && logits.len() < n_written;
        if names_positions {
            plans.push(plan("logit_positions", Element::I64, &[logits.len()]));
        }
        plans.extend(hooks.iter().zip(&shapes).map(|(hook, shape)| plan(&hook.to_string(), element, shape)));
        if !logits.is_empty() {
            plans.push(plan("logits", element, &[logits.len(), spec.d_vocab]));
        }
        let mut writer = TraceWriter::new(out, metadata, plans)?;
        writer.write_ids("input_ids", &tokens.ids)?;
        if let Some(target) = target {
            writer.write_ids("decoder_input_ids", &target.ids)?;
        }
        if names_positions {
            let positions: Vec<u32> = (0..n_written as u32).skip(logits.start).collect();
            writer.write_ids("logit_positions", &positions)?;
        }
        Ok(Recorder { writer, hooks, n_recorded: 0, logits })
    }

    /// What the run of a stack must keep for it.
    pub fn captures(&self, stack: Option<Stack>) -> Captures {
        let hooks = self.hooks.iter().filter(|hook| hook.stack == stack).map(|hook| hook.hook);
        Captures::of(hooks.filter(|hook| Run::must_capture(*hook)))
    }

    /// Writes what has become complete: the embeddings with the first layer, each layer when it is done.
    pub fn record(&mut self, stack: Option<Stack>, run: &mut Run) -> Result<(), CliError> {
        let (n_layers_done, _) = run.progress();
        while let Some(&hook) = self.hooks.get(self.n_recorded).filter(|hook| hook.stack == stack) {
            let is_complete = match hook.hook.layer() {
                Some(layer) => layer < n_layers_done,
                None if hook.hook == Hook::LnFinal => !run.final_stream().is_empty(),
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

    fn write(&mut self, run: &mut Run, named: StackHook) -> Result<(), CliError> {
        let (name, hook) = (named.to_string(), named.hook);
        match hook {
            // Head by head: one square at a time.
            Hook::Block(layer, site) if matches!(site.of(Attn::Own), BlockSite::Pattern | BlockSite::AttnScores) => {
                let attention = if site.is_cross() { run.cross_attention(layer)? } else { run.attention(layer)? };
                for head in 0..run.model().spec().n_heads {
                    let square = match site.of(Attn::Own) {
                        BlockSite::Pattern => attention.pattern(head)?,
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
        (Save::All, _) | (_, Hook::Block(_, Pattern | CrossPattern)) => true,
        (Save::Qk, Hook::Block(_, site)) => matches!(site.of(Attn::Own), Q | K),
        (Save::Qkv, Hook::Block(_, site)) => matches!(site.of(Attn::Own), ResidPre | Q | K | V | RotQ | RotK),
        _ => false,
    }
}
