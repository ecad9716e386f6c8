//! The outcome as a sum, as a figure: a bar with its sign for each component, and the sum so far from the bottom up.

use super::svg::{Anchor, HAIR, INK, PX_PER_PT, SOFT, signed};
use super::{Draw, Pen, text};
use crate::render::colour::Scheme;
use crate::render::neurons::Diverging;

/// Share of the width that names take, and that each column of numbers takes.
const NAMES: f32 = 0.3;
const NUMBERS: f32 = 0.13;
/// Height of a line over the size of its text.
const LINE: f32 = 1.45;

/// A component, or several together.
#[derive(Clone, Debug, PartialEq)]
pub struct SumLine {
    /// What adds.
    pub name: String,
    /// What it adds.
    pub value: f32,
    /// The sum up to this line, where lines stand from the bottom up.
    pub sum: Option<f32>,
}

/// The sum as a figure.
pub struct SumFigure {
    /// The lines in their order.
    pub lines: Vec<SumLine>,
    /// Sentences about the sum, with its numbers.
    pub meaning: String,
}

impl SumFigure {
    fn largest(&self) -> f32 {
        self.lines.iter().map(|line| line.value.abs()).filter(|size| size.is_finite()).fold(0.0, f32::max)
    }
}

impl Draw for SumFigure {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let (width, size) = (pen.preset.width(), pen.preset.small_pt() * PX_PER_PT);
        let has_sums = self.lines.iter().any(|line| line.sum.is_some());
        let n_columns = if has_sums { 2.0 } else { 1.0 };
        let (left, right) = (width * NAMES, width * (1.0 - NUMBERS * n_columns));
        let (zero, reach) = ((left + right) / 2.0, (right - left) / 2.0 - 6.0);
        let (row, largest) = (size * LINE, self.largest().max(f32::MIN_POSITIVE));
        let (colours, small) = (Diverging::new(Scheme::Light), pen.small());
        let top = if has_sums { row } else { 0.0 };
        if has_sums {
            let y = pen.baseline(row / 2.0, pen.preset.small_pt());
            let heading = pen.small().ink(SOFT).anchor(Anchor::End);
            pen.svg.text(width * (1.0 - NUMBERS), y, &heading, "adds");
            pen.svg.text(width, y, &heading, "sum so far");
        }
        pen.svg.open("components", "");
        for (index, line) in self.lines.iter().enumerate() {
            let y = top + index as f32 * row;
            let baseline = pen.baseline(y + row / 2.0, pen.preset.small_pt());
            pen.svg.text(left - 6.0, baseline, &small.anchor(Anchor::End), &text::fitted(&line.name, size, left - 6.0));
            let length = line.value.abs() / largest * reach;
            let from = if line.value < 0.0 { zero - length } else { zero };
            let colour = colours.at(if line.value < 0.0 { -1.0 } else { 1.0 });
            pen.svg.rect((from, y + row * 0.18), (length, row * 0.64), colour, 1.0);
            let numbers = [Some(line.value), line.sum].into_iter().flatten();
            for (column, value) in numbers.enumerate() {
                let x = width * (1.0 - NUMBERS * (n_columns - 1.0 - column as f32));
                let ink = if column == 0 { INK } else { SOFT };
                pen.svg.text(x, baseline, &pen.small().ink(ink).anchor(Anchor::End), &signed(value));
            }
        }
        pen.svg.close();
        let bottom = top + self.lines.len() as f32 * row;
        pen.svg.line((zero, top), (zero, bottom), HAIR, 1.0);
        bottom
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        pen.note(&self.meaning, top)
    }
}
