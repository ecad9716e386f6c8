//! One continuation with a seed, which must come out the same natively and in the browser, cached or not.

use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, Generation, Model, Run, Sampling, Written};

use super::engine::finished;

/// How tokens are drawn.
pub const SAMPLING: Sampling = Sampling { temperature: 1.5, top_k: 50, top_p: 0.95, seed: 4 };

/// What golden/gpt2 writes after the text below.
pub const CONTINUATION: [u32; 8] = [7, 276, 231, 61, 257, 306, 18, 137];

const TEXT: &str = "The doctor asked the nurse a question. She";

/// Eight tokens through kept keys and values.
pub fn continuation(model: &Arc<Model>) -> Vec<u32> {
    let prompt = model.encode(TEXT, None).unwrap();
    let mut run = finished(model, prompt, CompiledEdits::none(), Captures::none());
    let mut generation = Generation::new(SAMPLING, CONTINUATION.len()).unwrap();
    written(&mut generation, &mut run)
}

/// The same tokens, each time from a run of everything before it: nothing is kept.
pub fn continuation_without_cache(model: &Arc<Model>) -> Vec<u32> {
    let mut tokens = model.encode(TEXT, None).unwrap();
    let mut ids = Vec::new();
    for _ in 0..CONTINUATION.len() {
        let mut run = finished(model, tokens, CompiledEdits::none(), Captures::none());
        let mut generation = Generation::new(SAMPLING, 1).unwrap();
        ids.extend(written(&mut generation, &mut run));
        tokens = run.tokens().clone();
    }
    ids
}

fn written(generation: &mut Generation, run: &mut Run) -> Vec<u32> {
    let mut ids = Vec::new();
    loop {
        match generation.step(run).unwrap() {
            Written::Nothing => {}
            Written::Token(id) => ids.push(id),
            Written::End => return ids,
        }
    }
}
