//! Whether the shapes of a trace agree: with each other, with the tokens, with the model's structure where it is given.
//!
//! Every axis has one length in a whole stack; the first tensor (or the metadata) that gives it is remembered, so that
//! a message can name both sides. The only stack of a file without two counts as the encoder: both read `tokens`.

use std::collections::BTreeMap;

use super::{Element, MAX_TOKENS, TraceError, TraceMetadata, TraceTensor};
use crate::trace::{Axis, Hook, Spec, Stack, StackHook};

/// The most layers, and heads of a layer, that a file may have.
const MAX_DEPTH: usize = 4_096;

/// Lengths seen so far.
pub(super) struct Shapes<'a> {
    file: &'a str,
    spec: Option<&'a Spec>,
    /// Stack and axis, its length, who said so.
    lengths: Vec<((Stack, Axis), usize, String)>,
}

impl<'a> Shapes<'a> {
    /// Starts with what the metadata say.
    pub(super) fn new(file: &'a str, metadata: Option<&'a TraceMetadata>) -> Result<Self, TraceError> {
        let spec = metadata.and_then(|metadata| metadata.spec.as_ref());
        let mut shapes = Shapes { file, spec, lengths: Vec::new() };
        if let Some(spec) = spec {
            shapes.plausible(spec)?;
            let axes = [Axis::Head, Axis::KeyValueHead, Axis::DHead, Axis::DModel, Axis::DMlp, Axis::DEmbed];
            for stack in Stack::BOTH {
                let spec = spec.stack(stack);
                let said = axes.map(|axis| ((stack, axis), axis.len(spec, 0_usize), "the metadata's spec".to_owned()));
                shapes.lengths.extend(said);
            }
        }
        if let Some(metadata) = metadata {
            shapes.length("the metadata's tokens", Stack::Encoder, Axis::Pos, metadata.tokens.len())?;
            shapes.segments(&metadata.segments, metadata.tokens.len())?;
            if let Some(tokens) = &metadata.decoder_tokens {
                shapes.length("the metadata's decoder_tokens", Stack::Decoder, Axis::Pos, tokens.len())?;
            }
        }
        Ok(shapes)
    }

    /// Views make room for every layer and head that a spec names, whether the file holds it or not.
    fn plausible(&self, spec: &Spec) -> Result<(), TraceError> {
        for stack in Stack::BOTH {
            let spec = spec.stack(stack);
            for (field, found) in
                [("n_layers", spec.n_layers), ("n_heads", spec.n_heads), ("n_key_value_heads", spec.n_key_value_heads)]
            {
                if found == 0 || found > MAX_DEPTH {
                    let name = format!("the metadata's spec, {field}");
                    return Err(self.mismatch(&name, format!("1 to {MAX_DEPTH}"), found.to_string()));
                }
            }
        }
        Ok(())
    }

    /// The number format of a tensor, if it is one that can be read.
    pub(super) fn element(&self, name: &str, dtype: &str, is_float: bool) -> Result<Element, TraceError> {
        let element = Element::from_name(dtype).filter(|element| element.is_float() == is_float);
        let expected = if is_float { "F32, F16 or BF16" } else { "I64, I32 or U32" };
        element.ok_or_else(|| self.mismatch(name, expected.to_owned(), dtype.to_owned()))
    }

    /// The shape without a batch axis of 1.
    pub(super) fn without_batch(&self, name: &str, shape: &[usize], rank: usize) -> Result<Vec<usize>, TraceError> {
        match shape.strip_prefix(&[1]) {
            Some(rest) if rest.len() == rank => Ok(rest.to_vec()),
            _ if shape.len() == rank => Ok(shape.to_vec()),
            _ => Err(self.mismatch(name, format!("{rank} axes, or one more of length 1 before them"), dims(shape))),
        }
    }

    /// Checks one activation.
    pub(super) fn agree(&mut self, name: &str, hook: StackHook, shape: &[usize]) -> Result<(), TraceError> {
        let StackHook { stack, hook } = hook;
        let spec = self.spec.map(|spec| stack.map_or(spec, |stack| spec.stack(stack)));
        if let Some(layer) = hook.layer().filter(|&layer| layer >= MAX_DEPTH) {
            return Err(self.mismatch(name, format!("a layer below {MAX_DEPTH}"), format!("layer {layer}")));
        }
        if let (Some(spec), Hook::Block(layer, site)) = (spec, hook) {
            if layer >= spec.n_layers {
                let expected = format!("a layer below {}, as the metadata's spec says", spec.n_layers);
                return Err(self.mismatch(name, expected, format!("layer {layer}")));
            }
            if !site.exists_at(spec, layer) {
                let expected = format!("no such hook in a model of architecture {}", spec.architecture);
                return Err(self.mismatch(name, expected, dims(shape)));
            }
        }
        for (&axis, &length) in hook.axes().iter().zip(shape) {
            self.length(name, stack.unwrap_or(Stack::Encoder), axis, length)?;
        }
        Ok(())
    }

