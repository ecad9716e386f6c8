//! What the views show, derived from the state once and shared by canvas, tokens and panels.

use std::sync::Arc;

use super::units::{Units, drawn_memo};
use crate::render::{Contrast, HeadView, Link, PatternView, Received, Scheme, Shade, largest_size};
use crate::state::TokenRef;
use crate::state::{Arrangement, Display, Drawing, EditSide, LayerPatterns, Looked, Shape, State, wording};
use crate::trace::display::TokenLabel;
use crate::trace::{Attn, Side};
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;

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

/// Columns between a token read and the one predicted after it.
const ARROW_COLUMNS: usize = 3;

/// What is on screen of the result.
#[derive(Clone, PartialEq)]
pub struct Scene {
    /// Which attention of which result this is of.
    pub result: Looked,
    /// Sizes of the result.
    pub shape: Shape,
    /// Whether a token sees only itself and earlier ones.
    pub is_causal: bool,
    /// What its rows are: tokens, or words of several.
    pub units: Units,
    /// How weights are drawn.
    pub display: Display,
    /// The scale of differences, where these are shown.
    pub contrast: Option<Contrast>,
    /// The drawn layer, once there is one.
    pub drawn: Option<Same<LayerPatterns>>,
    /// The active heads, ascending.
    pub heads: Vec<usize>,
    /// Units shown as queries, ascending.
    pub queries: Vec<usize>,
    /// Units shown as keys, ascending.
    pub keys: Vec<usize>,
    /// Query units whose weights are shown; none means all.
    pub marked_queries: Vec<usize>,
    /// Key units whose weights are shown; none means all.
    pub marked_keys: Vec<usize>,
}

impl Scene {
    fn of(
        state: &State,
        units: &Units,
        drawn: Option<Same<LayerPatterns>>,
        contrast: Option<Contrast>,
    ) -> Option<Self> {
        let shown = state.shown.as_ref()?;
        let display = state.options.display;
        let kept = |side: Side| -> Vec<usize> {
            let own = units.of(side);
            // A filter is about both texts of a pair on both sides.
            let second = own.second_start.filter(|_| shown.has_same_tokens());
            let segments: Vec<usize> = second.map(|start| vec![0, start]).unwrap_or_default();
            let (queries, keys) = state.options.segment.ranges(own.labels.0.len(), &segments);
            let range = if side == Side::Query { queries } else { keys };
            let is_kept = |&unit: &usize| {
                let is_special = own.special.0.get(unit).copied().unwrap_or(false);
                !(display.leaves_out_special && is_special || display.leaves_out_first && unit == 0)
            };
            range.filter(is_kept).collect()
        };
        let (queries, keys) = (kept(Side::Query), kept(Side::Key));
        Some(Self {
            result: shown.looked(),
            shape: shown.shape(),
            is_causal: shown.is_causal(),
            contrast,
            drawn,
            heads: state.selection.heads.iter().copied().collect(),
            marked_queries: marked(state, units, Side::Query, &queries),
            marked_keys: marked(state, units, Side::Key, &keys),
            queries,
            keys,
            units: units.clone(),
            display,
        })
    }

    /// The page's one scene.
    pub fn memo(page: Page, scheme: Derived<Scheme>) -> Derived<Option<Self>> {
        let units = Units::memo(page);
        let drawn = drawn_memo(page, units);
        let is_difference = page.memo(|state| state.editing.side == EditSide::Difference);
        // One scale for all heads of a layer, so that they can be compared.
        let contrast = Derived::new(move || {
            let largest = drawn.with(|drawn| drawn.as_ref().map_or(0.0, |drawn| largest_size(&drawn.0.values)));
            is_difference.get().then(|| Contrast::new(largest, scheme.get()))
        });
        Derived::new(move || {
            let (drawn, contrast) = (drawn.get(), contrast.get());
            units.with(|units| page.with_hover(|state| Self::of(state, units.as_ref()?, drawn.clone(), contrast)))
        })
    }

    /// The scene with nothing marked, which stays the same as long as the pointer only moves: for what takes all weights
    /// into account.
    pub fn idle_memo(scene: Derived<Option<Self>>) -> Derived<Option<Self>> {
        Derived::new(move || {
            scene.with(|scene| {
                let scene = scene.clone()?;
                Some(Self { marked_queries: Vec::new(), marked_keys: Vec::new(), ..scene })
            })
        })
    }

