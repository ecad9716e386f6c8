//! A trace file as a source of attention: patterns as they are stored, or made from stored queries and keys.
//!
//! It reads nothing by itself. Where bytes are not here yet it answers [`SourceError::Wants`]; whoever holds the file
//! brings them with [`TraceSource::supply`] and asks again. So the same code serves a file on disk, a `Blob` in a
//! page, which can only be read asynchronously, and data inside an exported figure; and a file of any length is read a
//! head at a time. Imports trace, and the attention maths.

mod made;
mod parts;

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use super::source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError, check_rows, head_columns};
use crate::trace::file::{Trace, TraceError};
use crate::trace::{BlockSite, Hook, Side, Spec, Tokens};
use made::Made;
use parts::Parts;

/// Names that tokenizers give to tokens of their own making; a trace does not say which tokens are such.
const SPECIAL: [&str; 9] = ["[CLS]", "[SEP]", "[PAD]", "[MASK]", "<s>", "</s>", "<pad>", "<bos>", "<eos>"];

/// An opened trace and what was read of it.
#[derive(Clone, Debug)]
pub struct TraceSource {
    trace: Arc<Trace>,
    tokens: Tokens,
    sizes: Sizes,
    parts: Arc<Parts>,
}

impl TraceSource {
    /// Of a trace whose header was read.
    pub fn new(trace: Trace) -> Self {
        let (sizes, tokens) = (sizes_of(&trace), tokens_of(&trace));
        Self { trace: Arc::new(trace), tokens, sizes, parts: Arc::default() }
    }

    /// What the file says of itself.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The bytes of the token ids, where the file holds them: bring them first, or tokens are numbered.
    pub fn ids_bytes(&self) -> Option<Range<u64>> {
        self.trace.bytes_of("input_ids", 0..self.tokens.len()).ok()
    }

    /// Brings bytes that were wanted.
    ///
    /// # Errors
    /// When they are not what the header promises: NaN, or rows of a pattern that do not sum to one.
    pub fn supply(&mut self, range: Range<u64>, bytes: &[u8]) -> Result<(), TraceError> {
        let holds = |offset: u64, len: u64| range.start >= offset && range.end <= offset + len && len > 0;
        let found = self.trace.tensors.iter().find(|(_, tensor)| holds(tensor.offset, tensor.len));
        let Some((name, tensor)) = found else { return Ok(()) };
        if name == "input_ids" {
            self.tokens.ids = self.trace.decode_ids(name, bytes)?;
            return Ok(());
        }
        let row_bytes = tensor.len / tensor.shape.first().copied().unwrap_or(1).max(1) as u64;
        let first_row = (range.start - tensor.offset) / row_bytes.max(1);
        let values = self.trace.decode(name, bytes)?.into();
        Arc::make_mut(&mut self.parts).insert(name.clone(), first_row as usize, values);
        Ok(())
    }

    fn stored(&self) -> Stored {
        Stored { trace: Arc::clone(&self.trace), parts: Arc::clone(&self.parts), sizes: self.sizes }
    }
}

impl AttentionSource for TraceSource {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn tokens(&self, _side: Side) -> &Tokens {
        &self.tokens
    }

    fn spec(&self) -> Option<&Spec> {
        self.trace.metadata.spec.as_ref()
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
        let stored = self.stored();
        let keys = match rotation {
            Rotation::Before => stored.whole(layer, BlockSite::K, "keys")?.to_vec(),
            Rotation::After => made::keys_of(&stored, layer)?,
        };
        Ok(head_columns(&keys, self.sizes.n_key_value_heads, self.sizes.d_head, self.sizes.key_head(head)))
    }

    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        let values = self.stored().whole(layer, BlockSite::V, "values")?;
        Ok(head_columns(&values, self.sizes.n_key_value_heads, self.sizes.d_head, self.sizes.key_head(head)))
    }

    fn value_output_norms(&self, _layer: usize, head: usize) -> Result<Vec<f32>, SourceError> {
        check_rows(&self.sizes, head, &(0..0))?;
        let reason = "a trace holds activations, and ‖f‖ needs the model's W_O".to_owned();
        Err(SourceError::Missing { what: "value norms", reason })
    }
}

