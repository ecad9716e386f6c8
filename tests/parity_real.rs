//! Agreement with Hugging Face transformers on the two bundled models: patterns, ends of the stream, next tokens, greedy
//! continuations.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{files_of, finished, load};
use crate::support::{Comparison, MINILM, SMOLLM2_GGUF, Tensors, golden_real_cases, model_file, read};
use headlight::engine::{Captures, CompiledEdits, Model, Run, top_predictions};
use headlight::trace::{BlockSite, Hook};

const TOLERANCE: f32 = 1e-3;

fn patterns_agree(comparison: &mut Comparison, name: &str, run: &Run, expected: &Tensors) {
    for layer in 0..run.model().spec().n_layers {
        let found = run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
        let expected = expected.f32(&format!("attentions.{layer}"));
        comparison.check(&format!("{name}.attentions.{layer}"), &found, &expected, TOLERANCE);
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn minilm() {
    let folder = model_file(&format!("{MINILM}/config.json")).parent().unwrap().to_owned();
    let model = load(&files_of(&folder, &["config.json", "tokenizer.json", "model.safetensors"])).unwrap();
    let mut comparison = Comparison::default();
    for (name, case, expected) in golden_real_cases("minilm") {
        let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
        assert_eq!(tokens.tokens, case.tokens);
        let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
        patterns_agree(&mut comparison, &name, &run, &expected);
        let first = run.activation(Hook::Block(0, BlockSite::ResidPre)).unwrap();
        comparison.check(&format!("{name}.first"), &first, &expected.f32("hidden_states.first"), TOLERANCE);
        comparison.check(&format!("{name}.last"), run.final_stream(), &expected.f32("hidden_states.last"), TOLERANCE);
    }
    comparison.finish();
}

fn smollm2() -> Arc<Model> {
    load(&vec![("SmolLM2.gguf".to_owned(), read(&model_file(SMOLLM2_GGUF)))]).unwrap()
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn smollm2_patterns_and_next_tokens() {
    let model = smollm2();
    assert_eq!(model.quantisation(), "Q4_1");
    let mut comparison = Comparison::default();
    for (name, case, expected) in golden_real_cases("smollm2").into_iter().filter(|(_, _, t)| t.has("last_logits")) {
        let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
        assert_eq!(tokens.tokens, case.tokens);
        let last = tokens.len() - 1;
        let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
        patterns_agree(&mut comparison, &name, &run, &expected);
        comparison.check(
            &format!("{name}.logits"),
            &run.logits(last..last + 1).unwrap(),
            &expected.f32("last_logits"),
            5e-3,
        );
        let top = top_predictions(&run, last, 10).unwrap();
        let words: Vec<String> = top.iter().map(|top| model.tokenizer().unwrap().decode(&[top.id]).unwrap()).collect();
        let expected_words: Vec<String> = case.next_token.iter().map(|(word, _)| word.clone()).collect();
        assert_eq!(words, expected_words, "{name}");
        for (top, (word, prob)) in top.iter().zip(&case.next_token) {
            assert!((f64::from(top.prob) - prob).abs() < 1e-3, "{name}: {word}");
        }
    }
    comparison.finish();
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn smollm2_greedy_continuation() {
    let model = smollm2();
    for (name, case, _) in golden_real_cases("smollm2").into_iter().filter(|(_, case, _)| case.greedy_12.is_some()) {
        let mut ids = model.encode(&case.text, None).unwrap().ids;
        let n_prompt = ids.len();
        for _ in 0..12 {
            let tokens = model.tokens_from_ids(&ids).unwrap();
            let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
            ids.push(top_predictions(&run, ids.len() - 1, 1).unwrap()[0].id);
        }
        let text = model.tokenizer().unwrap().decode(&ids[n_prompt..]).unwrap();
        assert_eq!(Some(text), case.greedy_12, "{name}");
    }
}

/// candle-transformers' own BERT on the same files: an implementation that shares nothing with ours but the numbers.
#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn minilm_agrees_with_candle_transformers() {
    use candle_core::{DType, Device, Tensor};
    use candle_transformers::models::bert::{BertModel, Config};

    let folder = model_file(&format!("{MINILM}/config.json")).parent().unwrap().to_owned();
    let model = load(&files_of(&folder, &["config.json", "tokenizer.json", "model.safetensors"])).unwrap();
    let config: Config = serde_json::from_slice(&read(&folder.join("config.json"))).unwrap();
    let weights = read(&folder.join("model.safetensors"));
    let weights = candle_nn::VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu).unwrap();
    let other = BertModel::load(weights, &config).unwrap();

    let tokens = model.encode("A second opinion is worth having", Some("and costs little")).unwrap();
    let row = |values: &[u32]| Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let expected = other.forward(&row(&tokens.ids), &row(&tokens.type_ids), None).unwrap();
    let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
    let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
    let mut comparison = Comparison::default();
    comparison.check("last", run.final_stream(), &expected, 1e-4);
    comparison.finish();
}
