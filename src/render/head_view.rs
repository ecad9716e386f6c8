//! The head view: each head's weights as lines, strips and numbers.
//!
//! A pair of tokens has one line for all active heads, whose opacity is their mean weight, seen through a [`Shade`]; a
//! matrix has one cell. A line's colour is the mean of the heads' colours, weighted by the squares of their weights;
//! weighted by the weights alone, twelve faint hues would turn the line of one strong head grey. Invariant: nothing
//! invisible is returned, whether too faint or with neither end in the window.

use super::colour::{HeadColours, Rgb};
use super::contrast::Contrast;
use super::layout::{Columns, Span, Window};
use super::patterns::PatternView;
use super::shade::Shade;
use crate::trace::Side;

/// Input of the head view. All lists are ascending.
#[derive(Clone, Copy, Debug)]
pub struct HeadView<'a> {
    /// Weights of one layer.
    pub patterns: PatternView<'a>,
    /// The active heads.
    pub heads: &'a [usize],
    /// Positions shown as queries, one row each.
    pub queries: &'a [usize],
    /// Positions shown as keys, one row each.
    pub keys: &'a [usize],
    /// Query tokens whose weights are wanted; an empty list means all.
    pub marked_queries: &'a [usize],
    /// Key tokens whose weights are wanted; an empty list means all.
    pub marked_keys: &'a [usize],
    /// Scale from weights to levels.
    pub shade: Shade,
    /// Scale of differences, where the patterns hold differences.
    pub contrast: Option<Contrast>,
}

/// One line between two tokens, from the left to the right end of the links' column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Position of the query.
    pub query: usize,
    /// Position of the key.
    pub key: usize,
    /// Height of the left end in the window.
    pub query_y: f32,
    /// Height of the right end in the window.
    pub key_y: f32,
    /// The heads' colours, mixed by the squares of their weights.
    pub colour: Rgb,
    /// Opacity, 0 to 1.
    pub alpha: f32,
}

/// One head's weight behind a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strip {
    /// Left end.
    pub x: f32,
    /// Top in the window.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// The head's colour.
    pub colour: Rgb,
    /// Opacity: the weight.
    pub alpha: f32,
}

/// A weight with its head, query and key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Head, from 0.
    pub head: usize,
    /// Position of the query.
    pub query: usize,
    /// Position of the key.
    pub key: usize,
    /// Weight from 0 to 1; a difference from −1 to 1.
    pub weight: f32,
}

/// Weights between the tokens of one side and the marked tokens of the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The side that the numbers belong to.
    pub side: Side,
    /// One number for each row of that side: the mean over the active heads, summed over the marked tokens, or averaged
    /// over the queries where nothing is marked.
    pub weights: Vec<f32>,
    /// Whether nothing is marked.
    pub is_mean: bool,
}

