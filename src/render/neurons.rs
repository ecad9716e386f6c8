//! The neuron view: what each neuron of a head adds to the scores of a query, and the layout and colours of its cells
//! (docs/methods.md, "Scores and patterns").
//!
//! ```text
//! | query token | links | key token | k (d cells) | q ⊙ k (d cells) | q·k | score | weight | value |
//! ```
//! The query's own cells stand above those of the keys, so that a neuron is one column throughout. Columns vanish from
//! the left on narrow screens. Lengths are CSS pixels.

use std::ops::Range;

use super::colour::{Rgb, Scheme, oklch};
use super::layout::Span;

/// Numbers of one head's queries and keys, one row per position.
#[derive(Clone, Copy, Debug)]
pub struct Products<'a> {
    /// Queries [n_query, d_head].
    pub queries: &'a [f32],
    /// Keys [n_key, d_head].
    pub keys: &'a [f32],
    /// Neurons of the head.
    pub d_head: usize,
    /// Queries and keys of another run; every number is then the difference from that run.
    pub against: Option<(&'a [f32], &'a [f32])>,
}

impl<'a> Products<'a> {
    fn row(&self, values: &'a [f32], position: usize) -> &'a [f32] {
        values.get(position * self.d_head..(position + 1) * self.d_head).unwrap_or_default()
    }

    /// Whether the query and the key exist.
    pub fn has(&self, query: usize, key: usize) -> bool {
        self.d_head > 0 && !self.row(self.queries, query).is_empty() && !self.row(self.keys, key).is_empty()
    }

    /// A neuron of a query.
    pub fn query(&self, query: usize, neuron: usize) -> Option<f32> {
        let at = |values: &'a [f32]| self.row(values, query).get(neuron).copied();
        Some(at(self.queries)? - self.against.and_then(|(queries, _)| at(queries)).unwrap_or(0.0))
    }

    /// A neuron of a key.
    pub fn key(&self, key: usize, neuron: usize) -> Option<f32> {
        let at = |values: &'a [f32]| self.row(values, key).get(neuron).copied();
        Some(at(self.keys)? - self.against.and_then(|(_, keys)| at(keys)).unwrap_or(0.0))
    }

    /// A query's neurons [d_head]; empty where the query does not exist.
    pub fn query_neurons(&self, query: usize) -> Vec<f32> {
        (0..self.d_head).filter_map(|neuron| self.query(query, neuron)).collect()
    }

    /// A key's neurons [d_head]; empty where the key does not exist.
    pub fn key_neurons(&self, key: usize) -> Vec<f32> {
        (0..self.d_head).filter_map(|neuron| self.key(key, neuron)).collect()
    }

    /// q_d · k_d of one pair, by neuron.
    pub fn pair(&self, query: usize, key: usize) -> impl Iterator<Item = f32> + use<'a> {
        let (q, k) = (self.row(self.queries, query), self.row(self.keys, key));
        let (less_q, less_k) = match self.against {
            Some((queries, keys)) => (self.row(queries, query), self.row(keys, key)),
            None => (&[] as &[f32], &[] as &[f32]),
        };
        let less = move |neuron: usize| less_q.get(neuron).zip(less_k.get(neuron)).map_or(0.0, |(q, k)| q * k);
        q.iter().zip(k).enumerate().map(move |(neuron, (q, k))| q * k - less(neuron))
    }

    /// q_d · k_d of one pair and neuron.
    pub fn product(&self, query: usize, key: usize, neuron: usize) -> Option<f32> {
        let product = |queries: &'a [f32], keys: &'a [f32]| {
            Some(self.row(queries, query).get(neuron)? * self.row(keys, key).get(neuron)?)
        };
        let less = self.against.and_then(|(queries, keys)| product(queries, keys));
        Some(product(self.queries, self.keys)? - less.unwrap_or(0.0))
    }

    /// The product q · k of a query and a key.
    pub fn dot(&self, query: usize, key: usize) -> f32 {
        self.pair(query, key).sum()
    }

    /// Σ over keys of q_d · k_d, by neuron.
    pub fn totals(&self, query: usize, keys: impl Iterator<Item = usize>) -> Vec<f32> {
        let mut totals = vec![0.0; self.d_head];
        for key in keys {
            totals.iter_mut().zip(self.pair(query, key)).for_each(|(total, product)| *total += product);
        }
        totals
    }

