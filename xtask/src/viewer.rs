//! Builds viewer.html, the viewer of saved traces as one file: program, script and style inside, and one empty slot for a trace.
//!
//! The program is packed with gzip, which every browser unpacks. Its bindings and boot.js are joined into one plain script, since
//! a page on disk may load no module.

use crate::dist::Mode;
use crate::pages::{read, sheets, write};
use crate::program::{Program, bind, optimise};
use crate::tools::Tools;
use crate::{esbuild, paths};
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const NAME: &str = "viewer";
const PAGE: &str = include_str!("../viewer/viewer.html");
const BOOT: &str = include_str!("../viewer/boot.js");

/// The worker's script, as the page names it.
const WORKER: &[u8] = b"worker_boot.js";

/// The style sheets of what the viewer leaves out: models, texts to run, edits, frames in other pages.
const ABOUT_MODELS: [&str; 7] =
    ["more_models.css", "device.css", "embed.css", "edits.css", "edit_menu.css", "outcome.css", "input.css"];

const OPTIMISE: [&str; 3] = ["-O2", "--shrink-level", "1"];

/// Compiles the viewer. Without the page's feature, whose views start workers.
pub fn compile(mode: Mode) -> Result<PathBuf> {
    Program { bin: NAME, feature: "views", profile: "wasm-page", link_args: &[] }.compile(mode)
}

/// Puts viewer.html into `folder`, where the pages are finished: their style is the viewer's.
pub fn place(tools: &Tools, mode: Mode, program: &Path, folder: &Path, id: &str) -> Result<()> {
    let parts = program.with_file_name(format!("{NAME}-parts"));
    paths::remove_folder(&parts)?;
    bind(tools, program, NAME, &parts, &[])?;
    let wasm = parts.join(format!("{NAME}_bg.wasm"));
    if mode == Mode::Release {
        optimise(tools, &wasm, &OPTIMISE)?;
    }
    let program = fs::read(&wasm).with_context(|| format!("bindgen wrote no {}", wasm.display()))?;
    if program.windows(WORKER.len()).any(|part| part == WORKER) {
        bail!("the viewer's program names {}: something in it starts a worker", String::from_utf8_lossy(WORKER));
    }
    write(&parts, "boot.js", BOOT)?;
    esbuild::bundle(tools, &parts.join("boot.js"), &parts.join("script.js"), &["--format=iife"])?;
    let script = read(&parts, "script.js")?;
    let is_used = |sheet: &String| !ABOUT_MODELS.iter().any(|name| sheet.ends_with(name));
    let style =
        sheets(folder)?.into_iter().filter(is_used).map(|sheet| read(folder, &sheet)).collect::<Result<String>>()?;
    let style = esbuild::minify_css(tools, &style, &parts)?;
    for (name, text) in [("the script", &script), ("the style", &style)] {
        if ["</script", "</style", "<!--", "\r"].iter().any(|end| text.contains(end)) {
            bail!("{name} of viewer.html has a text that ends it early inside a page");
        }
    }
    // Only what is inside may run, named by its hash, and nothing may be asked for.
    let policy = format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src {}; img-src data: blob:; base-uri 'none'; \
         form-action 'none'",
        hash_source(&script),
        hash_source(&style)
    );
    let page = PAGE
        .replace("__BUILD__", id)
        .replace("__POLICY__", &policy)
        .replace("__STYLE__", &style)
        .replace("__PROGRAM__", &BASE64.encode(gzipped(&program)?))
        .replace("__SCRIPT__", &script);
    // Whoever saves a page looks for these words.
    if page.matches("__TRACE__").count() != 1 {
        bail!("viewer.html must hold __TRACE__ once");
    }
    write(folder, "viewer.html", &page)
}

fn gzipped(program: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(program)?;
    Ok(packed.finish()?)
}

/// As a Content-Security-Policy names a text.
fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::hash_source;

    #[test]
    fn policy_names_a_text_by_its_hash() {
        // The example of the Content Security Policy's own documentation.
        assert_eq!(hash_source("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }
}
