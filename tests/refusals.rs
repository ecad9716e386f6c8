//! Folders that Headlight does not read as checkpoints: each is refused in a sentence that names what it is and what to do.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use crate::support;
use crate::support::engine::{Files, golden_files, load};
use crate::support::gguf::GgufFile;
use headlight::engine::{Captures, CompiledEdits};
use serde_json::{Value, json};

/// The Llama of the small checkpoints with another field in its configuration.
fn with_field(field: &str, value: Value) -> Files {
    let mut files = golden_files("llama");
    let mut config: Value = serde_json::from_slice(&files[0].1).unwrap();
    config[field] = value;
    files[0].1 = config.to_string().into_bytes();
    files
}

/// A checkpoint of one tensor.
fn of_tensor(name: &str, dtype: &str, n_bytes: usize) -> Files {
    let header = json!({name: {"dtype": dtype, "shape": [n_bytes / 4], "data_offsets": [0, n_bytes]}}).to_string();
    let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; n_bytes]].concat();
    vec![golden_files("llama").swap_remove(0), ("model.safetensors".to_owned(), file)]
}

#[track_caller]
fn refused(files: &Files, parts: &[&str]) {
    let message = load(files).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{message}\nlacks: {part}");
    }
}

#[test]
fn a_family_is_named_first_with_its_kin_and_a_way_out() {
    for (family, nearest) in [
        ("olmo_hybrid", Some("olmo2")),
        ("qwen3_vl_moe", Some("qwen3")),
        ("deberta", Some("deberta-v2")),
        ("phimoe", Some("phi3")),
        ("bigbird_pegasus", Some("pegasus")),
        ("bamba", None),
    ] {
        let message = load(&with_field("model_type", json!(family))).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{family} models are not read")), "{message}");
        assert!(message.contains("A trace made in Python shows any model"), "{message}");
        assert!(!message.contains("hooked_transformer"), "{message}");
        assert_eq!(nearest.is_some(), message.contains("nearest"), "{message}");
        assert!(message.contains(nearest.unwrap_or("")), "{message}");
        assert!(message.len() < 230, "{message}");
    }
    for (family, instead) in [("mamba", "state spaces"), ("rwkv", "recurrences"), ("fnet", "Fourier transforms")] {
        let message = load(&with_field("model_type", json!(family))).unwrap_err().to_string();
        let expected = format!("{family} models are not read: in the place of attention they have {instead}");
        assert!(message.starts_with(&expected), "{message}");
    }
    let gguf = GgufFile::default().text("general.architecture", "mamba").bytes();
    let message = load(&vec![("m.gguf".to_owned(), gguf)]).unwrap_err().to_string();
    assert!(message.contains("mamba models are not read") || message.contains("tokenizer"), "{message}");
    // A folder that names no family at all is refused for that.
    let mut files = of_tensor("weight", "F32", 4);
    files[0].1 = b"{}".to_vec();
    refused(&files, &["model_type", "expected the name of a family"]);
}

