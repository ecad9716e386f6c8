//! Finds Chromium with its driver, Firefox and WebKit, for tests and measurements only, and installs them where apt-get can.

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
            if !can_install() {
                bail!("the browser tests need Chromium and chromedriver: {}", advice());
            }
            install(&["chromium", "chromium-driver", "fonts-dejavu-core", "fonts-liberation"])
                .with_context(|| format!("could not install Chromium: {}", advice()))?;
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

/// Tells node's tests where Firefox and WebKit are. A browser that is not here and cannot be installed costs a line, and its tests.
pub fn tell_others(node: &mut Command) -> Result<()> {
    let _lock = paths::lock("setup")?;
    if (find_firefox()?.is_none() || find_webkit()?.is_none()) && can_install() {
        let packages = ["firefox-esr", "webkit2gtk-driver", "xvfb", "fonts-dejavu-core", "fonts-liberation"];
        if let Err(error) = install(&packages) {
            say(&format!("Firefox and WebKit could not be installed: {error:#}"));
        }
    }
    match find_firefox()? {
        Some(firefox) => drop(node.env("HEADLIGHT_FIREFOX", firefox)),
        None => say("no tests in Firefox: put it on PATH, or set HEADLIGHT_FIREFOX to its file"),
    }
    match find_webkit()? {
        Some(programs) => drop(node.env("HEADLIGHT_WEBKIT", std::env::join_paths(programs)?)),
        None => say(
            "no tests in WebKit: they need WebKitWebDriver, MiniBrowser and Xvfb (Debian's webkit2gtk-driver and xvfb)",
        ),
    }
    Ok(())
}

fn find_firefox() -> Result<Option<PathBuf>> {
    Ok(named_by(&["HEADLIGHT_FIREFOX"])?.or_else(|| find_program(&["firefox-esr", "firefox"])))
}

/// The driver, the browser that it drives, and a screen for it.
fn find_webkit() -> Result<Option<[PathBuf; 3]>> {
    let (Some(driver), Some(screen)) = (find_program(&["WebKitWebDriver"]), find_program(&["Xvfb"])) else {
        return Ok(None);
    };
    // MiniBrowser stands outside of PATH: /usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser.
    for machine in fs::read_dir("/usr/lib").into_iter().flatten() {
        for version in ["webkit2gtk-4.1", "webkit2gtk-4.0"] {
            let browser = machine.as_ref().map(|folder| folder.path().join(version).join("MiniBrowser"));
            if let Some(browser) = browser.ok().filter(|file| file.is_file()) {
                return Ok(Some([driver, browser, screen]));
            }
        }
    }
    Ok(None)
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

fn can_install() -> bool {
    let is_root = probe(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    is_debian() && is_root && find_program(&["apt-get"]).is_some()
}

fn install(packages: &[&str]) -> Result<()> {
    say(&format!("installing {} with apt-get", packages.join(", ")));
    run(apt().arg("update")).context("apt-get update failed")?;
    run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages)).context("apt-get install failed")
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
