//! Folders whose weights a library has quantised in a form that is not read: said by name, before a tensor is looked for.

use super::super::error::EngineError;
use super::Config;

/// Ends of tensor names that only one way of quantising has, and what it is called.
const BY_TENSOR: &[(&str, &str)] = &[
    (".qweight", "GPTQ or AWQ"),
    (".qzeros", "GPTQ or AWQ"),
    (".weight_packed", "compressed-tensors"),
    (".SCB", "bitsandbytes"),
    (".weight.absmax", "bitsandbytes"),
    (".quant_map", "bitsandbytes"),
    (".weight_scale_inv", "FP8"),
    (".weight_scale", "FP8 or compressed-tensors"),
    (".weight_scales", "EETQ"),
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
    ("fbgemm_fp8", "FP8 (FBGEMM)"),
    ("finegrained_fp8", "FP8"),
    ("fp8", "FP8"),
    ("fp_quant", "FP-Quant"),
    ("gptq", "GPTQ"),
    ("higgs", "HIGGS"),
    ("hqq", "HQQ"),
    ("mxfp4", "MXFP4"),
    ("quanto", "Quanto"),
    ("quark", "Quark"),
    ("spqr", "SpQR"),
    ("torchao", "torchao"),
    ("vptq", "VPTQ"),
];

/// Refuses a quantised folder, by its configuration or by what its tensors are called.
pub(in crate::engine) fn refuse<'a>(
    config: &Config,
    tensors: impl Iterator<Item = &'a str>,
) -> Result<(), EngineError> {
    let method = match config.object("quantization_config")? {
        Some(quantisation) => Some(method(&quantisation)),
        None => {
            let mut named = tensors.filter_map(|tensor| BY_TENSOR.iter().find(|(end, _)| tensor.ends_with(end)));
            named.next().map(|(_, name)| (*name).to_owned())
        }
    };
    match method {
        None => Ok(()),
        Some(method) => Err(EngineError::Quantised { method }),
    }
}

fn method(config: &Config) -> String {
    // Files from before quant_method have a field of their own each.
    let named = config.get("quant_method").and_then(|value| value.as_str());
    let older = ["load_in_8bit", "load_in_4bit", "_load_in_8bit", "_load_in_4bit"];
    let older = older.iter().any(|field| config.get(field).is_some_and(|value| value == true));
    match named {
        Some(name) => METHODS.iter().find(|(known, _)| *known == name).map_or(name, |(_, called)| called).to_owned(),
        None if older => "bitsandbytes".to_owned(),
        None => "a method without a name".to_owned(),
    }
}
