//! A neuron of an MLP.

use super::inside::Inside;
use super::words::{buffers, names};
use super::{Answering, Reply};
use crate::analysis::AttentionSource;
use crate::analysis::inside::neuron::Neuron;
use crate::analysis::inside::written;
use crate::protocol::Answer;

/// Prepares the answer.
pub(super) fn start(layer: u32, neuron: u32, n_top: u32) -> Box<dyn Answering> {
    Box::new(Inside::new(
        Box::new(move |source| source.neuron(layer as usize, neuron as usize, n_top as usize)),
        Box::new(|neuron, source| Ok(reply(neuron, source))),
    ))
}

fn reply(neuron: Neuron, source: &dyn AttentionSource) -> Reply {
    let Neuron { pre, linear, post, out_norm, words, drivers } = neuron;
    let n_top = words.promotes.len() as u32;
    let names = names(&[&words.promotes, &words.suppresses, &drivers], source);
    let without_words = source.spec().and_then(written::without_words).map(str::to_owned);
    let [promoted_ids, promoted] = buffers(&words.promotes);
    let [suppressed_ids, suppressed] = buffers(&words.suppresses);
    let [driver_ids, drivers] = buffers(&drivers);
    let out_norm = vec![out_norm];
    Reply {
        answer: Answer::MlpNeuron { n_top, names, without_words },
        buffers: vec![
            pre,
            linear,
            post,
            out_norm,
            promoted_ids,
            promoted,
            suppressed_ids,
            suppressed,
            driver_ids,
            drivers,
        ],
    }
}
