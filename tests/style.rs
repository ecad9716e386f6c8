//! Rules of the page's look that a reader of style/*.css can count: three sizes of text, and room in steps of 4 px.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::fs;
use std::path::Path;

/// What a size of text may be.
const SIZES: [&str; 4] = ["var(--text-size)", "var(--small-size)", "var(--tiny-size)", "inherit"];

/// Room between things and around them, in px; the least two are hairlines and optical corrections.
fn is_on_grid(px: f64) -> bool {
    px.abs() <= 2.0 || px % 4.0 == 0.0
}

/// File, line, property and value of each declaration.
fn declarations() -> Vec<(String, usize, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("style");
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let declaration = line.trim().strip_suffix(';').and_then(|line| line.split_once(": "));
            if let Some((property, value)) = declaration {
                found.push((name.clone(), number + 1, property.to_owned(), value.to_owned()));
            }
        }
    }
    assert!(found.len() > 1_000, "{} declarations", found.len());
    found
}

#[test]
fn texts_have_one_of_three_sizes() {
    for (file, line, property, value) in declarations() {
        let size = match property.as_str() {
            "font-size" => value.as_str(),
            // "600 var(--small-size) / 20px var(--mono)"
            "font" if value != "inherit" => value.split(' ').find(|part| part.starts_with("var(--")).unwrap_or(&value),
            _ => continue,
        };
        assert!(SIZES.contains(&size), "style/{file}:{line}: {property}: {value}");
    }
}

#[test]
fn room_comes_in_steps_of_four_pixels() {
    for (file, line, property, value) in declarations() {
        let is_room = ["padding", "margin", "gap"].iter().any(|kind| {
            property == *kind || property.strip_prefix(kind).is_some_and(|rest| rest.starts_with('-')) || {
                property.strip_suffix(kind).is_some_and(|rest| rest.ends_with('-'))
            }
        });
        if !is_room || value.contains('(') {
            continue;
        }
        for part in value.split(' ') {
            let px = part.strip_suffix("px").and_then(|number| number.parse().ok());
            assert!(px.is_none_or(is_on_grid), "style/{file}:{line}: {property}: {value}");
        }
    }
}

/// WebKit does not look again when an element that `:has()` names gets its text: the row that the element stands in has a class instead.
/// A legend is laid out in a row by no two browsers alike.
#[test]
fn styles_use_only_what_every_browser_follows() {
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("style")).unwrap() {
        let path = file.unwrap().path();
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            assert!(!(line.contains(":has(") && line.contains(":empty")), "{place}: {line}");
            let is_selector = line.ends_with(['{', ',']);
            assert!(!(is_selector && line.split([' ', ',']).any(|part| part == "legend")), "{place}: {line}");
        }
    }
}
