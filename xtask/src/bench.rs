//! `cargo xtask bench`: measures the built worker in headless Chromium. Puts a measuring page (src/bin/bench) beside a
//! copy of dist/ in the target folder, so that the measured files are those that ship.

use crate::browser::{Browser, CHROMIUM_ARGS};
use crate::dist::{self, Mode};
use crate::process::{check, run_lines, say};
use crate::program::{Program, bind, optimise};
use crate::server::Listener;
use crate::tools::{self, Tools};
use crate::{models, paths, worker};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::WalkDir;

const PAGE: [(&str, &str); 5] = [
    ("bench.html", include_str!("../bench/bench.html")),
    ("bench_boot.js", include_str!("../bench/bench_boot.js")),
    ("measure_boot.js", include_str!("../bench/measure_boot.js")),
    ("onnx.mjs", include_str!("../bench/onnx.mjs")),
    ("peer_worker.js", include_str!("../bench/peer_worker.js")),
];
/// The files that onnxruntime-web's browser build loads without a graphics card.
const PEER_FILES: [&str; 3] = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

/// The options of the command.
pub struct Options {
    /// Part of the names of the figures to measure; all of them where this is absent.
    pub only: Option<String>,
    /// Whether onnxruntime-web runs the same shape beside ours.
    pub peers: bool,
    /// Whether README's table is made anew.
    pub table: bool,
}

/// Prints one JSON line per figure whose name contains `only`. Standard output has nothing else.
pub fn bench(options: &Options) -> Result<()> {
    let browser = Browser::ensure()?;
    let tools = Tools::ensure()?;
    let dist = dist::ensure(Mode::Release)?;
    say("building the measuring page");
    let folder = measuring_page(&tools, &dist)?;
    if options.peers {
        let peers = tools::ensure_peers()?.join("node_modules/onnxruntime-web/dist");
        for name in PEER_FILES {
            paths::link_or_copy(&peers.join(name), &folder.join("peers").join(name))?;
        }
    }
    let listener = Listener::bind(0)?;
    let url = format!("http://127.0.0.1:{}/", listener.port);
    listener.isolated().start(&folder, "/")?;
    say("measuring in Chromium (several minutes)");
    let mut node = Command::new("node");
    node.arg(paths::root()?.join("xtask/bench/run.mjs"))
        .env("HEADLIGHT_URL", &url)
        .env("HEADLIGHT_ONLY", options.only.as_deref().unwrap_or_default())
        .env("HEADLIGHT_PEERS", if options.peers { "1" } else { "" })
        .env("HEADLIGHT_DIST", &folder)
        .env("HEADLIGHT_NODE_TOOLS", &tools.node)
        .env("HEADLIGHT_CHROMIUM", &browser.chromium)
        .env("HEADLIGHT_CHROMIUM_ARGS", CHROMIUM_ARGS.join(" "));
    if options.table {
        node.env("HEADLIGHT_TABLE", paths::root()?.join("README.md"));
    }
    let status = run_lines(&mut node, |_| ())?;
    check(&node, status)
}

fn measuring_page(tools: &Tools, dist: &Path) -> Result<PathBuf> {
    let _lock = paths::lock("build")?;
    let folder = paths::target()?.join("bench-dist");
    paths::remove_folder(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (bin, feature) in [("bench", "bench"), ("measure", "worker")] {
        let program = Program { bin, feature, profile: "wasm-release", link_args: &[] }.compile(Mode::Release)?;
        bind(tools, &program, bin, &folder, &[])?;
    }
    let wasm = folder.join("measure_bg.wasm");
    optimise(tools, &wasm, &worker::OPTIMISE)?;
    for (name, text) in PAGE {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    for entry in WalkDir::new(dist) {
        let entry = entry?;
        let name = entry.path().strip_prefix(dist)?;
        if entry.file_type().is_file() && !name.starts_with("models") {
            paths::link_or_copy(entry.path(), &folder.join(name))?;
        }
    }
    models::place(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::PAGE;

    /// The bindings guess no address, so a script that names no program never starts one.
    #[test]
    fn each_script_names_the_program_that_it_starts() {
        for (script, program) in [("bench_boot.js", "bench_bg.wasm"), ("measure_boot.js", "measure_bg.wasm")] {
            let (_, text) =
                PAGE.iter().find(|(name, _)| *name == script).expect("the script is part of the measuring page");
            assert!(
                text.contains(&format!("module_or_path: fetch(new URL(\"{program}\", import.meta.url))")),
                "{script} must load {program}"
            );
        }
    }
}
