//! Writing on: token after token from a run that is done, through the keys and values it keeps.

use super::error::EngineError;
use super::run::{Run, Step};
use super::sample::{Sampler, Sampling};

/// How many tokens a decoder reads at most when it writes its target by itself.
pub const MAX_TARGET: usize = 256;

/// A continuation under way. It holds no run: whoever drives it brings the same one each time.
#[derive(Clone, Debug)]
pub struct Generation {
    sampler: Sampler,
    n_left: usize,
    /// The first token, where it is given.
    first: Option<u32>,
    /// The token that the run is reading.
    pending: Option<u32>,
}

/// What a step of a continuation brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Call again.
    Nothing,
    /// This token was chosen, and the run knows it now.
    Token(u32),
    /// As many tokens as asked for, the end of the text, or of the context.
    End,
}

impl Generation {
    /// Writes at most `n_tokens` tokens.
    ///
    /// # Errors
    /// A setting that is out of range.
    pub fn new(sampling: Sampling, n_tokens: usize) -> Result<Self, EngineError> {
        Ok(Self { sampler: Sampler::new(sampling)?, n_left: n_tokens, first: None, pending: None })
    }

    /// Writes this token first, whatever the model says: how another branch begins.
    pub fn start_with(&mut self, id: u32) {
        self.first = Some(id);
    }

    /// Does the next piece of work, as small as a run's step. After an error or when it is given up, [`Run::rewind`] brings the
    /// run back to the tokens that are whole.
    ///
    /// # Errors
    /// Those of the run; a model that predicts no next token.
    pub fn step(&mut self, run: &mut Run) -> Result<Written, EngineError> {
        if let Some(id) = self.pending {
            if run.step()? == Step::More {
                return Ok(Written::Nothing);
            }
            self.pending = None;
            return Ok(Written::Token(id));
        }
        let n_pos = run.tokens().len();
        if self.n_left == 0 || n_pos >= run.model().spec().n_ctx {
            return Ok(Written::End);
        }
        if let Some(id) = self.first.take() {
            return self.push(run, id);
        }
        let writing = run.model().writing().clone();
        let mut logits = run.logits(n_pos - 1..n_pos)?;
        for &id in &writing.banned_ids {
            if let Some(logit) = logits.get_mut(id as usize) {
                *logit = f32::NEG_INFINITY;
            }
        }
        let forced = writing.first_id.filter(|_| n_pos == 1 && run.source().is_some());
        let id = forced.unwrap_or_else(|| self.sampler.choose(&logits, n_pos));
        if writing.eos_ids.contains(&id) {
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
