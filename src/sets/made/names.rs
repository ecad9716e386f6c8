//! Names and words to be copied.

use super::template::{filled, shuffled_product};
use crate::random::SplitMix64;
use crate::sets::Row;

/// Names that are one token to most tokenizers.
const NAMES: [&str; 20] = [
    "Mary", "John", "Anna", "Paul", "Sarah", "Tom", "Laura", "James", "Emma", "David", "Alice", "Mark", "Susan",
    "Peter", "Jane", "Robert", "Lisa", "Michael", "Kate", "Daniel",
];

const PLACES: [&str; 8] = ["store", "park", "office", "station", "school", "beach", "market", "library"];
const OBJECTS: [&str; 8] = ["drink", "book", "ticket", "letter", "flower", "key", "map", "gift"];

/// `s` comes twice, `io` once; in the control `s2` is a third name.
const SENTENCES: [&str; 6] = [
    "When {io} and {s} went to the {place}, {s2} gave a {object} to",
    "When {s} and {io} went to the {place}, {s2} gave a {object} to",
    "After {io} and {s} met at the {place}, {s2} handed a {object} to",
    "After {s} and {io} met at the {place}, {s2} handed a {object} to",
    "While {io} and {s} were at the {place}, {s2} showed a {object} to",
    "While {s} and {io} were at the {place}, {s2} showed a {object} to",
];

/// Common words, one token each to most tokenizers after a space.
const WORDS: [&str; 48] = [
    "apple", "river", "stone", "green", "window", "seven", "music", "paper", "horse", "winter", "bread", "silver",
    "garden", "cloud", "table", "yellow", "mountain", "letter", "bridge", "summer", "glass", "island", "butter",
    "forest", "orange", "village", "engine", "purple", "market", "ocean", "candle", "king", "school", "sugar",
    "planet", "metal", "doctor", "flower", "night", "copper", "rabbit", "station", "coffee", "shadow", "ticket",
    "valley", "wooden", "square",
];

/// How many words a repeated block has.
const N_BLOCK: usize = 12;

pub(super) fn indirect_objects(n_rows: usize, seed: u64, is_control: bool) -> Vec<Row> {
    // Rows of the control differ from those of the same seed in one name.
    let mut rows = Vec::new();
    for [sentence, place, object] in shuffled_product([SENTENCES.len(), PLACES.len(), OBJECTS.len()], seed) {
        if rows.len() >= n_rows {
            break;
        }
        let mut names = NAMES;
        SplitMix64::new(SplitMix64::nth(seed, rows.len() as u64)).shuffle(&mut names);
        let [io, s, third, ..] = names;
        let s2 = if is_control { third } else { s };
        let words = [("io", io), ("s", s), ("s2", s2), ("place", PLACES[place]), ("object", OBJECTS[object])];
        rows.push(Row {
            answer: Some(format!(" {io}")),
            others: vec![format!(" {s}")],
            pair_id: Some(format!("t{sentence}/{}", PLACES[place])),
            ..filled(SENTENCES[sentence], &words)
        });
    }
    rows
}

pub(super) fn repeated_block(n_rows: usize, seed: u64) -> Vec<Row> {
    let row = |index: usize| {
        let mut random = SplitMix64::new(SplitMix64::nth(seed, index as u64));
        let mut words = WORDS;
        random.shuffle(&mut words);
        let block = &words[..N_BLOCK];
        // The second copy ends somewhere after its first word, and the word that follows is the answer.
        let n_read = 1 + random.below(N_BLOCK - 1);
        let others = block.iter().filter(|word| **word != block[n_read]).map(|word| format!(" {word}"));
        Row {
            text: [block, &block[..n_read]].concat().join(" "),
            answer: Some(format!(" {}", block[n_read])),
            others: others.collect(),
            ..Row::default()
        }
    };
    (0..n_rows).map(row).collect()
}
