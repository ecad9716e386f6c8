//! The one hook point: every named activation passes through [`Hooks`], where edits change it and captures copy it.
//!
//! Without edits and captures the hook point is the identity. Activations take the same path in every case, so that capturing
//! changes nothing. Every activation is also checked: a value that is not finite is refused where it arises, by the name of
//! its hook, before a softmax or a norm further on can hide it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::edits::{CompiledEdits, Means};
use super::error::EngineError;
use crate::analysis::attention::{NotFinite, SquarePart, Tap};
use crate::kernels::finite::first_not_finite;
use crate::trace::{BlockSite, Hook, Spec};

/// The activations that a run is to capture, and those it has captured.
///
/// Scores and patterns are never captured: a run makes them anew when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    wanted: BTreeSet<Hook>,
    /// The only position that is captured; `None` captures all.
    position: Option<usize>,
    values: BTreeMap<Hook, Vec<f32>>,
    /// The means that edits have made, for tokens that are added later.
    pub(super) means: Means,
}

impl Captures {
    /// No activation beyond those that every run keeps.
    pub fn none() -> Self {
        Self::default()
    }

    /// The activations of these hooks.
    pub fn of(hooks: impl IntoIterator<Item = Hook>) -> Self {
        Self { wanted: hooks.into_iter().collect(), ..Self::default() }
    }

    /// The activations of these hooks at one position, each without its first axis.
    pub fn at_position(hooks: impl IntoIterator<Item = Hook>, position: usize) -> Self {
        Self { position: Some(position), ..Self::of(hooks) }
    }

    /// Whether nothing is wanted beyond what every run keeps.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// A captured activation, in the hook's shape.
    pub fn get(&self, hook: Hook) -> Option<&[f32]> {
        self.values.get(&hook).map(Vec::as_slice)
    }

    /// Takes a captured activation out.
    pub fn take(&mut self, hook: Hook) -> Option<Vec<f32>> {
        self.values.remove(&hook)
    }

    /// The first wanted hook.
    pub(super) fn first(&self) -> Option<Hook> {
        self.wanted.first().copied()
    }

    /// Forgets the rows of tokens from `n_pos` on.
    pub(super) fn rewind(&mut self, n_pos: usize, spec: &Spec) {
        for (hook, value) in &mut self.values {
            if !is_of_source(*hook) {
                value.truncate(hook.shape(spec, n_pos).iter().product());
            }
        }
    }

    /// Forgets everything that is kept; what is wanted stays.
    pub(super) fn forget(&mut self) {
        self.values.clear();
        self.means.clear();
    }

    fn store(&mut self, hook: Hook, n_pos: usize, rows: Range<usize>, data: &[f32]) {
        if self.wanted.contains(&hook) {
            let width = data.len() / rows.len();
            if let Some(position) = self.position {
                if rows.contains(&position) {
                    let at = position - rows.start;
                    self.values.insert(hook, data[at * width..(at + 1) * width].to_vec());
                }
                return;
            }
            let n_pos = if is_of_source(hook) { rows.end } else { n_pos };
            let value = self.values.entry(hook).or_default();
            value.resize(n_pos * width, 0.0);
            value[rows.start * width..rows.end * width].copy_from_slice(data);
        }
    }
}

/// Whether a hook's rows are the encoder's positions, which all pass at once.
fn is_of_source(hook: Hook) -> bool {
    matches!(hook, Hook::Block(_, BlockSite::CrossK | BlockSite::CrossV))
}

/// The hook point of one run.
pub(super) struct Hooks<'a> {
    pub n_pos: usize,
    pub edits: &'a CompiledEdits,
    pub captures: &'a mut Captures,
}

impl Hooks<'_> {
    /// Whether an edit or a capture needs this activation; asked before activations that cost extra are made.
    pub fn wants(&self, hook: Hook) -> bool {
        self.captures.wanted.contains(&hook) || self.edits.touches(hook)
    }
}

impl Tap for Hooks<'_> {
    type Error = EngineError;

    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), EngineError> {
        self.edits.change_rows(hook, rows.clone(), data, &mut self.captures.means);
        let is_wrong = |score: &f32| score.is_nan() || *score == f32::INFINITY;
        let wrong = match hook {
            // An edit rules experts out by −∞.
            Hook::Block(_, BlockSite::RouterScores) => data.iter().position(is_wrong),
            _ => first_not_finite(data),
        };
        if let Some(index) = wrong {
            let width = data.len() / rows.len();
            return Err(NotFinite { hook, head: None, position: rows.start + index / width }.into());
        }
        self.captures.store(hook, self.n_pos, rows, data);
        Ok(())
    }

    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        Squares(self.edits).scores(part, data)
    }

    fn score_part(&mut self, site: BlockSite, part: &SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        Squares(self.edits).score_part(site, part, data)
    }

    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), EngineError> {
        Squares(self.edits).pattern(part, scores, data)
    }
}

/// The part of the hook point that scores and patterns pass through. It captures nothing, so that several heads can pass at once.
pub(super) struct Squares<'a>(pub &'a CompiledEdits);

impl Tap for Squares<'_> {
    type Error = EngineError;

    /// Never called: queries and keys have passed before there are scores.
    fn rows(&mut self, _: Hook, _: Range<usize>, _: &mut [f32]) -> Result<(), EngineError> {
        Ok(())
    }

    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        Ok(self.0.change_scores(BlockSite::AttnScores, &part, data)?)
    }

    fn score_part(&mut self, site: BlockSite, part: &SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        Ok(self.0.change_scores(site, part, data)?)
    }

    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), EngineError> {
        self.0.change_pattern(&part, scores, data)?;
        let hook = Hook::Block(part.layer, BlockSite::Pattern.in_attn(part.attn));
        match if self.0.touches(hook) { first_not_finite(data) } else { None } {
            None => Ok(()),
            Some(index) => {
                let position = part.rows.start + index / part.n_key;
                Err(NotFinite { hook, head: Some(part.head), position }.into())
            }
        }
    }
}

/// Collects the scores of one head, or a part of them, while its pattern is made.
pub(super) struct ScoresToo<'a, 'b> {
    pub hooks: &'a mut Hooks<'b>,
    /// [`BlockSite::AttnScores`], or the part.
    pub site: BlockSite,
    pub scores: Vec<f32>,
}

impl Tap for ScoresToo<'_, '_> {
    type Error = EngineError;

    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), EngineError> {
        self.hooks.rows(hook, rows, data)
    }

    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        self.hooks.scores(part, data)?;
        if self.site == BlockSite::AttnScores {
            self.scores.extend_from_slice(data);
        }
        Ok(())
    }

    fn score_part(&mut self, site: BlockSite, part: &SquarePart, data: &mut [f32]) -> Result<(), EngineError> {
        self.hooks.score_part(site, part, data)?;
        if self.site == site {
            self.scores.extend_from_slice(data);
        }
        Ok(())
    }

    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), EngineError> {
        self.hooks.pattern(part, scores, data)
    }
}
