//! The hook point on the way back: every gradient passes it where its activation passed in the run. It keeps what is asked for, then
//! takes the gradient through the edits of the hook (`edits::reverse`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;

use crate::analysis::attention::reverse::ReverseTap;
use crate::analysis::attention::{SquarePart, Tap};
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Squares;
use crate::trace::{BlockSite, Hook};

/// Gradients that are kept, in the shape of their hooks.
pub(super) type Kept = BTreeMap<Hook, Vec<f32>>;

/// The hook point of one stack.
pub(super) struct ReverseHooks<'a> {
    pub n_pos: usize,
    pub edits: &'a CompiledEdits,
    pub asked: &'a BTreeSet<Hook>,
    pub kept: &'a mut Kept,
}

impl ReverseHooks<'_> {
    /// Whether someone looks at a gradient or an edit changes it; asked before gradients that cost extra are made.
    pub fn wants(&self, hook: Hook) -> bool {
        self.asked.contains(&hook) || self.edits.touches(hook)
    }

    /// Passes the gradient by positions `rows` of an activation, [rows.len(), …].
    pub fn rows(&mut self, hook: Hook, rows: &Range<usize>, grad: &mut [f32]) {
        if self.asked.contains(&hook) && !rows.is_empty() {
            let width = grad.len() / rows.len();
            let n_pos = match hook {
                Hook::Block(_, BlockSite::CrossK | BlockSite::CrossV) => rows.end,
                _ => self.n_pos,
            };
            let kept = self.kept.entry(hook).or_default();
            kept.resize(n_pos * width, 0.0);
            kept[rows.start * width..rows.end * width].copy_from_slice(grad);
        }
        self.edits.reverse_rows(hook, rows.clone(), grad);
    }
}

/// Gradients by scores and patterns, by site and head. [query_pos, key_pos]
pub(super) type KeptSquares = Mutex<BTreeMap<(BlockSite, usize), Vec<f32>>>;

/// The part of the hook point that scores and patterns pass, several heads at once.
pub(super) struct ReverseSquares<'a> {
    pub edits: &'a CompiledEdits,
    pub asked: &'a BTreeSet<Hook>,
    pub kept: &'a KeptSquares,
}

impl ReverseSquares<'_> {
    fn keep(&self, site: BlockSite, part: &SquarePart, grad: &[f32]) {
        let site = site.in_attn(part.attn);
        if self.asked.contains(&Hook::Block(part.layer, site))
            && let Ok(mut kept) = self.kept.lock()
        {
            kept.insert((site, part.head), grad.to_vec());
        }
    }
}

impl Tap for ReverseSquares<'_> {
    type Error = EngineError;

    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), EngineError> {
        Squares(self.edits).rows(hook, rows, data)
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

impl ReverseTap for ReverseSquares<'_> {
    fn pattern_reverse(&mut self, part: &SquarePart, grad: &mut [f32]) {
        self.keep(BlockSite::Pattern, part, grad);
        self.edits.reverse_pattern(part, grad);
    }

    fn scores_reverse(&mut self, part: &SquarePart, grad: &mut [f32]) {
        self.keep(BlockSite::AttnScores, part, grad);
        self.edits.reverse_scores(BlockSite::AttnScores, part, grad);
    }

    fn score_part_reverse(&mut self, site: BlockSite, part: &SquarePart, grad: &mut [f32]) {
        self.keep(site, part, grad);
        self.edits.reverse_scores(site, part, grad);
    }
}
