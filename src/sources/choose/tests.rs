//! Folders as tables.

use super::*;

fn files(names: &str) -> Vec<(String, u64)> {
    names.split_whitespace().zip(1..).map(|(name, size)| (name.to_owned(), size)).collect()
}

/// "label: files" of each choice.
fn found(names: &str) -> Vec<String> {
    let files = files(names);
    let words = |choice: &Choice| {
        let names: Vec<&str> = choice.files.iter().map(|&index| files[index].0.as_str()).collect();
        assert_eq!(choice.size, choice.files.iter().map(|&index| files[index].1).sum::<u64>());
        format!("{}: {}", choice.label, names.join(" "))
    };
    choices(&files).unwrap().iter().map(words).collect()
}

fn refused(names: &str) -> Unusable {
    choices(&files(names)).unwrap_err()
}

#[test]
fn what_belongs_together() {
    for (names, expected) in [
        (
            "README.md config.json model.safetensors tokenizer.json vocab.txt pytorch_model.bin onnx/model.safetensors",
            "safetensors: config.json tokenizer.json model.safetensors",
        ),
        (
            "config.json vocab.txt tokenizer_config.json model.safetensors",
            "safetensors: config.json vocab.txt tokenizer_config.json model.safetensors",
        ),
        (
            "merges.txt vocab.json config.json x.safetensors",
            "safetensors: config.json vocab.json merges.txt x.safetensors",
        ),
        (
            "config.json source.spm target.spm vocab.json tokenizer_config.json model.safetensors",
            "safetensors: config.json vocab.json source.spm target.spm tokenizer_config.json model.safetensors",
        ),
        (
            "chat_template.json chat_template.jinja config.json tokenizer.json tokenizer_config.json model.safetensors",
            "safetensors: config.json tokenizer.json tokenizer_config.json chat_template.jinja model.safetensors",
        ),
        ("config.json spiece.model a.safetensors", "safetensors: config.json spiece.model a.safetensors"),
        (
            "added_tokens.json config.json tokenizer.model special_tokens_map.json model.safetensors",
            "safetensors: config.json tokenizer.model special_tokens_map.json added_tokens.json model.safetensors",
        ),
        (
            "config.json generation_config.json tokenizer.json tokenizer.model tokenizer_config.json model.safetensors",
            "safetensors: config.json tokenizer.json tokenizer_config.json generation_config.json model.safetensors",
        ),
        ("config.json labels.txt tiny.safetensors", "safetensors: config.json labels.txt tiny.safetensors"),
        (
            "config.json model-00002-of-00002.safetensors model-00001-of-00002.safetensors model.safetensors.index.json",
            "safetensors: config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors",
        ),
        ("some.gguf", "some: some.gguf"),
        ("adapter_config.json adapter_model.safetensors tokenizer.json", "adapter: adapter_config.json"),
        ("adapter_config.json adapter_model.bin", "adapter: adapter_config.json"),
        ("adapter_config.json adapters.safetensors 0000100_adapters.safetensors", "adapter: adapter_config.json"),
        ("SmolLM2-135M.Q4_1.gguf", "Q4_1: SmolLM2-135M.Q4_1.gguf"),
    ] {
        assert_eq!(found(names), [expected], "{names}");
    }
}

#[test]
fn quantisations_are_a_choice() {
    let names = "m-Q8_0.gguf m-Q4_K_M.gguf m-Q4_K_S.gguf mmproj-f16.gguf m-f16-00001-of-00002.gguf";
    assert_eq!(found(names), ["Q8_0: m-Q8_0.gguf", "Q4_K_M: m-Q4_K_M.gguf", "Q4_K_S: m-Q4_K_S.gguf"]);
    let both = found("config.json model.safetensors m-Q8_0.gguf");
    assert_eq!(both, ["safetensors: config.json model.safetensors", "Q8_0: m-Q8_0.gguf"]);
}

#[test]
fn what_is_missing_is_named() {
    for (names, expected) in [
        ("", "config.json with *.safetensors, or a *.gguf file (found: nothing)"),
        ("a.png b.txt", "(found: a.png, b.txt)"),
        ("model.safetensors", "config.json is missing: it says what the weights in model.safetensors are"),
        ("config.json tokenizer.json", "The weights are missing: a *.safetensors file belongs beside config.json"),
        (
            "config.json model-00001-of-00003.safetensors model-00003-of-00003.safetensors",
            "model-00002-of-00003.safetensors is missing: 2 of 3 parts are here",
        ),
        ("config.json model.safetensors.index.json", "The parts that model.safetensors.index.json names are missing"),
        ("config.json a.safetensors b.safetensors", "several safetensors files (a.safetensors, b.safetensors)"),
        ("m-00001-of-00002.gguf", "in parts"),
    ] {
        let refused = refused(names);
        assert!(refused.message.contains(expected) && refused.convert.is_none(), "{names}: {}", refused.message);
    }
    let note = |names: &str| choices(&files(names)).unwrap()[0].notes.join(" ");
    assert!(note("config.json model.safetensors vocab.json").contains("merges.txt is missing beside vocab.json"));
    let translator = note("config.json model.safetensors vocab.json source.spm");
    assert!(translator.contains("target.spm is missing beside vocab.json and source.spm"), "{translator}");
    assert!(note("config.json model.safetensors").contains("There is no tokenizer.json"));
    assert!(note("config.json model.safetensors labels.txt").contains("with the labels of labels.txt"));
    assert_eq!(note("config.json model.safetensors tokenizer.json"), "");
}

#[test]
fn python_weights_come_with_three_lines() {
    for name in ["pytorch_model.bin", "model.pt", "m.pth", "last.ckpt"] {
        let refused = refused(&format!("config.json {name} tokenizer.json"));
        assert!(refused.message.contains(name), "{}", refused.message);
        let lines = refused.convert.unwrap();
        assert!(lines[1].contains(&format!("torch.load(\"{name}\"")) && lines[2].contains("save_file"), "{lines:?}");
    }
    assert!(refused("training_args.bin").convert.is_none());
}

#[test]
fn odd_names_do_no_harm() {
    for names in
        [".gguf", "-of-.safetensors", "-1-of-2.safetensors", "a-0-of-0.gguf", "é-Q4.gguf è-Q5.gguf", "..gguf -.gguf"]
    {
        let _ = choices(&files(names));
    }
    assert_eq!(found("é-Q4.gguf è-Q5.gguf"), ["é-Q4: é-Q4.gguf", "è-Q5: è-Q5.gguf"]);
}

#[test]
fn listings_of_many_files_are_read_in_a_time_that_grows_with_them() {
    let began = std::time::Instant::now();
    let many: Vec<(String, u64)> = (0..60_000).map(|at| (format!("model-{at}.gguf"), 60_000 - at)).collect();
    let found = choices(&many).unwrap();
    assert_eq!((found.len(), found[0].label.as_str(), found[0].size), (MAX_GGUFS, "59999", 1));
    assert_eq!(found[0].notes, ["59800 larger GGUF files are not listed."]);
    let part = |stem: &str, part: usize| (format!("{stem}-{part:05}-of-09999.safetensors"), 1);
    let parts = (1..9_999).map(|at| part("model", at));
    let others = (0..60_000).map(|at| part(&format!("other{at}"), 1));
    let all: Vec<(String, u64)> = [("config.json".to_owned(), 1)].into_iter().chain(parts).chain(others).collect();
    let message = choices(&all).unwrap_err().message;
    assert!(message.contains("-09999-of-09999.safetensors is missing"), "{message}");
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
}
