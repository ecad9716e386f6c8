//! Trace files: as bytes, built from choices, and their metadata.

use std::sync::Arc;

use headlight::analysis::{AttentionSource, SourceError, TraceSource};
use headlight::answers::start;
use headlight::protocol::{Answer, Grid, NeuronPart, Question, Reduce, TokenAsked};
use headlight::trace::file::{Parsed, Trace, TraceMetadata, parse_header};

use super::{Choices, fixture};

/// Weights of one layer up to which every question is asked.
const MAX_WEIGHTS: u64 = 1 << 16;

/// A file as the page opens it: header, every number, then every view.
pub fn raw(data: &[u8]) {
    let trace = match parse_header("t.safetensors", data.len() as u64, data) {
        Ok(Parsed::Complete(trace)) => trace,
        Ok(Parsed::Needs(n_bytes)) => return assert!(n_bytes as usize > data.len()),
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let bytes_of = |range: &std::ops::Range<u64>| &data[range.start as usize..range.end as usize];
    for piece in trace.pieces(4 << 20) {
        if trace.decode_from(&piece.name, piece.first_row, bytes_of(&piece.bytes)).is_err() {
            return;
        }
    }
    for (_, mut source) in TraceSource::all(&Arc::new(trace)) {
        for ids in source.ids_bytes() {
            if source.supply(ids.clone(), bytes_of(&ids)).is_err() {
                return;
            }
        }
        if source.is_held() {
            look(&mut source, data);
        }
    }
}

/// Asks everything that a view asks of the first and the last layer and head.
fn look(source: &mut TraceSource, data: &[u8]) {
    let sizes = source.sizes();
    assert!(sizes.n_heads.is_multiple_of(sizes.n_key_value_heads), "{sizes:?}");
    let Some(last_layer) = sizes.n_layers.checked_sub(1) else { return };
    let Some(last_head) = sizes.n_heads.checked_sub(1) else { return };
    if sizes.n_weights(sizes.n_heads) * sizes.n_layers as u64 > MAX_WEIGHTS {
        return;
    }
    let all = |n: usize| (0..n as u32).collect::<Vec<_>>();
    let (layers, heads) = ([0, last_layer as u32], vec![0, last_head as u32]);
    let grid = Grid { queries: all(sizes.n_query), keys: all(sizes.n_key), max_cells: 3, reduce: Reduce::Mean };
    let edited = !source.trace().metadata.edits.is_empty();
    for layer in layers {
        let questions = [
            Question::Patterns { layer, heads: heads.clone() },
            Question::Thumbnails { layer, heads: heads.clone(), grid: grid.clone() },
            Question::Neurons { layer, head: 0 },
            Question::Neurons { layer, head: last_head as u32 },
        ];
        for question in questions {
            asked(source, data, question, edited);
        }
    }
    let of_all = Question::HeadWeights { queries: vec![0], keys: vec![sizes.n_key as u32 - 1] };
    asked(source, data, of_all, edited);
    asked(source, data, Question::Scores { n_block: Some(2) }, edited);
    for question in [
        Question::Stream,
        Question::Lens { layers: vec![0, last_layer as u32], positions: vec![0], n_top: 3, token: None },
        Question::Written { layer: last_layer as u32, position: 0, n_top: 3 },
        Question::Direct { answers: vec![TokenAsked::Id(1)], others: Vec::new(), position: 0 },
    ] {
        asked(source, data, question, edited);
    }
}

/// Asks one question, bringing bytes as they are wanted. What comes back are the numbers that were promised.
fn asked(source: &mut TraceSource, data: &[u8], question: Question, edited: bool) {
    let sizes = source.sizes();
    let mut answering = start(question);
    let mut n_brought = 0;
    let reply = loop {
        match answering.step(source) {
            Ok(Some(reply)) => break reply,
            Ok(None) => {}
            Err(SourceError::Wants(range)) => {
                n_brought += 1;
                assert!(n_brought < 10_000, "the same bytes are wanted again and again: {range:?}");
                if source.supply(range.clone(), &data[range.start as usize..range.end as usize]).is_err() {
                    return;
                }
            }
            Err(error) => return assert!(!error.to_string().is_empty()),
        }
    };
    // NaN stands for what cannot be measured; nothing is infinite but a masked score.
    let scores = matches!(reply.answer, Answer::Neurons(_)).then_some(NeuronPart::Scores as usize);
    for (index, buffer) in reply.buffers.iter().enumerate().filter(|(index, _)| Some(*index) != scores) {
        assert!(!buffer.iter().any(|value| value.is_infinite()), "{:?}, buffer {index}", reply.answer);
    }
    if let Answer::Neurons(numbers) = &reply.answer {
        multiplied(&reply.buffers, numbers.d_head as usize);
    }
    let weights = match &reply.answer {
        Answer::Patterns { heads, .. } => {
            assert_eq!(reply.buffers[0].len() as u64, sizes.n_weights(heads.len()));
            &reply.buffers[0]
        }
        Answer::Thumbnails { heads, n_rows, n_columns, .. } => {
            assert!(heads.iter().all(|head| head.entropy.is_none_or(f32::is_finite)), "{heads:?}");
            assert_eq!(reply.buffers[0].len(), heads.len() * (n_rows * n_columns) as usize);
            &reply.buffers[0]
        }
        Answer::Neurons(_) => &reply.buffers[NeuronPart::Pattern as usize],
        _ => return,
    };
    let is_weight = |weight: &f32| weight.is_finite() && (edited || (0.0..=1.02).contains(weight));
    assert!(weights.iter().all(is_weight), "{weights:?}");
}

/// What the neuron view makes of queries and keys: products, and their sums.
fn multiplied(buffers: &[Vec<f32>], d_head: usize) {
    for [queries, keys] in [[NeuronPart::Queries, NeuronPart::Keys], [NeuronPart::PlainQueries, NeuronPart::PlainKeys]]
    {
        let rows = |part: NeuronPart| buffers[part as usize].chunks_exact(d_head.max(1));
        for (query, key) in rows(queries).flat_map(|query| rows(keys).map(move |key| (query, key))) {
            let sum: f32 = query.iter().zip(key).map(|(q, k)| q * k).sum();
            assert!(sum.is_finite(), "{query:?} · {key:?}");
        }
    }
}

pub fn raw_seeds() -> Vec<Vec<u8>> {
    let of_choices = (0..24u8).map(|seed| {
        built(&(0..60u8).map(|at| seed.wrapping_mul(37).wrapping_add(at.wrapping_mul(seed))).collect::<Vec<_>>())
    });
    of_choices.collect()
}

/// A file built from choices: names, shapes, numbers and metadata that nearly fit each other.
pub fn structured(data: &[u8]) {
    raw(&built(data));
}

pub fn structured_seeds() -> Vec<Vec<u8>> {
    (0..16u8).map(|seed| (0..80u8).map(|at| at.wrapping_mul(seed).wrapping_add(seed)).collect()).collect()
}

/// Metadata alone, as they stand in a page or in Python.
pub fn metadata(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    if let Ok(read) = TraceMetadata::from_json("t", json) {
        let written = serde_json::to_string(&read).expect("what was read can be written");
        assert_eq!(TraceMetadata::from_json("t", &written).expect("what was written can be read"), read);
    }
}

pub fn metadata_seeds() -> Vec<Vec<u8>> {
    let raw = raw_seeds();
    let parsed = raw.iter().filter_map(|bytes| match parse_header("t", bytes.len() as u64, bytes) {
        Ok(Parsed::Complete(Trace { metadata, .. })) => serde_json::to_vec(&metadata).ok(),
        _ => None,
    });
    let config = fixture("golden/llama/config.json");
    parsed.chain([config]).collect()
}

const SIZES: [usize; 12] = [2, 3, 3, 4, 1, 5, 2, 0, 9, 64, 7, 1 << 31];

/// The bytes of a safetensors file. Most choices agree with one set of sizes, so that many files pass the header.
fn built(data: &[u8]) -> Vec<u8> {
    let mut choices = Choices(data);
    let n_tokens = *choices.pick(&SIZES[..6]);
    let n_target = *choices.pick(&SIZES[..6]);
    let n_heads = *choices.pick(&[2usize, 4, 5, 1, 6, 2]);
    let n_key_value_heads = *choices.pick(&[n_heads, 2, 3, 1]);
    let d_head = *choices.pick(&[4usize, 2, 1, 3]);
    let is_two = choices.seldom();
    let mut header = serde_json::Map::new();
    let mut values: Vec<u8> = Vec::new();
    for _ in 0..choices.byte() % 6 + 1 {
        let stack = match (is_two, choices.byte() % 8) {
            (false, 7) => "encoder",
            (false, _) => "blocks",
            (true, 0..3) => "encoder",
            (true, 7) => "blocks",
            (true, _) => "decoder",
        };
        let layer = choices.pick(&["0", "1", "0", "2", "0", "4095", "4096", "x"]);
        let site = choices.pick(&[
            "attn.hook_pattern",
            "attn.hook_q",
            "attn.hook_k",
            "attn.hook_v",
            "attn.hook_rot_q",
            "attn.hook_rot_k",
            "attn.hook_attn_scores",
            "attn.hook_z",
            "cross_attn.hook_pattern",
            "cross_attn.hook_q",
            "cross_attn.hook_k",
            "cross_attn.hook_attn_scores",
            "hook_resid_pre",
            "mlp.hook_post",
            "attn.hook_pattern",
            "attn.hook_q",
        ]);
        let (n_query, n_key) = match (stack, site.starts_with("cross")) {
            ("decoder", false) => (n_target, n_target),
            ("decoder", true) => (n_target, n_tokens),
            _ => (n_tokens, n_tokens),
        };
        let mut shape = match site.rsplit('_').next() {
            Some("pattern" | "scores") => vec![n_heads, n_query, n_key],
            Some("k" | "v") => vec![n_key, n_key_value_heads, d_head],
            Some("q" | "z") => vec![n_query, n_heads, d_head],
            _ => vec![n_query, 3],
        };
        if choices.seldom() && choices.seldom() {
            let axis = usize::from(choices.byte()) % shape.len();
            shape[axis] = *choices.pick(&SIZES);
        }
        if choices.seldom() {
            shape.insert(0, 1);
        }
        let (dtype, size) = *choices.pick(&[("F32", 4usize), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8)]);
        let n_values =
            shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length)).unwrap_or(0).min(1 << 12);
        let n_in_row = shape.last().copied().unwrap_or(1).max(1);
        let even = 1.0 / n_in_row as f32;
        let value = *choices.pick(&[even, even, even, 1.0, 0.0, 1e38, -even, f32::NAN, 0.5, f32::NEG_INFINITY]);
        let begin = values.len();
        for _ in 0..n_values {
            match size {
                4 => values.extend(value.to_le_bytes()),
                2 if dtype == "BF16" => values.extend(&value.to_le_bytes()[2..]),
                2 => values.extend(0x3c00u16.to_le_bytes()),
                _ => values.extend([0; 8]),
            }
        }
        let name = format!("{stack}.{layer}.{site}");
        header.remove(&name);
        header.insert(name, serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, values.len()]}));
    }
    if !choices.seldom() {
        let words = |n: usize| (0..n).map(|at| format!("w{at}")).collect::<Vec<_>>();
        let mut about = serde_json::json!({"format": 1, "tokens": words(n_tokens)});
        if is_two && !choices.seldom() {
            about["decoder_tokens"] = serde_json::json!(words(n_target));
        }
        match choices.byte() % 8 {
            0 => about["row_sums"] = serde_json::json!("sinks"),
            1 => about["edits"] = serde_json::json!([{"kind": "zero_head"}]),
            2 => about["segments"] = serde_json::json!([0, *choices.pick(&SIZES)]),
            _ => {}
        }
        if choices.byte() & 1 == 1 {
            let encoder = is_two.then(|| spec(&mut choices, n_heads, n_key_value_heads, d_head));
            about["spec"] = spec(&mut choices, n_heads, n_key_value_heads, d_head);
            about["spec"]["encoder"] = serde_json::json!(encoder);
        }
        header.insert("__metadata__".to_owned(), serde_json::json!({"headlight": about.to_string()}));
    }
    let json = serde_json::to_vec(&header).unwrap_or_default();
    [&(json.len() as u64).to_le_bytes()[..], &json, &values].concat()
}

