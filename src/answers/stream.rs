//! The stream as numbers.

use super::inside::Inside;
use super::{Answering, Reply};
use crate::analysis::AttentionSource;
use crate::analysis::inside::stream::StreamTable;
use crate::protocol::Answer;

/// Prepares the answer.
pub(super) fn start() -> Box<dyn Answering> {
    let finish = |table: StreamTable, source: &dyn AttentionSource| {
        let sizes = source.sizes();
        let StreamTable { norms, cosines_before, cosines_output, attn_norms, mlp_norms } = table;
        Ok(Reply {
            answer: Answer::Stream { n_layers: sizes.n_layers as u32, n_positions: sizes.n_query as u32 },
            buffers: vec![norms, cosines_before, cosines_output, attn_norms, mlp_norms],
        })
    };
    Box::new(Inside::new(Box::new(|source| source.stream()), Box::new(finish)))
}
