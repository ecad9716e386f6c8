//! Folders of tokenizer files, one for each way in which files say how text is split: the tokens that `AutoTokenizer` of transformers
//! gives (`tests/fixtures/make_tokenizers.py`).
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support::{fixture, read};
use headlight::engine::tokenizer::{Tokenizer, TokenizerFiles};
use headlight::trace::TokenForm;
use headlight::trace::display::{byte_level_token, token_label};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    model_type: String,
    n_tokens: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
    tokens: Vec<String>,
}

fn folders() -> Vec<String> {
    let folders = std::fs::read_dir(fixture("tokenizers")).unwrap();
    let mut names: Vec<String> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn open(folder: &str) -> (Tokenizer, Expected) {
    let path = fixture("tokenizers").join(folder);
    let expected: Expected = serde_json::from_slice(&read(&path.join("expected.json"))).unwrap();
    let mut files = TokenizerFiles::default();
    for name in TokenizerFiles::NAMES {
        let file = path.join(name);
        if file.is_file() {
            assert!(files.take(name, &read(&file)));
        }
    }
    let tokenizers = files.tokenizers(&expected.model_type, expected.n_tokens);
    (tokenizers.unwrap_or_else(|error| panic!("{folder}: {error}")).own, expected)
}

#[test]
fn tokens_are_those_of_transformers() {
    let folders = folders();
    assert!(folders.len() > 40, "{}", folders.len());
    let mut wrong = Vec::new();
    for folder in &folders {
        let (tokenizer, expected) = open(folder);
        if tokenizer.n_vocab() != expected.n_tokens {
            wrong.push(format!("{folder}: {} tokens, expected {}", tokenizer.n_vocab(), expected.n_tokens));
        }
        for Case { text, ids, tokens } in &expected.cases {
            let found = tokenizer.encode(text, None, true).unwrap();
            if found.ids != *ids {
                wrong.push(format!("{folder}: {text:?}: {:?}, expected {tokens:?}", found.tokens));
                continue;
            }
            for (token, own) in found.tokens.iter().zip(tokens) {
                // Added tokens of a byte-level tokenizer are written in its alphabet here, those that are looked for in small
                // letters as they were given.
                let is_same = token == own || *token == byte_level_token(own) || token.to_lowercase() == *own;
                assert!(is_same, "{folder}: {token:?} and {own:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn added_tokens_are_shown_as_they_are_written() {
    let (tokenizer, _) = open("llama_json_added");
    assert_eq!(tokenizer.form(), TokenForm::ByteLevel);
    for added in ["čau", "<|user|>"] {
        let tokens = tokenizer.encode(&format!("x{added}y"), None, false).unwrap();
        let label = token_label(&tokens.tokens[1], tokens.form);
        assert_eq!(label.plain, added);
        assert_eq!(tokenizer.decode(&tokens.ids).unwrap(), format!("x{added}y"));
    }
}
