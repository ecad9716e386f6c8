//! Changing the model: the menu and the column of edits, sweeps, generation, and what A is compared with.

pub mod against_panel;
pub mod column;
pub mod edit_choices;
pub mod edit_menu;
pub mod edits_panel;
pub mod outcome_panel;
pub mod side_choice;
pub mod sweep_panel;
pub mod writing_panel;
