//! Programs for browsers, as cargo compiles them and wasm-bindgen binds them, where trunk does not.
//!
//! Some need another standard library than the installed one: with shared memory, or made for size. The compiler is the installed
//! one; that its standard library is compiled too is not stable yet, which an environment variable allows for such a build alone.

use crate::dist::Mode;
use crate::paths;
use crate::process::{cargo, run};
use crate::tools::{self, Tools, WASM_TARGET};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every program for browsers is compiled with, as .cargo/config.toml has it: flags that are said replace those there.
pub const FLAGS: [&str; 2] = ["-Ctarget-feature=+simd128", "--cfg=erase_components"];

/// A program with a standard library of its own, and how it is compiled.
pub struct Program<'a> {
    /// Its name in Cargo.toml.
    pub bin: &'a str,
    /// The one feature of the package that it needs.
    pub feature: &'a str,
    /// Where it is compiled: programs with the same flags and profile share what they depend on, others must not.
    pub folder: &'a str,
    /// The profile in Cargo.toml.
    pub profile: &'a str,
    /// Features of the standard library, in place of its usual ones.
    pub std_features: Option<&'a str>,
    /// For the compiler: in place of those in .cargo/config.toml.
    pub flags: &'a [String],
    /// How much the compiler may take its time.
    pub mode: Mode,
}

impl Program<'_> {
    /// Compiles it; returns where it is.
    ///
    /// # Errors
    /// Without the sources of the standard library and a network, and when it does not compile.
    pub fn build(self) -> Result<PathBuf> {
        tools::ensure_std_sources()?;
        let target = paths::claimed_target()?.join(self.folder);
        let mut command = cargo()?;
        command
            .args(["build", "--locked", "--profile", self.profile, "--target", WASM_TARGET])
            .args(["--no-default-features", "--features", self.feature, "--bin", self.bin])
            .args(["-Z", "build-std=std,panic_abort"])
            .args(self.std_features.map(|features| format!("-Zbuild-std-features={features}")))
            .env("CARGO_TARGET_DIR", &target)
            .envs(self.mode.cargo_settings())
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\u{1f}"));
        run(&mut command)?;
        Ok(target.join(WASM_TARGET).join(self.profile).join(format!("{}.wasm", self.bin)))
    }
}

/// Compiles a program with the installed standard library and the flags of .cargo/config.toml; returns where it is.
///
/// # Errors
/// When it does not compile.
pub fn compile(bin: &str, feature: &str, profile: &str, mode: Mode) -> Result<PathBuf> {
    run(cargo()?
        .args(["build", "--locked", "--target", WASM_TARGET, "--profile", profile, "--bin", bin])
        .args(["--no-default-features", "--features", feature])
        .envs(mode.cargo_settings()))?;
    Ok(paths::target()?.join(WASM_TARGET).join(profile).join(format!("{bin}.wasm")))
}

/// Writes a program as a module of scripts into `folder`: its bindings as `name`.js, itself as `name`_bg.wasm.
///
/// # Errors
/// When wasm-bindgen refuses it.
pub fn bind(tools: &Tools, program: &Path, name: &str, folder: &Path, options: &[&str]) -> Result<()> {
    run(Command::new(tools.wasm_bindgen())
        .args(["--target", "web", "--no-typescript", "--out-name", name, "--out-dir"])
        .arg(folder)
        .args(options)
        .arg(program))
}
