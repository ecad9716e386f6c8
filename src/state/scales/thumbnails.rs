//! What the model view draws: every layer's patterns made small, asked for layer by layer, those on screen first.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{EditSide, Effect, Looked, State, View};
use crate::protocol::{Grid, HeadNumbers, Question, Reduce, RequestId, ToWorker};

/// Most cells along either axis of a thumbnail.
pub const MAX_CELLS: usize = 64;

/// Layers of a trace with more weights are read when they are looked at, not in advance.
const MAX_WEIGHTS_UNASKED: usize = 4 << 20;

/// One layer's patterns, made small.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerThumbnails {
    /// Rows per head.
    pub n_rows: usize,
    /// Columns per row.
    pub n_columns: usize,
    /// What a thumbnail cannot show, by head.
    pub heads: Vec<HeadNumbers>,
    /// [n_heads, n_rows, n_columns]
    pub cells: Vec<f32>,
}

impl LayerThumbnails {
    /// The cells of a head [n_rows, n_columns]; empty where there is none.
    pub fn head(&self, head: usize) -> &[f32] {
        let n_cells = self.n_rows * self.n_columns;
        self.cells.get(head * n_cells..(head + 1) * n_cells).unwrap_or_default()
    }
}

/// The layers that have come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThumbnailStore {
    /// By layer.
    pub layers: Vec<Option<Arc<LayerThumbnails>>>,
    /// First and last layer on screen; none before a model view was.
    pub seen: Option<(usize, usize)>,
    /// Why there are none, a sentence.
    pub problem: Option<String>,
    /// Which result and which part of it they are of.
    of: Option<(Looked, Grid)>,
    /// The question under way.
    pub(super) asked: Option<(RequestId, usize)>,
}

impl ThumbnailStore {
    /// The part of the patterns that is shown.
    pub fn grid(&self) -> Option<&Grid> {
        self.of.as_ref().map(|(_, grid)| grid)
    }

    /// How many layers have come.
    pub fn n_done(&self) -> usize {
        self.layers.iter().flatten().count()
    }

    pub(super) fn came(
        &mut self,
        request: RequestId,
        layer: u32,
        (n_rows, n_columns): (u32, u32),
        heads: Vec<HeadNumbers>,
        buffers: Vec<Vec<f32>>,
    ) {
        if self.asked.take_if(|(asked, _)| *asked == request).is_none() {
            return;
        }
        let (n_rows, n_columns) = (n_rows as usize, n_columns as usize);
        let cells = buffers.into_iter().next().unwrap_or_default();
        if cells.len() != heads.len() * n_rows * n_columns {
            self.problem = Some(format!("The thumbnails of layer {layer} came in another shape than asked for."));
            return;
        }
        if let Some(slot) = self.layers.get_mut(layer as usize) {
            *slot = Some(Arc::new(LayerThumbnails { n_rows, n_columns, heads, cells }));
        }
    }

    pub(super) fn ended(&mut self, request: RequestId, reason: Option<String>) -> bool {
        let was_asked = self.asked.take_if(|(asked, _)| *asked == request).is_some();
        if was_asked && reason.is_some() {
            self.problem = reason;
        }
        was_asked
    }

    /// The layer to ask for next: the selected one, then those on screen, then the rest; `is_sparing`: the selected one only. Not
    /// those that a trace does not hold.
    fn next(&self, selected: usize, is_sparing: bool, missing: &BTreeSet<usize>) -> Option<usize> {
        let (first, last) = self.seen?;
        let is_wanted =
            |layer: &usize| self.layers.get(*layer).is_some_and(Option::is_none) && !missing.contains(layer);
        if is_sparing {
            return Some(selected).filter(is_wanted);
        }
        [selected].into_iter().chain(first..=last).chain(0..self.layers.len()).find(is_wanted)
    }
}

impl State {
    /// Asks for the next layer that is missing.
    pub(super) fn follow_thumbnails(&mut self, effects: &mut Vec<Effect>) {
        let (Some(shown), Some((queries, keys))) = (&self.shown, self.shown_positions()) else { return };
        let n_longest = queries.len().max(keys.len()).max(1);
        let grid = Grid {
            queries: queries.iter().map(|&query| query as u32).collect(),
            keys: keys.iter().map(|&key| key as u32).collect(),
            max_cells: even_cells(n_longest) as u32,
            // The difference of two largest weights is no largest difference; that of two means is a mean.
            reduce: if self.editing.side == EditSide::Difference { Reduce::Mean } else { self.scales.map.reduce },
        };
        let of = Some((shown.looked(), grid.clone()));
        let n_layers = shown.stack_spec().n_layers;
        // A small map is not worth reading a file of gigabytes for.
        let shape = shown.shape();
        let is_large = shape.n_heads * shape.n_query * shape.n_key > MAX_WEIGHTS_UNASKED;
        let is_sparing = shown.is_trace && is_large && self.selection.view != View::Model;
        let thumbnails = &mut self.scales.thumbnails;
        if thumbnails.of != of {
            if let Some((request, _)) = thumbnails.asked.take() {
                effects.push(Effect::Send(ToWorker::Cancel { request }));
            }
            (thumbnails.of, thumbnails.problem) = (of, None);
            thumbnails.layers = vec![None; n_layers];
        }
        if thumbnails.asked.is_some() || thumbnails.problem.is_some() {
            return;
        }
        let Some(layer) = thumbnails.next(self.selection.layer, is_sparing, &shown.missing_layers) else { return };
        if let Some(request) = self.ask(Question::Thumbnails { layer: layer as u32, grid }, effects) {
            self.scales.thumbnails.asked = Some((request, layer));
        }
    }
}

/// As many cells as fit such that each stands for equally many tokens, but the last.
pub fn even_cells(n_tokens: usize) -> usize {
    n_tokens.div_ceil(n_tokens.div_ceil(MAX_CELLS).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_for_equally_many_tokens() {
        for (n_tokens, n_cells) in [(1, 1), (15, 15), (64, 64), (65, 33), (128, 64), (200, 50), (512, 64), (2_048, 64)]
        {
            assert_eq!(even_cells(n_tokens), n_cells, "{n_tokens}");
        }
    }

    #[test]
    fn layers_on_screen_come_first() {
        let mut store = ThumbnailStore { layers: vec![None; 8], seen: Some((4, 5)), ..ThumbnailStore::default() };
        let (mut order, all) = (Vec::new(), BTreeSet::new());
        while let Some(layer) = store.next(6, false, &all) {
            order.push(layer);
            store.layers[layer] =
                Some(Arc::new(LayerThumbnails { n_rows: 0, n_columns: 0, heads: vec![], cells: vec![] }));
        }
        assert_eq!(order, [6, 4, 5, 0, 1, 2, 3, 7]);
        store.seen = None;
        store.layers[0] = None;
        assert_eq!(store.next(0, false, &all), None, "nobody looks");
        store.seen = Some((0, 7));
        assert_eq!((store.next(3, true, &all), store.next(0, true, &all)), (None, Some(0)), "only what is selected");
        let missing = BTreeSet::from([0]);
        assert_eq!((store.next(0, true, &missing), store.next(3, false, &missing)), (None, None), "not in the file");
    }
}
