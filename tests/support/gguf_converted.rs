//! Small checkpoints as GGUF files, written as llama.cpp's converter does it: other names, queries and keys in pairs, norms with the 1
//! added, fused matrices in other orders.

use std::path::PathBuf;

use headlight::trace::Spec;
use headlight::trace::spec::{NormKind, RotaryScaling};
use serde_json::Value;

use super::engine::{files_of, load};
use super::gguf::{Field, GgufFile};
use super::gguf_names::{Conversion, Way};
use super::{Tensors, fixture, golden, read};

/// The folder of a small checkpoint, or of a variant of one (`tests/fixtures/cases`).
pub fn checkpoint(name: &str) -> PathBuf {
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
pub fn with_metadata(mut file: GgufFile, name: &str, gguf: &str) -> GgufFile {
    let spec = spec_of(name);
    let config = config(name);
    let epsilon = match spec.norm {
        NormKind::LayerNorm => "attention.layer_norm_epsilon",
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
    if let Some(experts) = &spec.experts {
        file = file.field(&format!("{gguf}.expert_count"), Field::U32(experts.n_experts as u32));
        file = file.field(&format!("{gguf}.expert_used_count"), Field::U32(experts.n_per_token as u32));
    }
    if let Some(rotary) = spec.rotary() {
        file = file.field(&format!("{gguf}.rope.freq_base"), Field::F32(rotary.theta as f32));
        file = file.field(&format!("{gguf}.rope.dimension_count"), Field::U32(rotary.dims as u32));
        if let RotaryScaling::Yarn { factor, original_n_ctx, .. } = rotary.scaling {
            file = file.text(&format!("{gguf}.rope.scaling.type"), "yarn");
            file = file.field(&format!("{gguf}.rope.scaling.factor"), Field::F32(factor as f32));
            let original = format!("{gguf}.rope.scaling.original_context_length");
            file = file.field(&original, Field::U32(original_n_ctx as u32));
        }
        if let RotaryScaling::Linear { factor } = rotary.scaling {
            file = file.text(&format!("{gguf}.rope.scaling.type"), "linear");
            file = file.field(&format!("{gguf}.rope.scaling.factor"), Field::F32(factor as f32));
        }
    }
    if let Some(window) = config["sliding_window"].as_u64() {
        file = file.field(&format!("{gguf}.attention.sliding_window"), Field::U32(window as u32));
    }
    for (key, cap) in [("attn_logit_softcapping", spec.attn_softcap), ("final_logit_softcapping", spec.logit_softcap)] {
        if let Some(cap) = cap {
            file = file.field(&format!("{gguf}.{key}"), Field::F32(cap as f32));
        }
    }
    let number = |key: &str| config[key].as_f64().map(|value| value as f32);
    for (key, value) in [
        ("attention.clamp_kqv", spec.clip_qkv.map(|clip| clip as f32)),
        ("attention.max_alibi_bias", (gguf == "mpt").then_some(8.0)),
        ("attention.scale", number("attention_multiplier")),
        ("embedding_scale", number("embedding_multiplier")),
        ("residual_scale", number("residual_multiplier")),
        ("logit_scale", number("logits_scaling").or(number("logit_scale"))),
    ] {
        if let Some(value) = value {
            file = file.field(&format!("{gguf}.{key}"), Field::F32(value));
        }
    }
    if name.starts_with("gemma3") {
        file = file.field(&format!("{gguf}.attention.sliding_window_pattern"), Field::U32(2));
    }
    file
}

/// The tokenizer.json of a small checkpoint as metadata.
pub fn with_tokenizer(file: GgufFile, name: &str) -> GgufFile {
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

/// The numbers and the shape of a tensor after its conversion.
pub fn changed(way: Way, values: &[f32], shape: &[usize], d_head: usize) -> (Vec<f32>, Vec<u64>) {
    let row = shape.get(1).copied().unwrap_or(1);
    let rows: Vec<&[f32]> = values.chunks(row).collect();
    let order = |order: Vec<usize>| order.into_iter().flat_map(|index| rows[index].iter().copied()).collect();
    let same: Vec<u64> = shape.iter().map(|size| *size as u64).collect();
    match way {
        Way::As | Way::Stacked | Way::Spread(..) | Way::Bare => (values.to_vec(), same),
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
        Way::Ungrouped(n_queries) => {
            let n_groups = rows.len() / ((n_queries + 2) * d_head);
            let from = |part: usize, group: usize, row: usize| (group * (n_queries + 2) + part) * d_head + row;
            let queries = (0..n_groups).flat_map(|group| {
                (0..n_queries).flat_map(move |part| (0..d_head).map(move |row| from(part, group, row)))
            });
            let rest = [n_queries, n_queries + 1].into_iter().flat_map(|part| {
                (0..n_groups).flat_map(move |group| (0..d_head).map(move |row| from(part, group, row)))
            });
            (order(queries.chain(rest).collect()), same)
        }
    }
}

/// The bytes of a converted checkpoint.
pub fn convert(conversion: &Conversion) -> Vec<u8> {
    converted(conversion).bytes()
}

/// A small checkpoint as llama.cpp's converter writes it.
pub fn converted(conversion: &Conversion) -> GgufFile {
    let Conversion { golden: name, gguf, block, outer, inner } = conversion;
    let weights = Tensors::open(&checkpoint(name).join("model.safetensors"));
    let spec = spec_of(name);
    let mut file = with_metadata(GgufFile::default(), name, gguf);
    if checkpoint(name).join("tokenizer.json").is_file() {
        file = with_tokenizer(file, name);
    }
    let mut add = |ours: String, theirs: String, way: Way| {
        // One tensor of the norms of all heads.
        let of_head = |head: usize| format!("{theirs}.norms.{head}.weight");
        if weights.has(&of_head(0)) {
            let n_heads = (0..).take_while(|head| weights.has(&of_head(*head))).count();
            let all: Vec<f32> = (0..n_heads).flat_map(|head| weights.f32(&of_head(head))).collect();
            let shape = [n_heads as u64, spec.d_head as u64];
            file = std::mem::take(&mut file).f32(&format!("{ours}.weight"), &shape, &all);
        }
        if let Way::Spread(index, n_parts) = way {
            let sizes: Vec<usize> = weights.shape(&theirs).to_vec();
            let every = |row: &[f32]| row.iter().skip(index).step_by(n_parts).copied().collect::<Vec<f32>>();
            let all = weights.f32(&theirs);
            let turned = all.chunks(sizes[1] * sizes[2]).flat_map(|expert| {
                let rows: Vec<Vec<f32>> = expert.chunks(sizes[2]).map(every).collect();
                (0..sizes[2] / n_parts)
                    .flat_map(|out| rows.iter().map(|row| row[out]).collect::<Vec<f32>>())
                    .collect::<Vec<f32>>()
            });
            let shape = [sizes[0], sizes[2] / n_parts, sizes[1]].map(|size| size as u64);
            file = std::mem::take(&mut file).f32(&format!("{ours}.weight"), &shape, &turned.collect::<Vec<f32>>());
            let biases: Vec<f32> = weights.f32(&format!("{theirs}_bias")).chunks(sizes[2]).flat_map(every).collect();
            file = std::mem::take(&mut file).f32(&format!("{ours}.bias"), &shape[..2], &biases);
            return;
        }
        if way == Way::Bare {
            file =
                std::mem::take(&mut file).f32(&format!("{ours}.weight"), &[spec.n_heads as u64], &weights.f32(&theirs));
            return;
        }
        if way == Way::Stacked {
            let of_expert = |expert: usize| format!("{}.weight", theirs.replace('*', &expert.to_string()));
            let n_experts = (0..).take_while(|expert| weights.has(&of_expert(*expert))).count();
            let all: Vec<f32> = (0..n_experts).flat_map(|expert| weights.f32(&of_expert(expert))).collect();
            let mut shape = vec![n_experts as u64];
            shape.extend(weights.shape(&of_expert(0)).iter().map(|size| *size as u64));
            file = std::mem::take(&mut file).f32(&format!("{ours}.weight"), &shape, &all);
        }
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
