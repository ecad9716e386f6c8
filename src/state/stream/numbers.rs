//! The stream as numbers, and the outcome as a sum, as they come.

use super::options::StreamNumber;
use crate::protocol::{Answer, DirectPart, StreamPart, TokenRead};

/// Norms and cosines of the stream at every layer and position.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamNumbers {
    n_positions: usize,
    /// In the order of [`StreamPart`].
    parts: Vec<Vec<f32>>,
}

impl StreamNumbers {
    /// Takes an answer.
    pub fn new(answer: &Answer, parts: Vec<Vec<f32>>) -> Option<Self> {
        match answer {
            Answer::Stream { n_positions, .. } => Some(Self { n_positions: *n_positions as usize, parts }),
            _ => None,
        }
    }

    /// A number at a row of the table and a position; nothing where it is not known.
    pub fn number(&self, number: StreamNumber, row: usize, position: usize) -> Option<f32> {
        let part = match number {
            StreamNumber::Norm => StreamPart::Norms,
            StreamNumber::CosineBefore => StreamPart::CosinesBefore,
            StreamNumber::CosineOutput => StreamPart::CosinesOutput,
            StreamNumber::AttnNorm => StreamPart::AttnNorms,
            StreamNumber::MlpNorm => StreamPart::MlpNorms,
            _ => return None,
        };
        let value = self.parts.get(part as usize)?.get(row * self.n_positions + position).copied()?;
        (position < self.n_positions && !value.is_nan()).then_some(value)
    }
}

/// The outcome as a sum over components.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectNumbers {
    /// Where it is read.
    pub position: usize,
    /// The answers' tokens.
    pub answers: Vec<TokenRead>,
    /// The others.
    pub others: Vec<TokenRead>,
    n_heads: usize,
    /// In the order of [`DirectPart`].
    parts: Vec<Vec<f32>>,
}

/// A component of the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Component {
    /// The embeddings.
    Embed,
    /// A head, by layer and head.
    Head(usize, usize),
    /// The bias of a layer's attention.
    AttnBias(usize),
    /// A head of the attention to the encoder.
    CrossHead(usize, usize),
    /// The bias of a layer's attention to the encoder.
    CrossBias(usize),
    /// A layer's MLP.
    Mlp(usize),
    /// Biases of the final norm and the unembedding.
    Constant,
}

impl DirectNumbers {
    /// Takes an answer.
    pub fn new(answer: Answer, parts: Vec<Vec<f32>>) -> Option<Self> {
        let Answer::Direct { position, answers, others, n_heads, .. } = answer else { return None };
        let numbers = Self { position: position as usize, answers, others, n_heads: (n_heads as usize).max(1), parts };
        (numbers.part(DirectPart::Ends).len() == 4).then_some(numbers)
    }

    fn part(&self, part: DirectPart) -> &[f32] {
        self.parts.get(part as usize).map_or(&[], Vec::as_slice)
    }

    /// The outcome as the model computes it.
    pub fn outcome(&self) -> f32 {
        self.part(DirectPart::Ends)[0]
    }

    /// The sum of all components.
    pub fn total(&self) -> f32 {
        self.part(DirectPart::Ends)[3]
    }

    /// Every component with what it adds, from the embeddings up to the constants.
    pub fn components(&self) -> Vec<(Component, f32)> {
        let ends = self.part(DirectPart::Ends);
        let mut all = vec![(Component::Embed, ends[1])];
        let n_layers = self.part(DirectPart::Heads).len() / self.n_heads;
        for layer in 0..n_layers {
            let heads = |part: DirectPart, name: fn(usize, usize) -> Component| {
                let values = self.part(part).chunks(self.n_heads).nth(layer).unwrap_or_default();
                values.iter().enumerate().map(move |(head, value)| (name(layer, head), *value)).collect::<Vec<_>>()
            };
            let one = |part: DirectPart, name: fn(usize) -> Component| {
                self.part(part).get(layer).map(|value| (name(layer), *value))
            };
            all.extend(heads(DirectPart::Heads, Component::Head));
            all.extend(one(DirectPart::AttnBias, Component::AttnBias));
            all.extend(heads(DirectPart::CrossHeads, Component::CrossHead));
            all.extend(one(DirectPart::CrossBias, Component::CrossBias));
            all.extend(one(DirectPart::Mlps, Component::Mlp));
        }
        all.push((Component::Constant, ends[2]));
        all
    }

    /// What a layer adds to the outcome: its attention by a position of its own tokens that it reads, and its MLP where the outcome is
    /// read; nothing where there is no such layer or position.
    pub fn of_cell(&self, layer: usize, position: usize) -> Option<f32> {
        let read = (0..self.n_heads).map(|head| self.parts_of(Component::Head(layer, head)).get(position).copied());
        let read: f32 = read.sum::<Option<f32>>()?;
        let mlp = self.part(DirectPart::Mlps).get(layer).filter(|_| position == self.position);
        Some(read + mlp.copied().unwrap_or(0.0))
    }

    /// What a head adds to the outcome.
    pub fn of_head(&self, layer: usize, head: usize, is_cross: bool) -> Option<f32> {
        let part = if is_cross { DirectPart::CrossHeads } else { DirectPart::Heads };
        self.part(part).get(layer * self.n_heads + head).copied()
    }

