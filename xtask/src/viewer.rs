//! Makes viewer.html, the viewer of saved traces as one file: compiles its program, and puts everything inside, with one empty slot
//! for a trace.
//!
//! The program is packed with LZMA, and beside it is another, small one that unpacks it: whoever saves a page saves both.
//! Not through trunk: the bindings it makes for the page's programs are modules, and those of a page on disk must be a plain script.

use crate::compact;
use crate::dist::Mode;
use crate::pages::{read, sheets, write};
use crate::process::{run, say};
use crate::program::{FLAGS, Program, compile};
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{EncodeMode, LzmaOptions, LzmaWriter, MfType};
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

/// The style sheets of what the viewer leaves out: models, texts to run, edits, frames in other pages.
const ABOUT_MODELS: [&str; 7] =
    ["more_models.css", "device.css", "embed.css", "edits.css", "edit_menu.css", "outcome.css", "input.css"];

/// The page's.
const PROFILE: &str = "wasm-page";

/// The programs inside, each the only one that its feature is for.
const VIEWER: Part = Part { bin: "viewer", feature: "views" };
const UNPACK: Part = Part { bin: "unpack", feature: "unpack" };

/// Puts viewer.html into `dist`. Call when the pages there are finished: its style is theirs.
pub fn build(tools: &Tools, mode: Mode, dist: &Path, id: &str) -> Result<()> {
    say("compiling the viewer of saved traces");
    let (viewer, unpack) = (VIEWER.compile(tools, mode)?, UNPACK.compile(tools, mode)?);
    // What starts workers is not linked where nothing starts one.
    if viewer.program.windows(WORKER.len()).any(|part| part == WORKER) {
        bail!("the viewer's program knows of a worker: something in it starts one");
    }
    let is_used = |sheet: &String| !ABOUT_MODELS.iter().any(|name| sheet.ends_with(name));
    let sheets = sheets(dist)?.into_iter().filter(is_used);
    let style = sheets.map(|sheet| read(dist, &sheet)).collect::<Result<String>>()?;
    let bindings = compact::text(tools, "js", &[viewer.bindings, unpack.bindings].join("\n"))?;
    let (style, boot) = (compact::text(tools, "css", &style)?, compact::text(tools, "js", BOOT)?);
    for (name, text) in [("a binding", &bindings), ("the style", &style), ("boot.js", &boot)] {
        if ["</script", "</style", "<!--", "\r"].iter().any(|end| text.contains(end)) {
            bail!("{name} has a text that would end it early inside a page");
        }
    }
    // It may run what is in it, by hash, and ask for nothing.
    let policy = format!(
        "default-src 'none'; script-src {} {} 'wasm-unsafe-eval'; style-src {}; img-src data: blob:; base-uri 'none'; \
         form-action 'none'",
        hash_source(&bindings),
        hash_source(&boot),
        hash_source(&style)
    );
    let page = PAGE
        .replace("__BUILD__", id)
        .replace("__POLICY__", &policy)
        .replace("__STYLE__", &style)
        .replace("__BOOT__", &boot)
        .replace("__UNPACK__", &BASE64.encode(gzipped(&unpack.program)?))
        .replace("__PROGRAM__", &BASE64.encode(packed(&viewer.program)?))
        .replace("__BINDINGS__", &bindings);
    // Whoever fills the slot looks for these words.
    if page.matches("__TRACE__").count() != 1 {
        bail!("viewer.html must hold __TRACE__ once");
    }
    write(dist, "viewer.html", &page)
}

/// A program inside the page.
struct Part {
    bin: &'static str,
    feature: &'static str,
}

/// What was compiled of it.
struct Compiled {
    program: Vec<u8>,
    /// A plain script that makes `wasm_bindgen_` with the program's name.
    bindings: String,
}

impl Part {
    /// Compiles it and its bindings.
    fn compile(&self, tools: &Tools, mode: Mode) -> Result<Compiled> {
        let program = match mode {
            Mode::Release => self.small(),
            // Without the page's feature: with it, the table of later views has those that start workers.
            Mode::Fast => compile(self.bin, self.feature, PROFILE, mode),
        };
        let program = program.with_context(|| format!("{} could not be compiled", self.bin))?;
        let folder = program.with_file_name(format!("{}-bindings", self.bin));
        run(Command::new(tools.wasm_bindgen())
            .args(["--target", "no-modules", "--no-typescript", "--out-name", self.bin, "--no-modules-global"])
            .arg(format!("wasm_bindgen_{}", self.bin))
            .arg("--out-dir")
            .arg(&folder)
            .arg(program))?;
        let made = |file: &Path| format!("wasm-bindgen made no {}", file.display());
        let (script, wasm) = (folder.join(format!("{}.js", self.bin)), folder.join(format!("{}_bg.wasm", self.bin)));
        let mut bindings = fs::read_to_string(&script).with_context(|| made(&script))?;
        if !bindings.contains(OWN_ADDRESS) {
            bail!("{} does not ask for its own address as it did: see OWN_ADDRESS in the build", script.display());
        }
        if mode == Mode::Release {
            bindings = compact::program(tools, &wasm, &bindings)?;
        }
        let program = fs::read(&wasm).with_context(|| made(&wasm))?;
        Ok(Compiled { program, bindings: bindings.replace(OWN_ADDRESS, "\"\"") })
    }

    /// What ships: made for size, with its standard library, and without the words that a panic would say.
    fn small(&self) -> Result<PathBuf> {
        let silent = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];
        let flags: Vec<String> = FLAGS.into_iter().chain(silent).map(str::to_owned).collect();
        let program = Program {
            bin: self.bin,
            feature: self.feature,
            folder: VIEWER.feature,
            profile: PROFILE,
            std_features: Some("optimize_for_size"),
            flags: &flags,
            mode: Mode::Release,
        };
        program.build()
    }
}

/// As browsers unpack it.
fn gzipped(program: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(program)?;
    Ok(packed.finish()?)
}

/// As an .lzma file that says its length. Instructions of WebAssembly have no alignment: positions tell nothing, more of what is
/// before a byte does.
fn packed(program: &[u8]) -> Result<Vec<u8>> {
    let (dictionary, position_bits, longest, depth) = (1 << 22, 0, 273, 1000);
    let options = LzmaOptions::new(dictionary, 4, 0, position_bits, EncodeMode::Normal, longest, MfType::Bt4, depth);
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, Some(program.len() as u64))?;
    writer.write_all(program)?;
    Ok(writer.finish()?)
}

/// As a Content-Security-Policy names a text.
fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::{hash_source, packed};
    use lzma_rust2::LzmaReader;
    use std::io::Read;

    #[test]
    fn what_is_packed_comes_back() {
        let program: Vec<u8> = (0..100_000u32).map(|at| ((at % 251) ^ (at / 999)) as u8).collect();
        let file = packed(&program).unwrap();
        assert!(file.len() < program.len() / 2);
        assert_eq!(file[5..13], (program.len() as u64).to_le_bytes());
        let mut read = Vec::new();
        LzmaReader::new_mem_limit(file.as_slice(), u32::MAX, None).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, program);
    }

    #[test]
    fn a_text_is_named_as_browsers_name_it() {
        // The example of the Content Security Policy's own documentation.
        assert_eq!(hash_source("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }
}
