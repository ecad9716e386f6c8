//! What an atlas keeps of texts: means, examples, and no more than that.

use super::*;
use crate::random::SplitMix64;

/// A table in which head h has the value `value + h` in every score.
fn table(n_heads: usize, value: f32) -> Vec<f32> {
    let half: Vec<f32> = (0..n_heads).flat_map(|head| [value + head as f32; Score::ALL.len()]).collect();
    [half.clone(), half].concat()
}

fn filled(n_texts: usize) -> Atlas {
    let mut atlas = Atlas::new(1, 2, 4);
    let mut order: Vec<usize> = (0..n_texts).collect();
    SplitMix64::new(1).shuffle(&mut order);
    for (text, value) in order.into_iter().enumerate() {
        atlas.add(&[text as u32, 7, 8], text as u64, &table(2, value as f32), &[(2, 1), (1, 0)]);
    }
    atlas
}

#[test]
fn means_are_those_of_the_texts() {
    let atlas = filled(100);
    assert_eq!((atlas.n_texts(), atlas.shape()), (100, (1, 2)));
    for (place, summary) in atlas.summaries().iter().enumerate() {
        let expected = 49.5 + (place / atlas.score_ids().len()) as f64;
        assert!(summary.n == 100 && (summary.mean - expected).abs() < 1e-9, "{summary:?}");
        assert!(summary.low < expected && expected < summary.high);
    }
}

