//! Layers whose MLP is one of several, chosen anew for each token.

use serde::{Deserialize, Serialize};

use super::Spec;

/// Mixture of experts (Shazeer et al. 2017): a router scores the experts of a layer for each token, and what the best of them write is
/// added up by their weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experts {
    /// The routed layers.
    pub layers: Vec<usize>,
    /// Experts of a layer.
    pub n_experts: usize,
    /// How many of them each token goes to.
    pub n_per_token: usize,
    /// Width of an expert's hidden layer.
    pub d_mlp: usize,
    /// Width of the hidden layer of one more expert, to which every token goes, through a gate of its own; 0 where there is none.
    pub d_shared: usize,
    /// Whether the weights of a token's experts sum to 1; otherwise they are shares of a softmax over all experts.
    pub sums_to_one: bool,
    /// The size at which gates are cut off above, and what they multiply on either side, to which 1 is then added (gpt-oss).
    #[serde(default)]
    pub limit: Option<f64>,
}

impl Spec {
    /// The experts of a layer; `None` where its MLP is the same for all tokens.
    pub fn experts_at(&self, layer: usize) -> Option<&Experts> {
        self.experts.as_ref().filter(|experts| experts.layers.contains(&layer))
    }

    /// Hidden neurons of the MLP that a token passes through in the widest layer.
    pub fn mlp_width(&self) -> usize {
        let Some(experts) = &self.experts else { return self.d_mlp };
        let routed = experts.n_per_token * experts.d_mlp + experts.d_shared;
        if experts.layers.len() < self.n_layers { routed.max(self.d_mlp) } else { routed }
    }
}
