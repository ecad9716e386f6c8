//! The scores of one pattern.

use super::{Block, Facts, HeadScores, LeaveOut, Score};

/// Fewest pairs of tokens for a distance to count.
const MIN_PAIRS: usize = 3;
/// Fewest distances for a line.
const MIN_DISTANCES: usize = 3;

/// The scores of a head from its `pattern` [query_pos, key_pos]. A pattern of another shape than `facts` is one of
/// cross-attention and has the entropy alone, because the other scores compare positions of one text.
pub fn measure(pattern: &[f32], n_key: usize, facts: &Facts, leave_out: LeaveOut) -> HeadScores {
    let n_query = pattern.len().checked_div(n_key).unwrap_or(0);
    let mut values = [None; Score::ALL.len()];
    if (n_query, n_key) != (facts.len(), facts.len()) {
        let all = vec![true; n_key];
        let (all_keys, all) = (vec![0..n_key; n_query], all);
        let rows = Rows { pattern, n_key, kept: &all, allowed: &all_keys };
        values[Score::Entropy.index()] = mean((0..n_query).filter_map(|query| rows.entropy(query)));
        return HeadScores { values };
    }
    let kept = facts.kept(leave_out);
    let rows = Rows { pattern, n_key, kept: &kept, allowed: &facts.allowed };
    let mut set = |score: Score, value: Option<f64>| values[score.index()] = value;
    let n = n_key;
    set(Score::Previous, rows.mean_of((2..n).map(|i| (i, i - 1))));
    let sees_next = |i: &usize| facts.allowed.get(*i).is_some_and(|keys| keys.contains(&(i + 1)));
    set(Score::Next, rows.mean_of((0..n.saturating_sub(1)).filter(sees_next).map(|i| (i, i + 1))));
    set(Score::Own, rows.mean_of((1..n).map(|i| (i, i))));
    let first = rows.mean_of((1..n).map(|i| (i, 0)));
    set(Score::First, first);
    let evenly = mean((1..n).filter(|&i| kept[i]).map(|i| 1.0 / rows.n_allowed(i) as f64));
    set(Score::FirstRatio, first.zip(evenly).map(|(first, evenly)| first / evenly));
    let in_set = |set: &[bool], is_out: bool| {
        let keys: Vec<usize> = (0..n).filter(|&key| set[key] && kept[key]).collect();
        if is_out || keys.is_empty() { None } else { mean(rows.kept_queries().map(|query| rows.mass(query, &keys))) }
    };
    set(Score::Separator, in_set(&facts.special, leave_out.special));
    set(Score::Punctuation, in_set(&facts.punctuation, false));
    set(Score::SameToken, rows.same_token(&facts.kinds));
    set(Score::Prefix, rows.prefix(&facts.kinds));
    set(Score::Entropy, mean(rows.kept_queries().filter_map(|query| rows.entropy(query))));
    let distances: Vec<(f64, f64)> = rows.kept_queries().filter_map(|query| rows.distance(query)).collect();
    let distance = mean(distances.iter().map(|(found, _)| *found));
    let uniform = mean(distances.iter().map(|(_, uniform)| *uniform)).filter(|uniform| *uniform > 0.0);
    set(Score::Distance, distance);
    set(Score::DistanceRatio, distance.zip(uniform).map(|(distance, uniform)| distance / uniform));
    let line = rows.decay();
    set(Score::Decay, line.map(|line| line.slope));
    set(Score::DecayFit, line.map(|line| line.r_squared));
    if let Some(second) = facts.second_start {
        let text = |range: std::ops::Range<usize>| -> Vec<usize> {
            range.filter(|&position| !facts.special[position] && kept[position]).collect()
        };
        let (a, b) = (text(0..second.min(n)), text(second.min(n)..n));
        set(Score::AToB, between(pattern, n_key, &a, &b));
        set(Score::BToA, between(pattern, n_key, &b, &a));
    }
    if let Some(Block { start, n_tokens }) = facts.block {
        let second = start + n_tokens..(start + 2 * n_tokens).min(n);
        set(Score::Induction, rows.mean_of(second.clone().map(|i| (i, i - n_tokens + 1))));
        set(Score::Duplicate, rows.mean_of(second.map(|i| (i, i - n_tokens))));
    }
    HeadScores { values }
}

/// The mean over `queries` of the weight on all `keys`: weights into a group are summed, weights out of it averaged (Clark
/// et al. 2019). `None` where either is empty.
pub fn between(pattern: &[f32], n_key: usize, queries: &[usize], keys: &[usize]) -> Option<f64> {
    if keys.is_empty() {
        return None;
    }
    let weight = |query: usize, key: usize| pattern.get(query * n_key + key).map_or(0.0, |weight| f64::from(*weight));
    mean(queries.iter().map(|&query| keys.iter().map(|&key| weight(query, key)).sum()))
}

/// The share of all weight that lies within a mask of the same shape: Σ(A⊙P) / ΣA.
pub fn pattern_match(pattern: &[f32], mask: &[bool]) -> Option<f64> {
    let total: f64 = pattern.iter().map(|weight| f64::from(*weight)).sum();
    let within: f64 = pattern.iter().zip(mask).filter(|(_, is_in)| **is_in).map(|(weight, _)| f64::from(*weight)).sum();
    (total > 0.0).then(|| within / total)
}

