//! Which layers, heads, positions or neurons an edit touches.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fields::Field;

/// Some indices of an axis. In JSON: an integer, `{"from": a, "to": b}` with both ends included, a list, or `"all"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// One index.
    One(usize),
    /// The first to the last index, both included; the first is not above the last.
    Range(usize, usize),
    /// Several indices, at least one.
    List(Vec<usize>),
    /// Every index of the axis.
    All,
}

impl Choice {
    /// One flag per index below `len`.
    ///
    /// # Errors
    /// The first chosen index that is not below `len`.
    pub fn flags(&self, len: usize) -> Result<Vec<bool>, usize> {
        let mut flags = vec![matches!(self, Choice::All); len];
        let mut choose = |index: usize| flags.get_mut(index).map(|flag| *flag = true).ok_or(index);
        match self {
            Choice::One(index) => choose(*index)?,
            Choice::Range(from, to) => (*from..=*to).try_for_each(choose)?,
            Choice::List(list) => list.iter().copied().try_for_each(choose)?,
            Choice::All => {}
        }
        Ok(flags)
    }
}

impl Field for Choice {
    fn read(value: Value) -> Result<Self, String> {
        let index = |value: &Value| usize::read(value.clone()).ok();
        let found = match &value {
            Value::Number(_) => index(&value).map(Choice::One),
            Value::String(word) if word == "all" => Some(Choice::All),
            Value::Array(list) => list.iter().map(index).collect::<Option<Vec<_>>>().map(Choice::List),
            Value::Object(map) if map.len() == 2 => map
                .get("from")
                .and_then(index)
                .zip(map.get("to").and_then(index))
                .map(|(from, to)| Choice::Range(from, to)),
            _ => None,
        };
        match found {
            Some(Choice::Range(from, to)) if from > to => Err(format!("a range from {from} to {to} is empty")),
            Some(Choice::List(list)) if list.is_empty() => Err("an empty list chooses nothing".to_owned()),
            Some(choice) => Ok(choice),
            None => {
                Err(format!("expected an index, {{\"from\":a,\"to\":b}}, a list of indices or \"all\", found {value}"))
            }
        }
    }
}

impl From<Choice> for Value {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::One(index) => json!(index),
            Choice::Range(from, to) => json!({"from": from, "to": to}),
            Choice::List(list) => json!(list),
            Choice::All => json!("all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_each_form() {
        let cases: [(Choice, usize, Result<Vec<bool>, usize>); 6] = [
            (Choice::One(1), 3, Ok(vec![false, true, false])),
            (Choice::Range(1, 2), 3, Ok(vec![false, true, true])),
            (Choice::List(vec![2, 0]), 3, Ok(vec![true, false, true])),
            (Choice::All, 2, Ok(vec![true, true])),
            (Choice::One(40), 12, Err(40)),
            (Choice::Range(0, usize::MAX), 2, Err(2)),
        ];
        for (choice, len, expected) in cases {
            assert_eq!(choice.flags(len), expected, "{choice:?}");
        }
    }
}
