//! `cargo xtask`: sets up, builds, serves, tests and measures Headlight.
//!
//! It installs pinned tools into a folder in the user's cache (`paths`), never into the checkout, and it does not link the
//! project's own code: it only starts cargo, node and a browser.

mod args;
mod bench;
mod browser;
mod deny;
mod dist;
mod e2e;
mod esbuild;
mod example;
mod fuzz;
mod models;
mod notebooks;
mod npm;
mod offline;
mod package;
mod page;
mod pages;
mod paths;
mod process;
mod program;
mod python;
mod report;
mod serve;
mod server;
mod stamp;
mod test;
mod tools;
mod trunk;
mod viewer;
mod worker;

use anyhow::{Result, bail};
use args::Args;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND [OPTIONS]

  setup                    install what is missing and fetch the bundled models
  serve [--port N]         build and serve the page (port 8080 unless given)
  build [--zip] [--python] [--npm]
                           build dist/, a static site; --zip also packs dist.zip with the models; --python also makes
                           the wheel of the Python package in python/dist/, --npm the npm package of the element in
                           dist-npm/
  test [--only PART]...    run every test; PART: fmt, clippy, deny, native, wasm, python, e2e; with --only python,
                           --newest: with the newest transformers, TransformerLens and nnsight; --only browsers: the
                           end-to-end tests that run in Firefox and WebKit, which only this runs
  e2e [--filter TEXT]      only the end-to-end tests, of files or tests with TEXT in their name
  fuzz [READER]... [--runs N]
                           feed readers of files with inputs that libFuzzer finds (100,000 runs each unless given)
  bench [--only TEXT] [--peers] [--table]
                           measure in headless Chromium, one JSON line per figure; --peers: onnxruntime-web too;
                           --table: make README's table of costs anew
  trunk                    what Trunk.toml has trunk call

  --fast (serve, build, e2e): skip link-time optimisation and wasm-opt, for short edit cycles
  HEADLIGHT_CACHE          folder for tools, models and compiled dependencies
  HEADLIGHT_CHROMIUM       the browser to use; HEADLIGHT_CHROMEDRIVER its driver
  HEADLIGHT_PYTHON_LIBRARIES
                           a Python with torch, transformers, TransformerLens, nnsight, JAX, IPython and pytest, for the
                           tests of the Python package; without it they are installed, once
  HEADLIGHT_JUPYTER        a Python with JupyterLab, Notebook 7, marimo, anywidget and pytest, for the same tests
  HEADLIGHT_SHOTS          folder for the screenshots of the end-to-end tests";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let mut args = Args::new(words);
    match command.as_str() {
        "setup" => {
            args.finish()?;
            tools::check()?;
            tools::Tools::ensure()?;
            models::ensure()?;
            browser::Browser::ensure()?;
            python::Python::ensure()?;
            println!("Everything needed is installed in {}", paths::cache()?.display());
        }
        "serve" => {
            let fast = args.flag("--fast");
            let port = args.value("--port")?;
            args.finish()?;
            serve::serve(port.as_deref(), dist::Mode::from_fast(fast))?;
        }
        "build" => {
            let fast = args.flag("--fast");
            let zip = args.flag("--zip");
            let python = args.flag("--python");
            let npm = args.flag("--npm");
            args.finish()?;
            dist::build(dist::Mode::from_fast(fast), zip)?;
            if python {
                package::build(dist::Mode::from_fast(fast))?;
            }
            if npm {
                npm::build(dist::Mode::from_fast(fast))?;
            }
        }
        "test" => {
            let only = args.values("--only")?;
            let newest = args.flag("--newest");
            args.finish()?;
            return test::test(&only, newest);
        }
        "e2e" => {
            let fast = args.flag("--fast");
            let filter = args.value("--filter")?;
            args.finish()?;
            return e2e::command(filter.as_deref(), dist::Mode::from_fast(fast));
        }
        "fuzz" => fuzz::command(args)?,
        "bench" => {
            let only = args.value("--only")?;
            let (peers, table) = (args.flag("--peers"), args.flag("--table"));
            args.finish()?;
            bench::bench(&bench::Options { only, peers, table })?;
        }
        "trunk" => {
            args.finish()?;
            trunk::build()?;
        }
        "" | "help" | "--help" | "-h" => println!("{USAGE}"),
        other => bail!("there is no command {other:?}; `cargo xtask help` lists them"),
    }
    Ok(ExitCode::SUCCESS)
}
