//! The pinned build tools: installs what is missing into the tools folder, tells where each one is. Uses rustup, cargo
//! and npm for that and nothing else; a machine that has everything is not touched and needs no network.

use crate::process::{capture, cargo, find_program, probe, run, say};
use crate::{models, paths};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What browser binaries are compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The manifest of the program that writes bindings, a workspace of its own.
pub const BINDGEN: &str = "xtask/bindgen/Cargo.toml";
const TRUNK: &str = "0.21.14";
/// Must equal the `wasm-bindgen` that Cargo.lock names.
const WASM_BINDGEN: &str = "0.2.130";
const NODE_PACKAGE: &str = include_str!("../node/package.json");
const NODE_LOCK: &str = include_str!("../node/package-lock.json");
const PEERS_PACKAGE: &str = include_str!("../peers/package.json");
const PEERS_LOCK: &str = include_str!("../peers/package-lock.json");

/// What every build needs.
pub struct Tools {
    /// Writes the bindings of programs: the package `xtask/bindgen`, compiled.
    pub bindgen: PathBuf,
    /// Holds package.json and node_modules with binaryen, esbuild, playwright-core and axe-core.
    pub node: PathBuf,
}

impl Tools {
    /// Installs what is missing. Says what takes long.
    pub fn ensure() -> Result<Self> {
        let node = {
            let _lock = paths::lock("setup")?;
            ensure_wasm_target()?;
            ensure_npm("node", NODE_PACKAGE, NODE_LOCK, "binaryen, esbuild, playwright-core and axe-core")?
        };
        run(cargo()?.args(["build", "--locked", "--manifest-path", BINDGEN]))
            .context("what writes the bindings of programs could not be compiled")?;
        Ok(Self { bindgen: paths::target()?.join("debug").join(program("bindgen")), node })
    }

    /// The optimiser of programs.
    pub fn wasm_opt(&self) -> PathBuf {
        self.node.join("node_modules/.bin/wasm-opt")
    }

    /// What joins and shortens scripts.
    pub fn esbuild(&self) -> PathBuf {
        self.node.join("node_modules/.bin/esbuild")
    }
}

/// Fails where something is missing that this program cannot install, before anything takes long.
pub fn check() -> Result<()> {
    models::find_python()?;
    ensure_node()
}

/// What runs wasm tests in a browser.
pub fn ensure_wasm_test_runner() -> Result<PathBuf> {
    let name = "wasm-bindgen-test-runner";
    // It writes the bindings of the tests, which takes long without optimisation.
    let settings = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")];
    ensure_cargo_tool("wasm-bindgen-cli", name, WASM_BINDGEN, &[], &settings)
}

/// trunk, for the test of Trunk.toml.
pub fn ensure_trunk() -> Result<PathBuf> {
    ensure_cargo_tool("trunk", "trunk", TRUNK, &["--locked"], &[("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")])
}

/// All versions in one text; part of the stamp that says whether dist/ is up to date.
pub fn versions() -> Result<String> {
    let rustc = capture(Command::new("rustc").arg("-vV"))?;
    Ok(format!("node {}\n{rustc}", npm_id(NODE_PACKAGE, NODE_LOCK)))
}

/// The sources of the standard library, where they are compiled anew.
pub fn ensure_std_sources() -> Result<()> {
    let sysroot = capture(Command::new("rustc").args(["--print", "sysroot"]))
        .context("rustc does not work: install Rust with rustup")?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std").is_dir() {
        return Ok(());
    }
    say("adding rustup component rust-src");
    run(Command::new("rustup").args(["component", "add", "rust-src"]))
        .context("rust-src is missing: install it for your Rust toolchain")
}

/// The components that only tests need.
pub fn ensure_component(cargo_command: &str, component: &str) -> Result<()> {
    if probe(Command::new("cargo").args([cargo_command, "--version"])).is_some() {
        return Ok(());
    }
    say(&format!("adding rustup component {component}"));
    run(Command::new("rustup").args(["component", "add", component]))
        .with_context(|| format!("{component} is missing: install it for your Rust toolchain"))
}

