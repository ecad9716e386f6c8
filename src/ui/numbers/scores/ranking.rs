//! What the table of heads says: its rows, and their order.

use std::cmp::Ordering;

use crate::analysis::scores::{RankBy, Score};
use crate::state::State;

/// What heads are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// The weight between the chosen tokens.
    Link,
    /// A head score.
    Score(Score),
}

/// The column that sorts the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Head,
    All,
    Without,
}

/// One head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub layer: usize,
    pub head: usize,
    /// The number over all positions.
    pub all: Option<f32>,
    /// The number without special tokens and the first position.
    pub without: Option<f32>,
    /// Standard deviations of the two over several seeds.
    pub spread: [Option<f32>; 2],
}

/// Whether some head has a value of this score.
pub fn has_score(state: &State, score: Score) -> bool {
    let table = state.scores.shown().unwrap_or_default();
    table.chunks_exact(Score::ALL.len()).any(|row| !row[score.index()].is_nan())
}

/// The rows of every head under a ranking, in the order of the model; empty while there are no numbers.
pub fn rows(state: &State, ranking: Ranking) -> Vec<Row> {
    let Some(shown) = &state.shown else { return Vec::new() };
    let (n_layers, n_heads) = (shown.stack_spec().n_layers, shown.stack_spec().n_heads);
    let heads = (0..n_layers * n_heads).map(|index| (index, index / n_heads.max(1), index % n_heads.max(1)));
    match ranking {
        Ranking::Link => {
            let Some(link) = state.scores.link.value() else { return Vec::new() };
            let row = |(index, layer, head): (usize, usize, usize)| {
                let all = Some(*link.weights.get(index)?);
                Some(Row { layer, head, all, without: None, spread: [None; 2] })
            };
            heads.filter_map(row).collect()
        }
        Ranking::Score(score) => {
            let Some(table) = state.scores.shown() else { return Vec::new() };
            let deviation = state.scores.shown_deviation();
            let number = |table: &[f32], index: usize| {
                table.get(index * Score::ALL.len() + score.index()).copied().filter(|value| !value.is_nan())
            };
            let value = |index: usize| number(table, index);
            let spread = |index: usize| number(deviation?, index);
            heads
                .map(|(index, layer, head)| Row {
                    layer,
                    head,
                    all: value(index),
                    without: value(n_layers * n_heads + index),
                    spread: [spread(index), spread(n_layers * n_heads + index)],
                })
                .collect()
        }
    }
}

impl Ranking {
    /// What puts one head before another, by this ranking or by its change between two runs.
    pub fn rank_by(self, is_change: bool) -> RankBy {
        match self {
            Ranking::Score(score) => score.rank_by(is_change),
            Ranking::Link if is_change => RankBy::Size,
            Ranking::Link => RankBy::Value,
        }
    }
}

/// Compares two rows by a column. Heads without a value come last in both directions.
pub fn order(one: &Row, other: &Row, column: Column, is_descending: bool, by: RankBy) -> Ordering {
    let by_place = (one.layer, one.head).cmp(&(other.layer, other.head));
    let by_value = |one: Option<f32>, other: Option<f32>| match (one, other) {
        (Some(one), Some(other)) if is_descending => by.key(other).total_cmp(&by.key(one)),
        (Some(one), Some(other)) => by.key(one).total_cmp(&by.key(other)),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    match column {
        Column::Head if is_descending => by_place.reverse(),
        Column::Head => by_place,
        Column::All => by_value(one.all, other.all).then(by_place),
        Column::Without => by_value(one.without, other.without).then(by_place),
    }
}

/// The value at which a bar has its full length: 1 for shares, else the largest value.
pub fn longest_bar(rows: &[Row], ranking: Ranking) -> f32 {
    match ranking {
        Ranking::Score(score) if !score.is_share() => {
            rows.iter().flat_map(|row| [row.all, row.without]).flatten().fold(0.0, |most, value| value.abs().max(most))
        }
        _ => 1.0,
    }
}
