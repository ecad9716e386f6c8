//! Head scores of a run and of a trace of it, against the measures of golden patterns.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use crate::support::engine::golden_run;
use crate::support::{Tensors, golden};
use headlight::analysis::AttentionSource;
use headlight::analysis::scores::{Facts, LeaveOut, Score, between, measure};
use headlight::answers::answer;
use headlight::protocol::{Answer, Question};
use headlight::trace::Side;

#[test]
fn scores_of_every_head_are_those_of_hugging_faces_patterns() {
    for architecture in ["bert", "gpt2", "llama"] {
        let run = golden_run(architecture);
        let reply = answer(Question::Scores { n_block: None }, &run).unwrap();
        let sizes = run.sizes();
        let expected_answer = Answer::Scores { n_layers: sizes.n_layers as u32, n_heads: sizes.n_heads as u32 };
        assert_eq!(reply.answer, expected_answer);
        let n_scores = Score::ALL.len();
        let (n, n_heads) = (sizes.n_key, sizes.n_heads);
        assert_eq!(reply.buffers[0].len(), 2 * sizes.n_layers * n_heads * n_scores);
        let golden = Tensors::open(&golden(architecture).join("expected.safetensors"));
        for layer in 0..sizes.n_layers {
            let patterns = golden.f32(&format!("case0.attentions.{layer}"));
            let allowed = (0..n).map(|query| run.allowed_keys(layer, query)).collect();
            let facts = Facts::of(AttentionSource::tokens(&run, Side::Key), allowed, None);
            for (variant, leave_out) in
                [LeaveOut::default(), LeaveOut { special: true, first: true }].into_iter().enumerate()
            {
                for head in 0..n_heads {
                    let scores = measure(&patterns[head * n * n..][..n * n], n, &facts, leave_out);
                    let row = &reply.buffers[0][((variant * sizes.n_layers + layer) * n_heads + head) * n_scores..];
                    for score in Score::ALL {
                        let (found, expected) = (row[score.index()], scores.get(score));
                        let agrees = match expected {
                            None => found.is_nan(),
                            Some(expected) => (f64::from(found) - expected).abs() < 1e-3 * expected.abs().max(1.0),
                        };
                        assert!(agrees, "{architecture} L{layer}H{head} {}: {found}, {expected:?}", score.name());
                    }
                }
            }
        }
    }
}

#[test]
fn weights_between_tokens_rank_the_heads() {
    let run = golden_run("bert");
    let (queries, keys) = (vec![2, 3], vec![0, 4]);
    let reply = answer(Question::HeadWeights { queries, keys }, &run).unwrap();
    let (n, n_heads) = (run.sizes().n_key, run.sizes().n_heads);
    let golden = Tensors::open(&golden("bert").join("expected.safetensors"));
    for layer in 0..run.sizes().n_layers {
        let patterns = golden.f32(&format!("case0.attentions.{layer}"));
        for head in 0..n_heads {
            let expected = between(&patterns[head * n * n..][..n * n], n, &[2, 3], &[0, 4]).unwrap();
            assert!((f64::from(reply.buffers[0][layer * n_heads + head]) - expected).abs() < 1e-4, "L{layer}H{head}");
        }
    }
    let wrong = answer(Question::HeadWeights { queries: vec![0], keys: vec![99] }, &run).unwrap_err();
    assert!(wrong.to_string().contains("key 99"), "{wrong}");
}
