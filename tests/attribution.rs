//! Estimates by gradients, the exact effects beside them, and saliency: agreement with PyTorch where `inside.safetensors` holds them,
//! and their identities.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::engine::{finished, load, load_golden};
use crate::support::parity::decoded;
use crate::support::{Comparison, SMOLLM2_GGUF, Tensors, fixture, golden, model_file, read};
use headlight::analysis::inside::direct::Contrast;
use headlight::edit;
use headlight::engine::backward::{Asked, Backward, Differentiated};
use headlight::engine::jobs::{
    Baseline, EstimateJob, EstimateOf, Estimates, ExactJob, HeadPlace, Measure, RunInput, Saliency, SaliencyJob,
    SimilarityJob, SubjectsJob, SweepJob, SweepKind, SweepPart, complete, complete_with,
};
use headlight::engine::{Captures, CompiledEdits, Model, Outcome, Run, Step};
use headlight::trace::{Attn, AttnKind, BlockSite, Hook, Stack, StackHook};
use serde::Deserialize;

/// Of the largest value of a tensor.
const TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct Inside {
    ids: Vec<u32>,
    corrupt_ids: Vec<u32>,
    decoder_ids: Option<Vec<u32>>,
    position: usize,
    answer_id: u32,
    other_id: u32,
}

struct Golden {
    run: Arc<Run>,
    inside: Inside,
    values: Tensors,
}

impl Golden {
    fn of(name: &str) -> Self {
        let (model, folder) = (load_golden(name), golden(name));
        let inside: Inside = serde_json::from_slice(&read(&folder.join("inside.json"))).unwrap();
        let reader = model.encoder().unwrap_or(&model);
        let read =
            finished(reader, reader.tokens_from_ids(&inside.ids).unwrap(), CompiledEdits::none(), Captures::none());
        let run = match &inside.decoder_ids {
            None => read,
            Some(ids) => decoded(&model, Arc::new(read), model.tokens_from_ids(ids).unwrap()),
        };
        Self { run: Arc::new(run), inside, values: Tensors::open(&folder.join("inside.safetensors")) }
    }

    fn outcome(&self) -> Differentiated {
        let contrast = Contrast { answers: vec![self.inside.answer_id], others: vec![self.inside.other_id] };
        Differentiated::Logits { contrast, position: self.inside.position }
    }

    fn estimates(&self, kinds: &[EstimateOf], is_patch: bool) -> Estimates {
        let reader = self.run.source().unwrap_or(&self.run).model();
        let other = is_patch.then(|| reader.tokens_from_ids(&self.inside.corrupt_ids).unwrap());
        complete(EstimateJob::new(Arc::clone(&self.run), self.outcome(), kinds, other).unwrap()).unwrap()
    }
}

/// The heads of one attention, [layer, head], each over all positions.
fn heads(estimates: &Estimates, stack: Option<Stack>, attn: Attn) -> Vec<f32> {
    let is_of = |hook: StackHook| {
        hook.stack == stack && matches!(hook.hook, Hook::Block(_, site) if site == BlockSite::Z.in_attn(attn))
    };
    let of_layer = |estimate: &headlight::engine::jobs::HookEstimate| {
        let n_heads = estimate.shape[1];
        (0..n_heads).map(|head| estimate.values.iter().skip(head).step_by(n_heads).sum::<f32>()).collect::<Vec<f32>>()
    };
    estimates.hooks.iter().filter(|estimate| is_of(estimate.hook)).flat_map(of_layer).collect()
}

fn check(comparison: &mut Comparison, name: &str, found: &[f32], expected: &[f32]) {
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    comparison.check(name, found, expected, TOLERANCE * scale);
}

const THREE: [(&str, Option<Stack>, Attn); 3] = [
    ("encoder.", Some(Stack::Encoder), Attn::Own),
    ("decoder.", Some(Stack::Decoder), Attn::Own),
    ("cross.", Some(Stack::Decoder), Attn::Cross),
];

