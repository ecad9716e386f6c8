//! Configurations as they may come: whatever a field says, a checkpoint loads or is refused with a sentence, and a model that
//! loads runs or says why not. Nothing panics.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, EngineError, Model, Run};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::engine::{Files, golden_files, load};
use support::{fixture, random_cases};

/// Every small checkpoint.
fn names() -> Vec<String> {
    let folders = std::fs::read_dir(fixture("golden")).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A checkpoint with another configuration, without its tokenizer.
fn changed(name: &str, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Files {
    let mut files = golden_files(name);
    files.retain(|(file, _)| file != "tokenizer.json");
    let mut config: Value = serde_json::from_slice(&files[0].1).unwrap();
    change(config.as_object_mut().unwrap());
    files[0].1 = serde_json::to_vec(&config).unwrap();
    files
}

/// Runs a few ids through whatever stacks there are.
fn run_through(model: &Arc<Model>) -> Result<(), EngineError> {
    let run = |model: &Arc<Model>, source: Option<Arc<Run>>| -> Result<Run, EngineError> {
        let (tokens, edits) = (model.tokens_from_ids(&[1, 2, 3, 1])?, CompiledEdits::none());
        let mut run = match source {
            Some(source) => Run::decode(Arc::clone(model), source, tokens, edits, Captures::none())?,
            None => Run::new(Arc::clone(model), tokens, edits, Captures::none())?,
        };
        run.complete()?;
        Ok(run)
    };
    let source = model.encoder().map(|encoder| run(encoder, None)).transpose()?;
    let run = run(model, source.map(Arc::new))?;
    run.attention(0)?.pattern(0)?;
    run.logits(3..4).map(|_| ())
}

/// What a field may hold instead.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(7),
        json!(4096),
        json!(-1),
        json!(2_147_483_648_u64),
        json!(u64::MAX),
        json!(0.5),
        json!(1e-300),
        json!(1e300),
        json!("gelu"),
        json!("yarn"),
        json!(""),
        json!([]),
        json!([1, 2]),
        json!(["full_attention", "sliding_attention", "other"]),
        json!({}),
        json!({"rope_type": "dynamic", "factor": 1e300, "rope_theta": 1.0}),
        json!({"rope_type": "yarn", "factor": 1e-9, "rope_theta": 1.0}),
        json!({"rope_type": "longrope", "short_factor": [1.0], "long_factor": [1e-300]}),
        json!({"full_attention": {"rope_theta": 1e-300}, "sliding_attention": {"rope_type": "linear", "factor": 1e300}}),
    ]
}

proptest! {
    #![proptest_config(random_cases(1500))]

    #[test]
    fn odd_configurations_never_panic(
        name in prop::sample::select(names()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(odd_values())), 1..4),
    ) {
        let files = changed(&name, |config| {
            let fields: Vec<String> = config.keys().cloned().chain(EXTRA.map(str::to_owned)).collect();
            for (field, value) in changes {
                config.insert(field.get(&fields).clone(), value);
            }
        });
        match load(&files) {
            Ok(model) => if let Err(error) = run_through(&model) {
                prop_assert!(!error.to_string().is_empty());
            },
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Fields that a configuration may have beside those of the small checkpoints.
const EXTRA: [&str; 10] = [
    "rope_scaling",
    "rope_theta",
    "partial_rotary_factor",
    "attention_types",
    "no_rope_layers",
    "pruned_heads",
    "n_positions",
    "layer_types",
    "bad_words_ids",
    "num_decoder_layers",
];

#[test]
fn missing_fields_are_named() {
    for name in names() {
        let config = &golden_files(&name)[0].1;
        let config: serde_json::Map<String, Value> = serde_json::from_slice(config).unwrap();
        let mut n_refused = 0;
        for field in config.keys() {
            let files = changed(&name, |config| _ = config.remove(field));
            if let Err(error) = load(&files) {
                n_refused += 1;
                // Either the field itself, or a tensor that has another shape or name without it.
                let message = error.to_string();
                assert!(
                    message.contains(field.as_str()) || message.contains("tensor"),
                    "{name} without {field}: {message}"
                );
            }
        }
        assert!(n_refused >= 5, "{name}: only {n_refused} fields are needed");
    }
}

#[test]
fn options_that_are_not_read_are_refused_by_name() {
    let cases = [
        ("albert", "num_hidden_groups", json!(2)),
        ("bart", "activation_function", json!("swishy")),
        ("bert", "position_embedding_type", json!("relative_key")),
        ("bloom", "apply_residual_connection_post_layernorm", json!(true)),
        ("distilbert", "pruned_heads", json!({"0": [1]})),
        ("gemma3_text", "use_bidirectional_attention", json!(true)),
        ("gemma3_text", "layer_types", json!(["full_attention", "chunked_attention", "full_attention"])),
        ("gpt_neo", "attention_types", json!([[["global", "sparse"], 2]])),
        ("gptj", "tie_word_embeddings", json!(true)),
        ("llama", "rope_parameters", json!({"rope_type": "spiral"})),
        ("llama", "hidden_act", json!("swiglu")),
        ("llama", "num_key_value_heads", json!(3)),
        ("mpnet", "relative_attention_num_buckets", json!(2)),
        ("opt", "_remove_final_layer_norm", json!(true)),
        ("smollm3", "no_rope_layers", json!([1, 0])),
        ("t5", "feed_forward_proj", json!("gated-tanh")),
    ];
    for (name, field, value) in cases {
        let message =
            load(&changed(name, |config| _ = config.insert(field.to_owned(), value))).unwrap_err().to_string();
        let field = if field == "rope_parameters" { "rope_type" } else { field };
        assert!(message.contains(field), "{name}: {message}");
    }
}
