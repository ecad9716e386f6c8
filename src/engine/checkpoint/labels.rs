//! The heads of classifiers: `…ForSequenceClassification` and `…ForTokenClassification` of transformers.
//!
//! Each family keeps its head under names of its own. A head of a class that is not in the table is left out with a note, and so is
//! one whose tensors or labels do not fit: the stack is shown all the same.

use serde_json::Value;

use super::{Architecture, Config, Part, Slot};
use crate::engine::error::EngineError;
use crate::engine::files::TensorIndex;
use crate::trace::spec::{Activation, LabelHead, LabelKind, LabelReads};

/// The parts of the names of classes that have a head which is not for predicting tokens.
const OTHER_HEADS: [&str; 3] = ["ForMultipleChoice", "ForNextSentencePrediction", "ForQuestionAnswering"];
/// The two kinds of head that are read.
const OF_TEXTS: &str = "ForSequenceClassification";
const OF_TOKENS: &str = "ForTokenClassification";

/// Decoders whose class for texts has the labels' matrix alone, on the last token.
const DECODERS: [&str; 31] = [
    "bloom",
    "exaone4",
    "falcon",
    "gemma",
    "gemma2",
    "gemma3_text",
    "glm",
    "glm4",
    "gpt2",
    "gpt_bigcode",
    "gpt_neo",
    "gpt_neox",
    "gpt_oss",
    "gptj",
    "llama",
    "mistral",
    "mixtral",
    "mpt",
    "olmo",
    "olmo2",
    "olmo3",
    "opt",
    "phi",
    "phi3",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "smollm3",
    "stablelm",
    "starcoder2",
];

/// The slot of a layer's tensor.
type SlotOf = fn(Part) -> Slot;

/// Where a family keeps its head: names without ".weight" and ".bias".
struct Form {
    dense: Option<(String, Activation)>,
    norm: Option<String>,
    out: String,
    reads: LabelReads,
}

impl Form {
    /// The labels' matrix alone.
    fn plain(out: &str, reads: LabelReads) -> Self {
        Self { dense: None, norm: None, out: out.to_owned(), reads }
    }

    /// A dense layer with a nonlinearity before it, at the first position.
    fn dense(dense: impl Into<String>, activation: Activation, out: &str) -> Self {
        Self { dense: Some((dense.into(), activation)), ..Self::plain(out, LabelReads::First) }
    }
}

impl Architecture {
    /// Reads the head of a classifier, by the class that saved the file.
    ///
    /// # Errors
    /// When a field of the configuration that the head needs has a wrong value.
    pub(super) fn read_label_head(
        &mut self,
        config: &Config,
        classes: &[String],
        has_tensor: &dyn Fn(&str) -> bool,
    ) -> Result<(), EngineError> {
        let class = |part: &&str| classes.iter().find(|class| class.contains(*part)).cloned();
        let (class, is_of_tokens) = match (class(&OF_TEXTS), class(&OF_TOKENS)) {
            (Some(class), _) => (class, false),
            (None, Some(class)) => (class, true),
            (None, None) => {
                if let Some(class) = OTHER_HEADS.iter().find_map(class) {
                    self.notes.push(format!("The head of {class} is not read: its answers are not shown."));
                } else if classes.is_empty() && ["classifier.weight", "score.weight"].into_iter().any(has_tensor) {
                    let message = "config.json has no architectures, which say what the classifier's head is: the model is shown \
                                   without labels.";
                    self.notes.push(message.to_owned());
                }
                return Ok(());
            }
        };
        let form = if is_of_tokens { self.token_form(config, has_tensor)? } else { self.text_form(config)? };
        let Some(form) = form else {
            self.notes.push(format!("The head of {class} is not read: the model is shown without labels."));
            return Ok(());
        };
        let names = names(config);
        let head = LabelHead {
            kind: kind(config, names.len())?,
            names,
            reads: form.reads,
            activation: form.dense.as_ref().map(|(_, activation)| *activation),
            is_normed: form.norm.is_some(),
        };
        let dense = form.dense.as_ref().map(|(name, _)| name.as_str());
        let parts: [(Option<&str>, SlotOf); 3] =
            [(dense, Slot::LabelDense), (form.norm.as_deref(), Slot::LabelNorm), (Some(&form.out), Slot::Label)];
        for (name, slot) in parts {
            let Some(name) = name else { continue };
            let weight = format!("{name}.weight");
            if !has_tensor(&weight) {
                self.notes.push(format!(
                    "The file has no {weight}, of the head of {class}: the model is shown without labels."
                ));
                return Ok(());
            }
            self.names.push((slot(Part::Weight), weight));
            let bias = format!("{name}.bias");
            if has_tensor(&bias) {
                self.names.push((slot(Part::Bias), bias));
            }
        }
        self.spec.labels = Some(head);
        Ok(())
    }

