//! The names of activations: TransformerLens's, declared once with their axes.
//!
//! Encoder-decoder stacks will add a stack and a cross-attention site here and nowhere else.

use std::fmt;
use std::str::FromStr;

use super::spec::{MlpKind, NormPlacement, Positions, Spec};

/// One named activation of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// Token embedding [pos, d_model].
    Embed,
    /// Learned position embedding [pos, d_model].
    PosEmbed,
    /// Token type embedding [pos, d_model].
    TokenTypeEmbed,
    /// The embeddings' sum after the embedding norm (post-norm models) [pos, d_model].
    FullEmbed,
    /// An activation inside block `layer`.
    Block(usize, BlockSite),
    /// After the final norm with its weights [pos, d_model].
    LnFinal,
}

/// A place inside a block, in the order in which a block passes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockSite {
    /// Stream entering the block [pos, d_model].
    ResidPre,
    /// Queries, with bias, before rotation [pos, n_heads, d_head].
    Q,
    /// Keys, with bias, before rotation [pos, n_key_value_heads, d_head].
    K,
    /// Values, with bias [pos, n_key_value_heads, d_head].
    V,
    /// Queries as they enter the product; only where rotation changes them.
    RotQ,
    /// Keys as they enter the product; only where rotation changes them.
    RotK,
    /// After scale and mask [head, query_pos, key_pos]; −inf where masked.
    AttnScores,
    /// After softmax [head, query_pos, key_pos].
    Pattern,
    /// Pattern × v [pos, n_heads, d_head].
    Z,
    /// z through the head's part of W_O, no bias [pos, n_heads, d_model].
    Result,
    /// What attention adds to the stream [pos, d_model].
    AttnOut,
    /// Stream between attention and MLP [pos, d_model].
    ResidMid,
    /// Before the activation: plain, or the gate [pos, d_mlp].
    MlpPre,
    /// The ungated half of a gated MLP [pos, d_mlp].
    MlpPreLinear,
    /// What enters W_out [pos, d_mlp].
    MlpPost,
    /// What the MLP adds to the stream [pos, d_model].
    MlpOut,
    /// Stream leaving the block; post-norm: the sum before the second norm [pos, d_model].
    ResidPost,
    /// Post-norm models: after the second norm [pos, d_model].
    NormalizedResidPost,
}

/// What an index of an activation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Token position.
    Pos,
    /// Position of the query.
    QueryPos,
    /// Position of the key.
    KeyPos,
    /// Query head.
    Head,
    /// Key and value head.
    KeyValueHead,
    /// Neuron of a head.
    DHead,
    /// Neuron of the stream.
    DModel,
    /// Neuron of the MLP.
    DMlp,
}

/// Every block site with its name below `blocks.l.` and its axes.
const SITES: [(BlockSite, &str, &[Axis]); 18] = {
    use Axis::*;
    use BlockSite::*;
    const STREAM: &[Axis] = &[Pos, DModel];
    const QUERY: &[Axis] = &[Pos, Head, DHead];
    const KEY: &[Axis] = &[Pos, KeyValueHead, DHead];
    const SQUARE: &[Axis] = &[Head, QueryPos, KeyPos];
    const MLP: &[Axis] = &[Pos, DMlp];
    [
        (ResidPre, "hook_resid_pre", STREAM),
        (Q, "attn.hook_q", QUERY),
        (K, "attn.hook_k", KEY),
        (V, "attn.hook_v", KEY),
        (RotQ, "attn.hook_rot_q", QUERY),
        (RotK, "attn.hook_rot_k", KEY),
        (AttnScores, "attn.hook_attn_scores", SQUARE),
        (Pattern, "attn.hook_pattern", SQUARE),
        (Z, "attn.hook_z", QUERY),
        (Result, "attn.hook_result", &[Pos, Head, DModel]),
        (AttnOut, "hook_attn_out", STREAM),
        (ResidMid, "hook_resid_mid", STREAM),
        (MlpPre, "mlp.hook_pre", MLP),
        (MlpPreLinear, "mlp.hook_pre_linear", MLP),
        (MlpPost, "mlp.hook_post", MLP),
        (MlpOut, "hook_mlp_out", STREAM),
        (ResidPost, "hook_resid_post", STREAM),
        (NormalizedResidPost, "hook_normalized_resid_post", STREAM),
    ]
};

