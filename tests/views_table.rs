//! docs/views.md says which test covers what BertViz's views do: every test that it names is there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_table_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/views.md")).unwrap();
    let mut n_named = 0;
    for line in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what")) {
        let tests = line.trim_end_matches('|').rsplit(" | ").next().unwrap();
        let quoted: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        let named: Vec<&[&str]> = quoted.chunks_exact(2).collect();
        assert!(!named.is_empty(), "no test is named: {line}");
        for pair in named {
            let (file, name) = (pair[0], pair[1]);
            let path = if file.contains('/') { root.join(file) } else { root.join("tests/e2e").join(file) };
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let is_there = if file.ends_with(".rs") {
                text.contains(&format!("fn {name}()"))
            } else {
                text.lines().any(|line| line.trim_start().starts_with("pageTest(") && line.contains(name))
            };
            assert!(is_there, "{file} has no test “{name}”");
            n_named += 1;
        }
    }
    assert!(n_named > 30, "{n_named} tests are named");
}
