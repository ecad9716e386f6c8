//! Variants of checkpoints that are in circulation, through the command line: each opens with the values of transformers and says what
//! was assumed, or is refused in a line that says what to do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use crate::support::cli;
use crate::support::cli::{fails, folder, headlight, json, succeeds, trace};
use crate::support::gguf::{Field, GgufFile};
use crate::support::{Comparison, Tensors, fixture, golden, read};
use serde_json::{Value, json};

/// A copy of a folder with files changed, added, or (where there is nothing) left out.
fn copied(name: &str, from: &Path, changes: &[(&str, Option<Vec<u8>>)]) -> PathBuf {
    let to = folder(name);
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::copy(&entry, to.join(entry.file_name().unwrap())).unwrap();
    }
    for (file, bytes) in changes {
        match bytes {
            Some(bytes) => std::fs::write(to.join(file), bytes).unwrap(),
            None => std::fs::remove_file(to.join(file)).unwrap(),
        }
    }
    to
}

/// The configuration of a folder with some fields changed.
fn config(from: &Path, changes: Value) -> Option<Vec<u8>> {
    let mut config: Value = serde_json::from_slice(&read(&from.join("config.json"))).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        config[key] = value.clone();
    }
    Some(config.to_string().into_bytes())
}

/// A folder's tokenizer with one more added token.
fn with_added_token(from: &Path, id: u64, content: &str) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(&read(&from.join("tokenizer.json"))).unwrap();
    let token = json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": false});
    json["added_tokens"].as_array_mut().unwrap().push(token);
    Some(json.to_string().into_bytes())
}

/// What a file that a command wrote holds.
fn traced(name: &str, model: &Path, args: &[&str]) -> Tensors {
    let out = folder(name).join("trace.safetensors");
    succeeds(trace(model, &[args, &["--out", out.to_str().unwrap()]].concat()));
    Tensors::open(&out)
}

#[test]
fn every_form_gives_the_patterns_of_transformers() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(fixture("cases")).unwrap().map(|it| it.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 50);
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let expected = Tensors::open(&case.join("expected.safetensors"));
        let ids = |name: &str| expected.ids(name).iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let has_two = expected.has("decoder_input_ids");
        let target = has_two.then(|| ids("decoder_input_ids"));
        let ids = ids("input_ids");
        let target_args = target.iter().flat_map(|target| ["--decoder-ids", target.as_str()]);
        let args: Vec<&str> = ["--ids", &ids, "--save", "all"].into_iter().chain(target_args).collect();
        let found = traced(&format!("form-{name}"), &case, &args);
        let mut comparison = Comparison::default();
        let kinds: &[_] = match has_two {
            true => &[
                ("encoder_attentions", "encoder", "attn"),
                ("decoder_attentions", "decoder", "attn"),
                ("cross_attentions", "decoder", "cross_attn"),
            ],
            false => &[("attentions", "blocks", "attn")],
        };
        for (kind, stack, attn) in kinds {
            for tensor in expected.names().filter(|tensor| tensor.starts_with(&format!("{kind}."))) {
                let layer = tensor.rsplit_once('.').unwrap().1;
                let ours = found.f32(&format!("{stack}.{layer}.{attn}.hook_pattern"));
                comparison.check(&format!("{name}: {tensor}"), &ours, &expected.f32(tensor), 1e-4);
            }
        }
        assert_eq!(expected.has("logits"), found.has("logits"), "{name}");
        if expected.has("logits") {
            comparison.check(&format!("{name}: logits"), &found.f32("logits"), &expected.f32("logits"), 1e-4);
        }
        comparison.finish();
    }
}

/// Ids for a decoder beside an encoder are those that the target's text has; other models have no such decoder.
#[test]
fn decoder_ids_are_read_in_place_of_a_target() {
    let (bart, text) = (golden("bart"), ["--text", "The cat sat", "--save", "all"]);
    let by_text = traced("target-text", &bart, &[&text[..], &["--target", "A dog ran"]].concat());
    let ids = by_text.ids("decoder_input_ids").iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let by_ids = traced("target-ids", &bart, &[&text[..], &["--decoder-ids", &ids]].concat());
    for name in ["logits", "decoder.0.cross_attn.hook_pattern"] {
        assert_eq!(by_text.f32(name), by_ids.f32(name), "{name}");
    }
    assert_eq!(by_text.ids("decoder_input_ids"), by_ids.ids("decoder_input_ids"));
    let line = fails(trace(&golden("llama"), &["--text", "a", "--decoder-ids", "1,2"]));
    assert!(line.contains("--decoder-ids needs an encoder-decoder model"), "{line}");
    let line = fails(trace(&bart, &["--text", "a", "--decoder-ids", "2,99999"]));
    assert!(line.contains("99999"), "{line}");
}

