//! Patterns and scores that a file does not hold, made from its queries and keys as a run makes them.
//!
//! What edits did between the projection and the pattern is not in q and k, so a file with edits must hold the pattern
//! itself.

use std::ops::Range;
use std::sync::Arc;

use super::{SourceError, Stored};
use crate::analysis::attention::{AttnLayer, Keys, NotFinite, SquarePart, Tap, pattern, queries};
use crate::analysis::source::widened;
use crate::kernels::finite::first_not_finite;
use crate::trace::{Attn, BlockSite, Hook, Spec};

/// One layer's queries and keys, ready for the product.
#[derive(Debug)]
pub(super) struct Made {
    spec: Spec,
    attn: Attn,
    n_key: usize,
    queries: Vec<f32>,
    keys: Keys,
}

impl Made {
    /// Of what a file holds of a layer.
    ///
    /// # Errors
    /// When something is missing, or not here yet.
    pub fn of(stored: &Stored, layer: usize) -> Result<Self, SourceError> {
        let spec = spec_of(stored)?.clone();
        let is_own = stored.read.attn == Attn::Own;
        if is_own && spec.relative_bias.is_some() {
            let reason = "the model adds a learned bias to its scores, which the file does not hold".to_owned();
            return Err(SourceError::Missing { what: "pattern and scores", reason });
        }
        if is_own && spec.disentangled.is_some() {
            let reason =
                "the model adds products with its positions to its scores, which the file does not hold".to_owned();
            return Err(SourceError::Missing { what: "pattern and scores", reason });
        }
        let (q, mut tap) = FromFile::of(stored, layer, BlockSite::Q, BlockSite::RotQ)?;
        let n_query = stored.sizes.n_query;
        let attention = attn_of(stored.read.attn, &spec, layer);
        let queries = queries(&attention, 0..n_query, n_query, &q, &mut tap).map_err(too_large)?;
        let (k, mut tap) = FromFile::of(stored, layer, BlockSite::K, BlockSite::RotK)?;
        let keys = Keys::new(&attention, &k, &mut tap).map_err(too_large)?;
        Ok(Self { spec, attn: stored.read.attn, n_key: stored.sizes.n_key, queries, keys })
    }

    /// Whether a score may be beyond f32: it is at most ‖q‖ ‖k‖, and so is every sum on the way to it.
    pub fn may_overflow(&self, layer: usize) -> bool {
        let largest = |values: &[f32]| {
            let square = |head: &[f32]| head.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
            values.chunks_exact(self.spec.d_head).map(square).fold(0.0, f64::max).sqrt()
        };
        let keys = (0..self.spec.n_key_value_heads).map(|head| largest(&self.keys.head(head))).fold(0.0, f64::max);
        let scale = f64::from(self.spec.attn_scale_of(layer)).abs().max(1.0);
        largest(&self.queries) * keys * scale > f64::from(f32::MAX) / 16.0
    }

    /// Rows of a head's pattern, [rows.len(), n_key].
    pub fn pattern(&self, layer: usize, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        let (pattern, _) = self.through(layer, head, rows.clone())?;
        Ok(widened(pattern, rows.len(), self.n_key, 0.0))
    }

    /// Rows of a head's scores, [rows.len(), n_key].
    pub fn scores(&self, layer: usize, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError> {
        let (_, scores) = self.through(layer, head, rows.clone())?;
        Ok(widened(scores, rows.len(), self.n_key, f32::NEG_INFINITY))
    }

    /// Pattern and scores.
    fn through(&self, layer: usize, head: usize, rows: Range<usize>) -> Result<(Vec<f32>, Vec<f32>), SourceError> {
        if rows.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let width = self.spec.n_heads * self.spec.d_head;
        let queries = &self.queries[rows.start * width..rows.end * width];
        let mut tap = FromFile::default();
        let attention = attn_of(self.attn, &self.spec, layer);
        let pattern = pattern(&attention, head, rows, queries, &self.keys, &mut tap).map_err(too_large)?;
        Ok((pattern, tap.scores))
    }
}

/// The file's numbers are finite, what is made of them is not.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn too_large(found: NotFinite) -> SourceError {
    SourceError::Failed(format!("{found}: the file's queries or keys are too large to make a pattern of"))
}

/// A layer's attention without the weights that a file does not hold.
fn attn_of(attn: Attn, spec: &Spec, layer: usize) -> AttnLayer<'_> {
    AttnLayer { spec, layer, attn, q_norm: None, k_norm: None, sinks: None, relative_bias: None, positions: None }
}

/// Queries of all heads as they enter the product, [n_query, n_heads, d_head].
///
/// # Errors
/// When something is missing, or not here yet.
pub(super) fn queries_of(stored: &Stored, layer: usize) -> Result<Vec<f32>, SourceError> {
    if let Some(entering) = entering(stored, layer, BlockSite::Q, BlockSite::RotQ)? {
        return Ok(entering.to_vec());
    }
    let (q, mut tap) = FromFile::of(stored, layer, BlockSite::Q, BlockSite::RotQ)?;
    let n_query = stored.sizes.n_query;
    queries(&attn_of(stored.read.attn, spec_of(stored)?, layer), 0..n_query, n_query, &q, &mut tap).map_err(too_large)
}

