//! What the model view draws: every layer's patterns made small, asked for layer by layer, those on screen first.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::reduce::items_of;
use crate::protocol::{Grid, HeadNumbers, Question, Reduce};
use crate::state::requests::{Purpose, Slot, Waiting};
use crate::state::{Effect, Looked, State, Variant, View};
use crate::trace::Side;

/// Most cells along either axis of a thumbnail.
pub const MAX_CELLS: usize = 64;

/// Layers of a trace with more weights are read when they are looked at, not in advance.
const MAX_WEIGHTS_UNASKED: u64 = 4 << 20;

/// Where more pairs of tokens stand in one pattern (some 4,000 tokens), only the model view itself goes through them: the
/// work grows with the square of the tokens.
const MAX_PAIRS_UNASKED: u64 = 16 << 20;

/// Patterns of one layer, made small.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerThumbnails {
    /// Rows per head.
    pub n_rows: usize,
    /// Columns per row.
    pub n_columns: usize,
    /// The heads, ascending: those that were shown when the layer was asked for.
    pub head_indices: Vec<usize>,
    /// Numbers of each head that a thumbnail cannot show.
    pub heads: Vec<HeadNumbers>,
    /// [head_indices.len(), n_rows, n_columns]
    pub cells: Vec<f32>,
}

impl LayerThumbnails {
    /// The cells of a head [n_rows, n_columns]; empty where there is none.
    pub fn head(&self, head: usize) -> &[f32] {
        let n_cells = self.n_rows * self.n_columns;
        let cells = |place: usize| self.cells.get(place * n_cells..(place + 1) * n_cells);
        self.head_indices.binary_search(&head).ok().and_then(cells).unwrap_or_default()
    }

    /// Numbers of a head that its thumbnail cannot show.
    pub fn numbers(&self, head: usize) -> Option<&HeadNumbers> {
        self.heads.get(self.head_indices.binary_search(&head).ok()?)
    }

    fn has(&self, heads: &[usize]) -> bool {
        heads.iter().all(|head| self.head_indices.binary_search(head).is_ok())
    }
}

/// Whether the pictures of a layer hold all of these heads.
pub(in crate::state) fn is_here(pictures: &[Option<Arc<LayerThumbnails>>], layer: usize, heads: &[usize]) -> bool {
    pictures.get(layer).and_then(Option::as_ref).is_some_and(|picture| picture.has(heads))
}

/// The thumbnails that are here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThumbnailStore {
    /// Thumbnails by layer.
    pub layers: Vec<Option<Arc<LayerThumbnails>>>,
    /// First and last layer on screen; `None` until a model view is shown.
    pub seen: Option<(usize, usize)>,
    /// The result and the part of its patterns that they show.
    shows: Option<(Looked, Grid)>,
    /// The question under way; its answer goes to `layers`.
    pub asked: Slot<()>,
}

impl ThumbnailStore {
    /// The part of the patterns that is shown.
    pub fn grid(&self) -> Option<&Grid> {
        self.shows.as_ref().map(|(_, grid)| grid)
    }

    pub(in crate::state) fn take(
        &mut self,
        purpose: Purpose,
        (layer, head_indices): (u32, Vec<u32>),
        (n_rows, n_columns): (u32, u32),
        heads: Vec<HeadNumbers>,
        cells: Vec<f32>,
    ) {
        let head_indices: Vec<usize> = head_indices.into_iter().map(|head| head as usize).collect();
        let (n_rows, n_columns) = (n_rows as usize, n_columns as usize);
        if heads.len() != head_indices.len() || cells.len() != head_indices.len() * n_rows * n_columns {
            let reason = format!("The thumbnails of layer {layer} arrived in an unexpected shape.");
            return self.asked.give_up(&purpose, Some(reason));
        }
        self.asked.settle(&purpose);
        if let Some(slot) = self.layers.get_mut(layer as usize) {
            *slot = Some(Arc::new(LayerThumbnails { n_rows, n_columns, head_indices, heads, cells }));
        }
    }

    /// Drops the thumbnails of any other result.
    pub(super) fn keep_only(&mut self, result: Looked) {
        if self.shows.as_ref().is_some_and(|(shown, _)| *shown != result) {
            *self = Self { seen: self.seen, ..Self::default() };
        }
    }

    /// The layer to ask for next of those `wanted`, with these heads: the selected one, then those on screen, then the rest;
    /// `is_sparing`: the selected one only.
    fn next(&self, selected: usize, is_sparing: bool, wanted: &BTreeSet<usize>, heads: &[usize]) -> Option<usize> {
        let (first, last) = self.seen?;
        let is_wanted = |layer: &usize| wanted.contains(layer) && !is_here(&self.layers, *layer, heads);
        if is_sparing {
            return Some(selected).filter(is_wanted);
        }
        [selected].into_iter().chain(first..=last).chain(0..self.layers.len()).find(is_wanted)
    }
}

