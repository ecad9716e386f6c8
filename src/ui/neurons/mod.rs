//! The neuron view: how one query's scores arise from the neurons of one head.

mod controls;
mod detail;
mod distance_plot;
mod draw;
mod estimates;
mod figure;
mod geometry;
mod header;
mod key_row;
mod key_rows;
mod keys;
mod marks;
pub mod model;
mod panels;
mod part_map;
mod part_maps;
mod pointer;
mod query_rows;
mod ranking;
mod readout;
mod rows;
mod view;

pub use panels::NeuronPanels;
pub use view::NeuronView;
