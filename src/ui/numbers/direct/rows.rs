//! The components in the order in which they are listed.

use crate::state::stream::numbers::{Component, DirectNumbers};

/// In which order components are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The largest first, whatever their sign; the rest together.
    #[default]
    Largest,
    /// From the embeddings up, heads of a layer together, with the sum so far.
    BottomUp,
}

/// How many components are listed one by one.
const N_LARGEST: usize = 15;

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What adds.
    pub name: String,
    /// The component, where the line is a single one.
    pub component: Option<Component>,
    /// What it adds.
    pub value: f32,
    /// The sum up to this line, from the bottom up.
    pub sum: Option<f32>,
}

/// The lines of a sum.
pub fn rows(numbers: &DirectNumbers, order: Order) -> Vec<Row> {
    let components = numbers.components();
    match order {
        Order::Largest => largest(components),
        Order::BottomUp => bottom_up(&components),
    }
}

fn largest(mut components: Vec<(Component, f32)>) -> Vec<Row> {
    components.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    let rest = components.split_off(N_LARGEST.min(components.len()));
    let row = |(component, value): (Component, f32)| Row {
        name: component.name(),
        component: Some(component),
        value,
        sum: None,
    };
    let mut rows: Vec<Row> = components.into_iter().map(row).collect();
    if !rest.is_empty() {
        let value = rest.iter().map(|(_, value)| value).sum();
        rows.push(Row { name: format!("{} others", rest.len()), component: None, value, sum: None });
    }
    rows
}

fn bottom_up(components: &[(Component, f32)]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut sum = 0.0;
    for (component, value) in components {
        sum += value;
        let name = match component {
            Component::Head(layer, _) | Component::AttnBias(layer) => format!("L{layer} attention"),
            Component::CrossHead(layer, _) | Component::CrossBias(layer) => format!("L{layer} cross-attention"),
            other => other.name(),
        };
        match rows.last_mut().filter(|last| last.name == name) {
            Some(last) => {
                last.value += value;
                last.sum = Some(sum);
            }
            None => {
                let component = matches!(component, Component::Mlp(_)).then_some(*component);
                rows.push(Row { name, component, value: *value, sum: Some(sum) });
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Answer;

    fn numbers() -> DirectNumbers {
        let answer = Answer::Direct { position: 0, answers: Vec::new(), others: Vec::new(), n_layers: 2, n_heads: 8 };
        let heads = (0..16).map(|head| if head == 9 { -5.0 } else { 0.125 }).collect();
        let none = Vec::new;
        let parts = vec![
            vec![1.0, 0.5, 0.25, 1.0],
            heads,
            vec![0.0, 0.0],
            none(),
            none(),
            none(),
            none(),
            vec![2.0, 1.0],
            none(),
        ];
        DirectNumbers::new(answer, parts).unwrap()
    }

    #[test]
    fn the_largest_come_first_and_the_rest_together() {
        let rows = rows(&numbers(), Order::Largest);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names[..4], ["L1H1", "L0 MLP", "L1 MLP", "embeddings"]);
        assert_eq!(names.len(), N_LARGEST + 1);
        assert_eq!(names[N_LARGEST], "7 others");
        let sum: f32 = rows.iter().map(|row| row.value).sum();
        assert!((sum - (0.75 - 5.0 + 15.0 * 0.125 + 3.0)).abs() < 1e-6);
    }

    #[test]
    fn from_the_bottom_up_each_line_has_the_sum_so_far() {
        let rows = rows(&numbers(), Order::BottomUp);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["embeddings", "L0 attention", "L0 MLP", "L1 attention", "L1 MLP", "constants"]);
        let sums: Vec<f32> = rows.iter().map(|row| row.sum.unwrap()).collect();
        assert_eq!(sums, [0.5, 1.5, 3.5, -0.625, 0.375, 0.625]);
    }
}
