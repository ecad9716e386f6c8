//! The trace file: what is written is read, by us and by the `safetensors` crate; what is wrong is refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;

use crate::support;
use headlight::trace::file::{
    Element, ModelName, Parsed, TensorPlan, Trace, TraceError, TraceMetadata, TraceWriter, parse_header,
};
use headlight::trace::{Spec, TokenForm};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

const PATTERN: &str = "blocks.0.attn.hook_pattern";

fn plan(name: &str, element: Element, shape: &[usize]) -> TensorPlan {
    TensorPlan { name: name.to_owned(), element, shape: shape.to_vec() }
}

fn words(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("Ġw{i}")).collect()
}

fn spec() -> Spec {
    serde_json::from_str(
        r#"{"architecture":"gpt2","n_layers":1,"n_heads":2,"n_key_value_heads":2,"d_model":4,"d_head":2,"d_mlp":8,
        "d_vocab":5,"n_ctx":16,"norm":"layer_norm","norm_eps":1e-5,"norm_placement":"pre","positions":"learned",
        "n_token_types":0,"mask":"causal","attn_scale":0.7,"attn_scale_by_inverse_layer":false,"mlp":"plain",
        "activation":"gelu_tanh","unembed":{"linear":{"tied":true}}}"#,
    )
    .unwrap()
}

/// Causal rows that sum to one.
fn pattern(n_heads: usize, n: usize) -> Vec<f32> {
    let row = move |query: usize| (0..n).map(move |key| if key <= query { 1.0 / (query + 1) as f32 } else { 0.0 });
    (0..n_heads).flat_map(|_| (0..n).flat_map(row)).collect()
}

fn parse(bytes: &[u8]) -> Result<Trace, TraceError> {
    match parse_header("t.safetensors", bytes.len() as u64, bytes)? {
        Parsed::Complete(trace) => Ok(trace),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}

fn values(trace: &Trace, bytes: &[u8], name: &str) -> Result<Vec<f32>, TraceError> {
    let n_rows = trace.tensors[name].shape[0];
    let range = trace.bytes_of(name, 0..n_rows)?;
    trace.decode(name, &bytes[range.start as usize..range.end as usize])
}

/// A file as Python would write it, with the `safetensors` crate.
fn python_file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)], headlight: Option<&str>) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap()));
    let metadata = headlight.map(|json| HashMap::from([("headlight".to_owned(), json.to_owned())]));
    safetensors::serialize(views, metadata).unwrap()
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn full_metadata() -> TraceMetadata {
    TraceMetadata {
        segments: vec![0, 2],
        text: Some("a b".to_owned()),
        text_pair: Some("c".to_owned()),
        model: Some(ModelName {
            name: "tiny".to_owned(),
            quantisation: Some("F32".to_owned()),
            ..ModelName::default()
        }),
        spec: Some(spec()),
        ..TraceMetadata::of_tokens(words(3), TokenForm::ByteLevel)
    }
}

fn write_full(float: Element, metadata: &TraceMetadata) -> Vec<u8> {
    let plans = vec![
        plan("input_ids", Element::I64, &[3]),
        plan(PATTERN, float, &[2, 3, 3]),
        plan("blocks.0.attn.hook_attn_scores", float, &[2, 3, 3]),
        plan("logits", float, &[1, 5]),
        plan("logit_positions", Element::I64, &[1]),
    ];
    let mut writer = TraceWriter::new(Vec::new(), metadata, plans).unwrap();
    let order: Vec<_> = writer.order().iter().map(|tensor| tensor.name.clone()).collect();
    for name in order {
        match name.as_str() {
            "input_ids" => writer.write_ids(&name, &[4, 0, 2]).unwrap(),
            "logit_positions" => writer.write_ids(&name, &[2]).unwrap(),
            "logits" => writer.write_floats(&name, &[1.0, -2.0, 0.5, 3.0, 0.25]).unwrap(),
            // In pieces, as a run makes them.
            PATTERN => pattern(2, 3).chunks(3).for_each(|row| writer.write_floats(&name, row).unwrap()),
            _ => writer.write_floats(&name, &[[0.5, f32::NEG_INFINITY, -1.0]; 6].concat()).unwrap(),
        }
    }
    writer.finish().unwrap()
}

