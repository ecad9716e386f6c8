//! Every key of every configuration class that is read: it changes what is computed, is known to change nothing, or is refused. Names
//! and defaults are those of transformers (`tests/fixtures/make_config_keys.py`).

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::BTreeSet;

use crate::support::engine::golden_files;
use crate::support::fixture;
use headlight::engine::checkpoint::{Architecture, Class, Config, WITHOUT_EFFECT};
use headlight::trace::file::header;
use serde_json::{Map, Value, json};

/// A configuration of a family, in which every key can act, and the names of its tensors.
fn base(family: &str) -> (Map<String, Value>, BTreeSet<String>) {
    let golden = match family {
        "camembert" => "roberta",
        "deberta-v2" => "deberta_v2",
        "mt5" => "t5",
        "phi3" => "phi3_longrope",
        "xlm-roberta" => "xlm_roberta",
        other => other,
    };
    let files = golden_files(golden);
    let Value::Object(mut config) = serde_json::from_slice(&files[0].1).unwrap() else { panic!("{golden}") };
    config.insert("model_type".to_owned(), family.into());
    // A value that a class derives from other keys would hide those keys.
    for made in ["attention_layers", "layer_types", "no_rope_layers", "dense_act_fn", "is_gated_act"] {
        config.remove(made);
    }
    if ["qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "smollm3"].contains(&family) {
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

/// The architecture of a family's small checkpoint with some keys changed; null takes a key out.
fn with(family: &str, changes: Value) -> Result<Architecture, String> {
    let (mut config, tensors) = base(family);
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => _ = config.remove(key),
            value => _ = config.insert(key.clone(), value.clone()),
        }
    }
    let config = Config::parse("config.json", Value::from(config).to_string().as_bytes()).unwrap();
    Architecture::from_config(&config, &|name| tensors.contains(name)).map_err(|error| error.to_string())
}

