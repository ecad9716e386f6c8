//! The first example: a trace and its predictions, made by the project's own command line and shipped with the page, so
//! that something real is on screen before any model is loaded. Kept in the cache, named by what it is made from.

use crate::models::{self, hex};
use crate::process::{capture, cargo, run, say};
use crate::{paths, stamp};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is run. The page takes its texts from the trace.
const MODEL: &str = "all-MiniLM-L6-v2";
const TEXT: &str = "The cat sat on the mat";
const TEXT_PAIR: &str = "The cat lay on the rug";

const TRACE: &str = "first.safetensors";
const PREDICTIONS: &str = "first.json";

/// The largest trace that is shipped.
const MAX_BYTES: u64 = 200_000;

/// Sources that decide what is in the trace.
const INPUTS: [&str; 8] = [
    "src/kernels",
    "src/trace",
    "src/edit",
    "src/analysis/attention.rs",
    "src/engine",
    "src/cli",
    "Cargo.lock",
    "xtask/src/example.rs",
];

/// Puts the example under `dist`/example, after making it if need be.
pub fn place(dist: &Path) -> Result<()> {
    let folder = ensure()?;
    for name in [TRACE, PREDICTIONS] {
        paths::link_or_copy(&folder.join(name), &dist.join("example").join(name))?;
    }
    Ok(())
}

/// Whether `place` has been here.
pub fn is_placed(dist: &Path) -> bool {
    [TRACE, PREDICTIONS].iter().all(|name| dist.join("example").join(name).is_file())
}

fn ensure() -> Result<PathBuf> {
    let mut hasher = Sha256::new();
    stamp::add_files(&mut hasher, &paths::root()?, &INPUTS)?;
    let mut id = hex(&hasher.finalize());
    id.truncate(16);
    let folder = paths::cache()?.join("example").join(&id);
    if folder.join(PREDICTIONS).is_file() {
        return Ok(folder);
    }
    make(&folder)?;
    Ok(folder)
}

fn make(folder: &Path) -> Result<()> {
    say("making the first example with the command line (compiled once)");
    // Nothing is fetched here: the way to the Hub, with its TLS, need not be compiled for it.
    let features = ["--no-default-features", "--features", "cli"];
    run(cargo()?.args(["build", "--locked", "--package", "headlight", "--bin", "headlight"]).args(features))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let program = paths::target()?.join("debug").join(format!("headlight{}", std::env::consts::EXE_SUFFIX));
    let trace = folder.join(TRACE);
    let json = capture(
        Command::new(program)
            .args(["trace", "--text", TEXT, "--text-pair", TEXT_PAIR, "--save", "qk", "--half", "--json"])
            .arg("--model")
            .arg(models::ensure()?.join(MODEL))
            .arg("--out")
            .arg(&trace),
    )?;
    let size = fs::metadata(&trace).context("the command line wrote no trace")?.len();
    if size > MAX_BYTES {
        bail!("the first example's trace has {size} bytes, more than {MAX_BYTES}");
    }
    // Written last: an interrupted run is never taken for a whole one.
    fs::write(folder.join(PREDICTIONS), json).context("cannot write the example's predictions")
}
