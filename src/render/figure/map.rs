//! The model view as a figure: a thumbnail of every head.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::cells::{cells, pooled};
use super::svg::{Anchor, GROUND, INK, PX_PER_PT, SOFT, Style, Svg, number};
use super::{Draw, Pen, text};
use crate::render::colour::{NEUTRAL_HUE, Ramp, Rgb, Scheme};
use crate::render::map::{LayerHead, MapLayout, MapSpace};
use crate::render::neurons::Diverging;
use crate::render::{Contrast, Shade};

/// Most cells of all thumbnails together; more cells are pooled.
const MAX_CELLS: usize = 200_000;
/// Opacity below which a line is invisible in a thumbnail.
const MIN_LINE: f32 = 0.02;
/// Room over the columns for the heads' numbers, CSS pixels.
const HEADINGS: f32 = 14.0;

/// The contents of one cell of the model view.
pub enum MapCell<'a> {
    /// A pattern made small, [n_rows, n_columns].
    Heat(&'a [f32], usize, usize),
    /// A reduced pattern [n_rows, n_columns] as lines from queries to keys.
    Lines(&'a [f32], usize, usize),
    /// A number with its level from 0 to 1; `None` where the head has no number.
    Number(Option<(f32, f32)>),
}

/// The model view of a figure.
pub struct MapFigure<'a> {
    /// Heads of each row.
    pub rows: Vec<Vec<LayerHead>>,
    /// Contents of each cell.
    pub cell: &'a dyn Fn(LayerHead) -> Option<MapCell<'a>>,
    /// Whether cells are sorted by their number and carry names instead of rows and columns.
    pub is_sorted: bool,
    /// Whether a pooled cell shows the largest weight rather than the mean.
    pub is_max: bool,
    /// Scale from weights to levels.
    pub shade: Shade,
    /// The scale of changes, where these are shown.
    pub contrast: Option<Contrast>,
    /// Of each row and each column of a thumbnail, the first position and the tokens.
    pub tokens: [Vec<(usize, String)>; 2],
    /// Numbers at the ends of the colour scale.
    pub ends: (String, String),
    /// Sentences about the scale.
    pub meaning: String,
    /// What a number of a cell is called in a table.
    pub number: &'static str,
    /// Whether a cell is of its whole layer, at head 0.
    pub is_layer_wide: bool,
}

impl MapFigure<'_> {
    fn layout(&self, pen: &Pen) -> MapLayout {
        let space =
            MapSpace { width: pen.preset.width(), height: f32::MAX, has_names: self.is_sorted, ..MapSpace::default() };
        MapLayout::fit(self.rows.clone(), space)
    }

    fn ramp(&self) -> Ramp {
        Ramp::new(NEUTRAL_HUE, Scheme::Light)
    }

    /// Whether a pooled cell shows the largest weight: the difference of two largest weights is not the largest difference.
    fn takes_largest(&self) -> bool {
        self.is_max && self.contrast.is_none()
    }

    /// How many cells along an axis become one.
    fn pooling(&self) -> usize {
        let n_cells = |place: &LayerHead| match (self.cell)(*place) {
            Some(MapCell::Heat(cells, ..) | MapCell::Lines(cells, ..)) => cells.len(),
            _ => 1,
        };
        let total: usize = self.rows.iter().flatten().map(n_cells).sum();
        (1..=64).find(|n| total / (n * n) <= MAX_CELLS).unwrap_or(64)
    }

    fn heat(&self, svg: &mut Svg, place: (f32, f32), side: f32, (values, n_rows, n_columns): (&[f32], usize, usize)) {
        let (ramp, diverging) = (self.ramp(), Diverging::new(Scheme::Light));
        let cell = (side / n_columns.max(1) as f32, side / n_rows.max(1) as f32);
        let colour = |row: usize, column: usize| -> Option<Rgb> {
            let value = *values.get(row * n_columns + column)?;
            let level = match self.contrast {
                Some(contrast) => self.shade.level(contrast.share(value).abs(), 1.0),
                None => self.shade.level(value, 1.0),
            };
            let is_change = self.contrast.is_some();
            (level > 0.0).then(|| if is_change { diverging.at(level.copysign(value)) } else { ramp.at(level) })
        };
        cells(svg, place, cell, (n_rows, n_columns), cell.1, colour);
    }

    /// Draws lines as sixteen paths, one for each level of opacity.
    fn lines(&self, svg: &mut Svg, (x, y): (f32, f32), side: f32, (values, n_rows, n_columns): (&[f32], usize, usize)) {
        let share = |value: f32| self.contrast.map_or(value, |contrast| contrast.share(value));
        let mut paths = BTreeMap::<(u8, bool), String>::new();
        for (row, weights) in values.chunks_exact(n_columns.max(1)).enumerate() {
            let start = y + (row as f32 + 0.5) / n_rows as f32 * side;
            let shares = weights.iter().map(|weight| share(*weight)).enumerate();
            for (column, share) in shares.filter(|(_, share)| share.abs() >= MIN_LINE) {
                let end = y + (column as f32 + 0.5) / n_columns as f32 * side;
                let level = (share.abs() * 16.0).ceil().clamp(1.0, 16.0) as u8;
                let path = paths.entry((level, share < 0.0)).or_default();
                let _ = write!(path, "M{} {}L{} {}", number(x), number(start), number(x + side), number(end));
            }
        }
        for ((level, is_less), data) in paths {
            let sign = if is_less { -1.0 } else { 1.0 };
            let colour = self.contrast.map_or_else(|| self.ramp().at(1.0), |contrast| contrast.colour(sign));
            svg.path(&data, "stroke", colour, f32::from(level) / 16.0);
        }
    }
}

