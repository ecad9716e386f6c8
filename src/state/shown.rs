//! The result that is on screen: a run, and the patterns of the layers that were looked at lately.
//!
//! Invariant: a result stays here until another one is complete; failures, cancelling and a stopped worker do not touch
//! it. Imports `protocol` and `trace`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::link::TracePlace;
use super::selection::Shape;
use crate::protocol::{Input, RequestId, RunId, RunInfo};
use crate::trace::Spec;
use crate::trace::display::TokenLabel;
use crate::trace::file::ModelName;

/// Patterns of every head of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPatterns {
    /// Which layer.
    pub layer: usize,
    /// Heads.
    pub n_heads: usize,
    /// Rows per head.
    pub n_query: usize,
    /// Columns per row.
    pub n_key: usize,
    /// Weights [head, query_pos, key_pos].
    pub values: Arc<[f32]>,
}

/// Most bytes of patterns that are kept; the newest layer is kept whatever its size.
const CACHE_BYTES: usize = 96 << 20;

/// The layers looked at lately, newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerCache {
    layers: VecDeque<Arc<LayerPatterns>>,
}

impl LayerCache {
    /// The patterns of a layer, if they are still here.
    pub fn get(&self, layer: usize) -> Option<Arc<LayerPatterns>> {
        self.layers.iter().find(|patterns| patterns.layer == layer).cloned()
    }

    /// Keeps a layer and lets the oldest ones go.
    pub fn insert(&mut self, patterns: LayerPatterns) {
        self.layers.retain(|kept| kept.layer != patterns.layer);
        self.layers.push_back(Arc::new(patterns));
        while self.layers.len() > 1 && self.bytes() > CACHE_BYTES {
            self.layers.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.layers.iter().map(|patterns| patterns.values.len() * size_of::<f32>()).sum()
    }
}

/// Where a result comes from: what captions, traces and links say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Which weights; an empty name where a file does not say.
    pub model: ModelName,
    /// Whether a BOS token stands in front; none where the model has no such token, or nothing is known of it.
    pub has_bos: Option<bool>,
    /// The trace that it was read from; none for runs, and for the example that ships with the page.
    pub trace: Option<TracePlace>,
    /// The edits that the trace names.
    pub edits: Vec<Value>,
}

/// Who holds a result that is compared with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// A worker of its own, under this name.
    Run(RunId),
    /// A trace of its own.
    Trace,
}

/// A result on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The request it answered: another result has another one.
    pub request: RequestId,
    /// What was asked for, to be run again in a restarted worker.
    pub input: Input,
    /// The model's name with its quantisation.
    pub model_name: String,
    /// The model's structure.
    pub spec: Spec,
    /// What came out.
    pub info: RunInfo,
    /// Where it comes from.
    pub origin: Origin,
    /// What is shown of each token.
    pub labels: Arc<[TokenLabel]>,
    /// Its name in the worker, as long as the worker that ran it lives.
    pub live_run: Option<RunId>,
    /// Whether it is of a trace that the page holds and answers for.
    pub is_trace: bool,
    /// Where it is held, if it is not where the result that it is compared with is.
    pub second: Option<Second>,
    /// What is known of its patterns.
    pub layers: LayerCache,
    /// The layer drawn: the selected one as soon as its patterns are here, the one before until then.
    pub drawn: Option<Arc<LayerPatterns>>,
}

impl Shown {
    /// Whether somebody answers questions about it.
    pub fn answers(&self) -> bool {
        self.is_trace || self.live_run.is_some() || self.second.is_some()
    }

    /// The sizes that a selection must fit.
    pub fn shape(&self) -> Shape {
        let n_tokens = self.info.tokens.len();
        Shape {
            n_layers: self.spec.n_layers,
            n_heads: self.spec.n_heads,
            d_head: self.spec.d_head,
            n_query: n_tokens,
            n_key: n_tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(layer: usize, n_tokens: usize) -> LayerPatterns {
        let values = vec![0.0; n_tokens * n_tokens].into();
        LayerPatterns { layer, n_heads: 1, n_query: n_tokens, n_key: n_tokens, values }
    }

    #[test]
    fn keeps_recent_layers_within_its_budget_and_always_the_newest() {
        let mut cache = LayerCache::default();
        // 36 MB each: two fit.
        for layer in 0..4 {
            cache.insert(patterns(layer, 3_000));
        }
        let kept: Vec<bool> = (0..4).map(|layer| cache.get(layer).is_some()).collect();
        assert_eq!(kept, [false, false, true, true]);
        cache.insert(patterns(9, 6_000));
        assert!(cache.get(9).is_some() && cache.get(3).is_none());
        cache.insert(patterns(9, 1));
        assert_eq!(cache.layers.len(), 1);
    }
}
