//! Folders whose weights a library has quantised in a form that is not read: said by name, before a tensor is looked for.

use serde_json::Value;

use super::super::error::EngineError;
use super::Config;

/// Ends of tensor names that only one way of quantising has, and what it is called.
const BY_TENSOR: &[(&str, &str)] = &[
    (".qweight", "GPTQ or AWQ"),
    (".qzeros", "GPTQ or AWQ"),
    (".weight_packed", "compressed-tensors"),
    (".SCB", "bitsandbytes"),
    (".weight.quant_state.bitsandbytes__nf4", "bitsandbytes"),
    (".weight.quant_state.bitsandbytes__fp4", "bitsandbytes"),
    (".weight.absmax", "bitsandbytes"),
    (".quant_map", "bitsandbytes"),
    (".weight_scale_inv", "FP8"),
    (".weight_scale", "FP8 or compressed-tensors"),
    (".weight_scales", "EETQ"),
    (".biases", "MLX"),
    (".codebooks", "AQLM"),
    (".q_weight", "EXL2"),
    (".trellis", "EXL3"),
    (".W_q", "HQQ"),
    (".weight._data", "Quanto"),
    ("_proj_blocks", "MXFP4"),
];

/// How transformers writes a method, and what it is called.
const METHODS: &[(&str, &str)] = &[
    ("aqlm", "AQLM"),
    ("auto-round", "AutoRound"),
    ("awq", "AWQ"),
    ("bitnet", "BitNet"),
    ("bitsandbytes", "bitsandbytes"),
    ("compressed-tensors", "compressed-tensors"),
    ("eetq", "EETQ"),
    ("exl2", "EXL2"),
    ("exl3", "EXL3"),
    ("fbgemm_fp8", "FP8 (FBGEMM)"),
    ("finegrained_fp8", "FP8"),
    ("fouroversix", "Four Over Six"),
    ("fp8", "FP8"),
    ("fp_quant", "FP-Quant"),
    ("gptq", "GPTQ"),
    ("higgs", "HIGGS"),
    ("hqq", "HQQ"),
    ("intel/auto-round", "AutoRound"),
    ("metal", "Metal"),
    ("modelopt", "ModelOpt"),
    ("mxfp4", "MXFP4"),
    ("mxfp8", "MXFP8"),
    ("nvfp4", "NVFP4"),
    ("quanto", "Quanto"),
    ("quark", "Quark"),
    ("sinq", "SINQ"),
    ("spqr", "SpQR"),
    ("torchao", "torchao"),
    ("vptq", "VPTQ"),
];

/// Refuses a quantised folder, by its configuration or by what its tensors are called.
pub(in crate::engine) fn refuse<'a>(
    config: &Config,
    tensors: impl Iterator<Item = &'a str>,
) -> Result<(), EngineError> {
    let of_tensors = || {
        let mut named = tensors.filter_map(|tensor| BY_TENSOR.iter().find(|(end, _)| tensor.ends_with(end)));
        named.next().map(|(_, name)| (*name).to_owned())
    };
    let method = match by_configuration(config)? {
        Some(named) => Some(named.or_else(of_tensors).unwrap_or_else(|| "a method without a name".to_owned())),
        None => of_tensors(),
    };
    match method {
        None => Ok(()),
        Some(method) => Err(EngineError::Quantised { method }),
    }
}

/// Whether a configuration, or the one of its text model, speaks of a quantisation, and what it calls that.
fn by_configuration(config: &Config) -> Result<Option<Option<String>>, EngineError> {
    // MLX has a key of its own, beside a copy under the usual one.
    if config.get("quantization").is_some_and(Value::is_object) {
        return Ok(Some(Some("MLX".to_owned())));
    }
    if let Some(quantisation) = config.object("quantization_config")? {
        return Ok(Some(method(&quantisation)));
    }
    match config.object("text_config") {
        Ok(Some(text)) => by_configuration(&text),
        _ => Ok(None),
    }
}

fn method(config: &Config) -> Option<String> {
    // Files from before quant_method have a field of their own each.
    let named = config.get("quant_method").and_then(|value| value.as_str());
    let older = ["load_in_8bit", "load_in_4bit", "_load_in_8bit", "_load_in_4bit"];
    let older = older.iter().any(|field| config.get(field).is_some_and(|value| value == true));
    match named {
        Some(name) => {
            let known = METHODS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            Some(known.map_or(name, |(_, called)| called).to_owned())
        }
        None if older => Some("bitsandbytes".to_owned()),
        None => None,
    }
}
