//! A canvas that shows rasterised pictures: as large as its window, cleared before each drawing.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// A canvas and its context.
pub struct PixelCanvas {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl PixelCanvas {
    /// `None` where the browser gives no 2D context.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context })
    }

    /// Clears the canvas and sets its size, in device pixels.
    pub fn begin(&self, width: usize, height: usize) {
        let (width, height) = (width as u32, height as u32);
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        } else {
            self.context.clear_rect(0.0, 0.0, width.into(), height.into());
        }
    }

    /// Puts RGBA pixels [height, width, 4] at a point, in device pixels. A picture without size is not drawn.
    pub fn put(&self, pixels: &[u8], width: usize, (x, y): (f64, f64)) {
        if width == 0 || pixels.is_empty() {
            return;
        }
        let height = (pixels.len() / 4 / width) as u32;
        if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width as u32, height) {
            // This fails only for a picture without size.
            let _ = self.context.put_image_data(&image, x, y);
        }
    }
}
