//! Searches over the heads of a model with sets of texts.
#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{Files, finished, golden_files, load, load_golden};
use crate::support::fixture;
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::scores::Score;
use headlight::engine::backward::{Asked, Backward, Differentiated};
use headlight::engine::jobs::{
    FindJob, FindMeasure, FindOptions, FindPart, Found, Job, Measure, ScoredInput, ScoresJob, SweepJob, SweepKind,
    Trial, TrialsJob, complete, complete_with,
};
use headlight::engine::{Captures, CompiledEdits, Model, Outcome, Run, Step};
use headlight::sets::{Label, Row, Version, mark_word};
use headlight::trace::{AttnKind, BlockSite, Hook};

fn options() -> FindOptions {
    FindOptions { n_permutations: 499, n_resamples: 200, seed: 3, ..FindOptions::default() }
}

fn job(model: &Arc<Model>, set: &[Row], measure: &str) -> FindJob {
    let measure: FindMeasure = measure.parse().unwrap();
    FindJob::new(Arc::clone(model), Arc::new(set.to_vec()), Vec::new(), measure, options()).unwrap()
}

fn found(model: &Arc<Model>, set: &[Row], measure: &str) -> Found {
    complete(job(model, set, measure)).unwrap()
}

fn refusal(model: &Arc<Model>, set: &[Row], measure: &str) -> String {
    let made = FindJob::new(Arc::clone(model), Arc::new(set.to_vec()), Vec::new(), measure.parse().unwrap(), options());
    match made {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {measure}"),
    }
}

/// Short texts of lower-case letters.
fn texts(n: usize) -> Vec<String> {
    let letter = |index: usize| char::from(b'a' + (index % 26) as u8);
    let text =
        |row: usize| (0..8).map(|place| letter(row * 7 + place * (row + 3)).to_string()).collect::<Vec<_>>().join(" ");
    (0..n).map(text).collect()
}

#[test]
fn means_of_scores_are_those_of_single_runs() {
    let model = load_golden("gpt2");
    let set: Vec<Row> = texts(5).into_iter().map(Row::of_text).collect();
    for (measure, score, half) in [("entropy", Score::Entropy, 0), ("distance_without", Score::Distance, 1)] {
        let found = found(&model, &set, measure);
        let input = |row: &Row| ScoredInput { input: model.encode(&row.text, None).unwrap().into(), n_block: None };
        let inputs = set.iter().map(input).collect();
        let (means, _) = complete(ScoresJob::new(Arc::clone(&model), inputs, Vec::new(), AttnKind::ONLY)).unwrap();
        let n_places = found.heads.len();
        for (head, found) in found.heads.iter().enumerate() {
            let expected = f64::from(means[(half * n_places + head) * Score::ALL.len() + score.index()]);
            assert!((found.estimate.value - expected).abs() < 1e-6, "{measure}, head {head}");
            let (low, high) = found.estimate.interval.unwrap();
            assert!(low <= found.estimate.value && found.estimate.value <= high && found.estimate.n == 5);
            assert_eq!(found.p, None, "a score is above 0 without any effect");
        }
    }
}

