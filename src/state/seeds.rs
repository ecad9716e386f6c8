//! Scores of a random block over several seeds: one block can be lucky (docs/methods.md, "Prefix matching").

use std::sync::Arc;

use super::{Effect, State, Task};
use crate::protocol::{Input, InputText, RequestId, ToWorker};

/// How many blocks are read, the one on screen first.
pub const N_SEEDS: u32 = 5;

/// Scores of every head over blocks of several seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedScores {
    /// The first seed; the others follow it.
    pub first_seed: u32,
    /// How many.
    pub n_seeds: u32,
    /// Mean [2, n_layers, n_heads, n_scores].
    pub mean: Arc<[f32]>,
    /// Standard deviation, in the same order.
    pub deviation: Arc<[f32]>,
}

impl State {
    /// The block on screen, one input for each seed; `None` where the input is not a block, or no model can be asked.
    pub fn seed_inputs(&self) -> Option<Vec<Input>> {
        let shown = self.shown.as_ref().filter(|shown| shown.live_run.is_some())?;
        let InputText::RandomBlock { n_tokens, seed } = shown.input.text else { return None };
        let input = |step| Input {
            text: InputText::RandomBlock { n_tokens, seed: u32::wrapping_add(seed, step) },
            ..shown.input.clone()
        };
        Some((0..N_SEEDS).map(input).collect())
    }

    /// Asks for scores over several blocks, unless they are here or something else is under way.
    pub(super) fn ask_for_seeds(&mut self, effects: &mut Vec<Effect>) {
        if self.scores.seeds.is_some() {
            self.scores.shows_seeds = true;
            return;
        }
        let Some(inputs) = self.seed_inputs().filter(|_| self.work.request.is_none()) else { return };
        let request = self.begin_task(Task::Seeds, effects);
        effects.push(Effect::Send(ToWorker::MeanScores { request, inputs }));
    }

    /// Takes the scores over several blocks, if the block that they were asked for is still on screen.
    pub(super) fn seeds_came(&mut self, request: RequestId, n_seeds: u32, buffers: Vec<Vec<f32>>) {
        if self.end_task(request).is_none() {
            return;
        }
        let first_seed = match self.shown.as_ref().map(|shown| &shown.input.text) {
            Some(InputText::RandomBlock { seed, .. }) => *seed,
            _ => return,
        };
        let mut buffers = buffers.into_iter().map(Arc::from);
        if let (Some(mean), Some(deviation)) = (buffers.next(), buffers.next()) {
            self.scores.seeds = Some(SeedScores { first_seed, n_seeds, mean, deviation });
            self.scores.shows_seeds = true;
        }
    }
}
