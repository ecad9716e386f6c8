//! Which family a configuration belongs to: by its `model_type`, its `architectures`, or the names of the tensors.

use super::super::error::EngineError;
use super::config::Class;
use super::{ADAPTERS, Config, hooked_transformer};

/// Names that only one family has among its tensors, each with or without the prefix of a whole model.
const BY_TENSOR: &[(&str, &[&str], &str)] = &[
    ("bert", &["bert."], "embeddings.word_embeddings.weight"),
    ("roberta", &["roberta."], "embeddings.word_embeddings.weight"),
    ("distilbert", &["distilbert."], "embeddings.word_embeddings.weight"),
    ("albert", &["albert."], "embeddings.word_embeddings.weight"),
    ("electra", &["electra."], "embeddings.word_embeddings.weight"),
    ("mpnet", &["mpnet."], "embeddings.word_embeddings.weight"),
    ("mpnet", &[""], "encoder.layer.0.attention.attn.q.weight"),
    ("deberta-v2", &["", "deberta."], "encoder.layer.0.attention.self.query_proj.weight"),
    ("distilbert", &[""], "transformer.layer.0.attention.q_lin.weight"),
    ("albert", &[""], "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"),
    ("electra", &[""], "embeddings_project.weight"),
    ("bert", &[""], "encoder.layer.0.attention.self.query.weight"),
    ("gpt2", &["", "transformer."], "h.0.attn.c_attn.weight"),
    ("gpt_neo", &["", "transformer."], "h.0.attn.attention.q_proj.weight"),
    ("codegen", &["", "transformer."], "h.0.attn.qkv_proj.weight"),
    ("gptj", &["", "transformer."], "h.0.mlp.fc_in.weight"),
    ("bloom", &["", "transformer."], "word_embeddings_layernorm.weight"),
    ("falcon", &["", "transformer."], "h.0.self_attention.query_key_value.weight"),
    ("mpt", &["", "transformer."], "blocks.0.attn.Wqkv.weight"),
    ("gpt_neox", &["", "gpt_neox."], "layers.0.attention.query_key_value.weight"),
    ("esm", &["", "esm."], "encoder.emb_layer_norm_after.weight"),
    ("nomic_bert", &["", "bert.", "nomic_bert."], "encoder.layers.0.attn.Wqkv.weight"),
    ("modernbert", &["", "model."], "layers.0.attn.Wqkv.weight"),
    ("bart", &["", "model."], "encoder.layernorm_embedding.weight"),
    ("marian", &["", "model."], "encoder.layers.0.fc1.weight"),
    ("opt", &["", "model."], "decoder.layers.0.fc1.weight"),
    ("t5", &["", "transformer."], "encoder.block.0.layer.0.SelfAttention.q.weight"),
    ("phi3", &["", "model."], "layers.0.self_attn.qkv_proj.weight"),
    ("phi", &["", "model."], "layers.0.self_attn.dense.weight"),
    ("starcoder2", &["", "model."], "layers.0.mlp.c_fc.weight"),
    ("glm4", &["", "model."], "layers.0.post_self_attn_layernorm.weight"),
    ("glm", &["", "model."], "layers.0.mlp.gate_up_proj.weight"),
    ("gemma3_text", &["", "model."], "layers.0.pre_feedforward_layernorm.weight"),
    ("olmo2", &["", "model."], "layers.0.post_feedforward_layernorm.weight"),
    ("gpt_oss", &["", "model."], "layers.0.self_attn.sinks"),
    ("mixtral", &["", "model."], "layers.0.block_sparse_moe.gate.weight"),
    ("qwen2_moe", &["", "model."], "layers.0.mlp.shared_expert_gate.weight"),
    ("qwen3_moe", &["", "model."], "layers.0.mlp.gate.weight"),
    ("qwen3", &["", "model."], "layers.0.self_attn.q_norm.weight"),
    ("qwen2", &["", "model."], "layers.0.self_attn.q_proj.bias"),
    ("llama", &["", "model."], "layers.0.self_attn.q_proj.weight"),
];

