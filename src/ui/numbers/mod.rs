//! Panels of numbers beside the views: strongest links, head scores, the outcome as a sum, and the model's predictions.

mod caution;
pub mod direct;
pub mod links_panel;
pub mod predictions;
pub mod scores;
