//! What the views show, derived from the state once and shared by canvas, tokens and panels.

use std::sync::Arc;

use leptos::prelude::*;

use super::page::Page;
use crate::protocol::RequestId;
use crate::render::{HeadView, Link, PatternView, Received};
use crate::state::{LayerPatterns, Shape, State};
use crate::trace::Side;
use crate::trace::display::TokenLabel;

/// Shared data that counts as the same only if it is the very same.
pub struct Same<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What is on screen of the result.
#[derive(Clone, PartialEq)]
pub struct Scene {
    /// Which result this is of.
    pub result: RequestId,
    /// Sizes of the result.
    pub shape: Shape,
    /// Whether a token sees only itself and earlier ones.
    pub is_causal: bool,
    /// What is shown of each token, by position.
    pub labels: Same<[TokenLabel]>,
    /// The drawn layer, once there is one.
    pub drawn: Option<Same<LayerPatterns>>,
    /// The active heads, ascending.
    pub heads: Vec<usize>,
    /// Positions shown as queries, ascending.
    pub queries: Vec<usize>,
    /// Positions shown as keys, ascending.
    pub keys: Vec<usize>,
    /// Where the second text starts, in a pair.
    pub second_start: Option<usize>,
    /// Query tokens whose weights are shown; none means all.
    pub marked_queries: Vec<usize>,
    /// Key tokens whose weights are shown; none means all.
    pub marked_keys: Vec<usize>,
}

impl Scene {
    fn of(state: &State) -> Option<Self> {
        let shown = state.shown.as_ref()?;
        let tokens = &shown.info.tokens;
        let (queries, keys) = state.options.segment.ranges(tokens.len(), &tokens.segments);
        Some(Self {
            result: shown.request,
            shape: shown.shape(),
            is_causal: shown.spec.is_causal(),
            labels: Same(Arc::clone(&shown.labels)),
            drawn: shown.drawn.clone().map(Same),
            heads: state.selection.heads.iter().copied().collect(),
            second_start: tokens.segments.get(1).copied(),
            marked_queries: marked(state, Side::Query, &queries),
            marked_keys: marked(state, Side::Key, &keys),
            queries: queries.collect(),
            keys: keys.collect(),
        })
    }

    /// The same as the page's one scene.
    pub fn memo(page: Page) -> Memo<Option<Self>> {
        page.memo(Self::of)
    }

    /// The drawn layer's number.
    pub fn layer(&self) -> Option<usize> {
        self.drawn.as_ref().map(|drawn| drawn.0.layer)
    }

    /// For `render`; `None` as long as no layer is drawn.
    pub fn view(&self) -> Option<HeadView<'_>> {
        let drawn = &self.drawn.as_ref()?.0;
        Some(HeadView {
            patterns: PatternView::new(&drawn.values, drawn.n_heads, drawn.n_query, drawn.n_key)?,
            heads: &self.heads,
            queries: &self.queries,
            keys: &self.keys,
            marked_queries: &self.marked_queries,
            marked_keys: &self.marked_keys,
        })
    }

    /// Columns of the fixed-width font that the longest shown token takes.
    pub fn longest_token(&self) -> usize {
        let positions = self.queries.iter().chain(&self.keys);
        positions.filter_map(|&position| self.labels.0.get(position)).map(TokenLabel::n_columns).max().unwrap_or(0)
    }

    /// Positions of one side, by row.
    pub fn rows(&self, side: Side) -> &[usize] {
        match side {
            Side::Query => &self.queries,
            Side::Key => &self.keys,
        }
    }

    /// Marked positions of one side.
    pub fn marked(&self, side: Side) -> &[usize] {
        match side {
            Side::Query => &self.marked_queries,
            Side::Key => &self.marked_keys,
        }
    }

    /// The longer of the two columns, in rows.
    pub fn n_rows(&self) -> usize {
        self.queries.len().max(self.keys.len())
    }

    /// A token as text.
    pub fn plain(&self, position: usize) -> &str {
        self.labels.0.get(position).map_or("", |label| &label.plain)
    }

    /// The one pair that is marked, if it is one.
    pub fn pair(&self) -> Option<(usize, usize)> {
        match (self.marked_queries.as_slice(), self.marked_keys.as_slice()) {
            (&[query], &[key]) => Some((query, key)),
            _ => None,
        }
    }

    /// The shown queries without a causal model's first one, which can read only itself.
    fn choosing_queries(&self) -> &[usize] {
        match self.queries.as_slice() {
            [0, others @ ..] if self.is_causal => others,
            all => all,
        }
    }

    /// Numbers beside the tokens.
    pub fn received(&self) -> Option<Received> {
        self.view()?.received()
    }

    /// The strongest links of what is marked. For one pair: of every active head, in order. Where nothing is marked: one
    /// of each active head, if there are several.
    pub fn strongest(&self, n_links: usize) -> Vec<Link> {
        let Some(view) = self.view() else { return Vec::new() };
        if self.marked_queries.is_empty() && self.marked_keys.is_empty() {
            let view = HeadView { queries: self.choosing_queries(), ..view };
            return if self.heads.len() > 1 { view.strongest_of_each_head() } else { view.strongest(n_links) };
        }
        if self.pair().is_none() {
            return view.strongest(n_links);
        }
        let mut links = view.strongest(self.heads.len());
        links.sort_by_key(|link| link.head);
        links
    }
}

/// Marks that the filter leaves on screen.
fn marked(state: &State, side: Side, shown: &std::ops::Range<usize>) -> Vec<usize> {
    state.selection.marked(side).into_iter().filter(|position| shown.contains(position)).collect()
}
