//! Checkpoint files: valid ones are read, faulty ones are refused with a reason, and none causes a panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support;
use crate::support::gguf::{Field, GgufFile};
use crate::support::{MINILM, SMOLLM2_GGUF, golden, model_file, read};
use headlight::engine::files::gguf::{self, Gguf};
use headlight::engine::files::{DType, FileError, Parsed, TensorIndex, safetensors};
use proptest::prelude::*;

fn safetensors_bytes(header: &str, data_len: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data_len, 7);
    bytes
}

fn parse_safetensors(bytes: &[u8]) -> Result<TensorIndex, FileError> {
    match safetensors::parse_header("m.safetensors", bytes.len() as u64, bytes)? {
        Parsed::Complete(index) => Ok(index),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes} of {} bytes, all are there", bytes.len()),
    }
}

fn parse_gguf(bytes: &[u8]) -> Result<Gguf, FileError> {
    match gguf::parse_header("m.gguf", bytes.len() as u64, bytes)? {
        Parsed::Complete(gguf) => Ok(gguf),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes} of {} bytes, all are there", bytes.len()),
    }
}

/// Feeds as few bytes as asked for, as a download does.
fn parse_in_steps<T>(
    bytes: &[u8],
    parse: impl Fn(&[u8]) -> Result<Parsed<T>, FileError>,
) -> Result<(T, usize), FileError> {
    let mut n_given = 0;
    for n_steps in 1.. {
        match parse(&bytes[..n_given])? {
            Parsed::Complete(parsed) => return Ok((parsed, n_steps)),
            Parsed::Needs(n_bytes) => {
                assert!(n_bytes > n_given as u64 && n_bytes <= bytes.len() as u64, "{n_bytes} after {n_given}");
                n_given = n_bytes as usize;
            }
        }
    }
    unreachable!()
}

#[test]
fn safetensors_says_where_each_tensor_is() {
    let header = r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[28,36]}}  "#;
    let index = parse_safetensors(&safetensors_bytes(header, 36)).unwrap();
    let start = 8 + header.len() as u64;
    let found: Vec<_> = index.tensors.iter().map(|(n, t)| (n.as_str(), t.shape.clone(), t.offset, t.len)).collect();
    assert_eq!(found, [("a", vec![2, 3], start, 24), ("b", vec![2], start + 24, 4), ("ids", vec![1], start + 28, 8)]);
    assert_eq!(index.tensors["ids"].dtype, DType::Other("I64".to_owned()));
}

#[test]
fn safetensors_agrees_with_the_crate() {
    for architecture in ["bert", "gpt2", "llama"] {
        let bytes = read(&golden(architecture).join("model.safetensors"));
        let index = parse_safetensors(&bytes).unwrap();
        let theirs = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(index.tensors.len(), theirs.len());
        for (name, view) in theirs.iter() {
            let ours = &index.tensors[name];
            assert_eq!(ours.shape, view.shape(), "{name}");
            assert_eq!(&bytes[ours.offset as usize..][..ours.len as usize], view.data(), "{name}");
        }
    }
}

#[test]
fn safetensors_errors_name_what_is_wrong() {
    let one = |entry: &str| safetensors_bytes(&format!("{{\"w\":{entry}}}"), 24);
    let f32_at =
        |shape: &str, offsets: &str| one(&format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}"#));
    let mut lies = one("{}");
    lies[..8].copy_from_slice(&(1u64 << 40).to_le_bytes());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![1, 2, 3], "m.safetensors: a safetensors file has at least 10 bytes, this one 3"),
        (lies, "the header claims 1099511627776 bytes, expected 2 to"),
        (safetensors_bytes("<!DOCTYPE html>", 40), "the header cannot be read"),
        (one(r#"{"dtype":"F32"}"#), "w: missing field `shape`"),
        (f32_at("[2,-3]", "[0,24]"), "w: field \"shape\": expected a whole number, found -3"),
        (f32_at("[2,4]", "[0,24]"), "tensor w: F32 [2, 4] takes 32 bytes, its data_offsets span 24"),
        (f32_at("[2,4]", "[24,0]"), "tensor w: data_offsets start at 24, expected 0"),
        (f32_at("[2,3]", "[8,32]"), "tensor w: data_offsets start at 8, expected 0"),
        (f32_at("[8]", "[0,32]"), "tensor w ends at byte 95, the file at byte 87 (the file is not whole)"),
        (f32_at("[5]", "[0,20]"), "the tensors end at byte 83, the file at byte 87"),
        (f32_at("[4294967296,4294967296]", "[0,24]"), "tensor w: shape [4294967296, 4294967296] of F32 is too large"),
        (f32_at("[4611686018427387904]", "[0,24]"), "tensor w: shape [4611686018427387904] of F32 is too large"),
        (
            safetensors_bytes(
                r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8,
            ),
            "tensor w is there twice",
        ),
        (
            safetensors_bytes(
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
                12,
            ),
            "tensor b: data_offsets start at 4, expected 8",
        ),
    ];
    for (bytes, expected) in cases {
        let message = parse_safetensors(&bytes).expect_err(expected).to_string();
        assert!(message.contains(expected) && message.contains("m.safetensors"), "{message}\nexpected: {expected}");
        assert!(!message.contains('\n'), "{message}");
    }
}

