//! The stream view as a figure: a table of layers and positions.

use super::svg::{Anchor, GROUND, INK, PX_PER_PT, SOFT};
use super::{Draw, Pen, Style};
use crate::render::colour::{NEUTRAL_HUE, Ramp, Rgb, Scheme};
use crate::render::{Diverging, StreamScale};

/// Height of a row as a multiple of the size of its text.
const ROW: f32 = 1.5;
/// From this level on, text takes the colour of the page.
const STRONG: f32 = 0.55;
/// Most positions; of a longer text the last ones are drawn.
const MAX_COLUMNS: usize = 64;

/// A cell: what is written in it, and its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamCell {
    /// A token, or the number as it stands in the cell.
    pub text: String,
    /// The number behind the colour; nothing where it is not known.
    pub value: Option<f32>,
}

/// A step of a cell's path: the cells that it joins, each by its line from the top and its position, and how much it carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamStep {
    /// The cell that is read.
    pub from: (usize, usize),
    /// The cell that is written to.
    pub to: (usize, usize),
    /// The share that arrives.
    pub amount: f32,
}

/// The stream view of a figure.
pub struct StreamFigure<'a> {
    /// Names of the rows from the top down.
    pub row_names: Vec<String>,
    /// The tokens.
    pub labels: Vec<String>,
    /// A cell by its line from the top and its position.
    pub cell: &'a dyn Fn(usize, usize) -> StreamCell,
    /// From numbers to colours.
    pub scale: Option<StreamScale>,
    /// Numbers at the ends of the scale.
    pub ends: (String, String),
    /// What the cells show.
    pub meaning: String,
    /// The path that is drawn over the table; empty where none is open.
    pub path: Vec<StreamStep>,
}

impl StreamFigure<'_> {
    /// The positions that are drawn.
    fn columns(&self) -> std::ops::Range<usize> {
        self.labels.len().saturating_sub(MAX_COLUMNS)..self.labels.len()
    }

    fn colours(&self) -> impl Fn(f32) -> Rgb + use<> {
        let (ramp, diverging) = (Ramp::new(NEUTRAL_HUE, Scheme::Light), Diverging::new(Scheme::Light));
        let is_difference = matches!(self.scale, Some(StreamScale::Difference(_)));
        move |level| if is_difference { diverging.at(level) } else { ramp.at(level) }
    }
}

impl Draw for StreamFigure<'_> {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let columns = self.columns();
        let label_width = pen.preset.small_pt() * PX_PER_PT * 4.2;
        let width = (pen.preset.width() - label_width) / columns.len().max(1) as f32;
        // Text is as large as the cells allow: six characters of six tenths of its size.
        let size_pt = pen.preset.small_pt().min(width / (6.0 * 0.62 * PX_PER_PT)).max(2.0);
        let (style, height) = (Style::new(size_pt).mono(), size_pt * PX_PER_PT * ROW);
        let room = ((width - 1.0) / (size_pt * PX_PER_PT * 0.62)).max(1.0) as usize;
        let cut = |text: &str| match text.chars().count() > room {
            true => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
            false => text.to_owned(),
        };
        let small = pen.small().ink(SOFT);
        let step = (pen.preset.small_pt() * PX_PER_PT / height).ceil().max(1.0) as usize;
        pen.svg.open("positions", "");
        for (index, column) in columns.clone().enumerate() {
            let x = label_width + (index as f32 + 0.5) * width;
            pen.svg.text(x, height * 0.7, &style.anchor(Anchor::Middle), &cut(&self.labels[column]));
        }
        pen.svg.close();
        let colour = self.colours();
        for (line, name) in self.row_names.iter().enumerate() {
            let top = height * (line + 1) as f32;
            pen.svg.open(&format!("row-{name}"), "");
            // The output has its name in any case, and the rows so far above it that names stand apart.
            if (self.row_names.len() - 1 - line).is_multiple_of(step) {
                let baseline = pen.baseline(top + height / 2.0, pen.preset.small_pt());
                pen.svg.text(label_width - 4.0, baseline, &small.anchor(Anchor::End), name);
            }
            for (index, column) in columns.clone().enumerate() {
                let StreamCell { text, value } = (self.cell)(line, column);
                let x = label_width + index as f32 * width;
                let level = self.scale.zip(value).map(|(scale, value)| scale.level(value));
                let fill = level.map_or(GROUND, &colour);
                pen.svg.rect((x, top), (width - 0.5, height - 0.5), fill, 1.0);
                let ink = if level.is_some_and(|level| level.abs() >= STRONG) { [255, 255, 255] } else { INK };
                let baseline = pen.baseline(top + height / 2.0, size_pt);
                pen.svg.text(x + width / 2.0, baseline, &style.ink(ink).anchor(Anchor::Middle), &cut(&text));
            }
            pen.svg.close();
        }
        let (negative, positive) = (Diverging::new(Scheme::Light).at(-1.0), Diverging::new(Scheme::Light).at(1.0));
        pen.svg.open("path", "stroke-width=\"1.5\"");
        for step in &self.path {
            let middle = |(line, column): (usize, usize)| {
                let index = column.checked_sub(columns.start)?;
                Some((label_width + (index as f32 + 0.5) * width, height * (line as f32 + 1.5)))
            };
            if let (Some(from), Some(to)) = (middle(step.from), middle(step.to)) {
                let colour = if step.amount < 0.0 { negative } else { positive };
                pen.svg.line(from, to, colour, (step.amount.abs() * 4.0).clamp(0.25, 1.0));
            }
        }
        pen.svg.close();
        height * (self.row_names.len() + 1) as f32
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let colour = self.colours();
        let is_difference = matches!(self.scale, Some(StreamScale::Difference(_)));
        let level = |at: f32| if is_difference { 2.0 * at - 1.0 } else { at };
        let stops: Vec<(f32, Rgb, f32)> =
            (0..=8).map(|step| step as f32 / 8.0).map(|at| (at, colour(level(at)), 1.0)).collect();
        let ticks = [(0.0, self.ends.0.clone()), (1.0, self.ends.1.clone())];
        let y = pen.scale_bar("stream-scale", (0.0, top), &stops, &ticks);
        let left_out = match self.columns().start {
            0 => String::new(),
            n => format!(" The first {n} positions are left out."),
        };
        pen.note(&format!("{}. Rows: the stream entering each layer, and the output.{left_out}", self.meaning), y)
    }
}
