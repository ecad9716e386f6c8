//! The rules of ARCHITECTURE.md about who may know whom. They read the sources and cargo's dependency tree, so that a
//! broken rule is a failing test and not a matter of taste.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each module of src/ and the modules of ours that it may use.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("kernels", &[]),
    ("fields", &[]),
    ("trace", &["fields"]),
    ("edit", &["fields", "trace"]),
    ("sources", &[]),
    ("protocol", &["trace", "edit", "sources"]),
    ("gallery", &["protocol"]),
    ("analysis", &["trace", "kernels"]),
    ("answers", &["trace", "analysis", "protocol"]),
    ("engine", &["trace", "edit", "analysis", "kernels"]),
    ("cli", &["trace", "edit", "engine", "analysis", "sources"]),
    ("platform", &[]),
    ("worker", &["trace", "edit", "engine", "analysis", "answers", "protocol", "platform", "sources"]),
    ("render", &["trace", "analysis", "kernels"]),
    ("render_web", &["render"]),
    ("state", &["trace", "edit", "analysis", "protocol", "platform", "gallery", "sources"]),
    (
        "ui",
        &[
            "gallery",
            "trace",
            "edit",
            "analysis",
            "answers",
            "protocol",
            "platform",
            "render",
            "render_web",
            "state",
            "sources",
        ],
    ),
    // Each binary is a few lines; what measures kernels knows them.
    ("bin", &["cli", "worker", "ui", "protocol", "platform", "trace", "edit", "engine", "kernels"]),
];

/// Modules that run anywhere, tested with plain `cargo test`.
const NO_BROWSER: [&str; 11] =
    ["kernels", "fields", "trace", "edit", "sources", "protocol", "analysis", "answers", "engine", "cli", "render"];
const BROWSER_CRATES: [&str; 6] = ["web_sys", "js_sys", "wasm_bindgen", "leptos", "leptos_use", "gloo"];

const MAX_LINES: usize = 400;
/// Lines of a component or another function of the user interface.
const MAX_COMPONENT_LINES: usize = 120;

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(module) = module_of(&file) else {
            continue;
        };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{module} is not in the table of this test"));
            continue;
        };
        for used in used_modules(&code(&file)) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: {module} may not use {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn pure_modules_know_no_browser() {
    let mut wrong = Vec::new();
    for file in
        sources().iter().filter(|file| module_of(file).is_some_and(|module| NO_BROWSER.contains(&module.as_str())))
    {
        let text = code(file);
        for word in words(&text).filter(|word| BROWSER_CRATES.contains(word)) {
            wrong.push(format!("{} mentions {word}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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
        .filter(|name| name.starts_with("candle") || name.starts_with("gemm") || *name == "tokenizers")
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

/// The folder right below src/, or the file there; none for lib.rs.
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

/// The modules named after `crate::` (in binaries `headlight::`), alone or in braces.
fn used_modules(text: &str) -> BTreeSet<String> {
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
    let modules = MAY_USE.map(|(name, _)| name);
    used.retain(|name| modules.contains(&name.as_str()));
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
    let used: Vec<String> = used_modules(text).into_iter().collect();
    assert_eq!(used, ["analysis", "edit", "engine", "trace", "ui"]);
}
