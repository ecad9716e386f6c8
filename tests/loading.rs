//! What may stand beside the weights, and how much of them is loaded: older tokenizer files, labels instead of a tokenizer,
//! only the first layers, and the memory that will be needed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use crate::support::engine::{Files, finished, golden_files, load, load_golden};
use crate::support::{golden_cases, random_cases};
use headlight::engine::{Captures, CompiledEdits, EngineError, Generation, Loader, Model, Run, Sampling, Written};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Loads what is in memory, only the first layers; also says how much memory was expected.
fn load_layers(files: &Files, n_layers: usize) -> Result<(Arc<Model>, u64), EngineError> {
    let names = files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
    let mut loader = Loader::new(names)?.first_layers(Some(n_layers));
    let mut held = None;
    while let Some(want) = loader.wants() {
        held = held.or(loader.held_bytes());
        loader.supply(&files[want.file].1[want.offset as usize..][..want.len as usize])?;
    }
    Ok((Arc::new(loader.finish()?), held.unwrap()))
}

/// The files of a small checkpoint with its tokenizer as vocab.txt, or as vocab.json and merges.txt.
fn older_files(architecture: &str) -> Files {
    let mut files = golden_files(architecture);
    let at = files.iter().position(|(name, _)| name == "tokenizer.json").unwrap();
    let json: Value = serde_json::from_slice(&files.remove(at).1).unwrap();
    let vocab = json["model"]["vocab"].as_object().unwrap();
    if json["model"]["type"] == "WordPiece" {
        let mut tokens: Vec<(&String, u64)> = vocab.iter().map(|(token, id)| (token, id.as_u64().unwrap())).collect();
        tokens.sort_by_key(|(_, id)| *id);
        let text: String = tokens.into_iter().map(|(token, _)| format!("{token}\n")).collect();
        files.push(("vocab.txt".to_owned(), text.into_bytes()));
        return files;
    }
    let merge = |merge: &Value| match merge {
        Value::String(text) => text.clone(),
        list => format!("{} {}", list[0].as_str().unwrap(), list[1].as_str().unwrap()),
    };
    let merges: Vec<String> = json["model"]["merges"].as_array().unwrap().iter().map(merge).collect();
    let merges = format!("#version: 0.2\n{}\n", merges.join("\n"));
    files.push(("vocab.json".to_owned(), serde_json::to_vec(vocab).unwrap()));
    files.push(("merges.txt".to_owned(), merges.into_bytes()));
    files
}

const WITH_OLDER_FILES: [&str; 6] = ["bert", "distilbert", "electra", "gpt2", "gpt_neo", "roberta"];

#[test]
fn older_tokenizer_files_give_the_same_tokens() {
    for architecture in WITH_OLDER_FILES {
        let model = load(&older_files(architecture)).unwrap_or_else(|error| panic!("{architecture}: {error}"));
        for case in golden_cases(architecture) {
            let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
            assert_eq!(tokens.tokens, case.tokens, "{architecture}: {}", case.text);
        }
    }
}

proptest! {
    #![proptest_config(random_cases(24))]

    #[test]
    fn older_tokenizer_files_agree_on_any_text(text in "[ -~àßЖ中\n]{1,40}", pair in "[a-zA-Z é,.]{1,20}") {
        for architecture in ["bert", "gpt2", "roberta"] {
            let (older, newer) = (load(&older_files(architecture)).unwrap(), load_golden(architecture));
            for pair in [None, Some(pair.as_str())] {
                match (older.encode(&text, pair), newer.encode(&text, pair)) {
                    (Ok(older), Ok(newer)) => {
                        prop_assert_eq!(older.ids, newer.ids, "{} {:?}", architecture, pair);
                        prop_assert_eq!(older.segments, newer.segments);
                    }
                    (Err(_), Err(_)) => {}
                    (older, newer) => prop_assert!(false, "{}: {:?} and {:?}", architecture, older, newer),
                }
            }
        }
    }

    #[test]
    fn damaged_tokenizer_files_never_panic(changes in proptest::collection::vec((0..4_000usize, any::<u8>()), 1..6)) {
        for architecture in ["bert", "gpt2"] {
            let mut files = older_files(architecture);
            for (name, bytes) in &mut files {
                if name.ends_with(".txt") || name == "vocab.json" {
                    for (at, byte) in &changes {
                        let n_bytes = bytes.len();
                        bytes[at % n_bytes] = *byte;
                    }
                }
            }
            if let Ok(model) = load(&files) {
                let _ = model.encode("The cat sat on the mat.", None);
            }
        }
    }
}

