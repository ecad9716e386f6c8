//! Scores against tables worked out by hand, and what must hold for every pattern.

use proptest::prelude::*;

use super::*;

fn facts(kinds: &[u32], special: &[usize], is_causal: bool) -> Facts {
    Facts {
        special: (0..kinds.len()).map(|position| special.contains(&position)).collect(),
        punctuation: vec![false; kinds.len()],
        kinds: kinds.to_vec(),
        second_start: None,
        allowed: (0..kinds.len()).map(|query| 0..if is_causal { query + 1 } else { kinds.len() }).collect(),
        block: None,
    }
}

fn close(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() < 1e-6, "{what}: {found}, expected {expected}")
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

fn check(scores: &HeadScores, table: &[(Score, Option<f64>)]) {
    for (score, expected) in table {
        close(scores.get(*score), *expected, score.name());
    }
}

/// Tokens [CLS] a , a [SEP] that all see each other.
const BOTH: [f32; 25] = [
    0.2, 0.2, 0.2, 0.2, 0.2, //
    0.5, 0.1, 0.1, 0.2, 0.1, //
    0.0, 0.6, 0.4, 0.0, 0.0, //
    0.1, 0.3, 0.0, 0.2, 0.4, //
    0.0, 0.0, 0.0, 1.0, 0.0,
];

fn both() -> Facts {
    Facts { punctuation: vec![false, false, true, false, false], ..facts(&[9, 1, 2, 1, 8], &[0, 4], false) }
}

#[test]
fn every_score_of_a_pattern_worked_out_by_hand() {
    let ln5 = 5f64.ln();
    let entropy_of = |row: &[f64]| -row.iter().map(|w| w * w.ln()).sum::<f64>() / ln5;
    let entropies =
        [1.0, entropy_of(&[0.5, 0.1, 0.1, 0.2, 0.1]), entropy_of(&[0.6, 0.4]), entropy_of(&[0.1, 0.3, 0.2, 0.4]), 0.0];
    // Σ A |i − j| per row, and of an even row.
    let distances = [2.0, 0.5 + 0.1 + 0.4 + 0.3, 0.6, 0.3 + 0.6 + 0.4, 1.0];
    let even = [2.0, 1.4, 1.2, 1.4, 2.0];
    check(
        &measure(&BOTH, 5, &both(), LeaveOut::default()),
        &[
            (Score::Previous, Some((0.6 + 0.0 + 1.0) / 3.0)),
            (Score::Next, Some((0.2 + 0.1 + 0.0 + 0.4) / 4.0)),
            (Score::Own, Some((0.1 + 0.4 + 0.2 + 0.0) / 4.0)),
            (Score::First, Some((0.5 + 0.0 + 0.1 + 0.0) / 4.0)),
            (Score::FirstRatio, Some(0.15 / 0.2)),
            (Score::Separator, Some((0.4 + 0.6 + 0.0 + 0.5 + 0.0) / 5.0)),
            (Score::Punctuation, Some((0.2 + 0.1 + 0.4) / 5.0)),
            (Score::SameToken, Some((0.2 + 0.3) / 2.0)),
            // Only the second a has an equal token before it: what followed is the comma.
            (Score::Prefix, Some(0.0)),
            (Score::Entropy, Some(entropies.iter().sum::<f64>() / 5.0)),
            (Score::Distance, Some(distances.iter().sum::<f64>() / 5.0)),
            (Score::DistanceRatio, Some(distances.iter().sum::<f64>() / even.iter().sum::<f64>())),
            // Three pairs only one token apart: too few distances for a line.
            (Score::Decay, None),
            (Score::AToB, None),
            (Score::Induction, None),
        ],
    );
}

