//! Adapters: small changes of a model that is elsewhere. They are refused with the model's name and a way to a file that is read.

use super::super::error::EngineError;
use super::super::files::gguf::Gguf;
use super::Config;

/// Kinds that add to what a model reads or remembers, and that no matrix of it can take up.
const NOT_MERGED: [&str; 8] = [
    "ADAPTION_PROMPT",
    "CARTRIDGE",
    "CPT",
    "MULTITASK_PROMPT_TUNING",
    "P_TUNING",
    "PREFIX_TUNING",
    "PROMPT_TUNING",
    "XLORA",
];

/// PEFT's classes by the task that an adapter was trained for.
const BY_TASK: [(&str, &str); 5] = [
    ("SEQ_2_SEQ_LM", "AutoPeftModelForSeq2SeqLM"),
    ("SEQ_CLS", "AutoPeftModelForSequenceClassification"),
    ("TOKEN_CLS", "AutoPeftModelForTokenClassification"),
    ("QUESTION_ANS", "AutoPeftModelForQuestionAnswering"),
    ("FEATURE_EXTRACTION", "AutoPeftModelForFeatureExtraction"),
];

/// Parts of tensor names that only a matrix beside a model's own has.
const OF_LORA: [&str; 5] = [".lora_A.", ".lora_B.", ".lora_embedding_A", ".lora_a", ".lora_down."];

/// The refusal of a folder with an adapter_config.json and no model.
pub(in crate::engine) fn refusal(config: &Config) -> EngineError {
    let text = |field: &str| config.get(field).and_then(|value| value.as_str()).map(str::to_owned);
    let Some(kind) = text("peft_type") else {
        let base = text("base_model_name_or_path").or_else(|| text("model_name"));
        return error("an", base, in_python());
    };
    let class = BY_TASK.iter().find(|(task, _)| Some(*task) == text("task_type").as_deref());
    let remedy = match NOT_MERGED.contains(&kind.as_str()) {
        true => format!("An adapter of this kind cannot be merged: {}", in_python()),
        false => merge(class.map_or("AutoPeftModelForCausalLM", |(_, class)| class)),
    };
    let name = match kind.as_str() {
        "LORA" => "a LoRA".to_owned(),
        "ADALORA" => "an AdaLoRA".to_owned(),
        "IA3" => "an IA3".to_owned(),
        other => format!("a {}", other.to_lowercase().replace('_', " ")),
    };
    error(&name, text("base_model_name_or_path"), remedy)
}

/// Refuses weights that stand beside a LoRA that was not merged into them.
pub(in crate::engine) fn refuse_unmerged<'a>(mut tensors: impl Iterator<Item = &'a str>) -> Result<(), EngineError> {
    match tensors.any(|tensor| OF_LORA.iter().any(|part| tensor.contains(part))) {
        true => Err(error("a LoRA", None, merge("AutoPeftModelForCausalLM"))),
        false => Ok(()),
    }
}

/// Refuses a GGUF file that holds an adapter.
pub(super) fn refuse_gguf(gguf: &Gguf) -> Result<(), EngineError> {
    let text = |key: &str| gguf.optional(key, Gguf::string).ok().flatten().map(str::to_owned);
    if text("general.type").as_deref() != Some("adapter") {
        return Ok(());
    }
    let name = match text("adapter.type").as_deref() {
        None | Some("lora") => "a LoRA".to_owned(),
        Some(other) => format!("a {other}"),
    };
    let base = text("general.base_model.0.repo_url").or_else(|| text("general.base_model.0.name"));
    let remedy = "Merge it with llama.cpp's llama-export-lora, then open the merged file";
    Err(error(&name, base, remedy.to_owned()))
}

fn error(name: &str, base: Option<String>, remedy: String) -> EngineError {
    EngineError::Adapter {
        name: name.to_owned(),
        base: base.unwrap_or_else(|| "a model that it does not name".to_owned()),
        remedy,
    }
}

fn merge(class: &str) -> String {
    format!(
        "Merge it in Python (PEFT: {class}.from_pretrained(folder).merge_and_unload().save_pretrained(\"merged\")), then open the merged \
         folder"
    )
}

fn in_python() -> String {
    "a trace made in Python shows any model with its adapter".to_owned()
}
