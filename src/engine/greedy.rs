//! What a decoder writes by itself after an encoder has read: at each place the most likely token.

use std::sync::Arc;

use super::edits::CompiledEdits;
use super::error::EngineError;
use super::hooks::Captures;
use super::model::Model;
use super::run::{Run, Step};
use crate::edit::Edit;
use crate::trace::{Lengths, Stack, Tokens};

/// A target being written, step by step like a run.
#[derive(Debug)]
pub struct Greedy {
    model: Arc<Model>,
    source: Arc<Run>,
    edits: Vec<Edit>,
    n_max: usize,
    tokens: Tokens,
    run: Option<Run>,
}

impl Greedy {
    /// Starts after the start token; writes until an end token, or the decoder has read `n_max` tokens. `edits` act in the
    /// decoder.
    ///
    /// # Errors
    /// When the model has no encoder or no start token.
    pub fn new(model: Arc<Model>, source: Arc<Run>, edits: Vec<Edit>, n_max: usize) -> Result<Self, EngineError> {
        let (tokens, n_max) = (model.start()?, n_max.min(model.spec().n_ctx));
        Ok(Self { model, source, edits, n_max, tokens, run: None })
    }

    /// What the decoder reads so far: the start token and what it has written, without an end token.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Does the next piece of work.
    ///
    /// # Errors
    /// Those of a run; an edit may not name a position that is not written yet.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        if self.tokens.len() >= self.n_max {
            return Ok(Step::Done);
        }
        let run = match &mut self.run {
            Some(run) => run,
            none => {
                let lengths = Lengths { n_pos: self.tokens.len(), n_source: self.source.tokens().len() };
                let edits = CompiledEdits::bind_stack(&self.edits, self.model.spec(), Stack::Decoder, lengths)?;
                let (model, source) = (Arc::clone(&self.model), Arc::clone(&self.source));
                none.insert(Run::decode(model, source, self.tokens.clone(), edits, Captures::none())?)
            }
        };
        if run.step()? == Step::More {
            return Ok(Step::More);
        }
        let last = self.tokens.len() - 1;
        let logits = run.logits(last..last + 1)?;
        self.run = None;
        let writing = self.model.writing();
        let forced = writing.first_id.filter(|_| last == 0);
        let allowed = (0_u32..).zip(&logits).filter(|(id, _)| !writing.banned_ids.contains(id));
        // The first of equals, as argmax in other frameworks.
        let best = allowed.fold(None, |best: Option<(u32, f32)>, (id, &logit)| match best {
            Some((_, most)) if logit <= most => best,
            _ => Some((id, logit)),
        });
        match forced.or(best.map(|(id, _)| id)) {
            Some(id) if !writing.eos_ids.contains(&id) => {
                let written = self.model.tokens_from_ids(&[id])?;
                self.tokens.push(&written, 0);
                Ok(Step::More)
            }
            _ => {
                self.n_max = 0;
                Ok(Step::Done)
            }
        }
    }
}
