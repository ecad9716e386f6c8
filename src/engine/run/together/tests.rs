//! Runs side by side against runs alone.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::edit::parse_list;
use crate::engine::edits::{CompiledEdits, PatchValues};
use crate::engine::hooks::Captures;
use crate::trace::Lengths;

/// Configurations of small checkpoints, one for each way through a block.
const CONFIGS: [&str; 6] = [
    include_str!("../../../../tests/fixtures/golden/gpt2/config.json"),
    include_str!("../../../../tests/fixtures/golden/llama/config.json"),
    include_str!("../../../../tests/fixtures/golden/bert/config.json"),
    include_str!("../../../../tests/fixtures/golden/gpt_neox/config.json"),
    include_str!("../../../../tests/fixtures/golden/gemma3_text/config.json"),
    include_str!("../../../../tests/fixtures/golden/opt/config.json"),
];

/// Edits at several hooks; the fourth makes attention's output head by head.
const EDITS: [&str; 5] = [
    "[]",
    r#"[{"kind":"zero_head","layer":1,"head":0}]"#,
    r#"[{"kind":"block_token","layer":0,"key":1}]"#,
    r#"[{"kind":"scale","layer":0,"hook":"attn.hook_result","head":1,"factor":0.5}]"#,
    r#"[{"kind":"scale","layer":1,"hook":"mlp.hook_post","neuron":3,"factor":2.0}]"#,
];

fn run(model: &Arc<Model>, ids: &[u32], edits: usize) -> Run {
    let tokens = model.tokens_from_ids(ids).unwrap();
    let lengths = Lengths::from(tokens.len());
    let list = parse_list(EDITS[edits]).unwrap();
    let bound = CompiledEdits::bind_each(&list, model.spec(), None, lengths, &PatchValues::default());
    Run::new(Arc::clone(model), tokens, bound.edits, Captures::of([Hook::Block(1, BlockSite::MlpOut)])).unwrap()
}

/// Steps until each is done.
fn complete(runs: &mut [Run]) {
    loop {
        let mut left: Vec<&mut Run> = runs.iter_mut().filter(|run| !run.is_done()).collect();
        if left.is_empty() {
            return;
        }
        step_together(&mut left, None).into_iter().for_each(|step| _ = step.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Equal to the last bit, but for runs of one token, whose products alone are added up in another order.
    #[test]
    fn runs_side_by_side_are_runs_alone(
        config in 0..CONFIGS.len(),
        inputs in proptest::collection::vec((proptest::collection::vec(3_u32..90, 1..9), 0..EDITS.len()), 2..6),
    ) {
        let model = Arc::new(Model::seeded(CONFIGS[config], 11).unwrap());
        let mut side_by_side: Vec<Run> = inputs.iter().map(|(ids, edits)| run(&model, ids, *edits)).collect();
        complete(&mut side_by_side);
        for (found, (ids, edits)) in side_by_side.iter().zip(&inputs) {
            let mut alone = run(&model, ids, *edits);
            alone.complete().unwrap();
            let hook = Hook::Block(1, BlockSite::MlpOut);
            let pairs = [
                (found.final_stream(), alone.final_stream()),
                (found.captured(hook).unwrap(), alone.captured(hook).unwrap()),
                (found.layer(1).unwrap().q.as_slice(), alone.layer(1).unwrap().q.as_slice()),
                (found.layer(1).unwrap().v.as_slice(), alone.layer(1).unwrap().v.as_slice()),
            ];
            for (found, alone) in pairs {
                prop_assert_eq!(found.len(), alone.len());
                if ids.len() > 1 {
                    prop_assert_eq!(found, alone, "{} tokens, edits {}", ids.len(), edits);
                } else {
                    let close = |(one, other): (&f32, &f32)| (one - other).abs() <= 1e-5 * other.abs().max(1.0);
                    prop_assert!(found.iter().zip(alone).all(close), "one token, edits {}", edits);
                }
            }
        }
    }
}

#[test]
fn a_run_that_fails_leaves_the_others_alone() {
    let model = Arc::new(Model::seeded(CONFIGS[0], 11).unwrap());
    let mut runs = [run(&model, &[5, 6, 7], 0), run(&model, &[8, 9], 0), run(&model, &[10, 11, 12, 13], 1)];
    // Position 0 of a causal model has no key but its own.
    let list = parse_list(r#"[{"kind":"knock_out_edge","layer":0,"head":0,"query":0,"key":0}]"#).unwrap();
    let lengths = Lengths::from(2);
    runs[1].edits = CompiledEdits::bind_each(&list, model.spec(), None, lengths, &PatchValues::default()).edits;
    let mut failed = 0;
    let mut left: Vec<&mut Run> = runs.iter_mut().collect();
    while !left.is_empty() {
        let steps = step_together(&mut left, None);
        failed += steps.iter().filter(|step| step.is_err()).count();
        let mut steps = steps.into_iter();
        left.retain(|_| matches!(steps.next(), Some(Ok(Step::More))));
    }
    assert_eq!(failed, 1);
    let mut alone = run(&model, &[10, 11, 12, 13], 1);
    alone.complete().unwrap();
    assert_eq!(runs[2].final_stream(), alone.final_stream());
    assert!(runs[0].is_done() && !runs[1].is_done());
}
