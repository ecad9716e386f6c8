//! One edit after another, each alone on top of the same run, and the outcome of each: which heads, keys or positions matter.
//!
//! Every cell is a run that is handed out when it is done, for whoever measures it, and that shares the layers before its edit. Resumable like a run: a step is some tens of milliseconds, and
//! cells come in the order of layers. The methods are those of docs/methods.md, "Head ablation", docs/methods.md, "Edge
//! knockout", and docs/methods.md, "Activation patching".

use super::edits::{CompiledEdits, PatchValues};
use super::error::EngineError;
use super::hooks::Captures;
use super::model::WideBlock;
use super::run::{Run, Step};
use crate::edit::{Choice, Edit, EditKind, PatchFrom, SetValue};
use crate::trace::{BlockSite, Hook, Lengths, Spec, Stack};

/// What is tried, one cell each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepKind {
    /// Each head's z becomes 0.
    ZeroHeads,
    /// Each head's z becomes its mean over this input's positions.
    PositionMeanHeads,
    /// Each head's z becomes its mean over all positions of other inputs (Wang et al. 2022).
    MeanHeads,
    /// Each token as a key, layer by layer, seen by no other token.
    CutKeys,
    /// The stream at each layer and position becomes another input's.
    PatchStream,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepCell {
    /// Row of the map.
    pub layer: usize,
    /// Column: a head or a position.
    pub column: usize,
    /// What is done, as plain data: applying it again gives the same outcome.
    pub edit: Edit,
}

/// A sweep under way.
///
/// Cells go through the layers in groups, layer by layer, so that a quantised block is widened once for the group: with few
/// tokens, widening costs more than the products.
#[derive(Debug)]
pub struct Sweep {
    edits: Vec<Edit>,
    patches: PatchValues,
    leaves_out: bool,
    cells: Vec<SweepCell>,
    /// Cells before it have been started.
    n_started: usize,
    n_done: usize,
    /// The group under way: cells by index.
    runs: Vec<(usize, Run)>,
    wide: Option<WideBlock>,
}

/// Cells of a group.
const GROUP: usize = 72;
/// Most numbers in the streams of a group: 64 MB.
const GROUP_NUMBERS: usize = 16 << 20;

impl Sweep {
    /// Prepares a sweep on top of runs with `edits`. `patches`: what these and the edits of the cells take from other inputs.
    pub fn new(edits: Vec<Edit>, patches: PatchValues, cells: Vec<SweepCell>) -> Self {
        Self { edits, patches, leaves_out: false, cells, n_started: 0, n_done: 0, runs: Vec::new(), wide: None }
    }

    /// Edits that do not fit are left out instead of being refused: for a list that was made for another input.
    #[must_use]
    pub fn leaving_out(self) -> Self {
        Self { leaves_out: true, ..self }
    }

    /// How many blocks are done, and of how many there are at most: each cell counts all layers.
    pub fn progress(&self) -> (usize, usize) {
        let n_layers = self.runs.first().map_or(1, |(_, run)| run.progress().1);
        let under_way: usize = self.runs.iter().map(|(_, run)| run.progress().0).sum();
        (self.n_done * n_layers + under_way, self.cells.len() * n_layers)
    }

    /// Its cells, in the order in which they are done.
    pub fn cells(&self) -> &[SweepCell] {
        &self.cells
    }

    /// Does the next piece of work on top of `base`, each time the same run; gives a cell, by its index, and its run when it is
    /// done. Of that run only the end is kept.
    ///
    /// # Errors
    /// When an edit does not fit. A cell that leaves a query without any key has no run, and no error.
    pub fn step(&mut self, base: &Run) -> Result<Option<(usize, Option<Run>)>, EngineError> {
        let model = base.model();
        let numbers = base.tokens().len() * model.spec().d_model;
        let n_group = GROUP.min(GROUP_NUMBERS / numbers.max(1)).max(1);
        let n_left = self.cells.len() - self.n_done;
        if self.runs.len() < n_group.min(n_left) && self.wide.is_none() && self.n_started < self.cells.len() {
            return self.start(base).map(|()| None);
        }
        let layers = self.runs.iter().map(|(_, run)| run.progress().0).enumerate();
        let Some((place, layer)) = layers.min_by_key(|(_, layer)| *layer) else { return Ok(None) };
        if layer < model.spec().n_layers && self.wide.as_ref().is_none_or(|wide| wide.layer != layer) {
            self.wide = Some(WideBlock::new(layer, &model.blocks[layer]));
            return Ok(None);
        }
        let is_whole = match self.runs[place].1.step_through(self.wide.as_ref()) {
            Ok(Step::More) => return Ok(None),
            Ok(Step::Done) => true,
            Err(EngineError::Edit(_)) => false,
            Err(error) => return Err(error),
        };
        let (index, run) = self.runs.remove(place);
        self.n_done += 1;
        if self.runs.is_empty() {
            self.wide = None;
        }
        Ok(Some((index, is_whole.then_some(run))))
    }

