//! SentencePiece's own model files: the ids that the `sentencepiece` library gives (`tests/fixtures/make_sentencepiece.py`), small
//! checkpoints with such files in place of tokenizer.json, and damaged ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support;
use crate::support::engine::{Files, golden_files, load, load_golden};
use crate::support::{fixture, golden_cases, random_cases, read};
use headlight::engine::tokenizer::{Tokenizer, TokenizerFiles, Tokenizers};
use headlight::trace::TokenForm;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Expected {
    /// By id.
    tokens: Vec<String>,
    cases: Vec<Case>,
    #[serde(default)]
    target: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
}

fn file(way: &str, name: &str) -> Vec<u8> {
    read(&fixture("sentencepiece").join(way).join(name))
}

/// The files of one way of using SentencePiece, and the architecture that has them.
fn files(way: &str) -> (TokenizerFiles, &'static str) {
    let pieces = |name: &str| Some((name.to_owned(), file(way, name)));
    match way {
        "t5" => (TokenizerFiles { pieces: pieces("spiece.model"), ..TokenizerFiles::default() }, "t5"),
        "albert" => (TokenizerFiles { pieces: pieces("spiece.model"), ..TokenizerFiles::default() }, "albert"),
        "camembert" => {
            (TokenizerFiles { pieces: pieces("sentencepiece.bpe.model"), ..TokenizerFiles::default() }, "camembert")
        }
        "xlm_roberta" => {
            (TokenizerFiles { pieces: pieces("sentencepiece.bpe.model"), ..TokenizerFiles::default() }, "xlm-roberta")
        }
        _ => {
            let files = TokenizerFiles {
                vocab_json: Some(file(way, "vocab.json")),
                source_pieces: Some(file(way, "source.spm")),
                target_pieces: Some(file(way, "target.spm")),
                config: Some(file(way, "tokenizer_config.json")),
                ..TokenizerFiles::default()
            };
            (files, "marian")
        }
    }
}

const WAYS: [&str; 5] = ["albert", "camembert", "marian", "t5", "xlm_roberta"];

#[track_caller]
fn agrees(way: &str, tokenizer: &Tokenizer, cases: &[Case], tokens: &[String]) {
    assert!(!cases.is_empty());
    for Case { text, ids } in cases {
        let found = tokenizer.encode(text, None, true).unwrap();
        assert_eq!(&found.ids, ids, "{way}: {text:?}: {:?}", found.tokens);
        let names: Vec<&String> = ids.iter().map(|&id| &tokens[id as usize]).collect();
        assert_eq!(found.tokens.iter().collect::<Vec<_>>(), names, "{way}: {text:?}");
        assert!(found.offsets.iter().all(|(start, end)| start <= end && *end <= text.len()), "{way}: {text:?}");
        assert_eq!(tokenizer.from_ids(ids).unwrap().tokens, found.tokens);
    }
}

#[test]
fn ids_are_those_of_the_library() {
    for way in WAYS {
        let expected: Expected = serde_json::from_slice(&file(way, "expected.json")).unwrap();
        let (files, architecture) = files(way);
        let Tokenizers { own, source } = files.tokenizers(architecture, expected.tokens.len()).unwrap();
        assert_eq!(own.form(), TokenForm::Sentencepiece);
        assert_eq!(own.n_vocab(), expected.tokens.len(), "{way}");
        match source {
            Some(source) => {
                agrees(way, &source, &expected.cases, &expected.tokens);
                agrees(way, &own, &expected.target, &expected.tokens);
            }
            None => agrees(way, &own, &expected.cases, &expected.tokens),
        }
    }
}