/// The effect of a head is that of a sweep that replaces it by its mean over the same texts.
#[test]
fn effects_are_those_of_a_sweep_with_means_over_the_set() {
    let model = load_golden("llama");
    let rows = |text: String| Row { answer: Some("a".to_owned()), others: vec!["b".to_owned()], ..Row::of_text(text) };
    let set: Vec<Row> = texts(4).into_iter().map(rows).collect();
    let mut parts: Vec<FindPart> = Vec::new();
    let found = complete_with(job(&model, &set, "effect"), |part| parts.push(part)).unwrap();
    let tokens: Vec<_> = set.iter().map(|row| model.encode(&row.text, None).unwrap()).collect();
    let (answer, other) = (model.first_token("a").unwrap().0, model.first_token("b").unwrap().0);
    for (part, tokens_of_row) in parts.iter().zip(&tokens) {
        let base = Arc::new(finished(&model, tokens_of_row.clone(), CompiledEdits::none(), Captures::none()));
        let measure = Measure::Tokens(Outcome { answer, others: vec![other], position: None });
        let sweep = SweepJob::new(base, Vec::new(), SweepKind::MeanHeads(tokens.clone()), measure).unwrap();
        let mut cells = Vec::new();
        let result = complete_with(sweep, |cell| cells.push(cell)).unwrap();
        assert_eq!(cells.len(), part.values.len());
        for cell in cells {
            let effect = cell.outcome.unwrap().value() - result.base.value();
            assert!((part.values[cell.index] - effect).abs() < 1e-5, "row {}, cell {}", part.row, cell.index);
        }
    }
    assert!(found.heads.iter().all(|head| head.p.is_some_and(|p| p.p_corrected >= p.p)));
}

/// An estimate is the gradient times what the means over the set change; of a head that barely matters it is near the effect.
#[test]
fn estimates_are_gradients_times_what_the_means_change() {
    let model = load_golden("llama");
    let rows = |text: String| Row { answer: Some("a".to_owned()), others: vec!["b".to_owned()], ..Row::of_text(text) };
    let set: Vec<Row> = texts(3).into_iter().map(rows).collect();
    let mut parts: Vec<FindPart> = Vec::new();
    complete_with(job(&model, &set, "estimate"), |part| parts.push(part)).unwrap();
    let (n_layers, n_heads, d_head) = (model.spec().n_layers, model.spec().n_heads, model.spec().d_head);
    let z = || (0..n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
    let run = |row: &Row| {
        let tokens = model.encode(&row.text, None).unwrap();
        Arc::new(finished(&model, tokens, CompiledEdits::none(), Captures::of(z())))
    };
    let runs: Vec<_> = set.iter().map(run).collect();
    let n_positions: usize = runs.iter().map(|run| run.tokens().len()).sum();
    let mean = |layer: usize, at: usize| {
        let of_run = |run: &Arc<Run>| {
            let values = run.activation(Hook::Block(layer, BlockSite::Z)).unwrap();
            values.iter().skip(at).step_by(n_heads * d_head).map(|value| f64::from(*value)).sum::<f64>()
        };
        runs.iter().map(of_run).sum::<f64>() / n_positions as f64
    };
    let (answer, other) = (model.first_token("a").unwrap().0, model.first_token("b").unwrap().0);
    let contrast = Contrast { answers: vec![answer], others: vec![other] };
    for part in &parts {
        let run = &runs[part.row];
        let outcome = Differentiated::Logits { contrast: contrast.clone(), position: run.tokens().len() - 1 };
        let mut backward = Backward::new(Arc::clone(run), outcome, Asked::of(z())).unwrap();
        while backward.step().unwrap() == Step::More {}
        for gradient in backward.drain() {
            let Hook::Block(layer, _) = gradient.hook.hook else { panic!("not z") };
            let own = run.activation(gradient.hook.hook).unwrap();
            for head in 0..n_heads {
                let is_its = |index: &usize| index % (n_heads * d_head) / d_head == head;
                let term = |index: usize| {
                    f64::from(gradient.gradient[index])
                        * (mean(layer, index % (n_heads * d_head)) - f64::from(own[index]))
                };
                let expected: f64 = (0..own.len()).filter(is_its).map(term).sum();
                let found = f64::from(part.values[layer * n_heads + head]);
                assert!(
                    (found - expected).abs() < 1e-4 * expected.abs().max(1e-2),
                    "L{layer}H{head}: {found} {expected}"
                );
            }
        }
    }
    assert_eq!(parts.len(), 3);
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    let model = load_golden("bert");
    let set: Vec<Row> = texts(6).into_iter().map(Row::of_text).collect();
    let mut first = job(&model, &set, "self");
    let mut parts = Vec::new();
    while parts.len() < 3 {
        assert_eq!(first.step().unwrap(), Step::More);
        parts.extend(first.drain());
    }
    assert_eq!(first.means_so_far().len(), 3 * 4);
    let mut more = Vec::new();
    let resumed = complete_with(job(&model, &set, "self").resume(parts), |part| more.push(part.row)).unwrap();
    assert_eq!(more, [3, 4, 5], "rows that are known are not run again");
    assert_eq!(resumed, found(&model, &set, "self"));
}

/// Replaces numbers of a tensor of a safetensors file.
fn change(files: &mut Files, tensor: &str, change: impl FnOnce(&mut [f32])) {
    let bytes = &mut files[2].1;
    let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header_len]).unwrap();
    let offset = |end: usize| header[tensor]["data_offsets"][end].as_u64().unwrap() as usize + 8 + header_len;
    let data = &mut bytes[offset(0)..offset(1)];
    let mut values: Vec<f32> = data.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    change(&mut values);
    data.iter_mut().zip(values.iter().flat_map(|value| value.to_le_bytes())).for_each(|(to, byte)| *to = byte);
}