    /// The mean of q_d · k_d over all pairs of a distance (query minus key), for one neuron, ascending by distance.
    /// `sees(query, key)` says whether the mask allows a pair.
    pub fn by_distance(&self, neuron: usize, sees: impl Fn(usize, usize) -> bool) -> Vec<(isize, f32)> {
        let column = |values: &[f32]| -> Vec<f32> {
            values.chunks_exact(self.d_head.max(1)).filter_map(|row| row.get(neuron).copied()).collect()
        };
        let (queries, keys) = (column(self.queries), column(self.keys));
        let less = self.against.map(|(queries, keys)| (column(queries), column(keys)));
        let less = |query: usize, key: usize| {
            let (queries, keys) = less.as_ref()?;
            Some(queries.get(query)? * keys.get(key)?)
        };
        let mut sums = vec![(0.0_f64, 0_u32); queries.len() + keys.len()];
        for (query, q) in queries.iter().enumerate() {
            for (key, k) in keys.iter().enumerate().filter(|(key, _)| sees(query, *key)) {
                let (sum, n) = &mut sums[query + keys.len() - key];
                (*sum, *n) = (*sum + f64::from(q * k - less(query, key).unwrap_or(0.0)), *n + 1);
            }
        }
        let mean = |(at, (sum, n)): (usize, (f64, u32))| {
            (n > 0).then(|| (at as isize - keys.len() as isize, (sum / f64::from(n)) as f32))
        };
        sums.into_iter().enumerate().filter_map(mean).collect()
    }
}

/// Indices of neurons from the largest value to the smallest; equal values by index.
pub fn descending(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&one, &other| values[other].total_cmp(&values[one]).then(one.cmp(&other)));
    order
}

/// The size that has the full colour: all but the largest fiftieth of values lie below it, so that one huge neuron does
/// not make the others pale. Never zero.
pub fn limit_of(values: impl Iterator<Item = f32>) -> f32 {
    let mut sizes: Vec<f32> = values.map(f32::abs).filter(|size| size.is_finite()).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let at = (sizes.len() - 1) * 49 / 50;
    let (_, limit, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
    if *limit > 0.0 { *limit } else { 1.0 }
}

/// A scale from negative (orange) to positive (blue) through the background. It is safe for colour-blind readers, and
/// lightness alone shows the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverging {
    /// Colours from −1 to 1.
    steps: Vec<Rgb>,
}

const N_STEPS: usize = 255;

impl Diverging {
    /// The scale on a background.
    pub fn new(scheme: Scheme) -> Self {
        let (ground, ends) = match scheme {
            Scheme::Light => (0.975, [(0.6, 0.16, 0.14), (0.48, 0.17, 0.72)]),
            Scheme::Dark => (0.235, [(0.78, 0.14, 0.16), (0.76, 0.14, 0.7)]),
        };
        let step = |at: usize| {
            let value = at as f32 / (N_STEPS - 1) as f32 * 2.0 - 1.0;
            let (lightness, chroma, hue) = ends[usize::from(value > 0.0)];
            oklch(ground + (lightness - ground) * value.abs(), chroma * value.abs(), hue)
        };
        Self { steps: (0..N_STEPS).map(step).collect() }
    }

    /// The colour of a value from −1 to 1; values beyond have the colour of the end.
    pub fn at(&self, value: f32) -> Rgb {
        let step = ((value.clamp(-1.0, 1.0) + 1.0) / 2.0 * (N_STEPS - 1) as f32).round() as usize;
        self.steps.get(step).copied().unwrap_or_default()
    }
}

/// Columns of the neuron view. A column without room has width 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NeuronColumns {
    /// Query tokens.
    pub query_token: Span,
    /// Lines from the query to its keys.
    pub links: Span,
    /// Key tokens.
    pub key_token: Span,
    /// Neurons of the keys.
    pub keys: Span,
    /// Products of the neurons.
    pub products: Span,
    /// The product q · k of a query and a key.
    pub dot: Span,
    /// Score of each key.
    pub score: Span,
    /// Weight of each key, as bar and number.
    pub weight: Span,
    /// Weight times the value's norm.
    pub value: Span,
}

/// Narrowest view with every column.
const WIDE: f32 = 1_000.0;
/// Narrowest view with every column but the query's tokens and links.
const MEDIUM: f32 = 560.0;
/// Least width of a neuron that leaves room for the query's tokens and links in such a view.
const LEAST_CELL: f32 = 3.0;
/// Gap between blocks.
const GAP: f32 = 12.0;
/// Largest width of a neuron.
const MAX_CELL: f32 = 9.0;
/// Width of a number.
const NUMBER: f32 = 58.0;

