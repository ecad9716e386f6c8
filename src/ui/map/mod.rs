//! The model view: every head as a thumbnail, and its numbers.

mod cell;
mod cells;
mod column_labels;
mod controls;
mod draw;
mod edge_tokens;
mod figure;
mod filter;
mod keys;
mod legend;
mod model;
pub mod numbers;
mod pointer;
mod readout;
mod row;
mod row_labels;

pub use controls::MapControls;
pub use figure::ModelMap;
pub use legend::{MapLegend, change_of, ends_of, ends_of_lengths, meaning_of};
pub use model::{Map, contrast_of, rows_of, shade};
