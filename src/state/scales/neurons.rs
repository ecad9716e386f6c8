//! What the neuron view draws: queries, keys, scores and values of one head.

use std::sync::Arc;

use super::super::{Effect, Looked, State};
use crate::protocol::{NeuronPart, NeuronsAnswer, Question, RequestId, ToWorker};

/// One head's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadNeurons {
    /// Sizes, and what is missing.
    pub numbers: NeuronsAnswer,
    /// In the order of [`NeuronPart::EACH`].
    buffers: Vec<Vec<f32>>,
    /// The same of the run that this one is compared with; empty where it is not.
    against: Vec<Vec<f32>>,
}

impl HeadNeurons {
    /// Of an answer, with the buffers of another run behind its own where the two are compared; `None` when they are not of
    /// the sizes it names.
    pub fn new(numbers: NeuronsAnswer, mut buffers: Vec<Vec<f32>>) -> Option<Self> {
        let (d_head, n_query, n_key) = (numbers.d_head as usize, numbers.n_query as usize, numbers.n_key as usize);
        let expected = |part| match part {
            NeuronPart::Queries | NeuronPart::PlainQueries => n_query * d_head,
            NeuronPart::Keys | NeuronPart::PlainKeys => n_key * d_head,
            NeuronPart::Scores | NeuronPart::Pattern => n_query * n_key,
            NeuronPart::ValueNorms => n_key,
        };
        let fits = |(part, buffer): (NeuronPart, &Vec<f32>)| {
            let is_missing = numbers.missing.iter().any(|(missing, _)| *missing == part);
            if is_missing { buffer.is_empty() } else { buffer.len() == expected(part) }
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

    /// Whether it is compared with another run.
    pub fn is_difference(&self) -> bool {
        !self.against.is_empty()
    }

    /// A part of the run that it is compared with; empty where there is none.
    pub fn part_against(&self, part: NeuronPart) -> &[f32] {
        self.against.get(part as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// A part; empty where it is missing.
    pub fn part(&self, part: NeuronPart) -> &[f32] {
        self.buffers.get(part as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why a part is missing.
    pub fn reason(&self, part: NeuronPart) -> Option<&str> {
        self.numbers.missing.iter().find(|(missing, _)| *missing == part).map(|(_, reason)| reason.as_str())
    }

    /// Layer and head.
    pub fn place(&self) -> (usize, usize) {
        (self.numbers.layer as usize, self.numbers.head as usize)
    }
}

/// The head that was looked into last, and the question under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuronStore {
    /// The head on screen: the wanted one as soon as it is here, the one before until then.
    pub head: Option<Arc<HeadNeurons>>,
    /// Why the wanted one is not there, a sentence.
    pub problem: Option<String>,
    /// The result that all this is of.
    of: Option<Looked>,
    /// The question under way and what it is about, or the last one that failed.
    pub(super) asked: Option<(RequestId, (usize, usize))>,
    failed: Option<(usize, usize)>,
}

impl NeuronStore {
    pub(super) fn came(&mut self, request: RequestId, numbers: NeuronsAnswer, buffers: Vec<Vec<f32>>) {
        let Some((_, place)) = self.asked.take_if(|(asked, _)| *asked == request) else { return };
        match HeadNeurons::new(numbers, buffers) {
            Some(head) if head.place() == place => (self.head, self.problem) = (Some(Arc::new(head)), None),
            _ => {
                self.failed = Some(place);
                self.problem = Some("The neurons of this head came in another shape than asked for.".to_owned());
            }
        }
    }

    pub(super) fn ended(&mut self, request: RequestId, reason: Option<String>) -> bool {
        let Some((_, place)) = self.asked.take_if(|(asked, _)| *asked == request) else { return false };
        if reason.is_some() {
            (self.failed, self.problem) = (Some(place), reason);
        }
        true
    }
}

impl State {
    /// Asks for the head that is looked into, if it is not here.
    pub(super) fn follow_neurons(&mut self, effects: &mut Vec<Effect>) {
        let Some(shown) = &self.shown else { return };
        let (result, place) = (shown.looked(), (self.selection.layer, self.selection.head()));
        let neurons = &mut self.scales.neurons;
        if neurons.of != Some(result) {
            if let Some((request, _)) = neurons.asked.take() {
                effects.push(Effect::Send(ToWorker::Cancel { request }));
            }
            *neurons = NeuronStore { of: Some(result), ..NeuronStore::default() };
        }
        let is_here = neurons.head.as_ref().is_some_and(|head| head.place() == place);
        if is_here || neurons.failed == Some(place) {
            return;
        }
        match neurons.asked {
            Some((_, asked)) if asked == place => return,
            Some((request, _)) => effects.push(Effect::Send(ToWorker::Cancel { request })),
            None => {}
        }
        (neurons.asked, neurons.failed) = (None, None);
        let (layer, head) = (place.0 as u32, place.1 as u32);
        if let Some(request) = self.ask(Question::Neurons { layer, head }, effects) {
            self.scales.neurons.asked = Some((request, place));
        }
    }

    /// Whether the head that is looked into is still on its way.
    pub fn awaits_neurons(&self) -> bool {
        let place = (self.selection.layer, self.selection.head());
        self.shown.is_some() && self.scales.neurons.head.as_ref().is_none_or(|head| head.place() != place)
    }
}