#[test]
fn without_special_tokens_their_rows_and_columns_do_not_count() {
    let scores = measure(&BOTH, 5, &both(), LeaveOut { special: true, first: false });
    let entropy = |row: [f64; 3]| {
        let total: f64 = row.iter().sum();
        -row.iter().filter(|w| **w > 0.0).map(|w| w / total * (w / total).ln()).sum::<f64>() / 3f64.ln()
    };
    let entropies = [entropy([0.1, 0.1, 0.2]), entropy([0.6, 0.4, 0.0]), entropy([0.3, 0.0, 0.2])];
    let distances = [(0.1 + 0.4) / 0.4, 0.6, 0.6 / 0.5];
    check(
        &scores,
        &[
            (Score::Previous, Some((0.6 + 0.0) / 2.0)),
            (Score::Next, Some((0.1 + 0.0) / 2.0)),
            (Score::Own, Some((0.1 + 0.4 + 0.2) / 3.0)),
            (Score::First, None),
            (Score::Separator, None),
            (Score::Punctuation, Some((0.1 + 0.4) / 3.0)),
            (Score::SameToken, Some((0.2 + 0.3) / 2.0)),
            (Score::Entropy, Some(entropies.iter().sum::<f64>() / 3.0)),
            (Score::Distance, Some(distances.iter().sum::<f64>() / 3.0)),
        ],
    );
}

#[test]
fn a_causal_pattern() {
    let pattern = [1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.5, 0.25, 0.25];
    let facts = facts(&[4, 5, 4], &[], true);
    let entropy = |row: &[f64]| -row.iter().map(|w| w * w.ln()).sum::<f64>() / (row.len() as f64).ln();
    let table = [
        (Score::Previous, Some(0.25)),
        (Score::Next, None),
        (Score::First, Some(0.625)),
        (Score::FirstRatio, Some(0.625 / ((0.5 + 1.0 / 3.0) / 2.0))),
        (Score::Own, Some(0.25)),
        // Position 0 has its equal token later, where it cannot look: it counts with nothing.
        (Score::SameToken, Some(0.25)),
        (Score::Prefix, Some(0.25)),
        // Position 0 sees one key only: it has no spread.
        (Score::Entropy, Some((entropy(&[0.75, 0.25]) + entropy(&[0.5, 0.25, 0.25])) / 2.0)),
        (Score::Distance, Some((0.0 + 0.75 + 1.25) / 3.0)),
        (Score::DistanceRatio, Some((0.75 + 1.25) / (0.5 + 1.0))),
    ];
    check(&measure(&pattern, 3, &facts, LeaveOut::default()), &table);
    let without = measure(&pattern, 3, &facts, LeaveOut { special: false, first: true });
    check(&without, &[(Score::First, None), (Score::FirstRatio, None), (Score::Previous, Some(0.25))]);
}

#[test]
fn between_two_texts_without_their_separators() {
    // [CLS] a [SEP] b [SEP]
    let facts = Facts { second_start: Some(3), ..facts(&[9, 1, 8, 2, 8], &[0, 2, 4], false) };
    let mut pattern = [0.2; 25];
    pattern[5..10].copy_from_slice(&[0.1, 0.1, 0.1, 0.6, 0.1]);
    pattern[15..20].copy_from_slice(&[0.0, 0.3, 0.3, 0.2, 0.2]);
    let scores = measure(&pattern, 5, &facts, LeaveOut::default());
    check(&scores, &[(Score::AToB, Some(0.6)), (Score::BToA, Some(0.3))]);
}

#[test]
fn a_block_read_twice() {
    // BOS, then three tokens twice; a perfect induction head reads what followed, at i − 2.
    let n = 7;
    let with = |offset: usize| {
        let mut pattern = vec![0.0; n * n];
        for i in 0..n {
            pattern[i * n + if i >= 4 { i - offset } else { i }] = 1.0;
        }
        pattern
    };
    let facts = Facts { block: Some(Block { start: 1, n_tokens: 3 }), ..facts(&[0, 5, 6, 7, 5, 6, 7], &[0], true) };
    let induction = measure(&with(2), n, &facts, LeaveOut::default());
    check(&induction, &[(Score::Induction, Some(1.0)), (Score::Duplicate, Some(0.0)), (Score::Prefix, Some(1.0))]);
    let duplicate = measure(&with(3), n, &facts, LeaveOut { special: true, first: true });
    check(&duplicate, &[(Score::Induction, Some(0.0)), (Score::Duplicate, Some(1.0))]);
}

