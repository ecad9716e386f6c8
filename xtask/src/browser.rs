//! Finds Chromium and its driver, for tests and measurements only, and installs them where apt-get can.

use crate::paths;
use crate::process::{find_program, probe, run, say};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How Chromium starts without a screen, without a sandbox (which it refuses to root) and without background requests.
pub const CHROMIUM_ARGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The two programs.
pub struct Browser {
    /// The browser itself.
    pub chromium: PathBuf,
    /// chromedriver of the same version, which wasm-bindgen's test runner uses.
    pub driver: PathBuf,
}

impl Browser {
    /// HEADLIGHT_CHROMIUM (or CHROME) and HEADLIGHT_CHROMEDRIVER (or CHROMEDRIVER) first, then PATH, then apt-get.
    pub fn ensure() -> Result<Self> {
        let _lock = paths::lock("setup")?;
        if find_chromium()?.is_none() || find_driver()?.is_none() {
            install()?;
        }
        let chromium = find_chromium()?.with_context(|| format!("no Chromium found: {}", advice()))?;
        let driver = find_driver()?.with_context(|| format!("no chromedriver found: {}", advice()))?;
        Ok(Self { chromium, driver })
    }

    /// The capabilities for wasm-bindgen's test runner. The driver adds a fresh profile folder by itself.
    pub fn write_webdriver_json(&self, path: &Path) -> Result<()> {
        let args: Vec<String> = CHROMIUM_ARGS.iter().map(|arg| format!("\"{arg}\"")).collect();
        let binary = self.chromium.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
        let text = format!("{{\"goog:chromeOptions\":{{\"binary\":\"{binary}\",\"args\":[{}]}}}}\n", args.join(","));
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn find_chromium() -> Result<Option<PathBuf>> {
    if let Some(path) = named_by(&["HEADLIGHT_CHROMIUM", "CHROME"])? {
        return Ok(Some(path));
    }
    let mac = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    Ok(find_program(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
        .or_else(|| mac.is_file().then(|| mac.to_path_buf())))
}

fn find_driver() -> Result<Option<PathBuf>> {
    if let Some(path) = named_by(&["HEADLIGHT_CHROMEDRIVER", "CHROMEDRIVER"])? {
        return Ok(Some(path));
    }
    Ok(find_program(&["chromedriver"]))
}

fn named_by(variables: &[&str]) -> Result<Option<PathBuf>> {
    for name in variables {
        if let Some(path) = paths::env_path(name) {
            if !path.is_file() {
                bail!("{name} is {}, which is not a file", path.display());
            }
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn install() -> Result<()> {
    let is_root = probe(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !is_debian() || !is_root || find_program(&["apt-get"]).is_none() {
        bail!("the browser tests need Chromium and chromedriver: {}", advice());
    }
    say("installing chromium, chromium-driver and fonts with apt-get");
    run(apt().arg("update")).context("apt-get update failed")?;
    run(apt().args(["install", "--yes", "--no-install-recommends"]).args([
        "chromium",
        "chromium-driver",
        "fonts-dejavu-core",
        "fonts-liberation",
    ]))
    .with_context(|| format!("could not install Chromium: {}", advice()))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Ubuntu's packages of the same names only point to a snap, so it does not count.
fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line.trim() == "ID=debian"))
}

fn advice() -> &'static str {
    if is_debian() {
        "run `sudo apt-get install chromium chromium-driver`, or set HEADLIGHT_CHROMIUM and HEADLIGHT_CHROMEDRIVER"
    } else {
        "install Chromium or Chrome and the chromedriver of the same version so that both are on PATH, or set \
         HEADLIGHT_CHROMIUM and HEADLIGHT_CHROMEDRIVER to their files"
    }
}
