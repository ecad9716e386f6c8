//! How much each head of the model reads from some keys.

use super::{Answering, Reply};
use crate::analysis::scores::between;
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::Answer;

/// The weights computed so far.
pub(super) struct HeadWeights {
    queries: Vec<u32>,
    keys: Vec<u32>,
    layer: usize,
    /// [n_layers, n_heads]
    weights: Vec<f32>,
}

impl HeadWeights {
    pub fn new(queries: Vec<u32>, keys: Vec<u32>) -> Self {
        Self { queries, keys, layer: 0, weights: Vec::new() }
    }

    /// Adds the weights of one layer.
    fn layer(&self, source: &dyn AttentionSource) -> Result<Vec<f32>, SourceError> {
        let sizes = source.sizes();
        let outside = |position: u32, n: usize, what: &str| {
            SourceError::NoSuch(format!("{what} {position} is not there: {n} of them"))
        };
        if let Some(&key) = self.keys.iter().find(|key| **key as usize >= sizes.n_key) {
            return Err(outside(key, sizes.n_key, "key"));
        }
        if let Some(&query) = self.queries.iter().find(|query| **query as usize >= sizes.n_query) {
            return Err(outside(query, sizes.n_query, "query"));
        }
        let keys: Vec<usize> = self.keys.iter().map(|&key| key as usize).collect();
        let layer = source.layer_source(self.layer)?;
        let of_head = |head: usize| {
            let mut rows = Vec::with_capacity(self.queries.len() * sizes.n_key);
            for &query in &self.queries {
                rows.extend(layer.pattern(head, query as usize..query as usize + 1)?);
            }
            let all: Vec<usize> = (0..self.queries.len()).collect();
            let weight = between(&rows, sizes.n_key, &all, &keys).unwrap_or(0.0) as f32;
            // Edits may make any weights.
            let beyond = || format!("layer {}, head {head}: the sum of these weights is beyond f32", self.layer);
            if weight.is_finite() { Ok(weight) } else { Err(SourceError::Failed(beyond())) }
        };
        (0..sizes.n_heads).map(of_head).collect()
    }
}

impl Answering for HeadWeights {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let sizes = source.sizes();
        if self.layer < sizes.n_layers {
            let weights = self.layer(source)?;
            self.weights.extend(weights);
            self.layer += 1;
            return Ok(None);
        }
        let answer = Answer::HeadWeights {
            queries: std::mem::take(&mut self.queries),
            keys: std::mem::take(&mut self.keys),
            n_layers: sizes.n_layers as u32,
            n_heads: sizes.n_heads as u32,
        };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.weights)] }))
    }
}