#[test]
fn quantised_folders_are_named_by_their_method() {
    for (method, name) in [
        ("gptq", "GPTQ"),
        ("awq", "AWQ"),
        ("bitsandbytes", "bitsandbytes"),
        ("eetq", "EETQ"),
        ("fp8", "FP8"),
        ("compressed-tensors", "compressed-tensors"),
        ("something-new", "something-new"),
    ] {
        let files = with_field("quantization_config", json!({"quant_method": method, "bits": 4}));
        refused(&files, &[&format!("quantised by {name}"), "GGUF", "full checkpoint"]);
    }
    refused(&with_field("quantization_config", json!({"load_in_8bit": true})), &["quantised by bitsandbytes"]);
    // Older folders say it in another file, or only by their tensors.
    for (tensor, name) in [
        ("model.layers.0.self_attn.q_proj.qweight", "GPTQ or AWQ"),
        ("model.layers.0.self_attn.q_proj.weight_packed", "compressed-tensors"),
        ("model.layers.0.self_attn.q_proj.SCB", "bitsandbytes"),
        ("model.layers.0.self_attn.q_proj.weight_scale_inv", "FP8"),
        ("model.layers.0.self_attn.q_proj.weight_scales", "EETQ"),
        ("model.layers.0.self_attn.q_proj.weight.quant_state.bitsandbytes__nf4", "bitsandbytes"),
        ("model.layers.0.self_attn.q_proj.biases", "MLX"),
        ("model.layers.0.self_attn.q_proj.trellis", "EXL3"),
        ("model.layers.0.self_attn.q_proj.W_q", "HQQ"),
        ("model.layers.0.mlp.experts.gate_up_proj_blocks", "MXFP4"),
    ] {
        refused(&of_tensor(tensor, "I32", 8), &[&format!("quantised by {name}"), "GGUF"]);
        // A configuration that names no method leaves it to the tensors.
        let mut files = of_tensor(tensor, "I32", 8);
        files[0] = with_field("quantization_config", json!({"bits": 4})).swap_remove(0);
        refused(&files, &[&format!("quantised by {name}"), "GGUF"]);
    }
    let bits = json!({"group_size": 64, "bits": 4});
    refused(&with_field("quantization", bits.clone()), &["quantised by MLX", "GGUF"]);
    refused(&with_field("text_config", json!({"quantization_config": {"quant_method": "AWQ"}})), &["quantised by AWQ"]);
    refused(&with_field("quantization_config", bits), &["quantised by a method without a name", "GGUF"]);
    // A quantisation that is written as null is none.
    load(&with_field("quantization_config", Value::Null)).unwrap();
}

#[test]
fn adapters_name_the_model_that_they_change() {
    let adapter = |config: Value| vec![("adapter_config.json".to_owned(), config.to_string().into_bytes())];
    let of_kind = |kind: &str| adapter(json!({"peft_type": kind, "base_model_name_or_path": "owner/name"}));
    let lora = json!({"peft_type": "LORA", "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M", "r": 4});
    refused(&adapter(lora), &["a LoRA adapter, not a model", "HuggingFaceTB/SmolLM2-135M", "merge_and_unload"]);
    refused(&adapter(json!({"peft_type": "IA3"})), &["IA3 adapter", "a model that it does not name"]);
    for kind in ["LORA", "IA3", "ADALORA", "LOHA", "OFT", "VERA"] {
        refused(&of_kind(kind), &["adapter, not a model: it changes owner/name", "merge_and_unload"]);
    }
    for (kind, called) in
        [("PREFIX_TUNING", "a prefix tuning"), ("PROMPT_TUNING", "a prompt tuning"), ("P_TUNING", "a p tuning")]
    {
        let message = load(&of_kind(kind)).unwrap_err().to_string();
        assert!(message.starts_with(&format!("this is {called} adapter")), "{message}");
        assert!(message.contains("cannot be merged") && !message.contains("merge_and_unload"), "{message}");
    }
    let task =
        json!({"peft_type": "LORA", "task_type": "SEQ_2_SEQ_LM", "base_model_name_or_path": "google-t5/t5-small"});
    refused(&adapter(task), &["AutoPeftModelForSeq2SeqLM"]);
    // The form of another library.
    refused(&adapter(json!({"model_name": "bert-base-uncased", "config": {}})), &["it changes bert-base-uncased"]);
    // A model with matrices beside its own that were never merged.
    let mut files = golden_files("llama");
    let lora = of_tensor("model.layers.0.self_attn.q_proj.lora_A.weight", "F32", 8).swap_remove(1);
    files.retain(|(name, _)| name != "model.safetensors");
    files.push(lora);
    refused(&files, &["a LoRA adapter", "merge_and_unload"]);
    let gguf = GgufFile::default().text("general.architecture", "llama").text("general.type", "adapter");
    let gguf = gguf.text("adapter.type", "lora").text("general.base_model.0.name", "Llama 3.2 1B").bytes();
    refused(&vec![("m.gguf".to_owned(), gguf)], &["a LoRA adapter", "Llama 3.2 1B", "llama-export-lora"]);
}

