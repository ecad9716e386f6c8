//! Programs for browsers that need another standard library than the installed one: with shared memory, or made for size. The
//! compiler is the installed one; that its standard library is compiled too is not stable yet, which an environment variable
//! allows for such a build alone.

use crate::dist::Mode;
use crate::paths;
use crate::process::{cargo, run};
use crate::tools::{self, WASM_TARGET};
use anyhow::Result;
use std::path::PathBuf;

/// What every program for browsers is compiled with, as .cargo/config.toml has it: flags that are said replace those there.
pub const FLAGS: [&str; 2] = ["-Ctarget-feature=+simd128", "--cfg=erase_components"];

/// A program, and how it is compiled.
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
