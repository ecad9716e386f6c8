//! Interventions as plain data: one vocabulary for the command line, the page and links (docs/edits.md, "Kinds").
//!
//! An edit says what to change and where; the engine, which knows the model, checks whether it fits. Edits travel as values in
//! messages between page and worker, and as JSON in files and links: `serde` serves the first, [`parse_list`] and
//! [`list_to_json`] the second.

mod choice;
mod in_messages;
mod kinds;
mod patch_site;
mod value;

pub use choice::Choice;
pub use patch_site::PatchSite;
pub use value::{PatchFrom, SetValue};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fields::{Field, Fields, named};
use crate::trace::{Attn, Stack};

/// One intervention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// What the edit does.
    #[serde(with = "in_messages")]
    pub kind: EditKind,
    /// An edit that is switched off stays in the list and does nothing.
    pub on: bool,
    /// The stack that the edit acts in. Encoder-decoder models require it, other models refuse it.
    pub stack: Option<Stack>,
    /// The attention that the edit acts in, for a decoder with two; `None` means self-attention.
    pub attn: Option<Attn>,
}

/// What an edit does, and where. Layers, heads, positions and neurons count from zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EditKind {
    /// Sets z, the output of a head before W_O, to 0 at every position (Michel et al. 2019).
    ZeroHead {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
    },
    /// Sets z to its mean over all positions of the same input.
    PositionMeanHead {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
    },
    /// Sets a score to −∞, so that the row of the pattern is renormalised without it (Geva et al. 2023).
    KnockOutEdge {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
        /// Positions that no longer read.
        query: Choice,
        /// Positions that are no longer read.
        key: Choice,
    },
    /// Gives every key with a finite score the same weight.
    UniformPattern {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
    },
    /// Replaces rows of a pattern.
    SetPatternRow {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
        /// Positions whose rows are replaced.
        query: Choice,
        /// The new row `[key_pos]`, scaled to sum to 1 when it is applied.
        weights: Vec<f32>,
    },
    /// Sets v of some positions to 0 in every head (Mohebbi et al. 2023).
    ZeroValue {
        /// Layers that the edit acts in.
        layer: Choice,
        /// Positions whose values become 0.
        key: Choice,
    },
    /// Hides some positions from every query but their own, in every head.
    BlockToken {
        /// Layers that the edit acts in.
        layer: Choice,
        /// Positions that are hidden.
        key: Choice,
    },
    /// Sets a router's score to −∞, so that tokens go to the next best experts; as many as a token goes to must be left.
    KnockOutExpert {
        /// Routed layers.
        layer: Choice,
        /// Experts within each layer.
        expert: Choice,
        /// Positions of the tokens.
        query: Choice,
    },
    /// Multiplies part of an activation.
    Scale {
        /// Layers that the edit acts in; `None` where `hook` names its layer, or has none.
        layer: Option<Choice>,
        /// The activation: a name below `blocks.l.` ("attn.hook_z", or "hook_z" where that is unambiguous) together with
        /// `layer`, or a whole name ("blocks.3.attn.hook_z", "hook_embed").
        hook: String,
        /// Heads, for an activation with a head axis; `None` means all.
        head: Option<Choice>,
        /// Indices along the last axis; `None` means all.
        neuron: Option<Choice>,
        /// Positions; `None` means all.
        query: Option<Choice>,
        /// What the numbers are multiplied by.
        factor: f32,
    },
    /// Multiplies neurons of q, after norm and rotation, as they enter the product with k.
    ScaleQNeuron {
        /// Layers of the heads.
        layer: Choice,
        /// Query heads within each layer.
        head: Choice,
        /// Indices below `d_head`.
        neuron: Choice,
        /// What the numbers are multiplied by.
        factor: f32,
    },
    /// Overwrites part of an activation.
    Set {
        /// Layers that the edit acts in; `None` where `hook` names its layer, or has none.
        layer: Option<Choice>,
        /// The activation, named as in [`EditKind::Scale`].
        hook: String,
        /// Heads, for an activation with a head axis; `None` means all.
        head: Option<Choice>,
        /// Indices along the last axis; `None` means all.
        neuron: Option<Choice>,
        /// Positions; `None` means all.
        query: Option<Choice>,
        /// What is written.
        value: SetValue,
    },
    /// Adds a direction to the residual stream (Turner et al. 2023).
    Add {
        /// Layers that the edit acts in; `None` where `hook` names its layer, or has none.
        layer: Option<Choice>,
        /// The site of the stream, named as in [`EditKind::Scale`].
        hook: String,
        /// The direction `[d_model]`.
        vector: Vec<f32>,
        /// Positions; `None` means all.
        query: Option<Choice>,
        /// What the direction is multiplied by before it is added.
        factor: f32,
    },
    /// Takes an activation from another input with the same number of tokens.
    Patch {
        /// Layers that the edit acts in; `None` where `hook` names its layer, or has none.
        layer: Option<Choice>,
        /// The activation, named as in [`EditKind::Scale`].
        hook: String,
        /// Positions; `None` means all.
        query: Option<Choice>,
        /// Heads, for an activation with a head axis; `None` means all.
        head: Option<Choice>,
        /// Neurons of the activation, within a head where it has heads; `None` means all.
        neuron: Option<Choice>,
        /// The input whose values are taken.
        from: PatchFrom,
    },
}

