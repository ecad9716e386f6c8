//! Tokenizers made of the metadata of GGUF files, and errors where that is damaged.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support::gguf::{Field, GgufFile, parsed};
use headlight::engine::tokenizer::{SpecialToken, Tokenizer, TokenizerError};
use headlight::trace::TokenForm;

/// A GGUF tokenizer with all bytes, a few merges and three tokens that BPE does not make.
fn gguf_file(pre: &str) -> GgufFile {
    let byte = |byte: u8| match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
        0..=b' ' => char::from_u32(256 + u32::from(byte)).unwrap(),
        0x7f..=0xa0 => char::from_u32(256 + 33 + u32::from(byte) - 0x7f).unwrap(),
        0xad => char::from_u32(256 + 67).unwrap(),
    };
    let mut tokens: Vec<String> = (0..=255).map(|b| byte(b).to_string()).collect();
    tokens.extend(["th", "the", "Ġthe", "12", "123", "<s>", "</s>", "<user>"].map(str::to_owned));
    let mut types = vec![1; 261];
    types.extend([3, 3, 4]);
    GgufFile::default()
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", pre)
        .field("tokenizer.ggml.tokens", Field::Texts(tokens))
        .field("tokenizer.ggml.token_type", Field::I32s(types))
        .field(
            "tokenizer.ggml.merges",
            Field::Texts(["t h", "th e", "Ġ the", "1 2", "12 3"].map(str::to_owned).to_vec()),
        )
        .field("tokenizer.ggml.bos_token_id", Field::U32(261))
        .field("tokenizer.ggml.eos_token_id", Field::U32(262))
}

fn gguf_tokens(file: &GgufFile, text: &str) -> Vec<String> {
    Tokenizer::from_gguf(&parsed(&file.bytes())).unwrap().encode(text, None, false).unwrap().tokens
}

#[test]
fn gguf_splits_text_as_its_pre_tokenizer_says() {
    for (pre, expected) in [
        ("gpt-2", vec!["the", "Ġthe", "Ġ", "123", "4", "<s>", "<user>"]),
        ("default", vec!["the", "Ġthe", "Ġ", "123", "4", "<s>", "<user>"]),
        ("smollm", vec!["the", "Ġthe", "Ġ", "1", "2", "3", "4", "<s>", "<user>"]),
        ("llama-bpe", vec!["<s>", "the", "Ġthe", "Ġ", "123", "4", "<s>", "<user>"]),
        ("qwen2", vec!["the", "Ġthe", "Ġ", "1", "2", "3", "4", "<s>", "<user>"]),
    ] {
        assert_eq!(gguf_tokens(&gguf_file(pre), "the the 1234<s><user>"), expected, "{pre}");
    }
}

#[test]
fn gguf_adds_bos_and_eos_where_it_says_so() {
    let with = |bos: Option<bool>, eos: Option<bool>, pre: &str| {
        let mut file = gguf_file(pre);
        for (key, value) in [("bos", bos), ("eos", eos)] {
            if let Some(value) = value {
                file = file.field(&format!("tokenizer.ggml.add_{key}_token"), Field::Bool(value));
            }
        }
        file
    };
    for (file, expected) in [
        (with(None, None, "gpt-2"), vec!["the"]),
        (with(Some(true), None, "gpt-2"), vec!["<s>", "the"]),
        (with(Some(true), Some(true), "smollm"), vec!["<s>", "the", "</s>"]),
        (with(None, Some(true), "qwen2"), vec!["the", "</s>"]),
        (with(Some(false), None, "llama-bpe"), vec!["the"]),
    ] {
        assert_eq!(gguf_tokens(&file, "the"), expected);
    }
    let tokenizer = Tokenizer::from_gguf(&parsed(&with(Some(true), Some(true), "gpt-2").bytes())).unwrap();
    let tokens = tokenizer.encode("the", Some("the"), false).unwrap();
    assert_eq!((tokens.special, tokens.segments), (vec![true, false, false, true], vec![0, 2]));
    assert_eq!(tokenizer.special_id(SpecialToken::Bos), Some(261));
    assert!(tokenizer.begins_with(261).unwrap() && !tokenizer.begins_with(0).unwrap());
    assert!(matches!(tokenizer.encode("", None, false), Err(TokenizerError::Empty { .. })), "only specials");
}

