//! What the rows of the neuron view share.

use leptos::prelude::*;

use super::model::Neurons;
use crate::render::{NeuronColumns, Window};
use crate::trace::Side;
use crate::ui::erased::Derived;

/// What the rows need from their figure.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub neurons: Neurons,
    pub columns: Derived<NeuronColumns>,
    pub window: Derived<Window>,
    /// The row that the keyboard has reached, by side.
    pub reached: RwSignal<(Side, usize)>,
}

/// Id of a row's element.
pub fn row_id(side: Side, row: usize) -> String {
    match side {
        Side::Query => format!("neuron-query-{row}"),
        Side::Key => format!("neuron-key-{row}"),
    }
}
