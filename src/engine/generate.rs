//! Generation: continues a finished run token by token, through the keys and values that the run keeps, by the rules of the
//! checkpoint's [`GenerationConfig`](super::GenerationConfig).

use super::error::EngineError;
use super::generation_config::TextSoFar;
use super::model::Model;
use super::run::{Run, Step};
use super::sample::Sampling;

/// The most tokens that a decoder reads when it writes its own target and its checkpoint names no number.
const MAX_TARGET: usize = 256;

/// A continuation under way. It holds no run: its caller brings the same one each time.
#[derive(Clone, Debug)]
pub struct Generation {
    sampling: Sampling,
    n_left: usize,
    /// Whether the text is to end where the continuation does.
    is_whole: bool,
    /// The first token, where the caller chooses it.
    first: Option<u32>,
    /// The token that the run is reading.
    pending: Option<u32>,
}

/// What a step of a continuation has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Call again.
    Nothing,
    /// This token was chosen, and the run has read it.
    Token(u32),
    /// Nothing follows: all the tokens asked for are written, the text has ended, or the context is full.
    End,
}

impl Generation {
    /// Prepares a continuation of at most `n_tokens` tokens.
    ///
    /// # Errors
    /// A setting that is out of range.
    pub fn new(sampling: Sampling, n_tokens: usize) -> Result<Self, EngineError> {
        sampling.check()?;
        Ok(Self { sampling, n_left: n_tokens, is_whole: false, first: None, pending: None })
    }

    /// Writes the whole target of a decoder that has read `n_start` tokens, always the most likely token, with at most
    /// [`max_target`] tokens.
    ///
    /// # Errors
    /// Makes the generation of a decoder's target; the parameters are those of [`Generation::new`].
    pub fn of_target(model: &Model, n_start: usize, n_tokens: Option<usize>) -> Result<Self, EngineError> {
        let n_tokens = n_tokens.unwrap_or_else(|| max_target(model, n_start).saturating_sub(n_start));
        Ok(Self::new(Sampling::GREEDY, n_tokens)?.ending())
    }

    /// Makes the text end with this continuation: a checkpoint may say which token then stands last. Without it, writing may go
    /// on afterwards.
    pub fn ending(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// Writes this token first, whatever the model predicts, to start another branch.
    pub fn start_with(&mut self, id: u32) {
        self.first = Some(id);
    }

    /// Does the next piece of work, as small as a run's step. After an error or a cancellation, [`Run::rewind`] takes back the token
    /// that the run was reading.
    ///
    /// # Errors
    /// Those of the run, or when the model predicts no next token.
    pub fn step(&mut self, run: &mut Run) -> Result<Written, EngineError> {
        if let Some(id) = self.pending {
            if run.step()? == Step::More {
                return Ok(Written::Nothing);
            }
            self.pending = None;
            return Ok(Written::Token(id));
        }
        if !run.is_done() {
            // It was taken back to where its tokens are rotated otherwise.
            run.step()?;
            return Ok(Written::Nothing);
        }
        let n_pos = run.tokens().len();
        if self.n_left == 0 || n_pos >= run.model().spec().n_ctx {
            return Ok(Written::End);
        }
        if let Some(id) = self.first.take() {
            return self.push(run, id);
        }
        let mut logits = run.logits(n_pos - 1..n_pos)?;
        let config = run.model().generation_config();
        let text = TextSoFar {
            ids: &run.tokens().ids,
            n_prompt: run.n_prompt(),
            source: run.source().map_or(&[], |source| &source.tokens().ids),
            max_length: self.is_whole.then_some(n_pos + self.n_left),
        };
        config.apply(&mut logits, text);
        let id = self.sampling.choose(logits, n_pos)?;
        if config.eos_ids.contains(&id) {
            self.n_left = 0;
            return Ok(Written::End);
        }
        self.push(run, id)
    }

    fn push(&mut self, run: &mut Run, id: u32) -> Result<Written, EngineError> {
        run.push(id)?;
        self.n_left -= 1;
        self.pending = Some(id);
        Ok(Written::Nothing)
    }
}

/// How many tokens a decoder's target has at most when the model writes it: as the checkpoint says, as many as the model reads, and no
/// more than 256. `n_start`: tokens that it begins with.
pub fn max_target(model: &Model, n_start: usize) -> usize {
    let asked = model.generation_config().max_length(n_start).unwrap_or(MAX_TARGET);
    asked.min(MAX_TARGET).min(model.spec().n_ctx)
}
