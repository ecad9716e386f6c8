//! Variants of checkpoints that are in circulation, made and computed by transformers (`tests/fixtures/make_cases.py`): each gives the
//! same patterns and logits, says what was assumed, and predicts tokens only where the file has a head for it.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::spec::Unembed;
use headlight::trace::{BlockSite, Hook};
use support::engine::{Files, files_of, finished, load};
use support::parity::{TOLERANCE, decoded};
use support::{Comparison, Tensors, fixture, read};

fn names() -> Vec<String> {
    let folders = std::fs::read_dir(fixture("cases")).unwrap();
    let mut names: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn folder(name: &str) -> PathBuf {
    fixture("cases").join(name)
}

fn files(name: &str) -> Files {
    files_of(&folder(name), &["config.json", "model.safetensors"])
}

/// Runs the ids through every stack of the model.
fn run(model: &Arc<Model>, expected: &Tensors) -> Run {
    let source = model.encoder().map(|encoder| {
        let tokens = encoder.tokens_from_ids(&expected.ids("input_ids")).unwrap();
        Arc::new(finished(encoder, tokens, CompiledEdits::none(), Captures::none()))
    });
    match source {
        Some(source) => decoded(model, source, model.tokens_from_ids(&expected.ids("decoder_input_ids")).unwrap()),
        None => {
            let tokens = model.tokens_from_ids(&expected.ids("input_ids")).unwrap();
            finished(model, tokens, CompiledEdits::none(), Captures::none())
        }
    }
}

fn compare_patterns(comparison: &mut Comparison, run: &Run, expected: &Tensors, kind: &str, site: BlockSite) {
    for layer in 0..run.model().spec().n_layers {
        let name = format!("{kind}.{layer}");
        let found = run.activation(Hook::Block(layer, site)).unwrap();
        comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
    }
}

#[test]
fn every_form_agrees_with_transformers() {
    assert!(names().len() >= 50, "{}", names().len());
    let mut wrong = Vec::new();
    for name in names() {
        println!("{name}");
        let expected = Tensors::open(&folder(&name).join("expected.safetensors"));
        let case: serde_json::Value = serde_json::from_slice(&read(&folder(&name).join("case.json"))).unwrap();
        let model = match load(&files(&name)) {
            Ok(model) => model,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let run = run(&model, &expected);
        let mut comparison = Comparison::default();
        match run.source() {
            Some(source) => {
                compare_patterns(&mut comparison, source, &expected, "encoder_attentions", BlockSite::Pattern);
                compare_patterns(&mut comparison, &run, &expected, "decoder_attentions", BlockSite::Pattern);
                compare_patterns(&mut comparison, &run, &expected, "cross_attentions", BlockSite::CrossPattern);
            }
            None => compare_patterns(&mut comparison, &run, &expected, "attentions", BlockSite::Pattern),
        }
        let predicts = case["predicts"] == true;
        assert_eq!(predicts, model.spec().unembed != Unembed::None, "{name}");
        if predicts {
            let logits = run.logits(0..run.tokens().len()).unwrap();
            comparison.check("logits", &logits, &expected.f32("logits"), TOLERANCE);
        }
        comparison.finish();
        for said in case["says"].as_array().unwrap() {
            let said = said.as_str().unwrap();
            if !model.notes().iter().any(|note| note.contains(said)) {
                wrong.push(format!("{name}: \"{said}\" is not said: {:?}", model.notes()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Two equal matrices under two names are held once, and no note mentions them.
#[test]
fn equal_matrices_are_one() {
    for (name, embed, head) in [
        ("gpt2_aliases", "transformer.wte.weight", "lm_head.weight"),
        ("opt_defaults", "model.decoder.embed_tokens.weight", "lm_head.weight"),
        ("bart_classifier", "model.shared.weight", "model.encoder.embed_tokens.weight"),
    ] {
        let mut files = files(name);
        let once = load(&files).unwrap();
        files[1].1 = with_tensor(&files[1].1, head, embed);
        let twice = load(&files).unwrap();
        assert_eq!((once.spec(), once.weight_bytes()), (twice.spec(), twice.weight_bytes()), "{name}");
        assert_eq!(once.notes(), twice.notes(), "{name}");
    }
}

/// A safetensors file with a copy of a tensor under another name.
fn with_tensor(file: &[u8], name: &str, like: &str) -> Vec<u8> {
    let n_header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&file[8..8 + n_header]).unwrap();
    let data = &file[8 + n_header..];
    let entry = header[like].clone();
    let at = |index: usize| entry["data_offsets"][index].as_u64().unwrap() as usize;
    let copy = &data[at(0)..at(1)];
    let mut entry = entry.clone();
    entry["data_offsets"] = serde_json::json!([data.len(), data.len() + copy.len()]);
    header[name] = entry;
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data, copy].concat()
}
