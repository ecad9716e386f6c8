//! Panels of numbers beside the views: strongest links, head scores, the outcome as a sum, and the model's predictions.

mod caution;
pub mod direct;
pub mod head_page;
pub mod link_writes;
pub mod links_panel;
pub mod matters;
pub mod mlp_neuron;
pub mod parts_table;
pub mod predictions;
pub mod scores;
pub mod token_list;