    fn start(&mut self, base: &Run) -> Result<(), EngineError> {
        let mut edits = self.edits.clone();
        edits.push(self.cells[self.n_started].edit.clone());
        let (spec, n_pos) = (base.model().spec(), base.tokens().len());
        let source = base.source().map(|source| source.tokens().len());
        let (stack, lengths) = (source.map(|_| Stack::Decoder), Lengths { n_pos, n_source: source.unwrap_or(0) });
        let edits = match self.leaves_out {
            true => CompiledEdits::bind_each(&edits, spec, stack, lengths, &self.patches).edits,
            false => CompiledEdits::bind_strictly(&edits, spec, stack, lengths, &self.patches)?,
        };
        let mut run = base.again(edits, Captures::none())?;
        run.keep_only(Vec::new());
        self.runs.push((self.n_started, run));
        self.n_started += 1;
        Ok(())
    }

    /// Whether every cell is done.
    pub fn is_done(&self) -> bool {
        self.n_done == self.cells.len()
    }
}

/// The cells of a kind that needs no other input.
pub fn cells(kind: &SweepKind, spec: &Spec, n_pos: usize) -> Vec<SweepCell> {
    let n_columns = if *kind == SweepKind::CutKeys { n_pos } else { spec.n_heads };
    let cell = |layer: usize, column: usize| {
        let (at, head) = (Choice::One(layer), Choice::One(column));
        let kind = match kind {
            SweepKind::ZeroHeads => EditKind::ZeroHead { layer: at, head },
            SweepKind::PositionMeanHeads => EditKind::PositionMeanHead { layer: at, head },
            SweepKind::CutKeys => EditKind::BlockToken { layer: at, key: head },
            SweepKind::MeanHeads | SweepKind::PatchStream => return None,
        };
        Some(SweepCell { layer, column, edit: Edit::new(kind) })
    };
    (0..spec.n_layers).flat_map(|layer| (0..n_columns).filter_map(move |column| cell(layer, column))).collect()
}

/// Cells that set each head's z to its mean over `references`, runs that have captured z.
///
/// # Errors
/// When there is no reference, or it has not captured z.
pub fn mean_cells(references: &[&Run], spec: &Spec) -> Result<Vec<SweepCell>, EngineError> {
    if references.is_empty() {
        return Err(EngineError::Request("a mean over other inputs needs at least one".to_owned()));
    }
    let (d_head, width) = (spec.d_head, spec.n_heads * spec.d_head);
    let mut cells = Vec::with_capacity(spec.n_layers * spec.n_heads);
    for layer in 0..spec.n_layers {
        let mut sums = vec![0f64; width];
        let mut n_rows = 0;
        for run in references {
            let z = run.activation(Hook::Block(layer, BlockSite::Z))?;
            n_rows += z.len() / width;
            for row in z.chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        for (column, sums) in sums.chunks_exact(d_head).enumerate() {
            let mean = sums.iter().map(|sum| (sum / f64::from(n_rows.max(1) as u32)) as f32).collect();
            let kind = EditKind::Set {
                layer: Some(Choice::One(layer)),
                hook: BlockSite::Z.name().to_owned(),
                head: Some(Choice::One(column)),
                neuron: None,
                query: None,
                value: SetValue::Each(mean),
            };
            cells.push(SweepCell { layer, column, edit: Edit::new(kind) });
        }
    }
    Ok(cells)
}

/// Cells that take the stream entering each layer, one position at a time, from `other`, which `from` names in the edits; with
/// the values they take.
///
/// # Errors
/// When the other run has another length.
pub fn patch_cells(base: &Run, other: &Run, from: &PatchFrom) -> Result<(Vec<SweepCell>, PatchValues), EngineError> {
    let (n_pos, n_other) = (base.tokens().len(), other.tokens().len());
    if n_pos != n_other {
        let message =
            format!("patching needs inputs of equal length: this one has {n_pos} tokens, the other {n_other}");
        return Err(EngineError::Request(message));
    }
    let mut patches = PatchValues::default();
    let mut cells = Vec::new();
    for layer in 0..base.model().spec().n_layers {
        let hook = Hook::Block(layer, BlockSite::ResidPre);
        patches.insert(from, hook, other.activation(hook)?);
        for column in 0..n_pos {
            let kind = EditKind::Patch {
                layer: Some(Choice::One(layer)),
                hook: BlockSite::ResidPre.name().to_owned(),
                query: Some(Choice::One(column)),
                head: None,
                from: from.clone(),
            };
            cells.push(SweepCell { layer, column, edit: Edit::new(kind) });
        }
    }
    Ok((cells, patches))
}
