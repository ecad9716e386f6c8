//! The rules of deny.toml about dependencies: licences, sources, and crates that are banned or allowed once. `cargo deny check`
//! holds them too, where that program is installed; here they need cargo alone.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Every package of the workspace's tree, of all features and platforms.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--locked", "--format-version", "1", "--all-features"])
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list").clone();
    assert!(packages.len() > 200, "{} packages", packages.len());
    packages
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a name")
}

/// The lines of a table of deny.toml.
fn table(name: &str) -> Vec<String> {
    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).expect("deny.toml");
    let lines = rules.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    lines.take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

/// The texts of an array of a table.
fn array(name: &str, key: &str) -> Vec<String> {
    let text = table(name).join("\n");
    let (_, after) = text.split_once(&format!("{key} = [")).unwrap_or_else(|| panic!("[{name}] {key}"));
    let (inside, _) = after.split_once(']').expect("the end of the array");
    let texts: Vec<String> = inside.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!texts.is_empty(), "[{name}] {key} is empty");
    texts
}

/// Whether an SPDX expression can be met with allowed licences alone. A slash is the old form of OR.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let (is_met, rest) = either(&words, allowed);
    is_met && rest.is_empty()
}

/// Alternatives joined by OR; returns the words after them too.
fn either<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut is_met, mut rest) = both(words, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        let (is_next_met, after) = both(after, allowed);
        (is_met, rest) = (is_met || is_next_met, after);
    }
    (is_met, rest)
}

/// Licences joined by AND, which binds closer than OR.
fn both<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    let (mut is_met, mut rest) = licence(words, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        let (is_next_met, after) = licence(after, allowed);
        (is_met, rest) = (is_met && is_next_met, after);
    }
    (is_met, rest)
}

/// One licence with its exception, or an expression in parentheses.
fn licence<'a>(words: &'a [&'a str], allowed: &[String]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inside @ ..] => {
            let (is_met, rest) = either(inside, allowed);
            (is_met, rest.strip_prefix(&[")"]).expect("a closing parenthesis"))
        }
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.iter().any(|known| *known == format!("{licence} WITH {exception}")), rest)
        }
        [licence, rest @ ..] => (allowed.iter().any(|known| known == licence), rest),
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn every_licence_is_allowed() {
    let allowed = array("licenses", "allow");
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|licence| is_allowed(licence, &allowed)))
        .map(|package| format!("{}: {}", name(package), package["license"]))
        .collect();
    assert!(refused.is_empty(), "licences that deny.toml does not allow:\n{}", refused.join("\n"));
}

#[test]
fn every_package_comes_from_an_allowed_registry() {
    let registries = array("sources", "allow-registry");
    for package in packages() {
        let Some(source) = package["source"].as_str() else { continue };
        let is_known = source.strip_prefix("registry+").is_some_and(|url| registries.iter().any(|known| known == url));
        assert!(is_known, "{} comes from {source}", name(&package));
    }
}

#[test]
fn banned_crates_are_absent_and_shared_ones_are_there_once() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(name(&package).to_owned()).or_default().push(package["version"].to_string());
    }
    let rules = table("bans").into_iter().filter(|line| line.trim_start().starts_with("{ crate"));
    let (mut n_banned, mut n_once) = (0, 0);
    for rule in rules {
        let banned = rule.split('"').nth(1).expect("a crate's name");
        let found = versions.get(banned).map_or(&[][..], Vec::as_slice);
        if rule.contains("deny-multiple-versions = true") {
            assert_eq!(found.len(), 1, "{banned} is there in versions {found:?}");
            n_once += 1;
        } else {
            assert!(found.is_empty(), "{banned} is banned and there in versions {found:?}");
            n_banned += 1;
        }
    }
    assert!(n_banned > 0 && n_once > 0, "{n_banned} bans, {n_once} crates that are there once");
}

#[test]
fn no_dependency_takes_any_version() {
    for package in packages().iter().filter(|package| package["source"].is_null()) {
        for dependency in package["dependencies"].as_array().expect("a list") {
            let is_path = !dependency["path"].is_null();
            assert!(is_path || dependency["req"] != "*", "{}: {} = \"*\"", name(package), dependency["name"]);
        }
    }
}

#[test]
fn licence_expressions_are_read() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND ISC", true),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("(GPL-3.0 OR MIT) AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT WITH LLVM-exception", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