impl HeadView<'_> {
    fn shown_marked(&self, side: Side) -> Vec<usize> {
        let (marked, shown) = match side {
            Side::Query => (self.marked_queries, self.queries),
            Side::Key => (self.marked_keys, self.keys),
        };
        marked.iter().copied().filter(|position| shown.binary_search(position).is_ok()).collect()
    }

    /// Rows and positions that lines may start or end at.
    fn ends(&self, side: Side) -> Vec<(usize, usize)> {
        let shown = match side {
            Side::Query => self.queries,
            Side::Key => self.keys,
        };
        let marked = self.shown_marked(side);
        let wanted = |position: &usize| marked.is_empty() || marked.binary_search(position).is_ok();
        shown.iter().copied().enumerate().filter(|(_, position)| wanted(position)).collect()
    }

    /// Whether queries and keys are marked and no link between them is strong enough to be seen, as after one was cut: then all links of
    /// the queries are drawn.
    pub fn draws_whole_rows(&self) -> bool {
        let (queries, keys) = (self.shown_marked(Side::Query), self.shown_marked(Side::Key));
        let is_seen = |query: usize| {
            let row_max = self.row_max(query);
            keys.iter().any(|&key| self.level(self.mean(query, key), row_max) != 0.0)
        };
        !queries.is_empty() && !keys.is_empty() && !queries.into_iter().any(is_seen)
    }

    /// The lines to draw, faintest first.
    pub fn lines(&self, window: &Window, colours: &HeadColours) -> Vec<Line> {
        let queries = self.ends(Side::Query);
        let keys = match self.draws_whole_rows() {
            true => self.keys.iter().copied().enumerate().collect(),
            false => self.ends(Side::Key),
        };
        let seen_queries = window.visible_rows(self.queries.len());
        let seen_keys = window.visible_rows(self.keys.len());
        let share = 1.0 / self.heads.len().max(1) as f32;
        let palette: Vec<[f32; 3]> =
            self.heads.iter().filter_map(|&head| colours.line.get(head)).map(|rgb| rgb.map(f32::from)).collect();
        let mut lines = Vec::new();
        let mut rows: Vec<(&[f32], [f32; 3])> = Vec::with_capacity(self.heads.len());
        for &(query_row, query) in &queries {
            let query_is_seen = seen_queries.contains(&query_row);
            rows.clear();
            rows.extend(self.heads.iter().map(|&head| self.patterns.row(head, query)).zip(palette.iter().copied()));
            let row_max = self.row_max(query);
            for &(key_row, key) in &keys {
                if !query_is_seen && !seen_keys.contains(&key_row) {
                    continue;
                }
                let (mut total, mut squares, mut mixed) = (0.0, 0.0, [0.0; 3]);
                for (row, colour) in &rows {
                    let weight = row.get(key).copied().unwrap_or(0.0);
                    let square = weight * weight;
                    total += weight;
                    squares += square;
                    for (sum, channel) in mixed.iter_mut().zip(colour) {
                        *sum += square * channel;
                    }
                }
                let (mean, mixture) = (total * share, mixed.map(|sum| (sum / squares).round() as u8));
                let alpha = self.level(mean, row_max).abs();
                if alpha > 0.0 {
                    lines.push(Line {
                        query,
                        key,
                        query_y: window.row_middle(query_row),
                        key_y: window.row_middle(key_row),
                        colour: self.contrast.map_or(mixture, |contrast| contrast.colour(mean)),
                        alpha,
                    });
                }
            }
        }
        // Bits of positive floats are in the order of the floats.
        lines.sort_by_key(|line| line.alpha.to_bits());
        lines
    }

    /// Mean weight over the active heads.
    fn mean(&self, query: usize, key: usize) -> f32 {
        let total: f32 = self.heads.iter().map(|&head| self.patterns.weight(head, query, key)).sum();
        total / self.heads.len().max(1) as f32
    }

    /// The largest mean weight of a query on a shown key, where levels depend on it.
    fn row_max(&self, query: usize) -> f32 {
        if !self.shade.is_per_row {
            return 1.0;
        }
        self.keys.iter().map(|&key| self.mean(query, key).abs()).fold(0.0, f32::max)
    }

    /// Level of a weight; a difference keeps its sign.
    fn level(&self, weight: f32, row_max: f32) -> f32 {
        match self.contrast {
            None => self.shade.level(weight, row_max),
            Some(contrast) if self.shade.is_per_row && contrast.end > 0.0 => {
                self.shade.level(weight.abs(), row_max).copysign(weight)
            }
            Some(_) if weight.abs() < self.shade.min_weight * self.shade.end => 0.0,
            Some(contrast) => {
                let shade = Shade { min_weight: 0.0, end: 1.0, ..self.shade };
                shade.level(contrast.share(weight).abs(), 1.0).copysign(weight)
            }
        }
    }

    /// Level of each cell of a query's row, by shown key; differences keep their signs.
    pub fn levels(&self, query: usize) -> impl Iterator<Item = f32> {
        let row_max = self.row_max(query);
        self.keys.iter().map(move |&key| self.level(self.mean(query, key), row_max))
    }

    /// Share of the rows that is shown: the mean over shown queries and active heads of the weight on shown keys; 1
    /// where nothing is left out.
    pub fn shown_mass(&self) -> f32 {
        let rows = self
            .queries
            .iter()
            .map(|&query| self.keys.iter().map(|&key| f64::from(self.mean(query, key))).sum::<f64>());
        (rows.sum::<f64>() / self.queries.len().max(1) as f64) as f32
    }

    /// The side that shows strips and numbers: keys of marked queries, else queries of marked keys.
    fn receiving_side(&self) -> Option<Side> {
        if !self.shown_marked(Side::Query).is_empty() {
            Some(Side::Key)
        } else if !self.shown_marked(Side::Key).is_empty() {
            Some(Side::Query)
        } else {
            None
        }
    }

    /// A head's weights between the marked tokens and one of the other side, summed.
    fn summed(&self, head: usize, side: Side, position: usize, marked: &[usize]) -> f32 {
        let weight = |&marked: &usize| match side {
            Side::Key => self.patterns.weight(head, marked, position),
            Side::Query => self.patterns.weight(head, position, marked),
        };
        marked.iter().map(weight).sum()
    }

    /// One strip per active head behind each seen token of the receiving side.
    pub fn strips(&self, columns: &Columns, window: &Window, colours: &HeadColours) -> Vec<Strip> {
        let Some(side) = self.receiving_side() else { return Vec::new() };
        let shown = if side == Side::Key { self.keys } else { self.queries };
        let marked = self.shown_marked(side.opposite());
        let span = columns.token(side);
        let width = span.width / self.heads.len().max(1) as f32;
        let mut strips = Vec::new();
        let largest: Vec<f32> = self
            .heads
            .iter()
            .map(|&head| {
                let sums = shown.iter().map(|&position| self.summed(head, side, position, &marked));
                if self.shade.is_per_row { sums.map(f32::abs).fold(0.0, f32::max) } else { 1.0 }
            })
            .collect();
        for row in window.visible_rows(shown.len()) {
            for (slot, &head) in self.heads.iter().enumerate() {
                let sum = self.summed(head, side, shown[row], &marked);
                let alpha = self.level(sum, largest[slot]).abs();
                let Some(&own) = colours.strip.get(head) else { continue };
                let colour = self.contrast.map_or(own, |contrast| contrast.colour(sum));
                if alpha > 0.0 {
                    let (x, y) = (span.x + slot as f32 * width, window.row_top(row) + 1.0);
                    strips.push(Strip { x, y, width, height: window.row_height - 2.0, colour, alpha });
                }
            }
        }
        strips
    }

    /// The numbers beside the tokens of the receiving side; where no token is marked, the mean weight that each key
    /// receives.
    pub fn received(&self) -> Received {
        let Some(side) = self.receiving_side() else { return self.read_on_average() };
        let shown = if side == Side::Key { self.keys } else { self.queries };
        let marked = self.shown_marked(side.opposite());
        let share = 1.0 / self.heads.len().max(1) as f32;
        let mean = |&position: &usize| {
            self.heads.iter().map(|&head| self.summed(head, side, position, &marked)).sum::<f32>() * share
        };
        Received { side, weights: shown.iter().map(mean).collect(), is_mean: false }
    }

    fn read_on_average(&self) -> Received {
        let n_rows = (self.heads.len() * self.queries.len()).max(1) as f64;
        let mut totals = vec![0.0_f64; self.keys.len()];
        for (&head, &query) in self.heads.iter().flat_map(|head| self.queries.iter().map(move |query| (head, query))) {
            let row = self.patterns.row(head, query);
            for (total, &key) in totals.iter_mut().zip(self.keys) {
                *total += row.get(key).copied().map_or(0.0, f64::from);
            }
        }
        let weights = totals.iter().map(|total| (total / n_rows) as f32).collect();
        Received { side: Side::Key, weights, is_mean: true }
    }

    /// The largest weight of each active head between the tokens that are wanted, in the order of the heads.
    pub fn strongest_of_each_head(&self) -> Vec<Link> {
        let strongest = |head: &usize| HeadView { heads: std::slice::from_ref(head), ..*self }.strongest(1);
        self.heads.iter().flat_map(strongest).collect()
    }

    /// The largest single weights of the active heads between the tokens that are wanted, largest first; differences by
    /// their size.
    pub fn strongest(&self, n_links: usize) -> Vec<Link> {
        let (queries, keys) = (self.ends(Side::Query), self.ends(Side::Key));
        let mut strongest: Vec<Link> = Vec::with_capacity(n_links + 1);
        for &head in self.heads {
            for &(_, query) in &queries {
                let row = self.patterns.row(head, query);
                for &(_, key) in &keys {
                    let weight = row.get(key).copied().unwrap_or(0.0);
                    let is_full = strongest.len() == n_links;
                    if is_full && strongest.last().is_none_or(|last| weight.abs() <= last.weight.abs()) {
                        continue;
                    }
                    let place = strongest.partition_point(|link| link.weight.abs() >= weight.abs());
                    strongest.insert(place, Link { head, query, key, weight });
                    strongest.truncate(n_links);
                }
            }
        }
        strongest
    }
}

/// Largest distance at which a point selects a line, in CSS pixels.
const REACH: f32 = 5.0;

/// The ends (query and key) of the line nearest to a point; of lines that cross there, the strongest. `panel` is the
/// stretch of the x axis in which lines run.
pub fn nearest_line(lines: &[Line], panel: Span, x: f32, y: f32) -> Option<(usize, usize)> {
    let along = ((x - panel.x) / panel.width.max(1.0)).clamp(0.0, 1.0);
    let distance = |line: &Line| (line.query_y + (line.key_y - line.query_y) * along - y).abs();
    let near = lines.iter().filter(|line| distance(line) <= REACH);
    near.max_by(|one, other| one.alpha.total_cmp(&other.alpha)).map(|line| (line.query, line.key))
}

#[cfg(test)]
#[path = "head_view_tests.rs"]
mod tests;
