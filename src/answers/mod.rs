//! Answers to questions about attention, from whatever source holds it, a piece at a time.
//!
//! ```text
//! Question ─▶ start ─▶ step(source) … step(source) ─▶ Reply          in the worker: a run
//!                      some milliseconds each                        in the page: a trace
//! ```
//! Between two pieces the caller can check for a cancellation, or supply the bytes that the source requires
//! ([`SourceError::Wants`]) and repeat the step: a step that failed has changed nothing. Each question has a file
//! here and a variant in `protocol::question`. Only a model can answer questions about words; they are refused here.

mod direct;
mod direction;
mod head_page;
mod head_weights;
mod inside;
mod lens;
mod neuron_page;
mod neurons;
mod path;
mod patterns;
mod quantity;
mod scores;
mod stream;
mod thumbnails;
mod words;
mod written;

use crate::analysis::{AttentionSource, Sizes, SourceError};
use crate::protocol::{Answer, Question, Stage};

/// The largest number of weights in an answer: half a GiB, of the 4 GiB that a browser gives a page.
const MAX_HELD: u64 = 1 << 27;

/// The largest number of weights read for an answer, a block at a time: some ten seconds in a browser.
const MAX_SEEN: u64 = 1 << 32;

/// Refuses in advance what would take too much memory or time: the work grows with the square of the number of tokens.
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

/// A complete answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer without its buffers of numbers.
    pub answer: Answer,
    /// The buffers beside the answer, as the question defines them.
    pub buffers: Vec<Vec<f32>>,
}

/// An answer that is being computed.
pub trait Answering {
    /// Computes the next piece; returns the answer after the last one.
    ///
    /// # Errors
    /// Those of the source. After [`SourceError::Wants`] the step can be repeated.
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError>;

    /// What it is doing, and how many pieces of how many are done: of answers that take long.
    fn progress(&self) -> Option<(Stage, [usize; 2])> {
        None
    }
}

/// Prepares an answer; computes nothing yet.
pub fn start(question: Question) -> Box<dyn Answering> {
    start_drawn(question).unwrap_or_else(|other| start_other(*other))
}

/// Prepares an answer to what the first figures draw, patterns and the overview of heads.
///
/// # Errors
/// Any other question comes back, for [`start_other`]: a page fetches the code for those later.
pub fn start_drawn(question: Question) -> Result<Box<dyn Answering>, Box<Question>> {
    Ok(match question {
        Question::Patterns { layer, heads } => Box::new(patterns::Patterns::new(layer, heads)),
        Question::Thumbnails { layer, heads, grid } => Box::new(thumbnails::Thumbnails::new(layer, heads, &grid)),
        other => return Err(Box::new(other)),
    })
}

/// Prepares an answer to any question that [`start_drawn`] leaves.
pub fn start_other(question: Question) -> Box<dyn Answering> {
    match question {
        Question::Patterns { .. } | Question::Thumbnails { .. } => start(question),
        Question::Quantity { quantity, layer, heads } => quantity::whole(quantity, layer, heads),
        Question::QuantityCells { quantity, layers, heads, grid } => quantity::cells(quantity, layers, heads, &grid),
        Question::Neurons { layer, head } => Box::new(neurons::Neurons::new(layer, head)),
        Question::Scores { n_block } => Box::new(scores::Scores::new(n_block)),
        Question::HeadWeights { queries, keys } => Box::new(head_weights::HeadWeights::new(queries, keys)),
        Question::Lens { layers, positions, n_top, token } => lens::start(&layers, &positions, n_top, token),
        Question::Stream => stream::start(),
        Question::Written { layer, position, n_top } => written::start(layer, position, n_top),
        Question::Linked { layer, query, key, n_top } => Box::new(written::Linked::new([layer, query, key, n_top])),
        Question::MlpNeuron { layer, neuron, n_top } => neuron_page::start(layer, neuron, n_top),
        Question::Head { layer, head, tokens, distance, n_top } => {
            head_page::start((layer, head), tokens, distance, n_top)
        }
        Question::Path { layer, position } => path::start(layer, position),
        Question::Direction { layer, site, position, made_of } => {
            direction::start(layer, site.site(), position, made_of)
        }
        Question::Direct { answers, others, position } => direct::start(answers, others, position),
        Question::ScoresOver { .. } => {
            Box::new(NeedsModel { what: "scores of other inputs", reason: "only a model reads them" })
        }
        Question::Losses | Question::Predictions { .. } | Question::Labels | Question::Similarity { .. } => {
            Box::new(NeedsModel { what: "predictions", reason: "only a model predicts words, and a trace holds none" })
        }
        Question::Estimate(_) | Question::Saliency(_) | Question::Kept(_) | Question::Feeds(_) => {
            Box::new(NeedsModel { what: "gradients", reason: "only a model has them, and a trace holds none" })
        }
    }
}

/// Refuses a question that only a model can answer.
struct NeedsModel {
    what: &'static str,
    reason: &'static str,
}

impl Answering for NeedsModel {
    fn step(&mut self, _: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        Err(SourceError::Missing { what: self.what, reason: self.reason.to_owned() })
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
