//! A trace file as a source of attention: patterns as they are stored, or made from stored queries and keys.
//!
//! A source does no input or output. Where bytes are missing it answers [`SourceError::Wants`]; the holder of the file
//! hands them over with [`TraceSource::supply`] and asks again. The same code therefore serves a file on disk, a `Blob` in a
//! page, which can only be read asynchronously, and data inside an exported figure; and a file of any length is read one
//! head at a time.

mod inside;
mod lens;
mod made;
mod of_header;
mod parts;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::inside::InsideSource;
use super::source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError, check_rows, head_columns};
use crate::trace::file::{RowSums, Trace, TraceError};
use crate::trace::{Attn, AttnKind, BlockSite, Hook, Side, Spec, Stack, StackHook, Tokens};
use made::Made;
use of_header::{sizes_of, tokens_of, with_sink};
use parts::Parts;

/// An opened trace and the parts of it that have been read.
#[derive(Clone, Debug)]
pub struct TraceSource {
    trace: Arc<Trace>,
    read: AttentionRead,
    /// The tokens of the queries.
    tokens: Tokens,
    /// The tokens of the keys where they differ: the encoder's in cross-attention.
    key_tokens: Option<Tokens>,
    sizes: Sizes,
    parts: Arc<Parts>,
}

/// The attention of a file that is read: its only stack's, or that of one of two stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AttentionRead {
    /// The prefix of the file's hook names.
    stack: Option<Stack>,
    attn: Attn,
}

impl AttentionRead {
    /// The name of an activation of a layer; a site inside attention is given the name of this attention.
    fn name(self, layer: usize, site: BlockSite) -> String {
        let site = if self.attn == Attn::Cross { site.in_attn(Attn::Cross) } else { site };
        StackHook { stack: self.stack, hook: Hook::Block(layer, site) }.to_string()
    }

    /// The structure of the stack, where the file states it.
    fn spec(self, trace: &Trace) -> Option<&Spec> {
        trace.metadata.spec.as_ref().map(|spec| spec.of_stack(self.stack))
    }
}

impl TraceSource {
    /// Makes the source of a trace whose header was read: its only stack's, or its encoder's.
    pub fn new(trace: Trace) -> Self {
        let stack = trace.metadata.decoder_tokens.is_some().then_some(Stack::Encoder);
        Self::at(Arc::new(trace), AttentionRead { stack, attn: Attn::Own })
    }

    /// Every attention that a trace may hold: the three of an encoder-decoder model, or one, where the file holds one stack.
    /// That stack may be one of two: an encoder without a decoder, or a decoder of whose source nothing is known.
    /// [`TraceSource::is_held`] says which of them can be drawn.
    pub fn all(trace: &Arc<Trace>) -> Vec<(AttnKind, TraceSource)> {
        let at = |stack: Option<Stack>, attn: Attn| Self::at(Arc::clone(trace), AttentionRead { stack, attn });
        let only = |stack: Option<Stack>| vec![(AttnKind::ONLY, at(stack, Attn::Own))];
        let is_encoders = |name: &String| matches!(name.parse(), Ok(StackHook { stack: Some(Stack::Encoder), .. }));
        match (&trace.metadata.decoder_tokens, trace.metadata.tokens.is_empty()) {
            (None, _) => only(trace.tensors.keys().any(is_encoders).then_some(Stack::Encoder)),
            (Some(_), true) => only(Some(Stack::Decoder)),
            (Some(_), false) => AttnKind::THREE.map(|kind| (kind, at(kind.stack, kind.attn))).into(),
        }
    }

