//! How the scores of one head arise: its queries, keys, scores, pattern, and the norms of its values.
//!
//! A part that the source does not hold stays empty and is named with the reason, so that a view shows the rest.

use std::ops::Range;

use super::{Answering, MAX_HELD, Reply, expect_at_most};
use crate::analysis::{AttentionSource, LayerSource, Rotation, SourceError};
use crate::protocol::{Answer, NeuronPart, NeuronsAnswer};
use crate::trace::{Attn, BlockSite};

/// Weights per piece.
const BLOCK_WEIGHTS: usize = 1 << 18;

/// The largest sum of products of queries and keys that is shown: the difference of two of them is within f32.
const MAX_PRODUCT: f64 = f32::MAX as f64 / 4.0;

/// Reads rows of a head's scores, of a part of them, or of its pattern.
type ReadRows<'a> = &'a dyn Fn(&dyn LayerSource, usize, Range<usize>) -> Result<Vec<f32>, SourceError>;

/// The parts computed so far.
pub(super) struct Neurons {
    layer: u32,
    head: u32,
    /// The parts in the order of [`NeuronPart::EACH`].
    buffers: Vec<Vec<f32>>,
    missing: Vec<(NeuronPart, String)>,
    /// The part that is being read, row by row.
    square: Vec<f32>,
    source: Option<Box<dyn LayerSource>>,
}

impl Neurons {
    pub fn new(layer: u32, head: u32) -> Self {
        Self { layer, head, buffers: Vec::new(), missing: Vec::new(), square: Vec::new(), source: None }
    }

    /// Reads the next rows of scores or pattern; returns whether they were the last.
    fn rows(&mut self, source: &dyn AttentionSource, read: ReadRows<'_>) -> Result<bool, SourceError> {
        let sizes = source.sizes();
        expect_at_most(MAX_HELD, 1, &sizes)?;
        let first = self.square.len() / sizes.n_key.max(1);
        let rows = first..(first + (BLOCK_WEIGHTS / sizes.n_key.max(1)).max(1)).min(sizes.n_query);
        let layer = match self.source.take() {
            Some(layer) => layer,
            None => source.layer_source(self.layer as usize)?,
        };
        self.square.extend(read(layer.as_ref(), self.head as usize, rows.clone())?);
        self.source = Some(layer);
        Ok(rows.end == sizes.n_query)
    }

    /// Computes the next part or a piece of it; `None` while the part is incomplete.
    fn part(&mut self, part: NeuronPart, source: &dyn AttentionSource) -> Result<Option<Vec<f32>>, SourceError> {
        let (layer, head) = (self.layer as usize, self.head as usize);
        let is_last = match part {
            NeuronPart::Queries => return source.queries(layer, head, Rotation::After).map(Some),
            NeuronPart::Keys => return source.keys(layer, head, Rotation::After).map(Some),
            NeuronPart::PlainQueries => return source.queries(layer, head, Rotation::Before).map(Some),
            NeuronPart::PlainKeys => return source.keys(layer, head, Rotation::Before).map(Some),
            NeuronPart::ValueNorms => return source.value_output_norms(layer, head).map(Some),
            NeuronPart::Scores => self.rows(source, &|layer, head, rows| layer.scores(head, rows))?,
            NeuronPart::Pattern => self.rows(source, &|layer, head, rows| layer.pattern(head, rows))?,
            NeuronPart::ContentToContent | NeuronPart::ContentToPosition | NeuronPart::PositionToContent => {
                let spec = source.spec().filter(|_| source.attn() == Attn::Own);
                let exists = |site: &BlockSite| spec.is_some_and(|spec| site.exists_at(spec, layer));
                let Some(site) = part.part_of_scores().filter(exists) else { return Ok(Some(Vec::new())) };
                self.rows(source, &|layer, head, rows| layer.score_part(site, head, rows))?
            }
        };
        Ok(is_last.then(|| std::mem::take(&mut self.square)))
    }
}

impl Neurons {
    /// Leaves out queries and keys whose products, or differences of products, f32 may not hold: a view multiplies any two of them,
    /// those of masked pairs too, and those of a file that holds its pattern.
    fn leave_out_products_beyond_f32(&mut self, d_head: usize) {
        let largest =
            |values: &[f32]| values.iter().fold(0.0_f64, |largest, value| largest.max(f64::from(value.abs())));
        for pair in [[NeuronPart::Queries, NeuronPart::Keys], [NeuronPart::PlainQueries, NeuronPart::PlainKeys]] {
            let product: f64 = pair.iter().map(|part| largest(&self.buffers[*part as usize])).product();
            if product * d_head as f64 <= MAX_PRODUCT {
                continue;
            }
            for part in pair {
                self.buffers[part as usize].clear();
                self.missing.push((part, "queries and keys are too large: their products are beyond f32".to_owned()));
            }
        }
    }
}

impl Answering for Neurons {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        if let Some(&part) = NeuronPart::EACH.get(self.buffers.len()) {
            match self.part(part, source) {
                Ok(Some(buffer)) => self.buffers.push(buffer),
                Ok(None) => {}
                Err(error @ (SourceError::Missing { .. } | SourceError::TooLarge(_))) => {
                    self.missing.push((part, error.to_string()));
                    self.square.clear();
                    self.buffers.push(Vec::new());
                }
                Err(error) => return Err(error),
            }
            return Ok(None);
        }
        let sizes = source.sizes();
        self.leave_out_products_beyond_f32(sizes.d_head);
        let sharing = sizes.sharing_heads(self.head as usize);
        let answer = NeuronsAnswer {
            layer: self.layer,
            head: self.head,
            d_head: sizes.d_head as u32,
            n_query: sizes.n_query as u32,
            n_key: sizes.n_key as u32,
            attn_scale: source.spec().map(|spec| spec.attn_scale_of(self.layer as usize)),
            sharing_heads: (sharing.start as u32, sharing.end as u32),
            missing: std::mem::take(&mut self.missing),
        };
        Ok(Some(Reply { answer: Answer::Neurons(answer), buffers: std::mem::take(&mut self.buffers) }))
    }
}