/// A tokenizer with more ids than the embedding has rows, and an embedding with more rows than there are tokens.
#[test]
fn vocabularies_of_two_lengths_open() {
    let llama = golden("llama");
    let n_vocab = 384;
    let longer = copied("longer-tokenizer", &llama, &[("tokenizer.json", with_added_token(&llama, n_vocab, "[PAD]"))]);
    let own = json(trace(&llama, &["--json", "--text", "The cat sat"]));
    let found = json(trace(&longer, &["--json", "--text", "The cat sat"]));
    assert_eq!((found.tokens, found.top[0].id), (own.tokens, own.top[0].id));
    let line = fails(trace(&longer, &["--text", "The [PAD] cat"]));
    assert!(line.contains("[PAD]") && line.contains("has id 384, the model's embedding only 384 rows"), "{line}");

    // Every token but a few is taken from the tokenizer: the model still predicts their ids.
    let mut tokenizer: Value = serde_json::from_slice(&read(&llama.join("tokenizer.json"))).unwrap();
    let best = own.top[0].id;
    let vocab = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    let name = vocab.iter().find(|(_, id)| id.as_u64() == Some(u64::from(best))).map(|(name, _)| name.clone()).unwrap();
    vocab.remove(&name);
    let is_of_it = |merge: &Value| {
        let (a, b) = match merge {
            Value::String(text) => text.split_once(' ').unwrap(),
            list => (list[0].as_str().unwrap(), list[1].as_str().unwrap()),
        };
        a == name || b == name || format!("{a}{b}") == name
    };
    tokenizer["model"]["merges"].as_array_mut().unwrap().retain(|merge| !is_of_it(merge));
    let shorter = copied("shorter-tokenizer", &llama, &[("tokenizer.json", Some(tokenizer.to_string().into_bytes()))]);
    let ids = own.input_ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let found = json(trace(&shorter, &["--json", "--ids", &ids]));
    assert_eq!((found.top[0].id, found.top[0].token.as_str()), (best, format!("⟨{best}⟩").as_str()));
    let model = shorter.to_str().unwrap();
    let line = succeeds(headlight(&["generate", "--model", model, "--ids", &ids, "--tokens", "5", "--json"]));
    let written: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(written["ids"].as_array().unwrap().len(), 5, "writing goes on");
    assert!(written["text"].as_str().unwrap().contains(&format!("⟨{best}⟩")), "{line}");
}

/// Tokens that were added to a byte-level vocabulary are text, and text may be white space only.
#[test]
fn added_tokens_and_white_space_are_shown_as_they_are() {
    let gpt2 = golden("gpt2");
    for (index, token) in ["čau", "Öl", "naïve", "Ġx", "<|user|>"].into_iter().enumerate() {
        let from = &gpt2;
        let model = copied(&format!("added-{index}"), from, &[("tokenizer.json", with_added_token(from, 384, token))]);
        // The embedding has no row for it: the message names it as it is written.
        let line = fails(trace(&model, &["--text", &format!("a{token}b")]));
        assert!(line.contains(&format!("the token {token} at position 1 has id 384")), "{line}");
    }
    for text in [" ", "\n", " \t\n"] {
        assert!(!json(trace(&gpt2, &["--json", "--text", text])).tokens.is_empty(), "{text:?}");
    }
}

/// A Llama's metadata and embedding as GGUF, with another tokenizer.
fn gguf_with(tokenizer: &[(&str, Field)], embedding: (u32, Vec<u8>), width: u64) -> GgufFile {
    let sizes = [
        ("embedding_length", width as u32),
        ("block_count", 1),
        ("attention.head_count", 4),
        ("feed_forward_length", width as u32),
        ("context_length", 64),
    ];
    let mut file = GgufFile::default().text("general.architecture", "llama");
    for (key, size) in sizes {
        file = file.field(&format!("llama.{key}"), Field::U32(size));
    }
    file = file.field("llama.attention.layer_norm_rms_epsilon", Field::F32(1e-5));
    for (key, value) in tokenizer {
        file = file.field(&format!("tokenizer.ggml.{key}"), value.clone());
    }
    let ramp = |n: usize| (0..n).map(|index| (index % 7) as f32 * 0.1 - 0.3).collect::<Vec<f32>>();
    for (name, shape) in [
        ("output_norm", vec![width]),
        ("blk.0.attn_norm", vec![width]),
        ("blk.0.ffn_norm", vec![width]),
        ("blk.0.attn_q", vec![width, width]),
        ("blk.0.attn_k", vec![width, width]),
        ("blk.0.attn_v", vec![width, width]),
        ("blk.0.attn_output", vec![width, width]),
        ("blk.0.ffn_gate", vec![width, width]),
        ("blk.0.ffn_up", vec![width, width]),
        ("blk.0.ffn_down", vec![width, width]),
    ] {
        let n: u64 = shape.iter().product();
        file = file.f32(&format!("{name}.weight"), &shape, &ramp(n as usize));
    }
    let (number, data) = embedding;
    file.tensor("token_embd.weight", &[width, 8], number, data)
}

