//! The head view as a figure: lines between tokens, or cells, for one head, the mean of several, or each beside the
//! others.

use super::svg::{Anchor, HAIR, INK, PX_PER_PT, SOFT, Style, signed};
use super::{Draw, PAGE_CHARACTER, Pen, cells, text};
use crate::render::colour::{HeadColours, NEUTRAL_HUE, Ramp, Rgb, Scheme};
use crate::render::head_view::HeadView;
use crate::render::layout::{Columns, Span, Window};
use crate::render::neurons::Diverging;
use crate::render::panels::{Grid, panels};
use crate::render::{MIN_ALPHA, Shade};
use crate::trace::Side;
use crate::trace::display::TokenLabel;

/// Height of a row in the page's layout.
const ROW: f32 = 20.0;
/// Left and right of a token, in the page's layout.
const PADDING: f32 = 10.0;
/// Room for headings, in the page's layout.
const HEADINGS: f32 = 24.0;
/// Thickness of a line, CSS pixels.
const THICKNESS: f32 = 1.1;
/// Most lines of a figure: beyond them the faintest are left out, and the legend says so.
const MAX_LINES: usize = 20_000;
/// Characters of the longest label over a matrix.
const MAX_LABEL: usize = 18;

/// The head view of a figure.
pub struct HeadFigure<'a> {
    /// Weights, rows and heads.
    pub view: HeadView<'a>,
    /// Labels of the queries, by unit: a token or a word.
    pub query_labels: &'a [TokenLabel],
    /// Labels of the keys, which differ from the queries' in cross-attention only.
    pub key_labels: &'a [TokenLabel],
    /// Unit at which the second text starts.
    pub second_start: Option<usize>,
    /// Layer shown.
    pub layer: usize,
    /// Number of heads in the layer.
    pub n_heads: usize,
    /// Colours of cells, where cells are drawn instead of lines.
    pub is_matrix: bool,
    /// Whether each head has a picture of its own.
    pub is_split: bool,
    /// Whether the mask lets a query read a key, by unit.
    pub sees: &'a dyn Fn(usize, usize) -> bool,
    /// Sentences about the scale, with numbers.
    pub meaning: String,
    /// What a number is called in a table.
    pub number: &'static str,
    /// What is drawn, where the picture is one of the layer and of no head.
    pub whole_layer: Option<&'static str>,
}

