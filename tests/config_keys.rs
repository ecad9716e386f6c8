//! Every key of every configuration class that is read: it changes what is computed, is known to change nothing, or is refused. Names
//! and defaults are those of transformers (`tests/fixtures/make_config_keys.py`).

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::collections::BTreeSet;

use headlight::engine::checkpoint::{Architecture, Class, Config, WITHOUT_EFFECT};
use headlight::trace::file::header;
use serde_json::{Map, Value, json};
use support::engine::golden_files;
use support::fixture;

/// A configuration of a family, in which every key can act, and the names of its tensors.
fn base(family: &str) -> (Map<String, Value>, BTreeSet<String>) {
    let golden = match family {
        "camembert" => "roberta",
        "mt5" => "t5",
        "phi3" => "phi3_longrope",
        "xlm-roberta" => "xlm_roberta",
        other => other,
    };
    let files = golden_files(golden);
    let Value::Object(mut config) = serde_json::from_slice(&files[0].1).unwrap() else { panic!("{golden}") };
    config.insert("model_type".to_owned(), family.into());
    // A value that a class derives from other keys would hide those keys.
    for made in ["layer_types", "no_rope_layers"] {
        config.remove(made);
    }
    if ["qwen2", "qwen3", "smollm3"].contains(&family) {
        config.extend([("use_sliding_window".to_owned(), json!(true)), ("sliding_window".to_owned(), json!(5))]);
        config.insert("max_window_layers".to_owned(), json!(1));
    }
    let bytes = &files[2].1;
    let headlight::trace::file::Parsed::Complete(header) = header::parse("m", bytes.len() as u64, bytes).unwrap()
    else {
        panic!("{golden}")
    };
    (config, header.tensors.into_keys().collect())
}

/// What a configuration means, or why it is refused.
fn outcome(config: &Map<String, Value>, tensors: &BTreeSet<String>) -> Result<String, String> {
    let config = Config::parse("config.json", Value::from(config.clone()).to_string().as_bytes()).unwrap();
    let found =
        Architecture::from_config(&config, &|name| tensors.contains(name)).map_err(|error| error.to_string())?;
    let stack = |stack: &Architecture| {
        let sources: Vec<_> = stack.slots().into_iter().map(|slot| (slot, stack.source(slot))).collect();
        format!("{:?} {sources:?}", stack.spec)
    };
    let encoder = found.encoder.as_deref().map(stack);
    Ok(format!("{} {encoder:?} {:?}", stack(&found), found.generation))
}

/// Matrices that predict tokens.
const HEADS: [&str; 2] = ["lm_head.weight", "embed_out.weight"];

/// mT5's embedding and head are one matrix in transformers, whatever the configuration says: `tests/cases.rs`.
const TIED_ALWAYS: (&str, &str) = ("mt5", "tie_word_embeddings");

/// Other values that a key may have.
fn others(default: &Value, n_layers: usize) -> Vec<Value> {
    let kinds = |kind: &str| json!(vec![kind; n_layers]);
    let words = ["relu", "silu", "gelu_new", "gated-silu"].map(Value::from);
    let nested = |factor: f64| json!({"rope_type": "linear", "factor": factor, "rope_theta": 5000.0});
    let any = [
        json!(7),
        json!(0.5),
        json!(true),
        kinds("sliding_attention"),
        kinds("full_attention"),
        nested(2.0),
        json!({"full_attention": nested(2.0), "sliding_attention": nested(3.0)}),
        json!([0, 1]),
    ];
    match default {
        Value::Bool(_) => vec![json!(true), json!(false)],
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            vec![json!(3), json!(12), json!(number + 0.25), json!(number * 3.0)]
        }
        Value::String(_) => words.to_vec(),
        Value::Array(_) => vec![json!([[["local"], n_layers]]), json!([])],
        _ => words.into_iter().chain(any).collect(),
    }
}

#[test]
fn every_key_is_read_or_refused_or_without_effect() {
    let (mut n_keys, mut ignored) = (0, Vec::new());
    for (family, class) in Class::names() {
        let (config, tensors) = base(&family);
        let usual = outcome(&config, &tensors).unwrap_or_else(|error| panic!("{family}: {error}"));
        let headless = tensors.iter().filter(|name| !HEADS.contains(&name.as_str())).cloned().collect();
        let usual_headless = outcome(&config, &headless).unwrap();
        let class = Class::of(&family).unwrap_or_else(|| panic!("{class}"));
        for (key, default) in class.keys() {
            n_keys += 1;
            let acts =
                others(default, 4).into_iter().chain(others(default, 2)).chain(others(default, 3)).any(|value| {
                    let mut config = config.clone();
                    config.insert(key.to_owned(), value);
                    // The configuration is refused or means something else, with or without a head in the file.
                    outcome(&config, &tensors).ok() != Some(usual.clone())
                        || outcome(&config, &headless).ok() != Some(usual_headless.clone())
                });
            let is_known = WITHOUT_EFFECT.iter().any(|(known, _)| *known == key);
            // Which class saved the file decides whether it predicts: `tests/cases.rs`.
            let is_elsewhere = key == "architectures" || TIED_ALWAYS == (family.as_str(), key);
            if !acts && !is_known && !is_elsewhere {
                ignored.push(format!("{family}: {key} ({default})"));
            }
        }
    }
    assert!(n_keys > 700, "{n_keys} keys");
    assert!(ignored.is_empty(), "neither read nor refused: {ignored:#?}");
}

#[test]
fn what_is_without_effect_has_a_reason_and_is_a_key() {
    let classes: Vec<Class> = Class::names().iter().map(|(family, _)| Class::of(family).unwrap()).collect();
    for (key, reason) in WITHOUT_EFFECT {
        assert!(reason.len() > 10, "{key}");
        assert!(classes.iter().any(|class| class.keys().any(|(known, _)| known == *key)), "{key} is in no class");
    }
}

/// A key that is not read is refused once its value is another than the default, and only then.
#[test]
fn unread_keys_are_refused_by_name() {
    for (family, key, default, other) in [
        ("bert", "is_encoder_decoder", json!(false), json!(true)),
        ("llama", "is_encoder_decoder", json!(false), json!(true)),
        ("opt", "layer_norm_elementwise_affine", json!(true), json!(false)),
    ] {
        let (mut config, tensors) = base(family);
        config.insert(key.to_owned(), default);
        outcome(&config, &tensors).unwrap();
        config.insert(key.to_owned(), other);
        let message = outcome(&config, &tensors).unwrap_err();
        assert!(message.contains(key), "{family}: {message}");
    }
}

/// The data are what the classes of the pinned transformers say.
#[test]
fn classes_are_those_of_the_small_checkpoints() {
    let names = Class::names();
    assert_eq!(names.len(), 28);
    assert!(names.contains(&("xlm-roberta".to_owned(), "XLMRobertaConfig".to_owned())));
    assert_eq!(Class::of("mistral").unwrap().default("sliding_window"), Some(&json!(4096)));
    assert!(fixture("make_config_keys.py").exists());
}
