//! What the header of a file says of one attention: its sizes, and the tokens on either side.

use std::collections::HashSet;

use super::AttentionRead;
use crate::analysis::source::Sizes;
use crate::trace::file::Trace;
use crate::trace::{Attn, BlockSite, Hook, Spec, StackHook, TokenForm, Tokens, byte_level_token};

/// Names that tokenizers give to tokens of their own making; a trace does not say which tokens are such.
const SPECIAL: [&str; 9] = ["[CLS]", "[SEP]", "[PAD]", "[MASK]", "<s>", "</s>", "<pad>", "<bos>", "<eos>"];

/// What an attention sink is called among the keys.
const SINK: &str = "sink";

/// Sizes from the spec, or else from the shapes of what is there of this attention. That they agree was checked with the
/// header.
pub(super) fn sizes_of(trace: &Trace, read: AttentionRead, n_query: usize, n_key: usize) -> Sizes {
    if let Some(spec) = read.spec(trace) {
        let &Spec { n_layers, n_heads, n_key_value_heads, d_head, .. } = spec;
        return Sizes { n_layers, n_heads, n_key_value_heads, d_head, n_query, n_key, has_sink: false };
    }
    let mut sizes = Sizes { n_query, n_key, ..Sizes::default() };
    for (name, tensor) in &trace.tensors {
        let Ok(StackHook { stack, hook: Hook::Block(layer, site) }) = name.parse() else { continue };
        let is_here =
            stack == read.stack && site.in_attn(read.attn) == site && (read.attn == Attn::Cross || !site.is_cross());
        if !is_here {
            continue;
        }
        sizes.n_layers = sizes.n_layers.max(layer + 1);
        // Rotated queries and keys are the stack's own whatever is asked for: only own attention has them.
        if site.is_cross() != (read.attn == Attn::Cross) {
            continue;
        }
        match (site.in_attn(Attn::Own), tensor.shape.as_slice()) {
            (BlockSite::Pattern | BlockSite::AttnScores, &[heads, _, _]) => sizes.n_heads = heads,
            (BlockSite::Q | BlockSite::RotQ, &[_, heads, neurons]) => (sizes.n_heads, sizes.d_head) = (heads, neurons),
            (BlockSite::K | BlockSite::RotK | BlockSite::V, &[_, heads, neurons]) => {
                (sizes.n_key_value_heads, sizes.d_head) = (heads, neurons);
            }
            _ => {}
        }
    }
    if sizes.n_key_value_heads == 0 {
        sizes.n_key_value_heads = sizes.n_heads;
    }
    sizes
}

/// Keys with an attention sink after them, which is read but has neither an id nor a position in a text.
pub(super) fn with_sink(mut keys: Tokens) -> Tokens {
    keys.tokens.push(SINK.to_owned());
    keys.ids.push(Tokens::NO_ID);
    keys.offsets.push((0, 0));
    keys.special.push(true);
    keys
}

/// The tokens as the file names them, added ones in the alphabet of the others, numbered until their ids are brought.
pub(super) fn tokens_of(trace: &Trace, mut tokens: Vec<String>, segments: Vec<usize>) -> Tokens {
    let is_special =
        |token: &String| SPECIAL.contains(&token.as_str()) || token.starts_with("<|") && token.ends_with("|>");
    let special = tokens.iter().map(is_special).collect();
    if trace.metadata.token_form == TokenForm::ByteLevel {
        let added: HashSet<&str> = trace.metadata.added_tokens.iter().map(String::as_str).collect();
        for token in tokens.iter_mut().filter(|token| added.contains(token.as_str())) {
            *token = byte_level_token(token);
        }
    }
    Tokens {
        ids: (0..tokens.len() as u32).collect(),
        form: trace.metadata.token_form,
        offsets: vec![(0, 0); tokens.len()],
        special,
        segments,
        type_ids: Vec::new(),
        tokens,
    }
}
