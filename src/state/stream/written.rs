//! What the parts of a layer write at the chosen cell, as it comes.

use std::collections::BTreeMap;

use crate::protocol::{Answer, Writer, WrittenPart};

/// What a layer writes at a position.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenNumbers {
    /// The layer.
    pub layer: usize,
    /// The position.
    pub position: usize,
    /// Why what is written cannot be read as tokens.
    pub without_words: Option<String>,
    /// Who writes, the largest norm first.
    pub rows: Vec<WrittenRow>,
    /// The neurons that add most.
    pub neurons: Vec<NeuronRow>,
}

/// A neuron of the MLP at a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuronRow {
    /// Its index.
    pub neuron: u32,
    /// Its activation, of a gated MLP the product of gate and up.
    pub activation: f32,
    /// ‖·‖₂ of what it adds.
    pub norm: f32,
    /// Before the activation function, of a gated MLP the gate.
    pub pre: f32,
    /// The ungated half of a gated MLP.
    pub linear: Option<f32>,
}

/// What one part writes.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenRow {
    /// Who writes.
    pub writer: Writer,
    /// ‖·‖₂ of what is added.
    pub norm: f32,
    /// By how much an expert counts.
    pub weight: Option<f32>,
    /// Tokens whose logits it raises most, as the tokenizer names them, with how much.
    pub promotes: Vec<(String, f32)>,
    /// Tokens whose logits it lowers most, with how much.
    pub suppresses: Vec<(String, f32)>,
}

impl WrittenNumbers {
    /// Takes an answer; nothing where its buffers do not fit, as in a difference of two results.
    pub fn new((layer, position): (u32, u32), answer: Answer, buffers: &[Vec<f32>]) -> Option<Self> {
        let Answer::Written { writers, neurons, n_top, names, without_words } = answer else { return None };
        let part = |part: WrittenPart| buffers.get(part as usize).map_or(&[][..], Vec::as_slice);
        let (n_top, names): (usize, BTreeMap<u32, String>) = (n_top as usize, names.into_iter().collect());
        let norms = part(WrittenPart::Norms);
        let listed =
            [(WrittenPart::PromotedIds, WrittenPart::Promoted), (WrittenPart::SuppressedIds, WrittenPart::Suppressed)];
        let fits = |which: WrittenPart| part(which).len() == writers.len() * n_top;
        let (activations, lengths) = (part(WrittenPart::Activations), part(WrittenPart::NeuronNorms));
        let (pre, linear) = (part(WrittenPart::Pre), part(WrittenPart::Linear));
        let is_whole = norms.len() == writers.len()
            && listed.iter().all(|(ids, values)| fits(*ids) && fits(*values))
            && [activations, lengths, pre].iter().all(|numbers| numbers.len() == neurons.len());
        if !is_whole {
            return None;
        }
        let tokens = |(ids, values): (WrittenPart, WrittenPart), index: usize| {
            let span = index * n_top..(index + 1) * n_top;
            named(&names, &part(ids)[span.clone()], &part(values)[span])
        };
        let row = |(index, writer): (usize, &Writer)| WrittenRow {
            writer: *writer,
            norm: norms[index],
            weight: part(WrittenPart::Weights).get(index).copied().filter(|weight| !weight.is_nan()),
            promotes: tokens(listed[0], index),
            suppresses: tokens(listed[1], index),
        };
        let mut rows: Vec<WrittenRow> = writers.iter().enumerate().map(row).collect();
        rows.sort_by(|one, other| other.norm.total_cmp(&one.norm));
        let neuron = |(index, neuron): (usize, &u32)| NeuronRow {
            neuron: *neuron,
            activation: activations[index],
            norm: lengths[index],
            pre: pre[index],
            linear: linear.get(index).copied(),
        };
        let neurons = neurons.iter().enumerate().map(neuron).collect();
        Some(Self { layer: layer as usize, position: position as usize, without_words, rows, neurons })
    }
}

/// Tokens by their names, with a number each.
pub(super) fn named(names: &BTreeMap<u32, String>, ids: &[f32], values: &[f32]) -> Vec<(String, f32)> {
    let name = |id: f32| names.get(&(id as u32)).cloned().unwrap_or_else(|| (id as u32).to_string());
    ids.iter().zip(values).map(|(id, value)| (name(*id), *value)).collect()
}

/// What a part of a layer is called.
pub fn writer_name(layer: usize, writer: Writer) -> String {
    match writer {
        Writer::Head(head) => format!("L{layer}H{head}"),
        Writer::AttnBias => "attention bias".to_owned(),
        Writer::CrossHead(head) => format!("Cross · L{layer}H{head}"),
        Writer::CrossBias => "cross-attention bias".to_owned(),
        Writer::Mlp => "MLP".to_owned(),
        Writer::Expert(expert) => format!("expert {expert}"),
        Writer::SharedExpert => "shared expert".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer::Written {
            writers: vec![Writer::Head(0), Writer::Mlp],
            neurons: vec![5],
            n_top: 1,
            names: vec![(7, "seven".to_owned())],
            without_words: None,
        }
    }

    #[test]
    fn parts_stand_by_their_norm_with_their_tokens() {
        let two = |a: f32, b: f32| vec![a, b];
        let buffers = [
            two(1.0, 3.0),
            two(7.0, 8.0),
            two(0.5, 0.25),
            two(8.0, 7.0),
            two(-0.5, -0.25),
            vec![1.5],
            vec![2.5],
            vec![0.5],
            vec![3.0],
        ];
        let written = WrittenNumbers::new((2, 4), answer(), &buffers).unwrap();
        assert_eq!((written.layer, written.position), (2, 4));
        let neuron = NeuronRow { neuron: 5, activation: 1.5, norm: 2.5, pre: 0.5, linear: Some(3.0) };
        assert_eq!(written.neurons, [neuron]);
        assert_eq!(written.rows[0].writer, Writer::Mlp);
        assert_eq!(written.rows[0].promotes, [("8".to_owned(), 0.25)]);
        assert_eq!(written.rows[1].promotes, [("seven".to_owned(), 0.5)]);
        assert_eq!(written.rows[1].suppresses, [("8".to_owned(), -0.5)]);
        assert_eq!(writer_name(2, written.rows[1].writer), "L2H0");
    }

    #[test]
    fn experts_have_their_weights() {
        let (writers, numbers) = (vec![Writer::Mlp, Writer::Expert(5), Writer::SharedExpert], vec![3.0, 2.0, 1.0]);
        let without = Some("it predicts nothing".to_owned());
        let answer =
            Answer::Written { writers, neurons: Vec::new(), n_top: 0, names: Vec::new(), without_words: without };
        let mut buffers = vec![Vec::new(); 10];
        (buffers[0], buffers[9]) = (numbers, vec![f32::NAN, 0.75, 0.25]);
        let written = WrittenNumbers::new((0, 1), answer, &buffers).unwrap();
        let shown: Vec<(String, Option<f32>)> =
            written.rows.iter().map(|row| (writer_name(0, row.writer), row.weight)).collect();
        let named = |name: &str, weight| (name.to_owned(), weight);
        assert_eq!(shown, [named("MLP", None), named("expert 5", Some(0.75)), named("shared expert", Some(0.25))]);
    }

    #[test]
    fn buffers_of_another_size_are_refused() {
        assert_eq!(WrittenNumbers::new((2, 4), answer(), &[]), None);
    }
}
