//! The Python package's figures in JupyterLab, Notebook 7 and marimo, in Chromium.

use crate::dist::Mode;
use crate::process::{capture, warn};
use crate::python::{environment, has_environment};
use crate::report::Count;
use crate::{e2e, paths};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "jupyter";
const NOTEBOOKS: &str = include_str!("../../tests/python/jupyter.txt");
const TEST: &str = "tests/jupyter/notebooks.test.mjs";

/// An interpreter that has what `NOTEBOOKS` names, in place of an environment made for the tests.
const PYTHON: &str = "HEADLIGHT_JUPYTER";

/// Whether nothing has to be installed.
pub fn are_installed() -> bool {
    paths::env_path(PYTHON).is_some() || has_environment(NAME, NOTEBOOKS).unwrap_or_default()
}

/// An interpreter with the notebooks; `None`, with a word, where they cannot be installed.
pub fn ensure() -> Option<PathBuf> {
    let found =
        paths::env_path(PYTHON).map_or_else(|| environment(NAME, "JupyterLab, Notebook 7 and marimo", NOTEBOOKS), Ok);
    found
        .and_then(|program| {
            capture(Command::new(&program).args(["-c", "import jupyterlab, notebook, marimo, anywidget"]))?;
            Ok(program)
        })
        .inspect_err(|error| warn(&format!("the tests with JupyterLab and marimo are skipped: {error:#}")))
        .ok()
}

/// Opens notebooks with the package in `installed`.
pub fn test(program: &Path, installed: &Path) -> Result<Count> {
    e2e::run_with(Mode::Release, |node| {
        node.env(PYTHON, program).env("PYTHONPATH", installed).arg(TEST);
        Ok(())
    })
}
