//! A structure of which only sizes are known: that of a file which holds activations and does not say of which model.

use super::{NormPlacement, Positions, Spec};

impl Spec {
    /// Sizes, and for everything else what claims least: every key may be read, nothing is predicted, no positions. Good for
    /// drawing what is there; nothing may be computed from it.
    pub fn bare(n_layers: usize, n_heads: usize, n_key_value_heads: usize, d_head: usize) -> Self {
        Self {
            n_layers,
            n_heads,
            n_key_value_heads,
            d_model: n_heads * d_head,
            d_head,
            norm_placement: NormPlacement::Pre,
            positions: Positions::None,
            ..Self::default()
        }
    }

    /// Whether only its sizes are known.
    pub fn is_bare(&self) -> bool {
        self.architecture.is_empty()
    }
}
