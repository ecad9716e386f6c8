//! Programs for browsers: compiled by cargo, bound to JavaScript by `bindgen`, optimised by wasm-opt.

use crate::dist::Mode;
use crate::paths;
use crate::process::{cargo, run};
use crate::tools::{Tools, WASM_TARGET};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A binary of the package, compiled alone.
pub struct Program<'a> {
    /// Its name in Cargo.toml.
    pub bin: &'a str,
    /// The one feature of the package that it needs.
    pub feature: &'a str,
    /// The profile in Cargo.toml.
    pub profile: &'a str,
    /// Arguments for its linker.
    pub link_args: &'a [&'a str],
}

impl Program<'_> {
    /// Compiles it; returns the path of the .wasm file.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn compile(&self, mode: Mode) -> Result<PathBuf> {
        let mut command = cargo()?;
        command
            .args(["rustc", "--locked", "--target", WASM_TARGET, "--profile", self.profile])
            .args(["--no-default-features", "--features", self.feature, "--bin", self.bin, "--"])
            .args(self.link_args.iter().map(|argument| format!("-Clink-arg={argument}")))
            .envs(mode.cargo_settings());
        run(&mut command)?;
        Ok(paths::target()?.join(WASM_TARGET).join(self.profile).join(format!("{}.wasm", self.bin)))
    }
}

/// Writes the bindings of a compiled program into `folder`: a module `name`.js and the program itself, `name`_bg.wasm.
///
/// # Errors
/// When wasm-bindgen refuses the program.
pub fn bind(tools: &Tools, program: &Path, name: &str, folder: &Path, options: &[&str]) -> Result<()> {
    run(Command::new(&tools.bindgen).arg("bind").arg(program).arg(folder).arg(name).args(options))
}

/// Puts what wasm-opt makes of a program into its place, in one step: a server may be sending the file meanwhile.
///
/// # Errors
/// When wasm-opt refuses the program.
pub fn optimise(tools: &Tools, program: &Path, options: &[&str]) -> Result<()> {
    let optimised = program.with_extension("optimised");
    run(Command::new(tools.wasm_opt()).arg(program).args(options).arg("-o").arg(&optimised))?;
    fs::rename(&optimised, program).with_context(|| format!("cannot replace {}", program.display()))
}
