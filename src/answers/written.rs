//! What the parts of a layer write at a position, or its heads bring there from one other.

use super::inside::Inside;
use super::words::{buffers, joined, names, shortest};
use super::{Answering, Reply};
use crate::analysis::AttentionSource;
use crate::analysis::inside::written::{self, Written, WrittenAsked, WrittenPart};
use crate::protocol::{Answer, Writer};
use crate::trace::Attn;

/// Prepares the answer about all that a layer writes.
pub(super) fn start(layer: u32, position: u32, n_top: u32) -> Box<dyn Answering> {
    let (layer, position, n_top) = (layer as usize, position as usize, n_top as usize);
    Box::new(Inside::new(
        Box::new(move |source| source.written(WrittenAsked { layer, position, link: None, n_top })),
        Box::new(|written, source| Ok(reply(&written, source))),
    ))
}

/// The answer about a link, of whichever attention the source is of.
pub(super) struct Linked {
    layer: usize,
    query: usize,
    key: usize,
    n_top: usize,
    /// The work, once the source has said which attention it is of.
    started: Option<Box<dyn Answering>>,
}

impl Linked {
    /// Prepares the answer.
    pub fn new([layer, query, key, n_top]: [u32; 4]) -> Self {
        let [layer, query, key, n_top] = [layer, query, key, n_top].map(|number| number as usize);
        Self { layer, query, key, n_top, started: None }
    }

    fn asked(&self, attn: Attn) -> WrittenAsked {
        WrittenAsked { layer: self.layer, position: self.query, link: Some((attn, self.key)), n_top: self.n_top }
    }
}

impl Answering for Linked {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, crate::analysis::SourceError> {
        let asked = self.asked(source.attn());
        let begin = || -> Box<dyn Answering> {
            Box::new(Inside::new(
                Box::new(move |source| source.written(asked)),
                Box::new(|written, source| Ok(reply(&written, source))),
            ))
        };
        self.started.get_or_insert_with(begin).step(source)
    }
}

fn reply(written: &Written, source: &dyn AttentionSource) -> Reply {
    let promotes = || written.parts.iter().map(|part| &part.words.promotes);
    let suppresses = || written.parts.iter().map(|part| &part.words.suppresses);
    let n_top = shortest(promotes().chain(suppresses()));
    let lists = [joined(promotes(), n_top), joined(suppresses(), n_top)];
    let names = names(&lists.each_ref(), source);
    let [[promoted_ids, promoted], [suppressed_ids, suppressed]] = lists.each_ref().map(buffers);
    let reason = source.spec().and_then(written::without_words).map(str::to_owned);
    let norm = |part: &WrittenPart| part.norm;
    let neurons = &written.neurons;
    Reply {
        answer: Answer::Written {
            writers: written.parts.iter().map(|part| name(part.writer)).collect(),
            neurons: neurons.iter().map(|neuron| neuron.neuron as u32).collect(),
            n_top: n_top as u32,
            names,
            without_words: reason,
        },
        buffers: vec![
            written.parts.iter().map(norm).collect(),
            promoted_ids,
            promoted,
            suppressed_ids,
            suppressed,
            neurons.iter().map(|neuron| neuron.activation).collect(),
            neurons.iter().map(|neuron| neuron.norm).collect(),
            neurons.iter().map(|neuron| neuron.pre).collect(),
            neurons.iter().filter_map(|neuron| neuron.linear).collect(),
            written.parts.iter().map(|part| part.weight.unwrap_or(f32::NAN)).collect(),
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
        written::Writer::Expert(expert) => Writer::Expert(expert as u32),
        written::Writer::SharedExpert => Writer::SharedExpert,
    }
}
