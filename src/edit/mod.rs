//! Interventions as plain data: one vocabulary for the command line, the page and links (FORMATS, "Edits").
//!
//! Imports nothing of ours. An edit says what to change and where; whether it fits a model is checked by the engine,
//! which knows the model.

mod choice;
mod kinds;
mod value;

pub use choice::Choice;
pub use value::{PatchFrom, SetValue};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fields::{Field, Fields, named};

/// One intervention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Edit {
    /// What it does.
    pub kind: EditKind,
    /// Switched off edits stay in the list and do nothing.
    pub on: bool,
    /// Which stack of an encoder-decoder model.
    pub stack: Option<Stack>,
    /// Which attention of a decoder with two.
    pub attn: Option<Attn>,
}

/// Which stack of an encoder-decoder model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// The one that reads the source.
    Encoder,
    /// The one that writes the target.
    Decoder,
}

/// Which attention of a decoder with two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attn {
    /// Over its own positions.
    Own,
    /// Over the encoder's.
    Cross,
}

impl Stack {
    fn name(self) -> &'static str {
        match self {
            Stack::Encoder => "encoder",
            Stack::Decoder => "decoder",
        }
    }
}

impl Field for Stack {
    fn read(value: Value) -> Result<Self, String> {
        named(&value, &[Stack::Encoder, Stack::Decoder].map(|stack| (stack.name(), stack)))
    }
}

impl Attn {
    fn name(self) -> &'static str {
        match self {
            Attn::Own => "self",
            Attn::Cross => "cross",
        }
    }
}

impl Field for Attn {
    fn read(value: Value) -> Result<Self, String> {
        named(&value, &[Attn::Own, Attn::Cross].map(|attn| (attn.name(), attn)))
    }
}

/// What an edit does. `hook` is a name below `blocks.l.` ("attn.hook_z", or "hook_z" where that is unambiguous) with a layer, or
/// a whole name ("blocks.3.attn.hook_z", "hook_embed"), which needs none.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the table in FORMATS and mean the same everywhere")]
pub enum EditKind {
    /// z := 0 (Michel et al. 2019).
    ZeroHead { layer: Choice, head: Choice },
    /// z := its mean over all positions of this input.
    PositionMeanHead { layer: Choice, head: Choice },
    /// The score becomes −∞ and the row renormalises (Geva et al. 2023).
    KnockOutEdge { layer: Choice, head: Choice, query: Choice, key: Choice },
    /// Equal weight on every key whose score is finite.
    UniformPattern { layer: Choice, head: Choice },
    /// This row of the pattern, made to sum to 1.
    SetPatternRow { layer: Choice, head: Choice, query: Choice, weights: Vec<f32> },
    /// v of a position := 0, all heads (Mohebbi et al. 2023).
    ZeroValue { layer: Choice, key: Choice },
    /// No query but the token's own sees it, all heads.
    BlockToken { layer: Choice, key: Choice },
    /// Multiplies the chosen part of a hook.
    Scale {
        layer: Option<Choice>,
        hook: String,
        head: Option<Choice>,
        neuron: Option<Choice>,
        query: Option<Choice>,
        factor: f32,
    },
    /// Multiplies neurons of q as they enter the product.
    ScaleQNeuron { layer: Choice, head: Choice, neuron: Choice, factor: f32 },
    /// Overwrites the chosen part of a hook.
    Set {
        layer: Option<Choice>,
        hook: String,
        head: Option<Choice>,
        neuron: Option<Choice>,
        query: Option<Choice>,
        value: SetValue,
    },
    /// Adds a direction to the stream (Turner et al. 2023).
    Add { layer: Option<Choice>, hook: String, vector: Vec<f32>, query: Option<Choice>, factor: f32 },
    /// Takes the values of another input of equal length.
    Patch { layer: Option<Choice>, hook: String, query: Option<Choice>, head: Option<Choice>, from: PatchFrom },
}

/// An edit, or a list of them, that is not in the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEdit(pub String);

/// Reads a JSON list of edits.
///
/// # Errors
/// Names the edit by its place in the list, counted from 1, and what is wrong with it.
pub fn parse_list(json: &str) -> Result<Vec<Edit>, InvalidEdit> {
    let list: Vec<Value> =
        serde_json::from_str(json).map_err(|error| InvalidEdit(format!("edits are not a JSON list: {error}")))?;
    let parse = |(index, value): (usize, Value)| {
        let map = match value {
            Value::Object(map) => map,
            other => return Err(InvalidEdit(format!("edit {}: expected an object, found {other}", index + 1))),
        };
        Edit::try_from(map).map_err(|error| InvalidEdit(format!("edit {}: {error}", index + 1)))
    };
    list.into_iter().enumerate().map(parse).collect()
}

impl TryFrom<Map<String, Value>> for Edit {
    type Error = InvalidEdit;

    fn try_from(map: Map<String, Value>) -> Result<Self, InvalidEdit> {
        Self::of(Fields::from(map)).map_err(InvalidEdit)
    }
}

impl Edit {
    fn of(mut fields: Fields) -> Result<Self, String> {
        let on = fields.may("on")?.unwrap_or(true);
        let (stack, attn) = (fields.may("stack")?, fields.may("attn")?);
        Ok(Self { kind: kinds::kind(fields)?, on, stack, attn })
    }
}

impl From<Edit> for Map<String, Value> {
    fn from(edit: Edit) -> Self {
        let mut map = kinds::written(edit.kind);
        if !edit.on {
            map.insert("on".to_owned(), Value::Bool(false));
        }
        for (field, name) in [("stack", edit.stack.map(Stack::name)), ("attn", edit.attn.map(Attn::name))] {
            if let Some(name) = name {
                map.insert(field.to_owned(), name.into());
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_and_writes_it_back() {
        let cases = [
            r#"{"head":2,"kind":"zero_head","layer":1}"#,
            r#"{"head":"all","kind":"position_mean_head","layer":[0,2]}"#,
            r#"{"head":2,"key":0,"kind":"knock_out_edge","layer":{"from":1,"to":3},"on":false,"query":10}"#,
            r#"{"head":1,"kind":"uniform_pattern","layer":0}"#,
            r#"{"head":1,"kind":"set_pattern_row","layer":0,"query":1,"weights":[0.5,0.5]}"#,
            r#"{"key":1,"kind":"zero_value","layer":0}"#,
            r#"{"key":1,"kind":"block_token","layer":0,"stack":"encoder"}"#,
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
        for json in cases {
            let edits = parse_list(&format!("[{json}]")).unwrap();
            assert_eq!(serde_json::to_string(&edits[0]).unwrap(), json);
        }
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
