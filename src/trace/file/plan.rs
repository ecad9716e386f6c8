//! What goes into a saved trace: chosen activations of a run, their shapes and how many bytes they take, known before anything
//! is computed.
//!
//! Command line and worker write by the same plan, and the page says the size from it.

use std::ops::Range;

use super::lens::LensTensors;
use super::saved::Saved;
use super::write::header_bytes;
use super::{Element, TensorPlan, TraceError, TraceMetadata};
use crate::trace::spec::Unembed;
use crate::trace::{BlockSite, Hook, Lengths, Spec, Stack, StackHook};

/// The tensors of a trace to come.
#[derive(Clone, Debug, PartialEq)]
pub struct SavePlan {
    /// Activations in the order of the runs: those of the only stack, or of the encoder and then the decoder.
    pub hooks: Vec<StackHook>,
    /// Positions whose logits are saved.
    pub logits: Range<usize>,
    /// Whether the file says which positions these are.
    pub names_positions: bool,
    /// Every tensor.
    pub tensors: Vec<TensorPlan>,
}

impl SavePlan {
    /// The plan for an input of so many tokens; `n_target`: how many the decoder reads, where there is one beside an
    /// encoder.
    pub fn new(spec: &Spec, n_tokens: usize, n_target: Option<usize>, saved: Saved, element: Element) -> Self {
        let stacks: &[Option<Stack>] =
            if n_target.is_some() { &[Some(Stack::Encoder), Some(Stack::Decoder)] } else { &[None] };
        let n_written = n_target.unwrap_or(n_tokens);
        let logits = match (spec.unembed, saved) {
            (Unembed::None, _) => 0..0,
            (_, Saved::All) => 0..n_written,
            _ => n_written.saturating_sub(1)..n_written,
        };
        let names_positions = !logits.is_empty() && logits.len() < n_written;
        let plan =
            |name: &str, element, shape: &[usize]| TensorPlan { name: name.to_owned(), element, shape: shape.to_vec() };
        let mut tensors = vec![plan("input_ids", Element::I64, &[n_tokens])];
        tensors.extend(n_target.map(|n_target| plan("decoder_input_ids", Element::I64, &[n_target])));
        tensors.extend(names_positions.then(|| plan("logit_positions", Element::I64, &[logits.len()])));
        let mut hooks = Vec::new();
        for &stack in stacks {
            let spec = spec.of_stack(stack);
            let n_pos = if stack == Some(Stack::Decoder) { n_written } else { n_tokens };
            let lengths = Lengths { n_pos, n_source: n_tokens };
            for hook in Hook::all(spec).into_iter().filter(|hook| saved.has(spec, *hook)) {
                let named = StackHook { stack, hook };
                // As halves they would stand before what is recorded first, and halves hold them exactly.
                let is_counted = matches!(hook, Hook::Block(_, BlockSite::ExpertIndices));
                let element = if is_counted && element == Element::F32 { Element::I32 } else { element };
                tensors.push(plan(&named.to_string(), element, &hook.shape(spec, lengths)));
                hooks.push(named);
            }
        }
        if !logits.is_empty() {
            tensors.push(plan("logits", element, &[logits.len(), spec.d_vocab]));
        }
        Self { hooks, logits, names_positions, tensors }
    }

    /// The plan with the stream's table, of so many rows (layers and the output), positions and tokens in each cell.
    pub fn with_lens(mut self, sizes: [usize; 3], element: Element) -> Self {
        let first = self.tensors.iter().position(|tensor| tensor.element.is_float()).unwrap_or(self.tensors.len());
        self.tensors.splice(first..first, LensTensors::plans(sizes, element));
        self
    }

    /// Restricts the plan to some layers; activations outside of layers stay.
    pub fn of_layers(mut self, layers: &[usize]) -> Self {
        // Gap: heads cannot be left out: the format gives a pattern every head of its layer.
        let is_left_out = |hook: &StackHook| hook.hook.layer().is_some_and(|layer| !layers.contains(&layer));
        let left_out: Vec<String> =
            self.hooks.iter().filter(|hook| is_left_out(hook)).map(ToString::to_string).collect();
        self.tensors.retain(|tensor| !left_out.contains(&tensor.name));
        self.hooks.retain(|hook| !is_left_out(hook));
        self
    }

    /// Length of the file with these metadata, in bytes.
    ///
    /// # Errors
    /// When the metadata cannot be written.
    pub fn n_bytes(&self, metadata: &TraceMetadata) -> Result<u64, TraceError> {
        file_len(metadata, &self.tensors)
    }
}

/// Length of a file of these tensors, in bytes.
///
/// # Errors
/// When the metadata cannot be written, or the file would be too large for this program.
pub fn file_len(metadata: &TraceMetadata, tensors: &[TensorPlan]) -> Result<u64, TraceError> {
    let header = header_bytes(metadata, tensors)?;
    let data: u64 = tensors.iter().map(TensorPlan::n_bytes).sum();
    Ok(8 + header.len() as u64 + data)
}
