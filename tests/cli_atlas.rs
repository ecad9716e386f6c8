//! `headlight atlas` as its users meet it: the file, CSV, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use crate::support::cli::{fails, folder, headlight, succeeds};
use crate::support::{golden, read};
use headlight::analysis::atlas::{AtlasFile, csv as csv_of};
use safetensors::SafeTensors;

fn atlas(model: &str, out: &Path, args: &[&str]) -> std::process::Output {
    let (model, out) = (golden(model), out.to_str().unwrap());
    headlight(&[&["atlas", "--model", model.to_str().unwrap(), "--out", out], args].concat())
}

fn f32s(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    file.tensor(name).unwrap().data().as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

#[test]
fn an_atlas_has_the_means_of_a_search_over_the_same_texts() {
    let out = folder("atlas").join("heads.safetensors");
    let csv = succeeds(atlas("gpt2", &out, &["--corpus", "made:agreement:30", "--csv"]));
    let bytes = read(&out);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&header.metadata().as_ref().unwrap()["headlight_atlas"]).unwrap();
    assert_eq!((json["n_texts"].as_u64(), json["model"].as_str()), (Some(30), Some("gpt2")));
    assert_eq!(json["token_form"], "byte_level");
    let tokens = json["tokens"].as_object().unwrap();
    let first = file.tensor("examples.0.0.entropy.ids").unwrap();
    let first = i32::from_le_bytes(first.data()[..4].try_into().unwrap());
    assert!(tokens[&first.to_string()].as_str().is_some_and(|token| !token.is_empty()), "{tokens:?}");
    let ids: Vec<String> = serde_json::from_value(json["scores"].clone()).unwrap();
    let shape = file.tensor("scores").unwrap().shape().to_vec();
    assert_eq!(shape, [4, 3, 4, ids.len()]);
    let scores = f32s(&file, "scores");
    let n_places = 3 * 4 * ids.len();
    let column = ids.iter().position(|id| id == "entropy_without").unwrap();
    let model = golden("gpt2");
    let args =
        ["find", "--model", model.to_str().unwrap(), "--set", "made:agreement:30", "--measure", "entropy_without"];
    let found = succeeds(headlight(&args));
    for (head, line) in found.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<f32>().unwrap();
        let stat = |stat: usize| scores[stat * n_places + head * ids.len() + column];
        assert!((stat(0) - number(3)).abs() < 1e-5, "head {head}");
        assert_eq!(stat(3), 30.0);
        // Two ways to resample: about the same interval.
        let width = number(5) - number(4);
        assert!((stat(1) - number(4)).abs() < 0.5 * width && (stat(2) - number(5)).abs() < 0.5 * width, "head {head}");
    }
    assert_eq!(csv.lines().count(), 1 + n_places);
    // What the page reads of the file is what the command printed.
    let opened = AtlasFile::read("heads.safetensors", bytes.clone()).unwrap();
    assert_eq!((opened.n_layers, opened.n_heads, opened.metadata.n_texts), (3, 4, 30));
    for (printed, read) in csv.lines().zip(csv_of(&opened).lines()).skip(1) {
        let numbers =
            |line: &str| line.split(',').skip(3).map(|cell| cell.parse().unwrap_or(0.0)).collect::<Vec<f64>>();
        let are_close = numbers(printed)
            .iter()
            .zip(numbers(read))
            .all(|(one, other)| (one - other).abs() < 2e-6 * one.abs().max(1.0));
        assert!(are_close && printed.split(',').take(3).eq(read.split(',').take(3)), "{printed} then {read}");
    }
    let example = &opened.examples(5, opened.score("entropy").unwrap()).unwrap()[0];
    assert!(example.ids.iter().all(|id| opened.metadata.tokens.contains_key(id)), "{example:?}");
    let values = f32s(&file, "examples.0.0.entropy.values");
    assert!(values[..3].is_sorted_by(|one, other| one >= other) && values[3..].iter().all(|value| *value <= values[0]));
}

#[test]
fn texts_are_cut_and_columns_named() {
    let folder = folder("atlas_columns");
    let corpus = folder.join("news.csv");
    std::fs::write(&corpus, "headline,body\nRain,\"The cat sat on the mat and the dog sat on the rug\"\nSun,a cat\n")
        .unwrap();
    let out = folder.join("heads.safetensors");
    let args = ["--corpus", corpus.to_str().unwrap(), "--column", "body", "--tokens", "6"];
    let output = atlas("bert", &out, &args);
    let notes = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(notes.contains("texts are shorter than 6 tokens"), "{notes}");
    succeeds(output);
    let bytes = read(&out);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let lengths = file.tensor("examples.0.0.self.lengths").unwrap();
    let longest = lengths.data().as_chunks().0.iter().map(|four| i32::from_le_bytes(*four)).max();
    assert_eq!(longest, Some(6));
    let complaint = fails(atlas("bert", &out, &["--corpus", corpus.to_str().unwrap(), "--column", "story"]));
    assert!(complaint.contains("there is no column \"story\""), "{complaint}");
    let complaint = fails(atlas("t5", &out, &["--corpus", "made:names:4"]));
    assert!(complaint.contains("one stack"), "{complaint}");
    let complaint = fails(atlas("bert", &corpus, &["--corpus", corpus.to_str().unwrap(), "--column", "body"]));
    assert!(complaint.contains("is read by this command"), "{complaint}");
}
