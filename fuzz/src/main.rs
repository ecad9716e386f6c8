//! libFuzzer over the readers: `cargo xtask fuzz [TARGET] [--runs N]`. One binary; HEADLIGHT_FUZZ_TARGET names the reader.
//!
//! What it finds is a file beside the corpus (`crash-…`): put the smallest form of it into `corpus/TARGET/`, where
//! `cargo xtask test` runs it from then on (`tests/fuzzed.rs`).
//!
//! Half of the changes are libFuzzer's, half those of `mutate`, which know what the formats are made of.
#![no_main]

mod limits;
mod mutate;
mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use mutate::{Random, mutated};
use targets::Target;

#[global_allocator]
static ALLOCATOR: limits::Counting = limits::Counting;

static CHOSEN: OnceLock<&Target> = OnceLock::new();

fn chosen() -> &'static Target {
    CHOSEN.get_or_init(|| {
        let name = std::env::var("HEADLIGHT_FUZZ_TARGET").unwrap_or_default();
        let found = targets::ALL.iter().find(|target| target.name == name);
        let target = found.unwrap_or_else(|| panic!("HEADLIGHT_FUZZ_TARGET names no target: {name:?}"));
        if let Some(folder) = std::env::var_os("HEADLIGHT_FUZZ_SEEDS") {
            // libFuzzer starts from files, so the seeds made of fixtures are written to files.
            for (number, input) in targets::inputs(target).iter().enumerate() {
                let path = std::path::Path::new(&folder).join(format!("seed-{number:03}"));
                std::fs::write(&path, input).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
        target
    })
}

fuzz_target!(
    init: {
        chosen();
    },
    |data: &[u8]| {
        let target = chosen();
        limits::within(target.name, target.run, data);
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random(u64::from(seed));
    let ours = (random.below(2) == 1).then(|| mutated(&[data[..size].to_vec()], &mut random, max_size));
    // libFuzzer takes no empty input from here; it tries one itself.
    match ours.filter(|changed| !changed.is_empty()) {
        None => fuzzer_mutate(data, size, max_size),
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
    }
});