/// `attribution.*` and `exact.*`, of zeroing and of patching, each by itself.
#[test]
fn estimates_and_exact_effects_agree_with_pytorch() {
    let mut comparison = Comparison::default();
    for name in ["gpt2", "gpt_neox", "llama", "qwen3", "gemma3_text", "bert", "bart"] {
        let golden = Golden::of(name);
        let attentions = if golden.run.source().is_some() { THREE.as_slice() } else { &[("", None, Attn::Own)] };
        for (kind, is_patch) in [("zero_head", false), ("patch_head", true)] {
            let estimates = golden.estimates(&[EstimateOf::Heads], is_patch);
            for (prefix, stack, attn) in attentions {
                let found = heads(&estimates, *stack, *attn);
                let estimate = format!("attribution.{prefix}{kind}");
                if golden.values.has(&estimate) {
                    check(&mut comparison, &format!("{name}.{estimate}"), &found, &golden.values.f32(&estimate));
                }
                let n_heads = golden.run.model().spec().n_heads;
                let place =
                    |index| HeadPlace { stack: *stack, attn: *attn, layer: index / n_heads, head: index % n_heads };
                let places = (0..found.len()).map(place).collect();
                let (run, patched) = (Arc::clone(&golden.run), estimates.patched.clone());
                let exact = complete(ExactJob::new(run, golden.outcome(), estimates.outcome, places, patched)).unwrap();
                let exact: Vec<f32> = exact.into_iter().map(|effect| effect as f32).collect();
                let of_exact = format!("exact.{prefix}{kind}");
                check(&mut comparison, &format!("{name}.{of_exact}"), &exact, &golden.values.f32(&of_exact));
            }
        }
    }
    comparison.finish();
}

