//! The Python package's figures in JupyterLab, Notebook 7 and marimo, in Chromium.

use crate::dist::Mode;
use crate::e2e;
use crate::python::Extra;
use crate::report::Count;
use anyhow::Result;
use std::path::Path;

/// The notebooks.
pub const NOTEBOOKS: Extra = Extra {
    name: "jupyter",
    contents: "JupyterLab, Notebook 7 and marimo",
    requirements: include_str!("../../tests/python/jupyter.txt"),
    modules: "jupyterlab, notebook, marimo, anywidget",
    variable: "HEADLIGHT_JUPYTER",
};

const TEST: &str = "tests/jupyter/notebooks.test.mjs";

/// Opens notebooks with the package in `installed`.
pub fn test(program: &Path, installed: &Path) -> Result<Count> {
    e2e::run_with(Mode::Release, |node| {
        node.env(NOTEBOOKS.variable, program).env("PYTHONPATH", installed).arg(TEST);
        Ok(())
    })
}
