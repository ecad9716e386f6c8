//! Draws on canvases what `render` lays out. A canvas is as large as the visible part of its content, never as large as
//! the content.

mod head_canvas;
mod picture;
mod stream_canvas;

pub use head_canvas::{Content, HeadCanvas, Picture, Ramps};
pub use picture::PixelCanvas;
pub use stream_canvas::{StreamCanvas, TextCell};