#[test]
fn what_is_written_is_read() {
    for (float, tolerance) in [(Element::F32, 0.0), (Element::F16, 1e-3)] {
        let metadata = full_metadata();
        let bytes = write_full(float, &metadata);
        let trace = parse(&bytes).unwrap();
        assert_eq!(trace.metadata, metadata);
        assert_eq!(trace.tensors[PATTERN].shape, [2, 3, 3]);
        let found = values(&trace, &bytes, PATTERN).unwrap();
        assert!(support::max_abs_difference(&found, &pattern(2, 3)).0 <= tolerance);
        assert_eq!(values(&trace, &bytes, "blocks.0.attn.hook_attn_scores").unwrap()[1], f32::NEG_INFINITY);
        let ids = trace.bytes_of("input_ids", 0..3).unwrap();
        assert_eq!(trace.decode_ids("input_ids", &bytes[ids.start as usize..ids.end as usize]).unwrap(), [4, 0, 2]);
        // One head only.
        let head = trace.bytes_of(PATTERN, 1..2).unwrap();
        let one = trace.decode(PATTERN, &bytes[head.start as usize..head.end as usize]).unwrap();
        assert_eq!(one, found[9..]);
        // And by the crate, aligned.
        let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(theirs.len(), 5);
        for tensor in trace.tensors.values() {
            assert_eq!(tensor.offset % tensor.element.size() as u64, 0);
        }
    }
}

#[test]
fn a_file_of_patterns_from_elsewhere_is_a_trace() {
    let json = r#"{"format":1,"tokens":["a","b"],"of":"another program"}"#;
    let weights = f32_bytes(&[1.0, 0.0, 0.5, 0.5]);
    let half: Vec<u8> = [0x3c00u16, 0, 0x3800, 0x3800].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let brain: Vec<u8> = [0x3f80u16, 0, 0x3f00, 0x3f00].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    for (dtype, data) in [(Dtype::F32, weights), (Dtype::F16, half), (Dtype::BF16, brain)] {
        for shape in [&[1, 2, 2][..], &[1, 1, 2, 2]] {
            for metadata in [None, Some(json)] {
                let mine = ("my.own.tensor", Dtype::F32, &[1][..], vec![0; 4]);
                let bytes = python_file(&[(PATTERN, dtype, shape, data.clone()), mine], metadata);
                let trace = parse(&bytes).unwrap();
                let expected = if metadata.is_some() { ["a", "b"] } else { ["0", "1"] };
                assert_eq!(trace.metadata.tokens, expected);
                assert_eq!(trace.tensors[PATTERN].shape, [1, 2, 2]);
                assert_eq!(values(&trace, &bytes, PATTERN).unwrap(), [1.0, 0.0, 0.5, 0.5]);
                assert_eq!(trace.other, ["my.own.tensor"]);
            }
        }
    }
}

