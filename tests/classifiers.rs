//! The heads of classifiers against Hugging Face transformers: logits, probabilities and names of labels of the small checkpoints in
//! `tests/fixtures/classifiers`, which `tests/fixtures/make_classifiers.py` makes; edits, sweeps and the command line follow them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::cli;
use crate::support::engine::{Files, files_of, load, load_golden};
use crate::support::gradients::gradients;
use crate::support::parity::TOLERANCE;
use crate::support::{Comparison, Tensors, fixture, read};
use headlight::analysis::inside::lens::LensAsked;
use headlight::answers::answer;
use headlight::edit::{self, Edit};
use headlight::engine::backward::Asked;
use headlight::engine::jobs::{
    CompareJob, EstimateJob, EstimateOf, LensJob, Measure, RunInput, RunJob, RunOptions, SubjectsJob, SweepJob,
    SweepKind, SweepPart, Target, complete, complete_with,
};
use headlight::engine::{LabelOutcome, Labels, Measured, Model, Run};
use headlight::protocol::{Answer, Question, TokenAsked};
use headlight::trace::spec::{LabelKind, LabelReads};
use headlight::trace::{Attn, AttnKind, BlockSite, Hook, Stack, StackHook};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    labels: Vec<String>,
    is_of_tokens: bool,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    ids: Vec<u32>,
}