/// GPT-2 with a head built by hand: in layer 0, head 2 reads the token of `key` from the token of `query`.
fn planted(query: u32, key: u32) -> Arc<Model> {
    let mut files = golden_files("gpt2");
    let (d_model, d_head, head) = (48, 12, 2);
    let mut embeddings = Vec::new();
    change(&mut files, "transformer.wte.weight", |wte| embeddings.extend_from_slice(wte));
    let direction = |id: u32| {
        let row = &embeddings[id as usize * d_model..][..d_model];
        let mean = row.iter().sum::<f32>() / d_model as f32;
        let length = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>().sqrt();
        row.iter().map(|value| (value - mean) / length).collect::<Vec<f32>>()
    };
    let (of_query, of_key) = (direction(query), direction(key));
    // Conv1D: [d_model, 3 · d_model], queries, keys and values side by side.
    change(&mut files, "transformer.h.0.attn.c_attn.weight", |weight| {
        for (input, row) in weight.chunks_exact_mut(3 * d_model).enumerate() {
            for neuron in head * d_head..(head + 1) * d_head {
                (row[neuron], row[d_model + neuron]) = (0.0, 0.0);
            }
            row[head * d_head] = 2.0 * of_query[input];
            row[d_model + head * d_head] = 2.0 * of_key[input];
        }
    });
    load(&files).unwrap()
}

#[test]
fn a_planted_head_is_found_first() {
    let plain = load_golden("gpt2");
    let own = |letter: &str| plain.first_token(letter).unwrap().0;
    let model = planted(own("s"), own("x"));
    let mut set = Vec::new();
    for (index, text) in texts(24).into_iter().enumerate() {
        for (version, pronoun) in [(Version::A, "s"), (Version::B, "h")] {
            let letters: String = text.chars().filter(|letter| !"shx ".contains(*letter)).take(5).collect();
            let mut row = Row::of_text(format!("{letters}-x-{letters}.{pronoun}"));
            row.marks.insert("pronoun".to_owned(), (row.text.len() - 1, row.text.len()));
            let at = row.text.find('x').unwrap();
            row.marks.insert("occ".to_owned(), (at, at + 1));
            row.pair_id = Some(format!("pair {index}"));
            row.version = Some(version);
            set.push(row);
        }
    }
    let found = found(&model, &set, "weight:pronoun:occ");
    assert_eq!((found.n_units, found.n_clusters.as_slice()), (24, [24].as_slice()));
    let largest = (0..found.heads.len()).max_by(|one, other| {
        let size = |head: usize| found.heads[head].estimate.value.abs();
        size(*one).total_cmp(&size(*other))
    });
    assert_eq!(largest, Some(2), "{:?}", found.heads);
    let head = found.heads[2];
    assert!(head.estimate.value > 0.05 && head.estimate.interval.unwrap().0 > 0.0, "{head:?}");
    assert_eq!(head.p.unwrap().p_corrected, 1.0 / 500.0);
}

