//! Pure functions on traces: patterns from queries and keys, sources of attention, head scores, reduced patterns, words of
//! several pieces.
//!
//! Knows neither candle nor a browser, so a viewer without a model can use it.

pub mod agreement;
pub mod atlas;
pub mod attention;
pub mod decay;
pub mod effect;
pub mod inside;
pub mod links;
pub mod reduce;
pub mod row_blocks;
pub mod scores;
pub mod similarity;
pub mod source;
pub mod statistics;
pub mod trace_source;
pub mod words;

pub use source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError};
pub use trace_source::TraceSource;
