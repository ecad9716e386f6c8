//! The head view: one layer's attention from token to token, its controls, and its description for screen readers.

pub mod display_options;
pub mod figure;
pub mod head_squares;
pub mod headings;
pub mod kind_choice;
pub mod layer_picker;
pub mod legend;
pub mod live_region;
pub mod matrix_keys;
pub mod scene;
pub mod segment_filter;
pub mod token_column;
pub mod token_figure;
pub mod units;
