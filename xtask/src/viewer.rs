//! Makes viewer.html, the viewer of saved traces as one file: compiles its program, and puts everything inside, with one empty slot
//! for a trace.
//!
//! Not through trunk: the bindings it makes for the page's programs are modules, and those of a page on disk must be a plain script.

use crate::dist::Mode;
use crate::own_std::Program;
use crate::pages::{read, sheets, write};
use crate::paths;
use crate::process::{cargo, run, say};
use crate::tools::{Tools, WASM_TARGET};
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = include_str!("../viewer/viewer.html");
const BOOT: &str = include_str!("../viewer/boot.js");

/// What wasm-bindgen asks a script for its own address with: a script inside a page has none, and needs none.
const OWN_ADDRESS: &str = "new URL(document.currentScript.src, location.href).toString()";

/// The worker's script, as the page names it.
const WORKER: &[u8] = b"worker_boot.js";

/// Puts viewer.html into `dist`. Call when the pages there are finished: its style is theirs.
pub fn build(tools: &Tools, mode: Mode, dist: &Path, id: &str) -> Result<()> {
    let folder = compile(tools, mode)?;
    let bindings = fs::read_to_string(folder.join("viewer.js")).context("wasm-bindgen made no viewer.js")?;
    if !bindings.contains(OWN_ADDRESS) {
        bail!("viewer.js does not ask for its own address as it did: look at OWN_ADDRESS in xtask/src/viewer.rs");
    }
    let bindings = bindings.replace(OWN_ADDRESS, "\"\"");
    let style = sheets(dist)?.iter().map(|sheet| read(dist, sheet)).collect::<Result<String>>()?;
    for (name, text) in [("viewer.js", bindings.as_str()), ("the style", &style), ("boot.js", BOOT)] {
        if ["</script", "</style", "<!--", "\r"].iter().any(|end| text.contains(end)) {
            bail!("{name} has a text that would end it early inside a page");
        }
    }
    let program = fs::read(folder.join("viewer_bg.wasm")).context("wasm-bindgen made no viewer_bg.wasm")?;
    // What starts workers is not linked where nothing starts one.
    if program.windows(WORKER.len()).any(|part| part == WORKER) {
        bail!("the viewer's program knows of a worker: something in it starts one");
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&program)?;
    // It may run what is in it, by hash, and ask for nothing.
    let policy = format!(
        "default-src 'none'; script-src {} {} 'wasm-unsafe-eval'; style-src {}; img-src data: blob:; base-uri 'none'; \
         form-action 'none'",
        hash_source(&bindings),
        hash_source(BOOT),
        hash_source(&style)
    );
    let page = PAGE
        .replace("__BUILD__", id)
        .replace("__POLICY__", &policy)
        .replace("__STYLE__", &style)
        .replace("__BOOT__", BOOT)
        .replace("__PROGRAM__", &BASE64.encode(packed.finish()?))
        .replace("__BINDINGS__", &bindings);
    // Whoever fills the slot looks for these words.
    if page.matches("__TRACE__").count() != 1 {
        bail!("viewer.html must hold __TRACE__ once");
    }
    write(dist, "viewer.html", &page)
}

/// Compiles the program and its bindings, a plain script; returns the folder they are in.
fn compile(tools: &Tools, mode: Mode) -> Result<PathBuf> {
    let program = match mode {
        Mode::Release => small()?,
        Mode::Fast => of_the_page(mode)?,
    };
    let folder = program.with_file_name("viewer-bindings");
    run(Command::new(tools.wasm_bindgen())
        .args(["--target", "no-modules", "--no-typescript", "--out-name", "viewer", "--out-dir"])
        .arg(&folder)
        .arg(program))?;
    if mode == Mode::Release {
        let wasm = folder.join("viewer_bg.wasm");
        run(Command::new("wasm-opt").env("PATH", tools.path()?).arg("-Oz").arg("-o").arg(&wasm).arg(&wasm))?;
    }
    Ok(folder)
}

/// What ships: made for size, with its standard library, and without the words that a panic would say.
fn small() -> Result<PathBuf> {
    say("compiling the viewer of saved traces");
    let flags =
        ["-Ctarget-feature=+simd128", "--cfg=erase_components", "-Zunstable-options", "-Cpanic=immediate-abort"];
    let program = Program {
        bin: "viewer",
        feature: "views",
        profile: "wasm-viewer",
        std_features: Some("optimize_for_size"),
        flags: &flags.map(str::to_owned),
        mode: Mode::Release,
    };
    program.build().context("the viewer could not be compiled")
}

/// With what was compiled for the page: quicker, and larger.
fn of_the_page(mode: Mode) -> Result<PathBuf> {
    let profile = "wasm-page";
    run(cargo()?
        .args(["build", "--locked", "--target", WASM_TARGET, "--profile", profile, "--bin", "viewer"])
        .args(["--no-default-features", "--features", "page"])
        .envs(mode.cargo_settings()))?;
    Ok(paths::target()?.join(WASM_TARGET).join(profile).join("viewer.wasm"))
}

/// As a Content-Security-Policy names a text.
fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::hash_source;

    #[test]
    fn a_text_is_named_as_browsers_name_it() {
        // The example of the Content Security Policy's own documentation.
        assert_eq!(hash_source("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }
}
