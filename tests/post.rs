//! Every claim of public/examples/post.html, measured on the bundled models; and that it stands in the article as measured.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use crate::support::seen::{Seen, at, model, seen};
use headlight::analysis::scores::Score;
use headlight::analysis::{AttentionSource, Rotation};
use headlight::gallery::{ExampleText, MINILM, SMOLLM2};

const POST: &str = include_str!("../public/examples/post.html");
const EXAMPLES: &str = include_str!("../xtask/src/example.rs");

/// The number as the article writes it, in bold.
fn says(found: f64, written: &str) {
    assert!(POST.contains(&format!("<b>{written}</b>")), "the article does not say {written}");
    let number: f64 = written.replace('−', "-").parse().unwrap();
    assert!((found - number).abs() <= 0.005 + 1e-3, "measured {found}, the article says {written}");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_word_before() {
    let minilm = model(MINILM);
    for text in ["The quick, brown fox jumps over the lazy", "Nobody expected seven wet umbrellas in the freezer"] {
        let scores = seen(&minilm, ExampleText::One(text)).scores(0, 2);
        says(scores.get(Score::Previous).unwrap(), "1.00");
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn whom_a_pronoun_means() {
    let smollm2 = model(SMOLLM2);
    let she = seen(&smollm2, ExampleText::One("The doctor asked the nurse a question. She"));
    let he = seen(&smollm2, ExampleText::One("The doctor asked the nurse a question. He"));
    let reads = |seen: &Seen, head: usize, token: &str| {
        let last = seen.n() - 1;
        f64::from(seen.weight((9, head), last, at(seen, token)))
    };
    says(reads(&she, 4, "Ġnurse"), "0.48");
    says(reads(&she, 4, "Ġdoctor"), "0.15");
    says(reads(&he, 4, "Ġnurse"), "0.14");
    says(reads(&he, 4, "Ġdoctor"), "0.19");
    says(reads(&he, 3, "Ġnurse"), "0.54");
    says(reads(&she, 3, "Ġdoctor"), "0.32");
    assert!(POST.contains("query=8") && she.n() - 1 == 8);
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn between_two_sentences() {
    let minilm = model(MINILM);
    let pair = seen(&minilm, ExampleText::Two("The cat sat on the mat", "The cat lay on the rug"));
    let (mat, rug) = (at(&pair, "mat"), at(&pair, "rug"));
    let across = pair.ranked_by(Score::AToB)[0];
    assert_eq!((across.1, across.2), (5, 7), "no head reads more from the first into the second");
    says(across.0, "0.50");
    let to_rug = pair.ranked_by_weight(mat, rug)[0];
    assert_eq!((to_rug.1, to_rug.2), (5, 7), "no head reads rug more from mat");
    says(to_rug.0, "0.44");
    says(f64::from(pair.weight((5, 7), rug, mat)), "0.15");
    assert_eq!(mat, 6, "the article marks this query");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn where_this_happened_before() {
    let smollm2 = model(SMOLLM2);
    let block = |seed| seen(&smollm2, ExampleText::Block { n_tokens: 50, seed });
    let first = block(1);
    let best = first.ranked_by(Score::Induction);
    assert_eq!((best[0].1, best[0].2, best.len()), (18, 6, 270));
    says(best[0].0, "0.89");
    says(block(2).scores(18, 6).get(Score::Induction).unwrap(), "0.89");
    says(block(3).scores(18, 6).get(Score::Induction).unwrap(), "0.91");
    // The trace that the article shows is of these very tokens.
    let ids: Vec<String> = first.run.tokens().ids.iter().map(u32::to_string).collect();
    let listed: String = EXAMPLES.split_whitespace().collect();
    let block = ids[1..51].join(",");
    assert!(listed.contains(&format!("[{block},]")) && ids[0] == "1", "xtask/src/example.rs must run {ids:?}");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn a_neuron_that_measures_distance() {
    const FRUIT: &str = "At the store, she bought apples, oranges, bananas,";
    let minilm = model(MINILM);
    let parts = |text| parts_by_distance(&seen(&minilm, ExampleText::One(text)), (1, 4), 29, 6);
    for (text, nearest, farthest) in [
        (FRUIT, "0.22", "−0.61"),
        ("one two three four five six seven eight nine ten eleven twelve", "0.05", "−0.58"),
        ("The quick, brown fox jumps over the lazy dog and runs away into the forest", "0.50", "−0.15"),
    ] {
        let parts = parts(text);
        assert!(parts.windows(2).all(|two| two[1] < two[0]), "less with every step: {parts:?}");
        says(parts[0], nearest);
        says(parts[5], farthest);
    }
    assert_eq!(at(&seen(&minilm, ExampleText::One(FRUIT)), "bananas"), 12, "the article marks this query");
}

/// What a neuron adds to the score of a key, on average over the queries for which it stands 1, 2, … tokens before.
fn parts_by_distance(seen: &Seen, (layer, head): (usize, usize), neuron: usize, n_distances: usize) -> Vec<f64> {
    let (n, d_head) = (seen.n(), seen.run.sizes().d_head);
    let queries = seen.run.queries(layer, head, Rotation::After).unwrap();
    let keys = seen.run.keys(layer, head, Rotation::After).unwrap();
    let part = |query: usize, key: usize| {
        f64::from(queries[query * d_head + neuron] * keys[key * d_head + neuron]) / (d_head as f64).sqrt()
    };
    // Words only: [CLS] and [SEP] stand at the ends.
    let mean = |distance: usize| {
        let parts: Vec<f64> = (1 + distance..n - 1).map(|query| part(query, query - distance)).collect();
        parts.iter().sum::<f64>() / parts.len() as f64
    };
    (1..=n_distances).map(mean).collect()
}
