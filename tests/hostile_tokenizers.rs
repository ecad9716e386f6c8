//! Tokenizers that ask for more than any text is worth: a text repeated by templates, marks and names of megabytes, chains of steps,
//! patterns that go back and forth. Each is refused with a reason, or reads a text within a moment.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::time::Duration;

use crate::limits;
use headlight::engine::tokenizer::{Tokenizer, TokenizerError, TokenizerFiles};
use serde_json::{Value, json};

/// The time of one file with one text. Files here have megabytes, and tests run side by side.
const MAX_TIME: Duration = Duration::from_secs(4);

fn words() -> Value {
    json!({"type": "WordLevel", "vocab": {"a": 0, "b": 1, "[UNK]": 2}, "unk_token": "[UNK]"})
}

fn bpe() -> Value {
    json!({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})
}

fn read(file: &Value) -> Result<Tokenizer, TokenizerError> {
    Tokenizer::from_tokenizer_json("t.json", &serde_json::to_vec(file).unwrap())
}

/// What comes of a text that is read with a file.
fn encoded(file: &Value, text: &str) -> Result<usize, TokenizerError> {
    let began = limits::thread_time();
    let n_tokens = read(file).and_then(|tokenizer| tokenizer.encode(text, None, false)).map(|tokens| {
        let n_bytes: usize = tokens.tokens.iter().map(String::len).sum();
        assert!(n_bytes < 64 << 20, "{n_bytes} bytes of tokens");
        tokens.ids.len()
    });
    let time = limits::thread_time() - began;
    assert!(time < MAX_TIME, "{time:?}: {n_tokens:?}");
    n_tokens
}

fn refused(file: &Value, expected: &str) {
    let message = encoded(file, "a b ab c").expect_err(expected).to_string();
    assert!(message.contains(expected), "{message}\nexpected: {expected}");
}

#[test]
fn templates_do_not_multiply_a_text() {
    let a = json!({"Sequence": {"id": "A", "type_id": 0}});
    let b = json!({"Sequence": {"id": "B", "type_id": 0}});
    let template = |single: Vec<Value>, special: Value| json!({"type": "TemplateProcessing", "single": single, "pair": [a.clone(), b.clone()], "special_tokens": special});
    let twice = template(vec![a.clone(), a.clone()], json!({}));
    let file = |post: Value| json!({"model": words(), "pre_tokenizer": {"type": "Whitespace"}, "post_processor": post});
    assert_eq!(encoded(&file(twice.clone()), "a b").unwrap(), 4);
    let chain = json!({"type": "Sequence", "processors": vec![twice.clone(); 30]});
    refused(&file(chain), "post_processor: makes 1073741824 copies of a text");
    let nested = json!({"type": "Sequence", "processors": [{"type": "Sequence", "processors": vec![twice; 3]}]});
    refused(&file(nested), "post_processor: makes 8 copies of a text");
    refused(&file(template(vec![a.clone(); 100_000], json!({}))), "post_processor: makes 100000 copies of a text");
    let ids = vec![1; 1_000];
    let tokens = vec!["b"; 1_000];
    let special = json!({"s": {"id": "s", "ids": ids, "tokens": tokens}});
    let s = json!({"SpecialToken": {"id": "s", "type_id": 0}});
    assert_eq!(encoded(&file(template(vec![s.clone(), a.clone()], special.clone())), "a b").unwrap(), 1_002);
    refused(&file(template(vec![s; 1_000], special)), "with 1000000 tokens around");
}

#[test]
fn what_is_repeated_is_short() {
    let long = "é".repeat(1 << 20);
    let word_piece = |prefix: &str, unknown: &str| json!({"model": {"type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": prefix, "max_input_chars_per_word": 1000, "vocab": {"a": 0, unknown: 1}}});
    assert_eq!(encoded(&word_piece("##", "[UNK]"), &"c".repeat(1_000)).unwrap(), 1);
    refused(&word_piece(&long, "[UNK]"), "continuing_subword_prefix has 2097152 bytes");
    refused(&word_piece("##", &long), "unk_token has 2097152 bytes");
    for key in ["continuing_subword_prefix", "end_of_word_suffix", "unk_token"] {
        let mut model = bpe();
        model[key] = json!(long);
        refused(&json!({"model": model}), &format!("{key} has 2097152 bytes; at most 64 are read"));
    }
    let mut model = words();
    model["unk_token"] = json!(long);
    refused(&json!({"model": model}), "unk_token has 2097152 bytes");
    // Of a guessed kind too.
    let untyped = json!({"model": {"vocab": {"a": 0, long.as_str(): 1}, "unk_token": long}});
    refused(&untyped, "unk_token has 2097152 bytes");
}

