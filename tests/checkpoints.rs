//! Configurations of any kind: whatever a field says, a checkpoint loads or is refused with a sentence, and a model that loads runs
//! or says why not. Nothing panics.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support;
use crate::support::engine::{Files, golden_files, load};
use crate::support::{fixture, random_cases};
use headlight::engine::checkpoint::{Architecture, Config};
use headlight::engine::{Captures, CompiledEdits, EngineError, Model, Run};
use headlight::trace::Spec;
use headlight::trace::spec::{Activation, Positions, RotaryScaling, Unembed};
use proptest::prelude::*;
use serde_json::{Value, json};

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

/// Runs a few ids through every stack of the model.
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

/// A missing field takes its class's default, and a note says so; where the tensors contradict the default, the field is refused by name.
#[test]
fn missing_fields_are_defaults_that_are_said() {
    for name in names() {
        let config = &golden_files(&name)[0].1;
        let config: serde_json::Map<String, Value> = serde_json::from_slice(config).unwrap();
        let is_hooked = !config.contains_key("model_type");
        let (mut n_refused, mut n_said) = (0, 0);
        let said = |files: &Files| load(files).map(|model| model.notes().join(" "));
        let usual = said(&changed(&name, |_| ())).unwrap();
        for field in config.keys() {
            match said(&changed(&name, |config| _ = config.remove(field))) {
                Err(error) => {
                    n_refused += 1;
                    assert!(!error.to_string().is_empty(), "{name} without {field}");
                }
                Ok(notes) if notes != usual => {
                    n_said += 1;
                    assert!(notes.contains(field.as_str()), "{name} without {field}: {notes}");
                }
                Ok(_) => {}
            }
        }
        assert!(n_refused >= 1, "{name}: only {n_refused} fields are needed");
        assert!(is_hooked || n_said >= 2, "{name}: only {n_said} defaults are said");
    }
}

/// LongRoPE once for layers of two types.
fn one_longrope(n: usize) -> Value {
    let factors = |factor: f64| vec![factor; n];
    json!({
        "rope_type": "longrope", "short_factor": factors(1.0), "long_factor": factors(2.0), "original_max_position_embeddings": 8
    })
}

#[test]
fn options_that_are_not_read_are_refused_by_name() {
    let cases = [
        ("albert", "num_hidden_groups", json!(2)),
        ("attn_only", "d_vocab_out", json!(10)),
        ("attn_only", "final_rms", json!(true)),
        ("attn_only", "n_key_value_heads", json!(2)),
        ("attn_only", "normalization", json!("BN")),
        ("attn_only", "use_local_attn", json!(true)),
        ("hooked_bare", "positional_embedding_type", json!("alibi")),
        ("hooked_bare", "rotary_dim", json!(5)),
        ("hooked_plain", "act_fn", json!("solu_ln")),
        ("hooked_plain", "gated_mlp", json!(true)),
        ("bart", "activation_function", json!("swishy")),
        ("bert", "position_embedding_type", json!("relative_key")),
        ("bloom", "apply_residual_connection_post_layernorm", json!(true)),
        ("distilbert", "pruned_heads", json!({"0": [1]})),
        ("gemma2", "use_bidirectional_attention", json!(true)),
        ("cohere2", "head_dim", json!(6)),
        ("exaone4", "sliding_window_pattern", json!("LLG")),
        ("falcon", "num_ln_in_parallel_attn", json!(2)),
        ("falcon_new", "parallel_attn", json!(false)),
        ("falcon_new", "num_kv_heads", json!(3)),
        ("gemma", "use_bidirectional_attention", json!(true)),
        ("gpt_bigcode", "add_cross_attention", json!(true)),
        ("mpt", "attn_config", json!({"alibi": false})),
        ("mpt", "attn_config", json!({"alibi_bias_max": 16})),
        ("mpt", "attn_config", json!({"qk_ln": true})),
        ("mpt", "expansion_ratio", json!(3)),
        ("mpt", "no_bias", json!(false)),
        ("olmo", "clip_qkv", json!(0)),
        ("gpt_neo", "is_causal", json!(false)),
        ("t5", "is_causal", json!(false)),
        ("gpt_neo", "attention_layers", json!(["global", "sparse", "global", "local"])),
        ("llama", "layer_types", json!(["full_attention", "sliding_attention"])),
        ("gemma3_text", "layer_types", json!(["full_attention", "chunked_attention", "full_attention"])),
        ("gpt_neo", "attention_types", json!([[["global", "sparse"], 2]])),
        ("llama", "rope_parameters", json!({"rope_type": "spiral"})),
        ("llama", "hidden_act", json!("swiglu")),
        ("llama", "num_key_value_heads", json!(3)),
        ("mpnet", "relative_attention_num_buckets", json!(2)),
        ("opt", "_remove_final_layer_norm", json!(true)),
        ("smollm3", "no_rope_layers", json!([1, 0])),
        ("t5", "dense_act_fn", json!("swiglu")),
        ("gemma3_text", "rope_scaling", one_longrope(8)),
        ("modernbert", "rope_scaling", one_longrope(6)),
    ];
    for (name, field, value) in cases {
        let files = changed(name, |config| {
            // They would stand in the place of attention_types and of a pattern.
            config.remove("attention_layers");
            if field != "layer_types" {
                config.remove("layer_types");
            }
            config.insert(field.to_owned(), value);
        });
        let message = load(&files).unwrap_err().to_string();
        let field = if field == "rope_parameters" { "rope_type" } else { field };
        assert!(message.contains(field), "{name}: {message}");
    }
}

