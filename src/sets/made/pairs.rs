//! Pairs of sentences with the same words that say the same or not.

use super::template::{filled, shuffled_product};
use crate::sets::Row;
use crate::sets::row::Label;

/// Verbs in the past and as participles.
const VERBS: [(&str, &str); 16] = [
    ("chased", "chased"),
    ("followed", "followed"),
    ("saw", "seen"),
    ("helped", "helped"),
    ("found", "found"),
    ("heard", "heard"),
    ("carried", "carried"),
    ("pushed", "pushed"),
    ("watched", "watched"),
    ("woke", "woken"),
    ("caught", "caught"),
    ("taught", "taught"),
    ("led", "led"),
    ("thanked", "thanked"),
    ("blamed", "blamed"),
    ("drew", "drawn"),
];

/// Who does it to whom.
const PEOPLE: [(&str, &str); 14] = [
    ("dog", "cat"),
    ("teacher", "pupil"),
    ("girl", "boy"),
    ("sailor", "captain"),
    ("farmer", "neighbour"),
    ("singer", "dancer"),
    ("queen", "guard"),
    ("horse", "rider"),
    ("doctor", "patient"),
    ("wolf", "fox"),
    ("baker", "painter"),
    ("child", "stranger"),
    ("lawyer", "witness"),
    ("pilot", "guide"),
];

const NAMES: [&str; 8] = ["Anna", "Paul", "Maria", "Tom", "Lucy", "Peter", "Sara", "Max"];
const COLOURS: [&str; 6] = ["red", "old", "small", "blue", "heavy", "new"];
const THINGS: [&str; 8] = ["car", "chair", "coat", "book", "lamp", "boat", "bag", "table"];
/// In the past, and after "did not".
const DEALS: [(&str, &str); 5] =
    [("bought", "buy"), ("sold", "sell"), ("painted", "paint"), ("lost", "lose"), ("repaired", "repair")];

/// Two rows of one text: the first pair tells the same, the second does not.
fn two(pair_id: String, text: String, same: String, different: String) -> [Row; 2] {
    [(same, 1.0), (different, 0.0)].map(|(pair, label)| Row {
        text: text.clone(),
        text_pair: Some(pair),
        label: Some(Label::Number(label)),
        pair_id: Some(pair_id.clone()),
        ..Row::default()
    })
}

fn text(template: &str, words: &[(&str, &str)]) -> String {
    filled(template, words).text
}

pub(super) fn paraphrase(n_rows: usize, seed: u64) -> Vec<Row> {
    let product = shuffled_product([VERBS.len(), PEOPLE.len()], seed);
    let rows = product.into_iter().take(n_rows.div_ceil(2)).flat_map(|[verb, people]| {
        let (past, participle) = VERBS[verb];
        let (first, second) = PEOPLE[people];
        let passive = |by: &str, whom: &str| {
            text("The {whom} was {verb} by the {by}.", &[("whom", whom), ("verb", participle), ("by", by)])
        };
        let active = text("The {by} {verb} the {whom}.", &[("by", first), ("verb", past), ("whom", second)]);
        two(format!("{past}.{first}.{second}"), active, passive(first, second), passive(second, first))
    });
    rows.collect()
}

pub(super) fn negation(n_rows: usize, seed: u64) -> Vec<Row> {
    let product = shuffled_product([NAMES.len(), COLOURS.len(), THINGS.len(), DEALS.len()], seed);
    let rows = product.into_iter().take(n_rows.div_ceil(2)).flat_map(|[name, colour, thing, deal]| {
        let (past, plain) = DEALS[deal];
        let words = [
            ("name", NAMES[name]),
            ("colour", COLOURS[colour]),
            ("thing", THINGS[thing]),
            ("past", past),
            ("plain", plain),
        ];
        two(
            format!("{}.{}.{}.{past}", NAMES[name], COLOURS[colour], THINGS[thing]),
            text("{name} {past} the {colour} {thing}.", &words),
            text("{name} {past} the {thing}.", &words),
            text("{name} did not {plain} the {thing}.", &words),
        )
    });
    rows.collect()
}
