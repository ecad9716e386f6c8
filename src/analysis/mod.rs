//! Pure functions on traces: patterns from queries and keys, and what every view needs of where attention comes from;
//! head scores and norms will join them.
//!
//! Imports trace and kernels; knows neither candle nor a browser, so a viewer without a model can use it.

pub mod attention;
pub mod reduce;
pub mod source;
pub mod trace_source;

pub use source::{AttentionSource, LayerSource, Rotation, Sizes, SourceError};
pub use trace_source::TraceSource;
