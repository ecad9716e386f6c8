//! Whatever the code and the pages refer to exists: tests, headings, files.

use std::fs;

use super::pages::{anchor, files, headings, pages, prose, quoted, read, root, rows, section};

/// Pages of definitions, to which code refers by a heading.
const DEFINITIONS: [&str; 3] = ["docs/methods.md", "docs/formats.md", "docs/edits.md"];

/// The tests that a text names, as "`FILE`: `TEST`".
fn named_tests(text: &str) -> Vec<(String, String)> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = text.split('`').collect();
    let is_file = |name: &str| [".rs", ".test.mjs"].iter().any(|ending| name.ends_with(ending));
    let pair = |at: usize| (parts[at + 1] == ": " && is_file(parts[at])).then(|| (parts[at], parts[at + 2]));
    let pairs = (1..parts.len().saturating_sub(2)).step_by(2).filter_map(pair);
    pairs.map(|(file, name)| (file.to_owned(), name.to_owned())).collect()
}

/// Panics where a file has no such test. Files without a folder are in `tests/e2e`.
fn check_test(page: &str, file: &str, name: &str) {
    let path = if file.contains('/') { file.to_owned() } else { format!("tests/e2e/{file}") };
    let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{page} names {path}: {error}"));
    let is_there = if file.ends_with(".rs") {
        text.contains(&format!("fn {name}("))
    } else {
        text.lines().any(|line| line.trim_start().starts_with("pageTest(") && line.contains(name))
    };
    assert!(is_there, "{page}: {path} has no test “{name}”");
}

#[test]
fn every_test_that_the_pages_name_exists() {
    let mut n_named = 0;
    for page in pages().into_iter().filter(|page| page.starts_with("docs/")) {
        for (file, name) in named_tests(&prose(&read(&page)).join("\n")) {
            check_test(&page, &file, &name);
            n_named += 1;
        }
    }
    assert!(n_named > 90, "{n_named} tests are named");
}

#[test]
fn every_row_of_the_views_names_its_test() {
    for row in rows(&read("docs/views.md")) {
        assert!(!named_tests(&row[1]).is_empty(), "no test is named: {row:?}");
    }
}

#[test]
fn every_method_names_its_test() {
    let page = read("docs/methods.md");
    let methods = headings(&page).into_iter().skip_while(|heading| heading != "Scores and patterns");
    let mut n_methods = 0;
    for method in methods {
        assert!(!named_tests(&section(&page, &method)).is_empty(), "“{method}” names no test");
        n_methods += 1;
    }
    assert!(n_methods > 10, "{n_methods} methods");
}

#[test]
fn every_heading_that_code_refers_to_exists() {
    let mut n_references = 0;
    for path in ["src", "tests", "xtask/src"].into_iter().flat_map(|folder| files(folder, ".rs")) {
        if path.starts_with(root().join("tests/docs")) {
            continue;
        }
        let comments = comments(&fs::read_to_string(&path).unwrap());
        for page in DEFINITIONS {
            for (at, _) in comments.match_indices(page) {
                let rest = &comments[at + page.len()..];
                let heading = rest.strip_prefix(", \"").and_then(|rest| rest.split_once('"'));
                let (heading, _) = heading.unwrap_or_else(|| panic!("{}: {page} without a heading", path.display()));
                let found = headings(&read(page)).iter().any(|found| found == heading);
                assert!(found, "{}: {page} has no heading “{heading}”", path.display());
                n_references += 1;
            }
        }
    }
    assert!(n_references > 15, "{n_references} references");
}

/// The comments of a source file as one text.
fn comments(source: &str) -> String {
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    lines.map(|line| line.trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut n_links = 0;
    for page in pages() {
        let (text, folder) = (prose(&read(&page)).join("\n"), page.rsplit_once('/').map_or("", |(folder, _)| folder));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") {
                continue;
            }
            let (file, wanted) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { format!("{folder}/{file}") };
            let path = path.trim_start_matches('/');
            assert!(root().join(path).exists(), "{page} links to {target}, and there is no {path}");
            let is_there = || headings(&read(path)).iter().any(|heading| anchor(heading) == wanted);
            assert!(wanted.is_empty() || is_there(), "{page} links to {target}, and there is no such heading");
            n_links += 1;
        }
    }
    assert!(n_links > 20, "{n_links} links");
}

#[test]
fn files_that_architecture_names_exist() {
    let page = read("ARCHITECTURE.md");
    let is_file = |name: &String| {
        name.contains('/') && [".rs", ".mjs", ".js", ".html", ".py", ".md"].iter().any(|ending| name.ends_with(ending))
    };
    let mut n_files = 0;
    for name in quoted(&prose(&page).join("\n")).into_iter().filter(is_file) {
        // Modules are named as they are imported: below src/.
        let is_there = [name.clone(), format!("src/{name}")].iter().any(|path| root().join(path).exists());
        assert!(is_there, "ARCHITECTURE.md names {name}, which does not exist");
        n_files += 1;
    }
    assert!(n_files > 30, "{n_files} files");
}
