//! The neuron of an MLP whose page is open.

use super::written::named;
use crate::protocol::{Answer, NeuronPagePart};

/// A neuron on the text on screen, and in the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronNumbers {
    /// The layer.
    pub layer: usize,
    /// Its index.
    pub neuron: usize,
    /// Before the activation function, of a gated MLP the gate. [pos]
    pub pre: Vec<f32>,
    /// The ungated half of a gated MLP [pos]; empty in a plain one.
    pub linear: Vec<f32>,
    /// What leaves the neuron. [pos]
    pub post: Vec<f32>,
    /// ‖·‖₂ of what it adds per unit of activation.
    pub out_norm: f32,
    /// Tokens whose logits it raises most per unit of activation, the final norm's scale left out.
    pub promotes: Vec<(String, f32)>,
    /// Tokens whose logits it lowers most.
    pub suppresses: Vec<(String, f32)>,
    /// In the first layer, the tokens whose embeddings alone drive it most.
    pub drivers: Vec<(String, f32)>,
    /// Why what it writes cannot be read as tokens.
    pub without_words: Option<String>,
}

impl NeuronNumbers {
    /// Takes an answer; nothing where its buffers do not fit, as in a difference of two shapes.
    pub fn new((layer, neuron): (u32, u32), answer: Answer, buffers: &[Vec<f32>]) -> Option<Self> {
        let Answer::MlpNeuron { names, without_words, .. } = answer else { return None };
        if buffers.len() <= NeuronPagePart::Drivers as usize {
            return None;
        }
        let part = |part: NeuronPagePart| buffers[part as usize].as_slice();
        let names = names.into_iter().collect();
        let tokens = |ids: NeuronPagePart, values: NeuronPagePart| named(&names, part(ids), part(values));
        Some(Self {
            layer: layer as usize,
            neuron: neuron as usize,
            pre: part(NeuronPagePart::Pre).to_vec(),
            linear: part(NeuronPagePart::Linear).to_vec(),
            post: part(NeuronPagePart::Post).to_vec(),
            out_norm: part(NeuronPagePart::OutNorm).first().copied()?,
            promotes: tokens(NeuronPagePart::PromotedIds, NeuronPagePart::Promoted),
            suppresses: tokens(NeuronPagePart::SuppressedIds, NeuronPagePart::Suppressed),
            drivers: tokens(NeuronPagePart::DriverIds, NeuronPagePart::Drivers),
            without_words,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neuron_has_its_numbers_by_position_and_its_tokens_by_name() {
        let names = vec![(7, "seven".to_owned()), (8, "eight".to_owned())];
        let answer = || Answer::MlpNeuron { n_top: 1, names: names.clone(), without_words: None };
        let one = |value: f32| vec![value];
        let buffers = [
            vec![1.0, 2.0],
            Vec::new(),
            vec![0.5, 0.25],
            one(3.0),
            one(7.0),
            one(0.5),
            one(8.0),
            one(-0.5),
            one(9.0),
            one(4.0),
        ];
        let found = NeuronNumbers::new((2, 5), answer(), &buffers).unwrap();
        assert_eq!((found.layer, found.neuron, found.post.len(), found.out_norm), (2, 5, 2, 3.0));
        assert_eq!(found.promotes, [("seven".to_owned(), 0.5)]);
        assert_eq!(found.suppresses, [("eight".to_owned(), -0.5)]);
        assert_eq!(found.drivers, [("9".to_owned(), 4.0)]);
        assert_eq!(NeuronNumbers::new((2, 5), answer(), &[]), None);
    }
}
