//! Patterns and scores of a run, made when they are asked for: from what the run keeps, through its edits.

use std::ops::Range;
use std::sync::Arc;

use super::edits::CompiledEdits;
use super::error::EngineError;
use super::hooks::{Captures, Hooks, ScoresToo};
use super::model::Model;
use super::run::{CrossRun, Run};
use crate::analysis::attention::{Keys, Tap, pattern, queries};
use crate::analysis::source::widened;
use crate::trace::{Attn, BlockSite, Hook};

/// The attention of one layer of a run, with queries and keys ready for the product. It borrows nothing of the run, so that a
/// caller can pause between heads.
pub struct LayerAttention {
    model: Arc<Model>,
    edits: CompiledEdits,
    layer: usize,
    attn: Attn,
    n_pos: usize,
    keys: Keys,
    queries: Vec<f32>,
}

impl LayerAttention {
    /// Pattern of one head, [query_pos, key_pos].
    ///
    /// # Errors
    /// When the head does not exist.
    pub fn pattern(&self, head: usize) -> Result<Vec<f32>, EngineError> {
        self.pattern_rows(head, 0..self.n_pos)
    }

    /// Some rows of the pattern of one head, [rows.len(), key_pos].
    ///
    /// # Errors
    /// When the head or a row does not exist.
    pub fn pattern_rows(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let pattern = self.part(head, &rows, |hooks| self.through(head, rows.clone(), hooks))?;
        Ok(widened(pattern, rows.len(), self.n_key(), 0.0))
    }

