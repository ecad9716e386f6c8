//! A sweep as a map: layers down, heads or positions across, signed effects.

use std::collections::BTreeMap;

use crate::analysis::effect::{ablation_effect, restored_share};
use crate::edit::Edit;
use crate::protocol::{OutcomeNumbers, RequestId, SweepAsked, SweepNumbers};

/// A sweep that is running or complete.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepState {
    /// Its request.
    pub request: RequestId,
    /// The kind of edit that is tried.
    pub asked: SweepAsked,
    /// By layer and column.
    pub cells: BTreeMap<(usize, usize), SweepNumbers>,
    /// The outcome without any cell's edit.
    pub base: Option<OutcomeNumbers>,
    /// That of the other text.
    pub other: Option<OutcomeNumbers>,
    /// Whether every cell is complete.
    pub is_done: bool,
}

/// A sweep as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Layers.
    pub n_rows: usize,
    /// Heads or positions.
    pub n_columns: usize,
    /// By row and column; `None` where a cell is not complete.
    pub cells: Vec<Option<MapCell>>,
    /// The largest absolute effect, which both ends of the colour scale stand for.
    pub largest: f32,
    /// Whether columns are tokens.
    pub is_by_position: bool,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct MapCell {
    /// M without the edit minus M with it; R for patches from a second text. Nothing where there is no outcome.
    pub effect: Option<f32>,
    /// The outcome with the edit.
    pub outcome: Option<OutcomeNumbers>,
    /// The edit that was tried.
    pub edit: Edit,
}

impl SweepState {
    /// Whether its columns are tokens.
    pub fn is_by_position(&self) -> bool {
        matches!(self.asked, SweepAsked::CutKeys | SweepAsked::PatchStream { .. })
    }

    /// Whether a cell's edit is one of the text on screen: in denoising it is one of the other text.
    pub fn applies(&self) -> bool {
        !matches!(self.asked, SweepAsked::PatchStream { is_denoising: true, .. })
    }

    /// The effect of an outcome, where it is known.
    fn effect(&self, outcome: OutcomeNumbers) -> Option<f32> {
        let base = self.base?.value;
        match self.asked {
            SweepAsked::PatchStream { .. } => restored_share(base, self.other?.value, outcome.value),
            _ => Some(ablation_effect(base, outcome.value)),
        }
    }

    /// The map of a model with so many layers and heads and an input of so many tokens.
    pub fn map(&self, n_layers: usize, n_heads: usize, n_tokens: usize) -> Map {
        let n_columns = if self.is_by_position() { n_tokens } else { n_heads };
        let mut largest = 0.0f32;
        let mut cell = |index: usize| {
            let numbers = self.cells.get(&(index / n_columns.max(1), index % n_columns.max(1)))?;
            let effect = numbers.outcome.and_then(|outcome| self.effect(outcome));
            largest = largest.max(effect.map_or(0.0, f32::abs));
            Some(MapCell { effect, outcome: numbers.outcome, edit: numbers.edit.clone() })
        };
        let cells = (0..n_layers * n_columns).map(&mut cell).collect();
        Map { n_rows: n_layers, n_columns, cells, largest, is_by_position: self.is_by_position() }
    }
}
