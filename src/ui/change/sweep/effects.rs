//! The effects of the last sweep as the page shows, draws and tabulates them.

use crate::render::figure::{EffectsFigure, csv};
use crate::state::editing::{Map, MapCell};
use crate::state::{Shown, State};
use crate::trace::Side;
use crate::trace::display::TokenLabel;

/// What a cell of a map of estimates shows.
const ESTIMATED: &str = "Estimated effect: outcome with the edit minus without it";

/// The map, with what its columns and numbers are called.
#[derive(Clone, PartialEq)]
pub struct Effects {
    /// The cells.
    pub map: Map,
    /// The tokens over the columns; empty where columns are heads.
    pub names: Vec<String>,
    /// What a cell's effect is.
    pub measured: &'static str,
    /// What was tried or estimated.
    pub title: String,
    /// Whether a cell's edit is one of the text on screen.
    pub applies: bool,
}

impl Effects {
    /// The effects on the stage: estimates, or those of the last sweep.
    pub fn from_state(state: &State) -> Option<Self> {
        if state.matters.is_on_stage {
            let (map, shown) = (state.matters_map()?, state.shown.as_ref()?);
            let labels: &[TokenLabel] = if map.is_by_position { shown.labels(Side::Query) } else { &[] };
            let names = labels.iter().map(|label| label.plain.clone()).collect();
            return Some(Self { map, names, measured: ESTIMATED, title: state.matters_title(), applies: true });
        }
        let (sweep, shown) = (state.editing.sweep.as_ref()?, state.shown.as_ref()?);
        let map = sweep.map(shown.spec.n_layers, shown.spec.n_heads, shown.predicting().0.len());
        let plain = |shown: &Shown| shown.predicting().1.iter().map(|label| label.plain.clone()).collect();
        let names = if sweep.is_by_position() { plain(shown) } else { Vec::new() };
        let (measured, title) = (sweep.measured(), sweep.title());
        Some(Self { map, names, measured, title, applies: sweep.applies() })
    }

    /// As a figure.
    pub fn figure(&self) -> EffectsFigure {
        let column = |column: usize| self.names.get(column).cloned().unwrap_or_else(|| column.to_string());
        EffectsFigure {
            effects: self.map.cells.iter().map(|cell| cell.as_ref().and_then(|cell| cell.effect)).collect(),
            columns: (0..self.map.n_columns).map(column).collect(),
            is_by_position: self.map.is_by_position,
            largest: self.map.largest,
            meaning: self.measured.to_owned(),
        }
    }

    /// As CSV.
    pub fn table(&self) -> String {
        let n_columns = self.map.n_columns.max(1);
        let line = |(index, cell): (usize, &Option<MapCell>)| {
            let (row, column) = (index / n_columns, index % n_columns);
            let name = self.names.get(column).cloned().unwrap_or_default();
            (row, column, name, cell.as_ref().and_then(|cell| cell.effect))
        };
        csv::effects(self.map.is_by_position, self.map.cells.iter().enumerate().map(line))
    }
}
