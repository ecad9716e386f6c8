//! Draws on canvases what `render` says. A canvas is as large as the window on its content, never as large as the
//! content. Imports only `render`.

mod head_canvas;
mod picture;

pub use head_canvas::{Content, HeadCanvas, Picture, Ramps};
pub use picture::PixelCanvas;
