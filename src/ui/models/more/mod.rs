//! The dialog for models that are not beside the page: from the Hugging Face Hub, or from disk.

mod checkpoints;
mod dialog;
mod disk;
mod hub;
mod layers;
mod outcome;
mod refused;
mod suggestions;
mod ways;

pub use dialog::MoreModels;
pub use outcome::Outcome;
pub use ways::Ways;