/// The page tries heads as edits, each a cell of a sweep, in either stack.
#[test]
fn heads_tried_as_edits_agree_with_pytorch() {
    let mut comparison = Comparison::default();
    for name in ["gpt2", "bert", "bart"] {
        let golden = Golden::of(name);
        let Inside { corrupt_ids, position, answer_id, other_id, .. } = &golden.inside;
        let attentions = if golden.run.source().is_some() { THREE.as_slice() } else { &[("", None, Attn::Own)] };
        for ((prefix, stack, attn), kind) in attentions.iter().flat_map(|attn| [(*attn, "zero"), (*attn, "patch")]) {
            let expected = format!("exact.{prefix}{kind}_head");
            let expected_values = golden.values.f32(&expected);
            let n_heads = golden.run.model().spec().n_heads;
            let edit = |index: usize| {
                let place = format!(r#""layer":{},"head":{}"#, index / n_heads, index % n_heads);
                let hook = BlockSite::Z.in_attn(attn).name();
                let kind = match kind {
                    "zero" => r#""kind":"zero_head""#.to_owned(),
                    _ => format!(r#""kind":"patch","hook":"{hook}","from":{{"ids":{corrupt_ids:?}}}"#),
                };
                let stack = stack.map(|stack| format!(r#","stack":"{}""#, stack.name())).unwrap_or_default();
                let attn = if attn == Attn::Cross { r#","attn":"cross""# } else { "" };
                format!("{{{kind},{place}{stack}{attn}}}")
            };
            let list: Vec<String> = (0..expected_values.len()).map(edit).collect();
            let cells = SweepKind::Each(edit::parse_list(&format!("[{}]", list.join(","))).unwrap());
            let measure = Measure::Tokens(Outcome::pair(*answer_id, *other_id, Some(*position)));
            let job = SweepJob::new(Arc::clone(&golden.run), Vec::new(), cells, measure).unwrap();
            let mut found = vec![f32::NAN; expected_values.len()];
            let result =
                complete_with(job, |part: SweepPart| found[part.index] = part.outcome.unwrap().value()).unwrap();
            found.iter_mut().for_each(|value| *value -= result.base.value());
            check(&mut comparison, &format!("{name}.{expected} as edits"), &found, &expected_values);
        }
    }
    comparison.finish();
}

/// Several kinds of part share a reverse pass, which gives each what it has alone.
#[test]
fn kinds_of_part_share_a_reverse_pass() {
    let kinds = [EstimateOf::Heads, EstimateOf::Neurons, EstimateOf::Positions];
    for name in ["llama", "bart"] {
        let golden = Golden::of(name);
        let attentions: Vec<AttnKind> = match golden.run.source() {
            Some(_) => THREE.iter().map(|&(_, stack, attn)| AttnKind { stack, attn }).collect(),
            None => vec![AttnKind::ONLY],
        };
        for is_patch in [false, true] {
            let all = golden.estimates(&kinds, is_patch);
            for (kind, part) in attentions.iter().flat_map(|kind| kinds.map(|part| (*kind, part))) {
                let alone = golden.estimates(&[part], is_patch);
                assert!(!alone.at_hooks_of(kind, part).is_empty(), "{name} {kind:?} {part:?}");
                assert_eq!(all.at_hooks_of(kind, part), alone.at_hooks_of(kind, part), "{name} {kind:?} {part:?}");
            }
            assert_eq!(all.patched, golden.estimates(&[EstimateOf::Heads], is_patch).patched);
        }
    }
}

/// M under an edit that scales a part by 1 − ε moves by ε times the estimate of zeroing it: every kind of neuron, position and head.
#[test]
fn a_little_of_an_edit_does_what_the_estimate_says() {
    let golden = Golden::of("llama");
    let outcome = |run: &Arc<Run>| {
        let mut backward = Backward::new(Arc::clone(run), golden.outcome(), Asked::default()).unwrap();
        while backward.step().unwrap() == Step::More {}
        backward.value()
    };
    let moved = |edit: String| {
        let edits = edit::parse_list(&format!("[{edit}]")).unwrap();
        let bound = CompiledEdits::bind(&edits, golden.run.model().spec(), golden.run.tokens().len()).unwrap();
        let mut run = golden.run.again(bound, Captures::none()).unwrap();
        run.complete().unwrap();
        outcome(&Arc::new(run))
    };
    let mut n_checked = 0;
    for of in [EstimateOf::Heads, EstimateOf::Positions, EstimateOf::Neurons] {
        for estimate in golden.estimates(&[of], false).hooks {
            let Hook::Block(layer, site) = estimate.hook.hook else { unreachable!() };
            let index = estimate.values.len() / 3;
            let place = match (of, estimate.shape.as_slice()) {
                (EstimateOf::Heads, [_, n_heads]) => {
                    format!(r#""query":{},"head":{}"#, index / n_heads, index % n_heads)
                }
                (EstimateOf::Positions, _) => format!(r#""query":{index}"#),
                (_, [_, d_head]) => format!(r#""head":{},"neuron":{}"#, index / d_head, index % d_head),
                _ => format!(r#""neuron":{index}"#),
            };
            let edit = |factor: f64| {
                format!(r#"{{"kind":"scale","layer":{layer},"hook":"{}",{place},"factor":{factor}}}"#, site.name())
            };
            let slope = (moved(edit(0.99)) - moved(edit(1.01))) / 0.02;
            let expected = f64::from(estimate.values[index]);
            assert!((slope - expected).abs() < 5e-3 * expected.abs() + 1e-3, "{}: {slope} {expected}", estimate.hook);
            n_checked += 1;
        }
    }
    assert!(n_checked >= 3 * (1 + 3 + 4), "{n_checked}");
}

/// What an MLP adds is the sum of its neurons' columns and a bias, so what its neurons do adds up to what its output does: zeroed, where it has
/// no bias, and patched, where the bias is in both texts. Of two stacks, in each.
#[test]
fn neurons_of_an_mlp_add_up_to_its_output() {
    for (name, kinds) in [("llama", [false, true].as_slice()), ("gpt2", &[true]), ("bert", &[true]), ("bart", &[true])]
    {
        let golden = Golden::of(name);
        for &is_patch in kinds {
            let found = golden.estimates(&[EstimateOf::Neurons, EstimateOf::Positions], is_patch);
            let sums = |wanted: BlockSite| -> Vec<(StackHook, f32)> {
                let is_at = |hook: StackHook| matches!(hook.hook, Hook::Block(_, site) if site == wanted);
                let estimates = found.hooks.iter().filter(|estimate| is_at(estimate.hook));
                estimates.map(|estimate| (estimate.hook, estimate.values.iter().sum())).collect()
            };
            let (neurons, outputs) = (sums(BlockSite::MlpPost), sums(BlockSite::MlpOut));
            assert!(!outputs.is_empty() && neurons.len() == outputs.len(), "{name}");
            let scale = outputs.iter().fold(0.0f32, |most, (_, value)| most.max(value.abs()));
            for ((hook, neurons), (_, output)) in neurons.into_iter().zip(outputs) {
                assert!((neurons - output).abs() < TOLERANCE * scale, "{name} {hook} {is_patch}: {neurons} {output}");
            }
        }
    }
}

/// The estimate of cutting a link is the slope towards it: scores of the link lowered a little take away that share of its weight.
#[test]
fn cutting_a_link_is_estimated_with_the_rest_of_its_row() {
    let golden = Golden::of("gpt2");
    let estimates = golden.estimates(&[EstimateOf::Edges], false);
    let n_pos = golden.run.tokens().len();
    for (layer, head, query, key) in [(0, 1, 9, 4), (1, 0, 17, 0), (2, 3, 17, 12)] {
        let hook = StackHook { stack: None, hook: Hook::Block(layer, BlockSite::Pattern) };
        let estimate = estimates.hooks.iter().find(|estimate| estimate.hook == hook).unwrap();
        let found = f64::from(estimate.values[(head * n_pos + query) * n_pos + key]);
        let pattern = golden.run.attention(layer).unwrap().pattern_rows(head, query..query + 1).unwrap();
        // The row on its way to the cut one: a part of the link's weight, shared out in proportion.
        let moved = |part: f64| {
            let (own, kept) = (f64::from(pattern[key]), 1.0 - f64::from(pattern[key]));
            let weight = |(other, weight): (usize, &f32)| match other == key {
                true => own * (1.0 - part),
                false => f64::from(*weight) * (1.0 + part * own / kept),
            };
            let weights: Vec<f64> = pattern.iter().enumerate().map(weight).collect();
            let edit = format!(
                r#"[{{"kind":"set_pattern_row","layer":{layer},"head":{head},"query":{query},"weights":{weights:?}}}]"#
            );
            let edits = edit::parse_list(&edit).unwrap();
            let bound = CompiledEdits::bind(&edits, golden.run.model().spec(), n_pos).unwrap();
            let mut run = golden.run.again(bound, Captures::none()).unwrap();
            run.complete().unwrap();
            let mut backward = Backward::new(Arc::new(run), golden.outcome(), Asked::default()).unwrap();
            while backward.step().unwrap() == Step::More {}
            backward.value()
        };
        let slope = (moved(0.02) - moved(-0.02)) / 0.04;
        assert!((slope - found).abs() < 1e-2 * found.abs() + 1e-4, "L{layer}H{head} {query}→{key}: {slope} {found}");
    }
    // The first query of a causal model has one key.
    let first = &estimates.hooks[0].values[..n_pos];
    assert!(first[0].is_nan() && first[1..].iter().all(|value| *value == 0.0), "{first:?}");
}

/// Estimates of a cosine are of the same edit in both texts, each read on its own.
#[test]
fn a_cosine_moves_by_the_estimates_of_both_texts() {
    let (model, folder) = (load_golden("bert"), golden("bert"));
    let inside: Inside = serde_json::from_slice(&read(&folder.join("inside.json"))).unwrap();
    let texts = [&inside.ids[..], &[2, 8, 11, 30, 3]].map(|ids| model.tokens_from_ids(ids).unwrap());
    let run = Arc::new(finished(&model, texts[0].clone(), CompiledEdits::none(), Captures::none()));
    let measure = Measure::Cosine(texts.clone());
    let subjects = complete(SubjectsJob::new(run, &[], measure).unwrap()).unwrap();
    assert_eq!(subjects.len(), 2);
    for (of, head) in [(EstimateOf::Heads, true), (EstimateOf::Neurons, false)] {
        let mut found = None::<Estimates>;
        for (run, outcome) in subjects.clone() {
            let part = complete(EstimateJob::new(run, outcome, &[of], None).unwrap()).unwrap();
            match &mut found {
                None => found = Some(part),
                Some(found) => found.add(part),
            }
        }
        let found = found.unwrap();
        let moved = |edit: &str| {
            let inputs = texts.clone().map(RunInput::from);
            complete(SimilarityJob::new(&model, inputs, &edit::parse_list(edit).unwrap()).unwrap()).unwrap()
        };
        assert!((found.outcome - moved("[]")).abs() < 1e-6);
        for estimate in &found.hooks {
            let Hook::Block(layer, site) = estimate.hook.hook else { unreachable!() };
            let index = estimate.values.len() / 2;
            let place = match estimate.shape.as_slice() {
                [1, _] if head => format!(r#""head":{index}"#),
                [_, d_head] => format!(r#""head":{},"neuron":{}"#, index / d_head, index % d_head),
                _ => format!(r#""neuron":{index}"#),
            };
            let edit = |factor: f64| {
                format!(r#"[{{"kind":"scale","layer":{layer},"hook":"{}",{place},"factor":{factor}}}]"#, site.name())
            };
            let slope = (moved(&edit(0.9)) - moved(&edit(1.1))) / 0.2;
            let expected = f64::from(estimate.values[index]);
            assert!((slope - expected).abs() < 2e-2 * expected.abs() + 2e-5, "{}: {slope} {expected}", estimate.hook);
        }
    }
}

fn saliency(golden: &Golden, baseline: Baseline) -> Saliency {
    complete(SaliencyJob::new(Arc::clone(&golden.run), golden.outcome(), baseline).unwrap()).unwrap()
}

/// The parts of the path add up to the difference, and gradients at the text are those of the reverse pass.
#[test]
fn integrated_gradients_add_up() {
    for name in ["gpt2", "llama", "bert", "bart"] {
        let golden = Golden::of(name);
        let (mut backward, mut norms) = {
            let asked = Asked::matching(&golden.run, |hook| hook.hook == Hook::Embed);
            (Backward::new(Arc::clone(&golden.run), golden.outcome(), asked).unwrap(), BTreeMap::new())
        };
        while backward.step().unwrap() == Step::More {}
        for part in backward.drain() {
            let width = golden.run.model().spec().full_embed_width();
            let norm = |row: &[f32]| row.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            norms.insert(part.hook.stack, part.gradient.chunks_exact(width).map(norm).collect::<Vec<f64>>());
        }
        let mean = (name == "gpt2").then_some(Baseline::Mean);
        for baseline in [Some(Baseline::Token(5)), mean].into_iter().flatten() {
            let found = saliency(&golden, baseline);
            let own = golden.run.source().map(|_| Stack::Decoder);
            assert_eq!(found.own.norm, norms[&own], "{name}");
            assert_eq!(found.encoder.is_some(), own.is_some());
            let sums = found.own.integrated.iter().chain(found.encoder.iter().flat_map(|stack| &stack.integrated));
            let total: f64 = sums.sum();
            assert!(found.n_steps >= 32 && found.n_steps <= 256);
            // The remainder is what is left of M(text) − M(beginning), which it is small beside.
            assert!(found.remainder.abs() < 0.1 * (total + found.remainder).abs() + 0.02, "{name}: {found:?}");
            assert!(found.own.saliency.iter().any(|value| *value != 0.0));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let golden = Golden::of("gpt2");
    let refused = |of: EstimateOf, ids: &[u32]| {
        let other = golden.run.model().tokens_from_ids(ids).unwrap();
        EstimateJob::new(Arc::clone(&golden.run), golden.outcome(), &[of], Some(other)).unwrap_err().to_string()
    };
    assert!(refused(EstimateOf::Heads, &[1, 2]).contains("18 tokens, the other 2"));
    assert!(refused(EstimateOf::Edges, &golden.inside.corrupt_ids).contains("cut"));
    let two_stacks = Golden::of("bart").run;
    let texts = [&[0, 5, 2], &[0, 7, 2]].map(|ids: &[u32; 3]| two_stacks.model().tokens_from_ids(ids).unwrap());
    let cosine = || Measure::Cosine(texts.clone());
    let estimated = SubjectsJob::new(Arc::clone(&two_stacks), &[], cosine()).unwrap_err().to_string();
    let tried = SweepJob::new(Arc::clone(&two_stacks), Vec::new(), SweepKind::Each(Vec::new()), cosine());
    assert!(estimated.contains("no one embedding") && tried.unwrap_err().to_string() == estimated, "{estimated}");
}

/// `golden-real/smollm2/inside-mary-john.json`: estimates of all heads, and some of them exactly.
#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn smollm2_heads_agree_with_pytorch() {
    let expected: serde_json::Value =
        serde_json::from_slice(&read(&fixture("golden-real/smollm2/inside-mary-john.json"))).unwrap();
    let model: Arc<Model> = load(&vec![("SmolLM2.gguf".to_owned(), read(&model_file(SMOLLM2_GGUF)))]).unwrap();
    let text = |name: &str| expected[name].as_str().unwrap().to_owned();
    let tokens = |name: &str| model.encode(&text(name), None).unwrap();
    let id = |name: &str| model.single_token(&text(name)).unwrap();
    let run = Arc::new(finished(&model, tokens("text"), CompiledEdits::none(), Captures::none()));
    let contrast = Contrast { answers: vec![id("answer")], others: vec![id("other")] };
    let outcome = Differentiated::Logits { contrast, position: run.tokens().len() - 1 };
    let floats = |kind: &str, part: &str| -> Vec<f32> {
        let rows = expected[kind][part].as_array().unwrap().iter();
        rows.flat_map(|row| row.as_array().unwrap()).map(|value| value.as_f64().unwrap() as f32).collect()
    };
    let mut comparison = Comparison::default();
    for (kind, other) in [("zero_head", None), ("patch_head", Some(tokens("corrupt")))] {
        let job = EstimateJob::new(Arc::clone(&run), outcome.clone(), &[EstimateOf::Heads], other).unwrap();
        let estimates = complete(job).unwrap();
        assert!((estimates.outcome - expected["M"].as_f64().unwrap()).abs() < 1e-3);
        let found = heads(&estimates, None, Attn::Own);
        check(&mut comparison, &format!("attribution.{kind}"), &found, &floats("attribution", kind));
        // METHODS: L20H0 is estimated +0.18 and is −1.87.
        let places = [(20, 0), (29, 8)].map(|(layer, head)| HeadPlace { stack: None, attn: Attn::Own, layer, head });
        let job =
            ExactJob::new(Arc::clone(&run), outcome.clone(), estimates.outcome, places.to_vec(), estimates.patched);
        let exact = complete(job).unwrap();
        let all = floats("exact", kind);
        let wanted = [all[20 * 9], all[29 * 9 + 8]];
        comparison.check(&format!("exact.{kind}"), &[exact[0] as f32, exact[1] as f32], &wanted, 5e-3);
    }
    let asked = Asked::of([Hook::Embed]);
    let mut backward = Backward::new(Arc::clone(&run), outcome, asked).unwrap();
    while backward.step().unwrap() == Step::More {}
    let gradient = &backward.drain()[0].gradient;
    let norm = |row: &[f32]| row.iter().map(|g| g * g).sum::<f32>().sqrt();
    let found: Vec<f32> = gradient.chunks_exact(model.spec().d_model).map(norm).collect();
    let norms: Vec<f32> = expected["saliency"]["embed_grad_norm"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap() as f32)
        .collect();
    check(&mut comparison, "saliency", &found, &norms);
    comparison.finish();
}
