//! Links between tokens ablated, many at a time: all but some of them, or some of them.
//!
//! What is left of a query's row is renormalised from its scores. A query that keeps no link reads nothing, so that z is 0 there, or
//! the head's mean. The only key of a row stays, whatever is ablated.

use std::sync::Arc;

use super::{Action, CompiledEdits};
use crate::analysis::links::Link;
use crate::trace::{Attn, BlockSite, Hook};

/// Links of one layer.
#[derive(Debug, PartialEq)]
pub(super) struct Links {
    /// Head, query and key, sorted.
    links: Vec<[u32; 3]>,
    /// Whether these are kept and all others ablated, or the other way round.
    keeps: bool,
}

impl Links {
    /// The keys of a row that are ablated, and how many keys the row has.
    fn ablated(&self, head: usize, query: usize, scores: &[f32]) -> (Vec<usize>, usize) {
        let row = [head as u32, query as u32];
        let start = self.links.partition_point(|link| link[..2] < row[..]);
        let of_row = &self.links[start..];
        let of_row = &of_row[..of_row.partition_point(|link| link[..2] == row[..])];
        let keys = || (0..scores.len()).filter(|key| scores[*key] > f32::NEG_INFINITY);
        let is_named = |key: &usize| of_row.binary_search_by_key(&(*key as u32), |link| link[2]).is_ok();
        (keys().filter(|key| is_named(key) != self.keeps).collect(), keys().count())
    }

    /// Ablates keys of a row of scores; a row that would lose all of them is left to [`Links::empties`].
    pub fn mask(&self, head: usize, query: usize, scores: &mut [f32]) {
        let (ablated, n_keys) = self.ablated(head, query, scores);
        if ablated.len() < n_keys {
            ablated.into_iter().for_each(|key| scores[key] = f32::NEG_INFINITY);
        }
    }

    /// Whether a row of at least two keys loses all of them.
    pub fn empties(&self, head: usize, query: usize, scores: &[f32]) -> bool {
        let (ablated, n_keys) = self.ablated(head, query, scores);
        n_keys > 1 && ablated.len() == n_keys
    }
}

impl CompiledEdits {
    /// The same edits, after which all links of an attention but `links` are ablated, or these alone; each by its layer, head, query and key.
    /// `means`: z of a head where it reads nothing, [n_heads · d_head] of each layer; zeros where there are none.
    pub(in crate::engine) fn with_links(
        &self,
        attn: Attn,
        links: &[Link],
        keeps: bool,
        (n_layers, d_head): (usize, usize),
        means: &[Arc<[f32]>],
    ) -> Self {
        let mut edits = self.clone();
        for layer in 0..n_layers {
            let of_layer = links.iter().filter(|link| link[0] as usize == layer);
            let mut links: Vec<[u32; 3]> = of_layer.map(|[_, head, query, key]| [*head, *query, *key]).collect();
            if links.is_empty() && !keeps {
                continue;
            }
            links.sort_unstable();
            let links = Arc::new(Links { links, keeps });
            for site in [BlockSite::AttnScores, BlockSite::Pattern] {
                edits
                    .actions
                    .entry(Hook::Block(layer, site.in_attn(attn)))
                    .or_default()
                    .push(Action::Links(Arc::clone(&links)));
            }
            if let Some(mean) = means.get(layer) {
                let of_z = edits.actions.entry(Hook::Block(layer, BlockSite::Z.in_attn(attn))).or_default();
                // Before edits of z, which act on what they would find there.
                of_z.insert(0, Action::Fill { mean: Arc::clone(mean), d_head });
            }
        }
        edits
    }
}
