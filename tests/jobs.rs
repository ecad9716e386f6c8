//! Experiments as jobs: what they answer, that they can be stopped and taken up, and that nobody's run is changed by them.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::jobs::{OTHER, TEXT, an_outcome, base, edits};
use headlight::analysis::AttentionSource;
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::scores::AllHeads;
use headlight::edit::Edit;
use headlight::engine::backward::Differentiated;
use headlight::engine::jobs::{
    Baseline, CompareJob, Compared, ContinueJob, EstimateJob, EstimateOf, Job, KeepJob, LossesJob, Measure,
    PredictionsJob, RunInput, RunJob, RunOptions, SaliencyJob, ScoredInput, ScoresJob, Target, complete, complete_with,
};
use headlight::engine::{
    Bos, Captures, CompiledEdits, EngineError, Generation, Measured, Model, Run, Sampling, Step, Written, most_likely,
    top_predictions,
};
use headlight::trace::{AttnKind, Stack};

#[test]
fn a_run_job_is_a_run_under_its_edits() {
    let model = load_golden("llama");
    let tokens = model.encode(TEXT, None).unwrap();
    let list = edits(r#"[{"kind":"zero_head","layer":1,"head":2}]"#);
    let bound = CompiledEdits::bind(&list, model.spec(), tokens.len()).unwrap();
    let expected = finished(&model, tokens.clone(), bound, Captures::none());
    let job = RunJob::new(Arc::clone(&model), tokens.clone().into(), list.clone(), RunOptions::default()).unwrap();
    let fresh = complete(job).unwrap();
    assert_eq!(fresh.run.final_stream(), expected.final_stream());
    assert_eq!((fresh.edits, fresh.inactive.len()), (list.clone(), 0));
    let base = base(&model);
    let again = complete(RunJob::again(Arc::clone(&base), list, RunOptions::default())).unwrap().run;
    assert_eq!(again.final_stream(), expected.final_stream());
    assert_eq!(again.n_layers_shared(&base), 1, "layer 0 is before the edit");
}

#[test]
fn a_run_job_refuses_what_does_not_fit_or_leaves_it_out() {
    let model = load_golden("gpt2");
    let list = edits(r#"[{"kind":"zero_head","layer":99,"head":0},{"kind":"zero_head","layer":0,"head":0}]"#);
    let job = |leaves_out| {
        let options = RunOptions { leaves_out, ..RunOptions::default() };
        complete(RunJob::again(base(&model), list.clone(), options))
    };
    assert!(job(false).unwrap_err().to_string().contains("layer 99 is not there"));
    let left_out = job(true).unwrap();
    assert_eq!(left_out.inactive.iter().map(|inactive| inactive.index).collect::<Vec<_>>(), [0]);
    assert_ne!(left_out.run.final_stream(), base(&model).final_stream(), "the other edit acts");
}

#[test]
fn a_patch_reads_another_text_first() {
    let model = load_golden("gpt2");
    let list = edits(&format!(r#"[{{"kind":"patch","layer":1,"hook":"hook_resid_pre","from":{{"text":"{OTHER}"}}}}]"#));
    let run = complete(RunJob::again(base(&model), list, RunOptions::default())).unwrap().run;
    let tokens = model.encode(OTHER, None).unwrap();
    let other = finished(&model, tokens, CompiledEdits::none(), Captures::none());
    assert_eq!(run.final_stream(), other.final_stream(), "everything after layer 1's stream is the other text's");
}

#[test]
fn a_decoder_writes_its_target_or_reads_one() {
    let model = load_golden("t5");
    let encoder = model.encoder().unwrap();
    let tokens = model.encode(TEXT, None).unwrap();
    let source = Arc::new(finished(encoder, tokens.clone(), CompiledEdits::none(), Captures::none()));
    let start = model.start().unwrap();
    let mut expected = Run::decode(Arc::clone(&model), source, start, CompiledEdits::none(), Captures::none()).unwrap();
    expected.complete().unwrap();
    let mut generation = Generation::of_target(&model, 1, None).unwrap();
    while generation.step(&mut expected).unwrap() != Written::End {}
    let job = |target| {
        let input = RunInput { tokens: tokens.clone(), target };
        complete(RunJob::new(Arc::clone(&model), input, Vec::new(), RunOptions::default()).unwrap()).unwrap().run
    };
    let written = job(Target::Generated);
    assert_eq!(written.tokens().ids, expected.tokens().ids);
    let read = job(Target::Tokens(written.tokens().clone()));
    assert_eq!(read.tokens(), written.tokens());
    let predicted = complete(PredictionsJob::new(Arc::new(read))).unwrap();
    assert_eq!(predicted, most_likely(&written, 0..written.tokens().len()).unwrap());
}

#[test]
fn an_edit_of_the_encoder_reaches_the_decoder() {
    let model = load_golden("t5");
    let input = |json: &str| {
        let tokens = model.encode(TEXT, None).unwrap();
        let target = Target::Tokens(model.encode_target(OTHER).unwrap());
        let options = RunOptions::default();
        complete(RunJob::new(Arc::clone(&model), RunInput { tokens, target }, edits(json), options).unwrap())
            .unwrap()
            .run
    };
    let clean = Arc::new(input("[]"));
    let list = r#"[{"kind":"zero_head","stack":"encoder","layer":0,"head":0}]"#;
    let edited = complete(RunJob::again(Arc::clone(&clean), edits(list), RunOptions::default())).unwrap().run;
    assert_eq!(edited.final_stream(), input(list).final_stream());
    assert_ne!(edited.final_stream(), clean.final_stream());
    let decoder = r#"[{"kind":"zero_head","stack":"decoder","layer":0,"head":0}]"#;
    let edited = complete(RunJob::again(Arc::clone(&clean), edits(decoder), RunOptions::default())).unwrap().run;
    assert!(Arc::ptr_eq(edited.source().unwrap(), clean.source().unwrap()), "the encoder is not run again");
    let no_stack = r#"[{"kind":"zero_head","layer":0,"head":0}]"#;
    let options = RunOptions { leaves_out: true, ..RunOptions::default() };
    let left_out = complete(RunJob::again(clean, edits(no_stack), options)).unwrap();
    assert_eq!(left_out.inactive.len(), 1, "named once, not once for each stack: {:?}", left_out.inactive);
}

#[test]
fn runs_are_compared_side_by_side() {
    let model = load_golden("gpt2");
    let base = base(&model);
    let list = edits(r#"[{"kind":"zero_head","layer":0,"head":"all"}]"#);
    let edited = Arc::new(complete(RunJob::again(Arc::clone(&base), list.clone(), RunOptions::default())).unwrap().run);
    let runs = vec![(Arc::clone(&base), Vec::new()), (Arc::clone(&edited), list)];
    let compare = |measure| {
        let job = CompareJob::new(Arc::clone(&model), runs.clone(), measure, 3, vec![7, 7]);
        complete(job).unwrap()
    };
    let Compared { position, tokens, outcome, .. } = compare(Some(Ok(Measure::Tokens(an_outcome()))));
    let last = base.tokens().len() - 1;
    assert_eq!(position, last);
    let top = top_predictions(&base, last, 3).unwrap();
    for (top, (id, probs)) in top.iter().zip(&tokens) {
        assert_eq!((top.id, top.prob), (*id, probs[0]), "the first run's order comes first");
    }
    assert_eq!(tokens.iter().filter(|(id, _)| *id == 7).count(), 1);
    let expected = [&base, &edited].map(|run| an_outcome().value(run).unwrap().logit_difference);
    let found: Vec<f32> = outcome.unwrap().unwrap().iter().map(Measured::value).collect();
    assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{found:?}");
    assert_eq!(compare(None).outcome, None);
    let refused = compare(Some(Err(EngineError::Request("\" of the\" is 2 tokens".to_owned()))));
    assert_eq!(refused.outcome, Some(Err("\" of the\" is 2 tokens".to_owned())));
    assert_eq!(refused.tokens, tokens, "predictions come all the same");
}

#[test]
fn scores_over_inputs_go_on_where_they_stopped() {
    let model = load_golden("gpt2");
    let inputs: Vec<ScoredInput> = (0..3)
        .map(|seed| {
            let tokens = model.random_block(6, seed, Bos::AsTokenizer).unwrap();
            ScoredInput { input: tokens.into(), n_block: Some(6) }
        })
        .collect();
    let job = |inputs| ScoresJob::new(Arc::clone(&model), inputs, Vec::new(), AttnKind::default());
    let mut tables = Vec::new();
    let whole = complete_with(job(inputs.clone()), |table| tables.push(table)).unwrap();
    assert_eq!(tables.len(), 3);
    let run = finished(&model, inputs[1].input.tokens.clone(), CompiledEdits::none(), Captures::none());
    let mut heads = AllHeads::new(Some(6));
    while heads.step(&run).unwrap() {}
    let bits = |table: &[f32]| table.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&tables[1]), bits(&heads.finish()));
    let mut rest = Vec::new();
    let resumed = job(inputs).resume(tables[..2].to_vec());
    let resumed = complete_with(resumed, |table| rest.push(table)).unwrap();
    assert_eq!(bits(&rest.concat()), bits(&tables[2]), "only the third input is run");
    assert_eq!((bits(&resumed.0), bits(&resumed.1)), (bits(&whole.0), bits(&whole.1)));
}

#[test]
fn scores_over_inputs_are_made_under_the_edits_and_of_one_attention() {
    let table = |model: &Arc<Model>, input: RunInput, list: &[Edit], kind: AttnKind| {
        let (mut tables, inputs) = (Vec::new(), vec![ScoredInput { input, n_block: None }]);
        let job = ScoresJob::new(Arc::clone(model), inputs, list.to_vec(), kind);
        complete_with(job, |table| tables.push(table)).unwrap();
        tables.concat().iter().map(|value: &f32| value.to_bits()).collect::<Vec<_>>()
    };
    let scores = |source: &dyn AttentionSource| {
        let mut heads = AllHeads::new(None);
        while heads.step(source).unwrap() {}
        heads.finish().iter().map(|value| value.to_bits()).collect::<Vec<_>>()
    };
    let model = load_golden("gpt2");
    let tokens = model.encode(TEXT, None).unwrap();
    let list = edits(r#"[{"kind":"zero_head","layer":0,"head":1}]"#);
    let bound = CompiledEdits::bind(&list, model.spec(), tokens.len()).unwrap();
    let edited = finished(&model, tokens.clone(), bound, Captures::none());
    let found = table(&model, tokens.clone().into(), &list, AttnKind::default());
    assert_eq!(found, scores(&edited));
    assert_ne!(found, table(&model, tokens.into(), &[], AttnKind::default()), "layer 1 reads another stream");

    let model = load_golden("t5");
    let tokens = model.encode(TEXT, None).unwrap();
    let encoder = AttnKind { stack: Some(Stack::Encoder), ..AttnKind::default() };
    let expected = finished(model.encoder().unwrap(), tokens.clone(), CompiledEdits::none(), Captures::none());
    let input = RunInput { tokens, target: Target::Generated };
    assert_eq!(table(&model, input, &[], encoder), scores(&expected));
}

#[test]
fn losses_come_a_few_positions_at_a_time() {
    let model = load_golden("llama");
    let base = base(&model);
    let whole = base.token_losses(0..base.tokens().len()).unwrap();
    let mut job = LossesJob::new(Arc::clone(&base));
    let mut n_steps = 1;
    while job.step().unwrap() == Step::More {
        n_steps += 1;
        assert!(job.progress().done < job.progress().total);
    }
    assert_eq!(n_steps, base.tokens().len().div_ceil(8));
    let losses = job.finish().unwrap();
    assert!(losses[0].is_nan());
    for (found, expected) in losses.iter().zip(&whole).skip(1) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn a_job_that_is_not_done_has_no_answer() {
    let model = load_golden("gpt2");
    let tokens = model.encode(TEXT, None).unwrap();
    let mut job = RunJob::new(Arc::clone(&model), tokens.into(), Vec::new(), RunOptions::default()).unwrap();
    assert_eq!(job.step().unwrap(), Step::More);
    assert!(job.finish().unwrap_err().to_string().contains("not done"));
    let job = LossesJob::new(base(&model));
    assert!(job.finish().is_err());
}

#[test]
fn continuations_stand_next_to_each_other_and_leave_their_runs_alone() {
    let model = load_golden("llama");
    let base = base(&model);
    let list = edits(r#"[{"kind":"zero_head","layer":0,"head":0},{"kind":"zero_head","layer":1,"head":1}]"#);
    let edited = Arc::new(complete(RunJob::again(Arc::clone(&base), list, RunOptions::default())).unwrap().run);
    let sampling = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 3 };
    // One after another, each in a run of its own that generation may change.
    let alone = |run: &Arc<Run>| {
        let (mut run, mut generation) = (run.twin().unwrap(), Generation::new(sampling, 6).unwrap());
        let mut ids = Vec::new();
        loop {
            match generation.step(&mut run).unwrap() {
                Written::Nothing => {}
                Written::Token(id) => ids.push(id),
                Written::End => return ids,
            }
        }
    };
    let expected = [alone(&base), alone(&edited)];
    let before = (base.final_stream().to_vec(), base.tokens().len());
    let job = ContinueJob::new(vec![Arc::clone(&base), Arc::clone(&edited)], sampling, 6).unwrap();
    let found = complete(job).unwrap();
    let ids: Vec<Vec<u32>> = found.iter().map(|tokens| tokens.iter().map(|token| token.id).collect()).collect();
    assert_eq!(ids, expected);
    assert!(found.iter().flatten().all(|token| token.prob > 0.0 && token.prob <= 1.0));
    assert_eq!((base.final_stream().to_vec(), base.tokens().len()), before, "the runs stay as they are");
    assert_ne!(found[0][0].prob, found[1][0].prob, "the edits act on what follows");
}

/// Steps a job until it is done, or so often; how often it was stepped.
fn stepped<J: Job>(mut job: J, most: usize) -> usize {
    (1..=most).find(|_| job.step().unwrap() == Step::Done).unwrap_or(most)
}

/// A reverse pass stops between any two steps, whatever comes of it: dropped there, it holds nothing of the run any more.
#[test]
fn a_reverse_pass_that_is_dropped_does_nothing_more() {
    let run = base(&load_golden("gpt2"));
    let contrast = Contrast { answers: vec![5], others: vec![9] };
    let outcome = || Differentiated::Logits { contrast: contrast.clone(), position: 3 };
    let (stream, heads) = (run.final_stream().to_vec(), [EstimateOf::Heads]);
    let estimate = || EstimateJob::new(Arc::clone(&run), outcome(), &heads, None).unwrap();
    let n_steps = stepped(estimate(), 1_000);
    // Each of three layers is made again, and gone back through its MLP, its attention and its projections.
    assert!((3 * 4..1_000).contains(&n_steps), "{n_steps}");
    for most in 0..n_steps {
        stepped(estimate(), most);
        assert_eq!(Arc::strong_count(&run), 1, "after {most} steps");
    }
    for most in [1, 9, 30, 60] {
        stepped(SaliencyJob::new(Arc::clone(&run), outcome(), Baseline::Token(5)).unwrap(), most);
        let links = vec![[1, 2, 3, 0], [0, 1, 2, 2]];
        stepped(KeepJob::new(Arc::clone(&run), outcome(), links, vec![1, 2], true).unwrap(), most);
        assert_eq!(Arc::strong_count(&run), 1, "after {most} steps");
    }
    assert_eq!(run.final_stream(), stream);
}

/// A longer text takes more steps, not longer ones: a step does at most so many operations, some 25 ms in a browser.
#[test]
fn the_steps_of_a_reverse_pass_are_short_for_long_texts_too() {
    let config = r#"{"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"n_embd":256,"n_head":4,"n_layer":1,"n_positions":512,
        "vocab_size":64,"activation_function":"gelu_new","layer_norm_epsilon":1e-5}"#;
    let model = Arc::new(Model::seeded(config, 3).unwrap());
    let n_steps = |n: u32| {
        let tokens = model.tokens_from_ids(&(0..n).map(|id| id % 64).collect::<Vec<u32>>()).unwrap();
        let run = Arc::new(finished(&model, tokens, CompiledEdits::none(), Captures::none()));
        let contrast = Contrast { answers: vec![5], others: vec![9] };
        let outcome = Differentiated::Logits { contrast, position: n as usize - 1 };
        stepped(EstimateJob::new(run, outcome, &[EstimateOf::Neurons], None).unwrap(), 1_000)
    };
    let (short, long) = (n_steps(8), n_steps(512));
    // Of the MLP alone: its two matrices of 4 · 256² once forward, once back.
    let operations = 2 * 2 * 8 * 256 * 256 * 512;
    assert!(operations / (1 + long - short) <= 900_000_000, "{short} steps for 8 tokens, {long} for 512");
}
