//! Whether the sizes in a trace agree: with each other, with the tokens, with the model's structure where it is given.
//!
//! All relations that views rely on are checked here, once, from the header alone. An axis has one length in a whole stack,
//! or in one of its attentions where it is an axis of heads; the first tensor (or the metadata) that gives it is remembered,
//! so that a message can name both sides. The only stack of a file without two counts as the encoder: both read `tokens`.

use std::collections::BTreeMap;

use super::{Element, MAX_TOKENS, TraceError, TraceMetadata, TraceTensor, lens};
use crate::trace::shorten::dims;
use crate::trace::spec::MAX_DEPTH;
use crate::trace::{Attn, Axis, Hook, Spec, Stack, StackHook};

/// The most neurons of all heads of a layer together, as of a structure.
const MAX_WIDTH: usize = 1 << 20;

/// Which lengths must be equal: a stack, one of its attentions, an axis.
type MeasuredAxis = (Stack, Attn, Axis);

/// Lengths seen so far.
pub(super) struct Shapes<'a> {
    file: &'a str,
    spec: Option<&'a Spec>,
    /// Where, the length, who said so.
    lengths: Vec<(MeasuredAxis, usize, String)>,
    /// The first tensor named as one of the only stack, and as one of two.
    of_one: Option<String>,
    of_two: Option<String>,
}

impl<'a> Shapes<'a> {
    /// Starts with what the metadata say.
    pub(super) fn new(file: &'a str, metadata: Option<&'a TraceMetadata>) -> Result<Self, TraceError> {
        let spec = metadata.and_then(|metadata| metadata.spec.as_ref());
        let mut shapes = Shapes { file, spec, lengths: Vec::new(), of_one: None, of_two: None };
        if let Some(spec) = spec {
            spec.check().map_err(|fault| {
                shapes.mismatch(&format!("the metadata's spec, {}", fault.field), fault.expected, fault.found)
            })?;
            use Axis::{Chosen, DEmbed, DHead, DMlp, DModel, Expert, Head, KeyValueHead};
            let axes = [Head, KeyValueHead, DHead, DModel, DMlp, DEmbed, Expert, Chosen];
            for (stack, attn) in
                [(Stack::Encoder, Attn::Own), (Stack::Decoder, Attn::Own), (Stack::Decoder, Attn::Cross)]
            {
                let spec = spec.stack(stack);
                let said =
                    |axis: Axis| ((stack, attn, axis), axis.len(spec, 0_usize), "the metadata's spec".to_owned());
                shapes.lengths.extend(axes.map(said));
            }
        }
        if let Some(metadata) = metadata {
            shapes.length("the metadata's tokens", (Stack::Encoder, Attn::Own, Axis::Pos), metadata.tokens.len())?;
            shapes.segments(&metadata.segments, metadata.tokens.len())?;
            if let Some(tokens) = &metadata.decoder_tokens {
                let place = (Stack::Decoder, Attn::Own, Axis::Pos);
                shapes.length("the metadata's decoder_tokens", place, tokens.len())?;
            }
        }
        Ok(shapes)
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
        let spec = self.spec.map(|spec| spec.of_stack(stack));
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
        let attn = match hook {
            Hook::Block(_, site) if site.is_cross() => Attn::Cross,
            _ => Attn::Own,
        };
        if attn == Attn::Cross && stack != Some(Stack::Decoder) {
            let expected = "decoder.l. before it: only a decoder of two stacks reads another stack";
            return Err(self.mismatch(name, expected.to_owned(), "another beginning".to_owned()));
        }
        let first = if stack.is_some() { &mut self.of_two } else { &mut self.of_one };
        first.get_or_insert_with(|| name.to_owned());
        for (&axis, &length) in hook.axes().iter().zip(shape) {
            self.length(name, (stack.unwrap_or(Stack::Encoder), attn, axis), length)?;
        }
        Ok(())
    }

    /// Checks what only all tensors together say: one stack or two, and the heads of each attention.
    pub(super) fn agree_together(&self) -> Result<(), TraceError> {
        let n_target = self.n_tokens(Stack::Decoder);
        if let (Some(one), Some(two)) = (&self.of_one, &self.of_two) {
            return Err(self.mismatch(two, format!("one stack, as {one} says"), "the name of one of two".to_owned()));
        }
        if let (Some(one), Some(_)) = (&self.of_one, n_target) {
            let expected = "encoder. or decoder. before it, since the metadata have decoder_tokens".to_owned();
            return Err(self.mismatch(one, expected, "the name of a hook of the only stack".to_owned()));
        }
        if let Some(spec) = self.spec {
            match (&spec.encoder, &self.of_one, n_target) {
                (None, _, Some(_)) => {
                    let expected = "an encoder, since the file has a decoder".to_owned();
                    return Err(self.mismatch("the metadata's spec", expected, "one stack".to_owned()));
                }
                (Some(_), Some(one), _) => {
                    let expected = format!("one stack, as {one} says");
                    return Err(self.mismatch("the metadata's spec", expected, "an encoder beside it".to_owned()));
                }
                _ => {}
            }
        }
        for (place, n_key_value_heads, said) in &self.lengths {
            let &(stack, attn, Axis::KeyValueHead) = place else { continue };
            if let Some((n_heads, also)) = self.said((stack, attn, Axis::Head))
                && !n_heads.is_multiple_of(*n_key_value_heads)
            {
                let expected = format!("key and value heads that divide the {n_heads} heads of {also}");
                return Err(self.mismatch(said, expected, n_key_value_heads.to_string()));
            }
        }
        for (place, d_head, said) in &self.lengths {
            let &(stack, attn, Axis::DHead) = place else { continue };
            let n_heads = self.said((stack, attn, Axis::Head)).map_or(1, |(n_heads, _)| n_heads);
            if n_heads.saturating_mul(*d_head) > MAX_WIDTH {
                let expected = format!("at most {MAX_WIDTH} neurons in all heads of a layer");
                return Err(self.mismatch(said, expected, format!("{n_heads} × {d_head}")));
            }
        }
        Ok(())
    }

