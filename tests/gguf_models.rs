//! GGUF files of every architecture that they are read for, written here from the small checkpoints as llama.cpp's converter
//! does it: other names, queries and keys in pairs, norms with the 1 added, fused matrices in other orders.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use headlight::engine::{Captures, CompiledEdits, Generation, Model, Run, Sampling, Written};
use headlight::trace::spec::Unembed;
use headlight::trace::{BlockSite, Hook, Spec, TokenForm};
use serde_json::Value;
use support::engine::{files_of, finished, load};
use support::gguf::{Field, GgufFile};
use support::{Comparison, Tensors, fixture, golden, golden_cases, read};

/// How a tensor is changed on its way.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    As,
    /// Rows of each head in pairs.
    Paired,
    /// 1 is added.
    PlusOne,
    /// [in, out] to [out, in].
    Turned,
    /// Each head's queries, keys and values to all queries, all keys, all values.
    Unfused,
}

/// One architecture: ours, llama.cpp's, what stands before a block's tensors, and the tensors.
struct Conversion {
    golden: &'static str,
    gguf: &'static str,
    block: &'static str,
    outer: &'static [(&'static str, &'static str, Way)],
    inner: &'static [(&'static str, &'static str, Way)],
}

const LLAMA_OUTER: &[(&str, &str, Way)] = &[
    ("token_embd", "model.embed_tokens", Way::As),
    ("output_norm", "model.norm", Way::As),
    ("output", "lm_head", Way::As),
];
const MLP: [(&str, &str, Way); 3] = [
    ("ffn_gate", "mlp.gate_proj", Way::As),
    ("ffn_up", "mlp.up_proj", Way::As),
    ("ffn_down", "mlp.down_proj", Way::As),
];
const fn attention(way: Way) -> [(&'static str, &'static str, Way); 4] {
    [
        ("attn_q", "self_attn.q_proj", way),
        ("attn_k", "self_attn.k_proj", way),
        ("attn_v", "self_attn.v_proj", Way::As),
        ("attn_output", "self_attn.o_proj", Way::As),
    ]
}
const NORMS: [(&str, &str, Way); 2] =
    [("attn_norm", "input_layernorm", Way::As), ("ffn_norm", "post_attention_layernorm", Way::As)];
const QK_NORMS: [(&str, &str, Way); 2] =
    [("attn_q_norm", "self_attn.q_norm", Way::As), ("attn_k_norm", "self_attn.k_norm", Way::As)];