    /// The sum as a table: component, what it adds, the sum so far; then the model's own value.
    pub fn to_csv(&self) -> String {
        let mut sum = 0.0;
        let line = |(component, value): &(Component, f32)| {
            sum += value;
            format!("{},{value},{sum}\n", component.name())
        };
        let lines: String = self.components().iter().map(line).collect();
        format!("component,value,sum\n{lines}outcome,{},\n", self.outcome())
    }

    /// What a component is made of: a head by the positions that it reads, an MLP by its neurons; nothing for others.
    pub fn parts_of(&self, component: Component) -> &[f32] {
        let n_layers = self.part(DirectPart::Heads).len() / self.n_heads;
        let sources = |part: DirectPart, layer: usize, head: usize| {
            let all = self.part(part);
            let n_key = all.len().checked_div(n_layers * self.n_heads).unwrap_or(0);
            all.chunks(n_key.max(1)).nth(layer * self.n_heads + head).unwrap_or_default()
        };
        match component {
            Component::Head(layer, head) => sources(DirectPart::Sources, layer, head),
            Component::CrossHead(layer, head) => sources(DirectPart::CrossSources, layer, head),
            Component::Mlp(layer) => {
                let all = self.part(DirectPart::Neurons);
                let d_mlp = all.len().checked_div(n_layers).unwrap_or(0);
                // A layer that sends tokens to experts has no number for any neuron.
                let is_number = |neurons: &&[f32]| neurons.iter().all(|effect| !effect.is_nan());
                all.chunks(d_mlp.max(1)).nth(layer).filter(is_number).unwrap_or_default()
            }
            _ => &[],
        }
    }
}

impl Component {
    /// Its name on the page.
    pub fn name(self) -> String {
        match self {
            Self::Embed => "embeddings".to_owned(),
            Self::Head(layer, head) => format!("L{layer}H{head}"),
            Self::AttnBias(layer) => format!("L{layer} attention bias"),
            Self::CrossHead(layer, head) => format!("Cross · L{layer}H{head}"),
            Self::CrossBias(layer) => format!("Cross · L{layer} bias"),
            Self::Mlp(layer) => format!("L{layer} MLP"),
            Self::Constant => "constants".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_lists_its_components_from_the_bottom_up() {
        let answer = Answer::Direct { position: 3, answers: Vec::new(), others: Vec::new(), n_layers: 2, n_heads: 2 };
        let parts = vec![
            vec![10.0, 1.0, 2.0, 10.0],
            vec![0.1, 0.2, 0.3, 0.4],
            vec![0.5, 0.6],
            (0..12).map(|value| value as f32).collect(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            vec![0.7, 0.8],
            vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        ];
        let sum = DirectNumbers::new(answer, parts).unwrap();
        let components = sum.components();
        let names: Vec<String> = components.iter().map(|(component, _)| component.name()).collect();
        let expected = [
            "embeddings",
            "L0H0",
            "L0H1",
            "L0 attention bias",
            "L0 MLP",
            "L1H0",
            "L1H1",
            "L1 attention bias",
            "L1 MLP",
            "constants",
        ];
        assert_eq!(names, expected);
        assert_eq!(components[6], (Component::Head(1, 1), 0.4));
        assert_eq!(sum.parts_of(Component::Head(1, 0)), [6.0, 7.0, 8.0]);
        assert_eq!(sum.parts_of(Component::Mlp(1)), [4.0, 5.0, 6.0]);
        assert_eq!((sum.of_head(1, 1, false), sum.of_head(1, 1, true)), (Some(0.4), None));
        assert_eq!(sum.of_cell(1, 2), Some(8.0 + 11.0), "both heads, read from position 2");
        assert_eq!((sum.of_cell(2, 0), sum.of_cell(0, 3)), (None, None), "no such layer, no such position");
        assert!(sum.parts_of(Component::Embed).is_empty());
        assert_eq!((sum.outcome(), sum.total()), (10.0, 10.0));
        let csv = sum.to_csv();
        assert!(csv.starts_with("component,value,sum\nembeddings,1,1\nL0H0,0.1,1.1\n"), "{csv}");
        assert!(csv.ends_with("\noutcome,10,\n") && csv.lines().count() == components.len() + 2, "{csv}");
        let empty = Answer::Direct { position: 3, answers: Vec::new(), others: Vec::new(), n_layers: 2, n_heads: 2 };
        assert_eq!(DirectNumbers::new(empty, Vec::new()), None, "B and A of different shapes have no difference");
    }

    #[test]
    fn numbers_that_are_not_known_are_none() {
        let answer = Answer::Stream { n_layers: 1, n_positions: 2 };
        let parts = vec![vec![1.0, 2.0, 3.0, f32::NAN], Vec::new(), Vec::new(), vec![5.0, 6.0], Vec::new()];
        let numbers = StreamNumbers::new(&answer, parts).unwrap();
        assert_eq!(numbers.number(StreamNumber::Norm, 1, 0), Some(3.0));
        assert_eq!(numbers.number(StreamNumber::Norm, 1, 1), None);
        assert_eq!(numbers.number(StreamNumber::AttnNorm, 0, 1), Some(6.0));
        assert_eq!(numbers.number(StreamNumber::AttnNorm, 1, 1), None, "the output adds nothing");
        assert_eq!(numbers.number(StreamNumber::MlpNorm, 0, 0), None);
        assert_eq!(numbers.number(StreamNumber::Entropy, 0, 0), None);
    }
}
