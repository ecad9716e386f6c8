//! The way of the chosen cell's content, as it comes.

use crate::protocol::PathPart;

/// The way of a cell's content up through the layers.
#[derive(Clone, Debug, PartialEq)]
pub struct PathNumbers {
    /// The cell's layer and position.
    pub cell: (usize, usize),
    /// The steps, by which most arrives first.
    pub steps: Vec<StepNumbers>,
    n_positions: usize,
    /// [n_layers + 1, n_positions]
    shares: Vec<f32>,
}

/// One step of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepNumbers {
    /// The layer.
    pub layer: usize,
    /// The head; none for the MLP.
    pub head: Option<usize>,
    /// The position that is read.
    pub from: usize,
    /// The position that is written to.
    pub to: usize,
    /// How much of the cell's content arrives by it, as a share of the stream there.
    pub amount: f32,
}

impl StepNumbers {
    /// What carries.
    pub fn name(&self) -> String {
        match self.head {
            Some(head) => format!("L{}H{head}", self.layer),
            None => format!("L{} MLP", self.layer),
        }
    }
}

impl PathNumbers {
    /// Takes the buffers of an answer; nothing where they do not fit, as in a difference of two results.
    pub fn new((layer, position): (u32, u32), n_positions: usize, buffers: &[Vec<f32>]) -> Option<Self> {
        let part = |part: PathPart| buffers.get(part as usize).map(Vec::as_slice);
        let amounts = part(PathPart::Amounts)?;
        let numbers = [PathPart::Layers, PathPart::Heads, PathPart::From, PathPart::To].map(part);
        let [Some(layers), Some(heads), Some(from), Some(to)] = numbers else { return None };
        if [layers, heads, from, to].iter().any(|numbers| numbers.len() != amounts.len()) {
            return None;
        }
        let step = |at: usize| StepNumbers {
            layer: layers[at] as usize,
            head: (heads[at] >= 0.0).then_some(heads[at] as usize),
            from: from[at] as usize,
            to: to[at] as usize,
            amount: amounts[at],
        };
        let shares = part(PathPart::Shares)?.to_vec();
        let steps = (0..amounts.len()).map(step).collect();
        Some(Self { cell: (layer as usize, position as usize), steps, n_positions, shares })
    }

    /// The content's share of the stream at a row of the table and a position.
    pub fn share(&self, row: usize, position: usize) -> Option<f32> {
        (position < self.n_positions).then(|| self.shares.get(row * self.n_positions + position).copied())?
    }

    /// The steps by which at least so much arrives, in hundredths.
    pub fn from_threshold(&self, hundredths: u8) -> impl Iterator<Item = &StepNumbers> {
        let least = f32::from(hundredths) / 100.0;
        self.steps.iter().take_while(move |step| step.amount.abs() >= least)
    }

    /// The path as a table: layer, carrier, from, to, amount.
    pub fn to_csv(&self) -> String {
        let line = |step: &StepNumbers| {
            let carrier = step.head.map_or("mlp".to_owned(), |head| head.to_string());
            format!("{},{carrier},{},{},{}\n", step.layer, step.from, step.to, step.amount)
        };
        format!("layer,head,from,to,amount\n{}", self.steps.iter().map(line).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stand_by_what_arrives() {
        let buffers =
            [vec![2.0, 1.0], vec![3.0, -1.0], vec![0.0, 1.0], vec![1.0, 1.0], vec![0.5, -0.02], vec![0.25; 6]];
        let path = PathNumbers::new((1, 0), 2, &buffers).unwrap();
        assert_eq!(path.from_threshold(5).count(), 1);
        assert_eq!(path.from_threshold(1).map(StepNumbers::name).collect::<Vec<_>>(), ["L2H3", "L1 MLP"]);
        assert_eq!((path.share(2, 1), path.share(2, 2), path.share(3, 0)), (Some(0.25), None, None));
        assert_eq!(path.to_csv(), "layer,head,from,to,amount\n2,3,0,1,0.5\n1,mlp,1,1,-0.02\n");
        assert_eq!(PathNumbers::new((1, 0), 2, &[]), None);
    }
}
