//! Who knows what is inside: a run, which computes it, or a trace file, which holds a part of it.

use super::direct::{Contrast, DirectSum};
use super::direction::DirectionAsked;
use super::head::{HeadAsked, HeadCircuits};
use super::lens::{LensAsked, LensTable};
use super::neuron::Neuron;
use super::path::Path;
use super::stream::StreamTable;
use super::value_zeroing::ValueZeroing;
use super::written::{Written, WrittenAsked};
use crate::analysis::SourceError;
use crate::trace::Attn;

/// Work that is done piece by piece. It owns what it reads, so that its driver can pause or drop it between two steps.
pub trait Pass<T> {
    /// Does the next piece, some tens of milliseconds; returns the result with the last one.
    ///
    /// # Errors
    /// When something cannot be computed; the pass is over then.
    fn step(&mut self) -> Result<Option<T>, SourceError>;

    /// How many pieces of how many are done, where that is known.
    fn progress(&self) -> Option<[usize; 2]> {
        None
    }
}

/// A pass whose result is there from the start.
#[derive(Debug)]
pub struct Ready<T>(pub Option<T>);

impl<T> Pass<T> for Ready<T> {
    fn step(&mut self) -> Result<Option<T>, SourceError> {
        Ok(self.0.take())
    }
}

/// The inside of one stack on one input. After [`SourceError::Wants`] each question can be asked again.
pub trait InsideSource {
    /// What a token is called.
    fn token_name(&self, id: u32) -> String;

    /// The token that a text begins with, and how many the text has.
    ///
    /// # Errors
    /// When the text has no token, or the source has no tokenizer.
    fn first_token(&self, text: &str) -> Result<(u32, usize), SourceError>;

    /// What the lens tells apart is called: a token, or a classifier's label.
    fn lens_name(&self, id: u32) -> String {
        self.token_name(id)
    }

    /// What a text names for the lens: the token that it begins with, or a classifier's label.
    ///
    /// # Errors
    /// Those of [`InsideSource::first_token`]; and where no label has this name.
    fn lens_token(&self, text: &str) -> Result<(u32, usize), SourceError> {
        self.first_token(text)
    }

    /// The logit lens.
    ///
    /// # Errors
    /// When the model predicts no tokens, something asked for does not exist, or the source does not hold it.
    fn lens(&self, asked: LensAsked) -> Result<Box<dyn Pass<LensTable>>, SourceError>;

    /// The stream as numbers.
    ///
    /// # Errors
    /// When the source does not hold the stream.
    fn stream(&self) -> Result<Box<dyn Pass<StreamTable>>, SourceError>;

    /// What a layer writes at a position, or its heads bring there from one other.
    ///
    /// # Errors
    /// When the layer or position does not exist, or the source holds no weights.
    fn written(&self, asked: WrittenAsked) -> Result<Box<dyn Pass<Written>>, SourceError>;

    /// A neuron of a layer's MLP, with so many tokens of each kind.
    ///
    /// # Errors
    /// When there is no such neuron, or the source holds no weights.
    fn neuron(&self, layer: usize, neuron: usize, n_top: usize) -> Result<Box<dyn Pass<Neuron>>, SourceError>;

    /// What a head's weights do with tokens.
    ///
    /// # Errors
    /// When there is no such head or token, or the source holds no weights.
    fn head(&self, asked: HeadAsked) -> Result<Box<dyn Pass<HeadCircuits>>, SourceError>;

    /// The way of the stream entering a layer at a position up through the layers.
    ///
    /// # Errors
    /// When the cell does not exist, what sub-layers write is normalised, or the source holds no weights.
    fn path(&self, layer: usize, position: usize) -> Result<Box<dyn Pass<Path>>, SourceError>;

    /// Value zeroing in a layer, of its own attention or of that to an encoder.
    ///
    /// # Errors
    /// When the layer or attention does not exist, or the source holds no weights.
    fn value_zeroing(&self, layer: usize, attn: Attn) -> Result<Box<dyn Pass<ValueZeroing>>, SourceError>;

    /// A direction of the stream for an edit, [d_model].
    ///
    /// # Errors
    /// When the place, a token or a text does not exist, or the source holds no weights.
    fn direction(&self, asked: DirectionAsked) -> Result<Box<dyn Pass<Vec<f32>>>, SourceError>;

    /// The outcome at a position as a sum.
    ///
    /// # Errors
    /// When the outcome of this model is not a sum, a token or the position does not exist, or the source holds no weights.
    fn direct(&self, contrast: Contrast, position: usize) -> Result<Box<dyn Pass<DirectSum>>, SourceError>;
}
