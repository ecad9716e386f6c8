//! Draws on canvases what `render` says. A canvas is as large as the window on its content, never as large as the
//! content. Imports only `render`.

mod head_canvas;

pub use head_canvas::HeadCanvas;
