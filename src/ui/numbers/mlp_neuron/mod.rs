//! A neuron of an MLP: what it does at every position, which tokens it speaks of, and its edit.

mod by_position;
mod edit;
mod page;

pub use page::NeuronPage;
