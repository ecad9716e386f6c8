//! The way of a cell's content up through the layers.

use super::inside::Inside;
use super::{Answering, Reply};
use crate::analysis::inside::path::{Carrier, Path, PathStep};
use crate::protocol::Answer;

/// Prepares the answer.
pub(super) fn start(layer: u32, position: u32) -> Box<dyn Answering> {
    Box::new(Inside::new(
        Box::new(move |source| source.path(layer as usize, position as usize)),
        Box::new(|path, _| Ok(reply(&path))),
    ))
}

fn reply(path: &Path) -> Reply {
    let each = |number: fn(&PathStep) -> f32| path.steps.iter().map(number).collect::<Vec<f32>>();
    Reply {
        answer: Answer::Path,
        buffers: vec![
            each(|step| step.layer as f32),
            each(|step| match step.carrier {
                Carrier::Head(head) => head as f32,
                Carrier::Mlp => -1.0,
            }),
            each(|step| step.from as f32),
            each(|step| step.to as f32),
            each(|step| step.amount),
            path.shares.clone(),
        ],
    }
}
