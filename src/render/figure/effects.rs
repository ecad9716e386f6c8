//! A sweep as a figure: layers down, heads or tokens across, signed effects.

use super::cells::cells;
use super::svg::{Anchor, PX_PER_PT, SOFT};
use super::{Draw, Pen, text};
use crate::render::colour::{Rgb, Scheme};
use crate::render::neurons::Diverging;

/// Width and height of a cell at most, CSS pixels.
const MAX_CELL: (f32, f32) = (28.0, 14.0);
/// Colour of cells that were not measured.
const MISSING: Rgb = [0xd4, 0xd4, 0xda];
/// Characters of the longest token over a column.
const MAX_LABEL: usize = 18;

/// The map of a sweep as a figure.
pub struct EffectsFigure {
    /// Effects by row and column; `None` where a cell was not measured or has no value.
    pub effects: Vec<Option<f32>>,
    /// Names of the columns: tokens, or the numbers of heads.
    pub columns: Vec<String>,
    /// Whether columns are tokens, which stand upright.
    pub is_by_position: bool,
    /// The size of an effect that has the full colour.
    pub largest: f32,
    /// What an effect is.
    pub meaning: String,
}

impl EffectsFigure {
    fn n_rows(&self) -> usize {
        self.effects.len() / self.columns.len().max(1)
    }

    fn n_missing(&self) -> usize {
        self.effects.iter().filter(|effect| effect.is_none()).count()
    }
}

impl Draw for EffectsFigure {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let n_columns = self.columns.len().max(1);
        let size = pen.preset.small_pt() * PX_PER_PT;
        let left = size * 2.4;
        let cell = (((pen.preset.width() - left) / n_columns as f32).min(MAX_CELL.0), MAX_CELL.1);
        let longest = self.columns.iter().map(|name| name.chars().count().min(MAX_LABEL)).max().unwrap_or(0);
        let top = if self.is_by_position { longest as f32 * size * 0.62 + 8.0 } else { size * 1.4 };
        let small = pen.small().ink(SOFT);
        let step = (size * 1.15 / cell.0.max(0.01)).ceil().max(1.0) as usize;
        pen.svg.open("columns", "");
        for (column, name) in self.columns.iter().enumerate().step_by(step) {
            let middle = left + (column as f32 + 0.5) * cell.0;
            if self.is_by_position {
                let name = text::shortened(name, MAX_LABEL);
                pen.svg.turned_text(middle + size * 0.35, top - 4.0, -90.0, &pen.small().mono(), &name);
            } else {
                let last = pen.preset.width() - text::width(name, size) / 2.0;
                pen.svg.text(middle.min(last), top - 4.0, &small.anchor(Anchor::Middle), name);
            }
        }
        pen.svg.close();
        pen.svg.open("layers", "");
        for row in 0..self.n_rows() {
            let y = pen.baseline(top + (row as f32 + 0.5) * cell.1, pen.preset.small_pt());
            pen.svg.text(left - 4.0, y, &small.anchor(Anchor::End), &row.to_string());
        }
        pen.svg.close();
        let colours = Diverging::new(Scheme::Light);
        let colour = |row: usize, column: usize| {
            let effect = self.effects.get(row * n_columns + column).copied().flatten();
            let share = |effect: f32| if self.largest > 0.0 { effect / self.largest } else { 0.0 };
            Some(effect.map_or(MISSING, |effect| colours.at(share(effect))))
        };
        pen.svg.open("effects", "shape-rendering=\"crispEdges\"");
        cells(&mut pen.svg, (left, top), cell, (self.n_rows(), n_columns), cell.1, colour);
        pen.svg.close();
        top + self.n_rows() as f32 * cell.1
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let y = pen.change_bar("effect-scale", (0.0, top), self.largest);
        let columns = if self.is_by_position { "positions" } else { "heads" };
        let missing = match self.n_missing() {
            0 => String::new(),
            n => format!(" Grey: {n} cells without a value."),
        };
        pen.note(&format!("{}. Rows: layers; columns: {columns}.{missing}", self.meaning), y)
    }
}
