//! What a row of a stored pattern must be: a distribution over the keys, unless the file says why not.

use serde::Serialize;
use serde_json::Value;

use super::{Element, Trace, TraceError, TraceTensor};
use crate::fields::{Field, named};

/// How far from 1 the weights of a row may sum, in any file: programs compute in two-byte numbers and store four-byte ones.
const TOLERANCE: f64 = 4e-3;
/// The tolerance for weights that are stored as two-byte numbers.
const TOLERANCE_TWO_BYTES: f64 = 1e-2;

/// Why the rows of a file's patterns sum to less than 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSums {
    /// The rest rests on a learned attention sink, which is not a token (GPT-OSS).
    Sinks,
}

impl Field for RowSums {
    fn read(value: Value) -> Result<Self, String> {
        named(&value, &[("sinks", Self::Sinks)])
    }
}

impl Trace {
    /// Checks whole rows of a pattern [head, query_pos, key_pos] that start at `first_head`. Edits may have made anything of
    /// them: where a file names some, nothing is demanded.
    pub(super) fn check_rows(
        &self,
        name: &str,
        tensor: &TraceTensor,
        first_head: usize,
        values: &[f32],
    ) -> Result<(), TraceError> {
        if !self.metadata.edits.is_empty() {
            return Ok(());
        }
        let n_keys = tensor.shape.last().copied().unwrap_or(1).max(1);
        let n_queries = tensor.shape.get(1).copied().unwrap_or(1).max(1);
        let tolerance = if tensor.element == Element::F32 { TOLERANCE } else { TOLERANCE_TWO_BYTES };
        let has_sinks = self.metadata.row_sums == Some(RowSums::Sinks);
        for (row, weights) in values.chunks_exact(n_keys).enumerate() {
            let (head, query) = (first_head + row / n_queries, row % n_queries);
            let names = || (self.file.clone(), name.to_owned());
            if let Some(key) = weights.iter().position(|weight| *weight < 0.0) {
                let ((file, name), weight) = (names(), weights[key]);
                return Err(TraceError::NegativeWeight { file, name, head, query, key, weight });
            }
            let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            if sum > 1.0 + tolerance || (sum < 1.0 - tolerance && !has_sinks) {
                let (file, name) = names();
                return Err(TraceError::RowSum { file, name, head, query, sum, tolerance, has_sinks });
            }
        }
        Ok(())
    }
}