fn conversions() -> Vec<Conversion> {
    let list = |parts: &[&[(&'static str, &'static str, Way)]]| -> &'static [(&'static str, &'static str, Way)] {
        Vec::leak(parts.concat())
    };
    let llama = |golden, gguf, inner| Conversion { golden, gguf, block: "model.layers", outer: LLAMA_OUTER, inner };
    let (plain, paired) = (attention(Way::As), attention(Way::Paired));
    let neox = [
        ("attn_norm", "input_layernorm", Way::As),
        ("attn_qkv", "attention.query_key_value", Way::Unfused),
        ("attn_output", "attention.dense", Way::As),
        ("ffn_norm", "post_attention_layernorm", Way::As),
        ("ffn_up", "mlp.dense_h_to_4h", Way::As),
        ("ffn_down", "mlp.dense_4h_to_h", Way::As),
    ];
    let bloom = neox.map(|(ours, theirs, way)| {
        (ours, if theirs.starts_with("attention.") { &*String::leak(format!("self_{theirs}")) } else { theirs }, way)
    });
    let gemma_outer =
        list(&[&[("token_embd", "model.embed_tokens", Way::As), ("output_norm", "model.norm", Way::PlusOne)]]);
    let gemma = [
        ("attn_norm", "input_layernorm", Way::PlusOne),
        ("post_attention_norm", "post_attention_layernorm", Way::PlusOne),
        ("ffn_norm", "pre_feedforward_layernorm", Way::PlusOne),
        ("post_ffw_norm", "post_feedforward_layernorm", Way::PlusOne),
    ];
    vec![
        llama("llama", "llama", list(&[&paired, &MLP, &NORMS])),
        llama("mistral", "llama", list(&[&paired, &MLP, &NORMS])),
        llama("qwen2", "qwen2", list(&[&plain, &MLP, &NORMS])),
        llama("qwen3", "qwen3", list(&[&plain, &MLP, &NORMS, &QK_NORMS])),
        llama(
            "olmo2",
            "olmo2",
            list(&[
                &plain,
                &MLP,
                &QK_NORMS,
                &[
                    ("post_attention_norm", "post_attention_layernorm", Way::As),
                    ("post_ffw_norm", "post_feedforward_layernorm", Way::As),
                ],
            ]),
        ),
        llama(
            "phi3",
            "phi3",
            list(&[
                &NORMS,
                &[
                    ("attn_qkv", "self_attn.qkv_proj", Way::As),
                    ("attn_output", "self_attn.o_proj", Way::As),
                    ("ffn_up", "mlp.gate_up_proj", Way::As),
                    ("ffn_down", "mlp.down_proj", Way::As),
                ],
            ]),
        ),
        Conversion {
            outer: gemma_outer,
            ..llama(
                "gemma3_text",
                "gemma3",
                list(&[&plain, &MLP, &gemma, &QK_NORMS.map(|(ours, theirs, _)| (ours, theirs, Way::PlusOne))]),
            )
        },
        Conversion { outer: gemma_outer, ..llama("gemma2", "gemma2", list(&[&plain, &MLP, &gemma])) },
        llama("smollm3", "smollm3", list(&[&paired, &MLP, &NORMS])),
        Conversion {
            golden: "gpt2",
            gguf: "gpt2",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.wte", Way::As),
                ("position_embd", "transformer.wpe", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
            ],
            inner: &[
                ("attn_norm", "ln_1", Way::As),
                ("attn_qkv", "attn.c_attn", Way::Turned),
                ("attn_output", "attn.c_proj", Way::Turned),
                ("ffn_norm", "ln_2", Way::As),
                ("ffn_up", "mlp.c_fc", Way::Turned),
                ("ffn_down", "mlp.c_proj", Way::Turned),
            ],
        },
        Conversion {
            golden: "gpt_neox",
            gguf: "gptneox",
            block: "gpt_neox.layers",
            outer: &[
                ("token_embd", "gpt_neox.embed_in", Way::As),
                ("output_norm", "gpt_neox.final_layer_norm", Way::As),
                ("output", "embed_out", Way::As),
            ],
            inner: list(&[&neox]),
        },
        Conversion {
            golden: "bloom",
            gguf: "bloom",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.word_embeddings", Way::As),
                ("token_embd_norm", "transformer.word_embeddings_layernorm", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
            ],
            inner: list(&[&bloom]),
        },
    ]
}

/// Where a small checkpoint is, or one of the forms in which checkpoints are about.
fn checkpoint(name: &str) -> PathBuf {
    let case = fixture("cases").join(name);
    if case.is_dir() { case } else { golden(name) }
}

fn config(name: &str) -> Value {
    serde_json::from_slice(&read(&checkpoint(name).join("config.json"))).unwrap()
}

/// The structure as the checkpoint's own adapter reads it.
fn spec_of(name: &str) -> Spec {
    let files = files_of(&checkpoint(name), &["config.json", "model.safetensors"]);
    load(&files).unwrap_or_else(|error| panic!("{name}: {error}")).spec().clone()
}

