//! Where in an activation an edit acts, as an index of a tensor in Python.

use crate::edit::Choice;
use crate::trace::Axis;

/// An index, and the loops around it: lists of two axes would be paired in one index.
#[derive(Debug, PartialEq)]
pub struct Place {
    /// Beginnings of loops, the outermost first.
    pub loops: Vec<String>,
    /// Inside the brackets, the batch first.
    pub index: String,
}

impl Place {
    /// The part of an activation with these axes that `choice` makes of each; `None` is all of an axis.
    pub fn new<'a>(axes: &[Axis], choice: impl Fn(Axis) -> Option<&'a Choice>) -> Self {
        let mut place = Place { loops: Vec::new(), index: ":".to_owned() };
        for &axis in axes {
            let part = match choice(axis) {
                None | Some(Choice::All) => ":".to_owned(),
                Some(Choice::One(index)) => index.to_string(),
                Some(Choice::Range(first, last)) => format!("{first}:{}", last + 1),
                Some(Choice::List(list)) => {
                    let name = name_of(axis);
                    place.loops.push(format!("for {name} in {list:?}:"));
                    name.to_owned()
                }
            };
            place.index.push_str(", ");
            place.index.push_str(&part);
        }
        place
    }

    /// Statements that act at this place, below the head of a function.
    pub fn lines(&self, statements: &[String]) -> String {
        let mut text = String::new();
        for (depth, head) in self.loops.iter().enumerate() {
            text.push_str(&format!("{}{head}\n", "    ".repeat(depth + 1)));
        }
        for statement in statements {
            text.push_str(&format!("{}{statement}\n", "    ".repeat(self.loops.len() + 1)));
        }
        text
    }
}

/// The numbers that a choice makes below `len`, as something to loop over.
pub fn numbers(choice: &Choice, len: usize) -> String {
    match choice {
        Choice::All => format!("range({len})"),
        Choice::One(index) => format!("[{index}]"),
        Choice::Range(first, last) => format!("range({first}, {})", last + 1),
        Choice::List(list) => format!("{list:?}"),
    }
}

fn name_of(axis: Axis) -> &'static str {
    match axis {
        Axis::Head | Axis::KeyValueHead => "head",
        Axis::KeyPos | Axis::SourcePos => "key",
        Axis::Pos | Axis::QueryPos => "query",
        Axis::DHead | Axis::DModel | Axis::DEmbed | Axis::DMlp => "neuron",
        Axis::Expert | Axis::Chosen => "expert",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lists_are_loops_so_that_each_meets_each() {
        let (heads, queries, keys) = (Choice::List(vec![0, 3]), Choice::List(vec![1, 4]), Choice::Range(2, 5));
        let place = Place::new(&[Axis::Head, Axis::QueryPos, Axis::KeyPos], |axis| match axis {
            Axis::Head => Some(&heads),
            Axis::QueryPos => Some(&queries),
            _ => Some(&keys),
        });
        assert_eq!(place.index, ":, head, query, 2:6");
        assert_eq!(
            place.lines(&["value[0] = 1".to_owned()]),
            "    for head in [0, 3]:\n        for query in [1, 4]:\n            value[0] = 1\n"
        );
    }
}
