//! The stacks of an encoder-decoder model, its three attentions, and how hooks are named there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hook::{BlockSite, Hook, UnknownHook};
use super::side::Side;

/// Which stack of an encoder-decoder model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stack {
    /// The one that reads the source.
    Encoder,
    /// The one that writes the target.
    Decoder,
}

/// Which attention of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attn {
    /// Over the stack's own positions.
    #[default]
    #[serde(rename = "self")]
    Own,
    /// A decoder's over the encoder's positions.
    Cross,
}

/// A hook of a model: in one of two stacks, or in the only one.
///
/// Names: `blocks.l.…` and `hook_embed` where there is one stack; `encoder.l.…`, `decoder.l.…` and `encoder.hook_embed`
/// where there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackHook {
    /// The stack; `None` where there is only one.
    pub stack: Option<Stack>,
    /// The activation.
    pub hook: Hook,
}

/// One of a model's attentions: its only one, or one of the three of an encoder-decoder model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttnKind {
    /// The stack that makes the queries; `None` where there is one stack.
    pub stack: Option<Stack>,
    /// The positions that it reads.
    pub attn: Attn,
}

impl AttnKind {
    /// The attention of a model with one stack.
    pub const ONLY: AttnKind = AttnKind { stack: None, attn: Attn::Own };
    /// The encoder's over the source.
    pub const ENCODER: AttnKind = AttnKind { stack: Some(Stack::Encoder), attn: Attn::Own };
    /// The decoder's over the target.
    pub const DECODER: AttnKind = AttnKind { stack: Some(Stack::Decoder), attn: Attn::Own };
    /// The decoder's over the source.
    pub const CROSS: AttnKind = AttnKind { stack: Some(Stack::Decoder), attn: Attn::Cross };
    /// The attentions of an encoder-decoder model, in the order in which they run.
    pub const THREE: [AttnKind; 3] = [Self::ENCODER, Self::DECODER, Self::CROSS];

    /// The nearest one that a model has.
    pub fn fitting(self, has_encoder: bool) -> Self {
        match (has_encoder, Self::THREE.contains(&self)) {
            (false, _) => Self::ONLY,
            (true, true) => self,
            (true, false) => Self::ENCODER,
        }
    }

    /// The stack whose tokens stand on a side; none where there is one stack.
    pub fn reads(self, side: Side) -> Option<Stack> {
        match (self.attn, side) {
            (Attn::Cross, Side::Key) => Some(Stack::Encoder),
            _ => self.stack,
        }
    }

    /// The name of this attention on the page; empty where there is only one.
    pub fn label(self) -> &'static str {
        match (self.stack, self.attn) {
            (None, _) => "",
            (Some(Stack::Encoder), _) => "Encoder",
            (Some(Stack::Decoder), Attn::Own) => "Decoder",
            (Some(Stack::Decoder), Attn::Cross) => "Cross",
        }
    }
}

impl Attn {
    /// "self" or "cross".
    pub fn name(self) -> &'static str {
        match self {
            Attn::Own => "self",
            Attn::Cross => "cross",
        }
    }
}

impl Stack {
    /// Both, in the order in which they run.
    pub const BOTH: [Stack; 2] = [Stack::Encoder, Stack::Decoder];

    /// "encoder" or "decoder".
    pub fn name(self) -> &'static str {
        match self {
            Stack::Encoder => "encoder",
            Stack::Decoder => "decoder",
        }
    }
}

impl StackHook {
    /// Whether it is the output of heads before W_O.
    pub fn is_z(self) -> bool {
        matches!(self.hook, Hook::Block(_, BlockSite::Z | BlockSite::CrossZ))
    }
}

impl fmt::Display for StackHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.stack, self.hook) {
            (None, hook) => write!(f, "{hook}"),
            (Some(stack), Hook::Block(layer, site)) => write!(f, "{}.{layer}.{}", stack.name(), site.name()),
            (Some(stack), hook) => write!(f, "{}.{hook}", stack.name()),
        }
    }
}

impl FromStr for StackHook {
    type Err = UnknownHook;

    fn from_str(name: &str) -> Result<Self, UnknownHook> {
        for stack in Stack::BOTH {
            let Some(rest) = name.strip_prefix(stack.name()).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let is_block = rest.starts_with(|c: char| c.is_ascii_digit());
            let hook: Result<Hook, UnknownHook> =
                if is_block { format!("blocks.{rest}").parse() } else { rest.parse() };
            return match hook {
                Ok(hook) if is_block == hook.layer().is_some() => Ok(StackHook { stack: Some(stack), hook }),
                _ => Err(UnknownHook(name.to_owned())),
            };
        }
        Ok(StackHook { stack: None, hook: name.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::BlockSite;

    #[test]
    fn a_model_has_one_attention_or_three() {
        assert_eq!(AttnKind::default(), AttnKind::ONLY);
        let wrong = AttnKind { stack: Some(Stack::Encoder), attn: Attn::Cross };
        for (asked, has_encoder, fitting) in [
            (AttnKind::CROSS, true, AttnKind::CROSS),
            (AttnKind::CROSS, false, AttnKind::ONLY),
            (AttnKind::ONLY, true, AttnKind::ENCODER),
            (wrong, true, AttnKind::ENCODER),
        ] {
            assert_eq!(asked.fitting(has_encoder), fitting, "{asked:?}");
        }
        let tokens = AttnKind::THREE.map(|kind| [Side::Query, Side::Key].map(|side| kind.reads(side)));
        let (encoder, decoder) = (Some(Stack::Encoder), Some(Stack::Decoder));
        assert_eq!(tokens, [[encoder, encoder], [decoder, decoder], [decoder, encoder]]);
    }

    #[test]
    fn names_round_trip() {
        let hook = |stack, hook| StackHook { stack, hook };
        let cases = [
            (hook(None, Hook::Block(3, BlockSite::Z)), "blocks.3.attn.hook_z"),
            (hook(Some(Stack::Encoder), Hook::Block(3, BlockSite::Pattern)), "encoder.3.attn.hook_pattern"),
            (hook(Some(Stack::Decoder), Hook::Block(0, BlockSite::CrossPattern)), "decoder.0.cross_attn.hook_pattern"),
            (hook(Some(Stack::Decoder), Hook::Embed), "decoder.hook_embed"),
            (hook(Some(Stack::Encoder), Hook::LnFinal), "encoder.ln_final.hook_out"),
        ];
        for (hook, name) in cases {
            assert_eq!(hook.to_string(), name);
            assert_eq!(name.parse(), Ok(hook));
        }
        for wrong in
            ["encoder", "encoder.", "encoder.blocks.1.attn.hook_q", "decoder.x.attn.hook_q", "encoder.1.hook_q"]
        {
            assert!(wrong.parse::<StackHook>().is_err(), "{wrong}");
        }
    }
}
