//! Makes the page's program, in parts: what shows the page, and what comes after it (see `src/ui/parts`).
//!
//! Not through trunk, which knows no parts: `wasm-split-cli` takes them out of the linked program, by what is reached from the
//! functions that are marked for it, and before wasm-bindgen sees it.

use crate::compact;
use crate::dist::Mode;
use crate::pages::{read, write};
use crate::paths;
use crate::process::{run, say};
use crate::program::{FLAGS, Program, bind, compile};
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

const NAME: &str = "app";
const PROFILE: &str = "wasm-page";

/// What loads the parts, as `wasm-split-cli` names it.
const LINK: &str = "__wasm_split.js";

/// How the names of files start that are a part each, and of those that several parts share.
const PART: &str = "split_";
const SHARED: &str = "chunk_";

/// How `LINK` starts a part, and a function that does it where a server does not say what kind of file it sends, too.
const STREAMED: &str = "WebAssembly.instantiateStreaming(";
const STARTED: &str = "started(";
const STARTED_CODE: &str = include_str!("../page/started.js");

/// Compiles it into dist/. Call before the pages there are finished.
pub fn build(tools: &Tools, mode: Mode, dist: &Path, id: &str) -> Result<()> {
    say("compiling the page");
    match mode {
        Mode::Release => in_parts(tools, dist, id),
        // In one piece.
        Mode::Fast => bind(tools, &compile(NAME, "page", PROFILE, mode)?, NAME, dist, &[]),
    }
}

/// The files of the parts in dist/ that a page should have under way from the start, by the names of the parts.
pub fn files_of(dist: &Path, parts: &[&str]) -> Result<Vec<String>> {
    let is_wanted = |name: &str| {
        let part = name.strip_prefix(PART).and_then(|name| name.strip_suffix(".wasm"));
        part.is_some_and(|part| parts.contains(&part)) || name.starts_with(SHARED)
    };
    Ok(part_files(dist)?.into_iter().filter(|name| is_wanted(name)).collect())
}

fn part_files(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wasm") && (name.starts_with(PART) || name.starts_with(SHARED)) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What ships.
fn in_parts(tools: &Tools, dist: &Path, id: &str) -> Result<()> {
    // What refers to what is kept for the one who parts it.
    let flags = FLAGS.into_iter().chain(["-Clink-arg=--emit-relocs"]);
    let program = Program {
        bin: NAME,
        feature: "split",
        folder: "page",
        profile: PROFILE,
        std_features: Some("optimize_for_size"),
        flags: &flags.map(str::to_owned).collect::<Vec<_>>(),
        mode: Mode::Release,
    };
    let program = program.build().context("the page could not be compiled")?;
    let folder = program.with_file_name(format!("{NAME}-parts"));
    paths::remove_folder(&folder)?;
    run(Command::new(tools.wasm_split()).arg(&program).arg(&folder).args(["--target", "web", "--out-name", NAME]))
        .context("the page could not be parted")?;
    let parts = part_files(&folder)?;
    if parts.is_empty() {
        bail!("the page has no parts: did wasm-split-cli find its marks?");
    }
    for name in &parts {
        compact::optimised(tools, &folder.join(name), &dist.join(name))?;
    }
    // Parts take what they share with the page from its exports.
    bind(tools, &folder.join(format!("{NAME}.wasm")), NAME, dist, &["--keep-lld-exports"])?;
    compact::called(tools, &dist.join(format!("{NAME}_bg.wasm")))?;
    // As everything of a build they are named with its id: else a browser would make two modules of one script.
    let bindings = format!("{NAME}.js");
    let link = versioned(&read(&folder, LINK)?, "from ", &bindings, id)?;
    let link = parts.iter().try_fold(link, |link, part| versioned(&link, "new URL(", part, id))?;
    if !link.contains(STREAMED) {
        bail!("{LINK} starts no part with {STREAMED}");
    }
    write(dist, LINK, &format!("{}\n{STARTED_CODE}", link.replace(STREAMED, STARTED)))?;
    let script = versioned(&read(dist, &bindings)?, "from ", LINK, id)?;
    write(dist, &bindings, &script)
}

/// A script with the build id behind the name of a file, wherever that stands after certain words.
fn versioned(script: &str, before: &str, name: &str, id: &str) -> Result<String> {
    let address = format!("{before}\"./{name}\"");
    if !script.contains(&address) {
        bail!("a script of the page does not say {address}, as it did: look at xtask/src/page.rs");
    }
    Ok(script.replace(&address, &format!("{before}\"./{name}?v={id}\"")))
}

#[cfg(test)]
mod tests {
    use super::versioned;

    #[test]
    fn a_script_names_the_build_of_what_it_asks_for() {
        let script =
            "import * as one from \"./link.js\"\nimport * as two from \"./link.js\"\nlet a = { \"./link.js\": one };";
        let named = versioned(script, "from ", "link.js", "1a").unwrap();
        assert_eq!(named.matches("from \"./link.js?v=1a\"").count(), 2, "{named}");
        assert!(named.contains("{ \"./link.js\": one }"), "keys are names, not addresses");
        assert!(versioned(&named, "from ", "link.js", "1a").is_err(), "not twice");
    }
}
