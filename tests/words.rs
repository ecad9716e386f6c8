//! Rules of wording for comments: phrases that leave a reader to guess what they speak of.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Phrases that comments do not use, and what to write instead.
const AVOIDED: [(&str, &str); 13] = [
    ("imports nothing", "the map of ARCHITECTURE.md says what a module may import"),
    ("imports only", "the map of ARCHITECTURE.md says what a module may import"),
    ("imports `", "the map of ARCHITECTURE.md says what a module may import"),
    ("that is none", "say what the thing lacks: a row that does not sum to 1"),
    ("that are none", "say what the things lack"),
    ("what is none", "say what the thing is instead"),
    ("it is none", "name the thing and say what it is not"),
    ("id is none", "say what the id is not"),
    ("page is none", "say what the page lacks"),
    ("map is none", "say what is missing"),
    ("back back", "redo"),
    ("this is of", "name what owns the value"),
    ("of ours", "name the program's part"),
];

/// Beginnings of "A is not a B" in another word order.
const GERMANISMS: [&str; 2] = ["is no ", "are no "];
/// Words before and after with which "is no" is English: "there is no B", "is no longer B".
const BEFORE: &str = "there ";
const AFTER: [&str; 9] = ["longer", "such", "more", "less", "larger", "smaller", "wider", "faster", "two"];

#[test]
fn comments_say_what_they_speak_of() {
    let mut wrong = Vec::new();
    for path in ["src", "xtask/src", "tests"].into_iter().flat_map(sources) {
        let source = fs::read_to_string(&path).unwrap();
        let comments = source.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
        for (index, line) in comments {
            let line = line.to_lowercase();
            for advice in problems(&line) {
                wrong.push(format!("{}:{}: {advice}\n    {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with a line of a comment, in lower case.
fn problems(line: &str) -> Vec<String> {
    let avoided = AVOIDED.iter().filter(|(phrase, _)| line.contains(phrase));
    let mut problems: Vec<String> = avoided.map(|(phrase, advice)| format!("“{phrase}”: {advice}")).collect();
    for phrase in GERMANISMS {
        for (at, _) in line.match_indices(phrase) {
            let after = &line[at + phrase.len()..];
            if !line[..at].ends_with(BEFORE) && !AFTER.iter().any(|word| after.starts_with(word)) {
                problems.push(format!("“{phrase}…”: write “is not a …”"));
            }
        }
    }
    problems
}

/// Every Rust file below a folder of the repository but this one.
fn sources(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with(file!()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn phrases_are_found_and_english_is_left_alone() {
    for (line, n_problems) in [
        ("/// a row of a pattern that is none.", 1),
        ("// take the taking back back.", 1),
        ("//! reads files. imports only `trace`.", 1),
        ("/// the header is no json.", 1),
        ("/// there is no header, and it is no longer wanted.", 0),
        ("/// where there are no more tokens.", 0),
        ("/// the header is not json.", 0),
    ] {
        assert_eq!(problems(line).len(), n_problems, "{line}: {:?}", problems(line));
    }
}
