//! The kinds of edits as fields of a JSON object.

use serde_json::{Map, Value};

use super::{Choice, EditKind};
use crate::fields::Fields;

const KINDS: [&str; 13] = [
    "zero_head",
    "position_mean_head",
    "knock_out_edge",
    "uniform_pattern",
    "set_pattern_row",
    "zero_value",
    "block_token",
    "knock_out_expert",
    "scale",
    "scale_q_neuron",
    "set",
    "add",
    "patch",
];

/// Reads the kind of an edit. Refuses fields that the kind does not have.
pub(super) fn read(mut fields: Fields) -> Result<EditKind, String> {
    let kind: String = fields.required("kind")?;
    let kind = match kind.as_str() {
        "zero_head" => EditKind::ZeroHead { layer: fields.required("layer")?, head: fields.required("head")? },
        "position_mean_head" => {
            EditKind::PositionMeanHead { layer: fields.required("layer")?, head: fields.required("head")? }
        }
        "knock_out_edge" => EditKind::KnockOutEdge {
            layer: fields.required("layer")?,
            head: fields.required("head")?,
            query: fields.required("query")?,
            key: fields.required("key")?,
        },
        "uniform_pattern" => {
            EditKind::UniformPattern { layer: fields.required("layer")?, head: fields.required("head")? }
        }
        "set_pattern_row" => EditKind::SetPatternRow {
            layer: fields.required("layer")?,
            head: fields.required("head")?,
            query: fields.required("query")?,
            weights: fields.required("weights")?,
        },
        "zero_value" => EditKind::ZeroValue { layer: fields.required("layer")?, key: fields.required("key")? },
        "block_token" => EditKind::BlockToken { layer: fields.required("layer")?, key: fields.required("key")? },
        "knock_out_expert" => EditKind::KnockOutExpert {
            layer: fields.required("layer")?,
            expert: fields.required("expert")?,
            query: fields.required("query")?,
        },
        "scale" => EditKind::Scale {
            layer: fields.optional("layer")?,
            hook: fields.required("hook")?,
            head: fields.optional("head")?,
            neuron: fields.optional("neuron")?,
            query: fields.optional("query")?,
            factor: fields.required("factor")?,
        },
        "scale_q_neuron" => EditKind::ScaleQNeuron {
            layer: fields.required("layer")?,
            head: fields.required("head")?,
            neuron: fields.required("neuron")?,
            factor: fields.required("factor")?,
        },
        "set" => EditKind::Set {
            layer: fields.optional("layer")?,
            hook: fields.required("hook")?,
            head: fields.optional("head")?,
            neuron: fields.optional("neuron")?,
            query: fields.optional("query")?,
            value: fields.required("value")?,
        },
        "add" => EditKind::Add {
            layer: fields.optional("layer")?,
            hook: fields.required("hook")?,
            vector: fields.required("vector")?,
            query: fields.optional("query")?,
            factor: fields.required("factor")?,
        },
        "patch" => EditKind::Patch {
            layer: fields.optional("layer")?,
            hook: fields.required("hook")?,
            query: fields.optional("query")?,
            head: fields.optional("head")?,
            neuron: fields.optional("neuron")?,
            from: fields.required("from")?,
        },
        other => {
            return Err(format!("unknown variant `{other}`, expected one of {}", KINDS.join(", ")));
        }
    };
    match fields.unread() {
        Some(unknown) => Err(format!("unknown field `{unknown}`")),
        None => Ok(kind),
    }
}

/// The fields of a kind.
pub(super) fn write(kind: EditKind) -> Map<String, Value> {
    let fields = match kind {
        EditKind::ZeroHead { layer, head } => FieldWriter::new("zero_head").choice("layer", layer).choice("head", head),
        EditKind::PositionMeanHead { layer, head } => {
            FieldWriter::new("position_mean_head").choice("layer", layer).choice("head", head)
        }
        EditKind::KnockOutEdge { layer, head, query, key } => {
            let fields = FieldWriter::new("knock_out_edge").choice("layer", layer).choice("head", head);
            fields.choice("query", query).choice("key", key)
        }
        EditKind::UniformPattern { layer, head } => {
            FieldWriter::new("uniform_pattern").choice("layer", layer).choice("head", head)
        }
        EditKind::SetPatternRow { layer, head, query, weights } => {
            let fields = FieldWriter::new("set_pattern_row").choice("layer", layer).choice("head", head);
            fields.choice("query", query).add("weights", weights)
        }
        EditKind::ZeroValue { layer, key } => FieldWriter::new("zero_value").choice("layer", layer).choice("key", key),
        EditKind::BlockToken { layer, key } => {
            FieldWriter::new("block_token").choice("layer", layer).choice("key", key)
        }
        EditKind::KnockOutExpert { layer, expert, query } => {
            let fields = FieldWriter::new("knock_out_expert").choice("layer", layer).choice("expert", expert);
            fields.choice("query", query)
        }
        EditKind::Scale { layer, hook, head, neuron, query, factor } => {
            let fields = FieldWriter::new("scale").choice("layer", layer).add("hook", hook).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("factor", factor)
        }
        EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
            let fields = FieldWriter::new("scale_q_neuron").choice("layer", layer).choice("head", head);
            fields.choice("neuron", neuron).add("factor", factor)
        }
        EditKind::Set { layer, hook, head, neuron, query, value } => {
            let fields = FieldWriter::new("set").choice("layer", layer).add("hook", hook).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("value", value)
        }
        EditKind::Add { layer, hook, vector, query, factor } => {
            let fields = FieldWriter::new("add").choice("layer", layer).add("hook", hook).add("vector", vector);
            fields.choice("query", query).add("factor", factor)
        }
        EditKind::Patch { layer, hook, query, head, neuron, from } => {
            let fields = FieldWriter::new("patch").choice("layer", layer).add("hook", hook).choice("query", query);
            fields.choice("head", head).choice("neuron", neuron).add("from", from)
        }
    };
    fields.0
}

struct FieldWriter(Map<String, Value>);

impl FieldWriter {
    fn new(kind: &str) -> Self {
        Self(Map::new()).add("kind", kind)
    }

    fn add(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a choice, where there is one.
    fn choice(self, name: &str, choice: impl Into<Option<Choice>>) -> Self {
        match choice.into() {
            Some(choice) => self.add(name, choice),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_name_in_the_table_is_read() {
        for name in KINDS {
            let fields = Fields::of_object(json!({"kind": name})).unwrap();
            assert!(read(fields).unwrap_err().starts_with("missing field"), "{name}");
        }
    }
}
