//! What is drawn in place of weights: lengths of what arrives, value zeroing, or rollout.
//!
//! Asked for while the head view or the model view is on screen and something other than weights is chosen. Weights stay on screen
//! until the answer is here, and where a source refuses it: what is drawn says itself what it is ([`LayerPatterns::quantity`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::requests::{Purpose, Slot, Waiting};
use super::scales::options::CellStyle;
use super::scales::thumbnails::{LayerThumbnails, is_here};
use super::{Effect, LayerPatterns, Looked, Shown, State, View};
use crate::protocol::{Answer, Grid, Quantity, Question};

/// Why two pictures have no change.
const NO_DIFFERENCE: &str = "The two results have pictures of different sizes, so no change can be shown.";

/// The pictures that are here, of one result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantityStore {
    result: Option<Looked>,
    /// The last layer asked for, whole.
    pub layer: Slot<Arc<LayerPatterns>>,
    /// What the cells show.
    shows: Option<(Quantity, Grid)>,
    /// Pictures of the model view by layer, as they were answered.
    pub(super) values: Vec<Option<Arc<LayerThumbnails>>>,
    /// The same as they are drawn: lengths, which are compared within a layer only, as shares of the layer's largest.
    shares: Vec<Option<Arc<LayerThumbnails>>>,
    /// The question under way about cells.
    pub cells_asked: Slot<()>,
}

impl State {
    /// Asks for what the views on screen draw in place of weights.
    pub(super) fn follow_quantities(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        if self.quantities.result != Some(shown.looked()) {
            self.quantities = QuantityStore { result: Some(shown.looked()), ..QuantityStore::default() };
        }
        let (quantity, n_heads) = (self.options.display.quantity, shown.stack_spec().n_heads as u32);
        if quantity == Quantity::Weights {
            return self.withdraw_quantities(effects);
        }
        if self.awaits_layer() || self.is_busy() {
            // What is awaited would come after value zeroing, which may take minutes.
            return self.withdraw_zeroing(effects);
        }
        let views = self.views();
        if views.contains(&View::Head) {
            let heads = if quantity.is_layer_wide() { Vec::new() } else { (0..n_heads).collect() };
            self.ask(Question::Quantity { quantity, layer: self.selection.layer as u32, heads }, effects);
        }
        if views.contains(&View::Model) {
            self.ask_for_cells(quantity, effects);
        }
    }

    fn withdraw_quantities(&mut self, effects: &mut Vec<Effect>) {
        let QuantityStore { layer, cells_asked, .. } = &self.quantities;
        let pending: Vec<Purpose> = layer.pending().into_iter().chain(cells_asked.pending()).cloned().collect();
        pending.iter().for_each(|purpose| self.withdraw_slot(purpose, effects));
        // What was refused or stopped is asked for when it is chosen again.
        self.quantities.layer.forgive();
        self.quantities.cells_asked.forgive();
    }

    fn withdraw_zeroing(&mut self, effects: &mut Vec<Effect>) {
        let QuantityStore { layer, cells_asked, .. } = &self.quantities;
        let pending = layer.pending().into_iter().chain(cells_asked.pending());
        let zeroing: Vec<Purpose> = pending.filter(|purpose| purpose.is_zeroing()).cloned().collect();
        zeroing.iter().for_each(|purpose| self.withdraw_slot(purpose, effects));
    }

    /// Asks for the cells of the next layer that lacks them: the selected one, then those in view, then the rest. A rollout comes to
    /// a layer through all before it, so all its layers are asked for at once.
    fn ask_for_cells(&mut self, quantity: Quantity, effects: &mut Vec<Effect>) {
        let (Some(grid), Some(shown)) = (self.map_grid(), &self.shown) else { return };
        let n_layers = shown.stack_spec().n_layers;
        let shows = Some((quantity, grid.clone()));
        if self.quantities.shows != shows {
            if let Some(purpose) = self.quantities.cells_asked.pending().cloned() {
                self.withdraw_slot(&purpose, effects);
            }
            let empty = vec![None; n_layers];
            let store = &mut self.quantities;
            (store.shows, store.values, store.shares) = (shows, empty.clone(), empty);
            store.cells_asked = Slot::default();
        }
        let asked = &self.quantities.cells_asked;
        if asked.is_pending() || asked.problem().is_some() {
            return;
        }
        let (layers, heads) = self.places_of(quantity);
        if heads.is_empty() {
            return;
        }
        let is_missing = |layer: &usize| layers.contains(layer) && !is_here(&self.quantities.values, *layer, &heads);
        let (first, last) = self.scales.thumbnails.seen.unwrap_or_default();
        let order = [self.selection.layer].into_iter().chain(first..=last).chain(0..n_layers);
        let next: Vec<u32> = match quantity {
            Quantity::Rollout => (0..n_layers).filter(is_missing).map(|layer| layer as u32).collect(),
            _ => order.filter(is_missing).take(1).map(|layer| layer as u32).collect(),
        };
        if next.is_empty() {
            return;
        }
        let heads = if quantity.is_layer_wide() { Vec::new() } else { heads.iter().map(|&head| head as u32).collect() };
        self.ask(Question::QuantityCells { quantity, layers: next, heads, grid }, effects);
    }