#[test]
fn special_tokens_surround_two_texts() {
    let tokenizer = |way: &str| {
        let (files, architecture) = files(way);
        files.tokenizers(architecture, 1000).unwrap().own
    };
    let pair = tokenizer("albert").encode("the cat", Some("the dog"), true).unwrap();
    let cls = |tokens: &[String]| tokens.iter().map(|token| token.starts_with('[')).collect::<Vec<bool>>();
    assert_eq!((pair.tokens[0].as_str(), pair.type_ids[0]), ("[CLS]", 0));
    assert_eq!((pair.tokens.last().unwrap().as_str(), pair.type_ids.last()), ("[SEP]", Some(&1)));
    assert_eq!(pair.special, cls(&pair.tokens));
    let pair = tokenizer("xlm_roberta").encode("The cat", Some("the dog"), true).unwrap();
    let ends: Vec<usize> = (0..pair.len()).filter(|&at| pair.tokens[at] == "</s>").collect();
    assert_eq!((pair.tokens[0].as_str(), ends.len(), ends[1] - ends[0]), ("<s>", 3, 1));
    assert!(pair.type_ids.iter().all(|&id| id == 0));
    // T5's tokens for gaps, where the vocabulary has room for them: the last one comes first.
    let n_pieces = serde_json::from_slice::<Expected>(&file("t5", "expected.json")).unwrap().tokens.len();
    let t5 = tokenizer("t5");
    assert_eq!(t5.n_vocab(), n_pieces + 100);
    assert_eq!(t5.token_to_id("<extra_id_0>"), Some(n_pieces as u32 + 99));
    let gap = t5.encode("The <extra_id_0> sat", None, true).unwrap();
    assert!(gap.tokens.contains(&"<extra_id_0>".to_owned()), "{:?}", gap.tokens);
    let text = "The doctor asked";
    assert_eq!(t5.decode(&t5.encode(text, None, true).unwrap().ids).unwrap(), format!("{text}</s>"));
}

/// A protocol buffer's field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut len = bytes.len();
    while len > 0x7f {
        field.push(len as u8 | 0x80);
        len >>= 7;
    }
    field.push(len as u8);
    field.extend(bytes);
    field
}

/// A model file with the pieces of a tokenizer.json, and its vocabulary as vocab.json.
fn model_file(tokenizer_json: &Value) -> (Vec<u8>, Vec<u8>) {
    let vocab = tokenizer_json["model"]["vocab"].as_array().unwrap();
    let unknown = tokenizer_json["model"]["unk_id"].as_u64().unwrap();
    let mut file = Vec::new();
    let mut ids = serde_json::Map::new();
    for (piece, id) in vocab.iter().zip(0..) {
        let (text, score) = (piece[0].as_str().unwrap(), piece[1].as_f64().unwrap() as f32);
        let mut bytes = field(1, text.as_bytes());
        bytes.push(2 << 3 | 5);
        bytes.extend(score.to_le_bytes());
        bytes.extend([
            3 << 3,
            if id == unknown {
                2
            } else if text.starts_with('<') {
                3
            } else {
                1
            },
        ]);
        file.extend(field(1, &bytes));
        ids.insert(text.to_owned(), json!(id));
    }
    (file, serde_json::to_vec(&ids).unwrap())
}

/// A small checkpoint with SentencePiece's files in place of its tokenizer.json.
fn with_model_files(architecture: &str) -> Files {
    let mut files = golden_files(architecture);
    let at = files.iter().position(|(name, _)| name == "tokenizer.json").unwrap();
    let (pieces, vocab) = model_file(&serde_json::from_slice(&files.remove(at).1).unwrap());
    let names: &[(&str, Vec<u8>)] = match architecture {
        "marian" => &[("source.spm", pieces.clone()), ("target.spm", pieces), ("vocab.json", vocab)],
        _ => &[("spiece.model", pieces)],
    };
    files.extend(names.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())));
    files
}

#[test]
fn checkpoints_read_text_with_them() {
    for architecture in ["marian", "t5"] {
        let (model, newer) = (load(&with_model_files(architecture)).unwrap(), load_golden(architecture));
        for case in golden_cases(architecture) {
            assert_eq!(model.encode(&case.text, None).unwrap().tokens, case.tokens, "{architecture}");
            let target = case.text_pair.unwrap();
            assert_eq!(model.encode_target(&target).unwrap().tokens, case.decoder_tokens, "{architecture}");
            let of_newer = newer.encode_target(&target).unwrap();
            assert_eq!(model.encode_target(&target).unwrap().ids, of_newer.ids, "{architecture}");
        }
        assert_eq!(model.single_token("The").is_ok(), newer.single_token("The").is_ok());
    }
}