impl HeadFigure<'_> {
    /// The heads of each picture.
    fn pictures(&self) -> Vec<&[usize]> {
        if self.is_split { self.view.heads.chunks(1).collect() } else { vec![self.view.heads] }
    }

    fn name(&self, heads: &[usize]) -> String {
        match heads {
            _ if self.whole_layer.is_some() => format!("Layer {}", self.layer),
            [head] => format!("L{}H{head}", self.layer),
            all if all.len() == self.n_heads => format!("mean of all {} heads", all.len()),
            several => format!("mean of {} heads", several.len()),
        }
    }

    fn labels(&self, side: Side) -> &[TokenLabel] {
        if side == Side::Query { self.query_labels } else { self.key_labels }
    }

    fn plain(&self, side: Side, unit: usize) -> &str {
        self.labels(side).get(unit).map_or("", |label| label.plain.as_str())
    }

    fn longest(&self) -> usize {
        let queries = self.view.queries.iter().filter_map(|&unit| self.query_labels.get(unit));
        let keys = self.view.keys.iter().filter_map(|&unit| self.key_labels.get(unit));
        queries.chain(keys).map(TokenLabel::n_columns).max().unwrap_or(0)
    }

    fn ramp(&self, heads: &[usize]) -> Ramp {
        match heads {
            [head] if self.whole_layer.is_none() => Ramp::of_head(*head, self.n_heads, Scheme::Light),
            _ => Ramp::new(NEUTRAL_HUE, Scheme::Light),
        }
    }

    fn colours(&self) -> HeadColours {
        match self.whole_layer {
            Some(_) => HeadColours::neutral(Scheme::Light),
            None => HeadColours::new(self.n_heads, Scheme::Light),
        }
    }

    /// What a group is called: without spaces, which an id cannot have.
    fn id(&self, heads: &[usize]) -> String {
        if self.whole_layer.is_some() { format!("L{}", self.layer) } else { self.name(heads) }
    }

    fn is_faded(&self, side: Side, unit: usize) -> bool {
        let marked = if side == Side::Query { self.view.marked_queries } else { self.view.marked_keys };
        !marked.is_empty() && marked.binary_search(&unit).is_err()
    }

    /// One row of pictures between their tokens; returns its height.
    fn band(&self, pen: &mut Pen, top: f32, pictures: &[&[usize]], columns: &Columns) -> f32 {
        let scale = pen.scale;
        let at = |length: f32| length * scale;
        let n_rows = self.view.queries.len().max(self.view.keys.len());
        let label_room = if self.is_matrix {
            let longest = self.longest().min(MAX_LABEL) as f32 * PAGE_CHARACTER + 8.0;
            if pictures.len() > 1 { longest + HEADINGS } else { longest.max(HEADINGS) }
        } else {
            HEADINGS
        };
        let window = Window { width: pen.layout_width(), height: n_rows as f32 * ROW, scroll: 0.0, row_height: ROW };
        let body = top + at(label_room);
        let stretches = panels(columns.links, pictures.len());
        let heading = |span: &Span| (at(span.x + span.width / 2.0), top + at(HEADINGS) * 0.55);
        let small = pen.small().ink(SOFT);
        let shows_names = !(self.is_matrix && pictures.len() == 1);
        for (heads, span) in pictures.iter().zip(&stretches).filter(|_| shows_names) {
            let (x, y) = heading(span);
            pen.svg.text(x, y, &pen.small().anchor(Anchor::Middle), &self.name(heads));
        }
        let bold = small.bold();
        pen.svg.text(at(columns.query_token.end() - PADDING), body - 4.0, &bold.anchor(Anchor::End), "Query");
        if !self.is_matrix {
            pen.svg.text(at(columns.key_token.x + PADDING), body - 4.0, &bold, "Key");
        }
        pen.svg.open("body", &format!("transform=\"translate(0 {})\"", super::number(body)));
        let colours = self.colours();
        for (heads, span) in pictures.iter().zip(&stretches) {
            let view = HeadView { heads, ..self.view };
            if self.is_matrix {
                self.matrix(pen, &view, span, &window);
            } else {
                self.lines(pen, &view, span, &window, &colours);
            }
        }
        if !self.is_matrix && !self.is_split {
            pen.svg.open("strips", "");
            for strip in self.view.strips(columns, &window, &colours) {
                let (place, size) = ((at(strip.x), at(strip.y)), (at(strip.width), at(strip.height)));
                pen.svg.rect(place, size, strip.colour, strip.alpha);
            }
            pen.svg.close();
        }
        self.tokens(pen, Side::Query, columns, &window);
        if !self.is_matrix {
            self.tokens(pen, Side::Key, columns, &window);
            self.numbers(pen, columns, &window);
        }
        pen.svg.close();
        at(label_room + window.height)
    }

    fn lines(&self, pen: &mut Pen, view: &HeadView<'_>, span: &Span, window: &Window, colours: &HeadColours) {
        let scale = pen.scale;
        let lines = view.lines(window, colours);
        let skipped = lines.len().saturating_sub(MAX_LINES);
        let attributes = format!("fill=\"none\" stroke-width=\"{THICKNESS}\"");
        pen.svg.open(&format!("lines-{}", self.id(view.heads)), &attributes);
        for line in &lines[skipped..] {
            let (from, to) = ((span.x * scale, line.query_y * scale), (span.end() * scale, line.key_y * scale));
            pen.svg.line(from, to, line.colour, line.alpha);
        }
        pen.svg.close();
    }

    fn matrix(&self, pen: &mut Pen, view: &HeadView<'_>, span: &Span, window: &Window) {
        let scale = pen.scale;
        let grid = Grid::whole(*span, view.keys.len(), window.row_height);
        let (ramp, diverging) = (self.ramp(view.heads), Diverging::new(Scheme::Light));
        let is_change = view.contrast.is_some();
        let levels: Vec<Vec<f32>> = view.queries.iter().map(|&query| view.levels(query).collect()).collect();
        let name = self.id(view.heads);
        pen.svg.open(&format!("cells-{name}"), "shape-rendering=\"crispEdges\"");
        let colour = |row: usize, column: usize| -> Option<Rgb> {
            let level = *levels.get(row)?.get(column)?;
            (level != 0.0).then(|| if is_change { diverging.at(level) } else { ramp.at(level) })
        };
        let (cell, size) = ((grid.cell_width * scale, ROW * scale), (view.queries.len(), view.keys.len()));
        cells::cells(&mut pen.svg, (grid.x * scale, 0.0), cell, size, ROW * scale, colour);
        pen.svg.close();
        let (right, bottom) = (grid.span().end() * scale, view.queries.len() as f32 * ROW * scale);
        pen.svg.open(&format!("frame-{name}"), "stroke-width=\"0.5\"");
        for (from, to) in [
            ((grid.x * scale, 0.0), (right, 0.0)),
            ((grid.x * scale, bottom), (right, bottom)),
            ((grid.x * scale, 0.0), (grid.x * scale, bottom)),
            ((right, 0.0), (right, bottom)),
        ] {
            pen.svg.line(from, to, HAIR, 1.0);
        }
        pen.svg.close();
        pen.svg.open(&format!("keys-{name}"), "");
        let style = pen.token();
        let line = pen.preset.token_pt() * PX_PER_PT;
        for column in (0..view.keys.len()).step_by(grid.label_step(line * 1.15 / scale)) {
            let label = text::shortened(self.plain(Side::Key, view.keys[column]), MAX_LABEL);
            // The last of narrow cells stays inside the picture.
            let x = (grid.middle(column) * scale + line * 0.35).min(pen.preset.width() - line * 0.2);
            pen.svg.turned_text(x, -4.0, -90.0, &self.faded(style, Side::Key, view.keys[column]), &label);
        }
        pen.svg.close();
    }

    /// Says how many lines are left out, where some are.
    fn left_out(&self) -> String {
        let n_rows = self.view.queries.len().max(self.view.keys.len());
        let window = Window { height: n_rows as f32 * ROW, row_height: ROW, ..Window::default() };
        let colours = self.colours();
        let n_lines = if self.is_matrix { 0 } else { self.view.lines(&window, &colours).len() };
        match n_lines.saturating_sub(MAX_LINES) {
            0 => String::new(),
            skipped => format!(" The {skipped} faintest of {n_lines} lines are left out."),
        }
    }

    fn faded(&self, style: Style, side: Side, unit: usize) -> Style {
        if self.is_faded(side, unit) { style.ink([0x9a, 0x9a, 0xa4]) } else { style }
    }

    fn tokens(&self, pen: &mut Pen, side: Side, columns: &Columns, window: &Window) {
        let scale = pen.scale;
        let (units, span) = match side {
            Side::Query => (self.view.queries, columns.query_token),
            Side::Key => (self.view.keys, columns.key_token),
        };
        let (id, x, anchor) = match side {
            Side::Query => ("query-tokens", (span.end() - PADDING) * scale, Anchor::End),
            Side::Key => ("key-tokens", (span.x + PADDING) * scale, Anchor::Start),
        };
        let n_columns = ((span.width - 2.0 * PADDING) / PAGE_CHARACTER).max(1.0) as usize;
        let n_columns = if columns.key_number.width == 0.0 && side == Side::Key && !self.is_matrix {
            // The numbers stand in one column.
            n_columns.saturating_sub(6).max(4)
        } else {
            n_columns
        };
        let style = pen.token().anchor(anchor);
        pen.svg.open(id, "");
        for (row, &unit) in units.iter().enumerate() {
            let y = pen.baseline(window.row_middle(row) * scale, pen.preset.token_pt());
            let label = text::shortened(self.plain(side, unit), n_columns);
            pen.svg.text(x, y, &self.faded(style, side, unit), &label);
            if self.second_start == Some(unit) && row > 0 {
                let y = window.row_top(row) * scale;
                pen.svg.raw(&format!(
                    "<path id=\"second-text-{id}\" d=\"M{} {}h{}\" stroke=\"{}\" stroke-width=\"0.5\"/>",
                    super::number(span.x * scale),
                    super::number(y),
                    super::number(span.width * scale),
                    super::svg::hex(HAIR)
                ));
            }
        }
        pen.svg.close();
    }

    fn numbers(&self, pen: &mut Pen, columns: &Columns, window: &Window) {
        let received = self.view.received();
        let scale = pen.scale;
        let (x, anchor) = match received.side {
            Side::Key => (columns.key_number.end(), Anchor::End),
            Side::Query => (columns.query_number.x, Anchor::Start),
        };
        let ink = if received.is_mean { SOFT } else { INK };
        let style = pen.small().ink(ink).anchor(anchor);
        pen.svg.open("numbers", "");
        for (row, weight) in received.weights.iter().enumerate() {
            let y = pen.baseline(window.row_middle(row) * scale, pen.preset.small_pt());
            let text = match self.view.contrast {
                Some(_) => signed(*weight),
                None => format!("{weight:.3}"),
            };
            pen.svg.text(x * scale, y, &style, &text);
        }
        pen.svg.close();
    }
}

