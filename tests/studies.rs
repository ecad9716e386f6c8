//! Every claim of public/examples/studies.html, measured on the bundled model; and that it stands in the article as measured.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::seen::{at, model, seen};
use headlight::analysis::decay::{Curve, HeadText, curve, half_life, line, n_far, slopes};
use headlight::analysis::statistics::spearman;
use headlight::analysis::{AttentionSource, Rotation};
use headlight::engine::Model;
use headlight::engine::jobs::{FindJob, FindOptions, FindPart, Found, complete_with};
use headlight::gallery::{ExampleText, MINILM};
use headlight::random::SplitMix64;
use headlight::sets::made::{Made, share_of_women};
use headlight::sets::{Row, Version};

const ARTICLE: &str = include_str!("../public/examples/studies.html");
const N_HEADS: usize = 12;
/// How much more a pronoun reads the word of women.
const MEASURE: &str = "weight:pronoun:occ_f-occ_m";

/// The number as the article writes it, in bold.
fn says(found: f64, written: &str) {
    assert!(ARTICLE.contains(&format!("<b>{written}</b>")), "the article does not say {written}");
    let number: f64 = written.replace('−', "-").parse().unwrap();
    let n_decimals = written.rsplit('.').next().unwrap().len() as i32;
    let half = 0.5 * 10f64.powi(-n_decimals) + 1e-3;
    assert!((found - number).abs() <= half, "measured {found}, the article says {written}");
}

/// A search as the page begins it, and the numbers of each row [n_layers, n_heads].
fn searched(model: &Arc<Model>, set: &[Row], measure: &str) -> (Found, BTreeMap<usize, Vec<f32>>) {
    let options = FindOptions { n_permutations: 2_000, ..FindOptions::default() };
    let set = Arc::new(set.to_vec());
    let job = FindJob::new(Arc::clone(model), set, Vec::new(), measure.parse().unwrap(), options).unwrap();
    let mut values = BTreeMap::new();
    let found = complete_with(job, |FindPart { row, values: of_row }| _ = values.insert(row, of_row)).unwrap();
    (found, values)
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn whom_she_reads() {
    let minilm = model(MINILM);
    let set = Made::Coreference.rows(40, 0);
    assert_eq!(set.len(), 40);
    let (found, values) = searched(&minilm, &set, MEASURE);
    let head = &found.heads[N_HEADS + 3];
    let (low, high) = head.estimate.interval.unwrap();
    says(head.estimate.value, "0.23");
    says(low, "0.05");
    says(high, "0.39");
    says(head.p.unwrap().p_corrected, "0.98");
    says(found.heads[5 * N_HEADS + 8].estimate.value, "−0.20");
    // For the occupation that is read, and with the other sign for the other one.
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (index, row) in set.iter().enumerate().filter(|(_, row)| row.version == Some(Version::A)) {
        let is_other = |other: &&(usize, &Row)| other.1.pair_id == row.pair_id && other.1.version == Some(Version::B);
        let all: Vec<(usize, &Row)> = set.iter().enumerate().collect();
        let (other, _) = all.iter().find(is_other).unwrap();
        let difference = f64::from(values[&index][N_HEADS + 3] - values[other][N_HEADS + 3]);
        for (mark, sign) in [("occ_f", 1.0), ("occ_m", -1.0)] {
            let sum = sums.entry(row.marked(mark).unwrap()).or_default();
            *sum = (sum.0 + sign * difference, sum.1 + 1.0);
        }
    }
    let shares: Vec<f64> = sums.keys().map(|name| share_of_women(name).unwrap()).collect();
    let means: Vec<f64> = sums.values().map(|(sum, n)| sum / n).collect();
    says(spearman(&shares, &means, None).unwrap(), "0.56");
    let shown = seen(&minilm, ExampleText::One("The manager wrote to the teacher that she would be late."));
    assert!(at(&shown, "she") == 8 && ARTICLE.contains("query=8"), "the article marks this query");
    assert!(ARTICLE.contains("made=coreference:40:0"));
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn whom_she_reads_where_the_gender_is_a_fact() {
    let (control, _) = searched(&model(MINILM), &Made::FactualGender.rows(40, 0), MEASURE);
    says(control.heads[N_HEADS + 3].estimate.value, "0.66");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn which_heads_tell_a_paraphrase() {
    let minilm = model(MINILM);
    let (found, _) = searched(&minilm, &Made::Paraphrase.rows(24, 0), "auc:between_ab");
    let head = &found.heads[N_HEADS + 4];
    let (low, high) = head.estimate.interval.unwrap();
    says(head.estimate.value, "0.78");
    says(low, "0.60");
    says(high, "0.95");
    says(head.p.unwrap().p_corrected, "0.008");
    let n_below = found.heads.iter().filter(|head| head.p.is_some_and(|p| p.p_corrected < 0.05)).count();
    assert_eq!((n_below, found.heads.len(), found.n_units), (1, 72, 24), "no other head");
    let (_, by_words) = found.baselines.iter().find(|(name, _)| *name == "word overlap").unwrap();
    says(by_words.value, "0.50");
    assert!(ARTICLE.contains("made=paraphrase:24:0"));
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn what_makes_a_head_prefer_near_tokens() {
    let (layer, head) = (0, 2);
    let minilm = model(MINILM);
    let set = Made::Texts.rows(8, 0);
    let (found, _) = searched(&minilm, &set, "decay");
    let slope = |place: usize| found.heads[place].estimate.value;
    assert!((0..72).all(|place| place == head || slope(place) > slope(head)), "no other head falls faster");
    says(half_life(slope(head)).unwrap(), "3.6");
    let text = |row: &Row| {
        let seen = seen(&minilm, ExampleText::One(Box::leak(row.text.clone().into_boxed_str())));
        let queries = seen.run.queries(layer, head, Rotation::After).unwrap();
        let keys = seen.run.keys(layer, head, Rotation::After).unwrap();
        HeadText { n: seen.n(), pattern: seen.pattern(layer, head), queries, keys }
    };
    let texts: Vec<HeadText> = set.iter().map(text).collect();
    let (far, scale) = (n_far(texts.iter().map(|text| text.n)), f64::from(minilm.spec().attn_scale_of(layer)));
    let fall = |curve: Curve| -line(&curve.weights.iter().map(|weight| weight.ln()).collect::<Vec<f64>>()).slope;
    says(fall(curve(&texts, far, scale, None)), "0.76");
    let parts = slopes(&texts, far, scale);
    let mut neurons: Vec<usize> = (0..parts.len()).collect();
    neurons.sort_by(|one, other| parts[*one].total_cmp(&parts[*other]));
    assert!(neurons.len() == 32 && neurons[0] == 9 && ARTICLE.contains("neuron=9"), "{neurons:?}");
    let without = |silent: &[usize]| {
        let factors: Vec<f64> = (0..32).map(|neuron| f64::from(u8::from(!silent.contains(&neuron)))).collect();
        fall(curve(&texts, far, scale, Some(&factors)))
    };
    says(without(&neurons[..4]), "0.49");
    // As the page draws them, among the neurons in this order.
    let mut order: Vec<usize> = (0..32).collect();
    SplitMix64::new(0).shuffle(&mut order);
    let random: Vec<usize> = order[..4].iter().map(|place| neurons[*place]).collect();
    says(without(&random), "0.67");
    assert!(ARTICLE.contains("made=texts:8:0"));
}
