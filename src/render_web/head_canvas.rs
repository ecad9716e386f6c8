//! The canvas behind the head view's tokens: lines or cells between the columns, strips behind the tokens.
//!
//! `render` rasterises lines and cells into pictures, which are put on the canvas; strips are rectangles. The picture with
//! nothing marked has the most lines, and every pointer that leaves brings it back, so it is kept.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use crate::render::{
    CellColours, Columns, Contrast, Diverging, Grid, HeadColours, HeadView, Line, MatrixPainter, Ramp, Raster, Rgb,
    Shade, Span, Strip, Window,
};

/// Thickness of a line, CSS pixels.
const LINE_THICKNESS: f32 = 2.0;

/// A canvas with its buffers.
pub struct HeadCanvas {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    raster: Raster,
    painter: MatrixPainter,
    idle: Option<Idle>,
}

/// Picture of the lines of all tokens, as last drawn.
struct Idle {
    key: IdleKey,
    /// RGBA pixels of each panel.
    pictures: Vec<Vec<u8>>,
}

/// Everything that the picture of all tokens' lines depends on.
#[derive(PartialEq)]
struct IdleKey {
    content: Content,
    heads: Vec<usize>,
    queries: Vec<usize>,
    keys: Vec<usize>,
    shade: Shade,
    contrast: Option<Contrast>,
    window: Window,
    panels: Vec<Span>,
    is_split: bool,
    colours: HeadColours,
    pixel_ratio: f32,
}

/// Identifies the weights that a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Number of the result.
    pub result: u32,
    /// Attention of the result.
    pub attention: u8,
    /// What they are: weights, or what is drawn in their place.
    pub quantity: u8,
    /// Layer of the weights.
    pub layer: usize,
    /// Whether words are joined.
    pub is_joined: bool,
}

/// Colours of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramps {
    /// Colours of a single head, by head.
    pub heads: Vec<Ramp>,
    /// Colours of the mean of several heads.
    pub mean: Ramp,
    /// Colours of differences.
    pub difference: Diverging,
}

/// A drawing: what to draw, and where.
pub struct Picture<'a> {
    /// The weights, laid out.
    pub view: HeadView<'a>,
    /// Identity of these weights.
    pub content: Content,
    /// Positions of the columns.
    pub columns: &'a Columns,
    /// One panel for all heads together, or one for each head, in order.
    pub panels: &'a [Span],
    /// Whether each head has a panel of its own.
    pub is_split: bool,
    /// Colours of cells, where cells are drawn instead of lines.
    pub cells: Option<&'a Ramps>,
    /// Colour of marks in a matrix.
    pub ink: Rgb,
    /// How far a matrix is scrolled to the right, CSS pixels.
    pub scroll_x: f32,
}