impl State {
    /// Of each row, or column, of the thumbnails: the first position, and the tokens that it stands for.
    pub fn map_tokens(&self, side: Side) -> Vec<(usize, String)> {
        let (Some(grid), Some(shown)) = (self.scales.thumbnails.grid(), &self.shown) else { return Vec::new() };
        let labels = shown.labels(side);
        let positions = if side == Side::Query { &grid.queries } else { &grid.keys };
        let n_cells = positions.len().min(grid.max_cells as usize);
        let name = |at: u32| labels.get(at as usize).map_or("", |label| label.plain.as_str());
        let cell = |cell: usize| match &positions[items_of(cell, n_cells, positions.len())] {
            [only] => (*only as usize, name(*only).to_owned()),
            [first, .., last] => (*first as usize, format!("{} … {}", name(*first), name(*last))),
            [] => (0, String::new()),
        };
        (0..n_cells).map(cell).collect()
    }

    /// The layers and heads that the map shows: those that are there and not left out. What is left out costs nothing.
    pub fn mapped(&self) -> (BTreeSet<usize>, Vec<usize>) {
        let Some(shown) = &self.shown else { return Default::default() };
        let (spec, options) = (shown.stack_spec(), &self.scales.map);
        let is_missing = |layer: &usize| shown.missing_layers().is_some_and(|missing| missing.contains(layer));
        let is_shown = |layer: &usize| !options.hidden_layers.contains(layer) && !is_missing(layer);
        let layers = (0..spec.n_layers).filter(is_shown).collect();
        (layers, (0..spec.n_heads).filter(|head| !options.hidden_heads.contains(head)).collect())
    }

    /// How many of the layers that the map shows have come, and how many it shows.
    pub fn n_mapped(&self) -> (usize, usize) {
        let (layers, heads) = self.map_places();
        let pictures = self.map_layers();
        (layers.iter().filter(|layer| is_here(pictures, **layer, &heads)).count(), layers.len())
    }

    /// The part of the patterns that the map shows, and how small.
    pub(in crate::state) fn map_grid(&self) -> Option<Grid> {
        let (queries, keys) = self.shown_positions()?;
        let n_longest = queries.len().max(keys.len()).max(1);
        Some(Grid {
            queries: queries.iter().map(|&query| query as u32).collect(),
            keys: keys.iter().map(|&key| key as u32).collect(),
            max_cells: even_cells(n_longest) as u32,
            // The difference of two largest weights is not the largest difference; the difference of two means is a mean.
            reduce: if self.editing.variant == Variant::Difference { Reduce::Mean } else { self.scales.map.reduce },
        })
    }

    /// Asks for the next missing layer.
    pub(super) fn follow_thumbnails(&mut self, effects: &mut Vec<Effect>) {
        let (Some(shown), Some(grid)) = (&self.shown, self.map_grid()) else { return };
        let shows = Some((shown.looked(), grid.clone()));
        let n_layers = shown.stack_spec().n_layers;
        // A small map is not worth reading a file of gigabytes for.
        let shape = shown.shape();
        let n_pairs = (shape.n_query as u64).saturating_mul(shape.n_key as u64);
        let is_large = n_pairs.saturating_mul(shape.n_heads as u64) > MAX_WEIGHTS_UNASKED;
        let is_sparing = shown.is_trace && is_large && self.selection.view != View::Model;
        // Nor are the patterns of one very long input gone through for it.
        if is_sparing && n_pairs > MAX_PAIRS_UNASKED {
            return;
        }
        let thumbnails = &mut self.scales.thumbnails;
        if thumbnails.shows != shows {
            (thumbnails.shows, thumbnails.layers) = (shows, vec![None; n_layers]);
            let purpose = Purpose::Question(Question::Thumbnails { layer: 0, heads: Vec::new(), grid: grid.clone() });
            self.withdraw_slot(&purpose, effects);
            self.scales.thumbnails.asked = Slot::default();
        }
        let asked = &self.scales.thumbnails.asked;
        if asked.is_pending() || asked.problem().is_some() {
            return;
        }
        let (layers, heads) = self.mapped();
        if heads.is_empty() {
            return;
        }
        let next = self.scales.thumbnails.next(self.selection.layer, is_sparing, &layers, &heads);
        let Some(layer) = next else { return };
        let heads = heads.iter().map(|&head| head as u32).collect();
        self.ask(Question::Thumbnails { layer: layer as u32, heads, grid }, effects);
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
        let (mut order, all) = (Vec::new(), BTreeSet::from_iter(0..8));
        let of_heads = |head_indices: Vec<usize>| {
            Arc::new(LayerThumbnails { n_rows: 0, n_columns: 0, head_indices, heads: vec![], cells: vec![] })
        };
        while let Some(layer) = store.next(6, false, &all, &[1, 2]) {
            order.push(layer);
            store.layers[layer] = Some(of_heads(vec![1, 2]));
        }
        assert_eq!(order, [6, 4, 5, 0, 1, 2, 3, 7]);
        store.seen = None;
        store.layers[0] = None;
        let next =
            |store: &ThumbnailStore, selected, is_sparing, wanted| store.next(selected, is_sparing, wanted, &[1]);
        assert_eq!(next(&store, 0, false, &all), None, "nobody looks");
        store.seen = Some((0, 7));
        assert_eq!(
            (next(&store, 3, true, &all), next(&store, 0, true, &all)),
            (None, Some(0)),
            "only what is selected"
        );
        let rest = BTreeSet::from_iter(1..8);
        assert_eq!((next(&store, 0, true, &rest), next(&store, 3, false, &rest)), (None, None), "not shown");
        assert_eq!(store.next(0, false, &rest, &[0, 1]), Some(1), "a head that was left out before");
    }
}
