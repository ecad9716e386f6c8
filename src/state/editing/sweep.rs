//! A sweep as a map: layers down, heads or positions across, signed effects.

use std::collections::BTreeMap;

use crate::analysis::effect::{ablation_effect, restored_share};
use crate::edit::Edit;
use crate::protocol::{OutcomeAsked, OutcomeNumbers, RequestId, SweepAsked, SweepNumbers};

/// A sweep that is running or complete.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepState {
    /// Its request.
    pub request: RequestId,
    /// The kind of edit that is tried.
    pub asked: SweepAsked,
    /// The edits that act in all of it; nothing where it is a sweep of another text, model or trace than the original.
    pub edits: Option<Vec<Edit>>,
    /// The outcome that is measured.
    pub outcome: OutcomeAsked,
    /// By layer and column.
    pub cells: BTreeMap<(usize, usize), SweepNumbers>,
    /// The outcome without any cell's edit.
    pub base: Option<OutcomeNumbers>,
    /// The outcome of the other text.
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
    /// What the edit does, 0 for nothing: M without the edit minus M with it. For patches from a second text it is the share of the
    /// difference between the texts: lost (1 − R) where the second text's stream comes into this one, restored (R) the other way
    /// round. `None` where there is no outcome.
    pub effect: Option<f32>,
    /// The outcome with the edit.
    pub outcome: Option<OutcomeNumbers>,
    /// The edit that was tried.
    pub edit: Edit,
}

impl Map {
    /// Row, column and effect of the cells with the largest effects, whatever their sign, the largest first.
    pub fn strongest(&self, n: usize) -> Vec<(usize, usize, f32)> {
        let effect = |(index, cell): (usize, &Option<MapCell>)| {
            let n_columns = self.n_columns.max(1);
            Some((index / n_columns, index % n_columns, cell.as_ref()?.effect?))
        };
        let mut all: Vec<_> = self.cells.iter().enumerate().filter_map(effect).collect();
        all.sort_by(|one, other| other.2.abs().total_cmp(&one.2.abs()));
        all.truncate(n);
        all
    }

    /// The number of cells that are complete, and of all.
    pub fn progress(&self) -> (usize, usize) {
        (self.cells.iter().flatten().count(), self.cells.len())
    }
}

impl SweepState {
    /// Whether columns are tokens.
    pub fn is_by_position(&self) -> bool {
        match self.asked {
            SweepAsked::CutKeys => true,
            SweepAsked::Patch { site, .. } => site.is_by_position(),
            _ => false,
        }
    }

    /// Whether a cell's edit is one of the text on screen: in denoising it is one of the other text.
    pub fn applies(&self) -> bool {
        !matches!(self.asked, SweepAsked::Patch { is_denoising: true, .. })
    }

    /// What a cell's effect is, for headings.
    pub fn measured(&self) -> &'static str {
        match self.asked {
            SweepAsked::Patch { is_denoising: true, .. } => "Share of the difference restored",
            SweepAsked::Patch { .. } => "Share of the difference lost",
            _ => "Effect: outcome without the edit minus with it",
        }
    }

    /// What is tried, as a heading.
    pub fn title(&self) -> String {
        let title = match &self.asked {
            SweepAsked::ZeroHeads => "Zero every head",
            SweepAsked::Each(_) => "Each edit alone",
            SweepAsked::PositionMeanHeads => "Mean-ablate every head",
            SweepAsked::MeanHeads(_) => "Mean-ablate every head over other texts",
            SweepAsked::CutKeys => "Cut every key",
            SweepAsked::Patch { site, text, is_denoising: true } => {
                return format!("Patch the {} of this text into “{text}”", site.label());
            }
            SweepAsked::Patch { site, text, .. } => {
                return format!("Patch the {} of “{text}” into this text", site.label());
            }
        };
        title.to_owned()
    }

    /// The effect of an outcome, where it is known.
    fn effect(&self, outcome: OutcomeNumbers) -> Option<f32> {
        let base = self.base?.value;
        match self.asked {
            SweepAsked::Patch { is_denoising, .. } => {
                let restored = restored_share(base, self.other?.value, outcome.value)?;
                Some(if is_denoising { restored } else { 1.0 - restored })
            }
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
