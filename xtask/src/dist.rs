//! Builds dist/, the static site: trunk compiles the worker and brings what needs no compiling, `page` compiles the page, `threads` the
//! worker with threads and `viewer` the viewer of saved traces; `pages` finishes what they leave, and models and examples are added. All
//! URLs in it are relative, so that it works from any path of any host.

use crate::process::{cargo, clean_environment, run, say};
use crate::tools::Tools;
use crate::{example, models, offline, page, pages, paths, stamp, threads, viewer};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use walkdir::WalkDir;
use zip::write::SimpleFileOptions;

/// How much the compiler may take its time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What ships: fat link-time optimisation and wasm-opt.
    Release,
    /// For short edit cycles: same code, larger and slower.
    Fast,
}

impl Mode {
    /// From the flag `--fast`.
    pub fn from_fast(fast: bool) -> Self {
        if fast { Self::Fast } else { Self::Release }
    }

    /// Settings of the cargo profiles for browsers, as variables of the environment.
    pub fn cargo_settings(self) -> Vec<(String, &'static str)> {
        let quick = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("INCREMENTAL", "true")];
        let of_profile =
            |profile: &'static str| quick.map(|(setting, value)| (format!("CARGO_PROFILE_{profile}_{setting}"), value));
        match self {
            Self::Release => Vec::new(),
            Self::Fast => ["WASM_RELEASE", "WASM_PAGE"].into_iter().flat_map(of_profile).collect(),
        }
    }

    /// As build.json says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Fast => "fast",
        }
    }
}

/// The command: dist/, and dist.zip if wanted.
pub fn build(mode: Mode, with_zip: bool) -> Result<()> {
    ensure(mode)?;
    println!("{} is ready: copy it to any static host", paths::dist()?.display());
    if with_zip {
        let zip = pack()?;
        println!("{} holds the same with the models ({} MB)", zip.display(), fs::metadata(&zip)?.len() / 1_000_000);
    }
    Ok(())
}

/// Builds dist/ unless it is up to date already; returns its folder.
pub fn ensure(mode: Mode) -> Result<PathBuf> {
    models::ensure()?;
    let tools = Tools::ensure()?;
    let dist = paths::dist()?;
    let id = stamp::current(mode)?;
    // Asked before the lock too: what is there already waits for nobody's build.
    if is_up_to_date(&dist, &id) {
        eprintln!("dist/ is up to date (build {id})");
        return Ok(dist);
    }
    let _lock = paths::lock("build")?;
    if is_up_to_date(&dist, &id) {
        return Ok(dist);
    }
    let started = Instant::now();
    say(&format!("building the page and the worker ({}; several minutes the first time)", mode.name()));
    // Trunk itself stays offline: it would download tools. Macros and build scripts run here and need crates of this
    // machine's own, so all are fetched, not only those for wasm.
    run(cargo()?.args(["fetch", "--locked"]))?;
    run(&mut trunk(&tools, mode, &dist)?)?;
    page::build(&tools, mode, &dist, &id)?;
    threads::build(&tools, mode, &dist)?;
    pages::finish(&dist, &id)?;
    viewer::build(&tools, mode, &dist, &id)?;
    models::place(&dist)?;
    example::place(&dist)?;
    offline::list_files(&dist, &id)?;
    // Written last: an interrupted build is never taken for a whole one.
    let json = format!("{{\"id\":\"{id}\",\"mode\":\"{}\"}}\n", mode.name());
    fs::write(dist.join("build.json"), json).context("cannot write dist/build.json")?;
    report_sizes(&dist)?;
    eprintln!("built in {} s", started.elapsed().as_secs());
    Ok(dist)
}

fn is_up_to_date(dist: &Path, id: &str) -> bool {
    let whole = [
        "index.html",
        "boot.js",
        "app.js",
        "app_bg.wasm",
        "worker_boot.js",
        "worker.js",
        "worker_bg.wasm",
        "worker_threads.js",
        "viewer.html",
        "sw.js",
    ]
    .iter()
    .all(|name| dist.join(name).is_file());
    let same = fs::read_to_string(dist.join("build.json")).is_ok_and(|text| text.contains(&format!("\"{id}\"")));
    whole && same && models::are_placed(dist) && example::is_placed(dist)
}

fn trunk(tools: &Tools, mode: Mode, dist: &Path) -> Result<Command> {
    let mut command = Command::new("trunk");
    clean_environment(&mut command);
    command
        .current_dir(paths::root()?)
        .env("PATH", tools.path()?)
        .env("CARGO_TARGET_DIR", paths::claimed_target()?)
        .env("RUST_BACKTRACE", "0")
        // Trunk reads it as true or false and refuses the usual 1.
        .env_remove("NO_COLOR")
        .args(["build", "--dist"])
        .arg(dist);
    match mode {
        Mode::Release => command.arg("--release"),
        // Without --release trunk leaves out wasm-opt; the cargo profiles are those that index.html names.
        Mode::Fast => command.envs(mode.cargo_settings()),
    };
    Ok(command)
}

fn report_sizes(dist: &Path) -> Result<()> {
    for name in ["app_bg.wasm", "worker_bg.wasm", "worker_threads_bg.wasm", "viewer.html"] {
        eprintln!("{name}: {} kB", fs::metadata(dist.join(name))?.len() / 1000);
    }
    Ok(())
}

const START: &str = "\
Headlight, with its models: nothing here needs a network.

Browsers do not run such a page straight from disk, so serve this folder with any web server, for example
    python3 -m http.server 8080 --bind 127.0.0.1
and open http://127.0.0.1:8080/ in a browser.
";

/// dist/ as one archive beside it.
fn pack() -> Result<PathBuf> {
    say("packing dist.zip");
    let dist = paths::dist()?;
    let path = dist.with_extension("zip");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut zip = zip::ZipWriter::new(file);
    let plain = SimpleFileOptions::default();
    zip.start_file("START.txt", plain)?;
    io::copy(&mut START.as_bytes(), &mut zip)?;
    for entry in WalkDir::new(&dist).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.path().strip_prefix(&dist)?.to_string_lossy().replace('\\', "/");
        // Weights do not compress.
        let is_weights = name.ends_with(".safetensors") || name.ends_with(".gguf");
        let method = if is_weights { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        zip.start_file(&name, plain.compression_method(method))?;
        io::copy(&mut File::open(entry.path())?, &mut zip).with_context(|| format!("cannot pack {name}"))?;
    }
    zip.finish().context("cannot finish dist.zip")?;
    Ok(path)
}
