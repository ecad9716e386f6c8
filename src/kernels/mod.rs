//! The arithmetic: matrix products, norms, softmax, nonlinearities, rotation, on plain `f32` slices.
//!
//! Imports nothing of ours. Nothing else knows about SIMD or shares work among threads; `unsafe` stands only here, each time with its reason. All
//! matrices are row-major and a slice's shape is in its name or its docs.

pub mod activation;
pub mod blend;
pub mod blocks;
mod exp;
pub mod finite;
pub mod matmul;
mod micro;
pub mod norm;
pub mod probe;
pub mod rotary;
mod simd;
pub mod softmax;
pub mod threads;

pub use blocks::{Blocks, Format};
pub use matmul::{PANEL, PackedRows, Panels, ROWS};