/// Sizes by llama.cpp's names, from the model as its own adapter reads it.
fn with_metadata(mut file: GgufFile, name: &str, gguf: &str) -> GgufFile {
    let spec = spec_of(name);
    let config = config(name);
    let epsilon = match spec.norm {
        headlight::trace::spec::NormKind::LayerNorm => "attention.layer_norm_epsilon",
        _ => "attention.layer_norm_rms_epsilon",
    };
    let sizes = [
        ("block_count", spec.n_layers),
        ("context_length", spec.n_ctx),
        ("embedding_length", spec.d_model),
        ("feed_forward_length", spec.d_mlp),
        ("attention.head_count", spec.n_heads),
        ("attention.head_count_kv", spec.n_key_value_heads),
        ("attention.key_length", spec.d_head),
        ("attention.value_length", spec.d_head),
    ];
    file = file.text("general.architecture", gguf);
    for (key, size) in sizes {
        file = file.field(&format!("{gguf}.{key}"), Field::U32(size as u32));
    }
    file = file.field(&format!("{gguf}.{epsilon}"), Field::F32(spec.norm_eps as f32));
    if let Some(rotary) = spec.rotary() {
        file = file.field(&format!("{gguf}.rope.freq_base"), Field::F32(rotary.theta as f32));
        file = file.field(&format!("{gguf}.rope.dimension_count"), Field::U32(rotary.dims as u32));
    }
    if let Some(window) = config["sliding_window"].as_u64() {
        file = file.field(&format!("{gguf}.attention.sliding_window"), Field::U32(window as u32));
    }
    for (key, cap) in [("attn_logit_softcapping", spec.attn_softcap), ("final_logit_softcapping", spec.logit_softcap)] {
        if let Some(cap) = cap {
            file = file.field(&format!("{gguf}.{key}"), Field::F32(cap as f32));
        }
    }
    if name.starts_with("gemma3") {
        file = file.field(&format!("{gguf}.attention.sliding_window_pattern"), Field::U32(2));
    }
    file
}

/// The tokenizer.json of a small checkpoint as metadata.
fn with_tokenizer(file: GgufFile, name: &str) -> GgufFile {
    let json: Value = serde_json::from_slice(&read(&golden(name).join("tokenizer.json"))).unwrap();
    let vocab = json["model"]["vocab"].as_object().unwrap();
    let mut tokens: Vec<(u64, String)> =
        vocab.iter().map(|(token, id)| (id.as_u64().unwrap(), token.clone())).collect();
    tokens.sort();
    let added: Vec<u64> =
        json["added_tokens"].as_array().unwrap().iter().map(|token| token["id"].as_u64().unwrap()).collect();
    let types = tokens.iter().map(|(id, _)| if added.contains(id) { 3 } else { 1 }).collect();
    let merge = |merge: &Value| match merge {
        Value::Array(parts) => format!("{} {}", parts[0].as_str().unwrap(), parts[1].as_str().unwrap()),
        text => text.as_str().unwrap().to_owned(),
    };
    let merges = json["model"]["merges"].as_array().unwrap().iter().map(merge).collect();
    file.text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "gpt-2")
        .field("tokenizer.ggml.tokens", Field::Texts(tokens.into_iter().map(|(_, token)| token).collect()))
        .field("tokenizer.ggml.token_type", Field::I32s(types))
        .field("tokenizer.ggml.merges", Field::Texts(merges))
        .field("tokenizer.ggml.eos_token_id", Field::U32(2))
}

fn changed(way: Way, values: &[f32], shape: &[usize], d_head: usize) -> (Vec<f32>, Vec<u64>) {
    let row = shape.get(1).copied().unwrap_or(1);
    let rows: Vec<&[f32]> = values.chunks(row).collect();
    let order = |order: Vec<usize>| order.into_iter().flat_map(|index| rows[index].iter().copied()).collect();
    let same: Vec<u64> = shape.iter().map(|size| *size as u64).collect();
    match way {
        Way::As => (values.to_vec(), same),
        Way::PlusOne => (values.iter().map(|value| value + 1.0).collect(), same),
        // A vector lies the same way either way.
        Way::Turned if shape.len() == 1 => (values.to_vec(), same),
        Way::Turned => {
            let turned = (0..shape[1]).flat_map(|column| rows.iter().map(move |row| row[column])).collect();
            (turned, vec![same[1], same[0]])
        }
        Way::Paired => {
            let pair = |row: usize| row / d_head * d_head + row % d_head / 2 + row % 2 * (d_head / 2);
            (order((0..rows.len()).map(pair).collect()), same)
        }
        Way::Unfused => {
            let n_heads = rows.len() / (3 * d_head);
            let from = |part: usize, head: usize, row: usize| (head * 3 + part) * d_head + row;
            let all = (0..3)
                .flat_map(|part| (0..n_heads).flat_map(move |head| (0..d_head).map(move |row| from(part, head, row))));
            (order(all.collect()), same)
        }
    }
}

fn convert(conversion: &Conversion) -> Vec<u8> {
    converted(conversion).bytes()
}

