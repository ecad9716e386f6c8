//! The figures on screen, their names, and the names of their files.

use super::editing::Variant;
use super::{State, View};
use crate::protocol::Quantity;

/// Something on screen that can be drawn as a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnScreen {
    /// A view of the first pane.
    First(View),
    /// The second view.
    Beside(View),
    /// The map of a sweep's effects, which stands in the place of the views.
    Effects,
}

impl State {
    /// The figures on screen, in their order.
    pub fn on_screen(&self) -> Vec<OnScreen> {
        if self.shown.is_none() {
            return Vec::new();
        }
        if self.shows_sweep() {
            return vec![OnScreen::Effects];
        }
        let has_neurons = self.scales.neurons.head.value().is_some();
        // The workbench saves its figures itself.
        let drawn = self.views().iter().filter(|view| **view != View::Find);
        let mut first: Vec<View> = drawn.map(|view| drawable(*view, has_neurons)).collect();
        first.dedup();
        let mut all: Vec<OnScreen> = first.iter().copied().map(OnScreen::First).collect();
        if let Some((view, side)) = self.pane().filter(|(view, _)| *view != View::Find) {
            let view = drawable(view, self.has_neurons_beside());
            // The same view of the same result is the same figure.
            if side != self.editing.variant || !first.contains(&view) {
                all.push(OnScreen::Beside(view));
            }
        }
        all
    }

    /// The result that a figure on screen shows.
    fn side_of(&self, what: OnScreen) -> Variant {
        match (what, self.pane()) {
            (OnScreen::Beside(_), Some((_, side))) => side,
            _ => self.editing.variant,
        }
    }

    /// A figure's name among those on screen: "Head view", or "Head view, Original" where results differ.
    pub fn figure_name(&self, what: OnScreen) -> String {
        let view = match what {
            OnScreen::First(view) | OnScreen::Beside(view) => view.label(),
            OnScreen::Effects => return "Map of effects".to_owned(),
        };
        match self.pane() {
            Some((_, side)) if side != self.editing.variant => {
                format!("{view}, {}", self.editing.name_of(self.side_of(what)))
            }
            _ => view.to_owned(),
        }
    }

    /// The name of a figure's file: "all-MiniLM-L6-v2-head-L2H9-change".
    pub fn figure_stem(&self, what: OnScreen) -> String {
        let view = match what {
            OnScreen::First(view) | OnScreen::Beside(view) => view,
            OnScreen::Effects if self.matters.is_on_stage => return format!("{}-estimates", self.file_stem()),
            OnScreen::Effects => return format!("{}-sweep", self.file_stem()),
        };
        let heads = &self.selection.heads;
        let quantity = self.quantity_of(view);
        let place = match view {
            View::Head if quantity.is_layer_wide() => format!("-L{}", self.selection.layer),
            View::Model | View::Stream | View::Find => String::new(),
            View::Head if heads.len() > 1 => format!("-L{}", self.selection.layer),
            View::Head | View::Neuron => format!("-L{}H{}", self.selection.layer, self.selection.head()),
        };
        let side = self.side_of(what);
        let result = match side {
            Variant::A => String::new(),
            Variant::B | Variant::Difference => {
                format!("-{}", self.editing.name_of(side).to_lowercase().replace(' ', "-"))
            }
        };
        let drawn = match quantity {
            Quantity::Weights => String::new(),
            other => format!("-{}", other.name().replace('_', "-")),
        };
        format!("{}-{}{drawn}{place}{result}", self.file_stem(), view.name())
    }
}

/// The view that is drawn for a view: without queries and keys the neuron view shows a head.
fn drawable(view: View, has_neurons: bool) -> View {
    if view == View::Neuron && !has_neurons { View::Head } else { view }
}
