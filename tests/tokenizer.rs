//! Tokenizers: the tokens of Hugging Face, and errors instead of panics for damaged files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support;
use crate::support::gguf::parsed;
use crate::support::{MINILM, SMOLLM2_GGUF, Tensors, golden, golden_cases, golden_real_cases, model_file, read};
use headlight::engine::tokenizer::{SpecialToken, Tokenizer};
use headlight::trace::{TokenForm, Tokens};
use proptest::prelude::*;
use serde_json::{Value, json};

fn golden_tokenizer(architecture: &str) -> Tokenizer {
    let bytes = read(&golden(architecture).join("tokenizer.json"));
    Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).unwrap()
}

/// What must be true of any tokens.
fn expect_consistent(tokens: &Tokens, text_len: usize) {
    let n_tokens = tokens.len();
    let lengths = [tokens.tokens.len(), tokens.offsets.len(), tokens.special.len(), tokens.type_ids.len()];
    assert_eq!(lengths, [n_tokens; 4]);
    assert!(tokens.offsets.iter().all(|(start, end)| start <= end && *end <= text_len), "{:?}", tokens.offsets);
    assert!(tokens.segments.is_empty() || (tokens.segments[0] == 0 && tokens.segments[1] > 0));
    assert!(tokens.segments.last().is_none_or(|start| *start < n_tokens));
}

#[test]
fn tokens_and_ids_of_the_small_checkpoints() {
    for (architecture, form) in
        [("bert", TokenForm::Wordpiece), ("gpt2", TokenForm::ByteLevel), ("llama", TokenForm::ByteLevel)]
    {
        let tokenizer = golden_tokenizer(architecture);
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        assert_eq!(tokenizer.form(), form);
        for (number, case) in golden_cases(architecture).into_iter().enumerate() {
            let found = tokenizer.encode(&case.text, case.text_pair.as_deref(), architecture == "bert").unwrap();
            assert_eq!(found.tokens, case.tokens, "{architecture}, case {number}");
            assert_eq!(found.ids, expected.ids(&format!("case{number}.input_ids")), "{architecture}, case {number}");
            assert_eq!(found.type_ids, case.token_type_ids, "{architecture}, case {number}");
            expect_consistent(&found, case.text.len() + 1 + case.text_pair.map_or(0, |second| second.len()));
        }
    }
}

#[test]
fn pairs_have_segments_and_offsets() {
    let bert = golden_tokenizer("bert").encode("The cat sat", Some("on the mat"), true).unwrap();
    assert_eq!(bert.tokens, ["[CLS]", "the", "cat", "sat", "[SEP]", "on", "the", "mat", "[SEP]"]);
    assert_eq!(bert.segments, [0, 5]);
    assert_eq!(bert.special, [true, false, false, false, true, false, false, false, true]);
    assert_eq!(bert.offsets[4..6], [(0, 0), (12, 14)]);

    let gpt2 = golden_tokenizer("gpt2");
    // (first, second, start of the second): " The" holds the space and the first byte; "She" only the first byte.
    for (first, second, start_token) in [
        ("The cat sat on the mat.", "The cat lay", "ĠThe"),
        ("The doctor asked.", "She", "She"),
        ("The cat", " the mat", "Ġthe"),
        ("é", "ñ", "Ã"),
    ] {
        let pair = gpt2.encode(first, Some(second), false).unwrap();
        let joined = gpt2.encode(&format!("{first} {second}"), None, false).unwrap();
        assert_eq!((&pair.ids, &pair.offsets), (&joined.ids, &joined.offsets));
        assert_eq!(pair.tokens[pair.segments[1]], start_token, "{:?}", pair.tokens);
        expect_consistent(&pair, first.len() + 1 + second.len());
    }
}

#[test]
fn offsets_are_bytes_of_the_text() {
    let text = "naïve — the cat 🙂 sat";
    let tokens = golden_tokenizer("gpt2").encode(text, None, false).unwrap();
    for (token, (start, end)) in tokens.tokens.iter().zip(&tokens.offsets) {
        assert!(text.is_char_boundary(*start) && text.is_char_boundary(*end), "{token} {start}..{end}");
    }
    assert_eq!(tokens.offsets.last().unwrap().1, text.len());
}

