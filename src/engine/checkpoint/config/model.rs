//! What several architectures ask of their configuration in the same way.

use super::super::MAX_LAYERS;
use super::{Config, EngineError};
use crate::trace::spec::{Activation, Local};

impl Config {
    /// Width of the stream and number of heads, where each head has an equal share of it.
    ///
    /// # Errors
    /// When one is missing, or the width is not a multiple of the heads.
    pub fn width_and_heads(&self, width: &str, heads: &str) -> Result<(usize, usize), EngineError> {
        let (d_model, n_heads) = (self.size(width)?, self.size(heads)?);
        if d_model % n_heads != 0 {
            return Err(self.refuse(heads, &format!("a divisor of {width} {d_model}"), &n_heads.to_string()));
        }
        Ok((d_model, n_heads))
    }

    /// Refuses a model from which heads were removed: its matrices have other shapes.
    ///
    /// # Errors
    /// When there are such heads.
    pub fn must_have_all_heads(&self) -> Result<(), EngineError> {
        match self.get("pruned_heads").filter(|pruned| **pruned != serde_json::json!({})) {
            Some(pruned) => Err(self.refuse("pruned_heads", "none", &pruned.to_string())),
            None => Ok(()),
        }
    }

    /// An activation by its Hugging Face name.
    ///
    /// # Errors
    /// When the name is not known.
    pub fn activation(&self, field: &str) -> Result<Activation, EngineError> {
        self.activation_named(field, self.string(field)?)
    }

    /// The activation of a name that is a part of a field's value.
    ///
    /// # Errors
    /// When the name is not known.
    pub fn activation_named(&self, field: &str, name: &str) -> Result<Activation, EngineError> {
        let known = [
            ("gelu", Activation::Gelu),
            ("gelu_python", Activation::Gelu),
            ("gelu_new", Activation::GeluTanh),
            ("gelu_fast", Activation::GeluTanh),
            ("gelu_pytorch_tanh", Activation::GeluTanh),
            ("gelu_python_tanh", Activation::GeluTanh),
            ("gelu_accurate", Activation::GeluTanh),
            ("quick_gelu", Activation::QuickGelu),
            ("relu", Activation::Relu),
            ("relu2", Activation::Relu2),
            ("silu", Activation::Silu),
            ("swish", Activation::Silu),
            ("tanh", Activation::Tanh),
            ("sigmoid", Activation::Sigmoid),
        ];
        let found = known.iter().find(|(known, _)| *known == name).map(|(_, activation)| *activation);
        found.ok_or_else(|| self.refuse(field, &known.map(|(known, _)| known).join(", "), name))
    }

    /// How far back a window reaches; a field that is switched off may hold anything.
    ///
    /// # Errors
    /// When it is on and no size.
    pub fn window_if(&self, field: &str, is_on: bool) -> Result<Option<usize>, EngineError> {
        match is_on {
            true => Ok(self.size_if_any(field)?.map(|window| window - 1)),
            false => Ok(self.get(field).and(None)),
        }
    }

    /// Number of layers: bounded before anything is made for each.
    ///
    /// # Errors
    /// When it is missing, or more than any model has.
    pub fn n_layers(&self, field: &str) -> Result<usize, EngineError> {
        let n_layers = self.size(field)?;
        if n_layers <= MAX_LAYERS {
            return Ok(n_layers);
        }
        Err(self.refuse(field, &format!("at most {MAX_LAYERS} layers"), &n_layers.to_string()))
    }

    /// Number of key and value heads: a divisor of that of query heads, which it is when absent.
    ///
    /// # Errors
    /// When the number is not a divisor.
    pub fn key_value_heads(&self, n_heads: usize) -> Result<usize, EngineError> {
        let n_key_value_heads = self.size_or("num_key_value_heads", n_heads)?;
        if n_heads.is_multiple_of(n_key_value_heads) {
            return Ok(n_key_value_heads);
        }
        let expected = format!("a divisor of num_attention_heads {n_heads}");
        Err(self.refuse("num_key_value_heads", &expected, &n_key_value_heads.to_string()))
    }

