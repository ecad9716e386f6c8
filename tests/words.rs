//! Rules of wording for comments and names: no phrase or identifier that leaves a reader to guess what it speaks of.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Phrases that comments do not use, and what to write instead.
const AVOIDED: [(&str, &str); 19] = [
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
    ("as long as which", "begin another sentence"),
    ("are about,", "write “are in circulation”"),
    ("token is none", "say what the token does not do"),
    ("zero is none", "say what zero means"),
    ("whatever stacks", "write “every stack”"),
    ("somebody likes", "say what has no limit"),
];

/// Documentation that is a question word or a pronoun alone.
const SINGLE: [&str; 6] = ["which.", "what.", "where.", "how many.", "these.", "it."];

/// Beginnings of definitions whose names say nothing, and what to write instead.
const NAMES: [(&str, &str); 9] = [
    ("let of ", "a noun"),
    ("fn of(self", "what the method does"),
    ("fn of(&self", "what the method does"),
    ("|of|", "a noun"),
    ("of: &", "a noun"),
    ("fn come(", "what the function does"),
    ("fn told(", "what the function does"),
    ("type Place ", "what the alias stands for"),
    ("struct Own ", "what the structure holds"),
];

/// Endings of source files.
const SOURCES: [&str; 4] = ["rs", "js", "mjs", "css"];

/// Beginnings of "A is not a B" in another word order.
const GERMANISMS: [&str; 2] = ["is no ", "are no "];
/// Words before and after with which "is no" is English: "there is no B", "is no longer B".
const BEFORE: &str = "there ";
const AFTER: [&str; 9] = ["longer", "such", "more", "less", "larger", "smaller", "wider", "faster", "two"];

#[test]
fn comments_say_what_they_speak_of() {
    let mut wrong = Vec::new();
    let folders = ["src", "xtask", "tests", "fuzz/src", "public", "style"];
    for path in folders.into_iter().flat_map(sources) {
        let source = fs::read_to_string(&path).unwrap();
        let is_style = path.extension().is_some_and(|ending| ending == "css");
        for (index, line) in source.lines().enumerate() {
            let start = line.trim_start();
            let is_comment = is_style || ["//", "/*", "* "].iter().any(|mark| start.starts_with(mark));
            let found = if is_comment { problems(&line.to_lowercase()) } else { unclear_names(line) };
            for advice in found {
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
    if SINGLE.contains(&line.trim_start().trim_start_matches('/').trim()) {
        problems.push("a pronoun says nothing: name the thing".to_owned());
    }
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

/// What is wrong with the names in a line of code. The name of a test is a sentence.
fn unclear_names(line: &str) -> Vec<String> {
    let code = line.split('"').step_by(2).collect::<String>();
    let unclear = NAMES.iter().filter(|(name, _)| code.contains(name));
    let mut problems: Vec<String> =
        unclear.map(|(name, advice)| format!("“{}”: write {advice}", name.trim())).collect();
    if code.contains("fn ") && (code.contains("_is_no_") || code.contains("_are_no_")) {
        problems.push("“is_no_”: write “is_not_a_”".to_owned());
    }
    problems
}

/// Every source file below a folder of the repository but this one.
fn sources(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_source =
                path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| SOURCES.contains(&ending));
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                folders.push(path);
            } else if is_source && !path.ends_with(file!()) {
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
        ("    /// which.", 1),
        ("    /// which file.", 0),
    ] {
        assert_eq!(problems(line).len(), n_problems, "{line}: {:?}", problems(line));
    }
    for (line, n_problems) in [
        ("    let of = model.attn_layer(layer);", 1),
        ("fn the_header_is_no_json() {", 1),
        ("    let message = \"let of = \";", 0),
        ("    let captures = Captures::of(hooks);", 0),
    ] {
        assert_eq!(unclear_names(line).len(), n_problems, "{line}: {:?}", unclear_names(line));
    }
}