impl HeadCanvas {
    /// `None` where the browser gives no 2D context.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context, raster: Raster::default(), painter: MatrixPainter::default(), idle: None })
    }

    /// Redraws everything; without a picture the canvas is left empty.
    pub fn draw(&mut self, picture: Option<&Picture<'_>>, window: &Window, colours: &HeadColours, pixel_ratio: f32) {
        let to_device = |length: f32| (length * pixel_ratio).round().max(0.0) as u32;
        let (width, height) = (to_device(window.width), to_device(window.height));
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        } else {
            self.context.clear_rect(0.0, 0.0, width.into(), height.into());
        }
        let Some(picture) = picture else { return };
        let is_idle = picture.view.marked_queries.is_empty() && picture.view.marked_keys.is_empty();
        if is_idle && picture.cells.is_none() {
            return self.put_idle(picture, window, colours, pixel_ratio, height);
        }
        for (index, panel) in picture.panels.iter().enumerate() {
            let own_head = picture.view.heads.get(index..=index).filter(|_| picture.is_split);
            let view = HeadView { heads: own_head.unwrap_or(picture.view.heads), ..picture.view };
            match picture.cells {
                Some(ramps) => {
                    let grid = Grid::fit(*panel, view.keys.len(), window.row_height, picture.scroll_x);
                    self.put_cells(&view, window, grid, ramps, picture.ink, pixel_ratio);
                }
                None => {
                    let lines = view.lines(window, colours);
                    let (left, right) = (to_device(panel.x), to_device(panel.end()));
                    self.put_lines(&lines, pixel_ratio, (left, right - left.min(right), height));
                }
            }
        }
        for strip in picture.view.strips(picture.columns, window, colours) {
            self.fill(&strip, pixel_ratio);
        }
    }

    /// Redraws the picture of all tokens' lines where something that it depends on has changed.
    fn put_idle(
        &mut self,
        picture: &Picture<'_>,
        window: &Window,
        colours: &HeadColours,
        pixel_ratio: f32,
        height: u32,
    ) {
        let view = &picture.view;
        let key = IdleKey {
            content: picture.content,
            heads: view.heads.to_vec(),
            queries: view.queries.to_vec(),
            keys: view.keys.to_vec(),
            shade: view.shade,
            contrast: view.contrast,
            window: *window,
            panels: picture.panels.to_vec(),
            is_split: picture.is_split,
            colours: colours.clone(),
            pixel_ratio,
        };
        let span = |panel: &Span| {
            let edge = |at: f32| (at * pixel_ratio).round().max(0.0) as u32;
            (edge(panel.x), edge(panel.end()).saturating_sub(edge(panel.x)))
        };
        if self.idle.as_ref().is_none_or(|idle| idle.key != key) {
            let mut pictures = Vec::with_capacity(picture.panels.len());
            for (index, panel) in picture.panels.iter().enumerate() {
                let own_head = view.heads.get(index..=index).filter(|_| picture.is_split);
                let view = HeadView { heads: own_head.unwrap_or(view.heads), ..*view };
                let (lines, (_, width)) = (view.lines(window, colours), span(panel));
                let (width, height) = (width as usize, height as usize);
                pictures.push(self.raster.draw(&lines, width, height, pixel_ratio, LINE_THICKNESS).to_vec());
            }
            self.idle = Some(Idle { key, pictures });
        }
        let Some(idle) = &self.idle else { return };
        for (panel, pixels) in picture.panels.iter().zip(&idle.pictures) {
            let (left, width) = span(panel);
            put(&self.context, pixels, (width, height), left);
        }
    }

    fn put_lines(&mut self, lines: &[Line], pixel_ratio: f32, (left, width, height): (u32, u32, u32)) {
        if lines.is_empty() || width == 0 || height == 0 {
            return;
        }
        let pixels = self.raster.draw(lines, width as usize, height as usize, pixel_ratio, LINE_THICKNESS);
        put(&self.context, pixels, (width, height), left);
    }

    fn put_cells(
        &mut self,
        view: &HeadView<'_>,
        window: &Window,
        grid: Grid,
        ramps: &Ramps,
        ink: Rgb,
        pixel_ratio: f32,
    ) {
        let colours = match view.heads {
            _ if view.contrast.is_some() => CellColours::Differences(&ramps.difference),
            [head] => CellColours::Weights(ramps.heads.get(*head).unwrap_or(&ramps.mean)),
            _ => CellColours::Weights(&ramps.mean),
        };
        let (pixels, width, height) = self.painter.paint(view, window, &grid, colours, pixel_ratio);
        put(&self.context, pixels, (width as u32, height as u32), (grid.x * pixel_ratio).round().max(0.0) as u32);

        // Marks: a frame around the row of a query and the column of a key.
        let bottom = window.row_top(view.queries.len()).min(window.height);
        self.frame(
            (grid.x, window.row_top(0)),
            (grid.span().width, bottom - window.row_top(0)),
            ink,
            0.15,
            pixel_ratio,
        );
        let row_of = |list: &[usize], position: &usize| list.binary_search(position).ok();
        for row in view.marked_queries.iter().filter_map(|query| row_of(view.queries, query)) {
            let size = (grid.span().width, window.row_height);
            self.frame((grid.x, window.row_top(row)), size, ink, 0.8, pixel_ratio);
        }
        let marked = view.marked_keys.iter().filter_map(|key| row_of(view.keys, key));
        for column in marked.filter(|column| grid.shows(*column)) {
            let x = grid.middle(column) - grid.cell_width / 2.0;
            let size = (grid.cell_width, bottom - window.row_top(0));
            self.frame((x, window.row_top(0)), size, ink, 0.8, pixel_ratio);
        }
    }

    /// A hairline around a rectangle, inside it.
    fn frame(&self, (x, y): (f32, f32), (width, height): (f32, f32), colour: Rgb, alpha: f32, pixel_ratio: f32) {
        let edge = |at: f32| f64::from((at * pixel_ratio).round());
        let (left, top, right, bottom) = (edge(x), edge(y), edge(x + width), edge(y + height));
        self.context.set_stroke_style_str(&css_colour(colour, alpha));
        self.context.stroke_rect(left + 0.5, top + 0.5, (right - left - 1.0).max(0.0), (bottom - top - 1.0).max(0.0));
    }

    fn fill(&self, strip: &Strip, pixel_ratio: f32) {
        // Whole device pixels leave no seams between neighbours.
        let edge = |at: f32| f64::from((at * pixel_ratio).round());
        let (left, right) = (edge(strip.x), edge(strip.x + strip.width));
        let (top, bottom) = (edge(strip.y), edge(strip.y + strip.height));
        self.context.set_fill_style_str(&css_colour(strip.colour, strip.alpha));
        self.context.fill_rect(left, top, right - left, bottom - top);
    }
}

fn put(context: &CanvasRenderingContext2d, pixels: &[u8], (width, height): (u32, u32), left: u32) {
    if width == 0 || height == 0 {
        return;
    }
    if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width, height) {
        // This fails only for a picture without size.
        let _ = context.put_image_data(&image, left.into(), 0.0);
    }
}

pub(super) fn css_colour([red, green, blue]: Rgb, alpha: f32) -> String {
    format!("rgb({red} {green} {blue} / {alpha})")
}
