//! Pure functions on traces: patterns from queries and keys; head scores and norms will join them.
//!
//! Imports trace and kernels; knows neither candle nor a browser, so a viewer without a model can use it.

pub mod attention;
