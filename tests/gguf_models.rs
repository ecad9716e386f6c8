//! GGUF files of every architecture that they are read for, converted here from the small checkpoints (`support::gguf_converted`).

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load};
use crate::support::gguf::{Field, GgufFile};
use crate::support::gguf_converted::{changed, checkpoint, convert, converted, with_metadata, with_tokenizer};
use crate::support::gguf_names::{Conversion, conversions};
use crate::support::{Comparison, Tensors, golden, golden_cases};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use headlight::engine::{Captures, CompiledEdits, Generation, Model, Run, Sampling, Written};
use headlight::trace::spec::Unembed;
use headlight::trace::{BlockSite, Hook, TokenForm};

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

/// A model that is given token ids needs no tokenizer.
#[test]
fn an_unknown_tokenizer_leaves_token_ids() {
    let conversion = conversions().into_iter().find(|conversion| conversion.gguf == "gpt2").unwrap();
    let whole = loaded(convert(&conversion));
    let ids = [3, 7, 300];
    for (key, value, form) in [
        ("tokenizer.ggml.model", Some("rwkv"), TokenForm::Plain),
        ("tokenizer.ggml.pre", Some("nobody's"), TokenForm::ByteLevel),
        ("tokenizer.ggml.model", None, TokenForm::Plain),
        // One that is known and damaged.
        ("tokenizer.ggml.merges", None, TokenForm::ByteLevel),
        ("tokenizer.ggml.merges", Some("no list"), TokenForm::ByteLevel),
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
        let says = model.notes().iter().any(|note| note.contains(key) && note.ends_with("reads token ids, no text."));
        assert!(says, "{key}: {:?}", model.notes());
        let (found, expected) = (model.tokens_from_ids(&ids).unwrap(), whole.tokens_from_ids(&ids).unwrap());
        assert_eq!((found.tokens, found.form), (expected.tokens, form), "{key}");
        assert_eq!(run(&model, &ids).final_stream(), run(&whole, &ids).final_stream());
    }
}
