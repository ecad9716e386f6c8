//! The command line as its users meet it: the binary, its exit codes, its one-line errors, and what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use crate::support;
use crate::support::cli::{fails, folder, headlight, json, succeeds, trace};
use crate::support::{Tensors, golden, golden_cases, read};

/// A file below the build folder, in one folder with the others of its kind.
fn scratch_file(name: &str, contents: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-files");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, contents).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A copy of a small checkpoint with one file changed.
fn damaged(name: &str, architecture: &str, file: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> PathBuf {
    let folder = folder(name);
    for copied in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::write(folder.join(copied), read(&golden(architecture).join(copied))).unwrap();
    }
    std::fs::write(folder.join(file), change(read(&folder.join(file)))).unwrap();
    folder
}

#[test]
fn help_and_version_are_not_errors() {
    assert!(succeeds(headlight(&["--help"])).contains("trace"));
    assert!(succeeds(headlight(&["trace", "--help"])).contains("--text-pair"));
    assert!(succeeds(headlight(&["--version"])).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_misuse_is_one_line_and_exit_code_1() {
    let (bert, gpt2, llama) = (golden("bert"), golden("gpt2"), golden("llama"));
    let scratch = folder("misuse");
    let edits = |name: &str, json: &str| {
        let path = scratch.join(name);
        std::fs::write(&path, json).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let long = "cat ".repeat(200);
    let nowhere = scratch.join("no/such/folder/out.safetensors");
    let scratch_text = scratch.to_str().unwrap();
    let no_list = edits("no-list.json", "{}");
    let unknown = edits("unknown.json", r#"[{"kind":"zap","layer":0}]"#);
    let far = edits("far.json", r#"[{"kind":"zero_head","layer":7,"head":0}]"#);
    let no_key = edits("no-key.json", r#"[{"kind":"knock_out_edge","layer":0,"head":0,"query":0,"key":0}]"#);
    let cases: Vec<(&Path, Vec<&str>, &str)> = vec![
        (Path::new("/no/such/model"), vec!["--text", "a"], "/no/such/model: No such file or directory"),
        (&scratch, vec!["--text", "a"], "There is no checkpoint here: it takes config.json"),
        (Path::new("Cargo.toml"), vec!["--text", "a"], "Cargo.toml: expected a folder with config.json"),
        (&bert, vec!["--text", "a", "--colour", "red"], "unexpected argument '--colour' found"),
        (&bert, vec!["--text", "a", "--save", "some"], "invalid value 'some' for '--save <SAVE>'"),
        (&bert, vec![], "required arguments were not provided: --text <TEXT>"),
        (&bert, vec!["--text"], "a value is required for '--text <TEXT>'"),
        (&bert, vec!["--text", ""], "empty"),
        (&bert, vec!["--text", "  \n "], "empty"),
        (&gpt2, vec!["--text", ""], "empty"),
        (&gpt2, vec!["--text", &long], "tokens, the model reads at most 128"),
        (&gpt2, vec!["--ids", "1,384"], "384"),
        (&gpt2, vec!["--ids", ""], "invalid value '' for '--ids"),
        (&gpt2, vec!["--ids", "1,-2"], "invalid value '-2' for '--ids"),
        (
            &gpt2,
            vec!["--text", "a", "--target", "b"],
            "--target needs an encoder-decoder model, gpt2 is of architecture gpt2",
        ),
        (&bert, vec!["--text", "a", "--text-pair", "b", "--target", "c"], "cannot be used with"),
        (
            &llama,
            vec!["--text", "a", "--only-layers", "1,3"],
            "--only-layers names layer 3; there are 3, counted from 0",
        ),
        (&llama, vec!["--text", "a", "--only-layers", "last"], "\"last\" is no layer and no range of layers"),
        (
            &gpt2,
            vec!["--text", "a", "--edits", "/no/such/edits.json"],
            "/no/such/edits.json: No such file or directory",
        ),
        (&gpt2, vec!["--text", "a", "--edits", &no_list], "no-list.json: edits are not a JSON list"),
        (&gpt2, vec!["--text", "a", "--edits", &unknown], "unknown.json: edit 1: unknown variant `zap`"),
        (&gpt2, vec!["--text", "a", "--edits", &far], "7"),
        (&gpt2, vec!["--text", "a", "--edits", &no_key], "a row must keep one"),
        (&llama, vec!["--text", "a", "--out", nowhere.to_str().unwrap()], "out.safetensors: No such file or directory"),
        (&llama, vec!["--text", "a", "--out", scratch_text], "is a directory"),
    ];
    for (model, args, expected) in cases {
        let line = fails(trace(model, &args));
        assert!(line.contains(expected), "{args:?}: {line}\nexpected: {expected}");
    }
    for (args, expected) in [
        (vec![], "a command is missing"),
        (vec!["dance"], "unrecognized subcommand 'dance'"),
        (vec!["trace", "--text", "a"], "required arguments were not provided: --model <DIR|FILE.gguf|OWNER/NAME>"),
    ] {
        assert!(fails(headlight(&args)).contains(expected), "{args:?}");
    }
    let leftovers = std::fs::read_dir(&scratch)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn damaged_checkpoints_are_refused() {
    let text = |json: &str| json.as_bytes().to_vec();
    let config = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(from, to).into_bytes()
    };
    let cases: Vec<(PathBuf, &str)> = vec![
        (
            damaged("architecture", "bert", "config.json", config("\"bert\"", "\"mystery\"")),
            "mystery models are not read. A trace made in Python shows any model",
        ),
        (damaged("no-json", "gpt2", "config.json", |_| text("<html>")), "config.json"),
        (damaged("empty", "gpt2", "config.json", |_| Vec::new()), "config.json is empty"),
        (
            damaged("short", "llama", "model.safetensors", |bytes| bytes[..bytes.len() / 2].to_vec()),
            "the file is not whole",
        ),
        (damaged("shorter", "llama", "model.safetensors", |bytes| bytes[..50].to_vec()), "the header claims"),
        (damaged("no-weights", "llama", "model.safetensors", |_| Vec::new()), "model.safetensors is empty"),
        (
            damaged("shape", "llama", "config.json", config("\"intermediate_size\": 96", "\"intermediate_size\": 64")),
            "expected shape",
        ),
        (damaged("heads", "gpt2", "config.json", config("\"n_head\": 4", "\"n_head\": 0")), "n_head"),
        (
            damaged("tokenizer", "bert", "tokenizer.json", |bytes| bytes[..bytes.len() / 2].to_vec()),
            "tokenizer.json: cannot be read",
        ),
    ];
    for (model, expected) in cases {
        let line = fails(trace(&model, &["--text", "The cat"]));
        assert!(line.contains(expected), "{line}\nexpected: {expected}");
    }
    let gguf = folder("gguf").join("m.gguf");
    std::fs::write(&gguf, b"GGUF\x03\0\0\0").unwrap();
    assert!(fails(trace(&gguf, &["--text", "a"])).contains("m.gguf"));
}

#[test]
fn prints_tokens_ids_and_predictions_as_json() {
    for architecture in ["bert", "gpt2", "llama"] {
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        for (number, case) in golden_cases(architecture).into_iter().enumerate() {
            let pair = case.text_pair.as_deref().map_or(vec![], |pair| vec!["--text-pair", pair]);
            let found = json(trace(&golden(architecture), &[&["--json", "--text", &case.text], &pair[..]].concat()));
            assert_eq!(found.tokens, case.tokens);
            assert_eq!(found.input_ids, expected.ids(&format!("case{number}.input_ids")));
            let logits = expected.f32(&format!("case{number}.logits"));
            let d_vocab = logits.len() / case.tokens.len();
            let last = &logits[logits.len() - d_vocab..];
            let best = (0..d_vocab).max_by(|a, b| last[*a].total_cmp(&last[*b])).unwrap();
            assert_eq!((found.top.len(), found.top[0].id as usize), (10, best), "{architecture}, case {number}");
            let sum: f32 = last.iter().map(|logit| (logit - last[best]).exp()).sum();
            assert!((found.top[0].prob - 1.0 / sum).abs() < 1e-4);
            assert!(!found.top[0].token.is_empty() && found.top.is_sorted_by(|a, b| a.prob >= b.prob));
        }
    }
}

/// What was assumed of a checkpoint is said beside the output; an adapter is refused with the model that it changes.
#[test]
fn notes_and_adapters_are_said_in_a_line() {
    let case = support::fixture("cases/llama_two");
    let output = trace(&case, &["--ids", "5,17,40", "--json"]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(said.starts_with("note: The configuration ties the unembedding") && said.lines().count() == 1, "{said}");
    assert!(succeeds(output).starts_with('{'));
    let adapter = folder("adapter");
    let config = r#"{"peft_type":"LORA","base_model_name_or_path":"HuggingFaceTB/SmolLM2-135M"}"#;
    std::fs::write(adapter.join("adapter_config.json"), config).unwrap();
    std::fs::write(adapter.join("adapter_model.safetensors"), "").unwrap();
    let line = fails(trace(&adapter, &["--text", "a"]));
    assert!(line.contains("LoRA adapter") && line.contains("HuggingFaceTB/SmolLM2-135M"), "{line}");
}

#[test]
fn prints_a_summary_for_people() {
    let summary = succeeds(trace(&golden("gpt2"), &["--text", "The cat sat"]));
    assert!(summary.starts_with("gpt2 (gpt2, F32): 3 layers × 4 heads\n"), "{summary}");
    assert_eq!(summary.lines().count(), 13, "{summary}");
}

#[test]
fn ids_are_read_as_they_are() {
    let model = golden("gpt2");
    let by_text = json(trace(&model, &["--json", "--text", "The cat sat"]));
    let ids = by_text.input_ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let by_ids = json(trace(&model, &["--json", "--ids", &ids]));
    assert_eq!((by_ids.tokens, by_ids.top[0].id), (by_text.tokens, by_text.top[0].id));
}

#[test]
fn sweeps_print_csv() {
    let gpt2 = golden("gpt2");
    let model = gpt2.to_str().unwrap();
    let lines = |args: &[&str]| {
        let all = [&["sweep", "--model", model, "--text", "The doctor asked the nurse a question."], args].concat();
        let csv = succeeds(headlight(&all));
        csv.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let zero = lines(&[]);
    assert_eq!(zero[0], "layer,head,effect,logit_difference,p_answer");
    let spec = std::fs::read_to_string(gpt2.join("config.json")).unwrap();
    let spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
    let n_cells = (spec["n_layer"].as_u64().unwrap() * spec["n_head"].as_u64().unwrap()) as usize;
    assert_eq!(zero.len(), 1 + n_cells);
    // A cell is what the edit alone gives: base minus effect is the same for all.
    let numbers = |line: &String| line.split(',').skip(2).map(|field| field.parse().unwrap()).collect::<Vec<f64>>();
    let bases: Vec<f64> = zero[1..].iter().map(|line| numbers(line)[0] + numbers(line)[1]).collect();
    assert!(bases.iter().all(|base| (base - bases[0]).abs() < 1e-5), "{bases:?}");
    assert!(zero[1..].iter().any(|line| numbers(line)[0].abs() > 1e-3));
    assert_eq!(lines(&["--what", "position-mean"]).len(), 1 + n_cells);
    assert_eq!(lines(&["--what", "mean", "--reference", "A cat sat.", "--reference", "It rained."]).len(), 1 + n_cells);
    assert_eq!(lines(&["--what", "cut-keys"])[0], "layer,position,effect,logit_difference,p_answer");
    // Patching from the same text changes nothing: the texts do not differ, so there is no R.
    let same = lines(&["--what", "patch", "--from", "The doctor asked the nurse a question."]);
    assert!(same[1..].iter().all(|line| line.split(',').nth(2) == Some("")), "{same:?}");
    // Of several other tokens the mean counts.
    let differences = |others: &[&str]| {
        let csv = lines(&[&["--answer-id", "5"], others].concat());
        csv[1..].iter().map(|line| numbers(line)[1]).collect::<Vec<f64>>()
    };
    let [one, other] = ["9", "11"].map(|id| differences(&["--other-id", id]));
    let both = differences(&["--other-id", "9", "--other-id", "11"]);
    let means = one.iter().zip(&other).map(|(one, other)| (one + other) / 2.0);
    assert!(both.iter().zip(means).all(|(both, mean)| (both - mean).abs() < 1e-5), "{both:?}");
    let refused = |args: &[&str]| fails(headlight(&[&["sweep", "--model", model, "--text", "a cat"], args].concat()));
    assert!(refused(&["--answer-id", "9999999"]).contains("not in the vocabulary"));
    assert!(refused(&["--what", "patch"]).contains("--from"));
    assert!(refused(&["--what", "patch", "--from", "a much longer text"]).contains("equal length"));
    assert!(refused(&["--what", "mean"]).contains("at least one"));
    assert!(refused(&["--answer", "several tokens at once"]).contains("expected one"));
    assert!(refused(&["--position", "99"]).contains("--position 99"));
    assert!(refused(&["--what", "everything"]).contains("invalid value"));
    let bert = golden("bert");
    let generated = headlight(&["generate", "--model", bert.to_str().unwrap(), "--text", "a cat"]);
    assert!(fails(generated).contains("both directions"));
}

#[test]
fn generation_is_a_function_of_its_seed() {
    let llama = golden("llama");
    let model = llama.to_str().unwrap();
    let write = |args: &[&str]| {
        let all = [&["generate", "--model", model, "--text", "The cat sat", "--tokens", "6", "--json"], args].concat();
        let json: serde_json::Value = serde_json::from_str(&succeeds(headlight(&all))).unwrap();
        assert_eq!(json["ids"].as_array().unwrap().len(), 6);
        json
    };
    assert_eq!(write(&[]), write(&["--seed", "9"]), "greedy draws nothing");
    let hot = ["--temperature", "3", "--top-k", "50", "--top-p", "0.99"];
    let seeded = |seed| write(&[&hot[..], &["--seed", seed]].concat());
    assert_eq!(seeded("1"), seeded("1"));
    assert_ne!(seeded("1"), seeded("2"));
    let edits = scratch_file("generate-edits.json", r#"[{"kind":"zero_head","layer":"all","head":"all"}]"#);
    assert_ne!(write(&["--edits", &edits]), write(&[]));
    let wrong = headlight(&["generate", "--model", model, "--text", "a", "--top-p", "0"]);
    assert!(fails(wrong).contains("top_p"));
}

/// A patch takes its values from a trace file beside the edits, and gives what the text itself gives.
#[test]
fn patches_come_from_traces_and_texts() {
    let gpt2 = golden("gpt2");
    let other = scratch_file("other.safetensors", "");
    succeeds(trace(&gpt2, &["--text", "The nurse asked the doctor a question.", "--save", "all", "--out", &other]));
    let patched = |name: &str, from: &str| {
        let json = format!(r#"[{{"kind":"patch","layer":1,"hook":"hook_resid_mid","query":[1,2,3],"from":{from}}}]"#);
        let edits = scratch_file(name, &json);
        succeeds(trace(&gpt2, &["--text", "The doctor asked the nurse a question.", "--json", "--edits", &edits]))
    };
    let from_trace = patched("from-trace.json", r#""other.safetensors""#);
    let from_text = patched("from-text.json", r#"{"text":"The nurse asked the doctor a question."}"#);
    assert_eq!(from_trace, from_text);
    assert_ne!(from_trace, patched("from-itself.json", r#"{"text":"The doctor asked the nurse a question."}"#));
    let edits = scratch_file("gone.json", r#"[{"kind":"patch","layer":1,"hook":"hook_q","from":"gone.safetensors"}]"#);
    assert!(fails(trace(&gpt2, &["--text", "a", "--edits", &edits])).contains("gone.safetensors"));
}