    /// Takes an answer.
    pub(super) fn take_quantity(&mut self, question: &Question, answer: &Answer, values: Vec<f32>) {
        let purpose = Purpose::Question(question.clone());
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        let store = &mut self.quantities;
        match (question, answer) {
            (Question::Quantity { quantity, layer, heads }, Answer::Quantity { n_parts, n_query, n_key, huge, .. }) => {
                let n_heads = if quantity.is_layer_wide() { 1 } else { heads.len() };
                let (n_query, n_key) = (*n_query as usize, *n_key as usize);
                let fits = (*n_parts as usize, n_query, n_key) == (n_heads, shape.n_query, shape.n_key);
                if !fits || values.len() != n_heads * n_query * n_key {
                    return store.layer.give_up(&purpose, Some(NO_DIFFERENCE.to_owned()));
                }
                let patterns = LayerPatterns {
                    quantity: *quantity,
                    layer: *layer as usize,
                    n_heads,
                    n_query,
                    n_key,
                    values: values.into(),
                    huge: huge.iter().map(|&position| position as usize).collect(),
                };
                store.layer.fill(purpose, Arc::new(patterns));
            }
            (
                Question::QuantityCells { quantity, layers, heads, .. },
                Answer::QuantityCells { n_rows, n_columns, .. },
            ) => {
                let head_indices: Vec<usize> = match quantity.is_layer_wide() {
                    true => vec![0],
                    false => heads.iter().map(|&head| head as usize).collect(),
                };
                let (n_rows, n_columns) = (*n_rows as usize, *n_columns as usize);
                let n_cells = head_indices.len() * n_rows * n_columns;
                if n_cells == 0 || values.len() != layers.len() * n_cells {
                    return store.cells_asked.give_up(&purpose, Some(NO_DIFFERENCE.to_owned()));
                }
                store.cells_asked.settle(&purpose);
                for (&layer, cells) in layers.iter().zip(values.chunks_exact(n_cells)) {
                    let cells = cells.to_vec();
                    let head_indices = head_indices.clone();
                    let picture = LayerThumbnails { n_rows, n_columns, head_indices, heads: Vec::new(), cells };
                    let at = layer as usize;
                    if let (Some(place), Some(share)) = (store.values.get_mut(at), store.shares.get_mut(at)) {
                        let picture = Arc::new(picture);
                        *share = Some(if *quantity == Quantity::Norms { shares(&picture) } else { picture.clone() });
                        *place = Some(picture);
                    }
                }
            }
            _ => {}
        }
    }

    /// What the head view draws: what was chosen once it is here, else weights. While another layer is on its way, the last stays.
    pub fn drawn_patterns(&self) -> Option<Arc<LayerPatterns>> {
        let shown = self.shown.as_ref()?;
        let store = &self.quantities;
        let is_late = store.layer.is_pending() || self.awaits_layer();
        let chosen = store.layer.value().filter(|patterns| {
            patterns.quantity == self.options.display.quantity
                && store.result == Some(shown.looked())
                && (is_late || patterns.layer == self.selection.layer)
        });
        chosen.or(shown.drawn.as_ref()).cloned()
    }

    /// What the head view's numbers are.
    pub fn drawn_quantity(&self) -> Quantity {
        self.drawn_patterns().map_or(Quantity::Weights, |patterns| patterns.quantity)
    }

    /// Whether the head view's picture is on its way.
    pub fn awaits_quantity(&self) -> bool {
        self.options.display.quantity != Quantity::Weights && self.quantities.layer.is_pending()
    }

    /// Why something else than weights was chosen and weights are drawn: a sentence.
    pub fn quantity_problem(&self) -> Option<String> {
        let quantity = self.options.display.quantity;
        if quantity == Quantity::Weights {
            return None;
        }
        let views = self.views();
        let of_head = self.quantities.layer.problem().filter(|_| views.contains(&View::Head));
        let of_map = self.quantities.cells_asked.problem().filter(|_| views.contains(&View::Model));
        of_head.or(of_map).map(|reason| format!("Weights are drawn instead of {}. {reason}", quantity.label()))
    }

    /// What the cells of the model view show; colours by a score are of heads.
    pub fn mapped_quantity(&self) -> Quantity {
        let has_scores = self.scales.map.style == CellStyle::Number;
        let is_refused = self.quantities.cells_asked.problem().is_some();
        if has_scores || is_refused { Quantity::Weights } else { self.options.display.quantity }
    }

    /// Layers and heads of the model view; a picture of a whole layer stands at head 0.
    pub fn map_places(&self) -> (BTreeSet<usize>, Vec<usize>) {
        self.places_of(self.mapped_quantity())
    }

    pub(super) fn places_of(&self, quantity: Quantity) -> (BTreeSet<usize>, Vec<usize>) {
        let (layers, heads) = self.mapped();
        if quantity.is_layer_wide() { (layers, vec![0]) } else { (layers, heads) }
    }

    /// The pictures of the model view by layer, as they are drawn.
    pub fn map_layers(&self) -> &[Option<Arc<LayerThumbnails>>] {
        if self.mapped_quantity() == Quantity::Weights {
            &self.scales.thumbnails.layers
        } else {
            &self.quantities.shares
        }
    }

    /// The same with the numbers themselves.
    pub fn map_values(&self) -> &[Option<Arc<LayerThumbnails>>] {
        if self.mapped_quantity() == Quantity::Weights {
            &self.scales.thumbnails.layers
        } else {
            &self.quantities.values
        }
    }
}

/// Cells as shares of the largest among them.
fn shares(picture: &LayerThumbnails) -> Arc<LayerThumbnails> {
    let largest = picture.cells.iter().map(|value| value.abs()).filter(|size| size.is_finite()).fold(0.0, f32::max);
    let scale = if largest > 0.0 { 1.0 / largest } else { 0.0 };
    let cells = picture.cells.iter().map(|value| value * scale).collect();
    Arc::new(LayerThumbnails { cells, ..picture.clone() })
}
