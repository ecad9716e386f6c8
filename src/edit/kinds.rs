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
    let mut fields = Written::default();
    match kind {
        EditKind::ZeroHead { layer, head } => {
            fields.add("kind", "zero_head".into()).at(layer).choice("head", Some(head))
        }
        EditKind::PositionMeanHead { layer, head } => {
            fields.add("kind", "position_mean_head".into()).at(layer).choice("head", Some(head))
        }
        EditKind::KnockOutEdge { layer, head, query, key } => {
            let fields = fields.add("kind", "knock_out_edge".into()).at(layer).choice("head", Some(head));
            fields.choice("query", Some(query)).choice("key", Some(key))
        }
        EditKind::UniformPattern { layer, head } => {
            fields.add("kind", "uniform_pattern".into()).at(layer).choice("head", Some(head))
        }
        EditKind::SetPatternRow { layer, head, query, weights } => {
            let fields = fields
                .add("kind", "set_pattern_row".into())
                .at(layer)
                .choice("head", Some(head))
                .choice("query", Some(query));
            fields.add("weights", weights.into())
        }
        EditKind::ZeroValue { layer, key } => {
            fields.add("kind", "zero_value".into()).at(layer).choice("key", Some(key))
        }
        EditKind::BlockToken { layer, key } => {
            fields.add("kind", "block_token".into()).at(layer).choice("key", Some(key))
        }
        EditKind::Scale { layer, hook, head, neuron, query, factor } => {
            let fields =
                fields.add("kind", "scale".into()).choice("layer", layer).add("hook", hook.into()).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("factor", factor.into())
        }
        EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
            let fields = fields
                .add("kind", "scale_q_neuron".into())
                .at(layer)
                .choice("head", Some(head))
                .choice("neuron", Some(neuron));
            fields.add("factor", factor.into())
        }
        EditKind::Set { layer, hook, head, neuron, query, value } => {
            let fields =
                fields.add("kind", "set".into()).choice("layer", layer).add("hook", hook.into()).choice("head", head);
            fields.choice("neuron", neuron).choice("query", query).add("value", value.into())
        }
        EditKind::Add { layer, hook, vector, query, factor } => {
            let fields =
                fields.add("kind", "add".into()).choice("layer", layer).add("hook", hook.into()).choice("query", query);
            fields.add("vector", vector.into()).add("factor", factor.into())
        }
        EditKind::Patch { layer, hook, query, head, from } => {
            let fields = fields
                .add("kind", "patch".into())
                .choice("layer", layer)
                .add("hook", hook.into())
                .choice("query", query);
            fields.choice("head", head).add("from", from.into())
        }
    };
    fields.0
}

#[derive(Default)]
struct Written(Map<String, Value>);

impl Written {
    fn add(&mut self, name: &str, value: Value) -> &mut Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    fn at(&mut self, layer: Choice) -> &mut Self {
        self.choice("layer", Some(layer))
    }

    fn choice(&mut self, name: &str, choice: Option<Choice>) -> &mut Self {
        match choice {
            Some(choice) => self.add(name, choice.into()),
            None => self,
        }
    }
}
