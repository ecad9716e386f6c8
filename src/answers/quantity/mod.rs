//! What is drawn in place of weights: lengths of what arrives, value zeroing, rollout; whole, or made small.

mod walk;

use std::ops::Range;
use std::sync::Arc;

use super::thumbnails::cell_value;
use super::{Answering, MAX_HELD, MAX_SEEN, Reply, expect_at_most};
use crate::analysis::reduce::{Reducer, grid};
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{Answer, Grid, Quantity, Stage};
use walk::Walk;

/// Prepares the answer about one layer, whole.
pub(super) fn whole(quantity: Quantity, layer: u32, heads: Vec<u32>) -> Box<dyn Answering> {
    Box::new(Whole { layer, walk: Walk::new(quantity, &[layer], heads), values: Vec::new() })
}

/// Prepares the answer about several layers, made small.
pub(super) fn cells(quantity: Quantity, layers: Vec<u32>, heads: Vec<u32>, grid: &Grid) -> Box<dyn Answering> {
    let positions = |list: &[u32]| list.iter().map(|&position| position as usize).collect();
    Box::new(Cells {
        walk: Walk::new(quantity, &layers, heads),
        layers,
        queries: positions(&grid.queries),
        keys: positions(&grid.keys),
        grid: Grid { max_cells: grid.max_cells.max(1), ..grid.clone() },
        reducer: None,
        cells: Vec::new(),
    })
}

/// One layer under way.
struct Whole {
    layer: u32,
    walk: Walk,
    /// [n_parts, n_query, n_key], as far as it is there.
    values: Vec<f32>,
}

impl Answering for Whole {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let sizes = source.sizes();
        expect_at_most(MAX_HELD, self.walk.n_parts(), &sizes)?;
        let values = &mut self.values;
        if self.walk.next(source, |_, rows| values.extend_from_slice(rows))? {
            return Ok(None);
        }
        let answer = Answer::Quantity {
            layer: self.layer,
            n_parts: self.walk.n_parts() as u32,
            n_query: sizes.n_query as u32,
            n_key: sizes.n_key as u32,
            huge: self.walk.huge.iter().map(|&position| position as u32).collect(),
        };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.values)] }))
    }

    fn progress(&self) -> Option<(Stage, [usize; 2])> {
        self.walk.progress()
    }
}

/// Several layers under way.
struct Cells {
    layers: Vec<u32>,
    walk: Walk,
    queries: Arc<[usize]>,
    keys: Arc<[usize]>,
    grid: Grid,
    /// The picture that is being read.
    reducer: Option<Reducer>,
    /// [layers.len(), n_parts, n_rows, n_columns], as far as it is there.
    cells: Vec<f32>,
}

impl Answering for Cells {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let sizes = source.sizes();
        expect_at_most(MAX_SEEN, self.walk.n_parts() * self.layers.len(), &sizes)?;
        let Self { walk, queries, keys, grid: asked, reducer, cells, .. } = self;
        let max_cells = asked.max_cells as usize;
        let is_more = walk.next(source, |rows: Range<usize>, values: &[f32]| {
            let begin = || Reducer::new(Arc::clone(queries), Arc::clone(keys), max_cells, cell_value(asked.reduce));
            let under_way = reducer.get_or_insert_with(begin);
            for (query, row) in rows.clone().zip(values.chunks_exact(sizes.n_key.max(1))) {
                if queries.binary_search(&query).is_ok() {
                    // No entropy: these numbers do not make a distribution.
                    under_way.row(row, 0);
                }
            }
            if rows.end == sizes.n_query
                && let Some(done) = reducer.take()
            {
                cells.extend(done.finish().cells);
            }
        })?;
        if is_more {
            return Ok(None);
        }
        let (n_rows, n_columns) = grid(self.queries.len(), self.keys.len(), max_cells);
        let answer = Answer::QuantityCells {
            layers: std::mem::take(&mut self.layers),
            n_parts: self.walk.n_parts() as u32,
            n_rows: n_rows as u32,
            n_columns: n_columns as u32,
        };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.cells)] }))
    }

    fn progress(&self) -> Option<(Stage, [usize; 2])> {
        self.walk.progress()
    }
}