    /// Whether nothing is marked.
    pub fn is_idle(&self) -> bool {
        self.marked_queries.is_empty() && self.marked_keys.is_empty()
    }

    /// Whether what is shown is the difference of two results.
    pub fn is_difference(&self) -> bool {
        self.contrast.is_some()
    }

    /// A weight, or a difference with its sign, in a list.
    pub fn weight_words(&self, weight: f32) -> String {
        if self.is_difference() { wording::change(weight) } else { wording::weight(weight) }
    }

    /// How weights are drawn.
    pub fn shade(&self) -> Shade {
        Shade {
            is_log: self.display.is_log,
            is_per_row: self.display.is_per_row,
            min_weight: f32::from(self.display.min_weight_thousandths) / 1_000.0,
        }
    }

    /// Whether it is drawn as cells.
    pub fn is_matrix(&self) -> bool {
        self.display.drawing == Drawing::Matrix
    }

    /// Whether each head has a picture of its own.
    pub fn is_split(&self) -> bool {
        self.display.arrangement == Arrangement::SideBySide && self.heads.len() > 1
    }

    /// How much of the rows is on screen, where some keys are not.
    pub fn shown_mass(&self) -> Option<f32> {
        let is_part = self.keys.len() < self.units.of(Side::Key).labels.0.len() && !self.is_difference();
        if is_part && !self.queries.is_empty() { self.view().map(|view| view.shown_mass()) } else { None }
    }

    /// The token that stands for a unit in the selection: a pinned one of it, or its first.
    pub fn token_of(&self, state: &State, unit: TokenRef) -> TokenRef {
        let tokens = self.units.tokens(unit.side, unit.position);
        let at = |position| TokenRef { side: unit.side, position };
        let pinned = tokens.clone().map(at).find(|token| state.selection.is_pinned(*token));
        pinned.unwrap_or_else(|| at(tokens.start))
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
            shade: self.shade(),
            contrast: self.contrast,
        })
    }

    /// Columns of the fixed-width font that the longest shown token takes.
    pub fn longest_token(&self) -> usize {
        let longest = |side: Side| {
            let own = self.units.of(side);
            let columns = |&unit: &usize| {
                let read = own.labels.0.get(unit)?.n_columns();
                Some(read + self.predicted(side, unit).map_or(0, |label| label.n_columns() + ARROW_COLUMNS))
            };
            self.rows(side).iter().filter_map(columns).max().unwrap_or(0)
        };
        longest(Side::Query).max(longest(Side::Key))
    }

    /// Units of one side, by row.
    pub fn rows(&self, side: Side) -> &[usize] {
        match side {
            Side::Query => &self.queries,
            Side::Key => &self.keys,
        }
    }

    /// Marked units of one side.
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

    /// A unit's label.
    pub fn label(&self, side: Side, unit: usize) -> Option<&TokenLabel> {
        self.units.of(side).labels.0.get(unit)
    }

    /// A unit as text.
    pub fn plain(&self, side: Side, unit: usize) -> &str {
        self.label(side, unit).map_or("", |label| &label.plain)
    }

    /// What is predicted after a unit, where a decoder of two stacks is looked at.
    pub fn predicted(&self, side: Side, unit: usize) -> Option<&TokenLabel> {
        self.units.of(side).predicted.as_ref()?.0.get(unit)
    }

    /// Whether queries and keys are the same tokens.
    pub fn has_same_tokens(&self) -> bool {
        self.result.kind.attn == Attn::Own
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
        self.view().map(|view| view.received())
    }

    /// The strongest links of what is marked. For one pair: of every active head, in order. Where nothing is marked: one
    /// of each active head, if there are several.
    pub fn strongest(&self, n_links: usize) -> Vec<Link> {
        let Some(view) = self.view() else { return Vec::new() };
        if self.is_idle() {
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

/// Units with marked tokens, as far as they are on screen.
fn marked(state: &State, units: &Units, side: Side, shown: &[usize]) -> Vec<usize> {
    let tokens = state.selection.marked(side);
    let mut marked: Vec<usize> = tokens.into_iter().map(|position| units.row_of(side, position)).collect();
    marked.dedup();
    marked.retain(|unit| shown.binary_search(unit).is_ok());
    marked
}
