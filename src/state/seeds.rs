//! Scores of a random block over several seeds: one block can be lucky (docs/methods.md, "Prefix matching").

use std::sync::Arc;

use super::editing::{Against, Variant};
use super::requests::{Purpose, Waiting};
use super::scores::ScoreStore;
use super::{Effect, State};
use crate::analysis::scores::mean_and_deviation;
use crate::protocol::{Input, InputText, Question};

/// How many blocks are read, the one on screen first.
pub const N_SEEDS: u32 = 5;

/// Scores of every head over blocks of several seeds; of B − A over the changes in each of them.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedScores {
    /// The first seed; the others follow it.
    pub first_seed: u32,
    /// The number of seeds.
    pub n_seeds: u32,
    /// Mean [2, n_layers, n_heads, n_scores].
    pub mean: Arc<[f32]>,
    /// Standard deviation, in the same order.
    pub deviation: Arc<[f32]>,
}

impl ScoreStore {
    /// Takes the scores of every block, a table each, and shows their mean.
    pub(super) fn take_seeds(&mut self, purpose: Purpose, inputs: &[Input], tables: &[Vec<f32>]) {
        let first_seed = match inputs.first().map(|input| &input.text) {
            Some(InputText::RandomBlock { seed, .. }) if tables.len() == inputs.len() => *seed,
            _ => {
                return self
                    .seeds
                    .give_up(&purpose, Some("The scores are not those of the blocks asked for.".to_owned()));
            }
        };
        let (mean, deviation) = mean_and_deviation(tables);
        let scores =
            SeedScores { first_seed, n_seeds: tables.len() as u32, mean: mean.into(), deviation: deviation.into() };
        self.seeds.fill(purpose, scores);
        self.shows_seeds = true;
    }
}

impl State {
    /// The block on screen, one input for each seed; `None` where the input is not a block, or no model can be asked.
    pub fn seed_inputs(&self) -> Option<Vec<Input>> {
        let shown = self.shown.as_ref().filter(|_| self.can_answer(true))?;
        // Another text is not a block, whatever A is.
        if matches!(self.editing.against, Against::Text(_)) && self.editing.variant != Variant::A {
            return None;
        }
        let InputText::RandomBlock { n_tokens, seed } = shown.input.text else { return None };
        let input = |step| Input {
            text: InputText::RandomBlock { n_tokens, seed: u32::wrapping_add(seed, step) },
            ..shown.input.clone()
        };
        Some((0..N_SEEDS).map(input).collect())
    }

    /// Asks for scores over several blocks, unless they are here or something else is under way.
    pub(super) fn ask_for_seeds(&mut self, effects: &mut Vec<Effect>) {
        if self.scores.seeds.value().is_some() {
            self.scores.shows_seeds = true;
            return;
        }
        let Some(inputs) = self.seed_inputs().filter(|_| self.work.request.is_none()) else { return };
        self.scores.seeds.forgive();
        self.ask(Question::ScoresOver { inputs }, effects);
    }
}
