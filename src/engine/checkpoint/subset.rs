//! Only the first layers of a model that is too large to be held whole.

use super::Architecture;
use crate::engine::error::EngineError;
use crate::trace::spec::Unembed;

impl Architecture {
    /// The same stack with only its first layers, and without an unembedding: what the last layer would have made of the
    /// stream is not known, so nothing is predicted. Attention in these layers is what it is in the whole model.
    pub(in crate::engine) fn first_layers(mut self, n_layers: usize) -> Result<Self, EngineError> {
        let refuse = |message: String| Err(EngineError::Checkpoint(message));
        if self.encoder.is_some() {
            return refuse(
                "a model of two stacks is loaded whole: its decoder reads what the encoder's last layer says"
                    .to_owned(),
            );
        }
        if n_layers == 0 || n_layers > self.spec.n_layers {
            return refuse(format!("the first {n_layers} layers are asked for, the model has {}", self.spec.n_layers));
        }
        if n_layers == self.spec.n_layers {
            return Ok(self);
        }
        self.spec.n_layers = n_layers;
        self.spec.unembed = Unembed::None;
        self.spec.head_activation = None;
        self.spec.labels = None;
        self.spec.unrotated_layers.retain(|&layer| layer < n_layers);
        if let Some(local) = &mut self.spec.local {
            local.layers.retain(|&layer| layer < n_layers);
        }
        if let Some(experts) = &mut self.spec.experts {
            experts.layers.retain(|&layer| layer < n_layers);
        }
        self.spec.experts = self.spec.experts.filter(|experts| !experts.layers.is_empty());
        Ok(self)
    }
}
