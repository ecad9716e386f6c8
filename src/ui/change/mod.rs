//! Changing the model: the menu and the column of edits, sweeps, generation, and what A is compared with.

mod against_panel;
pub mod as_python;
pub mod column;
pub mod column_button;
pub mod edit_menu;
mod edits;
mod outcome;
pub mod panels;
pub mod precomputed;
pub mod saved_edits;
mod script_entry;
mod second_question;
pub mod side_choice;
pub mod sweep;
mod writing;
