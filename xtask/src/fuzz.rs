//! `cargo xtask fuzz`: libFuzzer over the readers (`fuzz/`), on stable Rust.
//!
//! The counters that libFuzzer follows are a pass of LLVM that rustc takes by `-C passes`. Only the readers get them, by flags of
//! their packages alone, for which cargo is asked with RUSTC_BOOTSTRAP: counters in all dependencies take many times as long to
//! compile and lead libFuzzer into code that no input of a reader changes. The page's views are not compiled at all. The folder is
//! one of its own: no other command pays for it.

use crate::args::Args;
use crate::paths;
use crate::process::{clean_environment, run, say};
use anyhow::{Context, Result};
use std::fs;
use std::process::Command;

/// The readers, as in `fuzz/src/targets/mod.rs`.
const TARGETS: [&str; 17] = [
    "safetensors",
    "trace",
    "trace_structured",
    "gguf",
    "config",
    "tokenizer_json",
    "tokenizer_files",
    "sentencepiece",
    "chat",
    "sets",
    "atlas",
    "edits",
    "link",
    "listing",
    "slot",
    "metadata",
    "reducer",
];

/// How often each reader runs unless `--runs` says otherwise.
const RUNS: &str = "100000";

/// The packages with counters: the readers, and the crate that reads tokenizers for them. Flags of a package are those of its build
/// script too, which has no fuzzer to link with: none of these has one, as serde_json does.
const COUNTED: [&str; 3] = ["headlight", "headlight-fuzz", "tokenizers"];

/// What cargo-fuzz passes for coverage, without a sanitizer: nothing here is unsafe but what `kernels` is tested for.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Fuzzes the readers named, or all, one after the other. A fault ends it with the input's path.
pub fn command(mut args: Args) -> Result<()> {
    let runs = args.value("--runs")?.unwrap_or_else(|| RUNS.to_owned());
    let named: Vec<&str> = TARGETS.into_iter().filter(|target| args.flag(target)).collect();
    args.finish().with_context(|| format!("the readers are {}", TARGETS.join(", ")))?;
    let chosen = if named.is_empty() { TARGETS.to_vec() } else { named };
    let (root, target) = (paths::root()?, paths::target()?.join("fuzz"));
    say("compiling the fuzzer");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    clean_environment(&mut cargo);
    cargo.current_dir(root.join("fuzz")).args(["build", "--locked", "--release", "-Zprofile-rustflags"]);
    for package in COUNTED {
        cargo.arg("--config").arg(format!("profile.release.package.{package}.rustflags={FLAGS:?}"));
    }
    run(cargo.env("CARGO_TARGET_DIR", &target).env("RUSTC_BOOTSTRAP", "1"))?;
    let program = target.join("release/headlight-fuzz");
    for name in chosen {
        say(&format!("fuzzing {name}, {runs} runs"));
        let work = target.join("inputs").join(name);
        fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
        let mut fuzzer = Command::new(&program);
        fuzzer.current_dir(&root).env("HEADLIGHT_FUZZ_TARGET", name).env("HEADLIGHT_FUZZ_SEEDS", &work);
        // What one input may take, in processor time and memory, is counted by the target itself; these are for what never returns.
        // libFuzzer's times are wall time, which passes faster than processor time on a busy machine: they are generous.
        let artifacts = format!("-artifact_prefix={}", target.join(format!("{name}-")).display());
        fuzzer.args([
            &format!("-runs={runs}"),
            "-max_len=32768",
            "-timeout=300",
            "-report_slow_units=300",
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
        ]);
        run(fuzzer.arg(artifacts).arg(&work))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_of_the_fuzzer_is_named() -> Result<()> {
        let source = fs::read_to_string(paths::root()?.join("fuzz/src/targets/mod.rs"))?;
        let named: Vec<&str> = source.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(named, TARGETS);
        Ok(())
    }
}
