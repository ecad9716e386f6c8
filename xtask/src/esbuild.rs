//! esbuild: joins modules into one script, and shortens scripts and style sheets.

use crate::process::run;
use crate::tools::Tools;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Joins the script `entry` and every module that it imports, and shortens them.
///
/// # Errors
/// When a module is missing or is not JavaScript.
pub fn bundle(tools: &Tools, entry: &Path, output: &Path, options: &[&str]) -> Result<()> {
    let mut command = Command::new(tools.esbuild());
    command.arg(entry).args(["--bundle", "--minify", "--log-level=warning"]);
    // wasm-bindgen names a module of imports once for each import from it.
    command.arg("--log-override:duplicate-object-key=silent").args(options);
    run(command.arg(format!("--outfile={}", output.display())))
}

/// Shortens a style sheet. `folder` takes a file meanwhile.
///
/// # Errors
/// When the style sheet is faulty.
pub fn minify_css(tools: &Tools, css: &str, folder: &Path) -> Result<String> {
    let (long, short) = (folder.join("style.long.css"), folder.join("style.css"));
    fs::write(&long, css).with_context(|| format!("cannot write {}", long.display()))?;
    let mut command = Command::new(tools.esbuild());
    run(command.arg(&long).args(["--minify", "--log-level=warning"]).arg(format!("--outfile={}", short.display())))?;
    fs::read_to_string(&short).with_context(|| format!("esbuild wrote no {}", short.display()))
}
