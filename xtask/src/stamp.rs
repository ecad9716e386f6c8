//! The build id: one hash over everything that dist/ is made from. It says whether dist/ is up to date, and the page hands it to
//! its worker. Reads files only.

use crate::dist::Mode;
use crate::models::hex;
use crate::{paths, tools};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// Files and folders, relative to the root, that dist/ is made from.
const INPUTS: [&str; 18] = [
    "src",
    "style",
    "public",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "xtask/bindgen",
    "xtask/page",
    "xtask/viewer",
    "xtask/src/dist.rs",
    "xtask/src/esbuild.rs",
    "xtask/src/example.rs",
    "xtask/src/offline.rs",
    "xtask/src/page.rs",
    "xtask/src/pages.rs",
    "xtask/src/program.rs",
    "xtask/src/viewer.rs",
    "xtask/src/worker.rs",
];

/// Sixteen hexadecimal digits.
pub fn current(mode: Mode) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(tools::versions()?);
    hasher.update(mode.name());
    add_files(&mut hasher, &paths::root()?, &INPUTS)?;
    let mut id = hex(&hasher.finalize());
    id.truncate(16);
    Ok(id)
}

/// Adds names and contents of files and folders.
pub fn add_files(hasher: &mut Sha256, root: &Path, inputs: &[&str]) -> Result<()> {
    for input in inputs {
        let start = root.join(input);
        if !start.exists() {
            continue;
        }
        for entry in WalkDir::new(&start).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot list {}", start.display()))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path();
            let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
            // With lengths, moving text from one file to the next changes the hash.
            hasher.update(format!("\0{name}\0{}\0", content.len()));
            hasher.update(&content);
        }
    }
    Ok(())
}
