//! Builds the worker, the program that runs models, once without and once with threads.
//!
//! Threads need shared memory, for which the standard library is compiled anew. That is not stable: an environment variable
//! allows it to this one program, and the page does without it where it fails.

use crate::dist::Mode;
use crate::paths;
use crate::process::{cargo, run};
use crate::program::{Program, bind, optimise};
use crate::tools::{self, Tools, WASM_TARGET};
use anyhow::Result;
use std::path::{Path, PathBuf};

const PROFILE: &str = "wasm-release";
/// For wasm-opt.
pub const OPTIMISE: [&str; 1] = ["-O3"];

/// The name of the program without threads, in dist/.
pub const NAME: &str = "worker";
/// The name of the program with threads, in dist/.
pub const THREADS: &str = "worker_threads";

/// As much as 32 bits reach: a shared memory's end is fixed when it is made.
const MAX_MEMORY: &str = "4294967296";

/// Compiles the worker without threads.
pub fn compile(mode: Mode) -> Result<PathBuf> {
    Program { bin: "worker", feature: "worker", profile: PROFILE, link_args: &[] }.compile(mode)
}

/// Compiles the worker with threads, and the standard library for it.
///
/// # Errors
/// Without the sources of the standard library and a network, and where a compiler does not compile them.
pub fn compile_with_threads(mode: Mode) -> Result<PathBuf> {
    tools::ensure_std_sources()?;
    // Objects with shared memory are of no use to other programs.
    let target = paths::claimed_target()?.join("threads");
    run(cargo()?
        .args(["build", "--locked", "--profile", PROFILE, "--target", WASM_TARGET])
        .args(["--no-default-features", "--features", "threads", "--bin", "worker"])
        .args(["-Z", "build-std=std,panic_abort"])
        .envs(mode.cargo_settings())
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_BOOTSTRAP", "1")
        // In place of the flags in .cargo/config.toml.
        .env("CARGO_ENCODED_RUSTFLAGS", threads_flags().join("\u{1f}")))?;
    Ok(target.join(WASM_TARGET).join(PROFILE).join("worker.wasm"))
}

/// Puts a compiled worker into `folder` under a name.
pub fn place(tools: &Tools, program: &Path, name: &str, folder: &Path) -> Result<()> {
    bind(tools, program, name, folder, &[])
}

/// Optimises a worker in `folder`, which takes minutes and changes nothing that it does.
pub fn finish(tools: &Tools, mode: Mode, name: &str, folder: &Path) -> Result<()> {
    match mode {
        Mode::Release => optimise(tools, &folder.join(format!("{name}_bg.wasm")), &OPTIMISE),
        Mode::Fast => Ok(()),
    }
}

fn threads_flags() -> Vec<String> {
    let features = "-Ctarget-feature=+simd128,+atomics,+bulk-memory,+mutable-globals".to_owned();
    let exports = ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map(|name| format!("--export={name}"));
    let link = ["--shared-memory".to_owned(), "--import-memory".to_owned(), format!("--max-memory={MAX_MEMORY}")];
    let link = link.into_iter().chain(exports).map(|argument| format!("-Clink-arg={argument}"));
    std::iter::once(features).chain(link).collect()
}