/// Keys of all key heads as they enter the product, [n_key, n_key_value_heads, d_head].
///
/// # Errors
/// When something is missing, or not here yet.
pub(super) fn keys_of(stored: &Stored, layer: usize) -> Result<Vec<f32>, SourceError> {
    if let Some(entering) = entering(stored, layer, BlockSite::K, BlockSite::RotK)? {
        return Ok(entering.to_vec());
    }
    let (k, mut tap) = FromFile::of(stored, layer, BlockSite::K, BlockSite::RotK)?;
    let keys = Keys::new(&attn_of(stored.read.attn, spec_of(stored)?, layer), &k, &mut tap).map_err(too_large)?;
    let (n_heads, d_head) = (stored.sizes.n_key_value_heads, stored.sizes.d_head);
    let heads: Vec<Vec<f32>> = (0..n_heads).map(|head| keys.head(head)).collect();
    let row = |pos: usize| heads.iter().flat_map(move |head| head[pos * d_head..][..d_head].iter().copied());
    Ok((0..stored.sizes.n_key).flat_map(row).collect())
}

/// What the file itself says enters the product: the rotated activation, or the projected one where nothing changes it.
fn entering(
    stored: &Stored,
    layer: usize,
    projected: BlockSite,
    rotated: BlockSite,
) -> Result<Option<Arc<[f32]>>, SourceError> {
    let is_changed = stored
        .read
        .spec(&stored.trace)
        .is_some_and(|spec| stored.read.attn == Attn::Own && rotated.exists_at(spec, layer));
    match (stored.has(layer, rotated), is_changed) {
        (true, _) => stored.whole(layer, rotated, "rotated queries and keys").map(Some),
        (false, false) => stored.whole(layer, projected, "queries and keys").map(Some),
        (false, true) => Ok(None),
    }
}

/// The model's structure, needed wherever something is made anew.
fn spec_of(stored: &Stored) -> Result<&Spec, SourceError> {
    let metadata = &stored.trace.metadata;
    let missing = |reason: &str| SourceError::Missing { what: "pattern and scores", reason: reason.to_owned() };
    if metadata.row_sums.is_some() {
        return Err(missing("the model’s attention sinks take part in the softmax, and the file does not hold them"));
    }
    if !metadata.edits.is_empty() {
        return Err(missing("the file’s edits acted after the projection, and it does not hold what came out"));
    }
    stored
        .read
        .spec(&stored.trace)
        .ok_or_else(|| missing("the file does not hold them, nor the model’s spec to make them with"))
}

/// Puts what the file holds in the place of what would be made, and keeps the scores that pass.
#[derive(Default)]
struct FromFile {
    /// The rotated activation, where the file holds it.
    rotated: Option<Arc<[f32]>>,
    scores: Vec<f32>,
}

impl FromFile {
    /// What to start from, and the tap for it.
    fn of(
        stored: &Stored,
        layer: usize,
        projected: BlockSite,
        rotated: BlockSite,
    ) -> Result<(Arc<[f32]>, Self), SourceError> {
        let what = "queries and keys";
        if stored.has(layer, rotated) {
            let rotated = stored.whole(layer, rotated, what)?;
            return Ok((Arc::clone(&rotated), Self { rotated: Some(rotated), ..Self::default() }));
        }
        if stored.read.spec(&stored.trace).is_some_and(|spec| stored.read.attn == Attn::Own && spec.qk_norm.is_some()) {
            let reason = format!("the model normalises them, and the file does not hold {}", rotated.name());
            return Err(SourceError::Missing { what, reason });
        }
        Ok((stored.whole(layer, projected, what)?, Self::default()))
    }
}

impl Tap for FromFile {
    type Error = NotFinite;

    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), NotFinite> {
        let is_rotated = matches!(hook, Hook::Block(_, BlockSite::RotQ | BlockSite::RotK));
        if let (true, Some(rotated)) = (is_rotated, &self.rotated) {
            let width = data.len().checked_div(rows.len()).unwrap_or(0);
            if let Some(stored) = rotated.get(rows.start * width..rows.end * width) {
                data.copy_from_slice(stored);
            }
        }
        match first_not_finite(data) {
            None => Ok(()),
            Some(index) => {
                let width = data.len() / rows.len();
                Err(NotFinite { hook, head: None, position: rows.start + index / width })
            }
        }
    }

    fn scores(&mut self, _: SquarePart, data: &mut [f32]) -> Result<(), NotFinite> {
        self.scores.extend_from_slice(data);
        Ok(())
    }

    fn pattern(&mut self, _: SquarePart, _: &[f32], _: &mut [f32]) -> Result<(), NotFinite> {
        Ok(())
    }
}
