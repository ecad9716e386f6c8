//! The status line: the work under way and how to stop it, the result on screen, and settings of the whole page. The rule over it is
//! the progress bar.

mod frame;
mod line;
mod progress;
mod text;

pub use frame::FrameStatus;
pub use line::StatusLine;