/// A square pattern with the positions that count.
struct Rows<'a> {
    pattern: &'a [f32],
    n_key: usize,
    kept: &'a [bool],
    allowed: &'a [std::ops::Range<usize>],
}

/// A least-squares line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Its slope.
    pub slope: f64,
    /// The share of the variance that it describes.
    pub r_squared: f64,
}

impl Rows<'_> {
    fn weight(&self, query: usize, key: usize) -> f64 {
        f64::from(self.pattern[query * self.n_key + key])
    }

    fn mass(&self, query: usize, keys: &[usize]) -> f64 {
        keys.iter().map(|&key| self.weight(query, key)).sum()
    }

    fn kept_queries(&self) -> impl Iterator<Item = usize> {
        (0..self.pattern.len() / self.n_key.max(1)).filter(|&query| self.kept.get(query).copied().unwrap_or(true))
    }

    /// Keys that a query may see and that count.
    fn allowed(&self, query: usize) -> impl Iterator<Item = usize> {
        let keys = self.allowed.get(query).cloned().unwrap_or(0..self.n_key);
        keys.filter(|&key| self.kept.get(key).copied().unwrap_or(false))
    }

    fn n_allowed(&self, query: usize) -> usize {
        self.allowed(query).count()
    }

    /// Mean weight over the pairs whose positions count.
    fn mean_of(&self, pairs: impl Iterator<Item = (usize, usize)>) -> Option<f64> {
        let counts = |(query, key): &(usize, usize)| self.kept[*query] && self.kept[*key];
        mean(pairs.filter(counts).map(|(query, key)| self.weight(query, key)))
    }

    /// Entropy of a row ÷ that of a uniform row; `None` for rows with fewer than two keys or without weight.
    fn entropy(&self, query: usize) -> Option<f64> {
        let weights: Vec<f64> = self.allowed(query).map(|key| self.weight(query, key)).collect();
        let total: f64 = weights.iter().sum();
        if weights.len() < 2 || total <= 0.0 {
            return None;
        }
        let shares = weights.iter().map(|weight| weight / total).filter(|share| *share > 0.0);
        Some(-shares.map(|share| share * share.ln()).sum::<f64>() / (weights.len() as f64).ln())
    }

    /// Mean distance of a row, and of a uniform row over the same keys.
    fn distance(&self, query: usize) -> Option<(f64, f64)> {
        let (mut total, mut found, mut even, mut n_keys) = (0.0, 0.0, 0.0, 0.0);
        for key in self.allowed(query) {
            let (weight, far) = (self.weight(query, key), query.abs_diff(key) as f64);
            total += weight;
            found += weight * far;
            even += far;
            n_keys += 1.0;
        }
        (total > 0.0).then(|| (found / total, even / n_keys))
    }

    fn same_token(&self, kinds: &[u32]) -> Option<f64> {
        mean(self.kept_queries().filter_map(|query| {
            let is_other = |&key: &usize| key != query && self.kept[key] && kinds[key] == kinds[query];
            let others: Vec<usize> = (0..self.n_key).filter(is_other).collect();
            (!others.is_empty()).then(|| self.mass(query, &others))
        }))
    }

    fn prefix(&self, kinds: &[u32]) -> Option<f64> {
        mean(self.kept_queries().filter_map(|query| {
            let is_earlier = |&p: &usize| kinds[p] == kinds[query] && self.kept[p] && self.kept[p + 1];
            let followers: Vec<usize> =
                (0..query.saturating_sub(1)).filter(is_earlier).map(|earlier| earlier + 1).collect();
            (!followers.is_empty()).then(|| self.mass(query, &followers))
        }))
    }

    /// The line through ln of the mean weight at each distance.
    fn decay(&self) -> Option<Line> {
        let points: Vec<(f64, f64)> = (1..self.n_key)
            .filter_map(|far| {
                // Key 0 is left out, since heads rest on it whatever its distance.
                let pairs = (far + 1..self.n_key).map(|query| (query, query - far));
                let n_pairs = pairs.clone().filter(|(query, key)| self.kept[*query] && self.kept[*key]).count();
                let weight = self.mean_of(pairs).filter(|weight| *weight > 0.0 && n_pairs >= MIN_PAIRS)?;
                Some((far as f64, weight.ln()))
            })
            .collect();
        (points.len() >= MIN_DISTANCES).then(|| Line::through(&points))
    }
}

impl Line {
    /// The least-squares line through points of different x. Points on a level line have R² 1.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let (mean_x, mean_y) =
            (points.iter().map(|(x, _)| x).sum::<f64>() / n, points.iter().map(|(_, y)| y).sum::<f64>() / n);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            xx += (x - mean_x).powi(2);
            xy += (x - mean_x) * (y - mean_y);
            yy += (y - mean_y).powi(2);
        }
        let r_squared = if yy > 1e-12 { xy * xy / (xx * yy) } else { 1.0 };
        Self { slope: xy / xx, r_squared }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut total, mut n) = (0.0, 0_usize);
    for value in values {
        total += value;
        n += 1;
    }
    (n > 0).then(|| total / n as f64)
}