    /// Whether patterns of a layer are computed from queries and keys so large that a score may be infinite. If not, every
    /// row is certain to be a distribution; if so, only computing the patterns tells.
    ///
    /// # Errors
    /// When bytes are required first, or queries and keys are not finite as they enter the product.
    pub fn may_overflow(&self, layer: usize) -> Result<bool, SourceError> {
        let stored = self.stored();
        if layer >= self.sizes.n_layers || stored.has(layer, BlockSite::Pattern) {
            return Ok(false);
        }
        match Made::of(&stored, layer) {
            Ok(made) => Ok(made.may_overflow(layer)),
            // Nothing is made where something is missing.
            Err(SourceError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the file holds this attention for any layer.
    pub fn is_held(&self) -> bool {
        self.missing_layers().len() < self.sizes.n_layers
    }

    /// Makes the source of one attention of an encoder-decoder model's trace.
    pub fn of(trace: Trace, stack: Stack, attn: Attn) -> Self {
        Self::at(Arc::new(trace), AttentionRead { stack: Some(stack), attn })
    }

    fn at(trace: Arc<Trace>, read: AttentionRead) -> Self {
        let source = || tokens_of(&trace, trace.metadata.tokens.clone(), trace.metadata.segments.clone());
        let target = || trace.metadata.decoder_tokens.clone().map(|tokens| tokens_of(&trace, tokens, Vec::new()));
        let (tokens, mut key_tokens) = match (read.stack, read.attn, target()) {
            (Some(Stack::Decoder), Attn::Cross, Some(target)) => (target, Some(source())),
            (Some(Stack::Decoder), Attn::Own, Some(target)) => (target, None),
            _ => (source(), None),
        };
        let has_sink = trace.metadata.row_sums == Some(RowSums::Sinks);
        if has_sink {
            key_tokens = Some(with_sink(key_tokens.unwrap_or_else(|| tokens.clone())));
        }
        let n_key = key_tokens.as_ref().map_or(tokens.len(), Tokens::len);
        let sizes = Sizes { has_sink, ..sizes_of(&trace, read, tokens.len(), n_key) };
        Self { trace, read, tokens, key_tokens, sizes, parts: Arc::default() }
    }

    /// The file's metadata.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The layers for which the file holds neither patterns nor what they could be computed from.
    pub fn missing_layers(&self) -> BTreeSet<usize> {
        let stored = self.stored();
        let has_any = |layer: usize, sites: [BlockSite; 2]| sites.into_iter().any(|site| stored.has(layer, site));
        let is_here = |layer: &usize| {
            stored.has(*layer, BlockSite::Pattern)
                || has_any(*layer, [BlockSite::Q, BlockSite::RotQ]) && has_any(*layer, [BlockSite::K, BlockSite::RotK])
        };
        (0..self.sizes.n_layers).filter(|layer| !is_here(layer)).collect()
    }

    /// The byte range of the token ids, where the file holds them. Supply it first, or tokens are shown by number.
    pub fn ids_bytes(&self) -> Vec<Range<u64>> {
        let source = self.trace.bytes_of("input_ids", 0..self.trace.n_tokens());
        let n_target = self.trace.metadata.decoder_tokens.as_ref().map(Vec::len);
        let target = n_target.map(|n_target| self.trace.bytes_of("decoder_input_ids", 0..n_target));
        [Some(source), target].into_iter().flatten().flatten().collect()
    }

    /// Takes bytes that were required.
    ///
    /// # Errors
    /// When they are not what the header promises: NaN, or rows of a pattern that do not sum to one.
    pub fn supply(&mut self, range: Range<u64>, bytes: &[u8]) -> Result<(), TraceError> {
        let holds = |offset: u64, len: u64| range.start >= offset && range.end <= offset + len && len > 0;
        let found = self.trace.tensors.iter().find(|(_, tensor)| holds(tensor.offset, tensor.len));
        let Some((name, tensor)) = found else { return Ok(()) };
        let named_stack = match name.as_str() {
            "input_ids" => Some(Stack::Encoder),
            "decoder_input_ids" => Some(Stack::Decoder),
            _ => None,
        };
        if let Some(stack) = named_stack {
            let ids = self.trace.decode_ids(name, bytes)?;
            let reads = |side: Side| {
                let kind = AttnKind { stack: self.read.stack, attn: self.read.attn };
                kind.reads(side).unwrap_or(Stack::Encoder) == stack
            };
            let (of_queries, of_keys) = (reads(Side::Query), reads(Side::Key));
            if let (true, Some(keys)) = (of_keys, &mut self.key_tokens) {
                keys.ids.iter_mut().zip(&ids).for_each(|(known, id)| *known = *id);
            }
            if of_queries {
                self.tokens.ids = ids;
            }
            return Ok(());
        }
        let row_bytes = tensor.len / tensor.shape.first().copied().unwrap_or(1).max(1) as u64;
        let first_row = (range.start - tensor.offset) / row_bytes.max(1);
        let values = match tensor.element.is_float() {
            true => self.trace.decode_from(name, first_row as usize, bytes)?.into(),
            // Ids of tokens, which f32 holds exactly.
            false => self.trace.decode_ids(name, bytes)?.into_iter().map(|id| id as f32).collect(),
        };
        Arc::make_mut(&mut self.parts).insert(name.clone(), first_row as usize, values);
        Ok(())
    }

    /// Refuses a question that has no answer for an attention sink.
    fn without_sink(&self, what: &'static str) -> Result<(), SourceError> {
        let reason = || "an attention sink takes weight and has neither key, value nor score in the file".to_owned();
        if self.sizes.has_sink { Err(SourceError::Missing { what, reason: reason() }) } else { Ok(()) }
    }

    fn stored(&self) -> Stored {
        let (trace, parts) = (Arc::clone(&self.trace), Arc::clone(&self.parts));
        Stored { trace, read: self.read, parts, sizes: self.sizes }
    }
}

impl AttentionSource for TraceSource {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn tokens(&self, side: Side) -> &Tokens {
        self.key_tokens.as_ref().filter(|_| side == Side::Key).unwrap_or(&self.tokens)
    }

    fn spec(&self) -> Option<&Spec> {
        self.read.spec(&self.trace)
    }

    fn attn(&self) -> Attn {
        self.read.attn
    }

    fn layer_source(&self, layer: usize) -> Result<Box<dyn LayerSource>, SourceError> {
        let n_layers = self.sizes.n_layers;
        if layer >= n_layers {
            let message = format!("layer {layer} is not there: {n_layers} layers, counted from 0");
            return Err(SourceError::NoSuch(message));
        }
        Ok(Box::new(StoredLayer { stored: self.stored(), layer, made: OnceCell::new() }))
    }

    fn queries(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        let stored = self.stored();
        let queries = match rotation {
            Rotation::Before => stored.whole(layer, BlockSite::Q, "queries")?.to_vec(),
            Rotation::After => made::queries_of(&stored, layer)?,
        };
        Ok(head_columns(&queries, self.sizes.n_heads, self.sizes.d_head, head))
    }

    fn keys(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        self.without_sink("keys")?;
        let stored = self.stored();
        let keys = match rotation {
            Rotation::Before => stored.whole(layer, BlockSite::K, "keys")?.to_vec(),
            Rotation::After => made::keys_of(&stored, layer)?,
        };
        Ok(head_columns(&keys, self.sizes.n_key_value_heads, self.sizes.d_head, self.sizes.key_head(head)))
    }

    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        self.without_sink("values")?;
        let values = self.stored().whole(layer, BlockSite::V, "values")?;
        Ok(head_columns(&values, self.sizes.n_key_value_heads, self.sizes.d_head, self.sizes.key_head(head)))
    }

    fn value_output_norms(&self, _layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        let reason = "they need the model’s W_O, which a trace does not hold".to_owned();
        Err(SourceError::Missing { what: "value norms", reason })
    }

    fn inside(&self) -> &dyn InsideSource {
        self
    }
}

/// The parts of a file that have been read.
#[derive(Clone, Debug)]
struct Stored {
    trace: Arc<Trace>,
    read: AttentionRead,
    parts: Arc<Parts>,
    sizes: Sizes,
}

impl Stored {
    fn has(&self, layer: usize, site: BlockSite) -> bool {
        // Sites that cross-attention has no counterpart of are the stack's own.
        let is_here = self.read.attn == Attn::Own || site.in_attn(Attn::Cross).is_cross();
        is_here && self.trace.tensors.contains_key(&self.read.name(layer, site))
    }

    /// Returns a whole activation.
    fn whole(&self, layer: usize, site: BlockSite, what: &'static str) -> Result<Arc<[f32]>, SourceError> {
        let name = self.read.name(layer, site);
        let n_rows = self.trace.tensors.get(&name).and_then(|tensor| tensor.shape.first().copied()).unwrap_or(0);
        self.rows(&name, 0..n_rows, what)
    }

    /// Numbers in each row of an activation; 0 where the file does not hold it.
    fn width(&self, layer: usize, site: BlockSite) -> u64 {
        let tensor = self.trace.tensors.get(&self.read.name(layer, site));
        tensor.map_or(0, |tensor| tensor.shape.iter().skip(1).map(|length| *length as u64).product())
    }

    /// Returns rows along the first axis, or says which bytes they require.
    fn rows(&self, name: &str, rows: Range<usize>, what: &'static str) -> Result<Arc<[f32]>, SourceError> {
        if let Some(values) = self.parts.get(name, rows.start) {
            return Ok(values);
        }
        match self.trace.bytes_of(name, rows) {
            Ok(bytes) => Err(SourceError::Wants(bytes)),
            Err(TraceError::Missing { .. }) => {
                Err(SourceError::Missing { what, reason: format!("the file holds no {name}") })
            }
            Err(error) => Err(SourceError::Failed(error.to_string())),
        }
    }

    /// Returns rows of one head of a [head, query_pos, key_pos] activation.
    fn square(&self, layer: usize, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        let what = if site == BlockSite::Pattern { "pattern" } else { "scores" };
        let all = self.rows(&self.read.name(layer, site), head..head + 1, what)?;
        let n_key = self.sizes.n_key - usize::from(self.sizes.has_sink);
        let stored = all.get(rows.start * n_key..rows.end * n_key).ok_or_else(|| {
            SourceError::Failed(format!("the {what} of layer {layer}, head {head} ends before query {}", rows.end))
        })?;
        if !self.sizes.has_sink {
            return Ok(stored.to_vec());
        }
        let with_rest = |row: &[f32]| {
            let rest = 1.0 - row.iter().map(|weight| f64::from(*weight)).sum::<f64>();
            row.iter().copied().chain([rest.max(0.0) as f32]).collect::<Vec<_>>()
        };
        Ok(stored.chunks_exact(n_key).flat_map(with_rest).collect())
    }
}

/// One layer of a trace.
struct StoredLayer {
    stored: Stored,
    layer: usize,
    /// Queries and keys ready for the product, computed at the first use.
    made: OnceCell<Result<Made, SourceError>>,
}

impl StoredLayer {
    fn made(&self) -> Result<&Made, SourceError> {
        self.made.get_or_init(|| Made::of(&self.stored, self.layer)).as_ref().map_err(Clone::clone)
    }
}

impl LayerSource for StoredLayer {
    fn pattern(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.stored.sizes, head, &rows)?;
        if self.stored.has(self.layer, BlockSite::Pattern) {
            return self.stored.square(self.layer, BlockSite::Pattern, head, rows);
        }
        self.made()?.pattern(self.layer, head, rows)
    }

    fn scores(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.stored.sizes, head, &rows)?;
        if self.stored.sizes.has_sink {
            let reason = "the file does not hold the score of its attention sink".to_owned();
            return Err(SourceError::Missing { what: "scores", reason });
        }
        if self.stored.has(self.layer, BlockSite::AttnScores) {
            return self.stored.square(self.layer, BlockSite::AttnScores, head, rows);
        }
        self.made()?.scores(self.layer, head, rows)
    }

    fn score_part(&self, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.stored.sizes, head, &rows)?;
        if self.stored.has(self.layer, site) {
            return self.stored.square(self.layer, site, head, rows);
        }
        let reason = format!("the file does not hold {}", site.name());
        Err(SourceError::Missing { what: "parts of the scores", reason })
    }
}
