//! The second view, beside the first one: its own choice of view and result, and the divider between the two.

mod content;
mod divider;
mod head;
mod view;

pub use view::PaneView;
