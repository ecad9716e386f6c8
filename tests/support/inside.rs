//! Runs to look inside of, and what PyTorch computed of them.

use std::fs;
use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, Run};
use serde::Deserialize;

use super::engine::{finished, load_golden};
use super::parity::decoded;
use super::{Tensors, fixture, golden, golden_cases, read};

/// Checkpoints whose lens and direct attribution PyTorch computed.
pub const LINEAR: [&str; 4] = ["gpt2", "gpt_neox", "llama", "qwen3"];

/// An `inside.json`.
#[derive(Deserialize)]
pub struct Inside {
    pub ids: Vec<u32>,
    pub position: usize,
    pub answer_id: u32,
    pub other_id: u32,
    #[serde(rename = "M")]
    pub outcome: f64,
}

/// A finished run, and what PyTorch computed of it.
pub struct Golden {
    pub run: Run,
    pub inside: Inside,
    pub values: Tensors,
}

impl Golden {
    pub fn of(architecture: &str) -> Self {
        let (model, folder) = (load_golden(architecture), golden(architecture));
        let inside: Inside = serde_json::from_slice(&read(&folder.join("inside.json"))).unwrap();
        let tokens = model.tokens_from_ids(&inside.ids).unwrap();
        let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
        Self { run, inside, values: Tensors::open(&folder.join("inside.safetensors")) }
    }
}

/// A finished run of each small checkpoint: of its only stack, or of its decoder.
pub fn every_run() -> impl Iterator<Item = (String, Run)> {
    let mut names: Vec<String> = fs::read_dir(fixture("golden"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| golden(name).join("expected.json").exists() && golden(name).join("tokenizer.json").exists())
        .collect();
    names.sort();
    assert!(names.len() > 40, "{names:?}");
    names.into_iter().map(|name| {
        let model = load_golden(&name);
        let case = &golden_cases(&name)[0];
        let run = match model.encoder() {
            None => {
                let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
                finished(&model, tokens, CompiledEdits::none(), Captures::none())
            }
            Some(encoder) => {
                let source = model.encode(&case.text, None).unwrap();
                let source = finished(encoder, source, CompiledEdits::none(), Captures::none());
                let target = model.encode_target(case.text_pair.as_deref().unwrap()).unwrap();
                decoded(&model, Arc::new(source), target)
            }
        };
        (name, run)
    })
}

pub fn all(n: usize) -> Vec<usize> {
    (0..n).collect()
}
