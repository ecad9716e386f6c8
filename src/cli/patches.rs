//! What patches take from trace files.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::CliError;
use crate::edit::{Edit, EditKind, PatchFrom};
use crate::engine::{Model, PatchValues, patches};
use crate::trace::file::{Parsed, parse_header};
use crate::trace::{Hook, Lengths, Stack, StackHook};

/// Reads what the patches of one stack take from trace files. `edits_file` is where the edits stand: names of trace files are
/// relative to its folder.
pub(super) fn read_values(
    model: &Model,
    edits: &[Edit],
    stack: Option<Stack>,
    edits_file: Option<&Path>,
) -> Result<PatchValues, CliError> {
    let mut values = PatchValues::default();
    for (from, hooks) in patches(edits, model.spec(), stack, Lengths::default()) {
        if let PatchFrom::Trace(name) = &from {
            let found = read(&beside(edits_file, name), stack, &hooks)?;
            hooks.iter().zip(found).for_each(|(hook, found)| values.insert(&from, *hook, found));
        }
    }
    Ok(values)
}

/// The trace files that patches name.
pub(super) fn trace_files(edits: &[Edit], edits_file: Option<&Path>) -> Vec<PathBuf> {
    let named = edits.iter().filter_map(|edit| match &edit.kind {
        EditKind::Patch { from: PatchFrom::Trace(name), .. } => Some(beside(edits_file, name)),
        _ => None,
    });
    named.collect()
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
