//! The circuits of a head.

use super::inside::{Inside, read_all};
use super::words::{buffers, joined, names, shortest};
use super::{Answering, Reply};
use crate::analysis::AttentionSource;
use crate::analysis::inside::head::{HeadAsked, HeadCircuits};
use crate::analysis::inside::written;
use crate::protocol::{Answer, TokenAsked, TokenRead};

/// Prepares the answer.
pub(super) fn start(
    (layer, head): (u32, u32),
    tokens: Vec<TokenAsked>,
    distance: u32,
    n_top: u32,
) -> Box<dyn Answering> {
    let for_end = tokens.clone();
    Box::new(Inside::new(
        Box::new(move |source| {
            let tokens = read_all(source, &tokens)?.iter().map(|token| token.id).collect();
            let (layer, head) = (layer as usize, head as usize);
            source.head(HeadAsked { layer, head, tokens, distance: distance as usize, n_top: n_top as usize })
        }),
        Box::new(move |circuits, source| Ok(reply(&circuits, read_all(source.inside(), &for_end)?, source))),
    ))
}

fn reply(circuits: &HeadCircuits, tokens: Vec<TokenRead>, source: &dyn AttentionSource) -> Reply {
    let promotes = || circuits.ov.iter().map(|words| &words.promotes);
    let suppresses = || circuits.ov.iter().map(|words| &words.suppresses);
    let n_top = shortest(promotes().chain(suppresses()).chain(&circuits.qk));
    let lists = [joined(promotes(), n_top), joined(suppresses(), n_top), joined(circuits.qk.iter(), n_top)];
    let names = names(&lists.each_ref(), source);
    let without_words = source.spec().and_then(written::without_words).map(str::to_owned);
    let copying = circuits.copying();
    Reply {
        answer: Answer::Head { tokens, n_top: n_top as u32, names, copying, without_words },
        buffers: lists.iter().flat_map(buffers).collect(),
    }
}
