//! The worker with threads: compiled with shared memory, for which the standard library is compiled too. The compiler is the
//! installed one; that one switch of it is not stable yet, which an environment variable allows for this build alone.

use crate::dist::Mode;
use crate::paths;
use crate::process::{cargo, run, say};
use crate::tools::{self, Tools, WASM_TARGET};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Name of the program beside the page.
pub const NAME: &str = "worker_threads";
/// As much as 32 bits reach: a shared memory's end is fixed when it is made.
const MAX_MEMORY: &str = "4294967296";

/// Compiles it into dist/.
pub fn build(tools: &Tools, mode: Mode, dist: &Path) -> Result<()> {
    tools::ensure_std_sources()?;
    say("compiling the worker with threads");
    // A folder of its own: with other flags everything it depends on is compiled otherwise.
    let target = paths::claimed_target()?.join("threads");
    let mut command = cargo()?;
    command
        .args(["build", "--locked", "--profile", "wasm-release", "--target", WASM_TARGET])
        .args(["--no-default-features", "--features", "threads", "--bin", "worker"])
        .args(["-Z", "build-std=std,panic_abort"])
        .env("CARGO_TARGET_DIR", &target)
        .envs(mode.cargo_settings())
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags().join("\u{1f}"));
    run(&mut command).context("the worker with threads could not be compiled")?;
    let program = target.join(WASM_TARGET).join("wasm-release/worker.wasm");
    run(Command::new(tools.wasm_bindgen())
        .args(["--target", "web", "--no-typescript", "--out-name", NAME, "--out-dir"])
        .arg(dist)
        .arg(program))?;
    if mode == Mode::Release {
        let wasm = dist.join(format!("{NAME}_bg.wasm"));
        run(Command::new(tools.wasm_opt()).arg("-O3").arg("-o").arg(&wasm).arg(&wasm))?;
    }
    Ok(())
}

fn flags() -> Vec<String> {
    let features = "-Ctarget-feature=+simd128,+atomics,+bulk-memory,+mutable-globals".to_owned();
    let exports = ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map(|name| format!("--export={name}"));
    let link = ["--shared-memory".to_owned(), "--import-memory".to_owned(), format!("--max-memory={MAX_MEMORY}")];
    let link = link.into_iter().chain(exports).map(|argument| format!("-Clink-arg={argument}"));
    std::iter::once(features).chain(link).collect()
}