/// Names that transformers 5 gives to families that are read under another.
const RENAMED: &[(&str, &str)] = &[("ministral", "mistral")];

/// Families that are not read, and which of those that are comes nearest to them.
const KIN: &[(&str, &str)] = &[
    ("blenderbot", "bart"),
    ("cohere", "cohere2"),
    ("convbert", "bert"),
    ("deberta", "deberta-v2"),
    ("deepseek", "llama"),
    ("ernie", "bert"),
    ("exaone", "exaone4"),
    ("falcon", "falcon"),
    ("gemma", "gemma3_text"),
    ("glm", "glm4"),
    ("granite", "granite"),
    ("internlm", "llama"),
    ("longformer", "roberta"),
    ("longt5", "t5"),
    ("nomic", "nomic_bert"),
    ("olmo", "olmo2"),
    ("pegasus", "pegasus"),
    ("phi", "phi3"),
    ("pythia", "gpt_neox"),
    ("qwen", "qwen3"),
    ("starcoder", "gpt_bigcode"),
    ("switch", "t5"),
    ("umt5", "mt5"),
    ("xglm", "opt"),
    ("xlm", "xlm-roberta"),
];

/// Families without attention, and what they have in its place.
const WITHOUT_ATTENTION: &[(&str, &str)] = &[
    ("falcon_mamba", "state spaces"),
    ("fnet", "Fourier transforms"),
    ("mamba", "state spaces"),
    ("mamba2", "state spaces"),
    ("rwkv", "recurrences"),
    ("rwkv6", "recurrences"),
    ("rwkv7", "recurrences"),
    ("xlstm", "recurrences"),
];

/// A configuration read as its family's class reads it, with what has to be said about that.
pub(super) fn resolve(
    config: &Config,
    has_tensor: &dyn Fn(&str) -> bool,
) -> Result<(&'static str, Config, Vec<String>), EngineError> {
    if hooked_transformer::is_configured_by(config) {
        return Ok((hooked_transformer::NAME, config.clone(), Vec::new()));
    }
    let mut notes = Vec::new();
    let mut config = config.clone();
    let mut name = match config.get("model_type") {
        Some(_) => config.string("model_type")?.to_owned(),
        None => {
            let (name, source) = without_model_type(&config, has_tensor)?;
            notes.push(format!("{} names no model_type: read as {name}, by {source}.", config.file()));
            name.to_owned()
        }
    };
    // A model of pictures and text has the text model's configuration inside its own.
    if known(&name).is_none()
        && let Some(text) = config.object("text_config")?
        && let Some(text_name) = text_model(&name, &text)
    {
        notes.push(format!(
            "Of this {name} model only the text part is read ({text_name}): pictures and sound are left out."
        ));
        (name, config) = (text_name.to_owned(), config.with_fields_of(&text));
    }
    let Some(name) = known(&name) else { return Err(refusal(config.file(), &name)) };
    if let Some(code) = config.get("auto_map").filter(|map| map.as_object().is_some_and(|map| !map.is_empty())) {
        let mut files =
            code.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()?.split('.').next());
        let file = files.next_back().unwrap_or("its own");
        notes.push(format!(
            "auto_map names code of the model's own ({file}.py), which is not run: the model is read as plain {name}."
        ));
    }
    let config = config.of_family(name);
    Ok((name, config, notes))
}

/// Every family that is read, by Hugging Face's `model_type`.
pub fn families() -> Vec<&'static str> {
    let names = ADAPTERS.iter().map(|(known, _)| *known).filter(|known| *known != hooked_transformer::NAME);
    names.chain(RENAMED.iter().map(|(new, _)| *new)).collect()
}

