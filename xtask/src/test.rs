//! `cargo xtask test`: runs every part of the tests, even after a part fails. The last line it prints is `N passed, N failed`.

use crate::browser::Browser;
use crate::dist::Mode;
use crate::process::{cargo, run_lines, say};
use crate::python::Python;
use crate::report::{Count, rust_result};
use crate::tools::{self, BINDGEN, WASM_TARGET, ensure_component};
use crate::{deny, e2e, models, package, paths};
use anyhow::{Result, bail};
use std::fs;
use std::process::{Command, ExitCode};
use std::time::Instant;

type Part = fn() -> Result<Count>;

const PARTS: [(&str, Part); 8] = [
    ("fmt", fmt),
    ("clippy", clippy),
    ("deny", deny::check),
    ("native", native),
    ("wasm", wasm),
    ("python", package::test),
    ("e2e", all_e2e),
    ("browsers", e2e::elsewhere),
];

/// What is tested natively: the default features, and the page's state, which knows no browser.
const NATIVE_FEATURES: [&str; 2] = ["--features", "page"];

/// The feature sets that browsers get; each is compiled alone.
const WASM_FEATURES: [&str; 3] = ["page", "worker", "bench"];

/// Runs the parts named in `only`, or all. `newest`: the part `python` with the newest versions of the libraries that it reads.
pub fn test(only: &[String], newest: bool) -> Result<ExitCode> {
    if newest && only != ["python"] {
        bail!("--newest belongs to the Python package's tests: cargo xtask test --only python --newest");
    }
    if let Some(unknown) = only.iter().find(|name| !PARTS.iter().any(|(part, _)| part == name)) {
        bail!("there is no part {unknown:?}: --only takes fmt, clippy, deny, native, wasm, python, e2e or browsers");
    }
    let mut lines = Vec::new();
    let mut total = Count::default();
    for (name, part) in PARTS.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|wanted| wanted == name)) {
        let started = Instant::now();
        // What takes gigabytes to install is tested by everybody who has it, and by those who ask for this part.
        let part = match *name {
            "python" if only.is_empty() => package::test_installed,
            "python" if newest => package::test_newest,
            // Some tests fail now and then in Firefox or WebKit, and the causes are not found (ARCHITECTURE.md, "One test, three browsers").
            "browsers" if only.is_empty() => not_elsewhere,
            _ => *part,
        };
        let count = part().unwrap_or_else(|error| {
            println!("error: {error:#}");
            Count::one(false)
        });
        total = total.plus(count);
        let seconds = started.elapsed().as_secs();
        lines.push(format!("{name:<7} {:>5} passed {:>5} failed {seconds:>5} s", count.passed, count.failed));
    }
    say("summary");
    println!("{}\n{} passed, {} failed", lines.join("\n"), total.passed, total.failed);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fmt() -> Result<Count> {
    ensure_component("fmt", "rustfmt")?;
    say("formatting");
    let count = Count::one(passes(cargo()?.args(["fmt", "--all", "--", "--check"]))?);
    Ok(count.plus(Count::one(passes(cargo()?.args(["fmt", "--manifest-path", BINDGEN, "--", "--check"]))?)))
}

fn clippy() -> Result<Count> {
    ensure_component("clippy", "clippy")?;
    let mut count = Count::default();
    say("clippy, native");
    let mut command = cargo()?;
    command.args(["clippy", "--locked", "--workspace", "--all-targets"]).args(NATIVE_FEATURES);
    count = count.plus(Count::one(passes(command.args(["--", "-D", "warnings"]))?));
    say("clippy, bindgen");
    let mut command = cargo()?;
    command.args(["clippy", "--locked", "--manifest-path", BINDGEN]).args(["--", "-D", "warnings"]);
    count = count.plus(Count::one(passes(&mut command)?));
    tools::ensure_wasm_target()?;
    for features in WASM_FEATURES {
        say(&format!("clippy, wasm32, {features}"));
        let mut command = cargo()?;
        command.args(["clippy", "--locked", "--target", WASM_TARGET, "--no-default-features", "--features", features]);
        command.args(["--lib", "--bins"]);
        if !wasm_tests(features)?.is_empty() {
            command.args(wasm_tests(features)?.iter().flat_map(|name| ["--test", name.as_str()]));
        }
        count = count.plus(Count::one(passes(command.args(["--", "-D", "warnings"]))?));
    }
    Ok(count)
}

/// Everything that runs without a browser, the tests on the bundled models included.
fn native() -> Result<Count> {
    let models = models::ensure()?;
    let python = Python::ensure()?;
    say("native tests");
    let mut command = cargo()?;
    python.tell(&mut command);
    command.args(["test", "--locked", "--no-fail-fast", "--workspace"]).args(NATIVE_FEATURES);
    // The part `python` runs what needs more of Python's package index.
    rust_tests(command.env("HEADLIGHT_MODELS", &models).args(["--", "--include-ignored", "--skip", "real_packages"]))
}

/// tests/wasm_*.rs in headless Chromium.
fn wasm() -> Result<Count> {
    tools::ensure_wasm_target()?;
    let runner = tools::ensure_wasm_test_runner()?;
    let browser = Browser::ensure()?;
    let webdriver_json = paths::cache()?.join("webdriver.json");
    browser.write_webdriver_json(&webdriver_json)?;
    let mut count = Count::default();
    for features in WASM_FEATURES {
        let tests = wasm_tests(features)?;
        if tests.is_empty() {
            continue;
        }
        say(&format!("wasm tests in Chromium, {features}"));
        let mut command = cargo()?;
        command
            .args(["test", "--locked", "--no-fail-fast", "--target", WASM_TARGET, "--no-default-features"])
            .args(["--features", features])
            .args(tests.iter().flat_map(|name| ["--test", name.as_str()]))
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CHROMEDRIVER", &browser.driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &webdriver_json)
            .env("WASM_BINDGEN_TEST_ONLY_WEB", "1")
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            // Plain static hosts do not isolate pages, so the tests run without isolation too.
            .env("WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION", "1");
        count = count.plus(rust_tests(&mut command)?);
    }
    Ok(count)
}

fn not_elsewhere() -> Result<Count> {
    say("not tested in Firefox and WebKit: cargo xtask test --only browsers");
    Ok(Count::default())
}

fn all_e2e() -> Result<Count> {
    e2e::run(None, Mode::Release)
}

/// tests/wasm_page*.rs are compiled like the page, wasm_bench*.rs like the measurements, the rest like the worker.
fn wasm_tests(features: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(paths::root()?.join("tests"))? {
        let file = entry?.file_name();
        let file = file.to_string_lossy();
        let Some(kind) = file.strip_prefix("wasm_").and_then(|rest| rest.strip_suffix(".rs")) else {
            continue;
        };
        let belongs_to = ["page", "bench"].into_iter().find(|prefix| kind.starts_with(prefix)).unwrap_or("worker");
        if belongs_to == features {
            names.push(format!("wasm_{kind}"));
        }
    }
    names.sort();
    Ok(names)
}

fn passes(command: &mut Command) -> Result<bool> {
    Ok(run_lines(command, |_| ())?.success())
}

fn rust_tests(command: &mut Command) -> Result<Count> {
    let mut count = Count::default();
    let status = run_lines(command, |line| count = count.plus(rust_result(line).unwrap_or_default()))?;
    Ok(count.of_runner(status.success()))
}
