//! The structure that every adapter starts from; each field an adapter leaves alone has the value given here.

use super::{Activation, BlockKind, Mask, MlpKind, NormKind, NormPlacement, Positions, Spec, Unembed};

impl Default for Spec {
    /// The encoder of Vaswani et al. with learned positions, of no size: what a structure starts from.
    fn default() -> Self {
        Spec {
            architecture: String::new(),
            n_layers: 0,
            n_heads: 0,
            n_key_value_heads: 0,
            d_model: 0,
            d_head: 0,
            d_mlp: 0,
            d_vocab: 0,
            n_ctx: 0,
            norm: NormKind::LayerNorm,
            norm_eps: 1e-5,
            norm_placement: NormPlacement::Post,
            positions: Positions::Learned,
            n_token_types: 0,
            mask: Mask::Bidirectional,
            attn_scale: 1.0,
            attn_scale_by_inverse_layer: false,
            mlp: MlpKind::Plain,
            activation: Activation::Relu,
            unembed: Unembed::None,
            d_embed: None,
            embed_scale: None,
            token_dropout: None,
            embed_norm: false,
            pos_offset: 0,
            pad_id: None,
            norm_adds_one: false,
            block: BlockKind::Sequential,
            qk_norm: None,
            local: None,
            unrotated_layers: Vec::new(),
            relative_bias: None,
            disentangled: None,
            conv: None,
            sinks: false,
            attn_softcap: None,
            experts: None,
            logit_softcap: None,
            clip_qkv: None,
            resid_scale: None,
            logit_scale: None,
            head_activation: None,
            labels: None,
            encoder: None,
        }
    }
}
