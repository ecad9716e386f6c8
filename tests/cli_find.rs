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