#[test]
fn damaged_gguf_tokenizers_are_refused_with_a_reason() {
    let without = |key: &str| {
        let mut file = gguf_file("gpt-2");
        file.fields.retain(|(known, _)| known != key);
        file
    };
    let texts = |texts: &[&str]| Field::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    let with = |key: &str, value: Field| without(key).field(key, value);
    let cases = [
        (without("tokenizer.ggml.model"), "metadata tokenizer.ggml.model is missing"),
        (
            with("tokenizer.ggml.model", Field::Text("rwkv".to_owned())),
            "metadata tokenizer.ggml.model is \"rwkv\", a kind of tokenizer that is not read",
        ),
        (with("tokenizer.ggml.model", Field::Text("llama".to_owned())), "metadata tokenizer.ggml.scores is missing"),
        (
            with("tokenizer.ggml.model", Field::Text("llama".to_owned()))
                .field("tokenizer.ggml.scores", Field::F32s(vec![0.0])),
            "expected 264 numbers, one per token, found 1",
        ),
        (gguf_file("nobody's"), "metadata tokenizer.ggml.pre is \"nobody's\", a kind of tokenizer that is not read"),
        (without("tokenizer.ggml.tokens"), "metadata tokenizer.ggml.tokens is missing"),
        (with("tokenizer.ggml.tokens", texts(&["a", "b", "a"])), "found \"a\" twice, first as 0"),
        (with("tokenizer.ggml.merges", texts(&["t h", "th"])), "found \"th\" (merge 1)"),
        (with("tokenizer.ggml.merges", texts(&["t q"])), "merge 0 (\"t\" and \"q\"): \"tq\" is not in the vocabulary"),
        (with("tokenizer.ggml.merges", Field::U32(1)), "expected an array of strings, found the integer 1"),
        (with("tokenizer.ggml.token_type", Field::I32s(vec![1])), "expected 264 numbers, one per token, found 1"),
        (with("tokenizer.ggml.bos_token_id", Field::U32(264)), "expected an id below 264, found 264"),
        (
            without("tokenizer.ggml.bos_token_id").field("tokenizer.ggml.add_bos_token", Field::Bool(true)),
            "metadata tokenizer.ggml.bos_token_id: expected an id, since tokenizer.ggml.add_bos_token is true, found none",
        ),
    ];
    for (file, expected) in cases {
        let message = Tokenizer::from_gguf(&parsed(&file.bytes())).expect_err(expected).to_string();
        assert!(message.contains(expected) && message.starts_with("m.gguf: "), "{message}\nexpected: {expected}");
    }
}

/// A SentencePiece vocabulary small enough to follow by hand: the joint piece with the highest score goes first.
#[test]
fn sentencepiece_joins_the_best_neighbours_first() {
    let mut pieces: Vec<(String, f32, i32)> =
        vec![("<unk>".to_owned(), 0.0, 2), ("<s>".to_owned(), 0.0, 3), ("</s>".to_owned(), 0.0, 3)];
    pieces.extend((0..256).map(|byte| (format!("<0x{byte:02X}>"), 0.0, 6)));
    for (piece, score) in [
        ("▁", -10.0),
        ("a", -10.1),
        ("b", -10.2),
        ("c", -10.3),
        ("ab", -3.0),
        ("bc", -2.0),
        ("▁a", -4.0),
        ("abc", -1.0),
        ("▁ab", -5.0),
    ] {
        pieces.push((piece.to_owned(), score, 1));
    }
    let file = |prefix: Option<bool>| {
        let mut file = GgufFile::default()
            .text("tokenizer.ggml.model", "llama")
            .field("tokenizer.ggml.tokens", Field::Texts(pieces.iter().map(|(piece, ..)| piece.clone()).collect()))
            .field("tokenizer.ggml.scores", Field::F32s(pieces.iter().map(|(_, score, _)| *score).collect()))
            .field("tokenizer.ggml.token_type", Field::I32s(pieces.iter().map(|(.., kind)| *kind).collect()))
            .field("tokenizer.ggml.bos_token_id", Field::U32(1))
            .field("tokenizer.ggml.eos_token_id", Field::U32(2))
            .field("tokenizer.ggml.unknown_token_id", Field::U32(0));
        if let Some(prefix) = prefix {
            file = file.field("tokenizer.ggml.add_space_prefix", Field::Bool(prefix));
        }
        Tokenizer::from_gguf(&parsed(&file.bytes())).unwrap()
    };
    let tokens = |text: &str, prefix| file(prefix).encode(text, None, false).unwrap().tokens;
    // bc is better than ab and than ▁a; then nothing joins a and bc but abc.
    assert_eq!(tokens("abc", None), ["<s>", "▁", "abc"]);
    assert_eq!(tokens("ab", None), ["<s>", "▁ab"]);
    assert_eq!(tokens("ab ac", None), ["<s>", "▁ab", "▁a", "c"]);
    assert_eq!(tokens("abc", Some(false)), ["<s>", "abc"]);
    // Characters that are in no piece become bytes.
    assert_eq!(tokens("aé", None), ["<s>", "▁a", "<0xC3>", "<0xA9>"]);
    let tokenizer = file(None);
    assert_eq!(tokenizer.form(), TokenForm::Sentencepiece);
    let ids = tokenizer.encode("ab aé", None, false).unwrap().ids;
    assert_eq!(tokenizer.decode(&ids[1..]).unwrap(), "ab aé");
}