fn small_gguf() -> GgufFile {
    GgufFile::default()
        .text("general.architecture", "llama")
        .field("llama.block_count", Field::U32(2))
        .field("small", Field::U64(7))
        .field("eps", Field::F32(1e-5))
        .field("adds", Field::Bool(true))
        .field("types", Field::I32s(vec![1, -3]))
        .field("scores", Field::F32s(vec![0.5, -1.0]))
        .field("tokens", Field::Texts(vec!["a".to_owned(), "Ġb".to_owned()]))
        .f32("norm.weight", &[5], &[1.0, 2.0, 3.0, 4.0, 5.0])
        .tensor("w", &[32, 3], 3, vec![9; 60])
        .tensor("q8", &[64, 2], 8, vec![1; 136])
        .f32("last", &[2, 3], &[0.0; 6])
}

#[test]
fn gguf_says_where_each_tensor_is() {
    let bytes = small_gguf().bytes();
    let gguf = parse_gguf(&bytes).unwrap();
    let w = &gguf.index.tensors["w"];
    assert_eq!((w.dtype.clone(), w.shape.clone(), w.len), (DType::Q4_1, vec![3, 32], 60));
    assert!(bytes[w.offset as usize..][..60].iter().all(|byte| *byte == 9));
    assert_eq!(gguf.index.tensors["last"].shape, [2, 3]);
    assert_eq!(gguf.string("general.architecture").unwrap(), "llama");
    assert_eq!(gguf.u32("llama.block_count").unwrap(), 2);
    assert_eq!(gguf.u32("small").unwrap(), 7);
    assert_eq!(gguf.f32("eps").unwrap(), 1e-5);
    assert!(gguf.bool("adds").unwrap());
    assert_eq!(gguf.integers("types").unwrap(), [1, -3]);
    assert_eq!(gguf.floats("scores").unwrap(), [0.5, -1.0]);
    assert_eq!(gguf.strings("tokens").unwrap(), ["a", "Ġb"]);
    assert_eq!(gguf.optional("absent", Gguf::u32).unwrap(), None);
    let message = |error: FileError| error.to_string();
    assert_eq!(message(gguf.u32("absent").unwrap_err()), "m.gguf: metadata absent is missing");
    assert_eq!(
        message(gguf.u32("eps").unwrap_err()),
        "m.gguf: metadata eps: expected an integer from 0 to 4294967295, found the floating point number 0.000009999999747378752"
    );
    assert!(message(gguf.optional("eps", Gguf::bool).unwrap_err()).contains("expected true or false"));
}

#[test]
fn gguf_agrees_with_candle() {
    use candle_core::quantized::gguf_file::{Content, Value};
    for version in [2, 3] {
        let bytes = GgufFile { version, ..small_gguf() }.bytes();
        let ours = parse_gguf(&bytes).unwrap();
        let theirs = Content::read(&mut std::io::Cursor::new(&bytes)).unwrap();
        assert_eq!(ours.index.tensors.len(), theirs.tensor_infos.len());
        for (name, info) in &theirs.tensor_infos {
            let entry = &ours.index.tensors[name];
            assert_eq!(entry.shape, info.shape.dims(), "{name}");
            assert_eq!(entry.offset, theirs.tensor_data_offset + info.offset, "{name}");
            assert_eq!(entry.dtype.to_string(), format!("{:?}", info.ggml_dtype).replace("Q4_1", "Q4_1"), "{name}");
            let len = info.shape.elem_count() / info.ggml_dtype.block_size() * info.ggml_dtype.type_size();
            assert_eq!(entry.len, len as u64, "{name}");
        }
        assert_eq!(ours.metadata.len(), theirs.metadata.len());
        for (key, value) in &theirs.metadata {
            match value {
                Value::U32(number) => assert_eq!(ours.u32(key).unwrap(), *number),
                Value::U64(number) => assert_eq!(u64::from(ours.u32(key).unwrap()), *number),
                Value::F32(number) => assert_eq!(ours.f32(key).unwrap(), *number),
                Value::Bool(truth) => assert_eq!(ours.bool(key).unwrap(), *truth),
                Value::String(text) => assert_eq!(ours.string(key).unwrap(), text),
                Value::Array(values) => match &values[0] {
                    Value::String(_) => {
                        let texts: Vec<_> = values.iter().map(|text| text.to_string().unwrap().clone()).collect();
                        assert_eq!(ours.strings(key).unwrap(), texts);
                    }
                    Value::I32(_) => {
                        let numbers: Vec<_> = values.iter().map(|number| i64::from(number.to_i32().unwrap())).collect();
                        assert_eq!(ours.integers(key).unwrap(), numbers);
                    }
                    _ => {
                        let numbers: Vec<_> = values.iter().map(|number| number.to_f32().unwrap()).collect();
                        assert_eq!(ours.floats(key).unwrap(), numbers);
                    }
                },
                other => panic!("{key}: {other:?}"),
            }
        }
    }
}

