//! Python for the tests of traces. Pinned packages (numpy, safetensors, and Jupyter's nbconvert) go into a folder of their own; the
//! system's Python is used as it is and nothing is installed into it.

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
        let _lock = paths::lock("python")?;
        let program = find_program(&["python3", "python"]).context("python3 is missing: tests of traces need it")?;
        let hash = Sha256::digest(REQUIREMENTS);
        let id: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let packages = paths::tools()?.join(format!("python-{id}"));
        if !packages.is_dir() {
            say("installing numpy, safetensors and nbconvert for the tests of traces");
            let fresh = packages.with_extension("new");
            paths::remove_folder(&fresh)?;
            run(Command::new(&program)
                .args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-cache-dir", "--target"])
                .arg(&fresh)
                .arg("--requirement")
                .arg(paths::root()?.join("tests/python/requirements.txt")))
            .context("could not install numpy, safetensors and nbconvert: it needs pip and the Python package index")?;
            // Renamed when complete, so that an interrupted installation is not taken for a whole one.
            std::fs::rename(&fresh, &packages).with_context(|| format!("cannot rename {}", fresh.display()))?;
        }
        Ok(Self { program, packages })
    }

    /// Tells a test where the interpreter is.
    pub fn tell(&self, command: &mut Command) {
        command.env("HEADLIGHT_PYTHON", &self.program).env("PYTHONPATH", &self.packages);
    }
}
