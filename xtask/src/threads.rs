//! The worker with threads: compiled with shared memory, for which the standard library is compiled too.

use crate::dist::Mode;
use crate::process::{run, say};
use crate::program::{Program, bind};
use crate::tools::Tools;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Name of the program beside the page.
pub const NAME: &str = "worker_threads";
/// As much as 32 bits reach: a shared memory's end is fixed when it is made.
const MAX_MEMORY: &str = "4294967296";

/// Compiles it into dist/.
pub fn build(tools: &Tools, mode: Mode, dist: &Path) -> Result<()> {
    say("compiling the worker with threads");
    let program = Program {
        bin: "worker",
        feature: "threads",
        folder: "threads",
        profile: "wasm-release",
        std_features: None,
        flags: &flags(),
        mode,
    };
    let program = program.build().context("the worker with threads could not be compiled")?;
    bind(tools, &program, NAME, dist, &[])?;
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
