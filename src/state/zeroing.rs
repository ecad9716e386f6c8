//! Value zeroing under way: it runs a layer once for each position, so the status line says how far it is and offers to stop it.

use super::quantities::QuantityStore;
use super::requests::{Asked, Purpose};
use super::scales::thumbnails::is_here;
use super::work::{UnderWay, ZEROING};
use super::{Effect, State, wording};
use crate::protocol::{Quantity, Question};

/// Why there is no picture after it was stopped.
const STOPPED: &str = "It was stopped: choose weights, then value zeroing, to go on.";

impl State {
    /// What the status line says of value zeroing: of one layer its positions, of the model view its layers.
    pub(in crate::state) fn zeroing_under_way(&self) -> Option<UnderWay> {
        let (Asked { purpose, is_of_pane, .. }, request, progress) = self.requests.zeroing()?;
        let part = progress.map(|progress| progress.fraction());
        let under_way = |text, fraction, request| UnderWay { text, fraction, can_stop: true, id: (ZEROING, request) };
        let Purpose::Question(Question::QuantityCells { .. }) = purpose else {
            let text = progress.map_or_else(|| "Value zeroing …".to_owned(), |at| wording::progress(&at));
            return Some(under_way(text, part, request));
        };
        let (layers, heads) = self.places_of(Quantity::ValueZeroing);
        let QuantityStore { values, .. } = self.quantities_of(*is_of_pane);
        let n_here = layers.iter().filter(|layer| is_here(values, **layer, &heads)).count();
        let (n_layers, done) = (layers.len(), n_here as f64 + part.unwrap_or(0.0));
        let text = format!("Value zeroing: layer {} of {n_layers}", n_here + 1);
        // One pace for all layers, each of which is a request.
        Some(under_way(text, Some(done / n_layers.max(1) as f64), 0))
    }

    /// Stops value zeroing; says whether it was under way.
    pub(in crate::state) fn stop_zeroing(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Some((Asked { purpose, is_of_pane, .. }, ..)) = self.requests.zeroing() else { return false };
        let (purpose, is_of_pane) = (purpose.clone(), *is_of_pane);
        self.in_its_pane(is_of_pane, |state| {
            state.withdraw_slot(&purpose, effects);
            state.slot(&purpose).give_up(&purpose, Some(STOPPED.to_owned()));
        });
        true
    }
}
