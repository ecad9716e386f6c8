//! The logit lens as a trace file holds it.

use super::TraceSource;
use super::inside::MAX_STREAM;
use crate::analysis::SourceError;
use crate::analysis::inside::lens::{LensAsked, LensCell, LensTable};
use crate::trace::Stack;
use crate::trace::file::lens::{ENTROPY, KL, TOP_IDS, TOP_PROBS};

/// The asked cells of the file's table.
pub(super) fn lens(source: &TraceSource, asked: &LensAsked) -> Result<LensTable, SourceError> {
    let missing = |reason: &str| SourceError::Missing { what: "predictions of the lens", reason: reason.to_owned() };
    let trace = &source.trace;
    let has_two = trace.metadata.decoder_tokens.is_some() && source.read.stack == Some(Stack::Encoder);
    let Some(tensor) = trace.tensors.get(TOP_IDS).filter(|_| !has_two) else {
        return Err(missing("they need the model's unembedding, which a trace does not hold"));
    };
    if asked.token.is_some() {
        return Err(missing("the file holds the most likely tokens alone, and not the numbers of a chosen one"));
    }
    let [n_rows, n_pos, n_held] = tensor.shape[..] else { return Err(missing("the file's table has another shape")) };
    let outside = asked.layers.iter().any(|layer| *layer >= n_rows) || asked.positions.iter().any(|at| *at >= n_pos);
    if outside {
        return Err(SourceError::NoSuch(format!("the file's table has {n_rows} layers and {n_pos} positions")));
    }
    if (n_rows as u64).saturating_mul(n_pos as u64).saturating_mul(n_held as u64) > MAX_STREAM {
        return Err(SourceError::TooLarge("the file's table of the stream is too large to be read at once".to_owned()));
    }
    let stored = source.stored();
    let whole = |name: &str| stored.rows(name, 0..n_rows, "the stream's table");
    let (ids, probs, entropy, kl) = (whole(TOP_IDS)?, whole(TOP_PROBS)?, whole(ENTROPY)?, whole(KL)?);
    let cell = |cell: usize| {
        let span = cell * n_held..cell * n_held + n_held.min(asked.n_top);
        let top = ids[span.clone()].iter().zip(&probs[span]).map(|(id, prob)| (*id as u32, *prob)).collect();
        LensCell { top, entropy: entropy[cell], kl: kl[cell], token: None }
    };
    let places = asked.layers.iter().flat_map(|layer| asked.positions.iter().map(move |at| layer * n_pos + at));
    Ok(LensTable { cells: places.map(cell).collect() })
}