#[test]
fn empty_texts_are_refused() {
    let (bert, gpt2) = (golden_tokenizer("bert"), golden_tokenizer("gpt2"));
    let cases = [
        (bert.encode("", None, true), "the text is empty: it has no token of its own"),
        (bert.encode(" \n", None, true), "the text is empty: it has no token of its own"),
        (bert.encode("cat", Some(" "), true), "the second text is empty: it has no token of its own"),
        (bert.encode("", Some("cat"), true), "the text is empty: it has no token of its own"),
        (gpt2.encode("", None, false), "the text is empty: it has no token of its own"),
        (gpt2.encode("cat", Some(""), false), "the second text is empty: it has no token of its own"),
        (gpt2.encode("", Some("cat"), false), "the text is empty: it has no token of its own"),
        (gpt2.from_ids(&[]), "the list of ids is empty: it has no token of its own"),
    ];
    for (result, expected) in cases {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
    assert!(gpt2.encode(" ", None, false).is_ok(), "to GPT-2 a space is a token");
}

/// Padded vocabularies: a model predicts ids without tokens.
#[test]
fn ids_without_a_token_are_numbers_in_brackets() {
    let gpt2 = golden_tokenizer("gpt2");
    let tokens = gpt2.from_ids(&[5, 384, 4_294_967_295]).unwrap();
    assert_eq!(tokens.tokens[1..], ["⟨384⟩", "⟨4294967295⟩"]);
    assert_eq!(tokens.special[1..], [false; 2]);
    for architecture in ["bert", "gpt2", "t5"] {
        let tokenizer = golden_tokenizer(architecture);
        let mut ids = tokenizer.encode("the cat", None, true).unwrap().ids;
        let text = tokenizer.decode(&ids).unwrap();
        ids.push(9_999);
        assert_eq!(tokenizer.decode(&ids).unwrap(), format!("{text}⟨9999⟩"));
    }
}

#[test]
fn hostile_files_are_refused_at_once() {
    for hostile in support::hostile::ALL {
        let started = std::time::Instant::now();
        hostile.is_refused();
        assert!(started.elapsed().as_secs() < 5, "{}: {:?}", hostile.what, started.elapsed());
    }
}

#[test]
fn ids_are_tokens_too() {
    let bert = golden_tokenizer("bert");
    let by_text = bert.encode("The cat sat", None, true).unwrap();
    let by_ids = bert.from_ids(&by_text.ids).unwrap();
    assert_eq!((by_ids.tokens, by_ids.special), (by_text.tokens, by_text.special));
    let gpt2 = golden_tokenizer("gpt2");
    let text = "The cat — é 🙂 sat";
    let ids = gpt2.encode(text, None, false).unwrap().ids;
    assert_eq!(gpt2.decode(&ids).unwrap(), text);
    assert_eq!(gpt2.n_vocab(), 384);
    assert_eq!(bert.special_id(SpecialToken::Mask), bert.token_to_id("[MASK]"));
}

/// tokenizer.json of a small checkpoint, changed.
fn changed(architecture: &str, change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(&read(&golden(architecture).join("tokenizer.json"))).unwrap();
    change(&mut json);
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn truncation_and_padding_are_never_on() {
    let bytes = changed("bert", |json| {
        json["truncation"] = json!({"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0});
        json["padding"] = json!({"strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    });
    let tokenizer = Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).unwrap();
    let tokens = tokenizer.encode("The cat sat on the mat", None, true).unwrap();
    assert_eq!(tokens.len(), 8);
}

#[test]
fn the_form_follows_from_the_parts() {
    let cases = [
        (json!({"type": "ByteFallback"}), TokenForm::Sentencepiece),
        (
            json!({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteFallback"}]}),
            TokenForm::Sentencepiece,
        ),
        (json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}), TokenForm::Sentencepiece),
        (json!({"type": "WordPiece", "prefix": "##", "cleanup": true}), TokenForm::Wordpiece),
        (Value::Null, TokenForm::Plain),
    ];
    for (decoder, expected) in cases {
        let bytes = changed("gpt2", |json| {
            json["decoder"] = decoder.clone();
            json["pre_tokenizer"] = Value::Null;
        });
        let tokenizer = Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).unwrap();
        assert_eq!(tokenizer.form(), expected, "{decoder}");
    }
}

#[test]
fn damaged_tokenizer_files_are_refused_with_a_reason() {
    let bert = |change: fn(&mut Value)| changed("bert", change);
    let gpt2 = |change: fn(&mut Value)| changed("gpt2", change);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "cannot be read"),
        (b"<!DOCTYPE html>".to_vec(), "cannot be read"),
        (b"{}".to_vec(), "missing field `model`"),
        (bert(|json| json["model"]["type"] = json!("Mystery")), "cannot be read"),
        (bert(|json| json["pre_tokenizer"] = json!({"type": "FixedLength", "length": 0})), "FixedLength of 0"),
        (
            bert(|json| json["normalizer"] = json!({"type": "Precompiled", "precompiled_charsmap": "////f0AAAA=="})),
            "precompiled_charsmap claims 2147483647 bytes and has 3",
        ),
        (
            bert(|json| {
                json["normalizer"] =
                    json!({"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": "!"}]})
            }),
            "normalizer: precompiled_charsmap is no base64",
        ),
        (bert(|json| json["model"]["unk_token"] = json!("[NO]")), "model: unk_token \"[NO]\" is not in the vocabulary"),
        (bert(|json| json["decoder"] = json!({"type": "Mystery"})), "decoder: "),
        (gpt2(|json| json["model"]["merges"] = json!(["a b c"])), "a merge"),
        (gpt2(|json| json["model"]["merges"] = json!([["a"]])), "a merge has two tokens"),
        (
            gpt2(|json| json["model"]["merges"] = json!([["a", "b"], ["zebra!", "crossing"]])),
            "merge 0 (\"a\" and \"b\"): \"ab\" is not in the vocabulary",
        ),
        (
            // What it makes is longer than every token: the crate's builder would write past its buffer.
            gpt2(|json| {
                json["model"]["vocab"] = json!({"aaaa": 0, "bbbb": 1});
                json["model"]["merges"] = json!([["aaaa", "bbbb"]]);
            }),
            "\"aaaabbbb\" is not in the vocabulary",
        ),
        (
            gpt2(|json| {
                json["model"]["vocab"] = json!({"a": 0, "b": 1, "ab": 2});
                json["model"]["continuing_subword_prefix"] = json!("##");
                json["model"]["merges"] = json!([["a", "b"]]);
            }),
            "merge 0 (\"a\" and \"b\")",
        ),
        (
            bert(|json| {
                json["post_processor"] = json!({"type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "[NEW]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                    "pair": [], "special_tokens": {}});
            }),
            "special_tokens does not list \"[NEW]\"",
        ),
    ];
    for (bytes, expected) in cases {
        let message = Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).expect_err(expected).to_string();
        assert!(
            message.contains(expected) && message.starts_with("tokenizer.json: "),
            "{message}\nexpected: {expected}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn bos_is_known_without_a_text() {
    let mut n_checked = [0; 2];
    for folder in std::fs::read_dir(golden("")).unwrap() {
        let path = folder.unwrap().path().join("tokenizer.json");
        if !path.is_file() {
            continue;
        }
        let tokenizer = Tokenizer::from_tokenizer_json("tokenizer.json", &read(&path)).unwrap();
        for text in ["a", "The cat sat", " on"] {
            let first = tokenizer.encode(text, None, false).unwrap();
            let (id, is_put) = (first.ids[0], first.special[0]);
            assert_eq!(tokenizer.begins_with(id).unwrap(), is_put, "{}: {:?}", path.display(), first.tokens);
            n_checked[usize::from(is_put)] += 1;
        }
    }
    assert!(n_checked.iter().all(|n| *n > 0), "with and without: {n_checked:?}");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn tokens_and_ids_of_the_bundled_models() {
    let started = std::time::Instant::now();
    let bytes = read(&model_file(MINILM).join("tokenizer.json"));
    let minilm = Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).unwrap();
    println!("MiniLM's tokenizer.json: {:?}", started.elapsed());
    let gguf = parsed(&read(&model_file(SMOLLM2_GGUF)));
    let started = std::time::Instant::now();
    let smollm2 = Tokenizer::from_gguf(&gguf).unwrap();
    println!("SmolLM2's GGUF metadata: {:?}", started.elapsed());
    for (model, tokenizer) in [("minilm", &minilm), ("smollm2", &smollm2)] {
        for (name, case, expected) in golden_real_cases(model) {
            let found = tokenizer.encode(&case.text, case.text_pair.as_deref(), model == "minilm").unwrap();
            assert_eq!(found.tokens, case.tokens, "{model}, {name}");
            assert_eq!(found.ids, expected.ids("input_ids"), "{model}, {name}");
            for (text, _) in case.next_token {
                let ids = smollm2.encode(&text, None, false).unwrap().ids;
                assert_eq!(smollm2.decode(&ids).unwrap(), text);
            }
        }
    }
    assert_eq!((minilm.n_vocab(), smollm2.n_vocab()), (30522, 49152));
    assert_eq!((minilm.form(), smollm2.form()), (TokenForm::Wordpiece, TokenForm::ByteLevel));
    let pair = smollm2.encode("The cat sat on the mat", Some("The cat lay on the rug"), false).unwrap();
    assert_eq!((pair.segments[1], pair.tokens[pair.segments[1]].as_str()), (6, "ĠThe"));
}

proptest! {
    #![proptest_config(support::random_cases(256))]

    #[test]
    fn any_text_gives_tokens_or_an_error(first in any::<String>(), second in prop::option::of(any::<String>())) {
        use std::sync::LazyLock;
        static TOKENIZERS: LazyLock<[Tokenizer; 3]> = LazyLock::new(|| ["bert", "gpt2", "llama"].map(golden_tokenizer));
        let len = first.len() + 1 + second.as_ref().map_or(0, String::len);
        for tokenizer in TOKENIZERS.iter() {
            for has_pairs in [false, true] {
                if let Ok(tokens) = tokenizer.encode(&first, second.as_deref(), has_pairs) {
                    expect_consistent(&tokens, len);
                }
            }
        }
    }

    #[test]
    fn mutated_tokenizer_files_never_panic(changes in prop::collection::vec((0..6000usize, any::<u8>()), 1..4)) {
        for architecture in ["bert", "gpt2"] {
            let mut bytes = read(&golden(architecture).join("tokenizer.json"));
            changes.iter().for_each(|(at, byte)| bytes[*at] = *byte);
            if let Ok(tokenizer) = Tokenizer::from_tokenizer_json("tokenizer.json", &bytes) {
                let _ = tokenizer.encode("The cat sat on 42 mats, é.", Some("the mat"), true);
            }
        }
    }
}