fn gguf_tokens(model: &str, pre: &str) -> Vec<(&'static str, Field)> {
    let tokens = ["<unk>", "<s>", "</s>", "a", "b", "c", "Ġ", "ab"];
    vec![
        ("model", Field::Text(model.to_owned())),
        ("pre", Field::Text(pre.to_owned())),
        ("tokens", Field::Texts(tokens.map(str::to_owned).to_vec())),
        ("token_type", Field::I32s(vec![2, 3, 3, 1, 1, 1, 1, 1])),
        ("merges", Field::Texts(vec!["a b".to_owned()])),
        ("bos_token_id", Field::U32(1)),
        ("eos_token_id", Field::U32(2)),
        ("add_bos_token", Field::Bool(false)),
    ]
}

fn floats(n: usize) -> (u32, Vec<u8>) {
    (0, (0..n).flat_map(|index| (index as f32 * 0.01).to_le_bytes()).collect())
}

#[test]
fn the_ways_of_splitting_text_that_llama_cpp_knows_by_name_are_read() {
    let names = [
        "default",
        "gpt-2",
        "bloom",
        "gpt3-finnish",
        "gpt-4o",
        "tekken",
        "deepseek-llm",
        "deepseek-coder",
        "deepseek-v3",
        "falcon",
        "falcon3",
        "pixtral",
        "megrez",
        "llama-bpe",
        "llama3",
        "qwen2",
        "qwen35",
        "smollm",
        "olmo",
        "dbrx",
        "stablelm2",
        "starcoder",
        "refact",
        "command-r",
        "mpt",
        "jais",
        "poro-chat",
        "codeshell",
        "viking",
        "chatglm-bpe",
        "exaone",
        "minerva-7b",
        "granite-docling",
        "phi-2",
        "jina-v2-code",
        "roberta-bpe",
        "lfm2",
        "kimi-k2",
        "hunyuan",
        "bailingmoe",
        "superbpe",
        "trillion",
        "seed-coder",
        "a.x-4.0",
        "midm-2.0",
        "gigachat",
    ];
    let mut refused = Vec::new();
    for name in names {
        let file = folder("pre").join("m.gguf");
        std::fs::write(&file, gguf_with(&gguf_tokens("gpt2", name), floats(256), 32).bytes()).unwrap();
        let output = trace(&file, &["--json", "--text", "ab c"]);
        if !output.status.success() {
            refused.push(fails(output));
            continue;
        }
        let found = json(output);
        assert!(
            found.tokens.contains(&"ab".to_owned()) && found.tokens.contains(&"c".to_owned()),
            "{name}: {:?}",
            found.tokens
        );
    }
    assert!(refused.is_empty(), "{refused:#?}");
    // Another name leaves token ids.
    let file = folder("pre-unknown").join("m.gguf");
    std::fs::write(&file, gguf_with(&gguf_tokens("gpt2", "nobody's"), floats(256), 32).bytes()).unwrap();
    let line = fails(trace(&file, &["--text", "ab c"]));
    assert!(line.contains("tokenizer.ggml.pre") && line.ends_with("give token ids"), "{line}");
    assert_eq!(json_with_notes(&file, &["--ids", "3,4,5"]).input_ids, [3, 4, 5]);
    std::fs::write(&file, gguf_with(&[("model", Field::Text("rwkv".to_owned()))], floats(256), 32).bytes()).unwrap();
    assert_eq!(json_with_notes(&file, &["--ids", "3,4,5"]).input_ids, [3, 4, 5]);
}

fn json_with_notes(model: &Path, args: &[&str]) -> cli::Json {
    json(trace(model, &[args, &["--json"]].concat()))
}

