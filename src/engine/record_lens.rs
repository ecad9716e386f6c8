//! The stream's table of a finished run, ready to be written into a trace.

use std::collections::BTreeMap;

use super::jobs::LensJob;
use super::{EngineError, Run};
use crate::analysis::inside::lens::{LensAsked, LensTable};
use crate::trace::file::lens::LensTensors;

/// The lens at every layer and position of a run.
///
/// # Errors
/// When the run is not done, or the model predicts no tokens.
pub fn whole_lens(run: &Run, n_top: usize) -> Result<LensJob, EngineError> {
    // A file's table is one of tokens.
    run.model().expect_unembedding()?;
    let layers = (0..=run.model().spec().n_layers).collect();
    let positions = (0..run.tokens().len()).collect();
    LensJob::new(run, LensAsked { layers, positions, n_top, token: None })
}

/// The table as tensors, and what its tokens are called.
pub fn lens_tensors(run: &Run, table: &LensTable, n_top: usize) -> (LensTensors, BTreeMap<u32, String>) {
    let mut tensors = LensTensors { n_top, ..LensTensors::default() };
    let mut names = BTreeMap::new();
    for cell in &table.cells {
        // A vocabulary may have fewer tokens than are listed: the last one is repeated without a probability.
        let last = cell.top.last().map_or(0, |(id, _)| *id);
        let listed = (0..n_top).map(|at| cell.top.get(at).copied().unwrap_or((last, 0.0)));
        for (id, prob) in listed {
            tensors.top_ids.push(id);
            tensors.top_probs.push(prob);
            names.entry(id).or_insert_with(|| run.model().token_name(id));
        }
        tensors.entropy.push(cell.entropy);
        tensors.kl.push(cell.kl);
    }
    (tensors, names)
}
