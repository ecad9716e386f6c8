//! The arithmetic: matrix products, norms, softmax, nonlinearities, rotation, on plain `f32` slices.
//!
//! Imports nothing of ours. Nothing else knows about SIMD; `unsafe` stands only here, each time with its reason. All
//! matrices are row-major and a slice's shape is in its name or its docs.

pub mod activation;
pub mod matmul;
pub mod norm;
pub mod rotary;
pub mod softmax;

pub use matmul::{PANEL, PackedRows, Panels};