fn converted(conversion: &Conversion) -> GgufFile {
    let Conversion { golden: name, gguf, block, outer, inner } = conversion;
    let weights = Tensors::open(&checkpoint(name).join("model.safetensors"));
    let spec = spec_of(name);
    let mut file = with_metadata(GgufFile::default(), name, gguf);
    if checkpoint(name).join("tokenizer.json").is_file() {
        file = with_tokenizer(file, name);
    }
    let mut add = |ours: String, theirs: String, way: Way| {
        for part in ["weight", "bias"] {
            let theirs = format!("{theirs}.{part}");
            if weights.has(&theirs) {
                let (values, shape) = changed(way, &weights.f32(&theirs), weights.shape(&theirs), spec.d_head);
                file = std::mem::take(&mut file).f32(&format!("{ours}.{part}"), &shape, &values);
            }
        }
    };
    for (ours, theirs, way) in *outer {
        add((*ours).to_owned(), (*theirs).to_owned(), *way);
    }
    for layer in 0..spec.n_layers {
        for (ours, theirs, way) in *inner {
            add(format!("blk.{layer}.{ours}"), format!("{block}.{layer}.{theirs}"), *way);
        }
    }
    file
}

fn loaded(bytes: Vec<u8>) -> Arc<Model> {
    load(&vec![("m.gguf".to_owned(), bytes)]).unwrap_or_else(|error| panic!("{error}"))
}

fn run(model: &Arc<Model>, ids: &[u32]) -> Run {
    let tokens = model.tokens_from_ids(ids).unwrap();
    finished(model, tokens, CompiledEdits::none(), Captures::none())
}

#[test]
fn every_architecture_agrees_with_its_golden_values() {
    for conversion in conversions() {
        let name = conversion.golden;
        let model = loaded(convert(&conversion));
        let expected = Tensors::open(&golden(name).join("expected.safetensors"));
        let mut comparison = Comparison::default();
        for (index, case) in golden_cases(name).iter().enumerate() {
            let ids = expected.ids(&format!("case{index}.input_ids"));
            assert_eq!(model.encode(&case.text, None).unwrap().ids, ids, "{name}: tokens");
            let run = run(&model, &ids);
            for layer in 0..model.spec().n_layers {
                for (theirs, site) in
                    [("hidden_states", BlockSite::ResidPre), ("q", BlockSite::Q), ("attentions", BlockSite::Pattern)]
                {
                    let theirs = format!("case{index}.{theirs}.{layer}");
                    if site != BlockSite::Q || expected.has(&theirs) {
                        let found = run.activation(Hook::Block(layer, site)).unwrap();
                        comparison.check(&format!("{name}: {theirs}"), &found, &expected.f32(&theirs), 1e-4);
                    }
                }
            }
            let logits = format!("case{index}.logits");
            comparison.check(&logits, &run.logits(0..ids.len()).unwrap(), &expected.f32(&logits), 1e-4);
        }
        comparison.finish();
        assert_eq!(model.generation_config().eos_ids, [2]);
    }
}

/// A decoder that sees later tokens too, as embedding models do: `attention.causal`, or an architecture that always does.
#[test]
fn a_file_without_a_causal_mask_agrees_with_transformers() {
    for (case, gguf, read_as) in [
        ("qwen3_both_ways", "qwen3", "qwen3"),
        ("gpt2_both_ways", "gpt2", "gpt2"),
        ("bloom_both_ways", "bloom", "bloom"),
        ("gemma3_both_ways", "gemma3", "gemma3"),
        ("gemma3_both_ways", "gemma3", "gemma-embedding"),
    ] {
        let of_kind = conversions().into_iter().find(|conversion| conversion.gguf == gguf).unwrap();
        let mut file = converted(&Conversion { golden: case, gguf: read_as, ..of_kind });
        let is_embedder = read_as == "gemma-embedding";
        if !is_embedder {
            file = file.field(&format!("{read_as}.attention.causal"), Field::Bool(false));
        }
        let model = loaded(file.bytes());
        let expected = Tensors::open(&checkpoint(case).join("expected.safetensors"));
        let run = run(&model, &expected.ids("input_ids"));
        let mut comparison = Comparison::default();
        for layer in 0..model.spec().n_layers {
            let name = format!("attentions.{layer}");
            let found = run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
            comparison.check(&format!("{read_as}: {name}"), &found, &expected.f32(&name), 1e-4);
        }
        assert_eq!(model.spec().unembed == Unembed::None, is_embedder, "{read_as}");
        if is_embedder {
            assert!(model.notes().iter().any(|note| note.contains("no head that predicts")), "{:?}", model.notes());
        } else {
            comparison.check("logits", &run.logits(0..run.tokens().len()).unwrap(), &expected.f32("logits"), 1e-4);
        }
        comparison.finish();
    }
}

