//! What a sweep tries: one cell for each head, key or position of each layer.

use crate::edit::{Choice, Edit, EditKind, PatchFrom, PatchSite, SetValue};
use crate::engine::edits::PatchValues;
use crate::engine::error::EngineError;
use crate::engine::run::Run;
use crate::trace::{BlockSite, Hook, Spec, Stack, Tokens};

/// What is tried, one cell each.
#[derive(Clone, Debug, PartialEq)]
pub enum SweepKind {
    /// Each head's z becomes 0 (Michel et al. 2019).
    ZeroHeads,
    /// Each head's z becomes its mean over this input's positions.
    PositionMeanHeads,
    /// Each head's z becomes its mean over all positions of other inputs (Wang et al. 2022).
    MeanHeads(Vec<Tokens>),
    /// Each token as a key, layer by layer, is hidden from all other tokens (Geva et al. 2023).
    CutKeys,
    /// The stream at each layer and position, or what attention, an MLP or a head adds to it, is patched between this input and
    /// another of equally many tokens (Vig et al. 2020).
    Patch {
        /// What is patched.
        site: PatchSite,
        /// The other input.
        other: Tokens,
        /// How the cells' edits name the other input.
        from: PatchFrom,
        /// Whether this input's values go into the other's run (denoising) instead of the other way round (noising).
        is_denoising: bool,
    },
    /// Each of these edits, in row 0.
    Each(Vec<Edit>),
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepCell {
    /// Row of the map.
    pub layer: usize,
    /// Column of the map: a head, a position, or a place in a list of edits.
    pub column: usize,
    /// The edit that the cell tries: applied again, it gives the same outcome.
    pub edit: Edit,
}

/// An edit of the stack that a sweep runs: the only one, or the decoder.
fn edit(kind: EditKind, stack: Option<Stack>) -> Edit {
    Edit { stack, ..Edit::new(kind) }
}

/// A cell for each layer and each of `n_columns`.
fn grid(
    spec: &Spec,
    n_columns: usize,
    stack: Option<Stack>,
    kind: impl Fn(Choice, Choice) -> EditKind,
) -> Vec<SweepCell> {
    let places = (0..spec.n_layers).flat_map(|layer| (0..n_columns).map(move |column| (layer, column)));
    let cell =
        |(layer, column)| SweepCell { layer, column, edit: edit(kind(Choice::One(layer), Choice::One(column)), stack) };
    places.map(cell).collect()
}

/// Cells that set each head's z to 0.
pub(super) fn zero_heads(spec: &Spec, stack: Option<Stack>) -> Vec<SweepCell> {
    grid(spec, spec.n_heads, stack, |layer, head| EditKind::ZeroHead { layer, head })
}

/// Cells that set each head's z to its mean over positions.
pub(super) fn position_mean_heads(spec: &Spec, stack: Option<Stack>) -> Vec<SweepCell> {
    grid(spec, spec.n_heads, stack, |layer, head| EditKind::PositionMeanHead { layer, head })
}

/// Cells that hide each of `n_pos` tokens from all others.
pub(super) fn cut_keys(spec: &Spec, n_pos: usize, stack: Option<Stack>) -> Vec<SweepCell> {
    grid(spec, n_pos, stack, |layer, key| EditKind::BlockToken { layer, key })
}

/// A cell for each edit of a list that `fits`.
pub(super) fn each(edits: &[Edit], fits: impl Fn(&Edit) -> bool) -> Vec<SweepCell> {
    let fitting = edits.iter().enumerate().filter(|(_, edit)| fits(edit));
    fitting.map(|(column, edit)| SweepCell { layer: 0, column, edit: edit.clone() }).collect()
}

/// The mean of every head's z over all positions of several runs.
#[derive(Debug, Default)]
pub(in crate::engine::jobs) struct HeadMeans {
    /// Per layer [n_heads, d_head].
    sums: Vec<Vec<f64>>,
    n_rows: usize,
}

impl HeadMeans {
    /// Adds a finished run, which has captured z.
    ///
    /// # Errors
    /// When the run has not captured z.
    pub fn add(&mut self, run: &Run) -> Result<(), EngineError> {
        let spec = run.model().spec();
        let width = spec.n_heads * spec.d_head;
        self.sums.resize_with(spec.n_layers, || vec![0.0; width]);
        for (layer, sums) in self.sums.iter_mut().enumerate() {
            for row in run.activation(Hook::Block(layer, BlockSite::Z))?.chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        self.n_rows += run.tokens().len();
        Ok(())
    }

    /// Cells that set each head's z to its mean.
    pub fn cells(&self, spec: &Spec) -> Vec<SweepCell> {
        grid(spec, spec.n_heads, None, |layer, head| {
            let place = |choice: &Choice| if let Choice::One(place) = choice { *place } else { 0 };
            let sums = &self.sums[place(&layer)][place(&head) * spec.d_head..][..spec.d_head];
            let mean = sums.iter().map(|sum| (sum / self.n_rows.max(1) as f64) as f32).collect();
            EditKind::Set {
                layer: Some(layer),
                hook: BlockSite::Z.name().to_owned(),
                head: Some(head),
                neuron: None,
                query: None,
                value: SetValue::Each(mean),
            }
        })
    }
}

/// Cells that take one activation of each layer, a position or a head at a time, from `donor`, which edits name `from`; with the
/// values they take.
///
/// # Errors
/// When the donor has not kept or captured the activation.
pub(super) fn patch(
    site: PatchSite,
    donor: &Run,
    from: &PatchFrom,
) -> Result<(Vec<SweepCell>, PatchValues), EngineError> {
    let spec = donor.model().spec();
    let mut values = PatchValues::default();
    for layer in 0..spec.n_layers {
        let hook = Hook::Block(layer, site.site());
        values.insert(from, hook, donor.activation(hook)?);
    }
    let n_columns = if site.is_by_position() { donor.tokens().len() } else { spec.n_heads };
    let cells = grid(spec, n_columns, None, |layer, column| {
        let (query, head) = if site.is_by_position() { (Some(column), None) } else { (None, Some(column)) };
        let (layer, hook, neuron) = (Some(layer), site.site().name().to_owned(), None);
        EditKind::Patch { layer, hook, query, head, neuron, from: from.clone() }
    });
    Ok((cells, values))
}
