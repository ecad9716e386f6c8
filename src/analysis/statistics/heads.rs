//! What a search says of each head, and its table.

use std::fmt::Write as _;

use super::{Corrected, Estimate};

/// What is said of one head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadFound {
    /// Mean, or area under the curve, with its interval.
    pub estimate: Estimate,
    /// p values; `None` where there is nothing to test: a weight or a score is above 0 without any effect.
    pub p: Option<Corrected>,
}

/// Every head of a model with `n_heads` heads in a layer, as CSV: six places, nothing for a number that is not there.
pub fn heads_csv(heads: &[HeadFound], n_heads: usize) -> String {
    let mut csv = "layer,head,n,value,low,high,p,p_corrected\n".to_owned();
    for (index, HeadFound { estimate, p }) in heads.iter().enumerate() {
        let (layer, head) = (index / n_heads.max(1), index % n_heads.max(1));
        let (low, high) = estimate.interval.unwrap_or((f64::NAN, f64::NAN));
        let (p, p_corrected) = p.map_or((f64::NAN, f64::NAN), |p| (p.p, p.p_corrected));
        // Writing into a String cannot fail.
        let _ = write!(csv, "{layer},{head},{}", estimate.n);
        for value in [estimate.value, low, high, p, p_corrected] {
            let _ = write!(csv, ",{}", six_places(value));
        }
        csv.push('\n');
    }
    csv
}

/// A number of a table to six places; nothing for a number that is not there.
pub fn six_places(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.6}") }
}