fn known(name: &str) -> Option<&'static str> {
    let name = RENAMED.iter().find(|(new, _)| *new == name).map_or(name, |(_, old)| old);
    let public = ADAPTERS.iter().map(|(known, _)| *known).filter(|known| *known != hooked_transformer::NAME);
    public.into_iter().find(|known| *known == name)
}

/// The family of the text model inside a model of another name: as it says, else by the name of the whole.
fn text_model(whole: &str, text: &Config) -> Option<&'static str> {
    match text.get("model_type") {
        Some(name) => known(name.as_str()?),
        None => known(&format!("{whole}_text")),
    }
}

/// Finds the family by the name of the class that saved the weights, else by the tensors' names.
fn without_model_type(
    config: &Config,
    has_tensor: &dyn Fn(&str) -> bool,
) -> Result<(&'static str, &'static str), EngineError> {
    let classes = config.words("architectures")?.unwrap_or_default();
    if let Some(name) = classes.iter().find_map(|class| by_class(class)) {
        return Ok((name, "its architectures"));
    }
    if let Some(class) = classes.first() {
        return Err(refusal(config.file(), class));
    }
    let has = |(_, prefixes, tensor): &&(&str, &[&str], &str)| {
        prefixes.iter().any(|prefix| has_tensor(&format!("{prefix}{tensor}")))
    };
    let found = BY_TENSOR.iter().find(has).and_then(|(name, ..)| known(name));
    let found = found.ok_or_else(|| config.refuse("model_type", "the name of a family", "nothing"))?;
    // Some families share their names: Gemma 2 lacks a norm of Gemma 3's, a window is Mistral's, layers without rotation are SmolLM3's.
    let has_query_norm =
        ["", "model."].iter().any(|prefix| has_tensor(&format!("{prefix}layers.0.self_attn.q_norm.weight")));
    let found = match found {
        "gemma3_text" if !has_query_norm => "gemma2",
        "llama" if ["no_rope_layers", "no_rope_layer_interval"].iter().any(|key| config.get(key).is_some()) => {
            "smollm3"
        }
        "llama" if config.get("sliding_window").is_some() => "mistral",
        found => found,
    };
    Ok((found, "the names of its tensors"))
}

/// "GPTNeoXForCausalLM": gpt_neox.
fn by_class(class: &str) -> Option<&'static str> {
    let stem = |config: &str| config.trim_end_matches("Config").trim_end_matches("Text").to_owned();
    let is_head = |rest: &str| {
        ["For", "Model", "LM", "MT", "With", "Encoder", "DoubleHeads", "TextModel"]
            .iter()
            .any(|head| rest.starts_with(head))
    };
    let names = Class::names();
    let found = names.iter().find(|(_, config)| class.strip_prefix(&stem(config)).is_some_and(is_head));
    known(&found?.0)
}

/// The refusal of a family: what it is, what is nearest, and what shows any model.
pub(super) fn refusal(file: &str, name: &str) -> EngineError {
    let is_named = |(known, _): &&(&str, &str)| *known == name;
    if let Some((_, instead)) = WITHOUT_ATTENTION.iter().find(is_named) {
        return EngineError::WithoutAttention {
            file: file.to_owned(),
            name: name.to_owned(),
            instead: (*instead).to_owned(),
        };
    }
    let nearest = nearest(name).map(|nearest| format!(" (the nearest family that is read is {nearest})"));
    EngineError::Family {
        file: file.to_owned(),
        name: name.chars().take(60).collect(),
        nearest: nearest.unwrap_or_default(),
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('-', "_");
    let kin = KIN.iter().filter(|(start, _)| name.starts_with(start)).max_by_key(|(start, _)| start.len());
    let parts = || ADAPTERS.iter().map(|(known, _)| *known).filter(|known| *known != hooked_transformer::NAME);
    let in_name = || parts().filter(|known| name.contains(*known)).max_by_key(|known| known.len());
    kin.map(|(_, kin)| *kin).or_else(in_name)
}
