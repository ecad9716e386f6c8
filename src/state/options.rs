//! How things are shown: the sentence filter, the theme, and what the head view draws.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::protocol::Quantity;
use crate::trace::Side;

/// Which queries and keys of a sentence pair are shown: slices of the pattern, not renormalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SegmentFilter {
    /// Everything.
    #[default]
    All,
    /// Queries and keys in A.
    Aa,
    /// Queries in A, keys in B.
    Ab,
    /// Queries in B, keys in A.
    Ba,
    /// Queries and keys in B.
    Bb,
}

impl SegmentFilter {
    /// In the order in which they are offered.
    pub const EACH: [SegmentFilter; 5] =
        [SegmentFilter::All, SegmentFilter::Aa, SegmentFilter::Ab, SegmentFilter::Ba, SegmentFilter::Bb];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            SegmentFilter::All => "All",
            SegmentFilter::Aa => "A→A",
            SegmentFilter::Ab => "A→B",
            SegmentFilter::Ba => "B→A",
            SegmentFilter::Bb => "B→B",
        }
    }

    /// The positions shown as queries and as keys. `segments` is where each sequence starts; without two of them the
    /// filter does nothing.
    pub fn ranges(self, n_tokens: usize, segments: &[usize]) -> (Range<usize>, Range<usize>) {
        let all = 0..n_tokens;
        let &[_, second] = segments else { return (all.clone(), all) };
        let second = second.min(n_tokens);
        let (a, b) = (0..second, second..n_tokens);
        match self {
            SegmentFilter::All => (all.clone(), all),
            SegmentFilter::Aa => (a.clone(), a),
            SegmentFilter::Ab => (a, b),
            SegmentFilter::Ba => (b, a),
            SegmentFilter::Bb => (b.clone(), b),
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark text on white.
    Light,
    /// Light text on black.
    Dark,
}

impl Theme {
    /// Its name in links and in storage.
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Theme::System, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.name() == name)
    }
}

/// What the head view draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drawing {
    /// A line per weight.
    #[default]
    Lines,
    /// A cell per weight.
    Matrix,
}

impl Drawing {
    /// Lines for cells and the other way round.
    pub fn other(self) -> Self {
        match self {
            Drawing::Lines => Drawing::Matrix,
            Drawing::Matrix => Drawing::Lines,
        }
    }
}

/// How several heads are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// One picture of their mean.
    #[default]
    Mean,
    /// A picture for each, on one scale.
    SideBySide,
}

/// The least weights that can be chosen, in thousandths.
pub const MIN_WEIGHTS: [u16; 10] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/// How weights are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Display {
    /// What is drawn between a query and a key.
    pub quantity: Quantity,
    /// Lines or cells.
    pub drawing: Drawing,
    /// One picture or several.
    pub arrangement: Arrangement,
    /// Logarithmic instead of linear.
    pub is_log: bool,
    /// Against the largest weight of each row instead of against 1.
    pub is_per_row: bool,
    /// Weights below are not drawn; in thousandths.
    pub min_weight_thousandths: u16,
    /// Without tokens that the tokenizer added.
    pub leaves_out_special: bool,
    /// Without position 0.
    pub leaves_out_first: bool,
    /// The pieces of a word as one.
    pub joins_words: bool,
}

/// A change of [`Display`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisplayChange {
    /// What is drawn between a query and a key.
    Quantity(Quantity),
    /// Lines or cells.
    Drawing(Drawing),
    /// One picture or several.
    Arrangement(Arrangement),
    /// Logarithmic or linear.
    Log(bool),
    /// Against each row's largest weight, or against 1.
    PerRow(bool),
    /// The least weight drawn, in thousandths; at most 1,000.
    MinWeight(u16),
    /// With or without special tokens.
    LeaveOutSpecial(bool),
    /// With or without position 0.
    LeaveOutFirst(bool),
    /// Words or pieces.
    JoinWords(bool),
}

