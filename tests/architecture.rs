//! The rules of ARCHITECTURE.md about who may know whom. The map is read from ARCHITECTURE.md itself, the rest from the
//! sources and from cargo's dependency tree, so that a broken rule is a failing test and not a matter of taste.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beginnings of the names of crates that only browsers have.
const BROWSER_CRATES: [&str; 5] = ["web_sys", "js_sys", "wasm_bindgen", "leptos", "gloo"];

const MAX_LINES: usize = 400;
/// Lines of a component or another function of the user interface.
const MAX_COMPONENT_LINES: usize = 120;

/// A row of the map in ARCHITECTURE.md.
#[derive(Debug, PartialEq)]
struct Module {
    name: String,
    may_import: Vec<String>,
    knows_browser: bool,
}

/// The map in ARCHITECTURE.md.
fn map() -> Vec<Module> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (_, after) = page.split_once("\n## Map\n").expect("a section named Map");
    let section = after.split("\n## ").next().unwrap_or_default();
    section.lines().filter(|line| line.starts_with("| `")).map(module).collect()
}

/// A module from its row: name, what it is, what it may import, whether it knows a browser.
fn module(row: &str) -> Module {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [name, _, imports, browser] = cells[..] else { panic!("not four cells: {row}") };
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    assert!(imports == "nothing" || !quoted(imports).is_empty(), "neither modules nor \"nothing\": {row}");
    assert!(["yes", "no"].contains(&browser), "neither yes nor no: {row}");
    let name = name.trim_matches('`').trim_end_matches('/').to_owned();
    Module { name, may_import: quoted(imports), knows_browser: browser == "yes" }
}

#[test]
fn the_map_has_every_module_and_reads_downwards() {
    let map = map();
    let named: BTreeSet<String> = map.iter().map(|module| module.name.clone()).collect();
    let found: BTreeSet<String> = sources().iter().filter_map(|file| module_of(file)).collect();
    assert_eq!(named, found);
    for (index, module) in map.iter().enumerate() {
        for import in &module.may_import {
            let above = map[..index].iter().find(|other| other.name == *import);
            let above = above.unwrap_or_else(|| panic!("{} may import {import}, which is not above it", module.name));
            let is_fine = module.knows_browser || !above.knows_browser;
            assert!(is_fine, "{} knows no browser and may import {import}, which does", module.name);
        }
    }
}