/// What is here of a file.
#[derive(Clone, Debug)]
struct Stored {
    trace: Arc<Trace>,
    parts: Arc<Parts>,
    sizes: Sizes,
}

impl Stored {
    fn has(&self, layer: usize, site: BlockSite) -> bool {
        self.trace.tensors.contains_key(&Hook::Block(layer, site).to_string())
    }

    /// All of an activation.
    fn whole(&self, layer: usize, site: BlockSite, what: &'static str) -> Result<Arc<[f32]>, SourceError> {
        let name = Hook::Block(layer, site).to_string();
        let n_rows = self.trace.tensors.get(&name).and_then(|tensor| tensor.shape.first().copied()).unwrap_or(0);
        self.rows(&name, 0..n_rows, what)
    }

    /// Rows along the first axis: here, or wanted.
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

    /// Rows of one head of a [head, query_pos, key_pos] activation.
    fn square(&self, layer: usize, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        let what = if site == BlockSite::Pattern { "pattern" } else { "scores" };
        let all = self.rows(&Hook::Block(layer, site).to_string(), head..head + 1, what)?;
        let n_key = self.sizes.n_key;
        all.get(rows.start * n_key..rows.end * n_key).map(<[f32]>::to_vec).ok_or_else(|| {
            SourceError::Failed(format!("the {what} of layer {layer}, head {head} ends before query {}", rows.end))
        })
    }
}

/// One layer of a trace.
struct StoredLayer {
    stored: Stored,
    layer: usize,
    /// Queries and keys ready for the product, once somebody needs them.
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
        if self.stored.has(self.layer, BlockSite::AttnScores) {
            return self.stored.square(self.layer, BlockSite::AttnScores, head, rows);
        }
        self.made()?.scores(self.layer, head, rows)
    }
}

/// Sizes from the spec, or else from the shapes of what is there.
fn sizes_of(trace: &Trace) -> Sizes {
    let hooks = trace.tensors.iter().filter_map(|(name, tensor)| Some((name.parse::<Hook>().ok()?, &tensor.shape)));
    let (mut n_layers, mut n_heads, mut n_key_value_heads, mut d_head) = (0, 0, 0, 0);
    let n_tokens = trace.n_tokens();
    let (mut n_query, mut n_key) = (n_tokens, n_tokens);
    for (hook, shape) in hooks {
        let Hook::Block(layer, site) = hook else { continue };
        n_layers = n_layers.max(layer + 1);
        match (site, shape.as_slice()) {
            (BlockSite::Pattern | BlockSite::AttnScores, &[heads, queries, keys]) => {
                (n_heads, n_query, n_key) = (heads, queries, keys);
            }
            (BlockSite::Q | BlockSite::RotQ, &[_, heads, neurons]) => (n_heads, d_head) = (heads, neurons),
            (BlockSite::K | BlockSite::RotK | BlockSite::V, &[_, heads, neurons]) => {
                (n_key_value_heads, d_head) = (heads, neurons);
            }
            _ => {}
        }
    }
    if let Some(spec) = &trace.metadata.spec {
        (n_layers, n_heads, n_key_value_heads, d_head) =
            (spec.n_layers, spec.n_heads, spec.n_key_value_heads, spec.d_head);
    }
    let n_key_value_heads = if n_key_value_heads == 0 { n_heads } else { n_key_value_heads };
    Sizes { n_layers, n_heads, n_key_value_heads, d_head, n_query, n_key }
}

/// The tokens as the file names them, numbered until their ids are brought.
fn tokens_of(trace: &Trace) -> Tokens {
    let tokens = trace.metadata.tokens.clone();
    let is_special =
        |token: &String| SPECIAL.contains(&token.as_str()) || token.starts_with("<|") && token.ends_with("|>");
    Tokens {
        ids: (0..tokens.len() as u32).collect(),
        form: trace.metadata.token_form,
        offsets: vec![(0, 0); tokens.len()],
        special: tokens.iter().map(is_special).collect(),
        segments: trace.metadata.segments.clone(),
        type_ids: Vec::new(),
        tokens,
    }
}
