//! How things are shown: the sentence filter and the theme. Imports nothing of ours.

use std::ops::Range;

use serde::{Deserialize, Serialize};

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

/// How things are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Which part of a sentence pair.
    pub segment: SegmentFilter,
    /// Light or dark.
    pub theme: Theme,
}

#[cfg(test)]
mod tests {
    use super::*;

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