/// Which tokens end a text, a turn or a message, and which are never written.
#[test]
fn a_files_rules_for_writing_are_followed() {
    let conversion = conversions().into_iter().find(|conversion| conversion.gguf == "llama").unwrap();
    let written = |file: GgufFile| {
        let model = loaded(file.bytes());
        let mut run = run(&model, &[84, 104, 101, 32]);
        let mut generation = Generation::new(Sampling::GREEDY, 4).unwrap();
        while generation.step(&mut run).unwrap() != Written::End {}
        (run.tokens().ids[4..].to_vec(), model.generation_config().eos_ids.clone())
    };
    let (free, eos_ids) = written(converted(&conversion));
    assert_eq!((free.len(), &eos_ids[..]), (4, &[2][..]));
    let suppressed = Field::I32s(vec![free[0] as i32, free[1] as i32]);
    let (other, _) = written(converted(&conversion).field("tokenizer.ggml.suppress_tokens", suppressed));
    assert!(other.len() == 4 && !other.contains(&free[0]) && !other.contains(&free[1]), "{free:?} {other:?}");
    for key in ["eot", "eom"] {
        let file = converted(&conversion).field(&format!("tokenizer.ggml.{key}_token_id"), Field::U32(free[1]));
        assert_eq!(written(file), (vec![free[0]], vec![2, free[1]]), "{key}");
    }
}

/// A Llama of 256 neurons with random matrices, in a quantised format or as what that format widens to.
fn quantised(dtype: GgmlDType, number: u32, widened: bool) -> Arc<Model> {
    let mut seed = 1u32;
    let mut values = |n: usize| -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..n).map(|_| next() * 0.2).collect()
    };
    let mut file = with_metadata(GgufFile::default(), "llama", "llama");
    for (key, size) in [
        ("embedding_length", 256),
        ("feed_forward_length", 256),
        ("attention.key_length", 64),
        ("attention.value_length", 64),
        ("rope.dimension_count", 64),
        ("block_count", 1),
    ] {
        let key = format!("llama.{key}");
        file.fields.retain(|(known, _)| *known != key);
        file = file.field(&key, Field::U32(size));
    }
    file = with_tokenizer(file, "llama");
    for norm in ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"] {
        file = file.f32(&format!("{norm}.weight"), &[256], &[1.0; 256]);
    }
    let matrices = [
        ("token_embd", 384),
        ("blk.0.attn_q", 256),
        ("blk.0.attn_k", 128),
        ("blk.0.attn_v", 128),
        ("blk.0.attn_output", 256),
        ("blk.0.ffn_gate", 256),
        ("blk.0.ffn_up", 256),
        ("blk.0.ffn_down", 256),
    ];
    for (name, n_out) in matrices {
        let tensor = Tensor::from_vec(values(n_out * 256), (n_out, 256), &Device::Cpu).unwrap();
        let blocks = QTensor::quantize(&tensor, dtype).unwrap();
        let name = format!("{name}.weight");
        file = if widened {
            let wide: Vec<f32> = blocks.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            file.f32(&name, &[n_out as u64, 256], &wide)
        } else {
            file.tensor(&name, &[256, n_out as u64], number, blocks.data().unwrap().to_vec())
        };
    }
    loaded(file.bytes())
}

