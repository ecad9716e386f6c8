//! Which activations go into a saved trace.

use serde::{Deserialize, Serialize};

use super::Trace;
use crate::trace::{Attn, BlockSite, Hook, Spec, StackHook};

/// Which activations are saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saved {
    /// Attention patterns.
    #[default]
    Patterns,
    /// Queries and keys, of which a reader of the file makes the patterns.
    Attention,
    /// Patterns, queries and keys.
    Qk,
    /// Patterns, stream, queries, keys and values.
    Qkv,
    /// Every hook, and the logits of every position.
    All,
}

impl Saved {
    /// Whether an activation of a stack of this structure goes along.
    pub fn has(self, spec: &Spec, hook: Hook) -> bool {
        use BlockSite::*;
        let Hook::Block(_, site) = hook else { return self == Saved::All };
        match (self, site.in_attn(Attn::Own)) {
            (Saved::All, _) => true,
            (Saved::Attention, Q | K) => true,
            // The norm's weights are not in the file.
            (Saved::Attention, RotQ | RotK) => spec.qk_norm.is_some(),
            (Saved::Attention, _) => false,
            (Saved::Patterns | Saved::Qk | Saved::Qkv, Pattern) => true,
            (Saved::Qk, site) => matches!(site, Q | K),
            (Saved::Qkv, site) => matches!(site, ResidPre | Q | K | V | RotQ | RotK),
            (Saved::Patterns, _) => false,
        }
    }
}

/// Why patterns do not follow from queries, keys and the model's structure; `None` where they do.
pub fn patterns_need_more(spec: &Spec, is_edited: bool) -> Option<&'static str> {
    let any_stack = |has: fn(&Spec) -> bool| has(spec) || spec.encoder.as_deref().is_some_and(has);
    if spec.is_bare() {
        Some("the structure of the model is not known")
    } else if any_stack(|spec| spec.relative_bias.is_some()) {
        Some("the model adds a learned bias to its scores")
    } else if any_stack(|spec| spec.disentangled.is_some()) {
        Some("the model adds products with its positions to its scores")
    } else if any_stack(|spec| spec.sinks) {
        Some("the model’s attention sinks take part in the softmax")
    } else if is_edited {
        Some("edits act between queries, keys and patterns")
    } else {
        None
    }
}

/// Whether every pattern of a file follows from queries and keys that it holds.
pub fn makes_patterns(trace: &Trace) -> bool {
    let metadata = &trace.metadata;
    let Some(spec) = &metadata.spec else { return false };
    let follows = |named: StackHook| {
        let Hook::Block(layer, site) = named.hook else { return true };
        if site.in_attn(Attn::Own) != BlockSite::Pattern {
            return true;
        }
        let attn = if site.is_cross() { Attn::Cross } else { Attn::Own };
        let is_normed = !site.is_cross() && spec.of_stack(named.stack).qk_norm.is_some();
        let sites = if is_normed { [BlockSite::RotQ, BlockSite::RotK] } else { [BlockSite::Q, BlockSite::K] };
        let is_held = |site: BlockSite| {
            let hook = Hook::Block(layer, site.in_attn(attn));
            trace.tensors.contains_key(&StackHook { hook, ..named }.to_string())
        };
        sites.into_iter().all(is_held)
    };
    let mut hooks = trace.tensors.keys().filter_map(|name| name.parse::<StackHook>().ok());
    let is_whole = metadata.row_sums.is_none() && patterns_need_more(spec, !metadata.edits.is_empty()).is_none();
    is_whole && hooks.all(follows)
}