fn spec(choices: &mut Choices<'_>, n_heads: usize, n_key_value_heads: usize, d_head: usize) -> serde_json::Value {
    let rotary = serde_json::json!({"rotary": {"theta": 1e4, "dims": choices.pick(&[2usize, 4, 1, 3, 64, 1 << 31, 0]), "scaling": "none"}});
    let yarn = serde_json::json!({"rotary": {"theta": 1.0, "dims": 2, "scaling": {"yarn": {"factor": 0.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "original_n_ctx": 0, "magnitude": 1e39, "truncate": true}}}});
    let mut spec = serde_json::json!({
        "architecture": "llama", "n_layers": choices.pick(&[3usize, 2, 5000, 4096, 3, 3]), "n_heads": n_heads,
        "n_key_value_heads": n_key_value_heads, "d_model": 3, "d_head": d_head, "d_mlp": 3, "d_vocab": 5, "n_ctx": 16,
        "norm": "rms_norm", "norm_eps": 1e-5, "norm_placement": "pre",
        "positions": choices.pick(&[serde_json::json!("none"), rotary.clone(), serde_json::json!("alibi"), rotary, yarn]),
        "n_token_types": 0, "mask": choices.pick(&["causal", "bidirectional"]),
        "attn_scale": choices.pick(&[0.5, 1.0, 1e38, 1e300, 0.0, -1.0]), "attn_scale_by_inverse_layer": false,
        "mlp": "gated", "activation": "silu", "unembed": "none",
        "attn_softcap": choices.pick(&[None, None, Some(30.0), Some(0.0), Some(1e-40)]),
    });
    if choices.seldom() {
        spec["local"] = serde_json::json!({"layers": [0], "reach": choices.pick(&[0u64, 1, 2, u64::MAX])});
    }
    if choices.seldom() {
        spec["qk_norm"] = serde_json::json!("per_head");
    }
    spec
}
