//! What is inside beside attention: the logit lens, what each component adds to the answer, how attention carries content
//! through layers.
//!
//! The functions here are pure and know no weights: the engine and trace files bring numbers, and whoever asks does not know
//! which ([`InsideSource`]).

pub mod direct;
pub mod direction;
pub mod feeds;
pub mod head;
pub mod lens;
pub mod neuron;
pub mod path;
pub mod rollout;
mod source;
pub mod stream;
pub mod top;
pub mod value_zeroing;
pub mod written;

pub use source::{InsideSource, Pass, Ready};

/// Why a model predicts no tokens.
pub const NO_UNEMBEDDING: &str = "there is no unembedding (the checkpoint has none, or only its first layers were read): this model predicts no tokens";
