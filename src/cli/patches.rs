//! Edits bound to an input, with what their patches take from trace files and other texts.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;

use super::CliError;
use crate::edit::{Edit, PatchFrom};
use crate::engine::{Captures, CompiledEdits, EngineError, Model, PatchValues, Run, patches};
use crate::trace::file::{Parsed, parse_header};
use crate::trace::{Hook, Lengths, Stack, StackHook};

/// Binds edits. `edits_file`: where they were read from; names of trace files are relative to its folder.
pub(super) fn bind(
    model: &Arc<Model>,
    edits: &[Edit],
    stack: Option<Stack>,
    lengths: Lengths,
    edits_file: Option<&Path>,
) -> Result<CompiledEdits, CliError> {
    let mut values = PatchValues::default();
    for (from, hooks) in patches(edits, model.spec(), stack, lengths) {
        match &from {
            PatchFrom::Trace(name) => {
                let path = beside(edits_file, name);
                let found = read(&path, stack, &hooks)?;
                hooks.iter().zip(found).for_each(|(hook, found)| values.insert(&from, *hook, found));
            }
            PatchFrom::Text(..) | PatchFrom::Ids(_) => {
                let run = other_run(model, &from, stack, &hooks)?;
                for hook in hooks {
                    values.insert(&from, hook, run.activation(hook)?);
                }
            }
        }
    }
    Ok(CompiledEdits::bind_strictly(edits, model.spec(), stack, lengths, &values).map_err(EngineError::from)?)
}

/// A run of the same model on another input, without edits.
fn other_run(model: &Arc<Model>, from: &PatchFrom, stack: Option<Stack>, hooks: &[Hook]) -> Result<Run, CliError> {
    let reader = match stack {
        None => model,
        Some(Stack::Encoder) => model.encoder().unwrap_or(model),
        Some(Stack::Decoder) => {
            let message = format!("patch: {from} says nothing about what a decoder reads: name a trace file instead");
            return Err(EngineError::Request(message).into());
        }
    };
    let tokens = match from {
        PatchFrom::Ids(ids) => reader.tokens_from_ids(ids)?,
        PatchFrom::Text(text, pair) => model.encode(text, pair.as_deref())?,
        PatchFrom::Trace(name) => return Err(EngineError::Request(format!("{name} is a file")).into()),
    };
    let captures = Captures::of(hooks.iter().copied().filter(|hook| Run::must_capture(*hook)));
    let mut run = Run::new(Arc::clone(reader), tokens, CompiledEdits::none(), captures)?;
    run.complete()?;
    Ok(run)
}

fn beside(edits_file: Option<&Path>, name: &str) -> PathBuf {
    let folder = edits_file.and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join(name)
}

/// The values of some hooks of a trace file.
fn read(path: &Path, stack: Option<Stack>, hooks: &[Hook]) -> Result<Vec<Vec<f32>>, CliError> {
    let about = |error: std::io::Error| CliError::File { path: path.to_owned(), error };
    let file = File::open(path).map_err(about)?;
    // SAFETY: the map is only read, and read once, below. A file that another process cuts meanwhile ends this one.
    let map = unsafe { Mmap::map(&file) }.map_err(about)?;
    let name = path.display().to_string();
    let trace = match parse_header(&name, map.len() as u64, &map)? {
        Parsed::Complete(trace) => trace,
        Parsed::Needs(_) => return Err(about(std::io::ErrorKind::UnexpectedEof.into())),
    };
    let values = |hook: &Hook| {
        let tensor = StackHook { stack, hook: *hook }.to_string();
        let n_rows = trace.tensors.get(&tensor).and_then(|found| found.shape.first()).copied().unwrap_or(0);
        let bytes = trace.bytes_of(&tensor, 0..n_rows)?;
        let at = |byte: u64| usize::try_from(byte).map_or(map.len(), |byte| byte.min(map.len()));
        Ok(trace.decode(&tensor, &map[at(bytes.start)..at(bytes.end)])?)
    };
    hooks.iter().map(values).collect()
}
