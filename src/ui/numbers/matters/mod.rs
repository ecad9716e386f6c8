//! What matters for the outcome: parts ranked by estimates, tried exactly, and the tokens that it rests on.

mod agreement;
mod choice;
mod kept_curve;
mod list;
mod open;
mod panel;
mod paths;
mod plot;
mod ranking;
mod saliency;
mod strip;
mod verify;

pub use panel::MattersPanel;
pub use plot::{plot, scatter_figure};
