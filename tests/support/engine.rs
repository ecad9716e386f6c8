//! Loading checkpoints from a folder or from bytes, and running them to the end.

use std::path::Path;
use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, EngineError, Loader, Model, Run};
use headlight::trace::Tokens;

use super::{golden, golden_cases, read};

/// A checkpoint in memory: names and contents of its files.
pub type Files = Vec<(String, Vec<u8>)>;

/// The files of a folder that a loader may want.
pub fn files_of(folder: &Path, names: &[&str]) -> Files {
    names.iter().map(|name| ((*name).to_owned(), read(&folder.join(name)))).collect()
}

/// The files of a small checkpoint.
pub fn golden_files(architecture: &str) -> Files {
    files_of(&golden(architecture), &["config.json", "tokenizer.json", "model.safetensors"])
}

/// Loads what is in memory.
pub fn load(files: &Files) -> Result<Arc<Model>, EngineError> {
    let mut loader = Loader::new(files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect())?;
    while let Some(want) = loader.wants() {
        let bytes = &files[want.file].1;
        let start = (want.offset as usize).min(bytes.len());
        let end = (want.offset + want.len).min(bytes.len() as u64) as usize;
        loader.supply(&bytes[start..end])?;
    }
    loader.finish().map(Arc::new)
}

/// A small checkpoint.
pub fn load_golden(architecture: &str) -> Arc<Model> {
    load(&golden_files(architecture)).unwrap_or_else(|error| panic!("{architecture}: {error}"))
}

/// A run that is done.
pub fn finished(model: &Arc<Model>, tokens: Tokens, edits: CompiledEdits, captures: Captures) -> Run {
    let mut run = Run::new(Arc::clone(model), tokens, edits, captures).unwrap();
    run.complete().unwrap();
    run
}

/// A run of the first case of a small checkpoint, without edits.
pub fn golden_run(architecture: &str) -> Run {
    let model = load_golden(architecture);
    let case = &golden_cases(architecture)[0];
    let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
    finished(&model, tokens, CompiledEdits::none(), Captures::none())
}
