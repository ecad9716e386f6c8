//! Makes programs small: drops what is exported and never called, and optimises for size. For a page that carries program and bindings
//! it shortens names too, of which each import and export has one in the program and one in its script.

use crate::process::{capture, run};
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// For wasm-opt: what asks for less still makes code that packs worse.
const OPTIMISE: [&str; 3] = ["-O2", "--shrink-level", "1"];

/// Names what may be renamed, and how, in JSON; renames it.
const RENAME: &str = "--minify-imports-and-exports-and-modules";

/// What it names every module of imports.
const MODULE: &str = "a";

/// Before the name of an export, in a script of bindings.
const EXPORTS: &str = "wasm.";

/// How the names of exports start that only leptos's functions on a server are for.
const UNCALLED: [&str; 2] = ["intounderlying", "__wbg_intounderlying"];

/// What wasm-opt says of names.
#[derive(Deserialize)]
struct Names {
    /// Module, name, new name.
    imports: Vec<(String, String, String)>,
    /// Name, new name.
    exports: Vec<(String, String)>,
}

/// Makes the program in `wasm` small, in its place; returns the script of its bindings for it.
pub fn program(tools: &Tools, wasm: &Path, bindings: &str) -> Result<String> {
    reach(tools, wasm)?;
    let names = renamed(tools, wasm, &OPTIMISE)?;
    fs::rename(wasm.with_extension("renamed"), wasm)?;
    with_names(bindings, &names)
}

/// Makes the program in `wasm` small, in its place, where its names must stay.
pub fn called(tools: &Tools, wasm: &Path) -> Result<()> {
    reach(tools, wasm)?;
    optimised(tools, wasm, wasm)
}

/// Writes the program in `from` to `to`, made small.
pub fn optimised(tools: &Tools, from: &Path, to: &Path) -> Result<()> {
    run(tool(tools, "wasm-opt", from)?.args(OPTIMISE).arg("-o").arg(to))
}

/// Takes out of the program what is only exported, and never called.
fn reach(tools: &Tools, wasm: &Path) -> Result<()> {
    let exports = renamed(tools, wasm, &[])?.exports.into_iter().map(|(name, _)| name);
    // Asked for the names alone.
    fs::remove_file(wasm.with_extension("renamed"))?;
    let (uncalled, called): (Vec<_>, Vec<_>) = exports.partition(|name| UNCALLED.iter().any(|it| name.starts_with(it)));
    let node = |name: &String| json!({"name": name, "export": name});
    let mut graph: Vec<_> = called.iter().chain(&uncalled).map(node).collect();
    graph.push(json!({"name": "everything outside", "root": true, "reaches": called}));
    let file = wasm.with_extension("reached.json");
    fs::write(&file, serde_json::to_vec(&graph)?)?;
    capture(tool(tools, "wasm-metadce", wasm)?.arg("-f").arg(&file).arg("-o").arg(wasm))?;
    fs::remove_file(file)?;
    Ok(())
}

/// Writes the program with short names beside it, and says which.
fn renamed(tools: &Tools, wasm: &Path, options: &[&str]) -> Result<Names> {
    let renamed = wasm.with_extension("renamed");
    let says = capture(tool(tools, "wasm-opt", wasm)?.args(options).arg(RENAME).arg("-o").arg(renamed))?;
    serde_json::from_str(&says).context("wasm-opt did not say how it renamed")
}

fn tool(tools: &Tools, name: &str, wasm: &Path) -> Result<Command> {
    let mut command = Command::new(name);
    command.env("PATH", tools.path()?).arg(wasm);
    Ok(command)
}

/// The script with the new names: imports are keys of an object, exports fields of `wasm`.
fn with_names(bindings: &str, names: &Names) -> Result<String> {
    let mut script = bindings.to_owned();
    let modules: BTreeSet<&str> = names.imports.iter().map(|(module, ..)| module.as_str()).collect();
    let imports = names.imports.iter().map(|(_, name, new)| (format!(" {name}: "), format!(" {new}: ")));
    for (key, new) in imports.chain(modules.iter().map(|module| (format!("\"{module}\": "), format!("{MODULE}: ")))) {
        if script.matches(&key).count() != 1 {
            bail!("the bindings do not say {key} once, as they did: look at xtask/src/compact.rs");
        }
        script = script.replacen(&key, &new, 1);
    }
    let mut parts = script.split(EXPORTS);
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').unwrap_or(part.len());
        let new = names.exports.iter().find(|(name, _)| *name == part[..end]).map_or(&part[..end], |(_, new)| new);
        renamed.extend([EXPORTS, new, &part[end..]]);
    }
    Ok(renamed)
}

/// A script or a style sheet without what only its readers need; its names stay.
pub fn text(tools: &Tools, language: &str, text: &str) -> Result<String> {
    let mut child = Command::new("esbuild")
        .env("PATH", tools.path()?)
        .args(["--minify", "--log-level=warning"])
        .arg(format!("--loader={language}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start esbuild")?;
    // It reads everything before it writes.
    child.stdin.take().context("esbuild takes no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("esbuild could not shorten a text of viewer.html");
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::{Names, with_names};

    #[test]
    fn a_script_follows_the_names_of_its_program() {
        let names = Names {
            imports: vec![("./v_bg.js".to_owned(), "__wbg_ok_1".to_owned(), "$".to_owned())],
            exports: vec![("memory".to_owned(), "b".to_owned()), ("memory_2".to_owned(), "c".to_owned())],
        };
        let script =
            "f(wasm.memory.buffer, wasm.memory_2); wasm.gone();\n  __wbg_ok_1: function() {},\n  \"./v_bg.js\": i";
        let renamed = with_names(script, &names).unwrap();
        assert_eq!(renamed, "f(wasm.b.buffer, wasm.c); wasm.gone();\n  $: function() {},\n  a: i");
        assert!(with_names("a script of another form", &names).is_err());
    }
}