/// TransformerLens writes −1 for what is not set.
#[test]
fn minus_one_is_not_set() {
    for (name, field) in
        [("attn_only", "n_heads"), ("attn_only", "d_vocab_out"), ("attn_only", "d_mlp"), ("hooked_plain", "attn_scale")]
    {
        let model = load(&changed(name, |config| _ = config.insert(field.to_owned(), json!(-1)))).unwrap();
        assert_eq!(model.spec(), load(&changed(name, |_| ())).unwrap().spec(), "{name} {field}");
    }
}

/// The names that norms have in some files: bert-base-uncased's.
#[test]
fn norms_may_have_their_older_names() {
    let mut files = golden_files("bert");
    let bytes = &files[2].1;
    let n_header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..8 + n_header].to_vec()).unwrap();
    let older = header.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    assert_ne!(header, older);
    let older = [&(older.len() as u64).to_le_bytes()[..], older.as_bytes(), &bytes[8 + n_header..]].concat();
    files[2].1 = older;
    let logits = |files: &Files| {
        let model = load(files).unwrap();
        let tokens = model.encode("The cat sat", None).unwrap();
        support::engine::finished(&model, tokens, CompiledEdits::none(), Captures::none()).logits(0..1).unwrap()
    };
    assert_eq!(logits(&files), logits(&golden_files("bert")));
}

/// A configuration that names neither family nor class is read by what only one family has.
#[test]
fn a_family_without_a_name_is_known_by_its_keys() {
    for name in [
        "codegen",
        "falcon",
        "glm",
        "glm4",
        "mpt",
        "phi",
        "starcoder2",
        "smollm3",
        "mistral",
        "gemma2",
        "gemma3_text",
        "qwen2",
        "qwen3",
        "phi3",
        "olmo2",
        "llama",
    ] {
        let nameless = changed(name, |config| {
            config.remove("model_type");
            config.remove("architectures");
        });
        assert_eq!(load(&nameless).unwrap().spec(), load(&changed(name, |_| {})).unwrap().spec(), "{name}");
    }
}

/// The structure that a configuration means, with a few sizes filled in.
fn spec(config: Value) -> Spec {
    let config = Config::parse("config.json", config.to_string().as_bytes()).unwrap();
    // Embedding and unembedding are one matrix here.
    let has_tensor = |name: &str| name != "lm_head.weight" && !name.ends_with("shared.weight");
    Architecture::from_config(&config, &has_tensor).unwrap_or_else(|error| panic!("{error}")).spec
}

fn with(base: &Value, more: Value) -> Value {
    let mut config = base.as_object().unwrap().clone();
    config.extend(more.as_object().unwrap().clone());
    Value::Object(config)
}