    /// The head that gives labels to a text.
    fn text_form(&self, config: &Config) -> Result<Option<Form>, EngineError> {
        use Activation::{Gelu, Relu, Tanh};
        let prefix = &self.prefix;
        let last = || Ok::<_, EngineError>(LabelReads::Last { pad_id: config.ids("pad_token_id")?.first().copied() });
        Ok(Some(match self.spec.architecture.as_str() {
            "bert" | "nomic_bert" => Form::dense(format!("{prefix}pooler.dense"), Tanh, "classifier"),
            "eurobert" => match config.string("classifier_pooling")? {
                "bos" => Form::dense("dense", Gelu, "classifier"),
                "mean" => Form { reads: LabelReads::Mean, ..Form::dense("dense", Gelu, "classifier") },
                // The mean of logits, not of what they are made of.
                _ => return Ok(None),
            },
            "albert" => Form::dense(format!("{prefix}pooler"), Tanh, "classifier"),
            "deberta-v2" => Form::dense("pooler.dense", config.activation("pooler_hidden_act")?, "classifier"),
            "roberta" | "xlm-roberta" | "camembert" | "mpnet" | "esm" => {
                Form::dense("classifier.dense", Tanh, "classifier.out_proj")
            }
            // Whatever hidden_act says.
            "electra" => Form::dense("classifier.dense", Gelu, "classifier.out_proj"),
            "distilbert" => Form::dense("pre_classifier", Relu, "classifier"),
            "modernbert" => Form { reads: modernbert_pooling(config)?, ..modernbert(config)? },
            "bart" | "mbart" | "plbart" | "t5" | "mt5" => {
                match (self.encoder.is_some(), config.ids("eos_token_id")?.first()) {
                    (true, Some(&id)) => Form {
                        reads: LabelReads::LastId { id },
                        ..Form::dense("classification_head.dense", Tanh, "classification_head.out_proj")
                    },
                    _ => return Ok(None),
                }
            }
            name if DECODERS.contains(&name) => Form::plain("score", last()?),
            _ => return Ok(None),
        }))
    }

    /// The head that gives labels to each token.
    fn token_form(&self, config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Option<Form>, EngineError> {
        Ok(Some(match self.spec.architecture.as_str() {
            "bert" | "esm" | "nomic_bert" | "eurobert" | "albert" | "roberta" | "xlm-roberta" | "camembert"
            | "mpnet" | "electra" | "deberta-v2" | "distilbert" | "gpt2" | "gpt_neo" | "gpt_neox" | "bloom"
            | "falcon" | "gpt_bigcode" | "mpt" => Form::plain("classifier", LabelReads::Each),
            "t5" | "mt5" if !self.spec.is_causal() => Form::plain("classifier", LabelReads::Each),
            "modernbert" => modernbert(config)?,
            "llama" | "mistral" | "qwen2" | "qwen3" | "smollm3" | "gemma" | "gemma2" | "gemma3_text" | "phi"
            | "phi3" | "stablelm" | "starcoder2" | "glm" | "glm4" | "exaone4" | "gpt_oss" | "mixtral" | "qwen2_moe"
            | "qwen3_moe" => {
                let out = if has_tensor("score.weight") { "score" } else { "classifier" };
                Form::plain(out, LabelReads::Each)
            }
            _ => return Ok(None),
        }))
    }

    /// Leaves out a head whose tensors have other shapes than the labels ask for.
    pub(in crate::engine) fn check_label_head(&mut self, indices: &[(usize, TensorIndex)]) {
        let Some(head) = &self.spec.labels else { return };
        let n_labels = head.names.len();
        let slots = [Slot::LabelDense, Slot::LabelNorm, Slot::Label].into_iter().flat_map(Slot::both);
        let wrong = slots.filter_map(|slot| Some((slot, self.source(slot)?))).find_map(|(slot, source)| {
            let entry = indices.iter().find_map(|(_, index)| index.tensors.get(&source.tensor))?;
            (entry.shape != self.shape(slot)).then(|| (source.tensor, entry.shape.clone(), self.shape(slot)))
        });
        if let Some((tensor, found, expected)) = wrong {
            self.notes.push(format!(
                "The configuration names {n_labels} labels, for which {tensor} has shape {expected:?}; in the file it has {found:?}: the \
                 model is shown without labels."
            ));
            self.spec.labels = None;
        }
    }
}

/// ModernBERT's dense layer and norm, which its masked-word head has too; read at each position unless a caller says otherwise.
fn modernbert(config: &Config) -> Result<Form, EngineError> {
    let dense = Some(("head.dense".to_owned(), config.activation("classifier_activation")?));
    Ok(Form { dense, norm: Some("head.norm".to_owned()), ..Form::plain("classifier", LabelReads::Each) })
}

fn modernbert_pooling(config: &Config) -> Result<LabelReads, EngineError> {
    match config.string("classifier_pooling")? {
        "cls" => Ok(LabelReads::First),
        "mean" => Ok(LabelReads::Mean),
        other => Err(config.refuse("classifier_pooling", "cls or mean", other)),
    }
}

/// The labels: `id2label`, else as many as `num_labels` says under transformers' names, which has two by default.
fn names(config: &Config) -> Vec<String> {
    let given = config.get("id2label").and_then(Value::as_object).filter(|map| !map.is_empty());
    let n_labels = config.get("num_labels").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let n_labels = given.map_or(n_labels.unwrap_or(2).clamp(1, 1 << 16), serde_json::Map::len);
    let name = |index: usize| {
        let name = given.and_then(|map| map.get(&index.to_string())).and_then(Value::as_str);
        name.map_or_else(|| format!("LABEL_{index}"), str::to_owned)
    };
    (0..n_labels).map(name).collect()
}

/// What the logits stand for: as `problem_type` says, else by the number of labels, as transformers has it.
fn kind(config: &Config, n_labels: usize) -> Result<LabelKind, EngineError> {
    let problem = config.get("problem_type").and_then(Value::as_str);
    match problem {
        Some("single_label_classification") => Ok(LabelKind::OneOf),
        Some("multi_label_classification") => Ok(LabelKind::AnyOf),
        Some("regression") => Ok(LabelKind::Value),
        None if n_labels == 1 => Ok(LabelKind::Value),
        None => Ok(LabelKind::OneOf),
        Some(other) => {
            let expected = "regression, single_label_classification or multi_label_classification";
            Err(config.refuse("problem_type", expected, other))
        }
    }
}