impl Draw for HeadFigure<'_> {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let token_width = self.longest() as f32 * PAGE_CHARACTER + 24.0;
        let fit = if self.is_matrix { Columns::of_matrix } else { Columns::fit };
        let columns = fit(pen.layout_width(), token_width);
        let pictures = self.pictures();
        let n_beside = panels(columns.links, pictures.len()).len();
        let mut height = 0.0;
        for (index, band) in pictures.chunks(n_beside).enumerate() {
            pen.svg.open(&format!("band-{index}"), "");
            height += self.band(pen, height, band, &columns);
            height += 4.0;
            pen.svg.close();
        }
        height
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let Shade { is_log, is_per_row, .. } = self.view.shade;
        if let Some(contrast) = self.view.contrast {
            let y = pen.change_bar("weight-scale", (0.0, top), contrast.end);
            return pen.note(&format!("{}{}", self.meaning, self.left_out()), y);
        }
        let levels: &[f32] = if is_log { &[0.0, 0.25, 0.5, 0.75, 1.0] } else { &[0.0, 0.5, 1.0] };
        let ticks: Vec<(f32, String)> =
            levels.iter().map(|&level| (level, tick(&self.view.shade, level, is_per_row))).collect();
        let stops: Vec<(f32, Rgb, f32)> = if self.is_matrix {
            let ramp = if self.is_split { Ramp::new(NEUTRAL_HUE, Scheme::Light) } else { self.ramp(self.view.heads) };
            (0..=8).map(|step| step as f32 / 8.0).map(|at| (at, ramp.at(at), 1.0)).collect()
        } else {
            vec![(0.0, INK, 0.0), (1.0, INK, 1.0)]
        };
        let mut y = pen.scale_bar("weight-scale", (0.0, top), &stops, &ticks);
        if self.view.heads.len() > 1 && !self.is_matrix {
            let colours = self.colours();
            let key = |&head: &usize| Some((format!("H{head}"), *colours.line.get(head)?));
            let keys: Vec<_> = self.view.heads.iter().filter_map(key).collect();
            y = pen.keys(&keys, y);
        }
        pen.note(&format!("{}{}", self.meaning, self.left_out()), y)
    }
}

/// The weight at a level, as text.
fn tick(shade: &Shade, level: f32, is_per_row: bool) -> String {
    let share = shade.share_at(level);
    let end = if is_per_row { 1.0 } else { shade.end };
    match (is_per_row, shade.is_log && level == 0.0) {
        (_, true) => format!("≤ {}", share * end),
        (true, _) if level >= 1.0 => "row’s largest".to_owned(),
        _ => super::number(end * share.max(if level > 0.0 { MIN_ALPHA / 1e2 } else { 0.0 })),
    }
}
