//! The pinned build tools: installs what is missing into the tools folder, tells where each one is. Uses rustup, cargo
//! and npm for that and nothing else; a machine that has everything is not touched and needs no network.

use crate::paths;
use crate::process::{capture, find_program, path_with, probe, run, say};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What browser binaries are compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
/// Must equal the `wasm-bindgen` that Cargo.lock names.
const WASM_BINDGEN: &str = "0.2.130";
/// Must know the marks of the `wasm_split_helpers` that Cargo.lock names.
const WASM_SPLIT: &str = "0.2.4";
const NODE_PACKAGE: &str = include_str!("../node/package.json");
const NODE_LOCK: &str = include_str!("../node/package-lock.json");
const PEERS_PACKAGE: &str = include_str!("../peers/package.json");
const PEERS_LOCK: &str = include_str!("../peers/package-lock.json");

/// Folders of the installed tools.
pub struct Tools {
    /// Holds `trunk`.
    trunk_bin: PathBuf,
    /// Holds `wasm-bindgen` and `wasm-bindgen-test-runner`.
    wasm_bindgen_bin: PathBuf,
    /// Holds `wasm-split-cli`.
    wasm_split_bin: PathBuf,
    /// Holds package.json and node_modules with binaryen, esbuild, playwright-core and axe-core.
    pub node: PathBuf,
}

impl Tools {
    /// Installs what is missing. Says what takes long.
    pub fn ensure() -> Result<Self> {
        let _lock = paths::lock("setup")?;
        ensure_wasm_target()?;
        let trunk_bin = ensure_cargo_tool("trunk", "trunk", TRUNK, &["--locked"], "3 to 15 minutes")?;
        let wasm_bindgen_bin =
            ensure_cargo_tool("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, &[], "1 to 3 minutes")?;
        let options = ["--features", "build-binary"];
        let wasm_split_bin =
            ensure_cargo_tool("wasm_split_cli_support", "wasm-split-cli", WASM_SPLIT, &options, "1 minute")?;
        let node = ensure_node_tools()?;
        paths::remove_folder(&paths::cache()?.join("tools-build"))?;
        Ok(Self { trunk_bin, wasm_bindgen_bin, wasm_split_bin, node })
    }

    /// PATH with all of them in front.
    pub fn path(&self) -> Result<OsString> {
        path_with(&[self.trunk_bin.clone(), self.wasm_bindgen_bin.clone(), self.node.join("node_modules/.bin")])
    }

    /// The bindings generator, for binaries built without trunk.
    pub fn wasm_bindgen(&self) -> PathBuf {
        self.wasm_bindgen_bin.join(program("wasm-bindgen"))
    }

    /// What takes parts out of a program.
    pub fn wasm_split(&self) -> PathBuf {
        self.wasm_split_bin.join(program("wasm-split-cli"))
    }

    /// The optimiser, for binaries built without trunk.
    pub fn wasm_opt(&self) -> PathBuf {
        self.node.join("node_modules/.bin/wasm-opt")
    }

    /// What runs wasm tests in a browser.
    pub fn wasm_test_runner(&self) -> PathBuf {
        self.wasm_bindgen_bin.join(program("wasm-bindgen-test-runner"))
    }
}

/// All versions in one text; part of the stamp that says whether dist/ is up to date.
pub fn versions() -> Result<String> {
    let rustc = capture(Command::new("rustc").arg("-vV"))?;
    Ok(format!(
        "trunk {TRUNK}\nwasm-bindgen {WASM_BINDGEN}\nwasm-split {WASM_SPLIT}\nnode {}\n{rustc}",
        npm_id(NODE_PACKAGE, NODE_LOCK)
    ))
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

fn ensure_wasm_target() -> Result<()> {
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
fn ensure_cargo_tool(package: &str, name: &str, version: &str, options: &[&str], takes: &str) -> Result<PathBuf> {
    let home = paths::tools()?.join(format!("{name}-{version}"));
    let bin = home.join("bin");
    if bin.join(program(name)).is_file() {
        return Ok(bin);
    }
    if let Some(found) = find_program(&[&program(name)]) {
        // Gap: wasm-split-cli has no --version, so one on PATH is never recognised.
        let says = probe(Command::new(&found).arg("--version")).unwrap_or_default();
        if says.split_whitespace().any(|word| word == version)
            && let Some(folder) = found.parent()
        {
            return Ok(folder.to_path_buf());
        }
    }
    say(&format!("installing {name} {version} ({takes} on two cores, once for this user)"));
    let cache = paths::cache()?;
    run(Command::new("cargo")
        .current_dir(&cache)
        .args(["install", package, "--version", version, "--root"])
        .arg(&home)
        .arg("--target-dir")
        .arg(cache.join("tools-build"))
        .args(options)
        // A tool that runs for seconds does not repay minutes of optimising.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env_remove("CARGO_TARGET_DIR"))
    .with_context(|| format!("could not install {name} {version} from crates.io"))?;
    Ok(bin)
}

fn ensure_node_tools() -> Result<PathBuf> {
    ensure_npm("node", NODE_PACKAGE, NODE_LOCK, "binaryen, esbuild, playwright-core and axe-core")
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
