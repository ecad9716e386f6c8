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
