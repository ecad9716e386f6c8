//! Templates: a text with places in braces.

use crate::random::SplitMix64;
use crate::sets::Row;

/// The text with its places filled, and each place's name marked where it stands. A name that fills two places is marked at the
/// last one.
pub(super) fn filled(template: &str, words: &[(&str, &str)]) -> Row {
    let mut row = Row::default();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        row.text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let from = row.text.len();
        if let Some((_, word)) = words.iter().find(|(known, _)| *known == name) {
            row.text.push_str(word);
            row.marks.insert(name.to_owned(), (from, row.text.len()));
        }
        rest = after;
    }
    row.text.push_str(rest);
    // A place may begin the sentence.
    if let Some(first) = row.text.get(..1).map(str::to_uppercase) {
        row.text.replace_range(..1, &first);
    }
    row
}

/// Every combination of indices below these sizes, in an order drawn from a seed.
pub(super) fn shuffled_product<const N: usize>(sizes: [usize; N], seed: u64) -> Vec<[usize; N]> {
    let n = sizes.iter().product();
    let mut product: Vec<[usize; N]> = (0..n)
        .map(|mut index: usize| {
            sizes.map(|size| {
                let place = index % size;
                index /= size;
                place
            })
        })
        .collect();
    SplitMix64::new(seed).shuffle(&mut product);
    product
}
