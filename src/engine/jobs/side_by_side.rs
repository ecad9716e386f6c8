//! Runs of several inputs side by side: begun together, taken through each layer together, done together.

use std::sync::Arc;

use crate::edit::{Edit, EditKind};
use crate::engine::edits::{CompiledEdits, PatchValues};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step, rows_of_a_step, step_together};
use crate::trace::{Lengths, Tokens};

/// Runs under way, each with an index of the caller's. Runs are added while none is under way.
#[derive(Debug, Default)]
pub(super) struct SideBySide {
    runs: Vec<(usize, Run)>,
    has_begun: bool,
}

/// A run that is done, or why there is none.
pub(super) type Ended = (usize, Result<Run, EngineError>);

impl SideBySide {
    /// Refuses what runs side by side cannot have: a second stack, and edits that read another input. `task` is what needs one stack,
    /// `inputs` are what it reads.
    ///
    /// # Errors
    /// When the model has two stacks, or an edit is a patch.
    pub fn check(model: &Model, edits: &[Edit], task: &str, inputs: &str) -> Result<(), EngineError> {
        if model.encoder().is_some() {
            return Err(EngineError::Request(format!("{task} needs a model of one stack")));
        }
        if edits.iter().any(|edit| matches!(edit.kind, EditKind::Patch { .. })) {
            let message =
                format!("a patch takes another input's values position by position, which {inputs} do not share");
            return Err(EngineError::Request(message));
        }
        Ok(())
    }

    /// Whether no run is under way.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether another input can be added: as many as make products of enough rows.
    pub fn has_room(&self, model: &Model) -> bool {
        let n_rows: usize = self.runs.iter().map(|(_, run)| run.tokens().len()).sum();
        !self.has_begun && n_rows < rows_of_a_step(model.spec())
    }

    /// Adds an input of a model of one stack, under the edits that fit it; edits read no other input.
    ///
    /// # Errors
    /// When the model cannot read the input.
    pub fn push(
        &mut self,
        index: usize,
        model: &Arc<Model>,
        tokens: Tokens,
        edits: &[Edit],
        captures: Captures,
    ) -> Result<(), EngineError> {
        let lengths = Lengths::from(tokens.len());
        let bound = CompiledEdits::bind_each(edits, model.spec(), None, lengths, &PatchValues::default());
        self.runs.push((index, Run::new(Arc::clone(model), tokens, bound.edits, captures)?));
        Ok(())
    }

    /// Does the next piece of work. Gives the runs that have ended with it.
    pub fn step(&mut self) -> Vec<Ended> {
        self.has_begun = true;
        let mut under_way: Vec<&mut Run> = self.runs.iter_mut().map(|(_, run)| run).collect();
        let steps = step_together(&mut under_way, None);
        let mut ended = Vec::new();
        for ((index, run), step) in std::mem::take(&mut self.runs).into_iter().zip(steps) {
            match step {
                Ok(Step::More) => self.runs.push((index, run)),
                Ok(Step::Done) => ended.push((index, Ok(run))),
                Err(error) => ended.push((index, Err(error))),
            }
        }
        self.has_begun = !self.runs.is_empty();
        ended
    }

    /// How many layers are done, and how many there are.
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.runs.iter().map(|(_, run)| run.progress()).min()
    }
}
