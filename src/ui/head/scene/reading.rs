//! What a scene says to the views.

use super::Scene;
use crate::protocol::Quantity;
use crate::render::{HeadView, Link, PatternView, Received, Shade};
use crate::state::{Arrangement, Drawing, State, TokenRef, wording};
use crate::trace::display::TokenLabel;
use crate::trace::{Attn, Side};

/// Characters between a token and the one predicted after it.
const ARROW_COLUMNS: usize = 3;

impl Scene {
    /// Whether nothing is marked.
    pub fn is_idle(&self) -> bool {
        self.marked_queries.is_empty() && self.marked_keys.is_empty()
    }

    /// Whether the difference of two results is shown.
    pub fn is_difference(&self) -> bool {
        self.contrast.is_some()
    }

    /// A weight, or a difference with its sign, in words.
    pub fn weight_words(&self, weight: f32) -> String {
        if self.is_difference() { wording::change(weight) } else { wording::weight(weight) }
    }

    /// How weights are drawn.
    pub fn shade(&self) -> Shade {
        Shade {
            is_log: self.display.is_log,
            is_per_row: self.display.is_per_row,
            min_weight: f32::from(self.display.min_weight_thousandths) / 1_000.0,
            end: self.end,
        }
    }

    /// What the numbers are.
    pub fn quantity(&self) -> Quantity {
        self.drawn.as_ref().map_or(Quantity::Weights, |drawn| drawn.0.quantity)
    }

    /// Whether the picture is one of the layer rather than of heads.
    pub fn is_layer_wide(&self) -> bool {
        self.quantity().is_layer_wide()
    }

    /// "L2H9", or "Layer 2" where the picture is one of the layer.
    pub fn head_name(&self, layer: usize, head: usize) -> String {
        wording::place_name(self.quantity(), layer, head)
    }

    /// The tokens whose stream is so long that its direction hardly changes, by name.
    pub fn huge(&self) -> Vec<String> {
        let huge = self.drawn.as_ref().map(|drawn| drawn.0.huge.as_slice()).unwrap_or_default();
        let units = self.units.side(Side::Query);
        let unit = |position: &usize| units.of_token.0.get(*position).copied();
        let mut found: Vec<usize> = huge.iter().filter_map(unit).collect();
        found.dedup();
        found.into_iter().map(|unit| self.name(Side::Query, unit)).collect()
    }

    /// Whether weights are drawn as cells.
    pub fn is_matrix(&self) -> bool {
        self.display.drawing == Drawing::Matrix
    }

    /// Whether each head has a picture of its own.
    pub fn is_split(&self) -> bool {
        self.display.arrangement == Arrangement::SideBySide && self.heads.len() > 1
    }

    /// The mean share of a row that is on screen, where some keys are left out.
    pub fn shown_mass(&self) -> Option<f32> {
        // Lengths sum to nothing in particular.
        let has_sum = !self.is_difference() && self.quantity() != Quantity::Norms;
        let is_part = self.keys.len() < self.units.side(Side::Key).labels.0.len() && has_sum;
        if is_part && !self.queries.is_empty() { self.view().map(|view| view.shown_mass()) } else { None }
    }

    /// The token that stands for a unit in the selection: a pinned token of the unit, or its first.
    pub fn token_of(&self, state: &State, unit: TokenRef) -> TokenRef {
        let tokens = self.units.tokens(unit.side, unit.position);
        let at = |position| TokenRef { side: unit.side, position };
        let pinned = tokens.clone().map(at).find(|token| state.selection.is_pinned(*token));
        pinned.unwrap_or_else(|| at(tokens.start))
    }

    /// The number of the layer shown.
    pub fn layer(&self) -> Option<usize> {
        self.drawn.as_ref().map(|drawn| drawn.0.layer)
    }

    /// What `render` draws; `None` until the layer is here.
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

    /// Characters of the longest label shown.
    pub fn longest_token(&self) -> usize {
        let longest = |side: Side| {
            let units = self.units.side(side);
            let columns = |&unit: &usize| {
                let read = units.labels.0.get(unit)?.n_columns();
                Some(read + self.predicted(side, unit).map_or(0, |label| label.n_columns() + ARROW_COLUMNS))
            };
            self.rows(side).iter().filter_map(columns).max().unwrap_or(0)
        };
        longest(Side::Query).max(longest(Side::Key))
    }

    /// The units of one side, by row.
    pub fn rows(&self, side: Side) -> &[usize] {
        match side {
            Side::Query => &self.queries,
            Side::Key => &self.keys,
        }
    }

    /// The marked units of one side.
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
        self.units.side(side).labels.0.get(unit)
    }

    /// A unit as text.
    pub fn plain(&self, side: Side, unit: usize) -> &str {
        self.label(side, unit).map_or("", |label| &label.plain)
    }

    /// A unit in a list: its text, with its position where another unit looks the same.
    pub fn name(&self, side: Side, unit: usize) -> String {
        wording::token_name(&self.units.side(side).labels.0, unit, self.units.tokens(side, unit).start)
    }

    /// The position of a unit that looks like another one.
    pub fn telling_position(&self, side: Side, unit: usize) -> Option<usize> {
        let repeats = wording::repeats(&self.units.side(side).labels.0, unit);
        repeats.then(|| self.units.tokens(side, unit).start)
    }

    /// The label of the token predicted after a unit, where a decoder's attention is shown.
    pub fn predicted(&self, side: Side, unit: usize) -> Option<&TokenLabel> {
        self.units.side(side).predicted.as_ref()?.0.get(unit)
    }

    /// Whether queries and keys are the same tokens.
    pub fn has_same_tokens(&self) -> bool {
        self.result.kind.attn == Attn::Own
    }

    /// The marked query and key, where one of each is marked.
    pub fn pair(&self) -> Option<(usize, usize)> {
        match (self.marked_queries.as_slice(), self.marked_keys.as_slice()) {
            (&[query], &[key]) => Some((query, key)),
            _ => None,
        }
    }

    /// The queries that have a choice: a causal model's first query can read only itself.
    fn choosing_queries(&self) -> &[usize] {
        match self.queries.as_slice() {
            [0, others @ ..] if self.is_causal => others,
            all => all,
        }
    }

    /// The numbers beside the tokens.
    pub fn received(&self) -> Option<Received> {
        self.view().map(|view| view.received())
    }

    /// The strongest links of the marked units. A marked pair gives one link of each active head, in their order; nothing marked gives
    /// one link of each active head where there are several.
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