#[test]
fn weights_that_fall_exponentially_have_their_slope() {
    let n = 24;
    let mut pattern = vec![0.0_f32; n * n];
    for i in 0..n {
        let row: Vec<f64> = (0..=i).map(|j| (-0.3 * (i - j) as f64).exp()).collect();
        for (j, weight) in row.iter().enumerate() {
            // Not normalised by row, so that every distance has one weight; key 0 is of no account.
            pattern[i * n + j] = if j == 0 { 0.9 } else { (0.2 * weight) as f32 };
        }
    }
    let kinds: Vec<u32> = (0..n as u32).collect();
    let scores = measure(&pattern, n, &facts(&kinds, &[], true), LeaveOut::default());
    close(scores.get(Score::Decay).map(|slope| (slope * 1e4).round() / 1e4), Some(-0.3), "slope");
    assert!(scores.get(Score::DecayFit).is_some_and(|fit| fit > 0.9999));
}

#[test]
fn cross_attention_has_only_a_spread() {
    let scores = measure(&[0.5, 0.5, 1.0, 0.0], 2, &facts(&[1, 2, 3], &[], false), LeaveOut::default());
    for score in Score::ALL {
        close(scores.get(score), (score == Score::Entropy).then_some(0.5), score.name());
    }
    assert!(scores.to_row()[0].is_nan());
}

#[test]
fn groups_and_masks() {
    close(between(&BOTH, 5, &[1, 3], &[0, 4]), Some((0.6 + 0.5) / 2.0), "between");
    close(between(&BOTH, 5, &[1], &[]), None, "no keys");
    close(between(&BOTH, 5, &[], &[1]), None, "no queries");
    let diagonal: Vec<bool> = (0..25).map(|at| at % 6 == 0).collect();
    close(pattern_match(&BOTH, &diagonal), Some((0.2 + 0.1 + 0.4 + 0.2) / 5.0), "diagonal");
    close(pattern_match(&[0.0; 4], &[true; 4]), None, "no weight");
}

#[test]
fn the_list_is_in_the_order_of_the_enum_and_every_score_explains_itself() {
    for (index, score) in Score::ALL.into_iter().enumerate() {
        assert_eq!(score.index(), index);
        assert!(score.sentence().ends_with('.') && !score.formula().is_empty());
    }
}

fn softmaxed(logits: &[f32], n: usize, is_causal: bool) -> Vec<f32> {
    let mut pattern = logits.to_vec();
    for (query, row) in pattern.chunks_exact_mut(n).enumerate() {
        let end = if is_causal { query + 1 } else { n };
        let total: f32 = row[..end].iter().map(|logit| logit.exp()).sum();
        row[..end].iter_mut().for_each(|logit| *logit = logit.exp() / total);
        row[end..].fill(0.0);
    }
    pattern
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn shares_are_shares(
        logits in proptest::collection::vec(-4.0_f32..4.0, 81),
        kinds in proptest::collection::vec(0_u32..4, 9),
        is_causal: bool, special: bool, first: bool,
    ) {
        let facts = Facts {
            second_start: Some(5),
            block: Some(Block { start: 1, n_tokens: 4 }),
            ..facts(&kinds, &[0, 8], is_causal)
        };
        let scores = measure(&softmaxed(&logits, 9, is_causal), 9, &facts, LeaveOut { special, first });
        for score in Score::ALL.into_iter().filter(|score| score.is_share()) {
            let value = scores.get(score).unwrap_or(0.0);
            prop_assert!((-1e-6..=1.0 + 1e-6).contains(&value), "{}: {value}", score.name());
        }
        prop_assert!(scores.get(Score::Distance).is_none_or(|distance| (0.0..=8.0).contains(&distance)));
    }

    #[test]
    fn an_even_pattern_is_the_measure_of_ratios(n in 2_usize..12, is_causal: bool) {
        let kinds: Vec<u32> = (0..n as u32).collect();
        let scores = measure(&softmaxed(&vec![0.0; n * n], n, is_causal), n, &facts(&kinds, &[], is_causal), LeaveOut::default());
        for score in [Score::FirstRatio, Score::DistanceRatio, Score::Entropy] {
            let value = scores.get(score).unwrap_or(f64::NAN);
            prop_assert!((value - 1.0).abs() < 1e-5, "{}: {value}", score.name());
        }
    }
}
