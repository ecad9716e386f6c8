//! The head view: one layer's attention from token to token, its controls, and its description for screen readers.

mod column;
pub mod display_fields;
pub mod display_options;
mod draw;
pub mod figure;
mod follow;
pub mod geometry;
pub mod head_squares;
mod headings;
pub mod kind_choice;
pub mod layer_picker;
pub mod legend;
pub mod live_region;
pub mod matrix_keys;
mod min_weight;
mod pointer;
mod quantity_choice;
pub mod scene;
pub mod segment_filter;
mod token_column;
pub mod token_figure;
mod token_keys;
mod token_row;
mod units;
mod waiting;
