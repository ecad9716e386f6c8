//! Experiments as jobs: what they answer, that they can be stopped and taken up, and that nobody's run is changed by them.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::sync::Arc;

use headlight::analysis::AttentionSource;
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::scores::AllHeads;
use headlight::analysis::similarity::{cosine, mean_pooled};
use headlight::edit::{Edit, PatchFrom, PatchSite, list_to_json, parse_list};
use headlight::engine::backward::Differentiated;
use headlight::engine::jobs::{
    Baseline, CompareJob, Compared, ContinueJob, EstimateJob, EstimateOf, Job, KeepJob, LossesJob, Measure,
    PredictionsJob, RunInput, RunJob, RunOptions, SaliencyJob, ScoredInput, ScoresJob, SimilarityJob, SweepJob,
    SweepKind, SweepPart, Target, complete, complete_with,
};
use headlight::engine::{
    Bos, Captures, CompiledEdits, EngineError, Generation, Measured, Model, Outcome, PatchValues, Run, Sampling, Step,
    Written, most_likely, top_predictions,
};
use headlight::trace::{AttnKind, Lengths, Stack};
use support::engine::{finished, load_golden};

const TEXT: &str = "The doctor asked the nurse a question.";
const OTHER: &str = "The nurse asked the doctor a question.";
fn an_outcome() -> Outcome {
    Outcome::pair(5, 9, None)
}

fn edits(json: &str) -> Vec<Edit> {
    parse_list(json).unwrap()
}

fn base(model: &Arc<Model>) -> Arc<Run> {
    let tokens = model.encode(TEXT, None).unwrap();
    Arc::new(finished(model, tokens, CompiledEdits::none(), Captures::none()))
}

fn parts_of(job: SweepJob) -> Vec<SweepPart> {
    let mut parts = Vec::new();
    complete_with(job, |part| parts.push(part)).unwrap();
    parts.sort_by_key(|part| part.index);
    parts
}

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

/// Two jobs, the second of which knows what the first one has handed out, answer as one does.
#[test]
fn a_sweep_goes_on_where_it_stopped() {
    let model = load_golden("llama");
    let base = base(&model);
    let before = base.final_stream().to_vec();
    let job = || {
        let measure = Measure::Tokens(an_outcome());
        SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::ZeroHeads, measure).unwrap()
    };
    let whole = parts_of(job());
    let mut stopped = job();
    let mut parts = Vec::new();
    while parts.len() < whole.len() / 2 {
        assert_eq!(stopped.step().unwrap(), Step::More);
        parts.extend(stopped.drain());
    }
    drop(stopped);
    assert!(parts.len() < whole.len());
    let known: Vec<usize> = parts.iter().map(|part| part.index).collect();
    let rest = parts_of(job().resume(known.clone()));
    assert!(rest.iter().all(|part| !known.contains(&part.index)), "nothing is tried twice");
    parts.extend(rest);
    parts.sort_by_key(|part| part.index);
    assert_eq!(parts.len(), whole.len());
    for (part, expected) in parts.iter().zip(&whole) {
        assert_eq!((part.index, &part.cell), (expected.index, &expected.cell));
        let (found, expected) = (part.outcome.unwrap().value(), expected.outcome.unwrap().value());
        assert!((found - expected).abs() < 1e-5, "cell {}: {found} instead of {expected}", part.index);
    }
    assert_eq!(base.final_stream(), before, "the base is as it was");
}

/// All positions of the stream patched at one layer restore everything; each position alone is a cell.
#[test]
fn patched_streams_come_from_the_other_input() {
    let model = load_golden("gpt2");
    let base = base(&model);
    let other = model.encode(OTHER, None).unwrap();
    let from = PatchFrom::Text(OTHER.to_owned(), None);
    let kind = |site, is_denoising| {
        let (other, from) = (other.clone(), from.clone());
        SweepKind::Patch { site, other, from, is_denoising }
    };
    let other_run = finished(&model, other.clone(), CompiledEdits::none(), Captures::none());
    for (site, is_denoising) in PatchSite::EACH.into_iter().flat_map(|site| [(site, false), (site, true)]) {
        let measure = Measure::Tokens(an_outcome());
        let job = SweepJob::new(Arc::clone(&base), Vec::new(), kind(site, is_denoising), measure).unwrap();
        let mut parts = Vec::new();
        let result = complete_with(job, |part| parts.push(part)).unwrap();
        assert_eq!(result.other, Some(Measured::Tokens(an_outcome().value(&other_run).unwrap())));
        let n_columns = if site.is_by_position() { base.tokens().len() } else { model.spec().n_heads };
        assert_eq!(parts.len(), model.spec().n_layers * n_columns, "{site:?}");
        let (on, donor) = if is_denoising { (&other_run, &*base) } else { (&*base, &other_run) };
        let part = parts.iter().find(|part| part.cell.layer == 1 && part.cell.column == n_columns - 1).unwrap();
        let mut values = PatchValues::default();
        let hook = format!("blocks.1.{}", site.site().name()).parse().unwrap();
        let captured = finished(&model, donor.tokens().clone(), CompiledEdits::none(), Captures::of([hook]));
        values.insert(&from, hook, captured.activation(hook).unwrap());
        let list = [part.cell.edit.clone()];
        let lengths = Lengths::from(on.tokens().len());
        let bound = CompiledEdits::bind_strictly(&list, model.spec(), None, lengths, &values).unwrap();
        let alone = an_outcome().value(&finished(&model, on.tokens().clone(), bound, Captures::none())).unwrap();
        assert!(
            (part.outcome.unwrap().value() - alone.logit_difference).abs() < 1e-5,
            "{site:?}, denoising {is_denoising}"
        );
    }
    let other = model.encode("Too short", None).unwrap();
    let short = SweepKind::Patch { site: PatchSite::Stream, other, from, is_denoising: false };
    let refused = SweepJob::new(base, Vec::new(), short, Measure::Tokens(an_outcome())).unwrap_err();
    assert!(refused.to_string().contains("equal length"), "{refused}");
}

