//! The neuron view as a figure: what each neuron of a head adds to the scores of one query.

use super::cells::cells;
use super::svg::{Anchor, HAIR, INK, PX_PER_PT, SOFT, signed};
use super::{Draw, PAGE_CHARACTER, Pen, text};
use crate::render::colour::{NEUTRAL_HUE, Ramp, Rgb, Scheme};
use crate::render::layout::Span;
use crate::render::neurons::{Block, Diverging, NeuronColumns, Products};
use crate::trace::display::TokenLabel;
use crate::trace::numeral::two_decimals;

/// Height of a row, and of its cells, in the page's layout.
const ROW: (f32, f32) = (22.0, 20.0);
/// Room for headings and the query's own cells, in the page's layout.
const HEADER: f32 = 46.0;

/// The numbers of one query and key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NeuronRow {
    /// Position of the key.
    pub key: usize,
    /// Whether the mask lets the query see it.
    pub is_seen: bool,
    /// q · k of the pair.
    pub dot: Option<f32>,
    /// Score; −∞ where masked.
    pub score: Option<f32>,
    /// Weight of the pair.
    pub weight: Option<f32>,
    /// Weight times ‖f‖.
    pub value: Option<f32>,
}

/// The neuron view of a figure.
pub struct NeuronFigure<'a> {
    /// Neurons of queries and keys.
    pub products: Products<'a>,
    /// Neuron of each column.
    pub order: &'a [usize],
    /// Position of the query.
    pub query: usize,
    /// Positions of the keys shown.
    pub rows: Vec<NeuronRow>,
    /// Labels of the queries, by position.
    pub query_labels: &'a [TokenLabel],
    /// Labels of the keys, which differ from the queries' in cross-attention only.
    pub key_labels: &'a [TokenLabel],
    /// Sizes that have the full colour: of queries and keys, and of products.
    pub limits: (f32, f32),
    /// The marked neuron.
    pub neuron: Option<usize>,
    /// Whether the keys are shown rather than the products, where there is room for one block.
    pub shows_keys: bool,
    /// Further sentences about the scale.
    pub meaning: String,
}

impl NeuronFigure<'_> {
    fn query(&self) -> Option<&TokenLabel> {
        self.query_labels.get(self.query)
    }

    fn key(&self, row: &NeuronRow) -> Option<&TokenLabel> {
        self.key_labels.get(row.key)
    }

    fn columns(&self, pen: &Pen) -> NeuronColumns {
        let shown = self.rows.iter().filter_map(|row| self.key(row)).chain(self.query());
        let longest = shown.map(TokenLabel::n_columns).max();
        let token_width = longest.unwrap_or(0) as f32 * PAGE_CHARACTER + 20.0;
        NeuronColumns::fit(pen.layout_width(), token_width, self.order.len(), self.shows_keys)
    }

    fn block(&self, pen: &mut Pen, columns: &NeuronColumns, block: Block) {
        let (span, scale) = (columns.block(block), pen.scale);
        if span.width <= 0.0 || self.order.is_empty() {
            return;
        }
        let colours = Diverging::new(Scheme::Light);
        let value = |row: usize, column: usize| -> Option<f32> {
            let (row, neuron) = (self.rows.get(row)?, *self.order.get(column)?);
            match block {
                Block::Keys => Some(self.products.key(row.key, neuron)? / self.limits.0),
                Block::Products if row.is_seen => {
                    Some(self.products.product(self.query, row.key, neuron)? / self.limits.1)
                }
                Block::Products => None,
            }
        };
        let cell = (span.width / self.order.len() as f32 * scale, ROW.1 * scale);
        let name = if block == Block::Keys { "keys" } else { "products" };
        pen.svg.open(&format!("cells-{name}"), "shape-rendering=\"crispEdges\"");
        let place = (span.x * scale, (HEADER + (ROW.0 - ROW.1) / 2.0) * scale);
        let size = (self.rows.len(), self.order.len());
        cells(&mut pen.svg, place, cell, size, ROW.0 * scale, |row, column| value(row, column).map(|v| colours.at(v)));
        pen.svg.close();
        if block == Block::Keys || columns.keys.width == 0.0 {
            pen.svg.open("cells-query", "shape-rendering=\"crispEdges\"");
            let query = |_: usize, column: usize| {
                let q = self.products.query(self.query, *self.order.get(column)?)?;
                Some(colours.at(q / self.limits.0))
            };
            let (place, cell) = ((span.x * scale, (HEADER - 20.0) * scale), (cell.0, 16.0 * scale));
            cells(&mut pen.svg, place, cell, (1, self.order.len()), cell.1, query);
            pen.svg.close();
        }
        let column = self.neuron.and_then(|neuron| self.order.iter().position(|at| *at == neuron));
        if let Some(column) = column {
            let cell = columns.cell(block, column, self.order.len());
            let height = self.rows.len() as f32 * ROW.0 * scale;
            pen.svg.raw(&format!(
                "<rect id=\"marked-neuron-{name}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\" \
                 stroke-width=\"0.75\"/>",
                super::number(cell.x * scale),
                super::number(HEADER * scale),
                super::number(cell.width * scale),
                super::number(height),
                super::svg::hex(INK)
            ));
        }
    }

    /// A column of numbers under its formula.
    fn column(
        &self,
        pen: &mut Pen,
        (id, formula): (&str, &str),
        span: Span,
        number: impl Fn(&NeuronRow) -> Option<String>,
    ) {
        if span.width <= 0.0 {
            return;
        }
        let (scale, style) = (pen.scale, pen.small().anchor(Anchor::End));
        let x = (span.end() - 4.0) * scale;
        pen.svg.open(id, "");
        pen.svg.text(x, (HEADER - 24.0) * scale, &style.ink(SOFT), formula);
        for (index, row) in self.rows.iter().enumerate() {
            let middle = (HEADER + (index as f32 + 0.5) * ROW.0) * scale;
            let baseline = pen.baseline(middle, pen.preset.small_pt());
            if let Some(text) = number(row) {
                pen.svg.text(x, baseline, &style, &text);
            }
        }
        pen.svg.close();
    }

    fn bars(&self, pen: &mut Pen, span: Span) {
        let scale = pen.scale;
        let room = (span.width - 62.0).max(0.0);
        if room < 8.0 {
            return;
        }
        let colour = Ramp::new(NEUTRAL_HUE, Scheme::Light).at(0.5);
        pen.svg.open("weight-bars", "");
        for (index, row) in self.rows.iter().enumerate() {
            let Some(weight) = row.weight.filter(|weight| *weight > 0.0) else { continue };
            let top = (HEADER + index as f32 * ROW.0 + 6.0) * scale;
            let width = room * weight.min(1.0) * scale;
            pen.svg.rect(((span.x + 6.0) * scale, top), (width, (ROW.0 - 12.0) * scale), colour, 1.0);
        }
        pen.svg.close();
    }
}

