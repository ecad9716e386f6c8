//! Comparing gradients with what PyTorch's autograd computed, natively and in the browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use headlight::analysis::inside::direct::Contrast;
use headlight::engine::backward::{Asked, Backward, Differentiated, HookGradient};
use headlight::engine::{Captures, CompiledEdits, Model, Run, Step};
use headlight::trace::spec::Unembed;
use headlight::trace::{Attn, BlockSite, Hook, Stack, StackHook};

use super::engine::finished;
use super::parity::decoded;
use super::{Case, Comparison, Tensors};

/// Of the largest gradient of a tensor.
const TOLERANCE: f32 = 1e-4;

pub type Gradients = BTreeMap<StackHook, HookGradient>;

/// The whole pass.
pub fn gradients(run: &Arc<Run>, of: Differentiated, asked: Asked) -> (f64, Gradients) {
    let mut backward = Backward::new(Arc::clone(run), of, asked).unwrap();
    let mut parts = Vec::new();
    while backward.step().unwrap() == Step::More {
        parts.extend(backward.drain());
    }
    parts.extend(backward.drain());
    let n_parts = parts.len();
    let by_hook: Gradients = parts.into_iter().map(|part| (part.hook, part)).collect();
    assert_eq!(by_hook.len(), n_parts, "each hook once");
    let (done, total) = backward.progress();
    assert_eq!(done, total);
    (backward.value(), by_hook)
}

pub fn everything(run: &Run) -> Asked {
    Asked::matching(run, |_| true).with_values()
}

pub fn logits(answers: &[u32], others: &[u32], position: usize) -> Differentiated {
    Differentiated::Logits { contrast: Contrast { answers: answers.to_vec(), others: others.to_vec() }, position }
}

/// The hook that a name of `inside.safetensors` means: `grad.1.q`, `grad.cross.0.z`, `grad.embed_decoder`.
pub fn hook_of(name: &str, has_encoder: bool) -> StackHook {
    let name = name.strip_prefix("grad.").unwrap();
    let outer = match name {
        "embed" => Some(has_encoder.then_some(Stack::Encoder)),
        "embed_decoder" => Some(Some(Stack::Decoder)),
        _ => None,
    };
    if let Some(stack) = outer {
        return StackHook { stack, hook: Hook::Embed };
    }
    let parts: Vec<&str> = name.split('.').collect();
    let (of, layer, site) = match parts[..] {
        [of, layer, site] => (Some(of), layer, site),
        [layer, site] => (None, layer, site),
        _ => panic!("{name}"),
    };
    let site = match site {
        "resid_pre" => BlockSite::ResidPre,
        "q" => BlockSite::Q,
        "k" => BlockSite::K,
        "v" => BlockSite::V,
        "z" => BlockSite::Z,
        "pattern" => BlockSite::Pattern,
        "mlp_post" => BlockSite::MlpPost,
        other => panic!("{other}"),
    };
    let (stack, site) = match of {
        None => (None, site),
        Some("encoder") => (Some(Stack::Encoder), site),
        Some("decoder") => (Some(Stack::Decoder), site),
        Some("cross") => (Some(Stack::Decoder), site.in_attn(Attn::Cross)),
        other => panic!("{other:?}"),
    };
    StackHook { stack, hook: Hook::Block(layer.parse().unwrap(), site) }
}

/// An outcome that every checkpoint of the goldens has.
pub fn outcome_of(run: &Run) -> Differentiated {
    match run.model().spec().unembed {
        Unembed::None => {
            let d_model = run.model().spec().d_model;
            Differentiated::Cosine((0..d_model).map(|i| (i * 7 % 5) as f64 - 1.5).collect())
        }
        _ => logits(&[7, 9], &[3, 5, 6], run.tokens().len() - 2),
    }
}

/// Compares every tensor `grad.…` of a file; returns how many there are.
pub fn compare_gradients(
    comparison: &mut Comparison,
    name: &str,
    found: &Gradients,
    values: &Tensors,
    has_encoder: bool,
) -> usize {
    let mut n_compared = 0;
    for tensor in values.names().filter(|tensor| tensor.starts_with("grad.")) {
        let expected = values.f32(tensor);
        let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let gradient = &found[&hook_of(tensor, has_encoder)].gradient;
        comparison.check(&format!("{name}.{tensor}"), gradient, &expected, TOLERANCE * scale);
        n_compared += 1;
    }
    n_compared
}

/// Compares a checkpoint's first case with its `gradients.safetensors`.
pub fn compare_case(comparison: &mut Comparison, name: &str, model: &Arc<Model>, case: &Case, values: &Tensors) {
    let plain = |model: &Arc<Model>, tokens| finished(model, tokens, CompiledEdits::none(), Captures::none());
    let run = match model.encoder() {
        None => plain(model, model.encode(&case.text, case.text_pair.as_deref()).unwrap()),
        Some(encoder) => {
            let source = Arc::new(plain(encoder, model.encode(&case.text, None).unwrap()));
            decoded(model, source, model.encode_target(case.text_pair.as_deref().unwrap()).unwrap())
        }
    };
    let run = Arc::new(run);
    let (value, found) = gradients(&run, outcome_of(&run), everything(&run));
    assert!((value - f64::from(values.f32("outcome")[0])).abs() < 1e-4, "{name}");
    compare_gradients(comparison, name, &found, values, model.encoder().is_some());
}