/// An edit of keys or values counts key-value heads, of which there are fewer than query heads.
#[test]
fn a_query_head_is_not_a_key_value_head() {
    let model = load(&golden_files("qwen3")).unwrap();
    let spec = model.spec();
    let (n_heads, n_key_value_heads) = (spec.n_heads, spec.n_key_value_heads);
    assert!(n_key_value_heads < n_heads);
    let last = n_heads - 1;
    let bind = |head: usize| {
        let edits = format!(r#"[{{"kind":"scale","layer":0,"hook":"attn.hook_k","head":{head},"factor":2}}]"#);
        CompiledEdits::bind(&headlight::edit::parse_list(&edits).unwrap(), spec, 4).map_err(|error| error.to_string())
    };
    bind(n_key_value_heads - 1).unwrap();
    let message = bind(last).unwrap_err();
    let own = n_key_value_heads - 1;
    assert!(message.contains(&format!("head {last} is a query head, which reads key-value head {own}")), "{message}");
    assert!(bind(n_heads).unwrap_err().contains("key-value heads, counted from 0"));
}

#[test]
fn number_formats_are_named() {
    let gguf = |number: u32, n_bytes: usize| {
        let sizes = [
            ("embedding_length", 256),
            ("block_count", 1),
            ("attention.head_count", 4),
            ("feed_forward_length", 256),
            ("context_length", 64),
        ];
        let file = GgufFile::default().text("general.architecture", "llama");
        let file = sizes
            .into_iter()
            .fold(file, |file, (key, size)| file.field(&format!("llama.{key}"), support::gguf::Field::U32(size)));
        let file = file.field("llama.attention.layer_norm_rms_epsilon", support::gguf::Field::F32(1e-5));
        file.tensor("token_embd.weight", &[256, 1], number, vec![0; n_bytes])
    };
    for (number, n_bytes, name) in [(16, 66, "IQ2_XXS"), (21, 110, "IQ3_S"), (29, 56, "IQ1_M"), (40, 144, "NVFP4")] {
        let index = support::gguf::parsed(&gguf(number, n_bytes).bytes()).index;
        assert_eq!(index.tensors["token_embd.weight"].dtype.to_string(), name);
        assert_eq!(index.tensors["token_embd.weight"].len, n_bytes as u64);
    }
}

/// Numbers of eight bytes are read as the same numbers of four.
#[test]
fn doubles_are_read() {
    let files = golden_files("llama");
    let mut wide = files.clone();
    let at = wide.iter().position(|(name, _)| name == "model.safetensors").unwrap();
    wide[at].1 = widened(&files[at].1);
    let logits = |files: &Files| {
        let model = load(files).unwrap();
        let tokens = model.tokens_from_ids(&[1, 2, 3]).unwrap();
        let none = CompiledEdits::none();
        support::engine::finished(&model, tokens, none, Captures::none()).logits(0..3).unwrap()
    };
    assert_eq!(logits(&files), logits(&wide));
    assert_eq!(load(&files).unwrap().weight_bytes(), load(&wide).unwrap().weight_bytes());
}

/// The same file with every F32 as F64.
fn widened(file: &[u8]) -> Vec<u8> {
    let n_header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..8 + n_header]).unwrap();
    for (_, entry) in header.as_object_mut().unwrap().iter_mut().filter(|(name, _)| *name != "__metadata__") {
        assert_eq!(entry["dtype"], "F32");
        entry["dtype"] = json!("F64");
        let ends = [0, 1].map(|index| 2 * entry["data_offsets"][index].as_u64().unwrap());
        entry["data_offsets"] = json!(ends);
    }
    let header = header.to_string();
    let data = file[8 + n_header..]
        .chunks_exact(4)
        .flat_map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap())).to_le_bytes());
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat().into_iter().chain(data).collect()
}
