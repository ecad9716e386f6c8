//! Statistics over the rows of a set that keep a search over hundreds of heads honest (docs/methods.md, "Statistics over many
//! texts"): means, areas under the curve and correlations with intervals, p values corrected for the search, halves.
//!
//! Rows that share a template, a document or a source pair are one cluster. Intervals resample whole clusters, sign flips and
//! shuffles move whole clusters, and halves are made of whole clusters. A value that a row lacks is NaN and is left out. All
//! draws follow from a seed, the same natively and in a browser.

mod areas;
mod bootstrap;
mod clusters;
mod correlations;
mod heads;
mod masks;
mod means;
mod permutations;
mod proportions;
mod ranks;
mod recall;

#[cfg(test)]
mod reference_tests;

pub use areas::{area, area_interval};
pub use bootstrap::{Bootstrap, Estimate};
pub use clusters::Clusters;
pub use correlations::{Correlation, correlation_interval, pearson, spearman};
pub use heads::{HeadFound, heads_csv, six_places};
pub use masks::{MaskEffect, difference_of_effects, mask_effect};
pub use means::{mean, mean_interval, standardised};
pub use permutations::{Corrected, Permutations};
pub use proportions::{mcnemar, wilson};
pub use ranks::mid_ranks;
pub use recall::{Recall, Recalled, recall};
