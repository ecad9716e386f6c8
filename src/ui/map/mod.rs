//! The model view: every head as a thumbnail, and its numbers.

mod cells;
mod controls;
mod draw;
mod figure;
mod filter;
mod keys;
mod labels;
mod model;
pub mod numbers;
mod pointer;
mod readout;

pub use figure::ModelMap;
pub use model::{rows_of, shade};
pub use readout::{ends_of, meaning_of};
