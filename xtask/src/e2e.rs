//! End-to-end tests: builds dist/, serves it from a deep path, and runs tests/e2e/*.test.mjs with node's test runner
//! against it in Chromium, and some of them in Firefox and WebKit.

use crate::browser::{self, Browser, CHROMIUM_ARGS};
use crate::dist::{self, Mode};
use crate::process::{run_lines, say};
use crate::python::Python;
use crate::report::{Count, tap_result};
use crate::server::Listener;
use crate::tools::{self, Tools};
use crate::{models, paths};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Not the root: a URL that is not relative fails at once.
const PREFIX: &str = "/lecture/headlight/";

/// The command.
pub fn command(filter: Option<&str>, mode: Mode) -> Result<ExitCode> {
    let count = run(filter, mode)?;
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(if count.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests that run in Firefox and WebKit too, in these two. What they are is in `tests/e2e/elsewhere.mjs`.
pub fn elsewhere() -> Result<Count> {
    let all = test_files()?;
    run_with(Mode::Release, |node| {
        Python::ensure()?.tell(node);
        browser::tell_others(node)?;
        node.arg(r"--test-name-pattern=\((Firefox|WebKit)\)").args(&all);
        Ok(())
    })
}

/// Tests in files, or of names, that contain `filter`; all where there is none.
pub fn run(filter: Option<&str>, mode: Mode) -> Result<Count> {
    let all = test_files()?;
    let named: Vec<PathBuf> = match filter {
        Some(text) => all.iter().filter(|file| file.to_string_lossy().contains(text)).cloned().collect(),
        None => Vec::new(),
    };
    run_with(mode, |node| {
        // Minutes to install, for one test.
        if filter.is_none_or(|text| text.contains("trunk")) {
            node.env("HEADLIGHT_TRUNK", tools::ensure_trunk()?);
        }
        Python::ensure()?.tell(node);
        if let (true, Some(text)) = (named.is_empty(), filter) {
            node.arg(format!("--test-name-pattern={text}"));
        }
        node.args(if named.is_empty() { &all } else { &named });
        Ok(())
    })
}

/// Runs what `choose` adds to the command of node's test runner, in Chromium, with the built page served.
pub fn run_with(mode: Mode, choose: impl FnOnce(&mut Command) -> Result<()>) -> Result<Count> {
    let browser = Browser::ensure()?;
    let tools = Tools::ensure()?;
    let folder = dist::ensure(mode)?;
    let listener = Listener::bind(0)?;
    let url = format!("http://127.0.0.1:{}{PREFIX}", listener.port);
    listener.start(&folder, PREFIX)?;
    say(&format!("end-to-end tests at {url}"));

    let root = paths::root()?;
    let tap_file = paths::target()?.join("e2e.tap");
    // If the run dies early, an older report must not pass for its own.
    let _ = fs::remove_file(&tap_file);
    let mut node = Command::new("node");
    node.current_dir(&root)
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=tap")
        .arg(format!("--test-reporter-destination={}", tap_file.display()))
        .env("HEADLIGHT_URL", &url)
        .env("HEADLIGHT_NODE_TOOLS", &tools.node)
        .env("HEADLIGHT_CHROMIUM", &browser.chromium)
        .env("HEADLIGHT_CHROMIUM_ARGS", CHROMIUM_ARGS.join(" "))
        .env("HEADLIGHT_MODELS", models::ensure()?)
        .env("HEADLIGHT_FIXTURES", root.join("tests/fixtures"))
        .env("HEADLIGHT_DIST", &folder);
    choose(&mut node)?;
    let status = run_lines(&mut node, |_| ())?;
    let count = fs::read_to_string(&tap_file).ok().and_then(|tap| tap_result(&tap)).unwrap_or_default();
    Ok(count.of_runner(status.success()))
}

fn test_files() -> Result<Vec<PathBuf>> {
    let folder = PathBuf::from("tests/e2e");
    let mut files = Vec::new();
    for entry in fs::read_dir(paths::root()?.join(&folder)).context("there is no folder tests/e2e")? {
        let name = entry?.file_name();
        if name.to_string_lossy().ends_with(".test.mjs") {
            files.push(folder.join(name));
        }
    }
    if files.is_empty() {
        bail!("tests/e2e has no *.test.mjs");
    }
    files.sort();
    Ok(files)
}
