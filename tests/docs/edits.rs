//! docs/edits.md lists the kinds of edit and their fields as the program reads them.

use headlight::edit::parse_list;
use serde_json::{Map, Value, json};

use super::pages::{blocks, quoted, read, rows, section};

/// A value that each field of some kind accepts.
fn fields() -> Vec<(&'static str, Value)> {
    vec![
        ("layer", json!(0)),
        ("head", json!(0)),
        ("expert", json!(0)),
        ("query", json!(0)),
        ("key", json!(0)),
        ("neuron", json!(0)),
        ("hook", json!("attn.hook_z")),
        ("factor", json!(2)),
        ("value", json!(0)),
        ("vector", json!([1])),
        ("weights", json!([1])),
        ("from", json!({"text": "a"})),
    ]
}

/// The kinds that the program knows: it lists them where it refuses another.
fn kinds() -> Vec<String> {
    let refusal = parse_list(r#"[{"kind":"unheard_of"}]"#).unwrap_err().to_string();
    let (_, list) = refusal.split_once("expected one of ").expect("a list of the kinds");
    list.split(", ").map(str::to_owned).collect()
}

fn accepts(edit: &Map<String, Value>) -> bool {
    parse_list(&Value::from(vec![Value::from(edit.clone())]).to_string()).is_ok()
}

/// The required and the optional fields of a kind, found by leaving each out.
fn fields_of(kind: &str) -> (Vec<String>, Vec<String>) {
    // A kind says what is missing before what is unknown, so fields are offered together.
    let mut all = Map::from_iter(fields().into_iter().map(|(name, value)| (name.to_owned(), value)));
    all.insert("kind".to_owned(), json!(kind));
    while let Err(problem) = parse_list(&json!([all]).to_string()) {
        let problem = problem.to_string();
        let (_, unknown) = problem.split_once("unknown field `").unwrap_or_else(|| panic!("{kind}: {problem}"));
        all.remove(unknown.trim_end_matches('`')).expect("a field that was offered");
    }
    let names = all.keys().filter(|name| *name != "kind").cloned();
    names.partition(|name| {
        let mut without = all.clone();
        without.remove(name);
        !accepts(&without)
    })
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn the_table_of_kinds_is_the_programs() {
    let rows = rows(&section(&read("docs/edits.md"), "Kinds"));
    let documented: Vec<String> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    assert_eq!(documented, kinds());
    for row in rows {
        let kind = &quoted(&row[0])[0];
        let (required, optional) = fields_of(kind);
        assert_eq!(sorted(quoted(&row[1])), sorted(required), "required fields of {kind}");
        assert_eq!(sorted(quoted(&row[2])), sorted(optional), "optional fields of {kind}");
    }
}

#[test]
fn every_example_is_read_and_shows_its_kind() {
    let page = read("docs/edits.md");
    for example in blocks(&page, "json") {
        parse_list(&example).unwrap_or_else(|error| panic!("{error}: {example}"));
    }
    for kind in kinds() {
        let example = blocks(&section(&page, &format!("`{kind}`")), "json").concat();
        assert!(example.contains(&format!("\"kind\": \"{kind}\"")), "no example of {kind}");
    }
}

#[test]
fn the_fields_of_every_edit_are_the_programs() {
    let rows = rows(&section(&read("docs/edits.md"), "Fields of every edit"));
    let documented: Vec<String> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    let written =
        parse_list(r#"[{"kind":"zero_head","layer":0,"head":0,"on":false,"stack":"decoder","attn":"cross"}]"#);
    let written = written.unwrap()[0].to_json();
    let names = written.as_object().unwrap().keys().filter(|name| !["layer", "head"].contains(&name.as_str()));
    assert_eq!(sorted(documented), sorted(names.cloned().collect()));
}
