//! Turns a program that cargo compiled for wasm32 into files that a browser loads. `cargo xtask` compiles and calls it.
//!
//! It is a program of its own, compiled into the shared target folder, so that xtask starts sooner and every clone shares it.

use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

const USAGE: &str = "\
usage: bindgen bind  PROGRAM FOLDER NAME [--keep-exports]
       bindgen split PROGRAM FOLDER NAME

  bind   write the JavaScript module NAME.js and the program NAME_bg.wasm, which it starts
  split  write NAME.wasm, which is the program without its parts, the parts, and __wasm_split.js, which loads them";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["bind", program, folder, name] => bind(program, folder, name, false),
        ["bind", program, folder, name, "--keep-exports"] => bind(program, folder, name, true),
        ["split", program, folder, name] => split(program, folder, name),
        _ => bail!(USAGE),
    }
}

/// Parts of a program import what they share with it from its exports, which `keep_exports` spares.
fn bind(program: &str, folder: &str, name: &str, keep_exports: bool) -> Result<()> {
    Bindgen::new()
        .input_path(program)
        .out_name(name)
        .web(true)?
        .typescript(false)
        .keep_lld_exports(keep_exports)
        .generate(folder)
        .with_context(|| format!("no bindings for {program}"))
}

fn split(program: &str, folder: &str, name: &str) -> Result<()> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {program}"))?;
    let main_out_path = Path::new(folder).join(format!("{name}.wasm"));
    let main_module = format!("./{name}.js");
    let mut options = Options::new(&bytes);
    options.output_dir = Path::new(folder);
    options.main_out_path = &main_out_path;
    options.main_module = &main_module;
    options.target.web();
    transform(options).map_err(|error| anyhow!("{program} cannot be split: {error:#}"))?;
    Ok(())
}