    /// Some rows of the scores of one head, [rows.len(), key_pos], −∞ where masked.
    ///
    /// # Errors
    /// When the head or a row does not exist.
    pub fn score_rows(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, EngineError> {
        self.rows_of(BlockSite::AttnScores, head, rows)
    }

    /// The numbers of one head at a site of queries and keys, [query_pos, key_pos].
    ///
    /// # Errors
    /// When the head does not exist.
    pub fn square(&self, site: BlockSite, head: usize) -> Result<Vec<f32>, EngineError> {
        match site.in_attn(Attn::Own) {
            BlockSite::Pattern => self.pattern(head),
            site => self.rows_of(site, head, 0..self.n_pos),
        }
    }

    /// Some rows of the scores of one head or of a part of them.
    ///
    /// # Errors
    /// When the head, a row or the part does not exist.
    pub fn rows_of(&self, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, EngineError> {
        if !site.exists_at(self.model.spec(), self.layer) {
            let architecture = &self.model.spec().architecture;
            return Err(EngineError::Request(format!("{architecture} has no {} here", site.name())));
        }
        let scores = self.part(head, &rows, |hooks| {
            let mut tap = ScoresToo { hooks, site, scores: Vec::new() };
            self.through(head, rows.clone(), &mut tap)?;
            Ok(tap.scores)
        })?;
        Ok(widened(scores, rows.len(), self.n_key(), f32::NEG_INFINITY))
    }

    fn part(
        &self,
        head: usize,
        rows: &Range<usize>,
        make: impl FnOnce(&mut Hooks<'_>) -> Result<Vec<f32>, EngineError>,
    ) -> Result<Vec<f32>, EngineError> {
        let n_heads = self.model.spec().n_heads;
        if head >= n_heads {
            let message = format!("head {head} is not there: {n_heads} heads, counted from 0");
            return Err(EngineError::Request(message));
        }
        if rows.start >= rows.end || rows.end > self.n_pos {
            let message = format!("queries {rows:?} are not there: {} tokens", self.n_pos);
            return Err(EngineError::Request(message));
        }
        let mut captures = Captures::none();
        make(&mut Hooks { n_pos: self.n_pos, edits: &self.edits, captures: &mut captures })
    }

    fn through<T: Tap<Error = EngineError>>(
        &self,
        head: usize,
        rows: Range<usize>,
        tap: &mut T,
    ) -> Result<Vec<f32>, EngineError> {
        let attention = self.model.attn_layer(self.layer, self.attn);
        let width = attention.spec.n_heads * attention.spec.d_head;
        let queries = &self.queries[rows.start * width..rows.end * width];
        pattern(&attention, head, rows, queries, &self.keys, tap)
    }

    /// The number of keys in each row of a pattern: tokens of the stack, or in cross-attention the encoder's.
    pub fn n_key(&self) -> usize {
        self.keys.n_pos()
    }
}

impl Run {
    /// The attention of a layer that is done: queries and keys are rotated and packed once for all its heads.
    ///
    /// # Errors
    /// When there is no such layer.
    pub fn attention(&self, layer: usize) -> Result<LayerAttention, EngineError> {
        let kept = self.layer(layer)?;
        self.attention_of(layer, Attn::Own, &kept.q, &kept.k)
    }

    /// A decoder's attention to its encoder, prepared in the same way.
    ///
    /// # Errors
    /// When there is no such layer, or the model has no encoder.
    pub fn cross_attention(&self, layer: usize) -> Result<LayerAttention, EngineError> {
        let kept = self.cross(layer)?;
        self.attention_of(layer, Attn::Cross, &kept.q, &kept.k)
    }

    pub(super) fn cross(&self, layer: usize) -> Result<&CrossRun, EngineError> {
        let missing = || {
            let architecture = &self.model().spec().architecture;
            EngineError::Request(format!("{architecture} has no cross-attention here"))
        };
        self.layer(layer)?.cross.as_ref().ok_or_else(missing)
    }

    fn attention_of(&self, layer: usize, attn: Attn, q: &[f32], k: &[f32]) -> Result<LayerAttention, EngineError> {
        let (model, n_pos) = (Arc::clone(self.model()), self.tokens().len());
        let mut captures = Captures::none();
        let mut hooks = Hooks { n_pos, edits: &self.edits, captures: &mut captures };
        let attention = model.attn_layer(layer, attn);
        let keys = Keys::new(&attention, k, &mut hooks)?;
        let queries = queries(&attention, 0..n_pos, n_pos, q, &mut hooks)?;
        Ok(LayerAttention { model, edits: self.edits.clone(), layer, attn, n_pos, keys, queries })
    }

    /// Any activation of the model, in the hook's shape: kept by every run, captured, or made now.
    ///
    /// # Errors
    /// When the model has no such hook, or it was not captured.
    pub fn activation(&self, hook: Hook) -> Result<Vec<f32>, EngineError> {
        match hook {
            Hook::Block(layer, BlockSite::ResidPre) => Ok(self.layer(layer)?.resid_pre.clone()),
            Hook::Block(layer, BlockSite::Q) => Ok(self.layer(layer)?.q.clone()),
            Hook::Block(layer, BlockSite::K) => Ok(self.layer(layer)?.k.clone()),
            Hook::Block(layer, BlockSite::V) => Ok(self.layer(layer)?.v.clone()),
            Hook::Block(layer, BlockSite::CrossQ) => Ok(self.cross(layer)?.q.clone()),
            Hook::Block(layer, BlockSite::CrossK) => Ok(self.cross(layer)?.k.clone()),
            Hook::Block(layer, BlockSite::CrossV) => Ok(self.cross(layer)?.v.clone()),
            Hook::Block(layer, site) if site.is_square() => {
                let attention = if site.is_cross() { self.cross_attention(layer)? } else { self.attention(layer)? };
                let heads = (0..self.model().spec().n_heads).map(|head| attention.square(site, head));
                Ok(heads.collect::<Result<Vec<_>, EngineError>>()?.concat())
            }
            Hook::LnFinal => Ok(self.final_stream().to_vec()),
            _ => {
                let captured = self.captured(hook).map(<[f32]>::to_vec);
                captured.ok_or_else(|| EngineError::Request(format!("{hook} was not captured in this run")))
            }
        }
    }

    /// Whether [`Run::activation`] gives this hook only when it was captured.
    pub fn must_capture(hook: Hook) -> bool {
        use BlockSite::*;
        match hook {
            Hook::Block(_, ResidPre | Q | K | V | CrossQ | CrossK | CrossV) | Hook::LnFinal => false,
            Hook::Block(_, site) => !site.is_square(),
            _ => true,
        }
    }
}