/// An edit, or a list of them, that is not in the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEdit(pub String);

/// Reads a JSON list of edits, as files and links hold it.
///
/// # Errors
/// The number of the edit in the list, counted from 1, and what is wrong with it.
pub fn parse_list(json: &str) -> Result<Vec<Edit>, InvalidEdit> {
    let list: Vec<Value> =
        serde_json::from_str(json).map_err(|error| InvalidEdit(format!("edits are not a JSON list: {error}")))?;
    let read = |(index, value): (usize, Value)| {
        Edit::from_json(value).map_err(|error| InvalidEdit(format!("edit {}: {error}", index + 1)))
    };
    list.into_iter().enumerate().map(read).collect()
}

/// Writes a JSON list of edits, which [`parse_list`] reads.
pub fn list_to_json<'a>(edits: impl IntoIterator<Item = &'a Edit>) -> String {
    Value::Array(edits.into_iter().map(Edit::to_json).collect()).to_string()
}

impl Edit {
    /// An edit that is switched on, of a model with one stack.
    pub fn new(kind: EditKind) -> Self {
        Self { kind, on: true, stack: None, attn: None }
    }

    /// Reads an edit from a JSON object.
    ///
    /// # Errors
    /// The field that is missing, unknown or cannot be read.
    pub fn from_json(value: Value) -> Result<Self, InvalidEdit> {
        let read = |value| {
            let mut fields = Fields::of_object(value)?;
            let on = fields.optional("on")?.unwrap_or(true);
            let (stack, attn) = (fields.optional("stack")?, fields.optional("attn")?);
            Ok(Self { kind: kinds::read(fields)?, on, stack, attn })
        };
        read(value).map_err(InvalidEdit)
    }

    /// The edit as a JSON object; what every edit has by default is left out.
    pub fn to_json(&self) -> Value {
        let mut map: Map<String, Value> = kinds::write(self.kind.clone());
        if !self.on {
            map.insert("on".to_owned(), Value::Bool(false));
        }
        for (field, name) in [("stack", self.stack.map(Stack::name)), ("attn", self.attn.map(Attn::name))] {
            if let Some(name) = name {
                map.insert(field.to_owned(), name.into());
            }
        }
        Value::Object(map)
    }
}

impl Field for Stack {
    fn read(value: Value) -> Result<Self, String> {
        named(&value, &Stack::BOTH.map(|stack| (stack.name(), stack)))
    }
}

