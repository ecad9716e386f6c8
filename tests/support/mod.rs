//! What the tests share: where fixtures and models are, reading them, comparing numbers.
//!
//! Each test program uses a part of it.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod engine;
pub mod gguf;
pub mod gguf_converted;
pub mod gguf_names;
pub mod gradients;
pub mod hostile;
#[cfg(not(target_arch = "wasm32"))]
pub mod hub;
pub mod inside;
pub mod jobs;
pub mod parity;
pub mod seeded;
pub mod seen;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use headlight::trace::file::header::{self, Header};
use headlight::trace::file::{Parsed, bf16_to_f32, f16_to_f32};
use serde::Deserialize;

/// A file or folder of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// The folder of a small checkpoint: "bert", "gpt2" or "llama".
pub fn golden(architecture: &str) -> PathBuf {
    fixture("golden").join(architecture)
}

/// A file of the bundled models, e.g. "all-MiniLM-L6-v2/tokenizer.json".
pub fn model_file(path: &str) -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let models = variable("HEADLIGHT_MODELS").or_else(|| Some(cache()?.join("headlight/models")));
    let file = models.expect("HEADLIGHT_MODELS or HOME is set").join(path);
    assert!(file.exists(), "{} is missing: run cargo xtask setup", file.display());
    file
}

pub const MINILM: &str = "all-MiniLM-L6-v2";
pub const SMOLLM2_GGUF: &str = "SmolLM2-135M-Instruct-Q4_1/SmolLM2-135M-Instruct.Q4_1.gguf";

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Random cases without a file of past failures: a failing case becomes a test of its own.
pub fn random_cases(n_cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { failure_persistence: None, ..proptest::test_runner::Config::with_cases(n_cases) }
}

/// One case of an `expected.json`, or a whole file of `golden-real`.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    pub text: String,
    #[serde(default)]
    pub text_pair: Option<String>,
    pub tokens: Vec<String>,
    #[serde(default)]
    pub decoder_tokens: Vec<String>,
    /// Of some encoder-decoder models: what the decoder writes by itself, start token and end token included.
    #[serde(default)]
    pub greedy_ids: Vec<u32>,
    #[serde(default)]
    pub token_type_ids: Vec<u32>,
    /// Of SmolLM2: the most likely next tokens as text, with their probabilities.
    #[serde(default)]
    pub next_token: Vec<(String, f64)>,
    #[serde(default)]
    pub greedy_12: Option<String>,
}

/// The cases of a small checkpoint.
pub fn golden_cases(architecture: &str) -> Vec<Case> {
    cases_of(&read(&golden(architecture).join("expected.json")))
}

/// The cases that an `expected.json` lists.
pub fn cases_of(expected_json: &[u8]) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Expected {
        cases: Vec<Case>,
    }
    let expected: Expected = serde_json::from_slice(expected_json).unwrap();
    expected.cases
}

/// The cases of a bundled model, "minilm" or "smollm2", each with its values.
pub fn golden_real_cases(model: &str) -> Vec<(String, Case, Tensors)> {
    let folder = fixture("golden-real").join(model);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".safetensors").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{}", folder.display());
    let case = |name: String| {
        let case = serde_json::from_slice(&read(&folder.join(format!("{name}.json")))).unwrap();
        let tensors = Tensors::open(&folder.join(format!("{name}.safetensors")));
        (name, case, tensors)
    };
    names.into_iter().map(case).collect()
}

/// A whole safetensors file, for small ones.
#[derive(Clone, Debug)]
pub struct Tensors {
    pub file: String,
    pub header: Header,
    bytes: Vec<u8>,
}

impl Tensors {
    pub fn open(path: &Path) -> Tensors {
        Tensors::of_bytes(&path.display().to_string(), read(path))
    }