    /// Width of a head: `head_dim`, else an equal share of the stream.
    ///
    /// # Errors
    /// When there is no such share.
    pub fn d_head(&self, d_model: usize, n_heads: usize) -> Result<usize, EngineError> {
        match self.size_if_any("head_dim")? {
            Some(d_head) => Ok(d_head),
            None if d_model.is_multiple_of(n_heads) => Ok(d_model / n_heads),
            None => Err(self.refuse("head_dim", "a whole number, as hidden_size is no multiple of heads", "nothing")),
        }
    }

    /// Refuses position embeddings of kinds that BERT and its kin had once.
    ///
    /// # Errors
    /// When they are not absolute.
    pub fn must_have_absolute_positions(&self) -> Result<(), EngineError> {
        self.must_be("position_embedding_type", &"absolute".into())
    }

    /// The layers that `layer_types` calls local, else those that a rule says, with the reach of their window.
    ///
    /// # Errors
    /// When a layer is of an unknown type, there are more or fewer types than layers, or a local layer has no window.
    pub fn local_layers(
        &self,
        n_layers: usize,
        reach: Option<usize>,
        window_field: &str,
        absent: impl Fn(usize) -> bool,
    ) -> Result<Option<Local>, EngineError> {
        let types = self.layer_types()?;
        if let Some(types) = &types {
            let known = ["full_attention", "sliding_attention"];
            if let Some(unknown) = types.iter().find(|word| !known.contains(&word.as_str())) {
                return Err(self.refuse("layer_types", &known.join(" or "), unknown));
            }
            self.must_be_one_for_each_layer(types, n_layers)?;
        }
        let is_local =
            |layer: usize| types.as_ref().map_or_else(|| absent(layer), |types| types[layer] != "full_attention");
        let layers: Vec<usize> = (0..n_layers).filter(|layer| is_local(*layer)).collect();
        match (layers.is_empty(), reach) {
            (true, _) => Ok(None),
            (false, Some(reach)) => Ok(Some(Local { layers, reach, rotary: None })),
            (false, None) => Err(self.refuse(window_field, "a window, since some layers are local", "nothing")),
        }
    }

    /// Reads `layer_types`, with the older name of one of the types replaced.
    fn layer_types(&self) -> Result<Option<Vec<String>>, EngineError> {
        let newer = |kind: String| if kind == "attention" { "full_attention".to_owned() } else { kind };
        Ok(self.words("layer_types")?.map(|types| types.into_iter().map(newer).collect()))
    }

    fn must_be_one_for_each_layer(&self, types: &[String], n_layers: usize) -> Result<(), EngineError> {
        if types.len() == n_layers {
            return Ok(());
        }
        let expected = format!("as many as there are layers, {n_layers}");
        Err(self.refuse("layer_types", &expected, &types.len().to_string()))
    }

    /// What has to be said of local layers in a family that has none in transformers, which passes over them.
    ///
    /// # Errors
    /// When there are more or fewer types than layers.
    pub fn note_on_other_layer_types(&self, n_layers: usize) -> Result<Option<String>, EngineError> {
        if self.was_read("layer_types") {
            return Ok(None);
        }
        let types = self.layer_types()?.unwrap_or_default();
        let Some(other) = types.iter().find(|kind| kind.as_str() != "full_attention") else { return Ok(None) };
        self.must_be_one_for_each_layer(&types, n_layers)?;
        let class = self.class_name().unwrap_or("the family");
        Ok(Some(format!(
            "layer_types names {other}, but {class} does not read it: as in transformers, it changes nothing."
        )))
    }

    /// The fields that the file leaves to the family's class, as a sentence; none where it says everything.
    pub fn note_on_defaults(&self) -> Option<String> {
        let taken: Vec<String> =
            self.defaults_taken().iter().map(|(field, value)| format!("{field} {value}")).collect();
        let class = self.class_name()?;
        (!taken.is_empty()).then(|| format!("{} leaves to the defaults of {class}: {}.", self.file(), taken.join(", ")))
    }
}
