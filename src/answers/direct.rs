//! The outcome at a position as a sum.

use super::inside::{Inside, read_all};
use super::{Answering, Reply};
use crate::analysis::inside::InsideSource;
use crate::analysis::inside::direct::{AttnParts, Contrast, DirectSum, MlpParts};
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{Answer, TokenAsked, TokenRead};

/// Prepares the answer.
pub(super) fn start(answers: Vec<TokenAsked>, others: Vec<TokenAsked>, position: u32) -> Box<dyn Answering> {
    let asked = (answers, others);
    let for_end = asked.clone();
    let tokens = |source: &dyn InsideSource, (answers, others): &(Vec<TokenAsked>, Vec<TokenAsked>)| {
        Ok::<_, SourceError>([read_all(source, answers)?, read_all(source, others)?])
    };
    Box::new(Inside::new(
        Box::new(move |source| {
            let [answers, others] = tokens(source, &asked)?.map(|tokens| tokens.iter().map(|token| token.id).collect());
            source.direct(Contrast { answers, others }, position as usize)
        }),
        Box::new(move |sum, source| Ok(reply(&sum, position, tokens(source.inside(), &for_end)?, source))),
    ))
}

fn reply(
    sum: &DirectSum,
    position: u32,
    [answers, others]: [Vec<TokenRead>; 2],
    source: &dyn AttentionSource,
) -> Reply {
    let sizes = source.sizes();
    let heads = |attns: &[AttnParts]| attns.iter().flat_map(|attn| narrow(&attn.heads)).collect::<Vec<f32>>();
    let biases = |attns: &[AttnParts]| attns.iter().map(|attn| attn.bias as f32).collect::<Vec<f32>>();
    let sources = |attns: &[AttnParts]| attns.iter().flat_map(|attn| attn.sources.clone()).collect::<Vec<f32>>();
    let mlps = |mlps: &[MlpParts]| mlps.iter().map(|mlp| mlp.whole as f32).collect::<Vec<f32>>();
    Reply {
        answer: Answer::Direct {
            position,
            answers,
            others,
            n_layers: sizes.n_layers as u32,
            n_heads: sizes.n_heads as u32,
        },
        buffers: vec![
            narrow(&[sum.outcome, sum.embed, sum.constant, sum.total()]),
            heads(&sum.attns),
            biases(&sum.attns),
            sources(&sum.attns),
            heads(&sum.cross),
            biases(&sum.cross),
            sources(&sum.cross),
            mlps(&sum.mlps),
            sum.mlps.iter().flat_map(|mlp| mlp.neurons.clone()).collect(),
        ],
    }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}
