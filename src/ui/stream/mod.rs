//! The stream view: what the stream holds at every layer and position, read by the logit lens and as numbers.

mod cell_edit;
mod cell_fields;
mod controls;
mod detail;
mod draw;
mod figure;
pub mod figure_parts;
mod help;
mod keys;
mod legend;
mod marks;
mod model;
mod neurons_here;
mod numbers;
mod panels;
mod path_lines;
mod path_panel;
mod pointer;
mod readout;
mod view;
mod written;

pub use panels::StreamPanels;
pub use view::StreamView;
