//! Arithmetic on plain `f32` slices: matrix products, norms, softmax, activation functions, rotation.
//!
//! Only this module knows vector instructions, shares work among threads, and has `unsafe` arithmetic, each time with
//! its reason. All matrices are row-major and a slice's shape is in its name or its docs.

pub mod activation;
pub mod blend;
pub mod blocks;
pub mod eigenvalues;
mod exp;
pub mod finite;
pub mod logits;
pub mod matmul;
mod micro;
pub mod norm;
pub mod probe;
pub mod rotary;
mod simd;
pub mod softmax;
pub mod threads;
mod transposed;

pub use blocks::{Blocks, Format};
pub use matmul::{PANEL, PackedRows, Panels, ROWS};
