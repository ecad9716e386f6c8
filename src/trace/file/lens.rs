//! The stream's table in a trace: of every layer and position the most likely tokens of the logit lens, entropy and KL
//! (docs/formats.md, "Trace files"). Where there are two stacks, the decoder's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Element, TensorPlan, TraceError, TraceWriter};

/// How many tokens each cell of a saved table lists.
pub const N_LENS_TOP: usize = 5;

/// Ids of the most likely tokens [layer + 1, pos, k].
pub const TOP_IDS: &str = "lens.top_ids";
/// Their probabilities [layer + 1, pos, k].
pub const TOP_PROBS: &str = "lens.top_probs";
/// Entropy in nats [layer + 1, pos].
pub const ENTROPY: &str = "lens.entropy";
/// KL(output ‖ lens) in nats [layer + 1, pos].
pub const KL: &str = "lens.kl";

/// The rank of a tensor of the table, and whether it holds numbers rather than ids; `None` for other names.
pub(super) fn kind_of(name: &str) -> Option<(usize, bool)> {
    match name {
        TOP_IDS => Some((3, false)),
        TOP_PROBS => Some((3, true)),
        ENTROPY | KL => Some((2, true)),
        _ => None,
    }
}

/// The table as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LensTensors {
    /// How many tokens each cell lists.
    pub n_top: usize,
    /// [layer + 1, pos, n_top]
    pub top_ids: Vec<u32>,
    /// [layer + 1, pos, n_top]
    pub top_probs: Vec<f32>,
    /// [layer + 1, pos]
    pub entropy: Vec<f32>,
    /// [layer + 1, pos]
    pub kl: Vec<f32>,
}

impl LensTensors {
    /// The tensors of a table, in the order in which they are written.
    pub fn plans([n_rows, n_pos, n_top]: [usize; 3], element: Element) -> Vec<TensorPlan> {
        let plan =
            |name: &str, element, shape: &[usize]| TensorPlan { name: name.to_owned(), element, shape: shape.to_vec() };
        vec![
            plan(TOP_IDS, Element::I32, &[n_rows, n_pos, n_top]),
            plan(TOP_PROBS, element, &[n_rows, n_pos, n_top]),
            plan(ENTROPY, element, &[n_rows, n_pos]),
            plan(KL, element, &[n_rows, n_pos]),
        ]
    }

    /// Writes the table.
    ///
    /// # Errors
    /// When the output refuses, or a number is not finite.
    pub fn write<W: std::io::Write>(&self, writer: &mut TraceWriter<W>) -> Result<(), TraceError> {
        writer.write_ids(TOP_IDS, &self.top_ids)?;
        writer.write_floats(TOP_PROBS, &self.top_probs)?;
        writer.write_floats(ENTROPY, &self.entropy)?;
        writer.write_floats(KL, &self.kl)
    }
}

/// Names of tokens by their ids as the metadata hold them, `{"7":"Ġthe"}`.
pub fn names_to_json(names: &BTreeMap<u32, String>) -> Value {
    Value::Object(names.iter().map(|(id, name)| (id.to_string(), name.as_str().into())).collect())
}

/// The name of a token in such an object.
pub fn name_in_json(names: &Value, id: u32) -> Option<&str> {
    names.get(id.to_string())?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let names = BTreeMap::from([(7, "Ġthe".to_owned()), (12, "\"".to_owned())]);
        let json = names_to_json(&names);
        assert_eq!((name_in_json(&json, 7), name_in_json(&json, 8)), (Some("Ġthe"), None));
        assert_eq!(json.to_string(), r#"{"12":"\"","7":"Ġthe"}"#);
    }
}
