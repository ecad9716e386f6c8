//! A direction of the stream for an edit.

use super::inside::{Inside, read};
use super::{Answering, Reply};
use crate::analysis::inside::direction::{self, DirectionAsked};
use crate::protocol::{Answer, DirectionOf};
use crate::trace::BlockSite;

/// Prepares the answer.
pub(super) fn start(layer: u32, site: BlockSite, position: u32, made_of: DirectionOf) -> Box<dyn Answering> {
    Box::new(Inside::new(
        Box::new(move |source| {
            let made_of = match &made_of {
                DirectionOf::Mean => direction::DirectionOf::Mean,
                DirectionOf::Token(token) => direction::DirectionOf::Token(read(source, token)?.id),
                DirectionOf::Texts(to, from) => direction::DirectionOf::Texts([to.clone(), from.clone()]),
            };
            source.direction(DirectionAsked { layer: layer as usize, site, position: position as usize, made_of })
        }),
        Box::new(|direction, _| Ok(Reply { answer: Answer::Direction, buffers: vec![direction] })),
    ))
}