#[test]
fn wrong_files_are_refused_by_name() {
    let zeros = |shape: &[usize]| vec![0u8; 4 * shape.iter().product::<usize>()];
    let f32s = |tensors: &[(&'static str, &'static [usize])], metadata: Option<&str>| {
        let tensors: Vec<_> = tensors.iter().map(|(name, shape)| (*name, Dtype::F32, *shape, zeros(shape))).collect();
        python_file(&tensors, metadata)
    };
    let with_spec = serde_json::to_string(&TraceMetadata {
        spec: Some(spec()),
        ..TraceMetadata::of_tokens(words(3), TokenForm::Plain)
    })
    .unwrap();
    let of_spec = |from: &str, to: &str| with_spec.replace(from, to);
    let rotary = |dims: usize| format!(r#""positions":{{"rotary":{{"theta":1e4,"dims":{dims},"scaling":"none"}}}}"#);
    let other_layer = "blocks.1.attn.hook_pattern";
    let mut lies = f32s(&[(PATTERN, &[1, 2, 2])], None);
    lies[..8].copy_from_slice(&(1u64 << 40).to_le_bytes());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "a safetensors file has at least 10 bytes, this one 0"),
        (b"GIF89a is no trace at all".to_vec(), "(is this a safetensors file, and whole?)"),
        (b"\x10\0\0\0\0\0\0\0not json at all!".to_vec(), "the header cannot be read"),
        (lies, "the header claims 1099511627776 bytes, expected 2 to"),
        (
            f32s(&[("attentions.0", &[1, 2, 2])], None),
            "no tensor has the name of a hook, e.g. blocks.0.attn.hook_pattern; the first one is attentions.0",
        ),
        (
            f32s(&[(PATTERN, &[2, 2])], None),
            "blocks.0.attn.hook_pattern: expected 3 axes, or one more of length 1 before them, found [2, 2]",
        ),
        (f32s(&[(PATTERN, &[2, 1, 2, 2])], None), "expected 3 axes"),
        (
            f32s(&[(PATTERN, &[1, 2, 3])], None),
            "blocks.0.attn.hook_pattern: expected 2 × token, as in blocks.0.attn.hook_pattern, found 3",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2]), (other_layer, &[1, 3, 3])], None),
            "blocks.1.attn.hook_pattern: expected 2 × token, as in blocks.0.attn.hook_pattern, found 3",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2]), (other_layer, &[4, 2, 2])], None),
            "blocks.1.attn.hook_pattern: expected 1 × head, as in blocks.0.attn.hook_pattern, found 4",
        ),
        (f32s(&[(PATTERN, &[1, 0, 0])], None), "expected at least one token, found none"),
        (f32s(&[(PATTERN, &[0, 1_000_000_000, 1_000_000_000])], None), "at least one head"),
        (
            f32s(&[("hook_embed", &[1_000_000_000, 0])], None),
            "hook_embed has 1000000000 tokens, at most 1048576 can be read",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2])], Some(r#"{"format":1,"tokens":["a"]}"#)),
            "blocks.0.attn.hook_pattern: expected 1 × token, as in the metadata's tokens, found 2",
        ),
        (f32s(&[(PATTERN, &[1, 1, 1])], Some(r#"{"format":2,"tokens":[1,2,3]}"#)), "trace format 2, expected 1"),
        (
            f32s(&[(PATTERN, &[1, 1, 1])], Some(r#"{"format":1}"#)),
            "the metadata \"headlight\" cannot be read: missing field `tokens`",
        ),
        (
            f32s(&[(PATTERN, &[1, 1, 1])], Some(r#"{"format":1,"tokens":["\ud83d"]}"#)),
            "has a lone surrogate, half of a character; write it with .encode(",
        ),
        (
            f32s(&[(PATTERN, &[1, 1, 1])], Some(r#"{"format":1,"tokens":["\udc00 a"]}"#)),
            "has a lone surrogate, half of a character",
        ),
        (f32s(&[(PATTERN, &[1, 1, 1])], Some("nonsense")), "the metadata \"headlight\" cannot be read"),
        (
            f32s(&[(PATTERN, &[1, 2, 2])], Some(r#"{"format":1,"tokens":["a","b"],"segments":[0,2]}"#)),
            "the metadata's segments: expected growing starts from 0 to 1, found [0, 2]",
        ),
        (f32s(&[(PATTERN, &[3, 3, 3])], Some(&with_spec)), "expected 2 × head, as in the metadata's spec, found 3"),
        (
            f32s(&[(other_layer, &[2, 3, 3])], Some(&with_spec)),
            "expected a layer below 1, as the metadata's spec says, found layer 1",
        ),
        (f32s(&[("blocks.4096.attn.hook_pattern", &[1, 1, 1])], None), "expected a layer below 4096, found layer 4096"),
        (f32s(&[(PATTERN, &[5_000, 1, 1])], None), "expected at most 4096 × head, found 5000"),
        (
            f32s(&[(PATTERN, &[2, 3, 3])], Some(&with_spec.replace("\"n_layers\":1", "\"n_layers\":1000000000"))),
            "the metadata's spec, n_layers: expected 1 to 4096, found 1000000000",
        ),
        (
            f32s(&[("blocks.0.attn.hook_rot_q", &[3, 2, 2])], Some(&with_spec)),
            "expected no such hook in a model of architecture gpt2",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2]), ("logits", &[1, 5])], None),
            "logits: expected [2, 5] (2 rows, one per token, since there are no logit_positions), found [1, 5]",
        ),
        (f32s(&[(PATTERN, &[1, 2, 2]), ("input_ids", &[2])], None), "input_ids: expected I64, I32 or U32, found F32"),
        (
            f32s(&[(PATTERN, &[1, 1, 1])], Some(r#"{"format":1,"tokens":["a"],"row_sums":"free"}"#)),
            "field \"row_sums\": expected one of sinks, found \"free\"",
        ),
        (
            f32s(&[(PATTERN, &[9, 2, 2]), ("blocks.0.attn.hook_k", &[2, 2, 5])], None),
            "hook_k: expected key and value heads that divide the 9 heads of blocks.0.attn.hook_pattern, found 2",
        ),
        (
            f32s(&[("blocks.0.attn.hook_q", &[2, 2, 4]), ("blocks.3.attn.hook_v", &[2, 3, 4])], None),
            "hook_v: expected key and value heads that divide the 2 heads of blocks.0.attn.hook_q, found 3",
        ),
        (
            f32s(&[("blocks.0.attn.hook_pattern", &[4_096, 1, 1]), ("blocks.0.attn.hook_k", &[1, 1, 1_024])], None),
            "hook_k: expected at most 1048576 neurons in all heads of a layer, found 4096 × 1024",
        ),
        (
            f32s(&[(PATTERN, &[2, 3, 3])], Some(&of_spec("\"n_heads\":2", "\"n_heads\":5"))),
            "the metadata's spec, n_key_value_heads: expected a divisor of the 5 query heads, found 2",
        ),
        (
            f32s(&[(PATTERN, &[2, 3, 3])], Some(&of_spec("\"positions\":\"learned\"", &rotary(64)))),
            "the metadata's spec, positions.rotary.dims: expected 1 to 2",
        ),
        (
            f32s(&[(PATTERN, &[2, 3, 3])], Some(&of_spec("\"positions\":\"learned\"", &rotary(1 << 31)))),
            "the metadata's spec, positions.rotary.dims: expected 1 to 2",
        ),
        (
            f32s(&[(PATTERN, &[2, 3, 3])], Some(&of_spec("\"attn_scale\":0.7", "\"attn_scale\":1e300"))),
            "the metadata's spec, attn_scale: expected a number that f32 holds",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2]), ("encoder.0.attn.hook_pattern", &[1, 2, 2])], None),
            "encoder.0.attn.hook_pattern: expected one stack, as blocks.0.attn.hook_pattern says",
        ),
        (
            f32s(&[(PATTERN, &[1, 2, 2])], Some(r#"{"format":1,"tokens":["a","b"],"decoder_tokens":["c"]}"#)),
            "blocks.0.attn.hook_pattern: expected encoder. or decoder. before it",
        ),
        (
            f32s(&[("encoder.0.cross_attn.hook_pattern", &[1, 2, 2])], None),
            "encoder.0.cross_attn.hook_pattern: expected decoder.l. before it",
        ),
        (
            f32s(&[("decoder.0.attn.hook_pattern", &[2, 3, 3])], Some(&with_spec)),
            "the metadata's spec: expected an encoder, since the file has a decoder, found one stack",
        ),
        (
            f32s(
                &[("decoder.0.cross_attn.hook_pattern", &[2, 3, 2])],
                Some(r#"{"format":1,"tokens":["a","b","c"],"decoder_tokens":["c"]}"#),
            ),
            "decoder.0.cross_attn.hook_pattern: expected 1 × token, as in the metadata's decoder_tokens, found 3",
        ),
        (
            python_file(&[(PATTERN, Dtype::F64, &[1, 1, 1], vec![0; 8])], None),
            "blocks.0.attn.hook_pattern: expected F32, F16 or BF16, found F64",
        ),
        (
            python_file(
                &[(PATTERN, Dtype::F32, &[1, 1, 1], vec![0; 4]), ("input_ids", Dtype::I64, &[2], vec![0; 16])],
                None,
            ),
            "input_ids: expected [1], one per token, found [2]",
        ),
    ];
    for (bytes, expected) in cases {
        let message = parse(&bytes).expect_err(expected).to_string();
        assert!(
            message.contains(expected) && message.starts_with("t.safetensors: "),
            "{message}\nexpected: {expected}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

/// The four tensors of the stream's table come together, a column for each token.
#[test]
fn the_streams_table_is_whole_or_refused() {
    type Part = (&'static str, Dtype, &'static [usize]);
    let file = |parts: &[Part]| {
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let zeros = |(name, dtype, shape): &Part| (*name, *dtype, *shape, vec![0; 4 * size(shape)]);
        let mut all: Vec<(&str, Dtype, &[usize], Vec<u8>)> = parts.iter().map(zeros).collect();
        all.push((PATTERN, Dtype::F32, &[2, 3, 3], f32_bytes(&pattern(2, 3))));
        python_file(&all, None)
    };
    let whole: [Part; 4] = [
        ("lens.top_ids", Dtype::I32, &[2, 3, 1]),
        ("lens.top_probs", Dtype::F32, &[2, 3, 1]),
        ("lens.entropy", Dtype::F32, &[2, 3]),
        ("lens.kl", Dtype::F32, &[2, 3]),
    ];
    let bytes = file(&whole);
    let trace = parse(&bytes).unwrap();
    assert!(trace.other.is_empty(), "{:?}", trace.other);
    assert_eq!(values(&trace, &bytes, "lens.entropy").unwrap(), [0.0; 6]);
    let range = trace.bytes_of("lens.top_ids", 0..2).unwrap();
    let mut wrong = bytes[range.start as usize..range.end as usize].to_vec();
    assert_eq!(trace.decode_ids("lens.top_ids", &wrong).unwrap(), [0; 6]);
    wrong[3] = 0xff;
    assert!(trace.decode_ids("lens.top_ids", &wrong).is_err(), "a negative id");
    let with = |at: usize, part: Part| {
        let mut parts = whole;
        parts[at] = part;
        parse(&file(&parts)).unwrap_err().to_string()
    };
    assert!(with(2, ("lens.entropy", Dtype::F32, &[2, 4])).contains("lens.entropy"));
    assert!(with(1, ("lens.top_probs", Dtype::F32, &[2, 3, 2])).contains("lens.top_probs"));
    assert!(with(0, ("lens.top_ids", Dtype::F32, &[2, 3, 1])).contains("I64, I32 or U32"));
    assert!(parse(&file(&whole[..3])).unwrap_err().to_string().contains("lens.kl"));
    assert!(parse(&file(&whole[1..])).unwrap_err().to_string().contains("lens.top_ids beside it"));
}

#[test]
fn numbers_are_checked_when_they_are_decoded() {
    let decode = |name: &'static str, data: [f32; 4], metadata: Option<&str>| {
        let bytes = python_file(&[(name, Dtype::F32, &[1, 2, 2], f32_bytes(&data))], metadata);
        let trace = parse(&bytes).unwrap();
        values(&trace, &bytes, name).map_err(|error| error.to_string())
    };
    let scores = "blocks.0.attn.hook_attn_scores";
    let edited = r#"{"format":1,"tokens":["a","b"],"edits":[{"kind":"scale"}]}"#;
    let sinks = r#"{"format":1,"tokens":["a","b"],"row_sums":"sinks"}"#;
    assert!(decode(PATTERN, [1.0, 0.0, 0.5, 0.5005], None).is_ok());
    assert!(decode(PATTERN, [0.9975, 0.0, 0.5, 0.5022], None).is_ok(), "computed in two-byte numbers, stored in four");
    assert!(decode(PATTERN, [2.0, 0.0, 0.5, -0.5], Some(edited)).is_ok(), "edits explain the sum");
    assert!(decode(PATTERN, [0.0, 0.0, 0.25, 0.5], Some(sinks)).is_ok(), "the rest rests on a sink");
    assert!(decode(scores, [0.0, f32::NEG_INFINITY, 1.0, 2.0], None).is_ok());
    let negative = "the weight of head 0, query 1, key 0 is -0.25; a pattern is a distribution";
    let names_sinks =
        r#"sum to 0.7500, expected 1 ± 0.004; if attention sinks take the rest, write "row_sums":"sinks""#;
    for (name, data, metadata, expected) in [
        (PATTERN, [1.0, 0.0, 0.5, 0.505], None, "the weights of head 0, query 1 sum to 1.0050, expected 1 ± 0.004"),
        (PATTERN, [1.0, 0.0, f32::NAN, 0.5], None, "value 2 is NaN, expected a finite number"),
        (PATTERN, [1.0, f32::NEG_INFINITY, 0.5, 0.5], None, "value 1 is -inf, expected a finite number"),
        (scores, [0.0, f32::INFINITY, 0.5, 0.5], None, "value 1 is inf, expected a finite number"),
        (PATTERN, [1.0, 0.0, -0.25, 1.25], None, negative),
        (PATTERN, [1.0, 0.0, -0.25, 1.25], Some(sinks), negative),
        (PATTERN, [1.0, 0.0, 0.25, 0.5], None, names_sinks),
        (PATTERN, [1.0, 0.0, 0.25, 0.752], Some(sinks), ""),
        (PATTERN, [1.0, 0.0, 0.5, 0.505], Some(sinks), "sum to 1.0050, expected at most 1 + 0.004"),
        (PATTERN, [f32::NAN, 0.0, 0.5, 0.5], Some(edited), "value 0 is NaN"),
    ] {
        if expected.is_empty() {
            assert!(decode(name, data, metadata).is_ok());
            continue;
        }
        let message = decode(name, data, metadata).unwrap_err();
        assert!(message.contains(expected) && message.contains(name), "{message}");
    }
    // Piece by piece, the place is still the one in the file.
    let rows = [vec![1.0, 0.0, 0.5, 0.5], vec![1.0, 0.0, 0.4, 0.5]].concat();
    let bytes = python_file(&[(PATTERN, Dtype::F32, &[2, 2, 2], f32_bytes(&rows))], None);
    let trace = parse(&bytes).unwrap();
    let messages: Vec<_> = trace
        .pieces(16)
        .into_iter()
        .map(|piece| {
            let data = &bytes[piece.bytes.start as usize..piece.bytes.end as usize];
            trace.decode_from(&piece.name, piece.first_row, data).map_err(|error| error.to_string())
        })
        .collect();
    assert!(messages.len() == 2 && messages[0].is_ok());
    assert!(messages[1].as_ref().unwrap_err().contains("head 1, query 1 sum to 0.9000"), "{:?}", messages[1]);
    assert_eq!((trace.pieces(1 << 20).len(), trace.n_activation_bytes()), (1, 32));
    let bytes = write_full(Element::F32, &full_metadata());
    let trace = parse(&bytes).unwrap();
    assert!(trace.bytes_of(PATTERN, 1..3).unwrap_err().to_string().contains("expected rows within 0..2, found 1..3"));
    assert!(trace.bytes_of("blocks.9.hook_mlp_out", 0..1).unwrap_err().to_string().contains("there is no blocks.9"));
    assert!(trace.decode(PATTERN, &bytes[..7]).unwrap_err().to_string().contains("a multiple of 12 bytes"));
    assert!(trace.decode("input_ids", &bytes[..8]).is_err());
    let beyond = 3i64.to_le_bytes();
    assert!(
        trace
            .decode_ids("logit_positions", &beyond)
            .unwrap_err()
            .to_string()
            .contains("value 0 is 3, expected a number from 0 to 2")
    );
    assert!(trace.decode_ids("input_ids", &(-1i64).to_le_bytes()).is_err());
}

#[test]
fn the_writer_keeps_its_promises() {
    let metadata = TraceMetadata::of_tokens(words(2), TokenForm::Plain);
    let writer = || TraceWriter::new(Vec::new(), &metadata, vec![plan(PATTERN, Element::F16, &[1, 2, 2])]).unwrap();
    let message = |result: Result<(), TraceError>| result.unwrap_err().to_string();
    assert!(
        message(writer().write_floats("hook_embed", &[0.0]))
            .contains("expected 4 values of blocks.0.attn.hook_pattern as F16")
    );
    assert!(message(writer().write_floats(PATTERN, &[0.0; 5])).contains("was given 5 values"));
    assert!(message(writer().write_ids(PATTERN, &[0])).contains("as F16"));
    assert!(message(writer().write_floats(PATTERN, &[0.0, f32::NAN])).contains("value 1 is NaN"));
    assert!(message(writer().write_floats(PATTERN, &[70000.0])).contains("value 0 is 70000, expected at most 65504"));
    assert!(writer().finish().is_err());
    let twice = vec![plan(PATTERN, Element::F32, &[1, 2, 2]); 2];
    assert!(TraceWriter::new(Vec::new(), &metadata, twice).is_err());
}

proptest! {
    #![proptest_config(support::random_cases(500))]

    #[test]
    fn any_values_round_trip(
        n in 1usize..6, heads in 1usize..4, text in any::<String>(), seed in any::<u32>(),
        scores in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::ZERO | prop::num::f32::SUBNORMAL, 75),
    ) {
        let name = "blocks.7.attn.hook_attn_scores";
        let metadata = TraceMetadata { text: Some(text), ..TraceMetadata::of_tokens(words(n), TokenForm::Wordpiece) };
        let plans = vec![plan(name, Element::F32, &[heads, n, n]), plan("input_ids", Element::I64, &[n])];
        let mut writer = TraceWriter::new(Vec::new(), &metadata, plans).unwrap();
        writer.write_ids("input_ids", &vec![seed; n]).unwrap();
        writer.write_floats(name, &scores[..heads * n * n]).unwrap();
        let bytes = writer.finish().unwrap();
        let trace = parse(&bytes).unwrap();
        prop_assert_eq!(&trace.metadata, &metadata);
        prop_assert_eq!(values(&trace, &bytes, name).unwrap(), &scores[..heads * n * n]);
    }

    #[test]
    fn mutated_traces_never_panic(
        changes in prop::collection::vec((0..1700usize, any::<u8>()), 1..6), cut in prop::option::of(0..1700usize),
    ) {
        let mut bytes = write_full(Element::F32, &full_metadata());
        let n_bytes = bytes.len();
        changes.iter().for_each(|(at, byte)| bytes[*at % n_bytes] = *byte);
        bytes.truncate(cut.unwrap_or(n_bytes));
        if let Ok(trace) = parse(&bytes) {
            for name in trace.tensors.keys() {
                let n_rows = trace.tensors[name].shape.first().copied().unwrap_or(1);
                let range = trace.bytes_of(name, 0..n_rows).unwrap();
                let data = &bytes[range.start as usize..range.end as usize];
                let _ = trace.decode(name, data);
                let _ = trace.decode_ids(name, data);
            }
        }
    }
}

/// The corpus of `cargo xtask fuzz` has the smallest form of files that once panicked, or drew what is not attention.
#[test]
fn files_that_no_view_can_draw_are_refused_by_header_or_numbers() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/trace");
    for (name, expected) in [
        ("key-heads-3-of-5", "spec, n_key_value_heads: expected a divisor of the 5 query heads, found 3"),
        ("damaged-name", "spec, n_key_value_heads: expected a divisor of the 5 query heads, found 3"),
        ("rotary-64-of-4", "spec, positions.rotary.dims: expected 1 to 4, the neurons of a head, in pairs, found 64"),
        ("pattern-9-beside-key-2", "expected key and value heads that divide the 9 heads"),
        ("negative-weights", "a pattern is a distribution, without negative weights"),
        ("sinks-unmarked", r#"if attention sinks take the rest, write "row_sums":"sinks""#),
        ("sinks", ""),
        ("cross-only", ""),
        ("decoder-alone", ""),
        ("encoder-alone", ""),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let read = || -> Result<(), TraceError> {
            let trace = parse(&bytes)?;
            trace.tensors.keys().try_for_each(|tensor| values(&trace, &bytes, tensor).map(|_| ()))
        };
        match read() {
            Ok(()) => assert_eq!(expected, "", "{name} is accepted"),
            Err(error) => {
                let message = error.to_string();
                assert!(!expected.is_empty() && message.contains(expected), "{name}: {message}");
            }
        }
    }
}
