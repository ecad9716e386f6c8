//! Checkpoints: headers, GGUF files, and configurations that are loaded and run.

use std::sync::Arc;

use headlight::analysis::AttentionSource;
use headlight::engine::files::Parsed;
use headlight::engine::{Captures, CompiledEdits, EngineError, Loader, Model, Run};

use super::{fixture, root};

/// The header of a checkpoint.
pub fn safetensors(data: &[u8]) {
    match headlight::engine::files::safetensors::parse_header("m.safetensors", data.len() as u64, data) {
        Ok(Parsed::Complete(_)) => {}
        Ok(Parsed::Needs(n_bytes)) => assert!(n_bytes as usize > data.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub fn safetensors_seeds() -> Vec<Vec<u8>> {
    ["attn_only", "gpt2"].map(|name| head_of(&fixture(&format!("golden/{name}/model.safetensors")))).into()
}

/// The header of a file alone, without the data of its tensors: short, and nearly valid.
fn head_of(file: &[u8]) -> Vec<u8> {
    let len = file.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight)) as usize;
    file[..(8 + len).min(file.len())].to_vec()
}

/// A GGUF file: loaded, its tokenizer used, and run.
pub fn gguf(data: &[u8]) {
    if headlight::engine::files::gguf::parse_header("m.gguf", data.len() as u64, data).is_ok() {
        loaded(&[("m.gguf", data)]);
    }
}

/// A configuration over the weights of the small checkpoint of the family that it names.
pub fn config(data: &[u8]) {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(data) else {
        return loaded(&[("config.json", data), ("model.safetensors", &fixture("golden/llama/model.safetensors"))]);
    };
    let family = json.get("model_type").and_then(serde_json::Value::as_str).unwrap_or("llama");
    let is_plain = family.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let folder = root().join("tests/fixtures/golden").join(family);
    let name = if is_plain && folder.join("model.safetensors").exists() { family } else { "llama" };
    let weights = fixture(&format!("golden/{name}/model.safetensors"));
    loaded(&[("config.json", data), ("model.safetensors", &weights)]);
}

pub fn config_seeds() -> Vec<Vec<u8>> {
    let folders =
        std::fs::read_dir(root().join("tests/fixtures/golden")).map(|entries| entries.flatten().collect::<Vec<_>>());
    let mut names: Vec<String> =
        folders.unwrap_or_default().iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let config =
        |name: &String| std::fs::read(root().join("tests/fixtures/golden").join(name).join("config.json")).ok();
    names.iter().filter_map(config).collect()
}

/// Loads a checkpoint and, where it is one, runs a few tokens through it and looks at a pattern.
fn loaded(files: &[(&str, &[u8])]) {
    let model = match load(files) {
        Ok(model) => model,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if let Ok(tokens) = model.encode("the cats", None) {
        assert_eq!(tokens.ids.len(), tokens.tokens.len());
    }
    if let Err(error) = run(&model) {
        assert!(!error.to_string().is_empty());
    }
}

fn load(files: &[(&str, &[u8])]) -> Result<Arc<Model>, EngineError> {
    let mut loader = Loader::new(files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.len() as u64)).collect())?;
    while let Some(want) = loader.wants() {
        let bytes = files[want.file].1;
        let start = (want.offset as usize).min(bytes.len());
        let end = (want.offset.saturating_add(want.len)).min(bytes.len() as u64) as usize;
        loader.supply(&bytes[start..end])?;
    }
    loader.finish().map(Arc::new)
}

fn run(model: &Arc<Model>) -> Result<(), EngineError> {
    let tokens = model.tokens_from_ids(&[1, 0, 2])?;
    let run = match model.encoder() {
        None => Run::new(Arc::clone(model), tokens, CompiledEdits::none(), Captures::none()),
        Some(encoder) => {
            let mut source = Run::new(Arc::clone(encoder), tokens, CompiledEdits::none(), Captures::none())?;
            source.complete()?;
            Run::decode(Arc::clone(model), Arc::new(source), model.start()?, CompiledEdits::none(), Captures::none())
        }
    };
    let mut run = run?;
    run.complete()?;
    let (sizes, n_tokens) = (run.sizes(), run.tokens().len());
    let pattern = run.attention(sizes.n_layers - 1)?.pattern(sizes.n_heads - 1)?;
    assert!(pattern.iter().all(|weight| weight.is_finite()), "{pattern:?}");
    let _ = run.logits(n_tokens - 1..n_tokens)?;
    Ok(())
}

/// A small model for targets that need one.
pub fn small() -> Arc<Model> {
    static SMALL: std::sync::OnceLock<Arc<Model>> = std::sync::OnceLock::new();
    let load = || {
        let file = |name: &str| fixture(&format!("golden/llama/{name}"));
        let files = ["config.json", "tokenizer.json", "model.safetensors"].map(|name| (name, file(name)));
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        load(&files).unwrap_or_else(|error| panic!("{error}"))
    };
    Arc::clone(SMALL.get_or_init(load))
}
