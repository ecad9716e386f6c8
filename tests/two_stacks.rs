//! The three attentions of an encoder-decoder model as views ask for them: patterns, numbers of heads, neurons, scores and
//! predictions, against golden values.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::parity::decoded;
use crate::support::{Comparison, Tensors, golden, golden_cases};
use headlight::analysis::AttentionSource;
use headlight::analysis::scores::Score;
use headlight::answers::answer;
use headlight::engine::{Captures, CompiledEdits, CrossSource, Run, most_likely};
use headlight::protocol::{Answer, Grid, NeuronPart, Question, Reduce};

const ARCHITECTURES: [&str; 3] = ["t5", "bart", "marian"];
const TOLERANCE: f32 = 1e-4;

/// A decoder's run of a case; it holds the encoder's.
fn run_of(architecture: &str, case: usize) -> Run {
    let model = load_golden(architecture);
    let encoder = model.encoder().unwrap();
    let case = &golden_cases(architecture)[case];
    let source = model.encode(&case.text, None).unwrap();
    let source = Arc::new(finished(encoder, source, CompiledEdits::none(), Captures::none()));
    decoded(&model, source, model.encode_target(case.text_pair.as_deref().unwrap()).unwrap())
}

fn patterns(source: &dyn AttentionSource, layer: usize) -> Vec<f32> {
    let heads = (0..source.sizes().n_heads as u32).collect();
    answer(Question::Patterns { layer: layer as u32, heads }, source).unwrap().buffers.remove(0)
}

#[test]
fn views_get_the_golden_patterns_of_all_three() {
    for architecture in ARCHITECTURES {
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        let mut comparison = Comparison::default();
        for case in 0..golden_cases(architecture).len() {
            let run = run_of(architecture, case);
            let (encoder, cross) = (run.source().unwrap(), CrossSource::of(&run).unwrap());
            let three: [(&str, &dyn AttentionSource); 3] =
                [("encoder_attentions", encoder.as_ref()), ("decoder_attentions", &run), ("cross_attentions", &cross)];
            for (name, source) in three {
                for layer in 0..source.sizes().n_layers {
                    let name = format!("case{case}.{name}.{layer}");
                    comparison.check(&name, &patterns(source, layer), &expected.f32(&name), TOLERANCE);
                }
            }
        }
        comparison.finish();
    }
}

#[test]
fn neurons_and_thumbnails_of_cross_attention_are_of_a_target_and_a_source() {
    for architecture in ARCHITECTURES {
        let run = run_of(architecture, 1);
        let cross = CrossSource::of(&run).unwrap();
        let sizes = cross.sizes();
        let (n_query, n_key) = (run.tokens().len(), run.source().unwrap().tokens().len());
        assert_eq!((sizes.n_query, sizes.n_key), (n_query, n_key));
        let reply = answer(Question::Neurons { layer: 1, head: 2 }, &cross).unwrap();
        let Answer::Neurons(numbers) = &reply.answer else { panic!("not neurons") };
        assert!(numbers.missing.is_empty(), "{:?}", numbers.missing);
        let part = |part: NeuronPart| &reply.buffers[part as usize];
        let (q, k, scores, pattern) =
            (part(NeuronPart::Queries), part(NeuronPart::Keys), part(NeuronPart::Scores), part(NeuronPart::Pattern));
        let (d_head, scale) = (sizes.d_head, numbers.attn_scale.unwrap());
        for query in 0..n_query {
            let sum: f32 = scores[query * n_key..][..n_key].iter().map(|score| score.exp()).sum();
            for key in 0..n_key {
                let dot: f32 = (0..d_head).map(|d| q[query * d_head + d] * k[key * d_head + d]).sum();
                let score = scores[query * n_key + key];
                assert!((dot * scale - score).abs() < TOLERANCE, "{architecture} {query} {key}: no bias across");
                assert!((score.exp() / sum - pattern[query * n_key + key]).abs() < TOLERANCE);
            }
        }
        let all = |n: usize| (0..n as u32).collect::<Vec<_>>();
        let grid = Grid { queries: all(n_query), keys: all(n_key), max_cells: 64, reduce: Reduce::Max };
        let reply = answer(Question::Thumbnails { layer: 1, heads: all(sizes.n_heads), grid }, &cross).unwrap();
        let Answer::Thumbnails { n_rows, n_columns, heads, .. } = &reply.answer else { panic!("not thumbnails") };
        assert_eq!((*n_rows as usize, *n_columns as usize), (n_query, n_key));
        let whole = patterns(&cross, 1);
        assert_eq!(reply.buffers[0], whole, "{architecture}: small enough to be whole");
        for (head, numbers) in heads.iter().enumerate() {
            let most = whole[head * n_query * n_key..][..n_query * n_key].iter().copied().fold(0.0, f32::max);
            assert_eq!(numbers.strongest.unwrap().weight, most);
        }
    }
}

#[test]
fn cross_attention_has_no_scores_that_compare_positions() {
    // Case 0 reads one text twice: as many queries as keys, and still no positions of one sequence.
    let run = run_of("bart", 0);
    let cross = CrossSource::of(&run).unwrap();
    assert_eq!(cross.sizes().n_query, cross.sizes().n_key);
    let values = answer(Question::Scores { n_block: None }, &cross).unwrap().buffers.remove(0);
    for row in values.chunks_exact(Score::ALL.len()) {
        for score in Score::ALL {
            assert_eq!(row[score.index()].is_nan(), score != Score::Entropy, "{}", score.name());
        }
    }
    let values = answer(Question::Scores { n_block: None }, &run).unwrap().buffers.remove(0);
    assert!(!values[Score::Previous.index()].is_nan(), "the decoder's own positions can be compared");
}

#[test]
fn predictions_at_each_row_are_the_golden_argmax() {
    for architecture in ARCHITECTURES {
        let run = run_of(architecture, 1);
        let logits = Tensors::open(&golden(architecture).join("expected.safetensors")).f32("case1.logits");
        let d_vocab = run.model().spec().d_vocab;
        let found = most_likely(&run, 0..run.tokens().len()).unwrap();
        assert_eq!(found.len() * d_vocab, logits.len());
        for (top, row) in found.iter().zip(logits.chunks_exact(d_vocab)) {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert!((row[top.id as usize] - most).abs() < TOLERANCE, "{architecture}");
            let total: f64 = row.iter().map(|logit| f64::from(logit - most).exp()).sum();
            assert!((f64::from(top.prob) - 1.0 / total).abs() < 1e-4, "{architecture}");
        }
    }
}
