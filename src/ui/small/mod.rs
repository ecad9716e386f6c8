//! Components and helpers used in several places.

pub mod address_field;
pub mod bring;
pub mod cell_table;
pub mod check_box;
pub mod choice_field;
pub mod css;
pub mod csv_button;
pub mod dialog;
pub mod focus;
pub mod next_frame;
pub mod pointer;
pub mod problem;
pub mod radio_group;
pub mod same;
pub mod select_field;
pub mod separator;
pub mod text_field;
pub mod tick;
pub mod token_button;
pub mod token_text;
pub mod watched;
