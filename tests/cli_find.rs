//! `headlight find` as its users meet it: forms of output, notes, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support::cli::{fails, folder, headlight, succeeds};
use crate::support::golden;

fn find(model: &str, args: &[&str]) -> std::process::Output {
    headlight(&[&["find", "--model", golden(model).to_str().unwrap(), "--permutations", "50"], args].concat())
}

/// Values of a line of CSV; NaN for empty ones.
fn values(line: &str) -> Vec<f64> {
    line.split(',').map(|field| if field.is_empty() { f64::NAN } else { field.parse().unwrap() }).collect()
}

#[test]
fn find_prints_every_head() {
    let csv = succeeds(find("gpt2", &["--set", "made:coreference:24", "--measure", "weight:pronoun:occ_f-occ_m"]));
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("layer,head,n,value,low,high,p,p_corrected"));
    let rows: Vec<Vec<f64>> = lines.map(values).collect();
    assert_eq!(rows.len(), 3 * 4);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!((row[0], row[1], row[2]), ((index / 4) as f64, (index % 4) as f64, 12.0), "12 pairs");
        assert!(row[4] <= row[3] && row[3] <= row[5] && row[6] <= row[7] && row[7] <= 1.0, "{row:?}");
    }
    let again = succeeds(find("gpt2", &["--set", "made:coreference:24", "--measure", "weight:pronoun:occ_f-occ_m"]));
    assert_eq!(csv, again);
}

#[test]
fn find_reads_a_file_and_says_what_it_leaves_out() {
    let folder = folder("find");
    let set = folder.join("pairs.csv");
    std::fs::write(
        &set,
        "sentence1,sentence2,label,id\na cat,the cat,1,1\na dog,the dog,1,2\na cow\none hen,a fox,0,3\nx,y,0,4\n",
    )
    .unwrap();
    let out = folder.join("heads.csv");
    let args = ["--set", set.to_str().unwrap(), "--measure", "auc:between_ab", "--out", out.to_str().unwrap()];
    let output = find("bert", &args);
    let notes = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(notes.contains("note: line 4 is left out: the row has 1 cells, the first one 4"), "{notes}");
    assert!(notes.contains("note: word overlap alone: AUC 1.000000"), "{notes}");
    assert_eq!(succeeds(output), "");
    let csv = std::fs::read_to_string(&out).unwrap();
    assert!(csv.lines().skip(1).map(values).all(|row| row[2] == 4.0 && (0.0..=1.0).contains(&row[3])), "{csv}");

    let lines = folder.join("lines.txt");
    std::fs::write(&lines, "a cat\nthe dog\n").unwrap();
    let lines = lines.to_str().unwrap();
    let over = fails(find("bert", &["--set", lines, "--measure", "self", "--out", lines]));
    assert!(over.contains("is read by this command"), "{over}");
}

#[test]
fn effects_take_answers_from_the_arguments() {
    let args = ["--set", "made:pronoun:3", "--measure", "effect"];
    let rows: Vec<Vec<f64>> = succeeds(find("llama", &args)).lines().skip(1).map(values).collect();
    assert!(rows.iter().all(|row| row[2] == 3.0 && row[7] >= row[6]), "{rows:?}");
    let folder = folder("find_answers");
    let set = folder.join("lines.txt");
    std::fs::write(&set, "a cat\nthe dog\n").unwrap();
    let args = ["--set", set.to_str().unwrap(), "--measure", "effect"];
    assert!(fails(find("llama", &args)).contains("no row of the set fits (row 1: there is no answer)"));
    let with = [&args[..], &["--answer-id", "5", "--other-id", "9", "--other-id", "11"]].concat();
    assert!(succeeds(find("llama", &with)).lines().skip(1).map(values).all(|row| row[2] == 2.0));
}

#[test]
fn wrong_measures_and_sets_are_refused_in_one_line() {
    for (set, measure, expected) in [
        ("made:coreference", "colour", "\"colour\" is not a measure"),
        ("made:coreference", "induction", "random block"),
        ("made:animals", "self", "made:animals is not there: there is coreference"),
        ("made:names:0", "self", "a number of rows from 1 to 10000"),
        ("nowhere.jsonl", "self", "nowhere.jsonl"),
        ("made:names:4", "auc:self", "the set has no labels"),
    ] {
        let complaint = fails(find("gpt2", &["--set", set, "--measure", measure]));
        assert!(complaint.contains(expected), "{complaint}");
    }
}

/// The weight between typed words is that between marks of the same words, and rows are listed under their numbers in the set.
#[test]
fn words_are_the_marks_of_their_places() {
    let folder = folder("find_words");
    let (typed, marked) = (folder.join("typed.txt"), folder.join("marked.jsonl"));
    std::fs::write(&typed, "a cat\nthe dog saw the cat\nno such thing\nThe cat and the dog\n").unwrap();
    let lines = [
        r#"{"text":"the dog saw the cat","marks":{"cat":[16,19],"dog":[4,7]}}"#,
        r#"{"text":"The cat and the dog","marks":{"cat":[4,7],"dog":[16,19]}}"#,
    ];
    std::fs::write(&marked, lines.join("\n")).unwrap();
    let typed = typed.to_str().unwrap();
    let expected = succeeds(find("bert", &["--set", marked.to_str().unwrap(), "--measure", "weight:cat:dog"]));
    let words = find("bert", &["--set", typed, "--measure", "words:Cat:dog"]);
    let notes = String::from_utf8(words.stderr.clone()).unwrap();
    assert!(notes.contains("note: 2 of 4 rows are left out: it does not have both words"), "{notes}");
    assert_eq!(succeeds(words), expected);
    let rows = succeeds(find("bert", &["--set", typed, "--measure", "words:cat:dog", "--rows", "L1H2"]));
    let mut numbers: Vec<Vec<f64>> = rows.lines().skip(1).map(values).collect();
    assert!(rows.starts_with("row,value\n") && numbers[0][1] >= numbers[1][1], "{rows}");
    let of_head = expected.lines().skip(1).map(values).find(|row| (row[0], row[1]) == (1.0, 2.0)).unwrap();
    assert!((of_head[3] - (numbers[0][1] + numbers[1][1]) / 2.0).abs() < 2e-6, "{rows}");
    numbers.sort_by(|one, other| one[0].total_cmp(&other[0]));
    assert_eq!((numbers[0][0], numbers[1][0]), (2.0, 4.0));
    // A model that reads from left to right has one of them.
    let pattern = ["--set", typed, "--measure", "pattern:the [cat] … (dog)"];
    let causal = succeeds(find("gpt2", &[&pattern[..], &["--rows", "L0H0"]].concat()));
    assert!(
        causal.lines().nth(1).is_some_and(|line| line.starts_with("4,")) && causal.lines().count() == 2,
        "{causal}"
    );
    for (args, expected) in [
        (["--measure", "words:cat", "--rows", "L0H0"], "expected words:WORD:WORD"),
        (["--measure", "words:cat:horse", "--rows", "L0H0"], "none of the 4 rows fits"),
        (["--measure", "pattern:(cat) [dog]", "--rows", "L0H0"], "reads from left to right"),
        (["--measure", "words:cat:dog", "--rows", "L9H0"], "3 layers of 4 heads"),
        (["--measure", "words:cat:dog", "--rows", "2"], "expected a head as L2H3"),
    ] {
        let error = fails(find("gpt2", &[&["--set", typed], &args[..]].concat()));
        assert!(error.contains(expected), "{error}");
    }
}
