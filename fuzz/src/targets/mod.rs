//! What is fuzzed: one target per reader. Each takes any bytes and must end without a panic, within the limits of `limits`. Whatever
//! it accepts must be something that every view can draw.

mod atlas;
mod chat;
mod checkpoints;
mod edits;
mod pages;
#[cfg(feature = "page")]
mod reducer;
mod sets;
mod tokenizers;
mod traces;

use std::path::{Path, PathBuf};

/// One reader.
pub struct Target {
    /// Its name on the command line, and of its folder in the corpus.
    pub name: &'static str,
    /// Reads an input.
    pub run: fn(&[u8]),
    /// Inputs to begin with, beside those of the corpus.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const ALL: [Target; 17] = [
    Target { name: "safetensors", run: checkpoints::safetensors, seeds: checkpoints::safetensors_seeds },
    Target { name: "trace", run: traces::raw, seeds: traces::raw_seeds },
    Target { name: "trace_structured", run: traces::structured, seeds: traces::structured_seeds },
    Target { name: "gguf", run: checkpoints::gguf, seeds: none },
    Target { name: "config", run: checkpoints::config, seeds: checkpoints::config_seeds },
    Target { name: "tokenizer_json", run: tokenizers::json, seeds: tokenizers::json_seeds },
    Target { name: "tokenizer_files", run: tokenizers::older_files, seeds: tokenizers::older_files_seeds },
    Target { name: "sentencepiece", run: tokenizers::sentencepiece, seeds: tokenizers::sentencepiece_seeds },
    Target { name: "chat", run: chat::run, seeds: chat::seeds },
    Target { name: "sets", run: sets::run, seeds: sets::seeds },
    Target { name: "atlas", run: atlas::run, seeds: atlas::seeds },
    Target { name: "edits", run: edits::run, seeds: edits::seeds },
    Target { name: "link", run: pages::link, seeds: pages::link_seeds },
    Target { name: "listing", run: pages::listing, seeds: pages::listing_seeds },
    Target { name: "slot", run: pages::slot, seeds: pages::slot_seeds },
    Target { name: "metadata", run: traces::metadata, seeds: traces::metadata_seeds },
    Target { name: "reducer", run: pages::reducer, seeds: pages::reducer_seeds },
];

/// The repository, seen from the package that is compiled: itself, or `fuzz/` in it.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let above = package.parent().filter(|_| package.ends_with("fuzz")).unwrap_or(package);
    above.to_owned()
}

/// A file of the tests' fixtures.
pub fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/fixtures").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The inputs of a target: its seeds and its corpus.
pub fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut inputs = (target.seeds)();
    let folder = root().join("fuzz/corpus").join(target.name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    inputs.extend(paths.iter().filter_map(|path| std::fs::read(path).ok()));
    inputs.push(Vec::new());
    inputs
}

fn none() -> Vec<Vec<u8>> {
    Vec::new()
}

/// Choices made by the bytes of an input: the same bytes, the same choices; zeros when they are used up.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    fn pick<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        &list[usize::from(self.byte()) % list.len()]
    }

    /// One time in four.
    fn seldom(&mut self) -> bool {
        self.byte() & 3 == 3
    }
}