#[test]
fn every_quantisation_runs_as_what_it_widens_to() {
    let formats = [
        (GgmlDType::Q4_0, 2, "Q4_0"),
        (GgmlDType::Q4_1, 3, "Q4_1"),
        (GgmlDType::Q5_0, 6, "Q5_0"),
        (GgmlDType::Q5_1, 7, "Q5_1"),
        (GgmlDType::Q8_0, 8, "Q8_0"),
        (GgmlDType::Q2K, 10, "Q2_K"),
        (GgmlDType::Q3K, 11, "Q3_K"),
        (GgmlDType::Q4K, 12, "Q4_K"),
        (GgmlDType::Q5K, 13, "Q5_K"),
        (GgmlDType::Q6K, 14, "Q6_K"),
    ];
    for (dtype, number, name) in formats {
        let (blocks, wide) = (quantised(dtype, number, false), quantised(dtype, number, true));
        assert_eq!(blocks.quantisation(), name);
        assert!(blocks.weight_bytes() < wide.weight_bytes() / 3);
        let ids = [5, 300, 17, 17, 200];
        let mut comparison = Comparison::default();
        let (found, expected) = (run(&blocks, &ids), run(&wide, &ids));
        comparison.check(name, found.final_stream(), expected.final_stream(), 1e-4);
        comparison.check(name, &found.logits(4..5).unwrap(), &expected.logits(4..5).unwrap(), 1e-3);
        comparison.finish();
    }
}

/// Rotary factors among the tensors are the Llama 3.1 formula's.
#[test]
fn rotary_factors_come_from_the_file() {
    let conversions = conversions();
    let llama = conversions.iter().find(|conversion| conversion.golden == "llama").unwrap();
    let plain = loaded(convert(llama));
    let n_pairs = plain.spec().rotary().unwrap().n_pairs();
    let divisors: Vec<f32> = (0..n_pairs).map(|pair| 1.0 + pair as f32).collect();
    let weights = Tensors::open(&golden("llama").join("model.safetensors"));
    let mut file = with_tokenizer(with_metadata(GgufFile::default(), "llama", "llama"), "llama");
    file = file.f32("rope_freqs.weight", &[n_pairs as u64], &divisors);
    for (ours, theirs, way) in llama.outer {
        let theirs = format!("{theirs}.weight");
        let (values, shape) = changed(*way, &weights.f32(&theirs), weights.shape(&theirs), 16);
        file = file.f32(&format!("{ours}.weight"), &shape, &values);
    }
    for layer in 0..3 {
        for (ours, theirs, way) in llama.inner {
            let theirs = format!("model.layers.{layer}.{theirs}.weight");
            let (values, shape) = changed(*way, &weights.f32(&theirs), weights.shape(&theirs), 16);
            file = file.f32(&format!("blk.{layer}.{ours}.weight"), &shape, &values);
        }
    }
    let model = loaded(file.bytes());
    let (found, plain) = (model.spec().rotary().unwrap().frequencies(9), plain.spec().rotary().unwrap().frequencies(9));
    for pair in 0..n_pairs {
        assert!((found[pair] - plain[pair] / f64::from(divisors[pair])).abs() < 1e-12);
    }
}

/// What reads token ids needs no tokenizer.
#[test]
fn an_unknown_tokenizer_leaves_token_ids() {
    let conversion = conversions().into_iter().find(|conversion| conversion.gguf == "gpt2").unwrap();
    let whole = loaded(convert(&conversion));
    let ids = [3, 7, 300];
    for (key, value, form) in [
        ("tokenizer.ggml.model", Some("rwkv"), TokenForm::Plain),
        ("tokenizer.ggml.pre", Some("nobody's"), TokenForm::ByteLevel),
        ("tokenizer.ggml.model", None, TokenForm::Plain),
    ] {
        let mut file = converted(&conversion);
        file.fields.retain(|(known, _)| known != key);
        if let Some(value) = value {
            file = file.text(key, value);
        }
        let model = loaded(file.bytes());
        assert!(model.tokenizer().is_none());
        let message = model.encode("The cat", None).unwrap_err().to_string();
        assert!(message.contains(key) && message.ends_with("give token ids"), "{message}");
        let (found, expected) = (model.tokens_from_ids(&ids).unwrap(), whole.tokens_from_ids(&ids).unwrap());
        assert_eq!((found.tokens, found.form), (expected.tokens, form), "{key}");
        assert_eq!(run(&model, &ids).final_stream(), run(&whole, &ids).final_stream());
    }
}