#[test]
fn examples_are_the_highest_and_some_of_each_tenth() {
    let atlas = filled(1_000);
    let examples = atlas.examples(0, 0);
    let highest: Vec<f32> =
        examples.iter().filter(|example| example.decile == -1).map(|example| example.value).collect();
    assert_eq!(highest, [999.0, 998.0, 997.0]);
    for decile in 0..10 {
        let part: Vec<&Example> = examples.iter().filter(|example| example.decile == decile).collect();
        assert_eq!(part.len(), 3);
        for example in part {
            // Of 120 texts the tenths are known to within some texts.
            let share = example.value / 1_000.0;
            assert!((share - (f32::from(decile) + 0.5) / 10.0).abs() < 0.2, "{example:?}");
            assert_eq!((example.link, atlas.ids(example.text)[1..].to_vec()), ((2, 1), vec![7, 8]));
            assert_eq!(atlas.ids(example.text)[0] as usize, example.text);
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_number_of_texts() {
    let (few, many) = (filled(500).byte_len(), filled(2_000).byte_len());
    assert!(many < few + 40_000, "{few} then {many}");
}

#[test]
fn the_file_holds_scores_and_examples_by_name() {
    let atlas = filled(30);
    let metadata = AtlasMetadata { format: 1, scores: atlas.score_ids(), n_texts: 30, ..AtlasMetadata::default() };
    let bytes = to_bytes(&atlas, &metadata).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&header.metadata().as_ref().unwrap()["headlight_atlas"]).unwrap();
    assert_eq!((json["format"].as_u64(), json["n_texts"].as_u64()), (Some(1), Some(30)));
    assert_eq!(json["scores"][1], "previous_without");
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("scores").unwrap().shape(), [4, 1, 2, atlas.score_ids().len()]);
    let values = file.tensor("examples.0.1.entropy.values").unwrap();
    let first = f32::from_le_bytes(values.data()[..4].try_into().unwrap());
    assert_eq!((values.shape(), first), ([33].as_slice(), 30.0), "the highest of 0 to 29, one more in head 1");
    assert_eq!(file.tensor("examples.0.1.entropy.ids").unwrap().shape(), [33, 3]);
    assert_eq!(file.tensor("examples.0.1.entropy.positions").unwrap().shape(), [33, 2]);
    assert!(file.tensor("examples.0.1.entropy_without.ids").is_err());
}

/// The bytes of an atlas of 30 texts that names its tokens.
fn bytes_with_tokens() -> Vec<u8> {
    let atlas = filled(30);
    let tokens = atlas.token_ids().into_iter().map(|id| (id, format!("Ġ{id}"))).collect();
    let metadata = AtlasMetadata {
        format: FORMAT,
        model: "two heads".to_owned(),
        scores: atlas.score_ids(),
        n_texts: 30,
        token_form: crate::trace::TokenForm::ByteLevel,
        tokens,
        ..AtlasMetadata::default()
    };
    to_bytes(&atlas, &metadata).unwrap()
}

#[test]
fn a_file_that_is_read_is_the_atlas_that_was_written() {
    let atlas = filled(30);
    let file = AtlasFile::read("heads.safetensors", bytes_with_tokens()).unwrap();
    assert_eq!((file.n_layers, file.n_heads, file.metadata.model.as_str()), (1, 2, "two heads"));
    let n_scores = file.metadata.scores.len();
    for (place, summary) in atlas.summaries().iter().enumerate() {
        let read = file.summary(place / n_scores, place % n_scores);
        assert!(
            (read.mean - summary.mean).abs() < 1e-5 && (read.low - summary.low).abs() < 1e-5 && read.n == summary.n
        );
    }
    let entropy = file.score("entropy").unwrap();
    let (written, read) = (atlas.examples(1, entropy), file.examples(1, entropy).unwrap());
    assert_eq!(read.len(), 33);
    for (written, read) in written.iter().zip(&read) {
        assert_eq!((written.value, written.decile, written.link), (read.value, read.decile, read.link));
        assert_eq!(atlas.ids(written.text), read.ids);
    }
    assert_eq!((file.label(7), file.label(9_999)), ("·7".to_owned(), "⟨9999⟩".to_owned()));
    let without = file.score("entropy_without").unwrap();
    assert_eq!((file.has_examples(1, without), file.examples(1, without)), (false, Ok(Vec::new())));
}

#[test]
fn an_atlas_is_written_as_tables_and_json() {
    let file = AtlasFile::read("heads.safetensors", bytes_with_tokens()).unwrap();
    let csv = csv(&file);
    assert_eq!(csv.lines().count(), 1 + 2 * file.metadata.scores.len());
    assert!(csv.starts_with("layer,head,score,mean,low,high,n\n0,0,previous,14.500000,"), "{csv}");
    let whole = json(&file);
    assert_eq!((&whole["headlight_atlas"]["n_texts"], whole["heads"].as_array().unwrap().len()), (&30.into(), 2));
    assert_eq!(whole["heads"][1]["scores"]["entropy"]["mean"], 15.5);
    assert!(whole["headlight_atlas"].get("tokens").is_none());
    let head = head_json(&file, 1).unwrap();
    let highest = &head["examples"]["entropy"][0];
    assert_eq!(
        (&highest["value"], &highest["decile"], &highest["tokens"][1]),
        (&30.0.into(), &(-1).into(), &"Ġ7".into())
    );
    assert_eq!((&head["layer"], &head["head"]), (&0.into(), &1.into()));
}

/// A file with the metadata and tensors given; each tensor has its shape and its numbers in four bytes.
fn written(metadata: &str, tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    let metadata = [("headlight_atlas".to_owned(), metadata.to_owned())].into();
    safetensors::serialize(views.collect::<Vec<_>>(), Some(metadata)).unwrap()
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    use safetensors::Dtype::{F32, I32};
    let about = |text: &str| format!(r#"{{"format":1,"model":"m","scores":["entropy"]{text}}}"#);
    let scores = || ("scores", F32, vec![4, 1, 1, 1], [0.5f32, 0.4, 0.6, 3.0].map(f32::to_le_bytes).concat());
    let i32s = |values: &[i32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let examples = |length: i32, query: i32, decile: i32| {
        vec![
            scores(),
            ("examples.0.0.entropy.ids", I32, vec![1, 2], i32s(&[5, 6])),
            ("examples.0.0.entropy.lengths", I32, vec![1], i32s(&[length])),
            ("examples.0.0.entropy.positions", I32, vec![1, 2], i32s(&[query, 0])),
            ("examples.0.0.entropy.values", F32, vec![1], 0.5f32.to_le_bytes().to_vec()),
            ("examples.0.0.entropy.decile", I32, vec![1], i32s(&[decile])),
        ]
    };
    let refusal = |bytes: Vec<u8>| AtlasFile::read("x", bytes).unwrap_err().to_string();
    let whole = written(&about(""), &[scores()]);
    assert!(AtlasFile::read("x", whole.clone()).is_ok());
    for (bytes, said) in [
        (Vec::new(), "at least 10 bytes"),
        (whole[..whole.len() - 4].to_vec(), "ends at byte"),
        (
            safetensors::serialize(Vec::<(&str, safetensors::tensor::TensorView)>::new(), None).unwrap(),
            "is not an atlas",
        ),
        (written("[", &[scores()]), "headlight_atlas: EOF"),
        (written("{}", &[scores()]), "missing field `format`"),
        (written(&about("").replace(":1", ":2"), &[scores()]), "format 2 is not known here"),
        (written(&about(r#","tokens":{"a":"b"}"#), &[scores()]), "\"a\" is not the id of a token"),
        (written(&about(""), &[]), "scores: is missing"),
        (written(&about("").replace(r#"["entropy"]"#, r#"["a","b"]"#), &[scores()]), "expected [4, layer, head, 2]"),
        (written(&about(""), &examples(2, 1, 0)[..4]), "entropy.values: is missing"),
    ] {
        let refusal = refusal(bytes);
        assert!(refusal.contains(said), "{said}: {refusal}");
    }
    let first = |length, query, decile| {
        AtlasFile::read("x", written(&about(""), &examples(length, query, decile))).unwrap().examples(0, 0)
    };
    assert_eq!(first(2, 1, -1).unwrap()[0].ids, [5, 6]);
    for (found, said) in [
        (first(3, 1, 0), "example 0: expected 1 to 2 tokens"),
        (first(1, 1, 0), "positions: example 0: expected 0 to 0"),
        (first(2, 1, 10), "expected −1 to 9"),
    ] {
        let refusal = found.unwrap_err().to_string();
        assert!(refusal.contains(said), "{said}: {refusal}");
    }
}
