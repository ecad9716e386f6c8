//! The Python package: a wheel of pure Python with viewer.html and the licences inside, and its tests from that wheel.

use crate::dist::{self, Mode};
use crate::notebooks::{self, NOTEBOOKS};
use crate::paths;
use crate::process::{capture, cargo, run, run_lines, say};
use crate::python::{self, Extra, environment, id_of, interpreter};
use crate::report::{Count, pytest_result, rust_result};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::WalkDir;

const PLAIN: &str = include_str!("../../tests/python/package.txt");
const LENS3: &str = include_str!("../../tests/python/lens3.txt");

const LICENCES: [&str; 3] = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];

/// The libraries whose models the package reads.
const LIBRARIES: Extra = Extra {
    name: "libraries",
    contents: "transformers, TransformerLens and nnsight",
    requirements: include_str!("../../tests/python/libraries.txt"),
    modules: "torch, transformers, transformer_lens, nnsight",
    variable: "HEADLIGHT_PYTHON_LIBRARIES",
};

/// The command: python/dist/ with the wheel.
pub fn build(mode: Mode) -> Result<()> {
    println!("{} is ready: install it with pip", wheel(mode)?.display());
    Ok(())
}

/// The wheel, built unless nothing that goes into it has changed.
fn wheel(mode: Mode) -> Result<PathBuf> {
    let viewer = dist::ensure(mode)?.join("viewer.html");
    let _lock = paths::lock("wheel")?;
    let folder = paths::root()?.join("python");
    let inside = folder.join("headlight/viewer.html");
    fs::copy(&viewer, &inside).with_context(|| format!("cannot copy {}", viewer.display()))?;
    // A package's metadata names no file above it.
    for name in LICENCES {
        fs::copy(paths::root()?.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let (wheels, stamp) = (folder.join("dist"), folder.join("dist/contents.txt"));
    let id = id_of(&contents(&folder)?);
    if fs::read_to_string(&stamp).is_ok_and(|text| text == id) {
        return only_wheel(&wheels);
    }
    say("building the wheel of the Python package");
    paths::remove_folder(&wheels)?;
    run(Command::new(interpreter()?)
        .args(["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir"])
        .arg(&wheels)
        .arg(&folder))
    .context("could not build the wheel: it needs pip and the Python package index, for hatchling")?;
    fs::write(&stamp, id).with_context(|| format!("cannot write {}", stamp.display()))?;
    only_wheel(&wheels)
}

/// Everything that goes into the wheel.
fn contents(folder: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for name in ["pyproject.toml", "README.md", "headlight"].into_iter().chain(LICENCES) {
        for entry in WalkDir::new(folder.join(name)).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() && !entry.path().components().any(|part| part.as_os_str() == "__pycache__") {
                all.extend(entry.path().strip_prefix(folder)?.to_string_lossy().bytes());
                all.extend(fs::read(entry.path())?);
            }
        }
    }
    Ok(all)
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            return Ok(path);
        }
    }
    bail!("{} has no wheel", folder.display())
}

/// The tests of the package as it was built: alone with numpy and safetensors, in notebooks, and with the libraries whose models
/// it reads, which are installed where they are missing.
pub fn test() -> Result<Count> {
    test_with(true, Some(|| LIBRARIES.pinned()))
}

/// The tests with the libraries in their newest versions, whatever these are.
pub fn test_newest() -> Result<Count> {
    test_with(false, Some(newest))
}

/// The same as `test`; without notebooks and libraries where they are not installed yet, since that takes gigabytes and many minutes.
pub fn test_installed() -> Result<Count> {
    test_with(NOTEBOOKS.is_installed(), LIBRARIES.is_installed().then_some(|| LIBRARIES.pinned()))
}

fn test_with(in_notebooks: bool, libraries: Option<impl FnOnce() -> Result<PathBuf>>) -> Result<Count> {
    let wheel = wheel(Mode::Release)?;
    let plain = environment("package", "pytest", PLAIN)?;
    let installed = paths::target()?.join("python-package");
    paths::remove_folder(&installed)?;
    run(Command::new(&plain)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"])
        .arg(&installed)
        .arg(&wheel))?;
    say("the Python package");
    let mut count = pytest(&plain, &installed, &["--ignore=real", "--ignore=jupyter"])?;
    if in_notebooks && let Some(program) = NOTEBOOKS.or_skipped(NOTEBOOKS.pinned()) {
        say("the Python package in notebooks");
        count = count.plus(pytest(&program, &installed, &["jupyter"])?).plus(notebooks::test(&program, &installed)?);
    }
    let found = libraries.and_then(|ensure| LIBRARIES.or_skipped(ensure().and_then(with_lens3)));
    let Some((program, lens3)) = found else { return Ok(count) };
    say(&format!("the Python package with {}", LIBRARIES.contents));
    count = count.plus(pytest(&program, &installed, &["real"])?);
    Ok(count.plus(blocks(program, lens3, installed)?))
}

/// The blocks of docs/python.md, and the scripts of "Copy as Python".
fn blocks(program: PathBuf, lens3: PathBuf, installed: PathBuf) -> Result<Count> {
    say("the blocks of docs/python.md, and scripts of “Copy as Python”");
    let mut command = cargo()?;
    command.args(["test", "--locked", "--features", "page", "--test", "python", "--test", "python_scripts", "--"]);
    command.args(["--include-ignored", "real_packages"]);
    command.env("HEADLIGHT_PYTHON", program).env("HEADLIGHT_LENS3", lens3).env("PYTHONPATH", installed);
    let mut blocks = Count::default();
    let status = run_lines(command.env("HF_HUB_OFFLINE", "1"), |line| {
        blocks = blocks.plus(rust_result(line).unwrap_or_default());
    })?;
    Ok(blocks.of_runner(status.success()))
}

/// An interpreter with the newest versions of the libraries, and a line that names them.
fn newest() -> Result<PathBuf> {
    let program = LIBRARIES.newest()?;
    let versions = "from importlib.metadata import version as v; \
                    print(*(f'{n} {v(n)}' for n in ('transformers', 'transformer-lens', 'nnsight', 'torch')), sep=', ')";
    say(&format!("the newest versions: {}", capture(Command::new(&program).args(["-c", versions]))?.trim()));
    Ok(program)
}

/// The folder of TransformerLens 3 beside an interpreter with the libraries.
fn with_lens3(program: PathBuf) -> Result<(PathBuf, PathBuf)> {
    Ok((program, python::install("lens3", "TransformerLens 3", "tests/python/lens3.txt", LENS3, &["--no-deps"])?))
}

/// Runs tests in python/tests, from where the package's sources are not found.
fn pytest(program: &Path, installed: &Path, arguments: &[&str]) -> Result<Count> {
    let mut command = Command::new(program);
    command.args(["-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]).args(arguments);
    command.current_dir(paths::root()?.join("python/tests"));
    command.env("PYTHONPATH", installed).env("PYTHONDONTWRITEBYTECODE", "1").env("HF_HUB_OFFLINE", "1");
    let mut count = Count::default();
    let status = run_lines(&mut command, |line| count = count.plus(pytest_result(line).unwrap_or_default()))?;
    Ok(count.of_runner(status.success()))
}
