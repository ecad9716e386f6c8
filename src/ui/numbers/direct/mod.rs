//! The outcome as a sum over what each component wrote into the stream.

mod export;
mod panel;
mod parts;
mod rows;
mod sum;

pub use panel::DirectPanel;
