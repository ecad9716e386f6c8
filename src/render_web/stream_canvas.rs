//! The canvas of the stream view's table: coloured cells with a word each, names above and beside them.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::head_canvas::css_colour;
use crate::render::Rgb;

/// Width of a character of the cells' font as a share of its size.
const CHARACTER: f32 = 0.602;
/// Size of the text in cells, CSS pixels.
const FONT_SIZE: f32 = 11.0;

/// A cell, or a name beside the cells.
#[derive(Clone, Debug, PartialEq)]
pub struct TextCell {
    /// Top left corner, CSS pixels.
    pub corner: (f32, f32),
    /// Width and height, CSS pixels.
    pub size: (f32, f32),
    /// The ground; none for names.
    pub ground: Option<Rgb>,
    /// The colour of the text.
    pub ink: Rgb,
    /// What is written there, cut where it does not fit.
    pub text: String,
}

/// A canvas of text cells.
pub struct StreamCanvas {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl StreamCanvas {
    /// `None` where the browser gives no 2D context.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context })
    }

    /// Clears the canvas, of a size in CSS pixels, and fills it with the colour of the page.
    pub fn begin(&mut self, (width, height): (f32, f32), paper: Rgb, pixel_ratio: f64) {
        let device = |length: f32| (f64::from(length) * pixel_ratio).round().max(0.0) as u32;
        let (columns, rows) = (device(width), device(height));
        if (self.canvas.width(), self.canvas.height()) != (columns, rows) {
            self.canvas.set_width(columns);
            self.canvas.set_height(rows);
        }
        // This fails only for numbers that are not finite.
        let _ = self.context.set_transform(pixel_ratio, 0.0, 0.0, pixel_ratio, 0.0, 0.0);
        self.context.set_font(&format!("{FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"));
        self.context.set_text_baseline("middle");
        self.rectangle((0.0, 0.0), (width, height), paper);
    }

    /// Fills a rectangle.
    pub fn rectangle(&self, (left, top): (f32, f32), (width, height): (f32, f32), colour: Rgb) {
        self.context.set_fill_style_str(&css_colour(colour, 1.0));
        self.context.fill_rect(left.into(), top.into(), width.into(), height.into());
    }

    /// Draws a cell with a gap of a pixel to the next.
    pub fn cell(&self, cell: &TextCell) {
        let ((left, top), (width, height)) = (cell.corner, cell.size);
        if let Some(ground) = cell.ground {
            self.rectangle((left, top), (width - 1.0, height - 1.0), ground);
        }
        if cell.text.is_empty() {
            return;
        }
        let room = ((width - 6.0) / (FONT_SIZE * CHARACTER)) as usize;
        self.context.set_fill_style_str(&css_colour(cell.ink, 1.0));
        let middle = f64::from(top + height / 2.0);
        // This fails only where the text cannot be laid out at all.
        let _ = self.context.fill_text(&cut(&cell.text, room), (left + 3.0).into(), middle);
    }
}

/// A text of at most so many characters, the last of which says that it was cut.
fn cut(text: &str, room: usize) -> String {
    match text.chars().count() > room {
        true => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
