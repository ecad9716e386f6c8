//! Writes the build id and the list of files into the service worker.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// Placeholder for the list of files in sw.js.
const LIST: &str = "[\"__SHELL__\"]";

/// Writes the build id and the names of all files but models into sw.js. Call when all files are there.
pub fn list_files(dist: &Path, id: &str) -> Result<()> {
    let mut names = Vec::new();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry?;
        let name = entry.path().strip_prefix(dist)?.to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && is_kept(&name) {
            names.push(format!("\"{name}\""));
        }
    }
    let path = dist.join("sw.js");
    let script = fs::read_to_string(&path).context("dist/ has no sw.js")?;
    if !script.contains(LIST) {
        bail!("sw.js has no {LIST} to replace by the list of files");
    }
    let script = script.replace(LIST, &format!("[{}]", names.join(", "))).replace("__BUILD__", id);
    fs::write(&path, script).context("cannot write dist/sw.js")
}

/// Models are kept by the worker. sw.js and build.json must never come from a cache.
fn is_kept(name: &str) -> bool {
    let is_model = name.starts_with("models/") && name != "models/index.json";
    !is_model && !["sw.js", "build.json"].contains(&name) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::is_kept;

    #[test]
    fn models_and_files_that_must_be_fresh_are_not_listed() {
        for name in ["index.html", "models/index.json", "style/page.css"] {
            assert!(is_kept(name), "{name}");
        }
        for name in ["models/a/model.safetensors", "sw.js", "build.json", ".stage/x"] {
            assert!(!is_kept(name), "{name}");
        }
    }
}