#[test]
fn mean_heads_are_means_over_all_positions_of_the_references() {
    let model = load_golden("attn_only");
    let base = base(&model);
    let references = [OTHER, "A question."].map(|text| model.encode(text, None).unwrap());
    let z = "blocks.1.attn.hook_z".parse().unwrap();
    let (d_head, n_heads) = (model.spec().d_head, model.spec().n_heads);
    let (layer, head) = (1, 2);
    let mut sum = vec![0.0; d_head];
    let mut n_rows = 0;
    for tokens in &references {
        let run = finished(&model, tokens.clone(), CompiledEdits::none(), Captures::of([z]));
        for row in run.captured(z).unwrap().chunks_exact(n_heads * d_head) {
            sum.iter_mut().zip(&row[head * d_head..]).for_each(|(sum, value)| *sum += f64::from(*value));
            n_rows += 1;
        }
    }
    let mean: Vec<f32> = sum.iter().map(|sum| (sum / f64::from(n_rows)) as f32).collect();
    let kind = SweepKind::MeanHeads(references.to_vec());
    let parts = parts_of(SweepJob::new(Arc::clone(&base), Vec::new(), kind, Measure::Tokens(an_outcome())).unwrap());
    let part = &parts[layer * n_heads + head];
    let json = part.cell.edit.to_json();
    let found: Vec<f32> = serde_json::from_value(json["value"].clone()).unwrap();
    assert!(found.iter().zip(&mean).all(|(found, mean)| (found - mean).abs() < 1e-6), "{found:?} {mean:?}");
    let none = SweepJob::new(base, Vec::new(), SweepKind::MeanHeads(Vec::new()), Measure::Tokens(an_outcome()));
    assert!(none.unwrap_err().to_string().contains("at least one"));
}

#[test]
fn a_sweeps_cosine_is_of_two_texts_under_the_same_edit() {
    let model = load_golden("bert");
    let texts = [TEXT, "A nurse walks home."].map(|text| model.encode(text, None).unwrap());
    let alike = |json: &str| {
        let pooled = texts.clone().map(|tokens| {
            let bound = CompiledEdits::bind(&edits(json), model.spec(), tokens.len()).unwrap();
            let run = finished(&model, tokens, bound, Captures::none());
            mean_pooled(run.final_stream(), model.spec().d_model)
        });
        cosine(&pooled[0], &pooled[1]).unwrap()
    };
    let measure = Measure::Cosine(texts.clone());
    let job = SweepJob::new(base(&model), Vec::new(), SweepKind::ZeroHeads, measure.clone()).unwrap();
    let mut parts = Vec::new();
    let result = complete_with(job, |part| parts.push(part)).unwrap();
    assert!((f64::from(result.base.value()) - alike("[]")).abs() < 1e-6);
    let n_cells = model.spec().n_layers * model.spec().n_heads;
    assert_eq!(parts.len(), n_cells);
    for part in parts.iter().step_by(5) {
        let json = list_to_json([&part.cell.edit]);
        let (found, expected) = (part.outcome.unwrap().value(), alike(&json));
        assert!((f64::from(found) - expected).abs() < 1e-5, "{json}: {found} instead of {expected}");
    }
    let similarity = SimilarityJob::new(&model, texts.clone().map(RunInput::from), &[]).unwrap();
    assert!((complete(similarity).unwrap() - alike("[]")).abs() < 1e-6);
    let positions = SweepJob::new(base(&model), Vec::new(), SweepKind::CutKeys, measure);
    assert!(positions.unwrap_err().to_string().contains("only heads"));
}

#[test]
fn each_edit_that_fits_is_a_cell() {
    let model = load_golden("gpt2");
    let base = base(&model);
    let list = edits(
        r#"[{"kind":"zero_head","layer":0,"head":1},{"kind":"zero_head","layer":99,"head":1},{"kind":"zero_value","layer":1,"key":2}]"#,
    );
    let kind = SweepKind::Each(list.clone());
    let parts = parts_of(SweepJob::new(base, Vec::new(), kind, Measure::Tokens(an_outcome())).unwrap());
    let cells: Vec<_> = parts.iter().map(|part| (part.cell.column, &part.cell.edit)).collect();
    assert_eq!(cells, [(0, &list[0]), (2, &list[2])]);
}

#[test]
fn a_decoders_heads_can_be_swept() {
    let model = load_golden("t5");
    let tokens = model.encode(TEXT, None).unwrap();
    let target = Target::Tokens(model.encode_target(OTHER).unwrap());
    let input = RunInput { tokens, target };
    let run = complete(RunJob::new(Arc::clone(&model), input, Vec::new(), RunOptions::default()).unwrap()).unwrap().run;
    let base = Arc::new(run);
    let parts = parts_of(
        SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::ZeroHeads, Measure::Tokens(an_outcome())).unwrap(),
    );
    let part = parts.last().unwrap();
    let (n_pos, n_source) = (base.tokens().len(), base.source().unwrap().tokens().len());
    let list = [part.cell.edit.clone()];
    let lengths = Lengths { n_pos, n_source };
    let bound = CompiledEdits::bind_stack(&list, model.spec(), Stack::Decoder, lengths).unwrap();
    let mut alone = base.again(bound, Captures::none()).unwrap();
    alone.complete().unwrap();
    let expected = an_outcome().value(&alone).unwrap().logit_difference;
    assert!((part.outcome.unwrap().value() - expected).abs() < 1e-5);
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
