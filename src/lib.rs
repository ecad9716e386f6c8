//! Headlight shows how attention works inside transformer language models, at every scale, in the browser.
//!
//! Modules stand in reading order. ARCHITECTURE.md has a map of them and the rules of who may import whom.

pub use headlight_kernels as kernels;

pub mod fields;

pub mod random;

pub mod sets;

pub mod trace;

pub mod edit;

pub mod sources;

pub mod protocol;

pub mod gallery;

pub mod analysis;

pub mod answers;

#[cfg(feature = "engine")]
pub mod engine;

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(all(feature = "browser", target_arch = "wasm32"))]
pub mod platform;

#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;

pub mod render;

#[cfg(all(feature = "views", target_arch = "wasm32"))]
pub mod render_web;

#[cfg(feature = "state")]
pub mod state;

#[cfg(all(feature = "views", target_arch = "wasm32"))]
pub mod ui;