#[test]
fn labels_are_told_apart_beside_baselines() {
    let model = load_golden("bert");
    // Label 1: the second text is the first one.
    let row = |(index, text): (usize, String)| Row {
        text_pair: Some(if index % 2 == 0 { text.clone() } else { text.chars().rev().collect::<String>() + " zz" }),
        label: Some(Label::Number(f64::from(u8::from(index % 2 == 0)))),
        ..Row::of_text(text)
    };
    let set: Vec<Row> = texts(16).into_iter().enumerate().map(row).collect();
    let found = found(&model, &set, "auc:between_ab");
    assert!(found.heads.iter().all(|head| (0.0..=1.0).contains(&head.estimate.value) && head.p.is_some()));
    assert_eq!(found.baselines[0].0, "word overlap");
    assert_eq!(found.baselines[1].1.value, 1.0, "the lengths tell everything here");
    // A sentence, its passive form, and that with the roles swapped: the same words, of which another one stands before the full stop.
    let in_order = self::found(&model, &headlight::sets::made::Made::Paraphrase.rows(12, 0), "auc:between_ab");
    assert_eq!(in_order.baselines[0].1.value, 0.5, "words alone tell nothing here");
    let one_label: Vec<Row> = set.iter().cloned().map(|row| Row { label: Some(Label::Number(1.0)), ..row }).collect();
    assert!(refusal(&model, &one_label, "auc:between_ab").contains("every row has the label \"1\""));
}

#[test]
fn rows_that_do_not_fit_are_named_before_anything_runs() {
    let model = load_golden("bert");
    let mut marked = Row::of_text("the cat, the dog");
    mark_word(&mut marked, "a", "cat");
    let set = [Row::of_text("no marks"), marked.clone(), Row::of_text("x ".repeat(600))];
    let refused = |measure: &str, set: &[Row]| -> Vec<(usize, String)> {
        job(&model, set, measure).refused().iter().map(|refused| (refused.index, refused.reason.clone())).collect()
    };
    let long = refused("self", &set);
    assert_eq!(long.len(), 1);
    assert!(long[0].0 == 2 && long[0].1.contains("tokens"), "{long:?}");
    assert_eq!(refused("weight:a:a", &set)[0], (0, "no word is marked \"a\"".to_owned()));
    let answer = Row { answer: Some("cat".to_owned()), ..Row::of_text("the [MASK]") };
    let effects =
        refused("effect", &[answer.clone(), Row { text: "the".to_owned(), ..answer }, Row::of_text("[MASK]")]);
    assert_eq!(effects[0], (1, "the mask is missing: this model fills in a masked word".to_owned()));
    assert_eq!(effects[1], (2, "there is no answer".to_owned()));

    let version =
        |version, text: &str| Row { pair_id: Some("p".to_owned()), version: Some(version), ..Row::of_text(text) };
    let pair = [version(Version::A, "fine"), version(Version::B, &"x ".repeat(600)), Row::of_text("alone")];
    assert_eq!(refused("self", &pair)[0], (0, "the other version of its pair does not fit".to_owned()));
    assert!(
        refusal(&model, &[Row::of_text("a")], "weight:a:b")
            .contains("no row of the set fits (row 1: no word is marked")
    );
    assert!(refusal(&load_golden("t5"), &[Row::of_text("a")], "self").contains("one stack"));
}

