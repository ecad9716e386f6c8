//! An atlas as text: CSV of all scores, JSON of all scores, JSON of a head with its examples.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{AtlasError, AtlasFile, Summary};
use crate::analysis::statistics::six_places;

/// Every head and score, a line each; summaries [head over all layers, score].
pub fn scores_csv(n_heads: usize, ids: &[String], summaries: &[Summary]) -> String {
    let mut csv = "layer,head,score,mean,low,high,n\n".to_owned();
    for (place, summary) in summaries.iter().enumerate() {
        let (head, id) = (place / ids.len(), &ids[place % ids.len()]);
        let [mean, low, high] = [summary.mean, summary.low, summary.high].map(six_places);
        // Writing into a String cannot fail.
        let _ = writeln!(csv, "{},{},{id},{mean},{low},{high},{}", head / n_heads, head % n_heads, summary.n);
    }
    csv
}

/// The scores of a file as `headlight atlas --csv` prints them.
pub fn csv(file: &AtlasFile) -> String {
    let ids: Vec<String> = file.metadata.scores.iter().map(|id| quoted(id)).collect();
    let heads = 0..file.n_all_heads();
    let summaries: Vec<Summary> =
        heads.flat_map(|head| (0..ids.len()).map(move |score| file.summary(head, score))).collect();
    scores_csv(file.n_heads, &ids, &summaries)
}

/// A name from a file as a cell of a table.
fn quoted(id: &str) -> String {
    let is_plain = id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_plain { id.to_owned() } else { format!("\"{}\"", id.replace('"', "\"\"")) }
}

/// What the file says about itself, but for its tokens, and the scores of every head.
pub fn json(file: &AtlasFile) -> Value {
    json!({ "headlight_atlas": about(file), "heads": (0..file.n_all_heads()).map(|head| scores(file, head)).collect::<Vec<_>>() })
}

/// A head, counted over all layers: its scores, and its examples of each score.
///
/// # Errors
/// What is wrong with an example.
pub fn head_json(file: &AtlasFile, head: usize) -> Result<Value, AtlasError> {
    let mut of_scores = Map::new();
    for (score, id) in file.metadata.scores.iter().enumerate() {
        let examples = file.examples(head, score)?;
        let each = examples.iter().map(|example| {
            let tokens: Vec<Option<&String>> = example.ids.iter().map(|id| file.metadata.tokens.get(id)).collect();
            json!({
                "value": example.value,
                "decile": example.decile,
                "query": example.link.0,
                "key": example.link.1,
                "ids": example.ids,
                "tokens": tokens,
            })
        });
        if !examples.is_empty() {
            of_scores.insert(id.clone(), each.collect());
        }
    }
    let mut whole = scores(file, head);
    whole["examples"] = Value::Object(of_scores);
    whole["headlight_atlas"] = about(file);
    Ok(whole)
}

fn about(file: &AtlasFile) -> Value {
    let mut about = json!(file.metadata);
    if let Value::Object(fields) = &mut about {
        fields.remove("tokens");
    }
    about
}

/// A number that is not there is null.
fn scores(file: &AtlasFile, head: usize) -> Value {
    let score = |(score, id): (usize, &String)| {
        let Summary { mean, low, high, n } = file.summary(head, score);
        (id.clone(), json!({ "mean": mean, "low": low, "high": high, "n": n }))
    };
    let scores: Map<String, Value> = file.metadata.scores.iter().enumerate().map(score).collect();
    json!({ "layer": head / file.n_heads, "head": head % file.n_heads, "scores": scores })
}
