//! `cargo xtask bench`: measures the built worker in headless Chromium. Puts a measuring page (src/bin/bench) beside a
//! copy of dist/ in the target folder, so that what ships is what is measured and nothing of it is changed.

use crate::browser::{Browser, CHROMIUM_ARGS};
use crate::dist::{self, Mode};
use crate::process::{cargo, check, run, run_lines, say};
use crate::server::Listener;
use crate::tools::{Tools, WASM_TARGET};
use crate::{models, paths};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::WalkDir;

const PAGE: [(&str, &str); 2] =
    [("bench.html", include_str!("../bench/bench.html")), ("bench_boot.js", include_str!("../bench/bench_boot.js"))];

/// Prints one JSON line per figure whose name contains `only`. Standard output has nothing else.
pub fn bench(only: Option<&str>) -> Result<()> {
    let browser = Browser::ensure()?;
    let tools = Tools::ensure()?;
    let dist = dist::ensure(Mode::Release)?;
    say("building the measuring page");
    let folder = measuring_page(&tools, &dist)?;
    let listener = Listener::bind(0)?;
    let url = format!("http://127.0.0.1:{}/", listener.port);
    listener.start(&folder, "/")?;
    say("measuring in Chromium (several minutes)");
    let mut node = Command::new("node");
    node.arg(paths::root()?.join("xtask/bench/run.mjs"))
        .env("HEADLIGHT_URL", &url)
        .env("HEADLIGHT_ONLY", only.unwrap_or_default())
        .env("HEADLIGHT_NODE_TOOLS", &tools.node)
        .env("HEADLIGHT_CHROMIUM", &browser.chromium)
        .env("HEADLIGHT_CHROMIUM_ARGS", CHROMIUM_ARGS.join(" "));
    let status = run_lines(&mut node, |_| ())?;
    check(&node, status)
}

fn measuring_page(tools: &Tools, dist: &Path) -> Result<PathBuf> {
    let _lock = paths::lock("build")?;
    let target = paths::target()?;
    let folder = target.join("bench-dist");
    paths::remove_folder(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    run(cargo()?.args(["build", "--locked", "--profile", "wasm-release", "--target", WASM_TARGET]).args([
        "--no-default-features",
        "--features",
        "bench",
        "--bin",
        "bench",
    ]))?;
    run(Command::new(tools.wasm_bindgen())
        .args(["--target", "web", "--no-typescript", "--out-name", "bench", "--out-dir"])
        .arg(&folder)
        .arg(target.join(WASM_TARGET).join("wasm-release").join("bench.wasm")))?;
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