/// Ranks, outcomes and losses of a row are those of its single run under the same edits.
#[test]
fn trials_are_those_of_single_runs() {
    let model = load_golden("llama");
    let with_answer =
        |text: String| Row { answer: Some("a".to_owned()), others: vec!["b".to_owned()], ..Row::of_text(text) };
    let mut set: Vec<Row> = texts(3).into_iter().map(with_answer).collect();
    set.insert(1, Row::of_text(texts(4).remove(3)));
    set.push(with_answer("a ".repeat(5_000)));
    let edits = headlight::edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":1}]"#).unwrap();
    let job = TrialsJob::new(Arc::clone(&model), &set, vec![Vec::new(), edits.clone()]).unwrap();
    assert_eq!((job.refused().len(), job.n_trials()), (1, 8));
    let mut trials: Vec<Trial> = Vec::new();
    complete_with(job, |trial| trials.push(trial)).unwrap();
    assert_eq!(trials.len(), 8);
    let (answer, other) = (model.first_token("a").unwrap().0 as usize, model.first_token("b").unwrap().0 as usize);
    for Trial { variant, row, outcome, rank, rank_of_answers, loss } in trials {
        let tokens = model.encode(&set[row].text, None).unwrap();
        let edits = if variant == 0 { Vec::new() } else { edits.clone() };
        let bound = CompiledEdits::bind_each(&edits, model.spec(), None, tokens.len().into(), &Default::default());
        let n = tokens.len();
        let run = finished(&model, tokens, bound.edits, Captures::none());
        if set[row].answer.is_none() {
            let losses = run.token_losses(0..n).unwrap();
            let mean = losses[1..].iter().sum::<f32>() / (n - 1) as f32;
            assert!((loss - mean).abs() < 1e-5 && outcome.is_nan() && rank.is_nan(), "row {row}");
            continue;
        }
        let logits = run.logits(n - 1..n).unwrap();
        assert!((outcome - (logits[answer] - logits[other])).abs() < 1e-5 && loss.is_nan(), "row {row}");
        assert_eq!(rank, logits.iter().filter(|logit| **logit > logits[answer]).count() as f32);
        assert_eq!(rank_of_answers, f32::from(logits[other] > logits[answer]));
    }
    assert!(TrialsJob::new(load_golden("t5"), &set, vec![Vec::new()]).is_err(), "two stacks");
}

/// Each token masked in turn, special tokens never: the mean of −ln p is that of transformers, row by row and under edits.
#[test]
fn pseudo_perplexity_is_that_of_transformers() {
    let text = std::fs::read_to_string(fixture("pseudo_losses.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let edits = headlight::edit::parse_list(r#"[{"kind":"zero_head","layer":"all","head":"all"}]"#).unwrap();
    for name in ["bert", "distilbert"] {
        let cases = expected[name].as_array().unwrap();
        let mut set: Vec<Row> = cases.iter().map(|case| Row::of_text(case["text"].as_str().unwrap())).collect();
        set.insert(1, Row { answer: Some("dog".to_owned()), ..Row::of_text("a [MASK]") });
        let job = TrialsJob::new(load_golden(name), &set, vec![Vec::new(), edits.clone()]).unwrap();
        let n_tokens: u64 = cases.iter().map(|case| case["n"].as_u64().unwrap()).sum();
        assert_eq!((job.refused().len(), job.n_trials() as u64), (0, 2 * (n_tokens + 1)), "{name}");
        let mut trials: Vec<Trial> = Vec::new();
        complete_with(job, |trial| trials.push(trial)).unwrap();
        assert_eq!(trials.len(), 6, "{name}: one for each row and list of edits");
        let found = |variant: usize, row: usize| {
            *trials.iter().find(|trial| (trial.variant, trial.row) == (variant, row)).unwrap()
        };
        for (row, case) in [(0, &cases[0]), (2, &cases[1])] {
            let loss = f64::from(found(0, row).loss);
            assert!((loss - case["loss"].as_f64().unwrap()).abs() < 1e-5, "{name} {row}: {loss}");
            assert!(found(0, row).outcome.is_nan() && (f64::from(found(1, row).loss) - loss).abs() > 1e-4, "{name}");
        }
        assert!(found(0, 1).outcome < 0.0 && found(0, 1).loss.is_nan(), "{name}");
    }
}
