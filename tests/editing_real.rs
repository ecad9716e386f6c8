//! Sweeps and generation on SmolLM2 against Hugging Face transformers: all 270 heads, greedy continuations.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load};
use crate::support::{SMOLLM2_GGUF, fixture, golden_real_cases, model_file, read};
use headlight::engine::jobs::{Measure, SweepJob, SweepKind, SweepPart, complete_with};
use headlight::engine::{Captures, CompiledEdits, Generation, Measured, Model, Outcome, Sampling, Written};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    text: String,
    answer: String,
    other: String,
    clean: Clean,
    /// [layer][head]: logit difference, probability of the answer.
    zero_head: Vec<Vec<(f32, f32)>>,
}

#[derive(Deserialize)]
struct Clean {
    logit_difference: f32,
    p_answer: f32,
}

fn smollm2() -> Arc<Model> {
    load(&vec![("SmolLM2.gguf".to_owned(), read(&model_file(SMOLLM2_GGUF)))]).unwrap()
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn zeroing_each_head_of_smollm2_has_its_golden_effect() {
    let expected = read(&fixture("golden-real/smollm2/sweep-mary-john.json"));
    let expected: Expected = serde_json::from_slice(&expected).unwrap();
    let model = smollm2();
    let (answer, other) = (model.single_token(&expected.answer).unwrap(), model.single_token(&expected.other).unwrap());
    let outcome = Outcome::pair(answer, other, None);
    let tokens = model.encode(&expected.text, None).unwrap();
    let base = Arc::new(finished(&model, tokens, CompiledEdits::none(), Captures::none()));
    let clean = outcome.value(&base).unwrap();
    assert!((clean.logit_difference - expected.clean.logit_difference).abs() < 2e-3, "{clean:?}");
    assert!((clean.p_answer - expected.clean.p_answer).abs() < 1e-3, "{clean:?}");
    let job = SweepJob::new(base, Vec::new(), SweepKind::ZeroHeads, Measure::Tokens(outcome)).unwrap();
    let mut n_compared = 0;
    let compare = |SweepPart { cell, outcome, .. }: SweepPart| {
        let (logit_difference, p_answer) = expected.zero_head[cell.layer][cell.column];
        let name = format!("L{}H{}", cell.layer, cell.column);
        let Some(Measured::Tokens(value)) = outcome else { panic!("{name}: {outcome:?}") };
        let found = value.logit_difference;
        assert!((found - logit_difference).abs() < 2e-3, "{name}: {found} instead of {logit_difference}");
        assert!((value.p_answer - p_answer).abs() < 1e-3, "{name}: {} instead of {p_answer}", value.p_answer);
        n_compared += 1;
    };
    complete_with(job, compare).unwrap();
    assert_eq!(n_compared, 270);
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn cached_greedy_continuations_are_golden() {
    let model = smollm2();
    for (name, case, _) in golden_real_cases("smollm2").into_iter().filter(|(_, case, _)| case.greedy_12.is_some()) {
        let tokens = model.encode(&case.text, None).unwrap();
        let mut run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
        let mut generation = Generation::new(Sampling::GREEDY, 12).unwrap();
        let mut ids = Vec::new();
        loop {
            match generation.step(&mut run).unwrap() {
                Written::Nothing => {}
                Written::Token(id) => ids.push(id),
                Written::End => break,
            }
        }
        let text = model.tokenizer().unwrap().decode(&ids).unwrap();
        assert_eq!(Some(text), case.greedy_12, "{name}");
    }
}

#[derive(Deserialize)]
struct Seeded {
    text: String,
    n_prompt: usize,
    temperature: f64,
    top_k: usize,
    top_p: f64,
    seed: u64,
    /// As text, with their spaces, and a line feed as the page shows it.
    tokens: Vec<String>,
}

/// What a seed gives natively; `tests/e2e/editing.test.mjs` reads the same off the page.
#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn a_seeded_continuation() {
    let expected: Seeded = serde_json::from_slice(&read(&fixture("generation/smollm2-seeded.json"))).unwrap();
    let model = smollm2();
    let tokens = model.encode(&expected.text, None).unwrap();
    assert_eq!(tokens.len(), expected.n_prompt);
    let mut run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
    let Seeded { temperature, top_k, top_p, seed, .. } = expected;
    let mut generation = Generation::new(Sampling { temperature, top_k, top_p, seed }, expected.tokens.len()).unwrap();
    while generation.step(&mut run).unwrap() != Written::End {}
    let shown = |token: &String| token.replace('Ġ', " ").replace('Ċ', "↵");
    let written: Vec<String> = run.tokens().tokens[expected.n_prompt..].iter().map(shown).collect();
    assert_eq!(written, expected.tokens);
}