/// Fields as checkpoints from before transformers 5 have them.
#[test]
fn older_configurations_mean_the_same() {
    let llama = json!({"model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 12,
        "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 100, "max_position_embeddings": 128,
        "rms_norm_eps": 1e-5, "hidden_act": "silu"});
    let theta = |spec: &Spec, layer: usize| spec.rotary_of(layer).unwrap().theta;

    let pythia =
        spec(json!({"model_type": "gpt_neox", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "vocab_size": 100, "max_position_embeddings": 128, "layer_norm_eps": 1e-5,
        "hidden_act": "gelu", "rotary_pct": 0.5, "rotary_emb_base": 5000, "use_parallel_residual": true}));
    assert_eq!((pythia.rotary().unwrap().dims, theta(&pythia, 0)), (8, 5000.0));

    let gemma = with(
        &llama,
        json!({"model_type": "gemma3_text", "hidden_activation": "gelu_pytorch_tanh",
        "rope_theta": 1e6, "rope_local_base_freq": 5e3, "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 16, "sliding_window_pattern": 3, "head_dim": 16}),
    );
    let gemma = spec(gemma);
    assert_eq!([0, 1, 2, 11].map(|layer| theta(&gemma, layer)), [5e3, 5e3, 1e6, 1e6]);
    assert_eq!(gemma.rotary().unwrap().scaling, RotaryScaling::Linear { factor: 8.0 });
    assert_eq!(gemma.rotary_of(0).unwrap().scaling, RotaryScaling::None);
    assert_eq!((gemma.visible(0, 40, 50), gemma.visible(2, 40, 50)), (25..41, 0..41));

    let modernbert = spec(json!({"model_type": "modernbert", "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 100, "max_position_embeddings": 128,
        "norm_eps": 1e-5, "hidden_activation": "gelu", "global_rope_theta": 160000.0, "local_rope_theta": 1234.0,
        "global_attn_every_n_layers": 3, "local_attention": 8, "layer_norm_eps": 1e-5,
        "position_embedding_type": "absolute"}));
    assert_eq!([0, 1, 2, 3].map(|layer| theta(&modernbert, layer)), [160000.0, 1234.0, 1234.0, 160000.0]);
    assert_eq!(modernbert.visible(1, 20, 50), 16..25);

    let yarn = with(
        &llama,
        json!({"model_type": "qwen2", "rope_theta": 1e6, "use_sliding_window": false,
        "sliding_window": 32768, "max_window_layers": 21, "tie_word_embeddings": true,
        "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}}),
    );
    let yarn = spec(yarn);
    assert!(matches!(yarn.rotary().unwrap().scaling, RotaryScaling::Yarn { factor: 4.0, original_n_ctx: 128, .. }));
    assert_eq!((yarn.n_ctx, yarn.local), (512, None));

    let phi = with(
        &llama,
        json!({"model_type": "phi3", "original_max_position_embeddings": 32, "sliding_window": 60,
        "rope_scaling": {"type": "su", "short_factor": vec![1.0; 8], "long_factor": vec![2.0; 8]}}),
    );
    let phi = spec(phi);
    let RotaryScaling::LongRope { original_n_ctx: 32, magnitude, .. } = phi.rotary().unwrap().scaling else {
        panic!("{:?}", phi.positions)
    };
    assert!((magnitude - (1.0 + 4f64.ln() / 32f64.ln()).sqrt()).abs() < 1e-12);

    let mistral = |window: Value| spec(with(&llama, json!({"model_type": "mistral", "sliding_window": window}))).local;
    assert_eq!((mistral(json!(null)), mistral(json!(8)).unwrap().reach), (None, 7));

    let bloom =
        spec(json!({"model_type": "bloom", "n_embed": 64, "n_layer": 2, "num_attention_heads": 4, "vocab_size": 100,
        "layer_norm_epsilon": 1e-5, "seq_length": 99}));
    assert_eq!((bloom.d_model, bloom.n_ctx, bloom.positions), (64, 99, Positions::Alibi));

    let t5 = |more: Value| {
        spec(with(
            &json!({"model_type": "t5", "d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 4,
            "vocab_size": 100, "layer_norm_epsilon": 1e-6, "relative_attention_num_buckets": 32,
            "is_encoder_decoder": true, "n_positions": 512}),
            more,
        ))
    };
    let (first, later) = (t5(json!({})), t5(json!({"feed_forward_proj": "gated-gelu", "tie_word_embeddings": false})));
    assert_eq!((first.unembed, first.logit_scale), (Unembed::Linear { tied: true }, Some(0.125)));
    assert_eq!((later.unembed, later.logit_scale), (Unembed::Linear { tied: true }, None));
    assert_eq!((first.activation, later.activation), (Activation::Relu, Activation::GeluTanh));
}