/// A real tokenizer.json has the character map as base64.
#[test]
fn character_maps_of_a_tokenizer_json_are_read() {
    let (files, _) = files("t5");
    let (_, bytes) = files.pieces.unwrap();
    let map = support::spm_charsmap(&bytes);
    assert!(map.len() > 100_000, "all of NFKC: {} bytes", map.len());
    let mut json: Value = serde_json::from_slice(&read(&support::golden("t5").join("tokenizer.json"))).unwrap();
    json["normalizer"] = json!({"type": "Precompiled", "precompiled_charsmap": support::base64(&map)});
    let tokenizer = |json: &Value| Tokenizer::from_tokenizer_json("tokenizer.json", &serde_json::to_vec(json).unwrap());
    let with_map = tokenizer(&json).unwrap().encode("Ｔhe\tﬁn", None, false).unwrap().ids;
    json["normalizer"] = Value::Null;
    assert_eq!(with_map, tokenizer(&json).unwrap().encode("The fin", None, false).unwrap().ids);
    // One unit of the trie changed: a character leads out of the map.
    let mut damaged = map;
    damaged[4..8].copy_from_slice(&0x7fff_fc00_u32.to_le_bytes());
    json["normalizer"] = json!({"type": "Precompiled", "precompiled_charsmap": support::base64(&damaged)});
    assert!(tokenizer(&json).unwrap_err().to_string().contains("precompiled_charsmap is damaged"));
}

#[test]
fn what_is_wrong_is_named() {
    let (mut marian, _) = files("marian");
    marian.config = Some(br#"{"separate_vocabs": true}"#.to_vec());
    let message = marian.tokenizers("marian", 500).unwrap_err().to_string();
    assert!(message.contains("tokenizer_config.json: separate_vocabs"), "{message}");
    let (mut marian, _) = files("marian");
    marian.vocab_json = Some(br#"{"</s>": 0, "<unk>": 1}"#.to_vec());
    assert!(marian.tokenizers("marian", 500).unwrap_err().to_string().contains("vocab.json: <pad> is missing"));
    marian.vocab_json = Some(br#"{"</s>": 0, "<unk>": 1, "<pad>": 4294967295}"#.to_vec());
    assert!(
        marian.tokenizers("marian", 500).unwrap_err().to_string().contains("a vocabulary has at most 16777216 tokens")
    );
    let (t5, _) = files("t5");
    let message = t5.tokenizers("gpt2", 500).unwrap_err().to_string();
    assert!(message.contains("spiece.model: a tokenizer.json is needed for gpt2"), "{message}");
    // The first tokenizer.model of Llama 3 is another kind of file.
    let tiktoken = Some(("tokenizer.model".to_owned(), b"IQ== 0\nIg== 1\n".to_vec()));
    let message = TokenizerFiles { pieces: tiktoken, ..t5 }.tokenizers("llama", 500).unwrap_err().to_string();
    assert!(message.contains("tokenizer.model: is a vocabulary of tiktoken"), "{message}");
    assert!(message.contains("a tokenizer.json is needed"), "{message}");
}

proptest! {
    #![proptest_config(random_cases(200))]

    #[test]
    fn damaged_files_never_panic(
        way in prop::sample::select(WAYS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        text in "[a-zA-Zé中🙂ﬁ .,0-9\t]{1,40}",
    ) {
        let (mut files, architecture) = files(way);
        let damage = |bytes: &mut Vec<u8>| {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()).max(1));
            }
        };
        files.pieces.iter_mut().map(|(_, bytes)| bytes).chain(&mut files.source_pieces).chain(&mut files.vocab_json).for_each(damage);
        match files.tokenizers(architecture, 1000) {
            Ok(tokenizers) => {
                for tokenizer in [Some(tokenizers.own), tokenizers.source].into_iter().flatten() {
                    let _ = tokenizer.encode(&text, Some("the mat"), true);
                }
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