#[test]
fn modules_import_only_what_the_map_allows() {
    let (map, mut wrong) = (map(), Vec::new());
    let names: Vec<String> = map.iter().map(|module| module.name.clone()).collect();
    for file in sources() {
        let Some(name) = module_of(&file) else { continue };
        let module = map.iter().find(|module| module.name == name).expect("every module is in the map");
        for used in used_modules(&code(&file), &names) {
            if used != name && !module.may_import.contains(&used) {
                wrong.push(format!("{}: {name} may not import {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn modules_without_a_browser_name_none_of_its_crates() {
    let (map, mut wrong) = (map(), Vec::new());
    for file in sources() {
        let knows_browser = |name: &String| map.iter().any(|module| module.name == *name && module.knows_browser);
        if module_of(&file).is_none_or(|name| knows_browser(&name)) {
            continue;
        }
        let text = code(&file);
        for word in words(&text).filter(|word| is_of_browsers(word)) {
            wrong.push(format!("{} names {word}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn is_of_browsers(word: &str) -> bool {
    BROWSER_CRATES
        .iter()
        .any(|name| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

/// A ban on a name that no crate has would hold nothing.
#[test]
fn every_ban_meets_a_dependency() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let crates: Vec<String> =
        manifest.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_")).collect();
    for banned in BROWSER_CRATES {
        assert!(crates.iter().any(|name| name == banned), "{banned} is no dependency");
    }
    let n_banned = crates.iter().filter(|name| is_of_browsers(name)).count();
    assert!(n_banned > BROWSER_CRATES.len(), "crates like wasm_bindgen_futures are banned too: {crates:?}");
}

#[test]
fn every_file_says_its_purpose_and_is_short() {
    let mut wrong = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).expect("a source file");
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not start with //! and its purpose", file.display()));
        }
        let n_lines = text.lines().count();
        if n_lines > MAX_LINES {
            wrong.push(format!("{} has {n_lines} lines, more than {MAX_LINES}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Cargo runs what `Cargo.toml` names, and `tests/native.rs` its modules: a file that neither names would never run.
#[test]
fn every_test_file_runs() {
    let programs = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is read");
    let modules = fs::read_to_string(root().join("tests/native.rs")).expect("the program's modules are read");
    for entry in fs::read_dir(root().join("tests")).expect("the tests are listed") {
        let path = entry.expect("a file").path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".rs"))
        else {
            continue;
        };
        let is_named =
            programs.contains(&format!("path = \"tests/{name}.rs\"")) || modules.contains(&format!("mod {name};"));
        assert!(is_named, "tests/{name}.rs never runs: name it in tests/native.rs");
    }
}

/// The module that an event's documentation names has the function that the reducer calls for it, so that a reader finds what an
/// event does by the event's name.
#[test]
fn events_are_handled_in_the_module_that_they_name() {
    let read = |name: &str| fs::read_to_string(root().join("src/state").join(name)).expect("a source file");
    let (events, reducer) = (read("event.rs"), read("reduce.rs"));
    let (_, variants) = events.split_once("pub enum Event {").expect("the events");
    let mut module = None;
    let mut n_events = 0;
    for line in variants.lines().take_while(|line| *line != "}").map(str::trim) {
        if line.starts_with("///") {
            module = line.strip_suffix("`.").and_then(|line| line.rsplit_once('`')).map(|(_, module)| module);
            continue;
        }
        let Some(name) = words(line).next().filter(|name| !name.is_empty()) else { continue };
        let module = module.take().unwrap_or_else(|| panic!("Event::{name} names no module")).replace("::", "/");
        let (_, call) = reducer.split_once(&format!("Event::{name}")).expect("every event is handled");
        let (called, _) = call.split_once("=> self.").expect("a call").1.split_once('(').expect("a call");
        let handler = format!("fn {}(", called.rsplit('.').next().expect("a name"));
        let place = root().join("src/state").join(&module);
        let is_there = |file: &PathBuf| file.starts_with(&place) || *file == place.with_extension("rs");
        let found = sources().iter().filter(|file| is_there(file)).any(|file| code(file).contains(&handler));
        assert!(found, "Event::{name} says that it is handled in {module}, which has no {handler}…)");
        n_events += 1;
    }
    assert!(n_events > 10, "only {n_events} events are found");
}

#[test]
fn every_component_has_a_file_of_its_own() {
    let mut n_components = 0;
    let mut wrong = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).expect("a source file");
        let n_here = text.lines().filter(|line| line.trim_start().starts_with("#[component")).count();
        n_components += n_here;
        if n_here > 1 {
            wrong.push(format!("{} has {n_here} components", file.display()));
        }
    }
    assert!(n_components > 100, "only {n_components} components are found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn components_fit_on_a_screen() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| module_of(file).is_some_and(|module| module == "ui")) {
        let text = fs::read_to_string(file).expect("a source file");
        let mut start = None;
        for (at, line) in text.lines().enumerate() {
            if line.starts_with("fn ") || line.starts_with("pub") && line.contains(" fn ") {
                start = Some((at, line));
            }
            if line != "}" {
                continue;
            }
            if let Some((first, name)) = start.take()
                && at + 1 - first > MAX_COMPONENT_LINES
            {
                wrong.push(format!("{}: {} lines: {name}", file.display(), at + 1 - first));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_page_never_links_the_engine() {
    let tree = dependencies("page");
    assert!(tree.contains("leptos") && tree.contains("web-sys"), "not the page's tree: {tree:?}");
    let found: Vec<_> = tree
        .iter()
        .filter(|name| ["candle", "gemm", "minijinja", "tokenizers"].iter().any(|engine| name.starts_with(engine)))
        .collect();
    assert!(found.is_empty(), "the page links {found:?}");
}

#[test]
fn the_worker_never_links_the_user_interface() {
    let tree = dependencies("worker");
    assert!(tree.contains("candle-core"), "not the worker's tree: {tree:?}");
    let found: Vec<_> = tree.iter().filter(|name| name.starts_with("leptos")).collect();
    assert!(found.is_empty(), "the worker links {found:?}");
}

/// Names of all packages that the browser binary with this feature links.
fn dependencies(feature: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--package", "headlight", "--no-default-features", "--features", feature])
        .args(["--target", "wasm32-unknown-unknown", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo tree");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The module that a file is part of: its folder right below src/, or its own name there; `None` for lib.rs.
fn module_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join("src")).expect("a file below src");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    let module = first.trim_end_matches(".rs");
    (module != "lib").then(|| module.to_owned())
}

/// A file without its comment lines, in which links to any module are fine.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// Those of `modules` that are named after `crate::` (in binaries `headlight::`), alone or in braces.
fn used_modules(text: &str, modules: &[String]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for path in ["crate::", "headlight::"] {
        for (at, _) in text.match_indices(path) {
            let rest = &text[at + path.len()..];
            match rest.strip_prefix('{') {
                Some(group) => used.extend(top_level_names(group)),
                None => used.extend(words(rest).next().map(str::to_owned)),
            }
        }
    }
    used.retain(|name| modules.contains(name));
    used
}

/// The first name of each item of a `{a, b::{c, d}}` group, whose opening brace is already read.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let (mut depth, mut in_name) = (0, true);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(String::new());
                in_name = true;
            }
            c if depth == 0 && in_name && (c.is_alphanumeric() || c == '_') => {
                names.last_mut().expect("never empty").push(c);
            }
            // Leading space is layout; space after a name is followed by `as`.
            c if c.is_whitespace() => in_name = in_name && names.last().is_some_and(String::is_empty),
            _ => in_name = false,
        }
    }
    names
}

#[test]
fn imports_are_read_in_every_form() {
    let text =
        "use crate::trace::{Spec};\nuse crate::{edit, engine::{run, files}, analysis as a};\nlet x = crate::ui::y();";
    let modules = ["analysis", "edit", "engine", "trace", "ui"].map(str::to_owned);
    let used: Vec<String> = used_modules(text, &modules).into_iter().collect();
    assert_eq!(used, ["analysis", "edit", "engine", "trace", "ui"]);
}