    /// How many positions a stack of the file has.
    pub(super) fn n_tokens(&self, stack: Stack) -> Option<usize> {
        self.said((stack, Attn::Own, Axis::Pos)).map(|(length, _)| length)
    }

    /// Checks the tensors other than hooks: ids and logits.
    pub(super) fn agree_logits(
        &self,
        tensors: &BTreeMap<String, TraceTensor>,
        n_tokens: usize,
        n_decoder_tokens: Option<usize>,
    ) -> Result<(), TraceError> {
        let first = |name: &str| tensors.get(name).and_then(|tensor| tensor.shape.first().copied());
        let n_source = if n_decoder_tokens.is_some() && n_tokens == 0 { None } else { Some(n_tokens) };
        for (ids, n_tokens) in [("input_ids", n_source), ("decoder_input_ids", n_decoder_tokens)] {
            if let (Some(found), Some(n_tokens)) = (first(ids), n_tokens)
                && found != n_tokens
            {
                return Err(self.mismatch(ids, format!("[{n_tokens}], one per token"), dims(&[found])));
            }
        }
        let (n_rows, why) = match first("logit_positions") {
            Some(n_positions) => (n_positions, "as logit_positions has"),
            None => (n_decoder_tokens.unwrap_or(n_tokens), "one per token, since there are no logit_positions"),
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

    /// Checks the stream's table: all of it or nothing, a row for each layer and the output, a column for each position.
    pub(super) fn agree_lens(
        &self,
        tensors: &BTreeMap<String, TraceTensor>,
        n_written: usize,
    ) -> Result<(), TraceError> {
        let Some(ids) = tensors.get(lens::TOP_IDS) else {
            return match tensors.keys().find(|name| name.starts_with("lens.")) {
                Some(name) => Err(self.mismatch(name, format!("{} beside it", lens::TOP_IDS), "none".to_owned())),
                None => Ok(()),
            };
        };
        let n_rows = self.spec.map(|spec| spec.n_layers + 1).or(ids.shape.first().copied()).unwrap_or(0);
        let n_top = ids.shape.last().copied().unwrap_or(0);
        for (name, expected) in [
            (lens::TOP_IDS, vec![n_rows, n_written, n_top]),
            (lens::TOP_PROBS, vec![n_rows, n_written, n_top]),
            (lens::ENTROPY, vec![n_rows, n_written]),
            (lens::KL, vec![n_rows, n_written]),
        ] {
            let found = tensors.get(name).map(|tensor| tensor.shape.as_slice()).unwrap_or_default();
            if found != expected {
                return Err(self.mismatch(name, dims(&expected), dims(found)));
            }
        }
        Ok(())
    }

    /// The length noted for a place, and who gave it.
    fn said(&self, place: MeasuredAxis) -> Option<(usize, &str)> {
        let found = self.lengths.iter().find(|(known, _, _)| *known == place);
        found.map(|(_, length, said)| (*length, said.as_str()))
    }

    /// Notes the length of an axis, or compares it with the one noted.
    fn length(&mut self, name: &str, (stack, attn, axis): MeasuredAxis, found: usize) -> Result<(), TraceError> {
        let place = match axis {
            Axis::QueryPos | Axis::KeyPos => (stack, Attn::Own, Axis::Pos),
            Axis::SourcePos => (Stack::Encoder, Attn::Own, Axis::Pos),
            Axis::Head | Axis::KeyValueHead | Axis::DHead => (stack, attn, axis),
            other => (stack, Attn::Own, other),
        };
        if place.2 == Axis::Pos && found > MAX_TOKENS {
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
        match self.said(place) {
            Some((expected, said)) if expected != found => {
                let expected = format!("{expected} × {}, as in {said}", unit(axis));
                Err(self.mismatch(name, expected, format!("{found}")))
            }
            Some(_) => Ok(()),
            None => {
                self.lengths.push((place, found, name.to_owned()));
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

fn unit(axis: Axis) -> &'static str {
    match axis {
        Axis::Pos | Axis::QueryPos | Axis::KeyPos | Axis::SourcePos => "token",
        Axis::Head => "head",
        Axis::KeyValueHead => "key and value head",
        Axis::DHead => "neuron per head",
        Axis::DModel => "neuron of the stream",
        Axis::DMlp => "neuron of the MLP",
        Axis::DEmbed => "neuron of the embeddings",
        Axis::Expert => "expert",
        Axis::Chosen => "expert per token",
    }
}
