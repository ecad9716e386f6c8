//! Variants of checkpoints that are in circulation, made and computed by transformers (`tests/fixtures/make_cases.py`): each gives the
//! same patterns and logits, says what was assumed, and predicts tokens only where the file has a head for it.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::path::PathBuf;
use std::sync::Arc;

use crate::support::engine::{Files, files_of, finished, golden_files, load};
use crate::support::parity::{TOLERANCE, decoded};
use crate::support::{Comparison, Tensors, fixture, read};
use headlight::engine::jobs::{RunInput, RunJob, RunOptions, Target, complete};
use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::spec::Unembed;
use headlight::trace::{BlockSite, Hook};
use serde_json::json;

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

/// A file saved from a class without a head says so and predicts nothing, even where its embedding is tied to a head. A file that names
/// no class, or a class with a head, predicts; so does one with the bias of a head.
#[test]
fn an_embedding_predicts_only_for_a_class_with_a_head() {
    for (name, class, auto) in [
        ("gpt2", "GPT2Model", "AutoModelForCausalLM"),
        ("gpt_neo", "GPTNeoModel", "AutoModelForCausalLM"),
        ("opt", "OPTModel", "AutoModelForCausalLM"),
        ("bloom", "BloomModel", "AutoModelForCausalLM"),
        ("llama_biases", "LlamaModel", "AutoModelForCausalLM"),
        ("smollm3", "SmolLM3Model", "AutoModelForCausalLM"),
        ("gemma2", "Gemma2ForTokenClassification", "AutoModelForCausalLM"),
        ("t5", "T5Model", "AutoModelForSeq2SeqLM"),
    ] {
        let with_classes = |classes: serde_json::Value| {
            let mut files = golden_files(name);
            files.retain(|(file, _)| file != "tokenizer.json");
            let mut config: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
            assert_eq!(config["tie_word_embeddings"], true, "{name}");
            config["architectures"] = classes;
            files[0].1 = config.to_string().into_bytes();
            load(&files).unwrap()
        };
        let found = with_classes(json!([class]));
        assert_eq!(found.spec().unembed, Unembed::None, "{name}");
        let says = found.notes().iter().find(|note| note.contains(&format!("saved from {class}, which has no head")));
        assert!(says.is_some_and(|note| note.contains(auto)), "{name}: {:?}", found.notes());
        let head = class.replace("Model", "ForCausalLM").replace("TokenClassification", "CausalLM");
        for classes in [json!(null), json!([]), json!([class, head])] {
            assert_ne!(with_classes(classes.clone()).spec().unembed, Unembed::None, "{name} {classes}");
        }
    }
    // A bias of the logits is a part of a head.
    let mut files = golden_files("bart");
    let config = String::from_utf8(files[0].1.clone()).unwrap().replace("BartForConditionalGeneration", "BartModel");
    files[0].1 = config.into_bytes();
    assert_ne!(load(&files).unwrap().spec().unembed, Unembed::None);
}

/// A decoder that predicts nothing writes no target: that is said before anything runs, and a given target is read.
#[test]
fn a_decoder_without_a_head_asks_for_its_target() {
    let model = load(&files("bart_untied_base")).unwrap();
    let input = |target| {
        let tokens = model.encoder().unwrap().tokens_from_ids(&[5, 17, 40]).unwrap();
        RunJob::new(Arc::clone(&model), RunInput { tokens, target }, Vec::new(), RunOptions::default())
    };
    let message = input(Target::Generated).unwrap_err().to_string();
    assert!(message.contains("predicts no tokens") && message.ends_with("give one"), "{message}");
    let target = Target::Tokens(model.tokens_from_ids(&[2, 11]).unwrap());
    assert_eq!(complete(input(target).unwrap()).unwrap().run.tokens().ids, [2, 11]);
}

/// DeBERTa's heads are taken as the file has them, and what is not computed is refused by name.
#[test]
fn deberta_is_read_as_its_file_says() {
    let changed = |name: &str, key: &str, value: serde_json::Value| {
        let mut files = golden_files(name);
        let mut config: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
        config[key] = value;
        files[0].1 = config.to_string().into_bytes();
        load(&files)
    };
    // The file has the newer head alone, which is read whatever the configuration says of it.
    for is_legacy in [true, false] {
        let model = changed("deberta_v2_conv", "legacy", json!(is_legacy)).unwrap();
        assert_eq!(model.spec().unembed, Unembed::MaskedWord { tied: true });
        assert!(model.notes().iter().any(|note| note.contains("enhanced mask decoder")), "{:?}", model.notes());
    }
    let base = changed("deberta_v2", "legacy", json!(true)).unwrap();
    assert!(!base.notes().iter().any(|note| note.contains("enhanced mask decoder")));
    for (name, key, value) in [
        ("deberta_v2_conv", "conv_groups", json!(2)),
        ("deberta_v2_conv", "attention_head_size", json!(4)),
        ("deberta_v2", "embedding_size", json!(8)),
        ("deberta_v2", "conv_kernel_size", json!(2)),
        ("deberta_v2", "position_buckets", json!(200)),
    ] {
        let message = changed(name, key, value.clone()).unwrap_err().to_string();
        let is_named = message.contains(key) || message.contains("conv.kernel") || message.contains("disentangled.");
        assert!(is_named, "{key} {value}: {message}");
    }
    // Without relative attention the embedding of distances is left out, as in transformers; the scale stays.
    let plain = changed("deberta_v2", "relative_attention", json!(false)).unwrap();
    assert_eq!((plain.spec().disentangled, plain.spec().attn_scale), (None, base.spec().attn_scale));
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