/// Local layers and their reach, by the rules of each family's class. `tests/fixtures/make_cases.py` has transformers' own patterns for
/// some of them.
#[test]
fn windows_are_where_the_familys_class_puts_them() {
    let (full, near) = ("full_attention", "sliding_attention");
    let three = json!([full, near, near]);
    let cases: Vec<(&str, Value, &[usize], usize)> = vec![
        ("mistral", json!({"sliding_window": 5}), &[0, 1, 2], 4),
        ("mistral", json!({"sliding_window": 5, "layer_types": three}), &[1, 2], 4),
        ("mistral", json!({"sliding_window": 5, "layer_types": three, "model_type": "ministral"}), &[1, 2], 4),
        ("mistral", json!({"sliding_window": 5, "layer_types": ["attention", near, "attention"]}), &[1], 4),
        ("mistral", json!({"sliding_window": 5, "use_sliding_window": false, "max_window_layers": 1}), &[0, 1, 2], 4),
        ("phi3", json!({"sliding_window": 5, "layer_types": [full, near]}), &[0, 1], 4),
        ("llama", json!({"sliding_window": 5, "layer_types": three}), &[], 0),
        ("olmo2", json!({"sliding_window": 5, "layer_types": [full, near]}), &[], 0),
        ("gpt2", json!({"sliding_window": 5, "layer_types": three}), &[], 0),
        ("qwen2", json!({"use_sliding_window": false, "sliding_window": 5, "max_window_layers": 0}), &[], 0),
        ("qwen2", json!({"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 0}), &[0, 1, 2], 4),
        ("qwen3", json!({"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 2}), &[2], 4),
        (
            "qwen3",
            json!({"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 2, "layer_types": three}),
            &[1, 2],
            4,
        ),
        // What is switched off may hold anything.
        ("qwen2", json!({"use_sliding_window": false, "sliding_window": 0, "max_window_layers": -1}), &[], 0),
        ("qwen3", json!({"use_sliding_window": true, "sliding_window": 5, "max_window_layers": -1}), &[0, 1, 2], 4),
        ("gemma2", json!({"sliding_window": 5}), &[0], 4),
        ("gemma3_text", json!({"sliding_window": 5, "_sliding_window_pattern": 2}), &[0, 1, 2], 4),
        ("gemma3_text", json!({"sliding_window": 5, "sliding_window_pattern": 2}), &[0, 2], 4),
        ("smollm3", json!({"use_sliding_window": true, "sliding_window": 5, "no_rope_layers": [1, 0, 1, 1]}), &[1], 4),
        (
            "smollm3",
            json!({"use_sliding_window": false, "sliding_window": 5, "layer_types": [near, full, near, full]}),
            &[0, 2],
            4,
        ),
        (
            "smollm3",
            json!({"use_sliding_window": true, "sliding_window": 5, "no_rope_layers": [1, 0, 1, 1], "no_rope_layer_interval": 5}),
            &[1],
            4,
        ),
        ("modernbert", json!({"local_attention": 8, "global_attn_every_n_layers": 3}), &[1, 2], 4),
        ("modernbert", json!({"local_attention": 8, "sliding_window": 3, "layer_types": [near, full, full]}), &[0], 3),
        ("olmo3", json!({"sliding_window": 5}), &[0, 1, 2], 4),
        ("olmo3", json!({"sliding_window": 5, "layer_types": [full, near, near, full]}), &[1, 2], 4),
        ("cohere2", json!({"sliding_window": 5, "sliding_window_pattern": 2}), &[0, 2], 4),
        ("exaone4", json!({"sliding_window": 5, "sliding_window_pattern": 2}), &[0, 2], 4),
        (
            "exaone4",
            json!({"sliding_window": 5, "sliding_window_pattern": "LLLG", "layer_types": [near, full, near, full]}),
            &[0, 2],
            4,
        ),
        ("starcoder2", json!({"sliding_window": 5}), &[0, 1], 4),
        ("gpt_neo", json!({"attention_types": [[["local", "global"], 2]], "window_size": 7}), &[0, 2], 6),
        ("gpt_neo", json!({"attention_layers": ["local", "local", "global", "global"], "window_size": 7}), &[0, 1], 6),
    ];
    for (family, changes, layers, reach) in cases {
        let about = format!("{family} {changes}");
        let found = with(family, changes.clone()).unwrap_or_else(|error| panic!("{about}: {error}"));
        let local = found.spec.local.as_ref();
        assert_eq!(local.map_or(&[][..], |local| &local.layers), layers, "{about}");
        assert_eq!(local.map_or(0, |local| local.reach), reach, "{about}");
        // What a family passes over is said.
        let is_passed_over = ["llama", "olmo2", "gpt2", "phi3"].contains(&family);
        let says = found.notes.iter().any(|note| note.starts_with("layer_types names sliding_attention, but"));
        assert_eq!(says, is_passed_over, "{about}: {:?}", found.notes);
    }
    let refused = with("qwen2", json!({"use_sliding_window": false, "layer_types": three})).unwrap_err();
    assert!(refused.contains("use_sliding_window"), "{refused}");
}

/// Base and share of the rotation, by the keys that the family's class has; those of other families are passed over.
#[test]
fn rotation_is_read_from_the_familys_own_keys() {
    let cases = [
        ("gpt_neox", json!({"rope_parameters": null, "rotary_emb_base": 500, "rotary_pct": 0.5}), 500.0, 0.5),
        ("gpt_neox", json!({"rope_parameters": null, "rope_theta": 500, "partial_rotary_factor": 0.5}), 10_000.0, 0.25),
        (
            "gpt_neox",
            json!({"rope_parameters": {"rope_theta": 7, "partial_rotary_factor": 1}, "rotary_emb_base": 500}),
            7.0,
            1.0,
        ),
        ("llama", json!({"rope_parameters": null, "rope_theta": 500, "partial_rotary_factor": 0.5}), 500.0, 1.0),
        ("llama", json!({"rope_parameters": null, "rotary_emb_base": 500, "rotary_pct": 0.5}), 10_000.0, 1.0),
        ("phi3", json!({"rope_parameters": null, "rope_theta": 500, "partial_rotary_factor": 0.5}), 500.0, 0.5),
        ("phi", json!({"rope_parameters": null, "rope_theta": 500}), 500.0, 0.5),
        ("stablelm", json!({"rope_parameters": null, "partial_rotary_factor": 0.75}), 10_000.0, 0.75),
        ("cohere", json!({"rope_parameters": null}), 500_000.0, 1.0),
        ("olmo3", json!({"rope_parameters": null, "rope_theta": 300}), 300.0, 1.0),
        ("smollm3", json!({"rope_parameters": null}), 2_000_000.0, 1.0),
    ];
    for (family, changes, theta, share) in cases {
        let spec = with(family, changes.clone()).unwrap_or_else(|error| panic!("{family} {changes}: {error}")).spec;
        let rotary = spec.rotary().unwrap();
        assert_eq!((rotary.theta, rotary.dims as f64 / spec.d_head as f64), (theta, share), "{family} {changes}");
    }
    let scaled = json!({"rope_parameters": {"rope_type": "linear", "factor": 2.0}, "partial_rotary_factor": 0.5});
    let refused = with("llama", scaled).unwrap_err();
    assert!(refused.contains("partial_rotary_factor"), "{refused}");
}

/// The data are what the classes of the pinned transformers say.
#[test]
fn classes_are_those_of_the_small_checkpoints() {
    let names = Class::names();
    assert_eq!(names.len(), 57);
    assert!(names.contains(&("xlm-roberta".to_owned(), "XLMRobertaConfig".to_owned())));
    assert_eq!(Class::of("mistral").unwrap().default("sliding_window"), Some(&json!(4096)));
    assert!(fixture("make_config_keys.py").exists());
}
