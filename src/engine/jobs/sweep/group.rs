//! The runs of a sweep's cells, each on top of the same base: as resumable as a run, and sharing the layers before its edit.
//!
//! Cells go through the layers in groups, layer by layer, so that a quantised block is widened once for the group: with few
//! tokens, widening costs more than the products. Cells at one layer go through its products side by side.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::edit::{Edit, InvalidEdit};
use crate::engine::edits::{CompiledEdits, PatchValues};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::WideBlock;
use crate::engine::run::{Run, Step, rows_of_a_step, step_together};
use crate::trace::{Lengths, Stack};

/// Cells of a group.
const GROUP: usize = 72;
/// Most numbers in the streams of a group: 64 MB.
const GROUP_NUMBERS: usize = 16 << 20;

/// The runs of cells, under way.
#[derive(Debug)]
pub(in crate::engine::jobs) struct CellRuns {
    values: PatchValues,
    /// Index and edit of each cell.
    cells: Vec<(usize, Edit)>,
    n_started: usize,
    n_done: usize,
    /// The encoder's run of a cell that edits the encoder, before the decoder's joins the group.
    encoding: Option<(usize, Box<Run>)>,
    /// The group under way: places in `cells`.
    runs: Vec<(usize, Run)>,
    wide: Option<WideBlock>,
    /// Cells that are done and not yet handed out, by their place in `cells`.
    ended: VecDeque<(usize, Option<Run>)>,
}

impl CellRuns {
    /// Prepares a run for each cell, given by index and edit. `values` are what these edits take from other inputs.
    pub fn new(values: PatchValues, cells: Vec<(usize, Edit)>) -> Self {
        Self {
            values,
            cells,
            n_started: 0,
            n_done: 0,
            encoding: None,
            runs: Vec::new(),
            wide: None,
            ended: VecDeque::new(),
        }
    }

    /// How many blocks are done, and how many there are if each cell counts all layers.
    pub fn progress(&self, n_layers: usize) -> (usize, usize) {
        let under_way: usize = self.runs.iter().map(|(_, run)| run.progress().0).sum();
        (self.n_done * n_layers + under_way, self.cells.len() * n_layers)
    }

    /// Whether every cell is done.
    pub fn is_done(&self) -> bool {
        self.n_done == self.cells.len()
    }

    /// Does the next piece of work on top of `base` and the edits in force there, the same run each time. Gives a cell, by its index, and its run when that is
    /// done; of that run only the end is kept. A cell whose edit leaves a query without any key has no run.
    ///
    /// # Errors
    /// When an edit does not fit.
    pub fn step(&mut self, base: &Run) -> Result<Option<(usize, Option<Run>)>, EngineError> {
        if let Some((cell, run)) = self.ended.pop_front() {
            self.n_done += 1;
            return Ok(Some((self.cells[cell].0, run)));
        }
        if let Some((cell, mut run)) = self.encoding.take() {
            match run.step() {
                Ok(Step::More) => self.encoding = Some((cell, run)),
                Ok(Step::Done) => {
                    let (model, tokens) = (Arc::clone(base.model()), base.tokens().clone());
                    let edits = base.edits.clone();
                    let mut run = Run::decode(model, Arc::new(*run), tokens, edits, Captures::none())?;
                    run.keep_only(Vec::new());
                    self.runs.push((cell, run));
                }
                Err(EngineError::Edit(_)) => self.ended.push_back((cell, None)),
                Err(error) => return Err(error),
            }
            return Ok(None);
        }
        let model = base.model();
        let numbers = base.tokens().len() * model.spec().d_model;
        let n_group = GROUP.min(GROUP_NUMBERS / numbers.max(1)).max(1);
        let n_left = self.cells.len() - self.n_done - self.ended.len();
        if self.runs.len() < n_group.min(n_left) && self.wide.is_none() && self.n_started < self.cells.len() {
            return self.start(base).map(|()| None);
        }
        let layers = self.runs.iter().map(|(_, run)| run.progress().0).enumerate();
        let Some((_, layer)) = layers.min_by_key(|(_, layer)| *layer) else { return Ok(None) };
        if layer < model.spec().n_layers && self.wide.as_ref().is_none_or(|wide| wide.layer != layer) {
            self.wide = Some(WideBlock::new(layer, &model.blocks[layer]));
            return Ok(None);
        }
        let n_at_once = (rows_of_a_step(model.spec()) / base.tokens().len().max(1)).max(1);
        let chosen: Vec<usize> = self
            .runs
            .iter()
            .enumerate()
            .filter(|(_, (_, run))| run.progress().0 == layer)
            .map(|(slot, _)| slot)
            .take(n_at_once)
            .collect();
        let mut runs: Vec<&mut Run> = self
            .runs
            .iter_mut()
            .enumerate()
            .filter(|(slot, _)| chosen.contains(slot))
            .map(|(_, (_, run))| run)
            .collect();
        let steps = step_together(&mut runs, self.wide.as_ref());
        // From the last one on, so that the slots before stay.
        let mut ended = Vec::new();
        for (slot, step) in chosen.into_iter().zip(steps).rev() {
            let has_run = match step {
                Ok(Step::More) => continue,
                Ok(Step::Done) => true,
                Err(EngineError::Edit(_)) => false,
                Err(error) => return Err(error),
            };
            let (cell, run) = self.runs.remove(slot);
            ended.push((cell, has_run.then_some(run)));
        }
        self.ended.extend(ended.into_iter().rev());
        if self.runs.is_empty() {
            self.wide = None;
        }
        Ok(None)
    }

    fn start(&mut self, base: &Run) -> Result<(), EngineError> {
        let cell = self.n_started;
        let edit = &self.cells[cell].1;
        let (own, ..) = read_by(base, Some(edit));
        let mut run = own.again(own.edits.and(bound(base, edit, &self.values)?), Captures::none())?;
        run.keep_only(Vec::new());
        self.n_started += 1;
        match std::ptr::eq(own, base) {
            true => self.runs.push((cell, run)),
            false => self.encoding = Some((cell, Box::new(run))),
        }
        Ok(())
    }
}

/// The run in which an edit acts, the base or that of its encoder, with the stack and how much is read there.
pub(super) fn read_by<'a>(base: &'a Run, edit: Option<&Edit>) -> (&'a Run, Option<Stack>, Lengths) {
    let n_pos = base.tokens().len();
    let Some(source) = base.source() else { return (base, None, n_pos.into()) };
    let n_source = source.tokens().len();
    match edit.and_then(|edit| edit.stack) {
        Some(Stack::Encoder) => (source, Some(Stack::Encoder), Lengths { n_pos: n_source, n_source }),
        _ => (base, Some(Stack::Decoder), Lengths { n_pos, n_source }),
    }
}

/// An edit bound to the run in which it acts.
pub(super) fn bound(base: &Run, edit: &Edit, values: &PatchValues) -> Result<CompiledEdits, InvalidEdit> {
    let (_, stack, lengths) = read_by(base, Some(edit));
    CompiledEdits::bind_strictly(std::slice::from_ref(edit), base.model().spec(), stack, lengths, values)
}