fn plain(label: Option<&TokenLabel>) -> &str {
    label.map_or("", |label| label.plain.as_str())
}

impl Draw for NeuronFigure<'_> {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let (columns, scale) = (self.columns(pen), pen.scale);
        let span = columns.key_token;
        let n_columns = ((span.width - 12.0) / PAGE_CHARACTER).max(1.0) as usize;
        let (token, small) = (pen.token(), pen.small().ink(SOFT));
        let left = (span.x + 4.0) * scale;
        pen.svg.open("tokens", "");
        let query = text::shortened(plain(self.query()), n_columns);
        pen.svg.text(left, pen.baseline((HEADER - 12.0) * scale, pen.preset.token_pt()), &token.bold(), &query);
        for (index, row) in self.rows.iter().enumerate() {
            let middle = (HEADER + (index as f32 + 0.5) * ROW.0) * scale;
            let style = if row.is_seen { token } else { token.ink([0x9a, 0x9a, 0xa4]) };
            let label = text::shortened(plain(self.key(row)), n_columns);
            pen.svg.text(left, pen.baseline(middle, pen.preset.token_pt()), &style, &label);
        }
        pen.svg.close();
        pen.svg.open("headings", "");
        let y = (HEADER - 24.0) * scale;
        pen.svg.text(left, y, &small, "query / key");
        let size = pen.preset.small_pt() * PX_PER_PT;
        for (block, names) in
            [(Block::Keys, ["q over k, by neuron", "q over k"]), (Block::Products, ["q·k by neuron", "q·k"])]
        {
            let span = columns.block(block);
            let fits = |name: &&str| text::width(name, size) <= span.width * scale - 2.0;
            if let Some(name) = names.into_iter().find(fits) {
                pen.svg.text(span.x * scale, y, &small, name);
            }
        }
        pen.svg.close();
        for block in [Block::Keys, Block::Products] {
            self.block(pen, &columns, block);
        }
        self.column(pen, ("dot-products", "q·k"), columns.dot, |row| row.dot.map(two_decimals));
        self.column(pen, ("scores", "score"), columns.score, |row| row.score.map(two_decimals));
        self.bars(pen, columns.weight);
        let is_change = self.products.against.is_some();
        let three = |number: f32| match is_change {
            true => signed(number),
            false => format!("{number:.3}"),
        };
        self.column(pen, ("weights", "softmax"), columns.weight, |row| row.weight.map(three));
        self.column(pen, ("weighted-values", "A‖f‖"), columns.value, |row| row.value.map(three));
        let height = (HEADER + self.rows.len() as f32 * ROW.0) * scale;
        pen.svg.open("rule", "stroke-width=\"0.5\"");
        pen.svg.line((0.0, (HEADER - 2.0) * scale), (pen.preset.width(), (HEADER - 2.0) * scale), HAIR, 1.0);
        pen.svg.close();
        height
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let colours = Diverging::new(Scheme::Light);
        let stops: Vec<(f32, Rgb, f32)> =
            (0..=8).map(|step| step as f32 / 8.0).map(|at| (at, colours.at(at * 2.0 - 1.0), 1.0)).collect();
        let ticks = |limit: f32| {
            let end = format!("{limit:.2}");
            [(0.0, format!("≤ −{end}")), (0.5, "0".to_owned()), (1.0, format!("≥ {end}"))]
        };
        let columns = self.columns(pen);
        let mut y = top;
        if columns.keys.width > 0.0 || columns.products.width > 0.0 {
            let below = pen.scale_bar("neuron-scale", (0.0, top), &stops, &ticks(self.limits.0));
            y = pen.note("Neurons of query and keys.", below);
        }
        if columns.products.width > 0.0 {
            let below = pen.scale_bar("product-scale", (0.0, y + 3.0), &stops, &ticks(self.limits.1));
            y = pen.note("Their products.", below);
        }
        pen.note(&self.meaning, y)
    }
}