    pub fn of_bytes(file: &str, bytes: Vec<u8>) -> Tensors {
        match header::parse(file, bytes.len() as u64, &bytes) {
            Ok(Parsed::Complete(header)) => Tensors { file: file.to_owned(), header, bytes },
            other => panic!("{file}: {other:?}"),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.header.tensors.contains_key(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.tensors.keys().map(String::as_str)
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.entry(name).shape
    }

    pub fn f32(&self, name: &str) -> Vec<f32> {
        let pairs = |bytes: &[u8]| bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect::<Vec<_>>();
        let bytes = self.bytes_of(name);
        match self.entry(name).dtype.as_str() {
            "F32" => bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
            "F16" => pairs(bytes).into_iter().map(f16_to_f32).collect(),
            "BF16" => pairs(bytes).into_iter().map(bf16_to_f32).collect(),
            other => panic!("{}: {name} is {other}", self.file),
        }
    }

    pub fn ids(&self, name: &str) -> Vec<u32> {
        assert_eq!(self.entry(name).dtype, "I64", "{}: {name}", self.file);
        let id = |b: &[u8]| u32::try_from(i64::from_le_bytes(b.try_into().unwrap())).unwrap();
        self.bytes_of(name).chunks_exact(8).map(id).collect()
    }

    fn entry(&self, name: &str) -> &header::Entry {
        self.header.tensors.get(name).unwrap_or_else(|| panic!("{}: there is no {name}", self.file))
    }

    fn bytes_of(&self, name: &str) -> &[u8] {
        let entry = self.entry(name);
        &self.bytes[entry.offset as usize..(entry.offset + entry.len) as usize]
    }
}

/// The largest difference of two lists and where it is. NaN counts as infinitely different; equal infinities as equal.
pub fn max_abs_difference(found: &[f32], expected: &[f32]) -> (f32, usize) {
    assert_eq!(found.len(), expected.len(), "as many numbers");
    let difference = |(a, b): (&f32, &f32)| if a == b { 0.0 } else { (a - b).abs() };
    let with_nan_first = |d: f32| if d.is_nan() { f32::INFINITY } else { d };
    let differences = found.iter().zip(expected).map(difference).map(with_nan_first);
    differences.zip(0..).fold((0.0, 0), |most, next| if next.0 > most.0 { next } else { most })
}

/// Collects comparisons and names the first that fails, with how much each failing one differs.
#[derive(Default)]
pub struct Comparison {
    failures: Vec<String>,
    n_compared: usize,
    /// Largest difference per kind of tensor, for a summary.
    worst: BTreeMap<String, f32>,
}

impl Comparison {
    /// Compares one tensor; call in the order in which a model passes through its hooks.
    pub fn check(&mut self, name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
        self.n_compared += 1;
        if found.len() != expected.len() {
            self.failures.push(format!("{name}: {} numbers, expected {}", found.len(), expected.len()));
            return;
        }
        let (difference, index) = max_abs_difference(found, expected);
        let kind = name
            .trim_start_matches(|c: char| c != '.')
            .trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let worst = self.worst.entry(kind.to_owned()).or_default();
        *worst = worst.max(difference);
        if difference > tolerance {
            let values = format!("{} instead of {}", found[index], expected[index]);
            self.failures.push(format!("{name}: differs by {difference:e} at index {index}: {values}"));
        }
    }

    /// Panics if anything differed, or if nothing was compared.
    #[track_caller]
    pub fn finish(self) {
        assert!(self.n_compared > 0, "nothing was compared");
        let n = self.failures.len();
        assert!(n == 0, "{n} of {} differ; the first is {}", self.n_compared, self.failures[..n.min(12)].join("\n  "));
        println!("{} tensors agree; largest differences: {:?}", self.n_compared, self.worst);
    }
}

/// The character map of a SentencePiece model file whose fields are all in order: normalizer_spec (3), precompiled_charsmap (2).
pub fn spm_charsmap(file: &[u8]) -> Vec<u8> {
    fn varint(bytes: &mut &[u8]) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = *bytes.split_off_first().unwrap();
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    fn field(mut bytes: &[u8], wanted: usize) -> &[u8] {
        loop {
            let tag = varint(&mut bytes);
            let len = match tag & 7 {
                0 => {
                    varint(&mut bytes);
                    continue;
                }
                2 => varint(&mut bytes),
                _ => 4,
            };
            let value = bytes.split_off(..len).unwrap();
            if tag >> 3 == wanted {
                return value;
            }
        }
    }
    field(field(file, 3), 2).to_vec()
}

/// Base64.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for digit in 0..4 {
            let value = DIGITS[(bits >> (18 - 6 * digit)) as usize & 63];
            text.push(if digit > three.len() { '=' } else { char::from(value) });
        }
    }
    text
}
