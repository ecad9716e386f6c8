//! Panels of numbers beside the views: strongest links, head scores, and the model's predictions.

mod caution;
pub mod links_panel;
pub mod predictions;
pub mod scores;