/// The files of a small checkpoint with another tokenizer file changed or added.
fn with(mut files: Files, name: &str, bytes: &[u8]) -> Files {
    files.retain(|(known, _)| known != name);
    files.push((name.to_owned(), bytes.to_vec()));
    files
}

#[test]
fn a_tokenizer_config_is_followed() {
    // Cased: what the vocabulary has in small letters only is unknown in capitals.
    let cased = with(older_files("bert"), "tokenizer_config.json", br#"{"do_lower_case": false}"#);
    let tokens = load(&cased).unwrap().encode("THE cat", None).unwrap().tokens;
    assert!(tokens.contains(&"[UNK]".to_owned()), "{tokens:?}");
    let by_itself = load(&older_files("bert")).unwrap().encode("THE cat", None).unwrap().tokens;
    assert!(!by_itself.contains(&"[UNK]".to_owned()), "an uncased vocabulary is known as such: {by_itself:?}");
    let wrong = json!({"added_tokens_decoder": {"3": {"content": "<|endoftext|>", "lstrip": false, "rstrip": false,
        "single_word": false, "normalized": false, "special": true}}});
    let wrong = with(older_files("gpt2"), "tokenizer_config.json", wrong.to_string().as_bytes());
    let message = load(&wrong).unwrap_err().to_string();
    assert!(message.contains("token \"<|endoftext|>\" should have id 3"), "{message}");
}

#[test]
fn faults_of_older_tokenizer_files_are_named() {
    let cases = [
        (with(older_files("gpt2"), "vocab.json", b"[1]"), "vocab.json: cannot be read"),
        (with(older_files("gpt2"), "merges.txt", b"#version: 0.2\na b c\n"), "merges.txt: line 2 is \"a b c\""),
        (with(older_files("gpt2"), "merges.txt", b"zz qq\n"), "merges.txt: merge 0 (\"zz\" and \"qq\")"),
        (with(older_files("bert"), "vocab.txt", b"[CLS]\n[UNK]\nthe\n"), "vocab.txt: [SEP] is missing"),
        (
            with(older_files("bert"), "vocab.txt", b"[CLS]\n[SEP]\nthe\n"),
            "unk_token \"[UNK]\" is not in the vocabulary",
        ),
        (with(older_files("bert"), "vocab.txt", &[0xff, 0xfe]), "vocab.txt: invalid utf-8"),
        (with(older_files("gpt2"), "tokenizer_config.json", b"{"), "tokenizer_config.json: cannot be read"),
    ];
    for (files, expected) in cases {
        let message = load(&files).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nexpected: {expected}");
    }
    let mut foreign = golden_files("llama");
    foreign.retain(|(name, _)| name != "tokenizer.json");
    let older = older_files("gpt2").into_iter().filter(|(name, _)| name == "vocab.json" || name == "merges.txt");
    foreign.extend(older);
    let message = load(&foreign).unwrap_err().to_string();
    assert!(message.contains("a tokenizer.json is needed for llama"), "{message}");
}

/// Llama folders with a padding token, Gemma 3's image token: the tokenizer has more ids than the embedding has rows.
#[test]
fn a_tokenizer_may_have_more_tokens_than_the_embedding_has_rows() {
    for architecture in ["gpt2", "bert", "llama"] {
        let mut files = golden_files(architecture);
        let d_vocab = load_golden(architecture).spec().d_vocab;
        for (name, bytes) in &mut files {
            if name == "tokenizer.json" {
                let mut json: Value = serde_json::from_slice(bytes).unwrap();
                json["added_tokens"].as_array_mut().unwrap().push(json!({"id": d_vocab, "content": "[ONE MORE]",
                    "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}));
                *bytes = serde_json::to_vec(&json).unwrap();
            }
        }
        let (model, before) = (load(&files).unwrap(), load_golden(architecture));
        let tokens = model.encode("The cat sat", None).unwrap();
        assert_eq!(tokens, before.encode("The cat sat", None).unwrap());
        model.check(&tokens).unwrap();
        let with_it = model.encode("The cat [ONE MORE] sat", None).unwrap();
        let message = model.check(&with_it).unwrap_err().to_string();
        assert!(message.contains(&format!("has id {d_vocab}, the model's embedding only {d_vocab} rows")), "{message}");
        assert!(model.random_block(50, 3, headlight::engine::Bos::AsTokenizer).is_ok());
    }
}

/// Padded vocabularies (Pythia, Qwen): the model predicts ids without tokens, and continues after them.
#[test]
fn a_model_writes_ids_without_a_token() {
    let files = golden_files("gpt2");
    let tokenizer = json!({"model": {"type": "WordLevel", "vocab": {"a": 97, "b": 98}, "unk_token": "a"}});
    let model = load(&with(files, "tokenizer.json", tokenizer.to_string().as_bytes())).unwrap();
    assert_eq!(model.token_name(300), "⟨300⟩");
    let prompt = model.encode("b", None).unwrap();
    let mut run = finished(&model, prompt, CompiledEdits::none(), Captures::none());
    let mut generation = Generation::new(Sampling::GREEDY, 6).unwrap();
    while generation.step(&mut run).unwrap() != Written::End {}
    let (ids, tokens) = (&run.tokens().ids, &run.tokens().tokens);
    assert_eq!(ids.len(), 7);
    let unnamed = ids.iter().position(|id| ![97, 98].contains(id)).unwrap();
    assert_eq!(tokens[unnamed], format!("⟨{}⟩", ids[unnamed]));
    assert!(model.tokenizer().unwrap().decode(ids).unwrap().contains(&tokens[unnamed]));
}

#[test]
fn spaces_alone_are_a_text() {
    let gpt2 = load_golden("gpt2");
    assert_eq!(gpt2.encode(" ", None).unwrap().tokens, ["Ġ"]);
    assert_eq!(gpt2.encode("\n\n", None).unwrap().tokens.concat(), "ĊĊ");
    assert!(gpt2.encode("", None).is_err());
    let message = load_golden("bert").encode(" ", None).unwrap_err().to_string();
    assert!(message.contains("it has no token of its own"), "{message}");
}

#[test]
fn without_a_tokenizer_ids_are_read_and_labels_shown() {
    let mut files = golden_files("gpt2");
    files.retain(|(name, _)| name != "tokenizer.json");
    let model = load(&files).unwrap();
    assert_eq!(model.tokens_from_ids(&[0, 3, 1]).unwrap().tokens, ["0", "3", "1"]);
    assert!(model.encode("text", None).unwrap_err().to_string().contains("give token ids"));

    let labelled = with(files.clone(), "labels.txt", "start\nA\n\nC é\n".as_bytes());
    let model = load(&labelled).unwrap();
    assert_eq!(model.tokens_from_ids(&[0, 3, 2, 200]).unwrap().tokens, ["start", "C é", "2", "200"]);
    assert_eq!(model.token_name(1), "A");
    let too_many = "x\n".repeat(385);
    let message = load(&with(files.clone(), "labels.txt", too_many.as_bytes())).unwrap_err().to_string();
    assert!(message.contains("labels.txt has 385 lines, the model's embedding only 384 rows"), "{message}");
    assert!(load(&with(files, "labels.txt", &[0xff])).unwrap_err().to_string().contains("labels.txt is not text"));
}

#[test]
fn first_layers_equal_those_of_the_whole_model() {
    for architecture in ["bert", "gpt2", "llama", "gemma3_text", "smollm3"] {
        let files = golden_files(architecture);
        let whole = load_golden(architecture);
        let (part, held) = load_layers(&files, 1).unwrap();
        assert_eq!(part.spec().n_layers, 1);
        assert!(part.weight_bytes() < whole.weight_bytes());
        let ids = &whole.encode("The cat sat on the mat", None).unwrap().ids;
        let run = |model: &Arc<Model>| {
            finished(model, model.tokens_from_ids(ids).unwrap(), CompiledEdits::none(), Captures::none())
        };
        let (part, whole) = (run(&part), run(&whole));
        for head in 0..part.model().spec().n_heads {
            let pattern = |run: &Run| run.attention(0).unwrap().pattern(head).unwrap();
            assert_eq!(pattern(&part), pattern(&whole), "{architecture} head {head}");
        }
        let refused = part.model().unembed(&vec![0.0; part.model().spec().d_model]).unwrap_err();
        assert!(refused.to_string().contains("predicts no tokens"), "{refused}");
        assert!(held >= part.model().weight_bytes() as u64 * 9 / 10, "{architecture}: {held}");
    }
    let message =
        |files: &Files, n_layers| load_layers(files, n_layers).err().map(|error| error.to_string()).unwrap_or_default();
    let llama = golden_files("llama");
    assert!(message(&llama, 0).contains("the first 0 layers are asked for"));
    assert!(message(&llama, 99).contains("the first 99 layers are asked for, the model has"));
    assert!(message(&golden_files("t5"), 1).contains("two stacks"));
}

#[test]
fn a_run_may_keep_some_layers_only() {
    let model = load_golden("smollm3");
    let tokens = model.encode("The cat sat on the mat", None).unwrap();
    let whole = finished(&model, tokens.clone(), CompiledEdits::none(), Captures::none());
    let mut part = Run::new(Arc::clone(&model), tokens, CompiledEdits::none(), Captures::none()).unwrap();
    part.keep_only(vec![2]);
    part.complete().unwrap();
    assert_eq!(part.final_stream(), whole.final_stream());
    assert_eq!(part.attention(2).unwrap().pattern(1).unwrap(), whole.attention(2).unwrap().pattern(1).unwrap());
    let message = part.attention(1).err().unwrap().to_string();
    assert!(message.contains("layer 1 was not kept in this run"), "{message}");
    let kept = |run: &Run, layer: usize| run.layer(layer).map_or(0, |kept| kept.q.len());
    assert_eq!([kept(&part, 0), kept(&part, 1), kept(&part, 3)], [0; 3]);
    for refused in [part.again(CompiledEdits::none(), Captures::none()).err(), part.push(3).err()] {
        assert!(refused.unwrap().to_string().contains("cannot be taken further"));
    }
}

#[test]
fn needed_memory_is_known_before_loading() {
    for architecture in ["bert", "gpt2", "llama", "phi3", "albert", "t5"] {
        let model = load_golden(architecture);
        let layers = model.spec().n_layers;
        let files = golden_files(architecture);
        let names = files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
        let mut loader = Loader::new(names).unwrap();
        while loader.held_bytes().is_none() {
            let want = loader.wants().unwrap();
            loader.supply(&files[want.file].1[want.offset as usize..][..want.len as usize]).unwrap();
        }
        assert_eq!(loader.progress().0, 0, "before a weight is read");
        let (held, found) = (loader.held_bytes().unwrap() as f64, model.weight_bytes() as f64);
        // Held matrices are padded to whole panels, and vectors are not counted among them.
        assert!((0.9..1.25).contains(&(held / found)), "{architecture} ({layers} layers): {held} and {found}");
    }
}
