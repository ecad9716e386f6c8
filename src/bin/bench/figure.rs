//! One figure: samples in, one JSON line out.

use serde::Serialize;

/// What was measured.
#[derive(Serialize)]
struct Figure<'a> {
    name: &'a str,
    median_ms: f64,
    min_ms: f64,
    max_ms: f64,
    runs: usize,
    /// One sentence.
    how: &'a str,
    /// Size of the worker's wasm memory afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    /// Size of the weights as held.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_bytes: Option<u64>,
}

/// Sizes that go with a figure, where they are known.
#[derive(Clone, Copy, Default)]
pub struct Bytes {
    /// Of the worker's wasm memory.
    pub memory: Option<u64>,
    /// Of the weights as held.
    pub weights: Option<u64>,
}

/// Prints the figure with these samples, each in milliseconds.
///
/// # Errors
/// Without samples there is no median.
pub fn print(name: &str, how: &str, samples_ms: &[f64], bytes: Bytes) -> Result<(), String> {
    let mut sorted = samples_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let (Some(min), Some(upper), Some(max)) = (sorted.first(), sorted.get(middle), sorted.last()) else {
        return Err(format!("{name} was not measured"));
    };
    let median = if sorted.len() % 2 == 1 { *upper } else { (sorted[middle - 1] + upper) / 2.0 };
    let figure = Figure {
        name,
        median_ms: rounded(median),
        min_ms: rounded(*min),
        max_ms: rounded(*max),
        runs: sorted.len(),
        how,
        memory_bytes: bytes.memory,
        weight_bytes: bytes.weights,
    };
    let json = serde_json::to_string(&figure).map_err(|error| error.to_string())?;
    crate::print(&format!("BENCH {json}"));
    Ok(())
}

fn rounded(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}
