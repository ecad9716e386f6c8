//! What is saved of an atlas: its file, a table and JSON of all scores, JSON of a head with its examples.

use crate::analysis::atlas::{csv, head_json, json};
use crate::platform::download::save_bytes;
use crate::state::find::OpenAtlas;

/// Saves the file, which opens again here and elsewhere.
pub fn save_file(atlas: &OpenAtlas) -> Result<(), String> {
    save_bytes(atlas.file.bytes(), "application/octet-stream", &atlas.name)
}

/// Saves the scores of every head as `headlight atlas --csv` prints them.
pub fn save_csv(atlas: &OpenAtlas) -> Result<(), String> {
    save_bytes(csv(&atlas.file).as_bytes(), "text/csv;charset=utf-8", &name(atlas, "scores.csv"))
}

/// Saves the scores of every head, with what the file says about itself.
pub fn save_json(atlas: &OpenAtlas) -> Result<(), String> {
    save_bytes(json(&atlas.file).to_string().as_bytes(), "application/json", &name(atlas, "scores.json"))
}

/// Saves a head's scores and examples.
pub fn save_head(atlas: &OpenAtlas, head: usize) -> Result<(), String> {
    let json = head_json(&atlas.file, head).map_err(|error| error.to_string())?;
    let (layer, head) = (head / atlas.file.n_heads, head % atlas.file.n_heads);
    save_bytes(json.to_string().as_bytes(), "application/json", &name(atlas, &format!("L{layer}H{head}.json")))
}

fn name(atlas: &OpenAtlas, what: &str) -> String {
    format!("{}-{what}", atlas.name.trim_end_matches(".safetensors"))
}
