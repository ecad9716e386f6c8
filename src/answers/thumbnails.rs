//! Thumbnails of a layer's heads, with the numbers that a thumbnail cannot show.

use std::sync::Arc;

use super::{Answering, MAX_SEEN, Reply, expect_at_most};
use crate::analysis::reduce::{CellValue, Reducer, Strongest, grid};
use crate::analysis::row_blocks::RowBlocks;
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{Answer, Grid, HeadNumbers, Reduce, StrongLink};

/// The thumbnails computed so far.
pub(super) struct Thumbnails {
    layer: u32,
    queries: Arc<[usize]>,
    keys: Arc<[usize]>,
    max_cells: usize,
    value: CellValue,
    n_heads: usize,
    blocks: RowBlocks,
    /// The head that is being read.
    reducer: Option<Reducer>,
    heads: Vec<HeadNumbers>,
    /// [heads.len(), n_rows, n_columns]
    cells: Vec<f32>,
}

impl Thumbnails {
    pub fn new(layer: u32, heads: Vec<u32>, grid: &Grid) -> Self {
        let positions = |list: &[u32]| list.iter().map(|&position| position as usize).collect();
        Self {
            layer,
            queries: positions(&grid.queries),
            keys: positions(&grid.keys),
            max_cells: grid.max_cells.max(1) as usize,
            value: cell_value(grid.reduce),
            n_heads: heads.len(),
            blocks: RowBlocks::new(layer as usize, heads.into_iter().map(|head| head as usize).collect()),
            reducer: None,
            heads: Vec::new(),
            cells: Vec::new(),
        }
    }
}

impl Answering for Thumbnails {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let (sizes, layer) = (source.sizes(), self.layer as usize);
        expect_at_most(MAX_SEEN, self.n_heads, &sizes)?;
        let Self { queries, keys, max_cells, value, blocks, reducer, heads, cells, .. } = self;
        let has_more = blocks.next(source, |_, rows, weights| {
            let under_way =
                reducer.get_or_insert_with(|| Reducer::new(Arc::clone(queries), Arc::clone(keys), *max_cells, *value));
            for (query, row) in rows.clone().zip(weights.chunks_exact(sizes.n_key.max(1))) {
                if queries.binary_search(&query).is_ok() {
                    let n_sinks = usize::from(sizes.has_sink);
                    under_way.row(row, source.allowed_keys(layer, query).len() + n_sinks);
                }
            }
            if rows.end == sizes.n_query
                && let Some(done) = reducer.take()
            {
                let reduced = done.finish();
                cells.extend(reduced.cells);
                heads.push(HeadNumbers { entropy: reduced.entropy, strongest: reduced.strongest.map(link) });
            }
        })?;
        if has_more {
            return Ok(None);
        }
        let (n_rows, n_columns) = grid(queries.len(), keys.len(), *max_cells);
        let answer = Answer::Thumbnails {
            layer: self.layer,
            n_rows: n_rows as u32,
            n_columns: n_columns as u32,
            heads: std::mem::take(&mut self.heads),
        };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.cells)] }))
    }
}

/// What a cell says of its area.
pub(super) fn cell_value(reduce: Reduce) -> CellValue {
    match reduce {
        Reduce::Max => CellValue::Max,
        Reduce::Mean => CellValue::Mean,
    }
}

fn link(Strongest { query, key, weight }: Strongest) -> StrongLink {
    StrongLink { query: query as u32, key: key as u32, weight }
}