fn names() -> Vec<String> {
    let folders = std::fs::read_dir(fixture("classifiers")).unwrap();
    let mut names: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files(name: &str) -> Files {
    files_of(&fixture("classifiers").join(name), &["config.json", "model.safetensors"])
}

fn expected(name: &str) -> (Expected, Tensors) {
    let folder = fixture("classifiers").join(name);
    let expected = serde_json::from_slice(&read(&folder.join("expected.json"))).unwrap();
    (expected, Tensors::open(&folder.join("expected.safetensors")))
}

type Config = serde_json::Map<String, serde_json::Value>;
type Change<'a> = &'a dyn Fn(&mut Config);

/// A run of a list of ids, as a driver starts it: a decoder beside an encoder reads the text itself.
fn run_edited(model: &Arc<Model>, ids: &[u32], edits: Vec<Edit>) -> Run {
    let tokens = model.tokens_from_ids(ids).unwrap();
    complete(RunJob::new(Arc::clone(model), tokens.into(), edits, RunOptions::default()).unwrap()).unwrap().run
}

fn run(model: &Arc<Model>, ids: &[u32]) -> Run {
    run_edited(model, ids, Vec::new())
}

/// Head 0 of layer 1 set to zero.
fn zeroed(model: &Model) -> Vec<Edit> {
    let stack = if model.encoder().is_some() { ", \"stack\": \"decoder\"" } else { "" };
    edit::parse_list(&format!("[{{\"kind\": \"zero_head\", \"layer\": 1, \"head\": 0{stack}}}]")).unwrap()
}

#[test]
fn every_head_agrees_with_transformers() {
    assert!(names().len() >= 72, "{}", names().len());
    for name in names() {
        println!("{name}");
        let model = load(&files(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (expected, values) = expected(&name);
        let head = model.spec().labels.clone().unwrap_or_else(|| panic!("{name}: {:?}", model.notes()));
        assert_eq!((&head.names, head.is_of_tokens()), (&expected.labels, expected.is_of_tokens), "{name}");
        let mut comparison = Comparison::default();
        for (index, case) in expected.cases.iter().enumerate() {
            let run = run(&model, &case.ids);
            let labels = Labels::of(&run).unwrap();
            comparison.check(
                &format!("case{index}.logits"),
                &labels.logits,
                &values.f32(&format!("case{index}.logits")),
                TOLERANCE,
            );
            let probs = format!("case{index}.probs");
            assert_eq!(values.has(&probs), head.has_probabilities(), "{name}");
            if head.has_probabilities() {
                comparison.check(&probs, &labels.probs, &values.f32(&probs), TOLERANCE);
            }
            let layer = model.spec().n_layers - 1;
            let pattern = run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
            let attentions = format!("case{index}.attentions.{layer}");
            comparison.check(&attentions, &pattern, &values.f32(&attentions), TOLERANCE);
        }
        if values.has("zeroed.logits") {
            let edited = Labels::of(&run_edited(&model, &expected.cases[0].ids, zeroed(&model))).unwrap();
            comparison.check("zeroed.logits", &edited.logits, &values.f32("zeroed.logits"), TOLERANCE);
        }
        comparison.finish();
    }
}

/// The lens reads a classifier's stream through the head of its labels, at every position, as transformers' own modules do.
#[test]
fn the_lens_of_labels_agrees_with_transformers() {
    for name in ["bert", "llama", "gpt2_tokens"] {
        let model = load(&files(name)).unwrap();
        let (expected, _) = expected(name);
        let values = Tensors::open(&fixture("classifiers").join(name).join("lens.safetensors"));
        let run = run(&model, &expected.cases[0].ids);
        let (n_layers, n_pos, n_labels) = (model.spec().n_layers, run.tokens().len(), expected.labels.len());
        let rows: Vec<Vec<f32>> = (0..=n_layers).map(|layer| values.f32(&format!("lens.{layer}"))).collect();
        let probs = |layer: usize, position: usize| {
            let logits = rows[layer][position * n_labels..][..n_labels].iter().map(|logit| f64::from(*logit));
            let total: f64 = logits.clone().map(f64::exp).sum();
            logits.map(|logit| logit.exp() / total).collect::<Vec<f64>>()
        };
        let positions: Vec<usize> = (0..n_pos).collect();
        let asked = LensAsked { layers: (0..=n_layers).collect(), positions, n_top: 9, token: Some(1) };
        let table = complete(LensJob::new(&run, asked).unwrap()).unwrap();
        assert_eq!(table.cells.len(), (n_layers + 1) * n_pos);
        for (index, cell) in table.cells.iter().enumerate() {
            let (layer, position) = (index / n_pos, index % n_pos);
            let (probs, output) = (probs(layer, position), probs(n_layers, position));
            assert_eq!(cell.top.len(), n_labels, "{name}");
            for (label, prob) in &cell.top {
                let difference = (f64::from(*prob) - probs[*label as usize]).abs();
                assert!(difference < 1e-5, "{name}, layer {layer}, position {position}: {difference}");
            }
            let entropy: f64 = probs.iter().map(|p| -p * p.ln()).sum();
            let kl: f64 = output.iter().zip(&probs).map(|(p, q)| p * (p / q).ln()).sum();
            assert!((f64::from(cell.entropy) - entropy).abs() < 1e-4 && (f64::from(cell.kl) - kl).abs() < 1e-4);
            let token = cell.token.unwrap();
            assert!((token.logit - rows[layer][position * n_labels + 1]).abs() < 1e-3, "{name}: {token:?}");
            assert_eq!(token.rank as usize, probs.iter().filter(|prob| **prob > probs[1]).count());
        }
        let question = Question::Lens {
            layers: vec![0],
            positions: vec![0],
            n_top: 1,
            token: Some(TokenAsked::Text(expected.labels[1].to_lowercase())),
        };
        let Answer::Lens { names, token: Some(token), .. } = answer(question, &run).unwrap().answer else {
            panic!("{name}")
        };
        assert_eq!(token.token, expected.labels[1]);
        assert_eq!(names, [(table.cells[0].top[0].0, expected.labels[table.cells[0].top[0].0 as usize].clone())]);
    }
    for name in ["xlm_roberta", "qwen2"] {
        let model = load(&files(name)).unwrap();
        let asked = LensAsked { layers: vec![0], positions: vec![0], n_top: 1, token: None };
        let error = LensJob::new(&run(&model, &[5, 8]), asked).unwrap_err().to_string();
        assert!(error.contains("no common distribution"), "{error}");
    }
}

/// What the small checkpoints stand for is really there.
#[test]
fn each_kind_of_head_is_among_them() {
    let head = |name: &str| load(&files(name)).unwrap().spec().labels.clone().unwrap();
    for (name, kind, reads) in [
        ("bert", LabelKind::OneOf, LabelReads::First),
        ("bert_tokens", LabelKind::OneOf, LabelReads::Each),
        ("xlm_roberta", LabelKind::AnyOf, LabelReads::First),
        ("electra", LabelKind::Value, LabelReads::First),
        ("qwen2", LabelKind::Value, LabelReads::Last { pad_id: Some(3) }),
        ("gpt2", LabelKind::OneOf, LabelReads::Last { pad_id: None }),
        ("modernbert_mean", LabelKind::OneOf, LabelReads::Mean),
        ("bart", LabelKind::OneOf, LabelReads::LastId { id: 2 }),
        ("t5", LabelKind::OneOf, LabelReads::LastId { id: 1 }),
        ("t5_tokens", LabelKind::OneOf, LabelReads::Each),
        ("mt5", LabelKind::AnyOf, LabelReads::LastId { id: 1 }),
    ] {
        let head = head(name);
        assert_eq!((head.kind, head.reads), (kind, reads), "{name}");
    }
    assert_eq!(head("albert").names, ["LABEL_0", "LABEL_1"]);
    let zeroed = names().into_iter().filter(|name| expected(name).1.has("zeroed.logits")).count();
    assert!(zeroed >= 6, "{zeroed}");
}

/// A sweep, a comparison and the run as edited say the same of a label.
#[test]
fn outcomes_are_the_labels_logits() {
    for (name, position) in
        [("bert", None), ("bert_tokens", Some(3)), ("bart", None), ("t5", None), ("xlm_roberta", None)]
    {
        let model = load(&files(name)).unwrap();
        let ids = &expected(name).0.cases[0].ids;
        let base = Arc::new(run(&model, ids));
        let n_labels = model.spec().labels.as_ref().unwrap().names.len();
        let row = position.unwrap_or(0);
        let logit = |run: &Run, label: usize| Labels::of(run).unwrap().logits[row * n_labels + label];
        let outcome = LabelOutcome { label: 1, against: Some(0), position };
        let difference = |run: &Run| logit(run, 1) - logit(run, 0);
        let close = |found: f32, expected: f32| assert!((found - expected).abs() < 1e-5, "{name}: {found}, {expected}");

        let mut parts: Vec<SweepPart> = Vec::new();
        let job = SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::ZeroHeads, Measure::Label(outcome)).unwrap();
        let result = complete_with(job, |part| parts.push(part)).unwrap();
        close(result.base.value(), difference(&base));
        let edited = run_edited(&model, ids, zeroed(&model));
        let part = parts.iter().find(|part| (part.cell.layer, part.cell.column) == (1, 0)).unwrap();
        close(part.outcome.unwrap().value(), difference(&edited));
        assert!((difference(&edited) - difference(&base)).abs() > 1e-4, "{name}: the head matters");

        let runs = vec![(Arc::clone(&base), Vec::new()), (Arc::new(edited), zeroed(&model))];
        let alone = Measure::Label(LabelOutcome { against: None, ..outcome });
        let compared =
            complete(CompareJob::new(Arc::clone(&model), runs.clone(), Some(Ok(alone)), 10, Vec::new())).unwrap();
        assert!(compared.are_labels && compared.tokens.len() == n_labels, "{name}");
        let values = compared.outcome.unwrap().unwrap();
        let probs = &compared.tokens.iter().find(|(label, _)| *label == 1).unwrap().1;
        for ((value, (run, _)), prob) in values.iter().zip(&runs).zip(probs) {
            close(value.value(), logit(run, 1));
            close(*prob, Labels::of(run).unwrap().probs[row * n_labels + 1]);
            let Measured::Label(value) = value else { panic!("{name}: {value:?}") };
            close(value.p_label.unwrap(), *prob);
        }
        let first = compared.tokens.iter().map(|(_, probs)| probs[0]).collect::<Vec<_>>();
        assert!(first.is_sorted_by(|one, next| one >= next), "{name}: {first:?}");
    }
}

/// What ranks the heads of a classifier and tries them: the estimate of each head is the slope of the label's logit, and each cell of the
/// sweep that tries them is the logit of a run with that edit, zeroed or taken from another text.
#[test]
fn estimates_of_a_label_are_tried_by_its_logit() {
    for (name, position) in
        [("bert", None), ("bert_tokens", Some(3)), ("bart", None), ("t5", None), ("xlm_roberta", None)]
    {
        let model = load(&files(name)).unwrap();
        let ids = &expected(name).0.cases[0].ids;
        let base = Arc::new(run(&model, ids));
        let measure = Measure::Label(LabelOutcome { label: 1, against: Some(0), position });
        let (n_labels, row) = (model.spec().labels.as_ref().unwrap().names.len(), position.unwrap_or(0));
        let difference = |run: &Run| {
            let logits = Labels::of(run).unwrap().logits;
            f64::from(logits[row * n_labels + 1] - logits[row * n_labels])
        };
        let two_stacks = model.encoder().is_some();
        let (stack, named) = if two_stacks { (Some(Stack::Decoder), r#","stack":"decoder""#) } else { (None, "") };
        let edits = |of_head: &dyn Fn(usize) -> String| {
            let n_heads = model.spec().n_heads;
            let edit = |index: usize| {
                format!(r#"{{{},"layer":{},"head":{}{named}}}"#, of_head(index), index / n_heads, index % n_heads)
            };
            let list: Vec<String> = (0..model.spec().n_layers * n_heads).map(edit).collect();
            edit::parse_list(&format!("[{}]", list.join(","))).unwrap()
        };
        let subjects = complete(SubjectsJob::new(Arc::clone(&base), &[], measure.clone()).unwrap()).unwrap();
        let [(subject, outcome)] = subjects.try_into().unwrap();
        let others: Vec<u32> = ids.iter().enumerate().map(|(at, id)| if at == 2 { id + 1 } else { *id }).collect();
        let estimates = |other: Option<&[u32]>| {
            let other = other.map(|ids| model.tokens_from_ids(ids).unwrap());
            let job = EstimateJob::new(Arc::clone(&subject), outcome.clone(), &[EstimateOf::Heads], other).unwrap();
            let found = complete(job).unwrap();
            assert!((found.outcome - difference(&base)).abs() < 1e-5, "{name}");
            let parts = found.at_hooks_of(AttnKind { stack, attn: Attn::Own }, EstimateOf::Heads);
            let sums = parts.iter().flat_map(|part| {
                let n_heads = part.shape[1];
                (0..n_heads).map(move |head| {
                    part.values.iter().skip(head).step_by(n_heads).map(|value| f64::from(*value)).sum()
                })
            });
            (sums.collect::<Vec<f64>>(), found.patched)
        };
        let tried = |edits: Vec<Edit>| {
            let mut found = vec![f64::NAN; edits.len()];
            let job =
                SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::Each(edits.clone()), measure.clone()).unwrap();
            complete_with(job, |part: SweepPart| found[part.index] = f64::from(part.outcome.unwrap().value())).unwrap();
            for (value, edit) in found.iter().zip(edits) {
                let alone = difference(&run_edited(&model, ids, vec![edit.clone()]));
                assert!((value - alone).abs() < 1e-5, "{name}: {edit:?} {value} {alone}");
            }
            found
        };
        let scaled =
            |factor: f64| tried(edits(&|_| format!(r#""kind":"scale","hook":"attn.hook_z","factor":{factor}"#)));
        let (zeroed, _) = estimates(None);
        let slopes: Vec<f64> = scaled(0.99).iter().zip(scaled(1.01)).map(|(less, more)| (less - more) / 0.02).collect();
        for (slope, estimate) in slopes.iter().zip(&zeroed) {
            assert!((slope - estimate).abs() < 1e-2 * estimate.abs() + 1e-3, "{name}: {slope} {estimate}");
        }
        assert_eq!(zeroed.len(), slopes.len(), "{name}");
        assert!(zeroed.iter().any(|estimate| estimate.abs() > 1e-3), "{name}: {zeroed:?}");
        tried(edits(&|_| r#""kind":"zero_head""#.to_owned()));
        if two_stacks {
            continue;
        }
        // What another text's z does is the estimate of that z less this one's.
        let (patched, z) = estimates(Some(&others));
        tried(edits(&|_| format!(r#""kind":"patch","hook":"attn.hook_z","from":{{"ids":{others:?}}}"#)));
        let asked = Asked::matching(&subject, |hook| hook.is_z()).with_values();
        let by_z = gradients(&subject, outcome.clone(), asked).1;
        let (n_heads, d_head) = (model.spec().n_heads, model.spec().d_head);
        for (index, estimate) in patched.iter().enumerate() {
            let (layer, head) = (index / n_heads, index % n_heads);
            let hook = Hook::Block(layer, BlockSite::Z);
            let there = &z[&StackHook { stack, hook }];
            let here = &by_z[&StackHook { stack, hook }];
            let values = here.value.as_ref().unwrap();
            let moved = values.iter().zip(there.iter()).zip(&here.gradient).enumerate();
            let of_head = moved.filter(|(at, _)| at / d_head % n_heads == head);
            let sum: f64 = of_head.map(|(_, ((here, there), slope))| f64::from((there - here) * slope)).sum();
            assert!((sum - estimate).abs() < 1e-4, "{name}: {sum} {estimate}");
        }
    }
}

/// A text that a decoder beside an encoder does not read itself has no labels, nor has one without the end token.
#[test]
fn what_has_no_labels_says_why() {
    let bart = load(&files("bart")).unwrap();
    let reading = |ids: &[u32], target: Option<&[u32]>| {
        let tokens = bart.tokens_from_ids(ids).unwrap();
        let target = target.map_or(Target::Generated, |ids| Target::Tokens(bart.tokens_from_ids(ids).unwrap()));
        let job = RunJob::new(Arc::clone(&bart), RunInput { tokens, target }, Vec::new(), RunOptions::default());
        Labels::of(&complete(job.unwrap()).unwrap().run)
    };
    assert!(reading(&[0, 17, 9, 2], Some(&[2, 0, 17, 9])).is_ok());
    for (ids, target, said) in [
        (&[0, 17, 9, 2][..], Some(&[2, 0, 17][..]), "give no target"),
        (&[0, 17, 9], None, "end token 2, which the text lacks"),
    ] {
        let error = reading(ids, target).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let bert = load_golden("bert");
    let error = Labels::of(&run(&bert, &[2, 5, 3])).unwrap_err().to_string();
    assert!(error.contains("gives no labels"), "{error}");
    let names = load(&files("bert")).unwrap().label_index("anger").unwrap_err().to_string();
    assert!(names.contains("\"anger\" is not a label of this model: negative, neutral, positive"), "{names}");
}

/// A head that is not read, or does not fit, is left out with a sentence; the stack runs as it does without.
#[test]
fn other_heads_are_left_out_with_a_note() {
    let with = |name: &str, change: Change| {
        let mut files = files(name);
        let mut config: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
        change(config.as_object_mut().unwrap());
        files[0].1 = config.to_string().into_bytes();
        load(&files).unwrap()
    };
    let class = |class: &'static str| {
        move |config: &mut Config| {
            config.insert("architectures".to_owned(), serde_json::json!([class]));
        }
    };
    let more = |config: &mut Config| {
        config.insert("id2label".to_owned(), serde_json::json!({"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"}));
    };
    let nameless = |config: &mut Config| {
        config.remove("architectures");
    };
    let ids = [5, 17, 9, 30];
    let usual = run(&load(&files("bert")).unwrap(), &ids).final_stream().to_vec();
    for (change, said) in [
        (&class("BertForMultipleChoice") as Change, "The head of BertForMultipleChoice is not read"),
        (&class("BertForQuestionAnswering"), "The head of BertForQuestionAnswering is not read"),
        (&more, "names 5 labels, for which classifier.weight has shape [5, 16]; in the file it has [3, 16]"),
        (&nameless, "config.json has no architectures"),
    ] {
        let model = with("bert", change);
        assert!(model.spec().labels.is_none(), "{said}");
        assert!(model.notes().iter().any(|note| note.contains(said)), "{said}: {:?}", model.notes());
        assert_eq!(run(&model, &ids).final_stream(), usual, "{said}");
    }
    let gone = with("bert_tokens", &class("BertForSequenceClassification"));
    assert!(gone.spec().labels.is_none());
    assert!(gone.notes().iter().any(|note| note.contains("no bert.pooler.dense.weight")), "{:?}", gone.notes());
}

/// The head of a model cut to its first layers would read a stream that it was never trained on.
#[test]
fn first_layers_have_no_labels() {
    let files = files("bert");
    let lengths = files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
    let mut loader = headlight::engine::Loader::new(lengths).unwrap().first_layers(Some(1));
    while let Some(want) = loader.wants() {
        let bytes = &files[want.file].1[want.offset as usize..];
        loader.supply(&bytes[..bytes.len().min(want.len as usize)]).unwrap();
    }
    assert!(loader.finish().unwrap().spec().labels.is_none());
}

#[test]
fn the_command_line_prints_labels() {
    let json = |name: &str| {
        let ids = expected(name).0.cases[0].ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let output = cli::trace(&fixture("classifiers").join(name), &["--ids", &ids, "--json"]);
        serde_json::from_str::<serde_json::Value>(&cli::succeeds(output)).unwrap()
    };
    for (name, n_labels) in [("bert", 3), ("bart", 3), ("llama", 3)] {
        let (json, values) = (json(name), expected(name).1);
        let labels = json["labels"].as_array().unwrap();
        assert_eq!(labels.len(), n_labels);
        let (names, expected_logits) = (expected(name).0.labels, values.f32("case0.logits"));
        for label in labels {
            let index = names.iter().position(|name| label["label"] == name.as_str()).unwrap();
            assert!((label["logit"].as_f64().unwrap() as f32 - expected_logits[index]).abs() < TOLERANCE, "{name}");
        }
        let probs: Vec<f64> = labels.iter().map(|label| label["prob"].as_f64().unwrap()).collect();
        assert!(
            probs.is_sorted_by(|one, next| one >= next) && (probs.iter().sum::<f64>() - 1.0).abs() < 1e-5,
            "{name}"
        );
    }
    let (of_tokens, of_value) = (json("bert_tokens"), json("electra"));
    assert_eq!(of_tokens["token_labels"].as_array().unwrap().len(), 8);
    assert!(of_tokens.get("labels").is_none());
    assert!(of_value["labels"][0].get("prob").is_none() && of_value["labels"][0]["label"] == "score");
}

#[test]
fn sweeps_follow_labels() {
    let sweep = |name: &str, args: &[&str]| {
        let model = fixture("classifiers").join(name);
        let ids = expected(name).0.cases[0].ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let args = [&["sweep", "--model", model.to_str().unwrap(), "--ids", &ids][..], args].concat();
        cli::headlight(&args)
    };
    let model = load(&files("bert")).unwrap();
    let ids = &expected("bert").0.cases[0].ids;
    let edited = Labels::of(&run_edited(&model, ids, zeroed(&model))).unwrap();
    let csv = cli::succeeds(sweep("bert", &["--label", "POSITIVE", "--against", "negative"]));
    let cell = csv.lines().find(|line| line.starts_with("1,0,")).unwrap();
    let numbers: Vec<f32> = cell.split(',').skip(2).map(|number| number.parse().unwrap()).collect();
    assert!((numbers[1] - (edited.logits[2] - edited.logits[0])).abs() < 1e-5, "{cell}");
    assert!((numbers[2] - edited.probs[2]).abs() < 1e-5, "{cell}");
    // Without a name the likeliest label counts; a number that is an answer by itself has no probability.
    assert_eq!(cli::succeeds(sweep("bart", &[])).lines().count(), 1 + 2 * 2);
    assert!(cli::succeeds(sweep("electra", &[])).lines().skip(1).all(|line| line.ends_with(',')));
    for (name, args, said) in [
        ("bert", &["--label", "joy"][..], "\"joy\" is not a label of this model: negative, neutral, positive"),
        ("bert", &["--label", "neutral", "--position", "2"], "labels are of the whole text"),
        ("bert_tokens", &["--label", "O", "--position", "99"], "--position 99 is not there"),
        ("bert", &["--against", "neutral"], "--label"),
    ] {
        let complaint = cli::fails(sweep(name, args));
        assert!(complaint.contains(said), "{complaint}");
    }
}