/// The installed standard library for browsers.
pub fn ensure_wasm_target() -> Result<()> {
    let sysroot = capture(Command::new("rustc").args(["--print", "sysroot"]))
        .context("rustc does not work: install Rust with rustup")?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    say(&format!("adding the Rust target {WASM_TARGET}"));
    run(Command::new("rustup").args(["target", "add", WASM_TARGET])).with_context(|| {
        format!("the Rust target {WASM_TARGET} is missing: install it (with rustup: rustup target add)")
    })
}

/// A program from crates.io, in a folder of its own per version; one of that version on PATH is good too.
fn ensure_cargo_tool(
    package: &str,
    name: &str,
    version: &str,
    options: &[&str],
    settings: &[(&str, &str)],
) -> Result<PathBuf> {
    let _lock = paths::lock("setup")?;
    let home = paths::tools()?.join(format!("{name}-{version}"));
    let installed = home.join("bin").join(program(name));
    if installed.is_file() {
        return Ok(installed);
    }
    if let Some(found) = find_program(&[&program(name)]) {
        // Gap: wasm-split-cli has no --version, so one on PATH is never recognised.
        let says = probe(Command::new(&found).arg("--version")).unwrap_or_default();
        if says.split_whitespace().any(|word| word == version) {
            return Ok(found);
        }
    }
    say(&format!("installing {name} {version} (minutes, once for this user)"));
    let cache = paths::cache()?;
    let build = cache.join("tools-build");
    run(Command::new("cargo")
        .current_dir(&cache)
        .args(["install", package, "--version", version, "--bin", name])
        .args(options)
        .arg("--root")
        .arg(&home)
        .arg("--target-dir")
        .arg(&build)
        // Tools that run for seconds do not repay minutes of optimising.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .envs(settings.iter().copied())
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env_remove("CARGO_TARGET_DIR"))
    .with_context(|| format!("could not install {name} {version} from crates.io"))?;
    paths::remove_folder(&build)?;
    Ok(installed)
}

/// What `bench --peers` compares with; installed when it is asked for.
pub fn ensure_peers() -> Result<PathBuf> {
    let _lock = paths::lock("setup")?;
    ensure_npm("peers", PEERS_PACKAGE, PEERS_LOCK, "onnxruntime-web")
}

/// A folder with pinned npm packages, named by what is pinned.
fn ensure_npm(name: &str, package: &str, lock: &str, contents: &str) -> Result<PathBuf> {
    let folder = paths::tools()?.join(format!("{name}-{}", npm_id(package, lock)));
    ensure_node()?;
    if folder.is_dir() {
        return Ok(folder);
    }
    say(&format!("installing {contents} from npm"));
    let npm = find_program(&[&npm()]).context("npm is missing: install it (Debian: apt-get install npm)")?;
    let fresh = folder.with_extension("new");
    paths::remove_folder(&fresh)?;
    fs::create_dir_all(&fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
    fs::write(fresh.join("package.json"), package)?;
    fs::write(fresh.join("package-lock.json"), lock)?;
    run(Command::new(npm).current_dir(&fresh).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]))
        .with_context(|| format!("could not install {contents} from npm"))?;
    // Renamed when complete, so that an interrupted installation is not taken for a whole one.
    fs::rename(&fresh, &folder).with_context(|| format!("cannot rename {}", fresh.display()))?;
    Ok(folder)
}

fn ensure_node() -> Result<()> {
    let Some(says) = probe(Command::new("node").arg("--version")) else {
        bail!("node is missing: install Node.js 20 or newer from nodejs.org or your system's packages");
    };
    let major = says.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    match major {
        Some(major) if major >= 20 => Ok(()),
        _ => bail!("node {} is too old: Headlight's tools need Node.js 20 or newer", says.trim()),
    }
}

fn npm_id(package: &str, lock: &str) -> String {
    let hash = Sha256::new().chain_update(package).chain_update(lock).finalize();
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn npm() -> String {
    if cfg!(windows) { "npm.cmd".to_owned() } else { "npm".to_owned() }
}
