//! One hash over everything that dist/ is made from: tells whether it is up to date and is the build id that the page
//! hands to its worker. Reads files only.

use crate::dist::Mode;
use crate::models::hex;
use crate::{paths, tools};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// Files and folders, relative to the root, whose content decides what dist/ becomes.
const INPUTS: [&str; 8] =
    ["src", "style", "public", "index.html", "Trunk.toml", "Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

/// Sixteen hexadecimal digits.
pub fn current(mode: Mode) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(tools::versions()?);
    hasher.update(include_str!("compact.rs"));
    hasher.update(include_str!("dist.rs"));
    hasher.update(include_str!("offline.rs"));
    hasher.update(include_str!("page.rs"));
    hasher.update(include_str!("../page/started.js"));
    hasher.update(include_str!("pages.rs"));
    hasher.update(include_str!("program.rs"));
    hasher.update(include_str!("threads.rs"));
    hasher.update(include_str!("viewer.rs"));
    hasher.update(include_str!("../viewer/viewer.html"));
    hasher.update(include_str!("../viewer/boot.js"));
    hasher.update(mode.name());
    hasher.update(include_str!("example.rs"));
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
            // Lengths keep a text that moves from one file to the next from hashing the same.
            hasher.update(format!("\0{name}\0{}\0", content.len()));
            hasher.update(&content);
        }
    }
    Ok(())
}
