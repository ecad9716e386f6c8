//! What an edit does, as the fields of a JSON object.

use serde_json::{Map, Value};

use super::{Choice, EditKind};
use crate::fields::Fields;

const KINDS: [&str; 12] = [
    "zero_head",
    "position_mean_head",
    "knock_out_edge",
    "uniform_pattern",
    "set_pattern_row",
    "zero_value",
    "block_token",
    "scale",
    "scale_q_neuron",
    "set",
    "add",
    "patch",
];

/// What the edit does. Refuses fields that its kind does not have.
pub(super) fn kind(mut fields: Fields) -> Result<EditKind, String> {
    let kind: String = fields.need("kind")?;
    let kind = match kind.as_str() {
        "zero_head" => EditKind::ZeroHead { layer: fields.need("layer")?, head: fields.need("head")? },
        "position_mean_head" => EditKind::PositionMeanHead { layer: fields.need("layer")?, head: fields.need("head")? },
        "knock_out_edge" => EditKind::KnockOutEdge {
            layer: fields.need("layer")?,
            head: fields.need("head")?,
            query: fields.need("query")?,
            key: fields.need("key")?,
        },
        "uniform_pattern" => EditKind::UniformPattern { layer: fields.need("layer")?, head: fields.need("head")? },
        "set_pattern_row" => EditKind::SetPatternRow {
            layer: fields.need("layer")?,
            head: fields.need("head")?,
            query: fields.need("query")?,
            weights: fields.need("weights")?,
        },
        "zero_value" => EditKind::ZeroValue { layer: fields.need("layer")?, key: fields.need("key")? },
        "block_token" => EditKind::BlockToken { layer: fields.need("layer")?, key: fields.need("key")? },
        "scale" => EditKind::Scale {
            layer: fields.may("layer")?,
            hook: fields.need("hook")?,
            head: fields.may("head")?,
            neuron: fields.may("neuron")?,
            query: fields.may("query")?,
            factor: fields.need("factor")?,
        },
        "scale_q_neuron" => EditKind::ScaleQNeuron {
            layer: fields.need("layer")?,
            head: fields.need("head")?,
            neuron: fields.need("neuron")?,
            factor: fields.need("factor")?,
        },
        "set" => EditKind::Set {
            layer: fields.may("layer")?,
            hook: fields.need("hook")?,
            head: fields.may("head")?,
            neuron: fields.may("neuron")?,
            query: fields.may("query")?,
            value: fields.need("value")?,
        },
        "add" => EditKind::Add {
            layer: fields.may("layer")?,
            hook: fields.need("hook")?,
            vector: fields.need("vector")?,
            query: fields.may("query")?,
            factor: fields.need("factor")?,
        },
        "patch" => EditKind::Patch {
            layer: fields.may("layer")?,
            hook: fields.need("hook")?,
            query: fields.may("query")?,
            head: fields.may("head")?,
            from: fields.need("from")?,
        },
        other => {
            return Err(format!("unknown variant `{other}`, expected one of {}", KINDS.join(", ")));
        }
    };
    match fields.left() {
        Some(unknown) => Err(format!("unknown field `{unknown}`")),
        None => Ok(kind),
    }
}

/// What an edit does, as fields.
pub(super) fn written(kind: EditKind) -> Map<String, Value> {
    let fields = match kind {
        EditKind::ZeroHead { layer, head } => Written::of("zero_head").choice("layer", layer).choice("head", head),
        EditKind::PositionMeanHead { layer, head } => {
            Written::of("position_mean_head").choice("layer", layer).choice("head", head)
        }
        EditKind::KnockOutEdge { layer, head, query, key } => {
            let fields = Written::of("knock_out_edge").choice("layer", layer).choice("head", head);
            fields.choice("query", query).choice("key", key)
        }
        EditKind::UniformPattern { layer, head } => {
            Written::of("uniform_pattern").choice("layer", layer).choice("head", head)
        }
        EditKind::SetPatternRow { layer, head, query, weights } => {
            let fields = Written::of("set_pattern_row").choice("layer", layer).choice("head", head);
            fields.choice("query", query).add("weights", weights)
        }
        EditKind::ZeroValue { layer, key } => Written::of("zero_value").choice("layer", layer).choice("key", key),
        EditKind::BlockToken { layer, key } => Written::of("block_token").choice("layer", layer).choice("key", key),
        EditKind::Scale { layer, hook, head, neuron, query, factor } => {
            let fields = Written::of("scale").choice("layer", layer).add("hook", hook).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("factor", factor)
        }
        EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
            let fields = Written::of("scale_q_neuron").choice("layer", layer).choice("head", head);
            fields.choice("neuron", neuron).add("factor", factor)
        }
        EditKind::Set { layer, hook, head, neuron, query, value } => {
            let fields = Written::of("set").choice("layer", layer).add("hook", hook).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("value", value)
        }
        EditKind::Add { layer, hook, vector, query, factor } => {
            let fields = Written::of("add").choice("layer", layer).add("hook", hook).add("vector", vector);
            fields.choice("query", query).add("factor", factor)
        }
        EditKind::Patch { layer, hook, query, head, from } => {
            let fields = Written::of("patch").choice("layer", layer).add("hook", hook).choice("query", query);
            fields.choice("head", head).add("from", from)
        }
    };
    fields.0
}

struct Written(Map<String, Value>);

impl Written {
    fn of(kind: &str) -> Self {
        Self(Map::new()).add("kind", kind)
    }

    fn add(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A choice that may be missing.
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
    fn every_kind_that_is_named_is_read() {
        for name in KINDS {
            let fields = Fields::of(json!({"kind": name})).unwrap();
            assert!(kind(fields).unwrap_err().starts_with("missing field"), "{name}");
        }
    }
}
