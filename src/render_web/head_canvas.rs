//! The canvas behind the head view's tokens: lines between the columns, strips behind the tokens.
//!
//! Lines are rasterised by us and put there as one picture; strips are rectangles. Imports only `render`.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use crate::render::{Columns, HeadColours, HeadView, Raster, Rgb, Strip, Window};

/// Thickness of a line, CSS pixels.
const LINE_THICKNESS: f32 = 2.0;

/// A canvas and the buffers that it is drawn from.
pub struct HeadCanvas {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    raster: Raster,
}

impl HeadCanvas {
    /// `None` where the browser gives no 2D context.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context, raster: Raster::default() })
    }

    /// Draws everything anew; without a view the canvas is left empty.
    pub fn draw(
        &mut self,
        view: Option<&HeadView<'_>>,
        columns: &Columns,
        window: &Window,
        colours: &HeadColours,
        pixel_ratio: f32,
    ) {
        let to_device = |length: f32| (length * pixel_ratio).round().max(0.0) as u32;
        let (width, height) = (to_device(window.width), to_device(window.height));
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        } else {
            self.context.clear_rect(0.0, 0.0, width.into(), height.into());
        }
        let Some(view) = view else { return };
        let (left, right) = (to_device(columns.links.x), to_device(columns.links.end()));
        self.put_lines(view, window, colours, pixel_ratio, (left, right - left.min(right), height));
        for strip in view.strips(columns, window, colours) {
            self.fill(&strip, pixel_ratio);
        }
    }

    fn put_lines(
        &mut self,
        view: &HeadView<'_>,
        window: &Window,
        colours: &HeadColours,
        pixel_ratio: f32,
        (left, width, height): (u32, u32, u32),
    ) {
        let lines = view.lines(window, colours);
        if lines.is_empty() || width == 0 || height == 0 {
            return;
        }
        let pixels = self.raster.draw(&lines, width as usize, height as usize, pixel_ratio, LINE_THICKNESS);
        if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width, height) {
            // Fails only for a picture without size.
            let _ = self.context.put_image_data(&image, left.into(), 0.0);
        }
    }

    fn fill(&self, strip: &Strip, pixel_ratio: f32) {
        // On whole device pixels: no seams between neighbours.
        let edge = |at: f32| f64::from((at * pixel_ratio).round());
        let (left, right) = (edge(strip.x), edge(strip.x + strip.width));
        let (top, bottom) = (edge(strip.y), edge(strip.y + strip.height));
        self.context.set_fill_style_str(&css_colour(strip.colour, strip.alpha));
        self.context.fill_rect(left, top, right - left, bottom - top);
    }
}

fn css_colour([red, green, blue]: Rgb, alpha: f32) -> String {
    format!("rgb({red} {green} {blue} / {alpha})")
}
