//! The transformer: files to weights, tokens to activations, every activation through one hook point.
//!
//! It knows no browser and waits for nothing: a [`Loader`] says which bytes it wants next, and a [`Run`] or a job ([`jobs`]) goes
//! step by step, each step a few tens of milliseconds at most.

pub mod backward;
mod candle_blocks;
pub mod chat;
pub mod checkpoint;
mod edits;
mod error;
pub mod files;
mod generate;
mod generation_config;
mod hooks;
mod input;
pub mod jobs;
mod labels;
mod loader;
mod losses;
mod model;
mod outcome;
mod patterns;
mod predict;
mod record;
mod record_lens;
pub mod rows;
mod run;
mod sample;
mod seeded;
mod source;
pub mod tokenizer;
mod weights;

pub use edits::{Bound, CompiledEdits, Inactive, PatchValues, patches};
pub use error::{EngineError, InputError};
pub use generate::{Generation, Written, max_target};
pub use generation_config::GenerationConfig;
pub use hooks::Captures;
pub use input::Bos;
pub use labels::{LabelOutcome, LabelValue, Labels, default_label_position};
pub use loader::{Loader, Want};
pub use model::Model;
pub use outcome::{Measured, Outcome, OutcomeValue, default_position};
pub use patterns::LayerAttention;
pub use predict::{TopToken, most_likely, probabilities, top_predictions};
pub use record::{RecordError, Recorder};
pub use record_lens::{lens_tensors, whole_lens};
pub use run::{CrossRun, LayerRun, Run, Step};
pub use sample::Sampling;
pub use source::{CrossSource, RunAttention};
pub use weights::Weight;
