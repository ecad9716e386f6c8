//! Models with random weights of a given shape: for measuring where no checkpoint is needed, and for tests.

use std::collections::HashMap;
use std::sync::Arc;

use super::checkpoint::{Architecture, Config, Part, Slot};
use super::error::EngineError;
use super::model::{Filled, Model, StackSlots};
use super::weights::Weight;
use crate::kernels::Panels;
use crate::random::SplitMix64;
use crate::trace::Stack;

impl Model {
    /// A model of the shape that a `config.json` names: weights are drawn uniformly with the standard deviation 0.02 that GPT-2 and
    /// BERT start from, norms are 1, biases 0. It has no tokenizer and reads ids.
    ///
    /// # Errors
    /// When the configuration names no architecture that is read, or a field is wrong.
    pub fn seeded(config_json: &str, seed: u64) -> Result<Self, EngineError> {
        let config = Config::parse("config.json", config_json.as_bytes())?;
        let architecture = Architecture::from_config(&config, &|_| true)?.tied_as_configured();
        let mut random = SplitMix64::new(seed);
        // Uniform with mean 0 and standard deviation 0.02.
        let mut weight = || (random.unit() - 0.5) * (0.02 * 12f32.sqrt());
        let mut places = HashMap::new();
        let encoder = architecture.encoder.as_deref().map(|encoder| (Stack::Encoder, encoder));
        for (stack, architecture) in encoder.into_iter().chain([(Stack::Decoder, &architecture)]) {
            for slot in architecture.slots() {
                let shape = architecture.shape(slot);
                let filled = match shape.as_slice() {
                    [n_out, n_in] if !slot.is_table() => {
                        let mut panels = Panels::zeros(*n_out, *n_in);
                        let mut row = vec![0.0; *n_in];
                        for out in 0..*n_out {
                            row.iter_mut().for_each(|value| *value = weight());
                            panels.set_rows(out, &row);
                        }
                        Filled::Matrix(Arc::new(Weight::from_panels(panels)))
                    }
                    shape => {
                        let scale = if is_scale(slot) && !architecture.spec.norm_adds_one { 1.0 } else { 0.0 };
                        Filled::Vector(vec![scale; shape.iter().product()])
                    }
                };
                places.insert((stack, slot), filled);
            }
        }
        Model::assemble(&architecture, (None, None), "F32", StackSlots(places))
    }
}

/// Whether a slot's vector multiplies, so that 1 leaves values as they are.
fn is_scale(slot: Slot) -> bool {
    matches!(
        slot,
        Slot::EmbedNorm(Part::Weight)
            | Slot::DistanceNorm(Part::Weight)
            | Slot::FinalNorm(Part::Weight)
            | Slot::HeadNorm(Part::Weight)
            | Slot::LabelNorm(Part::Weight)
            | Slot::NormOfHead(..)
            | Slot::RotaryDivisors(_)
    ) || matches!(slot, Slot::Block(_, slot, Part::Weight) if slot.is_norm())
}
