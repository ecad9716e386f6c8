//! Reading the pages of `docs/`: headings, sections, tables, and what stands in backquotes.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README, ARCHITECTURE.md and every page of `docs/`, by their paths in the repository.
pub fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        pages.extend(name.ends_with(".md").then(|| format!("docs/{name}")));
    }
    pages.sort();
    pages
}

/// Every file below a folder of the repository with this ending, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The lines of a page outside its blocks of code.
pub fn prose(page: &str) -> Vec<&str> {
    let mut is_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    };
    page.lines().filter(is_prose).collect()
}

/// The depth and the text of a heading.
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let depth = line.len() - text.len();
    text.strip_prefix(' ').filter(|_| depth > 0).map(|text| (depth, text))
}

/// The headings of a page.
pub fn headings(page: &str) -> Vec<String> {
    prose(page).into_iter().filter_map(heading).map(|(_, text)| text.replace('`', "")).collect()
}

/// The address of a heading within its page, as GitHub makes it.
pub fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase().replace(' ', "-");
    letters.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

/// What stands under a heading, deeper headings included.
pub fn section(page: &str, wanted: &str) -> String {
    let (mut depth, mut is_code, mut section) = (None, false, String::new());
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        match (depth, heading(line).filter(|_| !is_code)) {
            (None, Some((found, text))) if text == wanted => depth = Some(found),
            (Some(depth), Some((other, _))) if other <= depth => break,
            (None, _) => {}
            (Some(_), _) => section += &format!("{line}\n"),
        }
    }
    assert!(depth.is_some(), "no heading “{wanted}”");
    section
}

/// The rows of every table of a text, without the lines of column names, as cells.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_row = |line: &str| line.starts_with('|') && !line.starts_with("|---");
    let is_head = |index: usize| lines.get(index + 1).is_some_and(|next| next.starts_with("|---"));
    let table = lines.iter().enumerate().filter(|(index, line)| is_row(line) && !is_head(*index));
    table.map(|(_, line)| cells(line)).collect()
}

fn cells(line: &str) -> Vec<String> {
    let bar = '\u{1}';
    let line = line.replace("\\|", &bar.to_string());
    let cells = line.trim().trim_matches('|').split('|');
    cells.map(|cell| cell.trim().replace(bar, "|")).collect()
}

/// What stands in backquotes, in order.
pub fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The contents of a text's blocks of code in a language.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn headings_rows_and_sections_are_found() {
    let page =
        "# A\n\n## B `b`\n\n| x | y |\n|---|---|\n| `1` | 2 \\| 3 |\n\n### C\nmore\n```rust\n# no heading\n```\n## D\n";
    assert_eq!(headings(page), ["A", "B b", "C", "D"]);
    assert_eq!(rows(page), [["`1`", "2 | 3"]]);
    assert_eq!(section(page, "C"), "more\n```rust\n# no heading\n```\n");
    assert!(section(page, "B `b`").contains("### C\nmore"), "{}", section(page, "B `b`"));
    assert_eq!(blocks(page, "rust"), ["# no heading\n"]);
    assert_eq!(
        (anchor("The model's structure"), anchor("zero_head")),
        ("the-models-structure".into(), "zero_head".into())
    );
}