impl Display {
    /// Makes a change.
    pub fn apply(&mut self, change: DisplayChange) {
        match change {
            DisplayChange::Quantity(quantity) => self.quantity = quantity,
            DisplayChange::Drawing(drawing) => self.drawing = drawing,
            DisplayChange::Arrangement(arrangement) => self.arrangement = arrangement,
            DisplayChange::Log(is_log) => self.is_log = is_log,
            DisplayChange::PerRow(is_per_row) => self.is_per_row = is_per_row,
            DisplayChange::MinWeight(thousandths) => self.min_weight_thousandths = thousandths.min(1_000),
            DisplayChange::LeaveOutSpecial(leaves_out) => self.leaves_out_special = leaves_out,
            DisplayChange::LeaveOutFirst(leaves_out) => self.leaves_out_first = leaves_out,
            DisplayChange::JoinWords(joins) => self.joins_words = joins,
        }
    }
}

/// How things are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Which part of a sentence pair.
    pub segment: SegmentFilter,
    /// Light or dark.
    pub theme: Theme,
    /// How weights are drawn.
    pub display: Display,
}

impl Options {
    /// The rows or columns of a pattern that are shown, ascending: the sentence filter, without what is left out. `second`: where the
    /// second text of a pair starts, where there is one on both sides; `special`: which were added by the tokenizer.
    pub fn kept(&self, side: Side, n: usize, second: Option<usize>, special: &[bool]) -> Vec<usize> {
        let segments: Vec<usize> = second.map(|start| vec![0, start]).unwrap_or_default();
        let (queries, keys) = self.segment.ranges(n, &segments);
        let range = if side == Side::Query { queries } else { keys };
        let is_kept = |&at: &usize| {
            let is_special = special.get(at).copied().unwrap_or(false);
            !(self.display.leaves_out_special && is_special || self.display.leaves_out_first && at == 0)
        };
        range.filter(is_kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_the_display() {
        let mut display = Display::default();
        for change in [
            DisplayChange::Quantity(Quantity::Rollout),
            DisplayChange::Drawing(Drawing::Matrix),
            DisplayChange::Arrangement(Arrangement::SideBySide),
            DisplayChange::Log(true),
            DisplayChange::PerRow(true),
            DisplayChange::MinWeight(9_999),
            DisplayChange::LeaveOutSpecial(true),
            DisplayChange::LeaveOutFirst(true),
            DisplayChange::JoinWords(true),
        ] {
            display.apply(change);
        }
        let expected = Display {
            quantity: Quantity::Rollout,
            drawing: Drawing::Matrix,
            arrangement: Arrangement::SideBySide,
            is_log: true,
            is_per_row: true,
            min_weight_thousandths: 1_000,
            leaves_out_special: true,
            leaves_out_first: true,
            joins_words: true,
        };
        assert_eq!(display, expected);
    }

    #[test]
    fn the_filter_of_a_pair_and_what_is_left_out_act_together() {
        let display = Display { leaves_out_special: true, leaves_out_first: true, ..Display::default() };
        let options = Options { segment: SegmentFilter::Ab, display, ..Options::default() };
        let special = [true, false, true, false, true];
        assert_eq!(options.kept(Side::Query, 5, Some(3), &special), [1]);
        assert_eq!(options.kept(Side::Key, 5, Some(3), &special), [3]);
        assert_eq!(options.kept(Side::Key, 5, None, &special), [1, 3], "there is no second text");
    }

    #[test]
    fn ranges_of_a_pair() {
        let table = [
            (SegmentFilter::All, 0..15, 0..15),
            (SegmentFilter::Aa, 0..8, 0..8),
            (SegmentFilter::Ab, 0..8, 8..15),
            (SegmentFilter::Ba, 8..15, 0..8),
            (SegmentFilter::Bb, 8..15, 8..15),
        ];
        for (filter, queries, keys) in table {
            assert_eq!(filter.ranges(15, &[0, 8]), (queries, keys), "{filter:?}");
            assert_eq!(filter.ranges(15, &[]), (0..15, 0..15), "{filter:?} without a pair");
        }
        assert_eq!(SegmentFilter::Bb.ranges(3, &[0, 9]), (3..3, 3..3), "a start beyond the end");
    }
}