impl Field for Attn {
    fn read(value: Value) -> Result<Self, String> {
        named(&value, &[Attn::Own, Attn::Cross].map(|attn| (attn.name(), attn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY_KIND: [&str; 17] = [
        r#"{"head":2,"kind":"zero_head","layer":1}"#,
        r#"{"head":"all","kind":"position_mean_head","layer":[0,2]}"#,
        r#"{"head":2,"key":0,"kind":"knock_out_edge","layer":{"from":1,"to":3},"on":false,"query":10}"#,
        r#"{"head":1,"kind":"uniform_pattern","layer":0}"#,
        r#"{"head":1,"kind":"set_pattern_row","layer":0,"query":1,"weights":[0.5,0.5]}"#,
        r#"{"key":1,"kind":"zero_value","layer":0}"#,
        r#"{"key":1,"kind":"block_token","layer":0,"stack":"encoder"}"#,
        r#"{"expert":3,"kind":"knock_out_expert","layer":1,"query":"all"}"#,
        r#"{"factor":2.0,"hook":"hook_mlp_out","kind":"scale","layer":0}"#,
        r#"{"factor":-2.0,"head":2,"kind":"scale_q_neuron","layer":1,"neuron":4}"#,
        r#"{"attn":"self","hook":"mlp.hook_post","kind":"set","layer":0,"neuron":7,"value":0.0}"#,
        r#"{"factor":1.0,"hook":"hook_resid_pre","kind":"add","layer":0,"query":3,"vector":[1.0]}"#,
        r#"{"from":"other.safetensors","hook":"hook_resid_pre","kind":"patch","layer":0}"#,
        r#"{"from":{"text":"a","text_pair":"b"},"head":1,"hook":"attn.hook_z","kind":"patch","layer":0,"query":2}"#,
        r#"{"from":{"ids":[1,2]},"hook":"hook_embed","kind":"patch"}"#,
        r#"{"head":2,"hook":"attn.hook_z","kind":"set","layer":0,"value":[0.5,-1.0]}"#,
        r#"{"factor":2.0,"hook":"hook_embed","kind":"scale"}"#,
    ];

    #[test]
    fn json_of_every_kind_is_read_and_written_back() {
        for json in EVERY_KIND {
            let edits = parse_list(&format!("[{json}]")).unwrap();
            assert_eq!(list_to_json(&edits), format!("[{json}]"));
        }
    }

    #[cfg(feature = "browser")]
    #[test]
    fn messages_carry_every_kind_as_a_value() {
        for json in EVERY_KIND {
            let edits = parse_list(&format!("[{json}]")).unwrap();
            let bytes = postcard::to_allocvec(&edits).unwrap();
            assert_eq!(postcard::from_bytes::<Vec<Edit>>(&bytes).unwrap(), edits, "{json}");
        }
    }

    #[test]
    fn serde_writes_no_json_that_files_and_links_would_not_read() {
        let edits = parse_list(&format!("[{}]", EVERY_KIND[0])).unwrap();
        assert!(serde_json::to_string(&edits).unwrap_err().to_string().contains("Edit::to_json"));
        let derived =
            r#"{"kind":{"ZeroHead":{"layer":{"One":1},"head":{"One":2}}},"on":true,"stack":null,"attn":null}"#;
        assert!(serde_json::from_str::<Edit>(derived).is_err());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let cases = [
            ("{}", "not a JSON list"),
            ("[3]", "edit 1: expected an object"),
            (r#"[{"kind":"zero_head","layer":0,"head":0},{"kind":"zap"}]"#, "edit 2: unknown variant `zap`"),
            (r#"[{"kind":"zero_head","layer":0}]"#, "missing field `head`"),
            (r#"[{"kind":"zero_head","layer":0,"head":0,"colour":1}]"#, "unknown field `colour`"),
            (r#"[{"kind":"zero_head","layer":-1,"head":0}]"#, "edit 1"),
            (r#"[{"kind":"zero_head","layer":{"from":3,"to":1},"head":0}]"#, "from 3 to 1"),
            (r#"[{"kind":"zero_head","layer":"some","head":0}]"#, "\"all\""),
            (r#"[{"kind":"zero_head","layer":0,"head":0,"on":3}]"#, "field \"on\""),
            (r#"[{"kind":"patch","layer":0,"hook":"hook_q","from":3}]"#, "a trace's file name"),
            (r#"[{"kind":"patch","layer":0,"hook":"hook_q","from":{"text":"a","colour":1}}]"#, "a trace's file name"),
            (r#"[{"kind":"set","layer":0,"hook":"hook_q","value":"x"}]"#, "a number or a list of numbers"),
        ];
        for (json, expected) in cases {
            let message = parse_list(json).unwrap_err().to_string();
            assert!(message.contains(expected), "{json}: {message}");
        }
    }
}
