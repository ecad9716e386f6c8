//! The number of a verb after a noun and another noun that may differ from it.

use super::template::{filled, shuffled_product};
use crate::sets::Row;
use crate::sets::row::Label;

/// Nouns in singular and plural.
const SUBJECTS: [[&str; 2]; 10] = [
    ["key", "keys"],
    ["picture", "pictures"],
    ["letter", "letters"],
    ["song", "songs"],
    ["road", "roads"],
    ["friend", "friends"],
    ["door", "doors"],
    ["story", "stories"],
    ["window", "windows"],
    ["bridge", "bridges"],
];
const BETWEEN: [[&str; 2]; 8] = [
    ["cabinet", "cabinets"],
    ["teacher", "teachers"],
    ["village", "villages"],
    ["castle", "castles"],
    ["artist", "artists"],
    ["garden", "gardens"],
    ["tower", "towers"],
    ["sailor", "sailors"],
];
const LINKS: [&str; 4] = ["near", "behind", "beside", "next to"];

pub(super) fn agreement(n_rows: usize, seed: u64) -> Vec<Row> {
    let product = shuffled_product([SUBJECTS.len(), BETWEEN.len(), LINKS.len(), 2, 2], seed);
    let row = |[subject, between, link, number, other]: [usize; 5]| {
        let verbs = [" is", " are"];
        let words =
            [("subject", SUBJECTS[subject][number]), ("link", LINKS[link]), ("attractor", BETWEEN[between][other])];
        Row {
            answer: Some(verbs[number].to_owned()),
            others: vec![verbs[1 - number].to_owned()],
            label: Some(Label::Number(f64::from(u8::from(number != other)))),
            pair_id: Some(format!("{}/{}", SUBJECTS[subject][0], BETWEEN[between][0])),
            ..filled("The {subject} {link} the {attractor}", &words)
        }
    };
    product.into_iter().take(n_rows).map(row).collect()
}
