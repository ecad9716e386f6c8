//! What the parts of a layer write at a position.

use std::collections::BTreeMap;

use super::inside::Inside;
use super::{Answering, Reply};
use crate::analysis::AttentionSource;
use crate::analysis::inside::written::{self, Written, WrittenPart};
use crate::protocol::{Answer, Writer};

/// Prepares the answer.
pub(super) fn start(layer: u32, position: u32, n_top: u32) -> Box<dyn Answering> {
    Box::new(Inside::new(
        Box::new(move |source| source.written(layer as usize, position as usize, n_top as usize)),
        Box::new(|written, source| Ok(reply(&written, source))),
    ))
}

fn reply(written: &Written, source: &dyn AttentionSource) -> Reply {
    let n_top = written.parts.iter().map(|part| part.promotes.len()).min().unwrap_or(0);
    let each = |list: fn(&WrittenPart) -> &[(u32, f32)]| {
        written.parts.iter().flat_map(move |part| list(part)[..n_top].iter().copied()).collect::<Vec<(u32, f32)>>()
    };
    let (promotes, suppresses) = (each(|part| &part.promotes), each(|part| &part.suppresses));
    let names: BTreeMap<u32, String> =
        promotes.iter().chain(&suppresses).map(|(id, _)| (*id, source.inside().token_name(*id))).collect();
    let ids = |list: &[(u32, f32)]| list.iter().map(|(id, _)| *id as f32).collect::<Vec<f32>>();
    let values = |list: &[(u32, f32)]| list.iter().map(|(_, value)| *value).collect::<Vec<f32>>();
    let reason = source.spec().and_then(written::without_words).map(str::to_owned);
    Reply {
        answer: Answer::Written {
            writers: written.parts.iter().map(|part| name(part.writer)).collect(),
            neurons: written.neurons.iter().map(|neuron| neuron.neuron as u32).collect(),
            n_top: n_top as u32,
            names: names.into_iter().collect(),
            without_words: reason,
        },
        buffers: vec![
            written.parts.iter().map(|part| part.norm).collect(),
            ids(&promotes),
            values(&promotes),
            ids(&suppresses),
            values(&suppresses),
            written.neurons.iter().map(|neuron| neuron.activation).collect(),
            written.neurons.iter().map(|neuron| neuron.norm).collect(),
        ],
    }
}

fn name(writer: written::Writer) -> Writer {
    match writer {
        written::Writer::Head(head) => Writer::Head(head as u32),
        written::Writer::AttnBias => Writer::AttnBias,
        written::Writer::CrossHead(head) => Writer::CrossHead(head as u32),
        written::Writer::CrossBias => Writer::CrossBias,
        written::Writer::Mlp => Writer::Mlp,
    }
}