    /// How many positions a stack of the file has.
    pub(super) fn n_tokens(&self, stack: Stack) -> Option<usize> {
        self.lengths.iter().find(|(of, _, _)| *of == (stack, Axis::Pos)).map(|(_, length, _)| *length)
    }

    /// Checks what is no hook: ids and logits.
    pub(super) fn agree_logits(
        &self,
        tensors: &BTreeMap<String, TraceTensor>,
        n_tokens: usize,
        n_decoder_tokens: Option<usize>,
    ) -> Result<(), TraceError> {
        let first = |name: &str| tensors.get(name).and_then(|tensor| tensor.shape.first().copied());
        if let Some(found) = first("input_ids").filter(|&found| found != n_tokens) {
            return Err(self.mismatch("input_ids", format!("[{n_tokens}], one per token"), dims(&[found])));
        }
        let n_writing = n_decoder_tokens.unwrap_or(n_tokens);
        if let Some(found) = first("decoder_input_ids").filter(|&found| n_decoder_tokens.is_some_and(|n| n != found)) {
            return Err(self.mismatch("decoder_input_ids", format!("[{n_writing}], one per token"), dims(&[found])));
        }
        let (n_rows, why) = match first("logit_positions") {
            Some(n_positions) => (n_positions, "as logit_positions has"),
            None => (n_writing, "one per token, since there are no logit_positions"),
        };
        if let Some(logits) = tensors.get("logits") {
            let d_vocab = self.spec.map(|spec| spec.d_vocab).or(logits.shape.last().copied()).unwrap_or(0);
            if logits.shape != [n_rows, d_vocab] {
                let expected = format!("{} ({n_rows} rows, {why})", dims(&[n_rows, d_vocab]));
                return Err(self.mismatch("logits", expected, dims(&logits.shape)));
            }
        }
        Ok(())
    }

    /// Notes the length of an axis, or compares it with the one noted.
    fn length(&mut self, name: &str, stack: Stack, axis: Axis, found: usize) -> Result<(), TraceError> {
        let of = match axis {
            Axis::QueryPos | Axis::KeyPos => (stack, Axis::Pos),
            Axis::SourcePos => (Stack::Encoder, Axis::Pos),
            other => (stack, other),
        };
        if of.1 == Axis::Pos && found > MAX_TOKENS {
            let (file, tensor) = (self.file.to_owned(), name.to_owned());
            return Err(TraceError::TooManyTokens { file, tensor, found: found as u64 });
        }
        if found == 0 {
            let expected = format!("at least one {}", unit(axis));
            return Err(self.mismatch(name, expected, "none".to_owned()));
        }
        if matches!(axis, Axis::Head | Axis::KeyValueHead) && found > MAX_DEPTH {
            let expected = format!("at most {MAX_DEPTH} × {}", unit(axis));
            return Err(self.mismatch(name, expected, found.to_string()));
        }
        match self.lengths.iter().find(|(known, _, _)| *known == of) {
            Some((_, expected, said)) if *expected != found => {
                let unit = unit(axis);
                Err(self.mismatch(name, format!("{expected} × {unit}, as in {said}"), format!("{found}")))
            }
            Some(_) => Ok(()),
            None => {
                self.lengths.push((of, found, name.to_owned()));
                Ok(())
            }
        }
    }

    /// Segments start at 0, grow, and stay within the tokens.
    fn segments(&self, segments: &[usize], n_tokens: usize) -> Result<(), TraceError> {
        let starts_at_zero = segments.first().is_none_or(|&first| first == 0);
        let grows = segments.is_sorted_by(|a, b| a < b);
        let is_inside = segments.last().is_none_or(|&last| last < n_tokens);
        if starts_at_zero && grows && is_inside {
            return Ok(());
        }
        let expected = format!("growing starts from 0 to {}", n_tokens.saturating_sub(1));
        Err(self.mismatch("the metadata's segments", expected, dims(segments)))
    }

    fn mismatch(&self, name: &str, expected: String, found: String) -> TraceError {
        TraceError::Mismatch { file: self.file.to_owned(), name: name.to_owned(), expected, found }
    }
}

fn dims(shape: &[usize]) -> String {
    format!("{shape:?}")
}

fn unit(axis: Axis) -> &'static str {
    match axis {
        Axis::Pos | Axis::QueryPos | Axis::KeyPos | Axis::SourcePos => "token",
        Axis::Head => "head",
        Axis::KeyValueHead => "key and value head",
        Axis::DHead => "neuron per head",
        Axis::DModel => "neuron of the stream",
        Axis::DMlp => "neuron of the MLP",
        Axis::DEmbed => "neuron of the embeddings",
    }
}