impl Draw for MapFigure<'_> {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let (layout, ramp, n) = (self.layout(pen), self.ramp(), self.pooling());
        let diverging = Diverging::new(Scheme::Light);
        let small = pen.small().ink(SOFT);
        let top = if self.is_sorted { 0.0 } else { HEADINGS };
        if !self.is_sorted {
            pen.svg.open("head-numbers", "");
            let columns = self.rows.first().into_iter().flatten().filter(|_| !self.is_layer_wide);
            for (column, (_, head)) in columns.enumerate() {
                let x = layout.cell_left(0, column) + layout.width / 2.0;
                pen.svg.text(x, top - 4.0, &small.anchor(Anchor::Middle), &head.to_string());
            }
            pen.svg.close();
            pen.svg.open("layer-numbers", "");
            for (row, places) in self.rows.iter().enumerate() {
                let Some((layer, _)) = places.first() else { continue };
                let y = pen.baseline(top + layout.row_top(row) + layout.height / 2.0, pen.preset.small_pt());
                pen.svg.text(layout.left - 8.0, y, &small.anchor(Anchor::End), &layer.to_string());
            }
            pen.svg.close();
        }
        pen.svg.open("heads", "stroke-width=\"0.5\"");
        for (row, places) in self.rows.iter().enumerate() {
            for (column, &(layer, head)) in places.iter().enumerate() {
                let (x, y) = (layout.cell_left(row, column), top + layout.row_top(row));
                let name = if self.is_layer_wide { format!("L{layer}") } else { format!("L{layer}H{head}") };
                pen.svg.open(&name, "");
                pen.svg.rect((x, y), (layout.width, layout.width), GROUND, 1.0);
                match (self.cell)((layer, head)) {
                    Some(MapCell::Heat(values, n_rows, n_columns)) if values.len() == n_rows * n_columns => {
                        let (values, n_rows, n_columns) = pooled(values, (n_rows, n_columns), n, self.takes_largest());
                        pen.svg.open(&format!("cells-{name}"), "shape-rendering=\"crispEdges\"");
                        self.heat(&mut pen.svg, (x, y), layout.width, (&values, n_rows, n_columns));
                        pen.svg.close();
                    }
                    Some(MapCell::Lines(values, n_rows, n_columns)) if values.len() == n_rows * n_columns => {
                        let (values, n_rows, n_columns) =
                            pooled(values, (n_rows, n_columns), n, self.contrast.is_none());
                        self.lines(&mut pen.svg, (x, y), layout.width, (&values, n_rows, n_columns));
                    }
                    Some(MapCell::Number(Some((value, level)))) => {
                        let fill = match self.contrast {
                            Some(_) => diverging.at(2.0 * level - 1.0),
                            None => ramp.at(level),
                        };
                        pen.svg.rect((x, y), (layout.width, layout.width), fill, 1.0);
                        if layout.width >= 17.0 {
                            let strength = if self.contrast.is_some() { (2.0 * level - 1.0).abs() } else { level };
                            let ink = if strength > 0.55 { [255, 255, 255] } else { INK };
                            let style = pen.small().ink(ink).anchor(Anchor::Middle);
                            let style = super::Style { size_pt: (layout.width * 0.26).min(style.size_pt), ..style };
                            let baseline = pen.baseline(y + layout.width / 2.0, style.size_pt);
                            pen.svg.text(x + layout.width / 2.0, baseline, &style, &short(value));
                        }
                    }
                    _ => {}
                }
                if self.is_sorted {
                    let baseline = y + layout.width + 10.0;
                    // Smaller where the cells stand closer than their names are long.
                    let room = (layout.step - 1.0) / text::width(&name, small.size_pt * PX_PER_PT);
                    let style = Style { size_pt: small.size_pt * room.min(1.0), ..small };
                    pen.svg.text(x + layout.width / 2.0, baseline, &style.anchor(Anchor::Middle), &name);
                }
                pen.svg.close();
            }
        }
        pen.svg.close();
        top + layout.content_height()
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let ramp = self.ramp();
        let stops: Vec<(f32, Rgb, f32)> =
            (0..=8).map(|step| step as f32 / 8.0).map(|at| (at, ramp.at(at), 1.0)).collect();
        let ticks = [(0.0, self.ends.0.clone()), (1.0, self.ends.1.clone())];
        let y = match self.contrast {
            Some(contrast) => pen.change_bar("weight-scale", (0.0, top), contrast.end),
            None => pen.scale_bar("weight-scale", (0.0, top), &stops, &ticks),
        };
        let axes = match (self.is_sorted, self.is_layer_wide) {
            (true, _) => "",
            (false, true) => " A cell for each layer.",
            (false, false) => " Rows: layers; columns: heads.",
        };
        let pooled = match self.pooling() {
            1 => String::new(),
            n => format!(
                " Each cell of a thumbnail is the {} of {n} × {n}.",
                if self.takes_largest() { "largest" } else { "mean" }
            ),
        };
        pen.note(&format!("{}{axes}{pooled}", self.meaning), y)
    }
}

/// A number that fits a cell.
fn short(value: f32) -> String {
    let text = if value.abs() >= 9.995 { format!("{value:.1}") } else { format!("{value:.2}") };
    text.replace('-', "−")
}