/// Blocks that are read, and the names of those that are not.
#[test]
fn number_formats_of_gguf_files_are_read_or_named() {
    let file = folder("formats").join("m.gguf");
    let write = |embedding| {
        std::fs::write(&file, gguf_with(&gguf_tokens("gpt2", "gpt-2"), embedding, 32).bytes()).unwrap();
        trace(&file, &["--json", "--ids", "3,4,5"])
    };
    // Eight rows of 32 numbers: F64, IQ4_NL and MXFP4 have blocks of at most 32.
    let doubles: Vec<u8> = (0..256).flat_map(|index| f64::from(index as f32 * 0.01).to_le_bytes()).collect();
    let wide = json(write((28, doubles)));
    assert_eq!(wide.top[0].prob.to_bits(), json(write(floats(256))).top[0].prob.to_bits(), "F64 is F32 here");
    for (number, n_bytes, name) in [(20, 18, "IQ4_NL"), (39, 17, "MXFP4")] {
        let found = json(write((number, [0x3c; 18][..n_bytes].repeat(8))));
        assert_eq!(found.tokens, ["a", "b", "c"], "{name}");
    }
    // Eight rows of a block of 256 numbers.
    for (number, n_bytes, name) in [(16, 66, "IQ2_XXS"), (18, 98, "IQ3_XXS"), (19, 50, "IQ1_S"), (29, 56, "IQ1_M")] {
        let embedding = (number, vec![0; 8 * n_bytes]);
        std::fs::write(&file, gguf_with(&gguf_tokens("gpt2", "gpt-2"), embedding, 256).bytes()).unwrap();
        let line = fails(trace(&file, &["--ids", "0"]));
        assert!(line.contains(&format!("tensor token_embd.weight is {name}; formats that are read are F64")), "{line}");
    }
}

#[test]
fn a_folder_that_is_not_a_whole_checkpoint_is_named_with_what_to_do() {
    let llama = golden("llama");
    let quantised = |name: &str, config_json: Value| {
        let model =
            copied(name, &llama, &[("config.json", config(&llama, json!({"quantization_config": config_json})))]);
        fails(trace(&model, &["--text", "a"]))
    };
    for (method, name) in [
        ("gptq", "GPTQ"),
        ("awq", "AWQ"),
        ("bitsandbytes", "bitsandbytes"),
        ("eetq", "EETQ"),
        ("fp8", "FP8"),
        ("compressed-tensors", "compressed-tensors"),
    ] {
        let line = quantised(&format!("quantised-{method}"), json!({"quant_method": method}));
        assert!(line.contains(&format!("quantised by {name}")) && line.contains("GGUF"), "{line}");
    }
    for (family, nearest) in [("phimoe", "phi3"), ("gemma3n_text", "gemma"), ("bamba", "")] {
        let changed = config(&llama, json!({"model_type": family}));
        let line =
            fails(trace(&copied(&format!("family-{family}"), &llama, &[("config.json", changed)]), &["--text", "a"]));
        assert!(line.starts_with(&format!("headlight: {family} models are not read")), "{line}");
        assert!(line.contains(nearest) && line.contains("A trace made in Python shows any model"), "{line}");
        assert!(!line.contains("hooked_transformer"), "{line}");
    }
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 428344\n";
    for file in ["model.safetensors", "tokenizer.json", "config.json"] {
        let model = copied(&format!("pointer-{file}"), &llama, &[(file, Some(pointer.to_vec()))]);
        let line = fails(trace(&model, &["--text", "a"]));
        assert!(line.contains(&format!("{file} is a Git LFS pointer")) && line.contains("git lfs pull"), "{line}");
        let page = b"<!DOCTYPE html>\n<html><title>Sign in</title></html>".to_vec();
        let line = fails(trace(&copied(&format!("page-{file}"), &llama, &[(file, Some(page))]), &["--text", "a"]));
        assert!(line.contains(&format!("{file} is a web page")), "{line}");
    }
    let gguf = folder("pointer-gguf").join("m.gguf");
    std::fs::write(&gguf, pointer).unwrap();
    assert!(fails(trace(&gguf, &["--text", "a"])).contains("m.gguf is a Git LFS pointer"));
}

/// There are fewer key-value heads than query heads.
#[test]
fn a_query_head_is_not_a_key_value_head() {
    let edits = folder("kv-heads").join("edits.json");
    std::fs::write(&edits, r#"[{"kind":"scale","layer":0,"hook":"attn.hook_k","head":3,"factor":2}]"#).unwrap();
    let line = fails(trace(&golden("qwen3"), &["--text", "a", "--edits", edits.to_str().unwrap()]));
    assert!(line.contains("head 3 is a query head, which reads key-value head"), "{line}");
}
