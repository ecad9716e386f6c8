//! An atlas as a file: safetensors with one JSON object (docs/formats.md, "Atlas files").

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};

use super::{Atlas, AtlasMetadata};

/// Bytes of tensors, until they are written.
struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    fn i32s(&mut self, name: String, shape: Vec<usize>, values: impl Iterator<Item = i32>) {
        self.0.push((name, Dtype::I32, shape, values.flat_map(i32::to_le_bytes).collect()));
    }

    fn f32s(&mut self, name: String, shape: Vec<usize>, values: impl Iterator<Item = f32>) {
        self.0.push((name, Dtype::F32, shape, values.flat_map(f32::to_le_bytes).collect()));
    }
}

/// The file. Examples are those of scores with all positions; a score without examples has no tensors.
///
/// # Errors
/// What the writer says.
pub fn to_bytes(atlas: &Atlas, metadata: &AtlasMetadata) -> Result<Vec<u8>, String> {
    let (n_layers, n_heads) = atlas.shape();
    let ids = atlas.score_ids();
    let mut tensors = Tensors(Vec::new());
    let summaries = atlas.summaries();
    let stats: [&dyn Fn(usize) -> f32; 4] = [
        &|place| summaries[place].mean as f32,
        &|place| summaries[place].low as f32,
        &|place| summaries[place].high as f32,
        &|place| summaries[place].n as f32,
    ];
    let places = || 0..summaries.len();
    let values = stats.iter().flat_map(|stat| places().map(stat).collect::<Vec<f32>>());
    tensors.f32s("scores".to_owned(), vec![4, n_layers, n_heads, ids.len()], values);
    for head in 0..n_layers * n_heads {
        for (score, id) in ids.iter().enumerate().filter(|(_, id)| !id.ends_with("_without")) {
            let examples = atlas.examples(head, score);
            if examples.is_empty() {
                continue;
            }
            let name = |part: &str| format!("examples.{}.{}.{id}.{part}", head / n_heads, head % n_heads);
            let texts: Vec<&[u32]> = examples.iter().map(|example| atlas.ids(example.text)).collect();
            let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
            let padded = texts.iter().flat_map(|ids| {
                let rest = std::iter::repeat_n(-1, longest - ids.len());
                ids.iter().map(|id| *id as i32).chain(rest)
            });
            let n = examples.len();
            tensors.i32s(name("ids"), vec![n, longest], padded);
            tensors.i32s(name("lengths"), vec![n], texts.iter().map(|ids| ids.len() as i32));
            let positions = examples.iter().flat_map(|example| [example.link.0 as i32, example.link.1 as i32]);
            tensors.i32s(name("positions"), vec![n, 2], positions);
            tensors.f32s(name("values"), vec![n], examples.iter().map(|example| example.value));
            tensors.i32s(name("decile"), vec![n], examples.iter().map(|example| i32::from(example.decile)));
        }
    }
    let views: Result<Vec<(&str, TensorView<'_>)>, String> = tensors
        .0
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|error| error.to_string())?;
            Ok((name.as_str(), view))
        })
        .collect();
    let json = serde_json::to_string(metadata).map_err(|error| error.to_string())?;
    let metadata = HashMap::from([("headlight_atlas".to_owned(), json)]);
    safetensors::serialize(views?, Some(metadata)).map_err(|error| error.to_string())
}
