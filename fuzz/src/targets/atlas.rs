//! Atlas files: whatever is opened can be shown and saved, head by head.

use headlight::analysis::atlas::{Atlas, AtlasFile, AtlasMetadata, FORMAT, csv, head_json, json, likeness, to_bytes};
use headlight::analysis::scores::Score;

pub fn run(data: &[u8]) {
    let file = match AtlasFile::read("fuzzed", data.to_vec()) {
        Ok(file) => file,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let n_scores = file.metadata.scores.len();
    assert!(csv(&file).lines().count() > file.n_all_heads() * n_scores, "a line each, and the names of the columns");
    assert_eq!(json(&file)["heads"].as_array().map(Vec::len), Some(file.n_all_heads()));
    let columns: Vec<Vec<f64>> = (0..n_scores.min(20)).map(|score| file.means(score)).collect();
    if file.n_all_heads() <= 64 {
        let found = likeness(&columns, 4);
        assert!(found.is_none_or(|found| found.points.len() == file.n_all_heads()));
    }
    for head in 0..file.n_all_heads().min(64) {
        match head_json(&file, head) {
            Ok(_) => {
                for example in (0..n_scores).flat_map(|score| file.examples(head, score).expect("was read just now")) {
                    assert!((example.link.0.max(example.link.1) as usize) < example.ids.len());
                    assert!(example.ids.iter().all(|id| !file.label(*id).is_empty()));
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// A head over some texts.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut atlas = Atlas::new(1, 1, 1);
    for text in 0..4u32 {
        let table: Vec<f32> = (0..2 * Score::ALL.len()).map(|at| at as f32 * 0.1 + text as f32).collect();
        atlas.add(&[text, 7, 8], u64::from(text), &table, &[(2, 1)]);
    }
    let tokens = atlas.token_ids().into_iter().map(|id| (id, format!("▁{id}"))).collect();
    let scores = atlas.score_ids();
    let metadata = AtlasMetadata { format: FORMAT, model: "m".to_owned(), scores, tokens, ..AtlasMetadata::default() };
    vec![to_bytes(&atlas, &metadata).expect("an atlas can be written")]
}