impl NeuronColumns {
    /// The columns of a view of this width, of a head of `d_head` neurons, whose longest token is `token_width` wide. A
    /// narrow view shows the products or the keys.
    pub fn fit(width: f32, token_width: f32, d_head: usize, shows_keys: bool) -> Self {
        let (is_wide, is_medium) = (width >= WIDE, width >= MEDIUM);
        let pick = |condition: bool, width: f32| if condition { width } else { 0.0 };
        let token = token_width.clamp(72.0, if is_wide { 132.0 } else { 96.0 }).round();
        let (dot, score) = (pick(is_medium, NUMBER), pick(is_medium, NUMBER + 4.0));
        let weight = NUMBER + if is_wide { 102.0 } else { pick(is_medium, 32.0) + 24.0 };
        let value = pick(is_medium, NUMBER + 8.0);
        let n_blocks = if is_medium { 2.0 } else { 1.0 };
        let links = if is_wide { 56.0 } else { 40.0 };
        let others = 2.0 * token + links + GAP * n_blocks + dot + score + weight + value;
        let has_query = is_wide || is_medium && width >= others + n_blocks * LEAST_CELL * d_head as f32;
        let (query, links) = (pick(has_query, token), pick(has_query, links));
        let room = width - query - links - token - GAP * n_blocks - dot - score - weight - value;
        let block = (room / n_blocks).clamp(0.0, MAX_CELL * d_head as f32).floor();
        let mut x = 0.0;
        let mut next = |width: f32, gap: f32| {
            let span = Span { x, width };
            x += width + pick(width > 0.0, gap);
            span
        };
        Self {
            query_token: next(query, 0.0),
            links: next(links, 0.0),
            key_token: next(token, 0.0),
            keys: next(pick(is_medium || shows_keys, block), GAP),
            products: next(pick(is_medium || !shows_keys, block), GAP),
            dot: next(dot, 0.0),
            score: next(score, 0.0),
            weight: next(weight, 0.0),
            value: next(value, 0.0),
        }
    }

    /// The block and the column of it at a point of the view.
    pub fn pick(&self, x: f32, d_head: usize) -> Option<(Block, usize)> {
        let column_in = |block: Block| {
            let span = self.block(block);
            let is_in = span.width > 0.0 && (span.x..span.end()).contains(&x);
            is_in.then(|| (block, (((x - span.x) / span.width * d_head as f32) as usize).min(d_head.saturating_sub(1))))
        };
        column_in(Block::Keys).or_else(|| column_in(Block::Products))
    }

    /// Position of a block.
    pub fn block(&self, block: Block) -> Span {
        match block {
            Block::Keys => self.keys,
            Block::Products => self.products,
        }
    }

    /// Position of a column of a block.
    pub fn cell(&self, block: Block, column: usize, d_head: usize) -> Span {
        let (span, n) = (self.block(block), d_head.max(1) as f32);
        Span { x: span.x + span.width * column as f32 / n, width: span.width / n }
    }
}

/// A block of cells, one column per neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Neurons of queries and keys.
    Keys,
    /// Products of queries and keys.
    Products,
}

/// A picture of cells with one column per neuron, reused from one drawing to the next.
#[derive(Debug, Default)]
pub struct CellPainter {
    /// RGBA, row by row [height, width, 4].
    pixels: Vec<u8>,
}

impl CellPainter {
    /// Paints rows of cells. `rows` has the top and end of each row in device pixels; `value(row, column)` is from −1
    /// to 1, or `None` for an empty cell.
    pub fn paint(
        &mut self,
        (width, height): (usize, usize),
        rows: impl Iterator<Item = (usize, Range<usize>)>,
        n_columns: usize,
        colours: &Diverging,
        value: impl Fn(usize, usize) -> Option<f32>,
    ) -> &[u8] {
        self.pixels.clear();
        self.pixels.resize(width * height * 4, 0);
        if width == 0 || n_columns == 0 {
            return &self.pixels;
        }
        let edges: Vec<usize> = (0..=n_columns).map(|column| column * width / n_columns).collect();
        for (row, lines) in rows {
            let (top, end) = (lines.start.min(height), lines.end.min(height));
            let Some((line, rest)) = self.pixels.get_mut(top * width * 4..end * width * 4).and_then(|part| {
                let len = part.len().min(width * 4);
                part.split_at_mut_checked(len)
            }) else {
                continue;
            };
            for (column, edge) in edges.windows(2).enumerate() {
                let Some(value) = value(row, column) else { continue };
                let [red, green, blue] = colours.at(value);
                if let Some(cell) = line.get_mut(edge[0] * 4..edge[1] * 4) {
                    cell.chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&[red, green, blue, 255]));
                }
            }
            for below in rest.chunks_exact_mut(width * 4) {
                below.copy_from_slice(line);
            }
        }
        &self.pixels
    }
}

#[cfg(test)]
#[path = "neurons_tests.rs"]
mod tests;
