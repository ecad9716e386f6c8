//! Lists of tokens as buffers, with the names that the lists need.

use std::collections::BTreeMap;

use crate::analysis::AttentionSource;

/// Tokens with a number each.
pub(super) type Listed = Vec<(u32, f32)>;

/// The same number of tokens of each list; where one has fewer, that many.
pub(super) fn shortest<'a>(lists: impl Iterator<Item = &'a Listed>) -> usize {
    lists.map(Vec::len).min().unwrap_or(0)
}

/// The first tokens of each list, one list after another.
pub(super) fn joined<'a>(lists: impl Iterator<Item = &'a Listed>, n_top: usize) -> Listed {
    lists.flat_map(|list| list[..n_top].iter().copied()).collect()
}

/// Ids, which f32 holds exactly, and numbers.
pub(super) fn buffers(list: &Listed) -> [Vec<f32>; 2] {
    [list.iter().map(|(id, _)| *id as f32).collect(), list.iter().map(|(_, value)| *value).collect()]
}

/// What the tokens of some lists are called, each once.
pub(super) fn names(lists: &[&Listed], source: &dyn AttentionSource) -> Vec<(u32, String)> {
    let ids = lists.iter().flat_map(|list| list.iter()).map(|(id, _)| *id);
    let named: BTreeMap<u32, String> = ids.map(|id| (id, source.inside().token_name(id))).collect();
    named.into_iter().collect()
}