#[test]
fn gguf_errors_name_what_is_wrong() {
    let aligned = |value: Field| GgufFile::default().field("general.alignment", value).f32("w", &[1], &[0.0]).bytes();
    let good = small_gguf().bytes();
    let with = |at: usize, bytes: &[u8]| {
        let mut wrong = good.clone();
        wrong[at..at + bytes.len()].copy_from_slice(bytes);
        wrong
    };
    // The last tensor's entry ends the header; before it: name, axes, type.
    let last = good.windows(12).rposition(|window| window == [&4u64.to_le_bytes()[..], b"last"].concat()).unwrap();
    let (offset_of_last, type_of_last) = (last + 12 + 4 + 16 + 4, last + 12 + 4 + 16);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"GGML0000".to_vec(), "m.gguf: the start of the file is \"GGML\", expected \"GGUF\""),
        (with(4, &1u32.to_le_bytes()), "the GGUF version is 1, expected 2 or 3, little-endian"),
        (with(4, &3u32.to_be_bytes()), "the GGUF version is big-endian, expected 2 or 3, little-endian"),
        (with(8, &(1u64 << 60).to_le_bytes()), "the number of tensors is 1152921504606846976, expected at most"),
        (with(16, &u64::MAX.to_le_bytes()), "the number of metadata fields is 18446744073709551615, expected at most"),
        (with(24, &(1u64 << 40).to_le_bytes()), "metadata field 0 ends at byte 1099511627808 or later"),
        (with(24 + 8 + 20, &99u32.to_le_bytes()), "the type of metadata general.architecture is 99, expected 0 to 12"),
        (with(type_of_last - 16, &u64::MAX.to_le_bytes()), "the shape of tensor last is [2, 18446744073709551615]"),
        (
            with(offset_of_last, &8u64.to_le_bytes()),
            "the offset of tensor last is 8, expected a multiple of the alignment 32",
        ),
        (with(offset_of_last, &32u64.to_le_bytes()), "before tensor last ends"),
        (with(offset_of_last, &(u64::MAX - 31).to_le_bytes()), "tensor last ends at byte"),
        (
            with(type_of_last, &8u32.to_le_bytes()),
            "the row length of tensor last is 3, expected a multiple of 32, the block of Q8_0",
        ),
        (good[..good.len() - 1].to_vec(), "tensor last ends at byte"),
        (good[..100].to_vec(), "expected at most"),
        (aligned(Field::U32(0)), "metadata general.alignment is the integer 0, expected a power of two"),
        (aligned(Field::U32(24)), "metadata general.alignment is the integer 24, expected a power of two"),
        (
            aligned(Field::Text("32".to_owned())),
            "metadata general.alignment is the string \"32\", expected a power of two",
        ),
        (GgufFile::default().text("a", "1").text("a", "2").bytes(), "metadata a is there twice"),
        (GgufFile::default().f32("w", &[1], &[0.0]).f32("w", &[1], &[0.0]).bytes(), "tensor w is there twice"),
        (
            GgufFile::default().tensor("w", &[1; 5], 0, vec![0; 4]).bytes(),
            "the number of axes of tensor w is 5, expected at most 4",
        ),
    ];
    for (bytes, expected) in cases {
        let message = parse_gguf(&bytes).expect_err(expected).to_string();
        assert!(message.contains(expected) && message.contains("m.gguf"), "{message}\nexpected: {expected}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn gguf_keeps_tensors_in_formats_it_does_not_read() {
    let bytes = GgufFile::default().tensor("q8", &[32], 9, vec![0; 36]).tensor("new", &[5], 77, vec![0; 5]).bytes();
    let gguf = parse_gguf(&bytes).unwrap();
    assert_eq!(gguf.index.tensors["q8"].dtype, DType::Other("Q8_1".to_owned()));
    assert_eq!(gguf.index.tensors["new"].dtype, DType::Other("GGUF type 77".to_owned()));
}

#[test]
fn alignment_is_honoured() {
    let file = GgufFile { alignment: 128, ..GgufFile::default() };
    let bytes = file.field("general.alignment", Field::U32(128)).f32("a", &[1], &[1.0]).f32("b", &[1], &[2.0]).bytes();
    let gguf = parse_gguf(&bytes).unwrap();
    let b = &gguf.index.tensors["b"];
    assert_eq!(bytes[b.offset as usize..][..4], 2f32.to_le_bytes());
}

#[test]
fn a_prefix_is_enough() {
    let bytes = small_gguf().bytes();
    let (in_steps, _) =
        parse_in_steps(&bytes, |prefix| gguf::parse_header("m.gguf", bytes.len() as u64, prefix)).unwrap();
    assert_eq!(in_steps, parse_gguf(&bytes).unwrap());
    // From any prefix it asks for more or is done, and asks for no more than there is.
    for n_bytes in 0..bytes.len() {
        if let Parsed::Needs(more) = gguf::parse_header("m.gguf", bytes.len() as u64, &bytes[..n_bytes]).unwrap() {
            assert!(more > n_bytes as u64 && more <= bytes.len() as u64);
        }
    }
    let bytes = read(&golden("bert").join("model.safetensors"));
    let parse = |prefix: &[u8]| safetensors::parse_header("m", bytes.len() as u64, prefix);
    let (_, n_steps) = parse_in_steps(&bytes, parse).unwrap();
    assert_eq!(n_steps, 3, "nothing, the length, the header");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_bundled_models_are_read() {
    let bytes = read(&model_file(SMOLLM2_GGUF));
    let parse = |prefix: &[u8]| gguf::parse_header("m.gguf", bytes.len() as u64, prefix);
    let (gguf, n_steps) = parse_in_steps(&bytes, parse).unwrap();
    assert_eq!((gguf.index.tensors.len(), n_steps), (272, 3));
    assert_eq!(gguf.index.tensors["blk.0.attn_k.weight"].shape, [192, 576]);
    assert_eq!(gguf.strings("tokenizer.ggml.tokens").unwrap().len(), 49152);
    let theirs = candle_core::quantized::gguf_file::Content::read(&mut std::io::Cursor::new(&bytes)).unwrap();
    for (name, info) in &theirs.tensor_infos {
        assert_eq!(gguf.index.tensors[name].offset, theirs.tensor_data_offset + info.offset, "{name}");
    }
    let bytes = read(&model_file(MINILM).join("model.safetensors"));
    assert_eq!(parse_safetensors(&bytes).unwrap().tensors["embeddings.word_embeddings.weight"].shape, [30522, 384]);
}

/// Mutations: some bytes set, perhaps cut.
fn mutated(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let n_bytes = good.len();
    let changes = prop::collection::vec((0..n_bytes, any::<u8>()), 0..6);
    (changes, 0..=n_bytes, prop::bool::weighted(0.3)).prop_map(move |(changes, cut, is_cut)| {
        let mut bytes = good.clone();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        if is_cut {
            bytes.truncate(cut);
        }
        bytes
    })
}

/// Whatever was accepted lies within the file.
fn expect_inside(index: &TensorIndex, file_len: usize) {
    for (name, entry) in &index.tensors {
        assert!(entry.offset.checked_add(entry.len).unwrap() <= file_len as u64, "{name}");
    }
}

proptest! {
    #![proptest_config(support::random_cases(2000))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), file_len in any::<u64>()) {
        let _ = safetensors::parse_header("m", file_len, &bytes);
        let _ = gguf::parse_header("m", file_len, &bytes);
        let mut gguf_like = b"GGUF\x03\0\0\0".to_vec();
        gguf_like.extend(&bytes);
        let _ = gguf::parse_header("m", file_len.max(gguf_like.len() as u64), &gguf_like);
    }

    #[test]
    fn mutated_gguf_never_panics(bytes in mutated(small_gguf().bytes())) {
        if let Ok(gguf) = parse_gguf(&bytes) {
            expect_inside(&gguf.index, bytes.len());
        }
    }

    #[test]
    fn mutated_safetensors_never_panics(bytes in mutated(safetensors_bytes(
        r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#, 28,
    ))) {
        if let Ok(index) = parse_safetensors(&bytes) {
            expect_inside(&index, bytes.len());
        }
    }
}
