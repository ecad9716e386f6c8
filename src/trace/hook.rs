//! The names of activations: TransformerLens's, declared once with their axes.
//!
//! A [`Hook`] is an activation of one stack; `trace::stack` names it in a model with two.

use std::fmt;
use std::str::FromStr;

use super::spec::{MlpKind, NormPlacement, Spec};
use super::stack::Attn;

/// One named activation of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// Token embedding, scaled where the model does [pos, d_embed].
    Embed,
    /// Position embedding, learned or sinusoidal [pos, d_embed].
    PosEmbed,
    /// Token type embedding [pos, d_embed].
    TokenTypeEmbed,
    /// The embeddings' sum after the embedding norm [pos, d_embed].
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
    /// Queries as they enter the product; only where a norm or rotation changes them.
    RotQ,
    /// Keys as they enter the product; only where a norm or rotation changes them.
    RotK,
    /// Disentangled attention: what contents alone add to the scores, after the scale [head, query_pos, key_pos].
    ScoresC2c,
    /// What the query's content and the key's position add [head, query_pos, key_pos].
    ScoresC2p,
    /// What the query's position and the key's content add [head, query_pos, key_pos].
    ScoresP2c,
    /// After scale, soft-cap, position bias and mask [head, query_pos, key_pos]; −inf where masked.
    AttnScores,
    /// After softmax [head, query_pos, key_pos].
    Pattern,
    /// Pattern × v [pos, n_heads, d_head].
    Z,
    /// z through the head's part of W_O, no bias [pos, n_heads, d_model].
    Result,
    /// What attention adds to the stream [pos, d_model].
    AttnOut,
    /// Stream between attention and what follows; not in parallel blocks, nor in those of attention only [pos, d_model].
    ResidMid,
    /// Queries of cross-attention [pos, n_heads, d_head]; these sites are a decoder's that reads an encoder.
    CrossQ,
    /// Cross-attention's keys, of the encoder's positions [source_pos, n_key_value_heads, d_head].
    CrossK,
    /// Cross-attention's values [source_pos, n_key_value_heads, d_head].
    CrossV,
    /// Cross-attention's scores [head, query_pos, source_pos].
    CrossAttnScores,
    /// Cross-attention's pattern [head, query_pos, source_pos].
    CrossPattern,
    /// Cross-attention's pattern × v [pos, n_heads, d_head].
    CrossZ,
    /// z through the head's part of its W_O [pos, n_heads, d_model].
    CrossResult,
    /// What it adds to the stream [pos, d_model].
    CrossAttnOut,
    /// Stream between cross-attention and MLP [pos, d_model].
    ResidMidCross,
    /// The router's scores of the experts, before the softmax [pos, n_experts]; −inf where an edit rules an expert out.
    RouterScores,
    /// The experts that a token goes to, by falling score, as whole numbers [pos, n_experts_per_token].
    ExpertIndices,
    /// By how much each of them counts [pos, n_experts_per_token].
    ExpertWeights,
    /// Before the activation: plain, or the gate [pos, d_mlp]; this and the next two not where the MLP is routed to experts.
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
    /// What a convolution adds to it, in the first block of models with one [pos, d_model].
    ConvOut,
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
    /// Position in what the encoder reads.
    SourcePos,
    /// Query head.
    Head,
    /// Key and value head.
    KeyValueHead,
    /// Neuron of a head.
    DHead,
    /// Neuron of the stream.
    DModel,
    /// Neuron of the embeddings.
    DEmbed,
    /// Neuron of the MLP.
    DMlp,
    /// Expert of a layer.
    Expert,
    /// Place among the experts that a token goes to.
    Chosen,
}

/// How many tokens an input has: those of the stack, and those that the encoder reads where it is a decoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// Tokens of the stack.
    pub n_pos: usize,
    /// Tokens of the encoder; 0 where there is none.
    pub n_source: usize,
}

impl From<usize> for Lengths {
    fn from(n_pos: usize) -> Self {
        Lengths { n_pos, n_source: 0 }
    }
}

