//! Answers to questions about attention, from whatever source holds it, a piece at a time.
//!
//! ```text
//! Question ─▶ start ─▶ step(source) … step(source) ─▶ Reply          in the worker: a run
//!                      some milliseconds each                        in the page: a trace
//! ```
//! Between two pieces the caller may look for a cancellation, or bring the bytes that the source wants
//! ([`SourceError::Wants`]) and take the same step again: a step that failed has changed nothing. A question is a file
//! here and a variant in `protocol::question`. Questions about words are the model's to answer and are refused here.

mod head_weights;
mod neurons;
mod patterns;
mod scores;
mod thumbnails;

use crate::analysis::{AttentionSource, Sizes, SourceError};
use crate::protocol::{Answer, Question};

/// The most weights that an answer holds: half a GiB, of the 4 GiB that a browser gives a page.
const MAX_HELD: u64 = 1 << 27;

/// The most weights that are gone through for an answer, a block at a time: some ten seconds in a browser.
const MAX_SEEN: u64 = 1 << 32;

/// Refuses what would take more memory or time than there is, before anything is made: the work grows with the square of
/// the tokens.
fn expect_at_most(most: u64, n_heads: usize, sizes: &Sizes) -> Result<(), SourceError> {
    let n_weights = sizes.n_weights(n_heads);
    if n_weights <= most {
        return Ok(());
    }
    let Sizes { n_query, n_key, .. } = sizes;
    let message = format!(
        "{n_heads} patterns of {n_query} × {n_key} tokens have {n_weights} weights, and at most {most} are drawn at a time: \
         shorten the input, or keep fewer heads of a layer in the file"
    );
    Err(SourceError::TooLarge(message))
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer, without its numbers in bulk.
    pub answer: Answer,
    /// The buffers beside the answer, as the question defines them.
    pub buffers: Vec<Vec<f32>>,
}

/// An answer that is being made.
pub trait Answering {
    /// Makes the next piece; returns the answer with the last one.
    ///
    /// # Errors
    /// Those of the source. After [`SourceError::Wants`] the step can be taken again.
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError>;
}

/// Prepares an answer; computes nothing yet.
pub fn start(question: Question) -> Box<dyn Answering> {
    match question {
        Question::Patterns { layer, heads } => Box::new(patterns::Patterns::new(layer, heads)),
        Question::Thumbnails { layer, heads, grid } => Box::new(thumbnails::Thumbnails::new(layer, heads, &grid)),
        Question::Neurons { layer, head } => Box::new(neurons::Neurons::new(layer, head)),
        Question::Scores { n_block } => Box::new(scores::Scores::new(n_block)),
        Question::HeadWeights { queries, keys } => Box::new(head_weights::HeadWeights::new(queries, keys)),
        Question::Losses | Question::Predictions { .. } | Question::Similarity { .. } => Box::new(NeedsModel),
    }
}

/// The answer to a question that only a model can answer: a refusal.
struct NeedsModel;

impl Answering for NeedsModel {
    fn step(&mut self, _: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let reason = "only a model predicts words, and a trace holds none".to_owned();
        Err(SourceError::Missing { what: "predictions", reason })
    }
}

/// Answers without a pause, for sources that have all their bytes at hand.
///
/// # Errors
/// Those of the source.
pub fn answer(question: Question, source: &dyn AttentionSource) -> Result<Reply, SourceError> {
    let mut answering = start(question);
    loop {
        if let Some(reply) = answering.step(source)? {
            return Ok(reply);
        }
    }
}