#[test]
fn a_token_is_short_enough_to_stand_in_a_text_many_times() {
    let long = "é".repeat(1 << 20);
    let expected = "has 2097152 bytes; at most 4096 are read";
    let mut model = bpe();
    model["vocab"][&long] = json!(3);
    refused(&json!({"model": model}), expected);
    refused(&json!({"model": {"type": "Unigram", "unk_id": 0, "vocab": [[long, -1.0], ["a", -2.0]]}}), expected);
    let added = json!([{"id": 3, "content": long, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}]);
    refused(&json!({"model": bpe(), "added_tokens": added}), expected);
}

#[test]
fn ids_are_whole_and_below_the_largest_vocabulary() {
    let added = |id: Value| json!([{"id": id, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}]);
    for (id, expected) in [
        (json!(-1), "an added token: -1 is not an id"),
        (json!(1.5), "an added token: 1.5 is not an id"),
        (json!("7"), "an added token: \"7\" is not an id"),
        (json!(4_294_967_295_u64), "has id 4294967295; a vocabulary has at most 16777216 tokens"),
        (json!(18_446_744_073_709_551_615_u64), "has id 18446744073709551615"),
    ] {
        refused(&json!({"model": bpe(), "added_tokens": added(id)}), expected);
    }
    for id in [json!(-1), json!(1.5), json!(4_294_967_296_u64), json!(4_294_967_295_u64), json!(16_777_216)] {
        let mut model = bpe();
        model["vocab"]["c"] = id.clone();
        assert!(read(&json!({"model": model})).is_err(), "{id}");
        let mut model = words();
        model["vocab"]["c"] = id.clone();
        assert!(read(&json!({"model": model})).is_err(), "{id}");
    }
    // A gap of millions costs nothing.
    let mut model = bpe();
    model["vocab"]["c"] = json!(16_777_215);
    assert_eq!(encoded(&json!({"model": model}), "abc").unwrap(), 2);
}

#[test]
fn chains_of_steps_end() {
    let step = |kind: &str| json!({"type": kind});
    for (part, list, kind) in [
        ("normalizer", "normalizers", "NFKC"),
        ("pre_tokenizer", "pretokenizers", "Whitespace"),
        ("decoder", "decoders", "Fuse"),
    ] {
        let file = json!({"model": words(), part: {"type": "Sequence", list: vec![step(kind); 100_000]}});
        refused(&file, &format!("{part}: 100000 steps; at most 256 are read"));
    }
    // Each doubles what the one before it made.
    let double = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
    let file = json!({"model": words(), "normalizer": {"type": "Sequence", "normalizers": vec![double; 40]}});
    refused(&file, "the normalizer of its file makes");
    let everywhere = json!({"type": "Replace", "pattern": {"String": ""}, "content": "a".repeat(64)});
    let file = json!({"model": words(), "normalizer": {"type": "Sequence", "normalizers": vec![everywhere; 40]}});
    assert!(encoded(&file, "a b").is_err());
}

#[test]
fn patterns_do_not_go_back_and_forth_for_ever() {
    let text = format!("{}!", "a".repeat(400));
    for pattern in [
        "(a+)+$",
        "(?=(a+)+$)a",
        "((a|aa)+)(?!b)c",
        "(?:(?:(?:(?:a*)*)*)*)*(?<!x)$",
        "(a*)*\\1b",
        "(?=(a|a)*$)b",
        "a{1000}{1000}{1000}",
        "(?:(?=a){1000}){1000}",
        "",
        "(?=)",
        "(?<=a)",
    ] {
        let pattern = json!({"Regex": pattern});
        for behaviour in ["Removed", "Isolated", "MergedWithNext", "Contiguous"] {
            let split = json!({"type": "Split", "pattern": pattern, "behavior": behaviour, "invert": false});
            let _ = encoded(&json!({"model": words(), "pre_tokenizer": split}), &text);
        }
        let replace = json!({"type": "Replace", "pattern": pattern, "content": "b"});
        let _ = encoded(&json!({"model": words(), "normalizer": replace}), &text);
        let _ = encoded(&json!({"model": words(), "decoder": replace}), &text);
    }
}

/// Names of further special tokens, as a list of hundreds of thousands.
#[test]
fn many_special_tokens_are_read_in_a_time_that_grows_with_their_number() {
    let names: Vec<String> = (0..100_000).map(|at| format!("<extra {at}>")).collect();
    let config = json!({"tokenizer_class": "BertTokenizer", "additional_special_tokens": names});
    let added: serde_json::Map<String, Value> =
        (0..100_000).map(|at| (format!("<added {at}>"), json!(at + 9))).collect();
    let began = limits::thread_time();
    let files = TokenizerFiles {
        vocab_txt: Some(b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n".to_vec()),
        config: Some(serde_json::to_vec(&config).unwrap()),
        added_tokens: Some(serde_json::to_vec(&added).unwrap()),
        ..TokenizerFiles::default()
    };
    let read = files.tokenizers("bert", 200_009).and_then(|tokenizers| tokenizers.own.encode("a", None, true));
    let time = limits::thread_time() - began;
    assert_eq!(read.unwrap().ids.len(), 3);
    assert!(time < Duration::from_secs(8), "{time:?}");
}