/// Every block site with its name below `blocks.l.` and its axes.
const SITES: [(BlockSite, &str, &[Axis]); 34] = {
    use Axis::*;
    use BlockSite::*;
    const STREAM: &[Axis] = &[Pos, DModel];
    const QUERY: &[Axis] = &[Pos, Head, DHead];
    const KEY: &[Axis] = &[Pos, KeyValueHead, DHead];
    const SQUARE: &[Axis] = &[Head, QueryPos, KeyPos];
    const SOURCE: &[Axis] = &[SourcePos, KeyValueHead, DHead];
    const CROSS: &[Axis] = &[Head, QueryPos, SourcePos];
    const MLP: &[Axis] = &[Pos, DMlp];
    [
        (ResidPre, "hook_resid_pre", STREAM),
        (Q, "attn.hook_q", QUERY),
        (K, "attn.hook_k", KEY),
        (V, "attn.hook_v", KEY),
        (RotQ, "attn.hook_rot_q", QUERY),
        (RotK, "attn.hook_rot_k", KEY),
        (ScoresC2c, "attn.hook_scores_c2c", SQUARE),
        (ScoresC2p, "attn.hook_scores_c2p", SQUARE),
        (ScoresP2c, "attn.hook_scores_p2c", SQUARE),
        (AttnScores, "attn.hook_attn_scores", SQUARE),
        (Pattern, "attn.hook_pattern", SQUARE),
        (Z, "attn.hook_z", QUERY),
        (Result, "attn.hook_result", &[Pos, Head, DModel]),
        (AttnOut, "hook_attn_out", STREAM),
        (ResidMid, "hook_resid_mid", STREAM),
        (CrossQ, "cross_attn.hook_q", QUERY),
        (CrossK, "cross_attn.hook_k", SOURCE),
        (CrossV, "cross_attn.hook_v", SOURCE),
        (CrossAttnScores, "cross_attn.hook_attn_scores", CROSS),
        (CrossPattern, "cross_attn.hook_pattern", CROSS),
        (CrossZ, "cross_attn.hook_z", QUERY),
        (CrossResult, "cross_attn.hook_result", &[Pos, Head, DModel]),
        (CrossAttnOut, "hook_cross_attn_out", STREAM),
        (ResidMidCross, "hook_resid_mid_cross", STREAM),
        (RouterScores, "mlp.hook_router_scores", &[Pos, Expert]),
        (ExpertIndices, "mlp.hook_expert_indices", &[Pos, Chosen]),
        (ExpertWeights, "mlp.hook_expert_weights", &[Pos, Chosen]),
        (MlpPre, "mlp.hook_pre", MLP),
        (MlpPreLinear, "mlp.hook_pre_linear", MLP),
        (MlpPost, "mlp.hook_post", MLP),
        (MlpOut, "hook_mlp_out", STREAM),
        (ResidPost, "hook_resid_post", STREAM),
        (NormalizedResidPost, "hook_normalized_resid_post", STREAM),
        (ConvOut, "hook_conv_out", STREAM),
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

    /// Whether any block of a stack of this structure has the site.
    pub fn exists_in(self, spec: &Spec) -> bool {
        (0..spec.n_layers).any(|layer| self.exists_at(spec, layer))
    }

    /// Whether this block has the site.
    pub fn exists_at(self, spec: &Spec, layer: usize) -> bool {
        match self {
            BlockSite::RotQ | BlockSite::RotK => spec.changes_queries(layer),
            BlockSite::ResidMid => spec.has_resid_mid(),
            BlockSite::MlpOut => spec.mlp != MlpKind::None,
            BlockSite::RouterScores | BlockSite::ExpertIndices | BlockSite::ExpertWeights => {
                spec.experts_at(layer).is_some()
            }
            BlockSite::MlpPre | BlockSite::MlpPost => spec.mlp != MlpKind::None && spec.experts_at(layer).is_none(),
            BlockSite::MlpPreLinear => spec.mlp == MlpKind::Gated && spec.experts_at(layer).is_none(),
            BlockSite::ScoresC2c => spec.disentangled.is_some(),
            BlockSite::ScoresC2p => spec.disentangled.is_some_and(|kind| kind.content_to_position),
            BlockSite::ScoresP2c => spec.disentangled.is_some_and(|kind| kind.position_to_content),
            BlockSite::ConvOut => layer == 0 && spec.conv.is_some(),
            BlockSite::NormalizedResidPost => spec.norm_placement == NormPlacement::Post,
            _ => !self.is_cross() || spec.encoder.is_some(),
        }
    }

    /// Whether the site holds a number for each query and key, which runs make on demand.
    pub fn is_square(self) -> bool {
        self.axes()[0] == Axis::Head
    }

    /// Whether the site is a part of the scores.
    pub fn is_part_of_scores(self) -> bool {
        matches!(self, BlockSite::ScoresC2c | BlockSite::ScoresC2p | BlockSite::ScoresP2c)
    }

    /// Whether the site is of cross-attention.
    pub fn is_cross(self) -> bool {
        (BlockSite::CrossQ..=BlockSite::ResidMidCross).contains(&self)
    }

    /// The same place in the attention of another kind: [`BlockSite::Pattern`] and [`BlockSite::CrossPattern`]. Sites that
    /// are in one of them only stay.
    pub fn in_attn(self, attn: Attn) -> BlockSite {
        use BlockSite::*;
        const PAIRS: [(BlockSite, BlockSite); 8] = [
            (Q, CrossQ),
            (K, CrossK),
            (V, CrossV),
            (AttnScores, CrossAttnScores),
            (Pattern, CrossPattern),
            (Z, CrossZ),
            (Result, CrossResult),
            (AttnOut, CrossAttnOut),
        ];
        let pair = PAIRS.iter().find(|(own, cross)| self == *own || self == *cross);
        pair.map_or(self, |(own, cross)| if attn == Attn::Cross { *cross } else { *own })
    }
}

impl Hook {
    /// Every hook of a model, in the order in which a run passes through them.
    pub fn all(spec: &Spec) -> Vec<Hook> {
        let mut hooks = vec![Hook::Embed];
        if spec.has_pos_embed() {
            hooks.push(Hook::PosEmbed);
        }
        if spec.n_token_types > 0 {
            hooks.push(Hook::TokenTypeEmbed);
        }
        if spec.embed_norm {
            hooks.push(Hook::FullEmbed);
        }
        for layer in 0..spec.n_layers {
            let sites = BlockSite::all().filter(|site| site.exists_at(spec, layer));
            hooks.extend(sites.map(|site| Hook::Block(layer, site)));
        }
        if spec.norm_placement != NormPlacement::Post {
            hooks.push(Hook::LnFinal);
        }
        hooks
    }

    /// What each index counts.
    pub fn axes(self) -> &'static [Axis] {
        match self {
            Hook::Block(_, site) => site.axes(),
            Hook::LnFinal => BlockSite::ResidPre.axes(),
            Hook::Embed | Hook::PosEmbed | Hook::TokenTypeEmbed | Hook::FullEmbed => &[Axis::Pos, Axis::DEmbed],
        }
    }

    /// Length of each axis for an input of so many tokens.
    pub fn shape(self, spec: &Spec, lengths: impl Into<Lengths>) -> Vec<usize> {
        let lengths = lengths.into();
        self.axes().iter().map(|axis| axis.len(spec, lengths)).collect()
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
    /// The number of values for an input of these lengths.
    pub fn len(self, spec: &Spec, lengths: impl Into<Lengths>) -> usize {
        let lengths = lengths.into();
        match self {
            Axis::Pos | Axis::QueryPos | Axis::KeyPos => lengths.n_pos,
            Axis::SourcePos => lengths.n_source,
            Axis::DEmbed => spec.full_embed_width(),
            Axis::Head => spec.n_heads,
            Axis::KeyValueHead => spec.n_key_value_heads,
            Axis::DHead => spec.d_head,
            Axis::DModel => spec.d_model,
            Axis::DMlp => spec.d_mlp,
            Axis::Expert => spec.experts.as_ref().map_or(0, |experts| experts.n_experts),
            Axis::Chosen => spec.experts.as_ref().map_or(0, |experts| experts.n_per_token),
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

/// The name is not that of a hook.
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
