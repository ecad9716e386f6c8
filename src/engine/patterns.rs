//! Patterns and scores of a run, made when they are looked at, from what it keeps and through its edits.

use super::error::EngineError;
use super::hooks::{Captures, Hooks, ScoresToo, is_square};
use super::run::Run;
use crate::analysis::attention::{Keys, pattern, queries};
use crate::trace::{BlockSite, Hook};

impl Run {
    /// Patterns of some heads of a layer, [heads.len(), query_pos, key_pos].
    ///
    /// # Errors
    /// When a layer or head does not exist.
    pub fn patterns(&self, layer: usize, heads: &[usize]) -> Result<Vec<f32>, EngineError> {
        Ok(self.squares(layer, heads)?.1)
    }

    /// Scores of some heads of a layer, [heads.len(), query_pos, key_pos], −∞ where masked.
    ///
    /// # Errors
    /// When a layer or head does not exist.
    pub fn scores(&self, layer: usize, heads: &[usize]) -> Result<Vec<f32>, EngineError> {
        Ok(self.squares(layer, heads)?.0)
    }

    fn squares(&self, layer: usize, heads: &[usize]) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
        let spec = self.model().spec();
        let kept = self.layer(layer)?;
        if let Some(head) = heads.iter().find(|head| **head >= spec.n_heads) {
            let message = format!("head {head} is not there: {} heads, counted from 0", spec.n_heads);
            return Err(EngineError::Request(message));
        }
        let n_pos = self.tokens().len();
        let mut captures = Captures::none();
        let mut hooks = Hooks { n_pos, edits: &self.edits, captures: &mut captures };
        let mut tap = ScoresToo { hooks: &mut hooks, scores: Vec::with_capacity(heads.len() * n_pos * n_pos) };
        let keys = Keys::new(spec, layer, &kept.k, &mut tap)?;
        let queries = queries(spec, layer, 0..n_pos, &kept.q, &mut tap)?;
        let mut patterns = Vec::with_capacity(heads.len() * n_pos * n_pos);
        for &head in heads {
            patterns.extend(pattern(spec, layer, head, 0..n_pos, &queries, &keys, &mut tap)?);
        }
        Ok((tap.scores, patterns))
    }

    /// Any activation of the model in the hook's shape: one that every run keeps, one that was captured, or one that is
    /// made now.
    ///
    /// # Errors
    /// When the model has no such hook, or it was not captured.
    pub fn activation(&self, hook: Hook) -> Result<Vec<f32>, EngineError> {
        let all_heads: Vec<usize> = (0..self.model().spec().n_heads).collect();
        match hook {
            Hook::Block(layer, BlockSite::ResidPre) => Ok(self.layer(layer)?.resid_pre.clone()),
            Hook::Block(layer, BlockSite::Q) => Ok(self.layer(layer)?.q.clone()),
            Hook::Block(layer, BlockSite::K) => Ok(self.layer(layer)?.k.clone()),
            Hook::Block(layer, BlockSite::V) => Ok(self.layer(layer)?.v.clone()),
            Hook::Block(layer, BlockSite::Pattern) => self.patterns(layer, &all_heads),
            Hook::Block(layer, BlockSite::AttnScores) => self.scores(layer, &all_heads),
            Hook::LnFinal => Ok(self.final_stream().to_vec()),
            _ => {
                let captured = self.captured(hook).map(<[f32]>::to_vec);
                captured.ok_or_else(|| EngineError::Request(format!("{hook} was not captured in this run")))
            }
        }
    }

    /// The hooks that [`Run::activation`] can give only when they were captured.
    pub fn must_capture(hook: Hook) -> bool {
        match hook {
            Hook::Block(_, BlockSite::ResidPre | BlockSite::Q | BlockSite::K | BlockSite::V) | Hook::LnFinal => false,
            Hook::Block(_, site) => !is_square(site),
            _ => true,
        }
    }
}
