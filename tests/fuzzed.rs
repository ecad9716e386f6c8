//! Every reader on changed copies of small inputs: no panic, no more memory or time than an input may take.
//!
//! The targets, their seeds and the corpus are those of `cargo xtask fuzz` (`fuzz/`), which looks for new inputs by coverage
//! with libFuzzer. That needs the whole package compiled anew with counters, ten times as long as all of this takes; here
//! inputs are changed blindly from a seed instead, which needs nothing but what is compiled for the other tests, and finds
//! again whatever the corpus once found. HEADLIGHT_FUZZ_RUNS and HEADLIGHT_FUZZ_SEED choose other runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

#[path = "../fuzz/src/mutate.rs"]
mod mutate;
#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::limits;
use mutate::{Random, mutated};

/// Longer inputs are cut: none of the faults needed more.
const MAX_LEN: usize = 32 << 10;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn fuzzed(name: &str) {
    let target = targets::ALL.iter().find(|target| target.name == name).unwrap();
    let inputs = targets::inputs(target);
    let mut random = Random(number("HEADLIGHT_FUZZ_SEED", 17));
    let changed = (0..number("HEADLIGHT_FUZZ_RUNS", 2_000)).map(|_| mutated(&inputs, &mut random, MAX_LEN));
    for input in inputs.iter().cloned().chain(changed) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| limits::within(target.name, target.run, &input))) {
            let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.input"));
            std::fs::write(&path, &input).unwrap();
            eprintln!("{name}: the input is in {}: {:?}", path.display(), String::from_utf8_lossy(&input));
            resume_unwind(panic);
        }
    }
}

macro_rules! targets {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            fuzzed(stringify!($name));
        })+

        #[test]
        fn every_target_is_run() {
            let named = [$(stringify!($name)),+];
            assert!(targets::ALL.iter().map(|target| target.name).eq(named));
        }
    };
}

targets! { safetensors trace trace_structured gguf config tokenizer_json tokenizer_files sentencepiece chat sets atlas edits link listing slot metadata reducer }
