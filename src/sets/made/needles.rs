//! Facts to be found again: a key and its value at a distance from the question, with other sentences between them.

use super::template::shuffled_product;
use crate::random::SplitMix64;
use crate::sets::Row;
use crate::sets::row::Label;

const KEYS: [&str; 8] =
    ["the garden", "the harbour", "the tower", "the museum", "the bakery", "the garage", "the attic", "the chapel"];
const VALUES: [&str; 12] =
    ["red", "blue", "green", "white", "black", "yellow", "brown", "gold", "silver", "pink", "grey", "orange"];
/// Sentences without keys and without colours.
const FILLER: [&str; 16] = [
    "It rained a little in the morning.",
    "Two buses stopped near the corner.",
    "Somebody had left a newspaper on the bench.",
    "The shops opened later than usual.",
    "A child asked for the time.",
    "The wind came from the west.",
    "Nobody answered the phone.",
    "They talked about the weather for a while.",
    "The soup was still too hot.",
    "An old song played on the radio.",
    "The train was full that day.",
    "He counted the steps to the door.",
    "She put the letters into a drawer.",
    "The meeting took longer than planned.",
    "There was a smell of fresh bread.",
    "The lights went out at ten.",
];

/// Sentences of filler in all.
const LENGTHS: [usize; 4] = [4, 8, 16, 32];
/// Where the fact stands among them: at the beginning, after a quarter, and so on.
const N_DEPTHS: usize = 5;

pub(super) fn needles(n_rows: usize, seed: u64) -> Vec<Row> {
    // Lengths and depths are crossed; each round draws other words.
    let n_cells = LENGTHS.len() * N_DEPTHS;
    let product = shuffled_product([LENGTHS.len(), N_DEPTHS], seed);
    (0..n_rows)
        .map(|index| {
            let [length, depth] = product[index % n_cells];
            row(LENGTHS[length], depth, index, SplitMix64::nth(seed, index as u64))
        })
        .collect()
}

fn row(n_filler: usize, depth: usize, index: usize, seed: u64) -> Row {
    let mut random = SplitMix64::new(seed);
    let (mut keys, mut values) = (KEYS, VALUES);
    random.shuffle(&mut keys);
    random.shuffle(&mut values);
    let fact = format!("The key of {} is {}.", keys[0], values[0]);
    let at = n_filler * depth / (N_DEPTHS - 1);
    let mut sentences: Vec<String> = (0..n_filler).map(|_| FILLER[random.below(FILLER.len())].to_owned()).collect();
    sentences.insert(at, fact.clone());
    let before = sentences[..at].join(" ");
    let from = before.len() + usize::from(at > 0);
    let text = format!("{} The key of {} is", sentences.join(" "), keys[0]);
    let n_words = text[from + fact.len()..].split_whitespace().count();
    Row {
        answer: Some(format!(" {}", values[0])),
        others: values[1..].iter().map(|value| format!(" {value}")).collect(),
        label: Some(Label::Number(n_words as f64)),
        pair_id: Some(format!("n{n_filler}/d{depth}#{index}")),
        marks: [("needle".to_owned(), (from, from + fact.len()))].into(),
        text,
        ..Row::default()
    }
}
