//! What the neuron view draws: queries, keys, scores and values of one head.

use std::sync::Arc;

use crate::protocol::{NeuronPart, NeuronsAnswer, Question};
use crate::state::requests::{Purpose, Slot, Waiting};
use crate::state::{Effect, Looked, State};

/// The numbers of one head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadNeurons {
    /// Sizes, and what is missing.
    pub numbers: NeuronsAnswer,
    /// In the order of [`NeuronPart::EACH`].
    buffers: Vec<Vec<f32>>,
    /// The same parts of A, in a difference; else empty.
    against: Vec<Vec<f32>>,
}

impl HeadNeurons {
    /// The numbers of an answer. Where two runs are compared, the buffers of the other run follow the answer's own. `None` when the
    /// buffers do not have the sizes that the answer names.
    pub fn new(numbers: NeuronsAnswer, mut buffers: Vec<Vec<f32>>) -> Option<Self> {
        let (d_head, n_query, n_key) = (numbers.d_head as usize, numbers.n_query as usize, numbers.n_key as usize);
        let expected = |part| match part {
            NeuronPart::Queries | NeuronPart::PlainQueries => n_query * d_head,
            NeuronPart::Keys | NeuronPart::PlainKeys => n_key * d_head,
            NeuronPart::Scores
            | NeuronPart::Pattern
            | NeuronPart::ContentToContent
            | NeuronPart::ContentToPosition
            | NeuronPart::PositionToContent => n_query * n_key,
            NeuronPart::ValueNorms => n_key,
        };
        let fits = |(part, buffer): (NeuronPart, &Vec<f32>)| {
            let is_missing = numbers.missing.iter().any(|(missing, _)| *missing == part);
            let may_be_empty = is_missing || part.part_of_scores().is_some();
            if may_be_empty && buffer.is_empty() { true } else { !is_missing && buffer.len() == expected(part) }
        };
        let n_parts = NeuronPart::EACH.len();
        let is_whole = (buffers.len() == n_parts || buffers.len() == 2 * n_parts)
            && NeuronPart::EACH.into_iter().cycle().zip(&buffers).all(fits);
        if !is_whole {
            return None;
        }
        let against = buffers.split_off(n_parts);
        Some(Self { numbers, buffers, against })
    }

    /// Whether this is a difference.
    pub fn is_difference(&self) -> bool {
        !self.against.is_empty()
    }

    /// A part of A, in a difference; else empty.
    pub fn part_against(&self, part: NeuronPart) -> &[f32] {
        self.against.get(part as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// A part; empty where the source does not hold it.
    pub fn part(&self, part: NeuronPart) -> &[f32] {
        self.buffers.get(part as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why the source does not hold a part.
    pub fn reason(&self, part: NeuronPart) -> Option<&str> {
        self.numbers.missing.iter().find(|(missing, _)| *missing == part).map(|(_, reason)| reason.as_str())
    }

    /// Layer and head, from zero.
    pub fn layer_and_head(&self) -> (usize, usize) {
        (self.numbers.layer as usize, self.numbers.head as usize)
    }
}

/// The head that is looked into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuronStore {
    /// The head on screen: the selected one as soon as it is here, the one before until then.
    pub head: Slot<Arc<HeadNeurons>>,
    /// The result that the head belongs to.
    result: Option<Looked>,
}

impl NeuronStore {
    /// Drops the numbers of any other result.
    pub(super) fn keep_only(&mut self, result: Looked) {
        if self.result != Some(result) {
            *self = Self { result: Some(result), ..Self::default() };
        }
    }

    pub(in crate::state) fn take(&mut self, purpose: Purpose, numbers: NeuronsAnswer, buffers: Vec<Vec<f32>>) {
        match HeadNeurons::new(numbers, buffers) {
            Some(head) => self.head.fill(purpose, Arc::new(head)),
            None => {
                let reason = "The neurons of this head arrived in an unexpected shape.".to_owned();
                self.head.give_up(&purpose, Some(reason));
            }
        }
    }
}

impl State {
    /// Asks for the head that is looked into, if it is not here.
    pub(super) fn follow_neurons(&mut self, effects: &mut Vec<Effect>) {
        let (layer, head) = (self.selection.layer as u32, self.selection.head() as u32);
        self.ask(Question::Neurons { layer, head }, effects);
    }

    /// Whether the head that is looked into is still on its way.
    pub fn awaits_neurons(&self) -> bool {
        let selected = (self.selection.layer, self.selection.head());
        let head = self.scales.neurons.head.value();
        self.shown.is_some() && head.is_none_or(|head| head.layer_and_head() != selected)
    }
}
