//! Pure functions on traces: patterns from queries and keys, what every view needs of where attention comes from, head
//! scores, words of several pieces.
//!
//! Imports trace and kernels; knows neither candle nor a browser, so a viewer without a model can use it.

pub mod attention;
pub mod reduce;
pub mod scores;
pub mod similarity;
pub mod source;
pub mod trace_source;
pub mod words;

pub use source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError};
pub use trace_source::TraceSource;
