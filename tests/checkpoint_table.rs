//! The table of docs/checkpoints.md: what is read of each model type that transformers lists for text. Made of the adapters and of
//! `tests/fixtures/model_types.json`; `HEADLIGHT_WRITE=1 cargo test --test native checkpoint_table::` writes it.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{fixture, read};
use headlight::engine::checkpoint::{Architecture, Config, families};
use serde::Deserialize;
use serde_json::json;

const START: &str = "<!-- made by tests/checkpoint_table.rs -->";
const END: &str = "<!-- end of the table -->";

/// A model type, by `make_model_types.py`.
#[derive(Deserialize)]
struct ModelType {
    stacks: String,
    text: Option<String>,
    #[serde(default)]
    has: Vec<String>,
}

fn types() -> BTreeMap<String, ModelType> {
    serde_json::from_slice(&read(&fixture("model_types.json"))).unwrap()
}

/// The refusal of a family.
fn refusal(name: &str) -> String {
    let config = json!({"model_type": name}).to_string();
    let config = Config::parse("config.json", config.as_bytes()).unwrap();
    Architecture::from_config(&config, &|_| false).unwrap_err().to_string()
}

/// Why a family is not read.
fn reason(name: &str, kind: &ModelType) -> String {
    let message = refusal(name);
    assert!(message.starts_with(&format!("{name} models are not read")), "{name}: {message}");
    if let Some(instead) = message.split("they have ").nth(1) {
        return format!("no attention: {}", instead.split(',').next().unwrap());
    }
    let lacks = |what: &str| kind.has.iter().any(|has| has == what);
    let words =
        [(lacks("experts"), "mixture of experts"), (lacks("recurrence"), "layers with a recurrence or convolution")];
    let words: Vec<&str> = words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect();
    if words.is_empty() { "no adapter yet".to_owned() } else { words.join(", ") }
}

fn row(name: &str, kind: &ModelType) -> String {
    let verdict = match (families().contains(&name), &kind.text) {
        (true, _) => "reads".to_owned(),
        (false, Some(text)) if families().contains(&text.as_str()) => format!("reads the text part ({text})"),
        _ => format!("refuses: {}", reason(name, kind)),
    };
    let stacks = match kind.stacks.as_str() {
        "both" => "encoder and decoder",
        "either" => "encoder or decoder",
        one => one,
    };
    format!("| `{name}` | {stacks} | {verdict} |\n")
}

#[test]
fn the_table_is_what_the_adapters_read() {
    let types = types();
    assert!(types.len() > 200, "{}", types.len());
    let rows: String = types.iter().map(|(name, kind)| row(name, kind)).collect();
    let table = format!("\n| model type | stacks | |\n|---|---|---|\n{rows}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checkpoints.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("HEADLIGHT_WRITE").is_some() {
        std::fs::write(&path, format!("{before}{START}\n{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        found.trim(),
        table.trim(),
        "HEADLIGHT_WRITE=1 cargo test --test native checkpoint_table:: writes the table"
    );
}

/// Every family that is read is one of transformers' types for text, or the text part of one.
#[test]
fn every_family_is_in_the_list() {
    let types = types();
    let is_listed =
        |name: &str| types.contains_key(name) || types.values().any(|kind| kind.text.as_deref() == Some(name));
    let missing: Vec<&str> = families().into_iter().filter(|name| !is_listed(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The numbers in the first paragraph are those of the rows.
#[test]
fn the_numbers_of_the_page_are_the_tables() {
    let page = String::from_utf8(read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checkpoints.md"))).unwrap();
    let count = |word: &str| page.lines().filter(|line| line.starts_with("| `") && line.contains(word)).count();
    let says = |n: usize, what: &str| format!("{n} {what}");
    for sentence in [
        says(count("| reads |"), "are read"),
        says(count("| reads the text part"), "are read as far as they are text"),
        says(count("| refuses:"), "are refused"),
    ] {
        assert!(page.contains(&sentence), "\"{sentence}\" is not said");
    }
}