/// The hooks outside blocks with their names.
const OUTER: [(Hook, &str); 5] = [
    (Hook::Embed, "hook_embed"),
    (Hook::PosEmbed, "hook_pos_embed"),
    (Hook::TokenTypeEmbed, "hook_token_type_embed"),
    (Hook::FullEmbed, "hook_full_embed"),
    (Hook::LnFinal, "ln_final.hook_out"),
];

impl BlockSite {
    /// All sites, in the order a block passes through them.
    pub fn all() -> impl Iterator<Item = BlockSite> {
        SITES.iter().map(|(site, _, _)| *site)
    }

    /// The name below `blocks.l.`.
    pub fn name(self) -> &'static str {
        SITES[self as usize].1
    }

    /// What each index counts.
    pub fn axes(self) -> &'static [Axis] {
        SITES[self as usize].2
    }

    /// Whether a model of this structure has the site.
    pub fn exists_in(self, spec: &Spec) -> bool {
        match self {
            BlockSite::RotQ | BlockSite::RotK => spec.rotary().is_some(),
            BlockSite::MlpPreLinear => spec.mlp == MlpKind::Gated,
            BlockSite::NormalizedResidPost => spec.norm_placement == NormPlacement::Post,
            _ => true,
        }
    }
}

impl Hook {
    /// Every hook of a model, in the order in which a run passes through them.
    pub fn all(spec: &Spec) -> Vec<Hook> {
        let mut hooks = vec![Hook::Embed];
        if spec.positions == Positions::Learned {
            hooks.push(Hook::PosEmbed);
        }
        if spec.n_token_types > 0 {
            hooks.push(Hook::TokenTypeEmbed);
        }
        if spec.norm_placement == NormPlacement::Post {
            hooks.push(Hook::FullEmbed);
        }
        for layer in 0..spec.n_layers {
            let sites = BlockSite::all().filter(|site| site.exists_in(spec));
            hooks.extend(sites.map(|site| Hook::Block(layer, site)));
        }
        if spec.norm_placement == NormPlacement::Pre {
            hooks.push(Hook::LnFinal);
        }
        hooks
    }

    /// What each index counts.
    pub fn axes(self) -> &'static [Axis] {
        match self {
            Hook::Block(_, site) => site.axes(),
            _ => BlockSite::ResidPre.axes(),
        }
    }

    /// Length of each axis for an input of `n_pos` tokens.
    pub fn shape(self, spec: &Spec, n_pos: usize) -> Vec<usize> {
        self.axes().iter().map(|axis| axis.len(spec, n_pos)).collect()
    }

    /// The layer, for a hook inside a block.
    pub fn layer(self) -> Option<usize> {
        match self {
            Hook::Block(layer, _) => Some(layer),
            _ => None,
        }
    }
}

impl Axis {
    /// Its length for an input of `n_pos` tokens.
    pub fn len(self, spec: &Spec, n_pos: usize) -> usize {
        match self {
            Axis::Pos | Axis::QueryPos | Axis::KeyPos => n_pos,
            Axis::Head => spec.n_heads,
            Axis::KeyValueHead => spec.n_key_value_heads,
            Axis::DHead => spec.d_head,
            Axis::DModel => spec.d_model,
            Axis::DMlp => spec.d_mlp,
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Hook::Block(layer, site) = self {
            return write!(f, "blocks.{layer}.{}", site.name());
        }
        let name = OUTER.iter().find(|(hook, _)| hook == self).map(|(_, name)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

/// A name that is no hook of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown hook \"{0}\"")]
pub struct UnknownHook(pub String);

impl FromStr for Hook {
    type Err = UnknownHook;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if let Some((hook, _)) = OUTER.iter().find(|(_, known)| *known == name) {
            return Ok(*hook);
        }
        let block = name.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')).and_then(|(layer, site)| {
            let layer = layer.parse().ok()?;
            let (site, _, _) = SITES.iter().find(|(_, known, _)| *known == site)?;
            Some(Hook::Block(layer, *site))
        });
        block.ok_or_else(|| UnknownHook(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, (site, name, _)) in SITES.iter().enumerate() {
            assert_eq!(*site as usize, index, "{name}");
        }
    }

    #[test]
    fn names_round_trip() {
        let hooks = OUTER.iter().map(|(hook, _)| *hook).chain(BlockSite::all().map(|site| Hook::Block(11, site)));
        for hook in hooks {
            assert_eq!(hook.to_string().parse(), Ok(hook));
        }
        for wrong in ["", "blocks", "blocks.x.hook_q", "blocks.1.hook_q", "blocks.-1.attn.hook_q", "hook_q"] {
            assert!(wrong.parse::<Hook>().is_err(), "{wrong}");
        }
    }
}
