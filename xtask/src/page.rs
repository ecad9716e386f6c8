//! Builds the page's program. What ships is in parts: a program that shows the page, and parts that it fetches afterwards (see
//! `src/ui/parts`).
//!
//! The linker keeps what refers to what (`--emit-relocs`); `bindgen split` then takes each part out of the linked program, by what
//! is reached from the functions that are marked for it. esbuild joins the bindings and the loader of parts, which import each
//! other, into one module: everything that it asks for then has the build id of its own address.

use crate::dist::Mode;
use crate::process::run;
use crate::program::{Program, bind, optimise};
use crate::tools::Tools;
use crate::{esbuild, paths};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "app";

/// Beginnings of the names of the files of single parts, and of those that several parts share.
const PART: &str = "split_";
const SHARED: &str = "chunk_";

const OPTIMISE: [&str; 3] = ["-O2", "--shrink-level", "1"];

/// Compiles the page.
pub fn compile(mode: Mode) -> Result<PathBuf> {
    let (feature, link_args): (_, &[&str]) = match mode {
        Mode::Release => ("split", &["--emit-relocs"]),
        Mode::Fast => ("page", &[]),
    };
    Program { bin: NAME, feature, profile: "wasm-page", link_args }.compile(mode)
}

/// Optimises the programs of the page in `folder`, which changes nothing that they do.
pub fn finish(tools: &Tools, mode: Mode, folder: &Path) -> Result<()> {
    if mode == Mode::Fast {
        return Ok(());
    }
    for name in part_files(folder)?.into_iter().chain([format!("{NAME}_bg.wasm")]) {
        optimise(tools, &folder.join(name), &OPTIMISE)?;
    }
    Ok(())
}

/// Puts the compiled page into `folder`, before the HTML files there are finished.
pub fn place(tools: &Tools, mode: Mode, program: &Path, folder: &Path) -> Result<()> {
    match mode {
        Mode::Release => place_parts(tools, program, folder),
        Mode::Fast => bind(tools, program, NAME, folder, &[]),
    }
}

/// The files of some parts in `folder`, for a page that fetches them from the start.
pub fn files_of(folder: &Path, parts: &[&str]) -> Result<Vec<String>> {
    let is_wanted = |name: &str| {
        let part = name.strip_prefix(PART).and_then(|name| name.strip_suffix(".wasm"));
        part.is_some_and(|part| parts.contains(&part)) || name.starts_with(SHARED)
    };
    Ok(part_files(folder)?.into_iter().filter(|name| is_wanted(name)).collect())
}

fn part_files(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wasm") && (name.starts_with(PART) || name.starts_with(SHARED)) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn place_parts(tools: &Tools, program: &Path, folder: &Path) -> Result<()> {
    let split = program.with_file_name(format!("{NAME}-parts"));
    paths::remove_folder(&split)?;
    run(Command::new(&tools.bindgen).arg("split").arg(program).arg(&split).arg(NAME))?;
    let parts = part_files(&split)?;
    if parts.is_empty() {
        bail!("the page has no parts: `bindgen split` found no function that is marked for one");
    }
    for name in &parts {
        copy(&split.join(name), &folder.join(name))?;
    }
    bind(tools, &split.join(format!("{NAME}.wasm")), NAME, &split, &["--keep-exports"])?;
    let wasm = format!("{NAME}_bg.wasm");
    copy(&split.join(&wasm), &folder.join(&wasm))?;
    let script = format!("{NAME}.js");
    let fetch = paths::root()?.join("xtask/page/fetch_part.js");
    let inject = format!("--inject:{}", fetch.display());
    esbuild::bundle(tools, &split.join(&script), &folder.join(&script), &["--format=esm", &inject])
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(())
}
