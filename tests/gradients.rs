//! The reverse pass: agreement with PyTorch at every gradient that `inside.safetensors` holds, and with central differences at the
//! hooks of every small checkpoint, through edits too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::fs;
use std::sync::Arc;

use crate::support::engine::{files_of, finished, load, load_golden};
use crate::support::gradients::{compare_case, compare_gradients, everything, gradients, logits, outcome_of};
use crate::support::parity::decoded;
use crate::support::{Comparison, Tensors, fixture, golden, golden_cases, read};
use headlight::edit;
use headlight::engine::backward::{Asked, Backward, Differentiated};
use headlight::engine::{Captures, CompiledEdits, Model, PatchValues, Run, Step, patches};
use headlight::trace::spec::Activation;
use headlight::trace::{Axis, BlockSite, Hook, Lengths, Stack, StackHook};
use serde::Deserialize;

/// An `inside.json`.
#[derive(Deserialize)]
struct Inside {
    ids: Vec<u32>,
    decoder_ids: Option<Vec<u32>>,
    position: usize,
    answer_id: u32,
    other_id: u32,
    #[serde(rename = "M")]
    outcome: f64,
}

/// A run of a model with one stack, or of a decoder on its encoder's run.
fn run_of(model: &Arc<Model>, ids: &[u32], decoder_ids: &[u32]) -> Arc<Run> {
    match model.encoder() {
        None => {
            let tokens = model.tokens_from_ids(ids).unwrap();
            Arc::new(finished(model, tokens, CompiledEdits::none(), Captures::none()))
        }
        Some(encoder) => {
            let source = encoder.tokens_from_ids(ids).unwrap();
            let source = finished(encoder, source, CompiledEdits::none(), Captures::none());
            Arc::new(decoded(model, Arc::new(source), model.tokens_from_ids(decoder_ids).unwrap()))
        }
    }
}

#[test]
fn gradients_agree_with_pytorch() {
    let mut comparison = Comparison::default();
    for architecture in ["gpt2", "gpt_neox", "llama", "qwen3", "gemma3_text", "bert", "bart"] {
        let (model, folder) = (load_golden(architecture), golden(architecture));
        let inside: Inside = serde_json::from_slice(&read(&folder.join("inside.json"))).unwrap();
        let values = Tensors::open(&folder.join("inside.safetensors"));
        let run = run_of(&model, &inside.ids, inside.decoder_ids.as_deref().unwrap_or_default());
        let difference = logits(&[inside.answer_id], &[inside.other_id], inside.position);
        let (value, found) = gradients(&run, difference, everything(&run));
        assert!((value - inside.outcome).abs() < 1e-4, "{architecture}: {value} {}", inside.outcome);
        let n_compared = compare_gradients(&mut comparison, architecture, &found, &values, model.encoder().is_some());
        assert!(n_compared >= 22, "{architecture}: {n_compared}");
    }
    comparison.finish();
}

/// `gradients.safetensors`: every other small checkpoint that Hugging Face transformers reads, by `make_gradients.py`.
#[test]
fn gradients_agree_with_pytorch_on_every_checkpoint() {
    let mut comparison = Comparison::default();
    let mut n_checkpoints = 0;
    for (name, folder) in names().into_iter().map(|name| (name.clone(), golden(&name))) {
        if !folder.join("gradients.safetensors").exists() {
            assert!(
                folder.join("inside.safetensors").exists() || name.starts_with("hooked") || name == "attn_only",
                "{name}"
            );
            continue;
        }
        let values = Tensors::open(&folder.join("gradients.safetensors"));
        let (model, case) = (load_golden(&name), &golden_cases(&name)[0]);
        compare_case(&mut comparison, &name, &model, case, &values);
        n_checkpoints += 1;
    }
    assert!(n_checkpoints >= 96, "{n_checkpoints}");
    comparison.finish();
}

/// The edits of a run, bound to both of its stacks, and the run again under them.
fn edited(run: &Arc<Run>, list: &str) -> Arc<Run> {
    let (model, edits) = (run.model(), edit::parse_list(list).unwrap());
    let bind = |stack, lengths| CompiledEdits::bind_stack(&edits, model.spec(), stack, lengths).unwrap();
    let mut again = match run.source() {
        None => {
            let (spec, lengths) = (model.spec(), Lengths::from(run.tokens().len()));
            let mut values = PatchValues::default();
            for (from, hooks) in patches(&edits, spec, None, lengths) {
                for hook in hooks {
                    values.insert(&from, hook, vec![0.2; hook.shape(spec, lengths).iter().product()]);
                }
            }
            let bound = CompiledEdits::bind_strictly(&edits, spec, None, lengths, &values).unwrap();
            run.again(bound, Captures::none()).unwrap()
        }
        Some(source) => {
            let n_source = source.tokens().len();
            let of_encoder = bind(Stack::Encoder, Lengths::from(n_source));
            let mut encoder = source.again(of_encoder, Captures::none()).unwrap();
            encoder.complete().unwrap();
            let lengths = Lengths { n_pos: run.tokens().len(), n_source };
            let of_decoder = bind(Stack::Decoder, lengths);
            let (model, tokens) = (Arc::clone(model), run.tokens().clone());
            Run::decode(model, Arc::new(encoder), tokens, of_decoder, Captures::none()).unwrap()
        }
    };
    again.complete().unwrap();
    Arc::new(again)
}

/// The small checkpoints.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(fixture("golden"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| golden(name).join("expected.json").exists() && golden(name).join("tokenizer.json").exists())
        .collect();
    names.sort();
    assert!(names.len() > 40, "{names:?}");
    names
}

/// The small checkpoints with the run of their first case.
fn every_run() -> impl Iterator<Item = (String, Arc<Run>)> {
    names().into_iter().map(|name| {
        let (model, case) = (load_golden(&name), &golden_cases(&name)[0]);
        let ids =
            model.encode(&case.text, case.text_pair.as_deref().filter(|_| model.encoder().is_none())).unwrap().ids;
        let target = case.text_pair.as_deref().filter(|_| model.encoder().is_some());
        let target = target.map(|target| model.encode_target(target).unwrap().ids).unwrap_or_default();
        let run = run_of(&model, &ids[..ids.len().min(9)], &target[..target.len().min(7)]);
        (name, run)
    })
}

/// M of a run, by the same path as the reverse begins with.
fn outcome(run: &Arc<Run>) -> f64 {
    let mut backward = Backward::new(Arc::clone(run), outcome_of(run), Asked::default()).unwrap();
    while backward.step().unwrap() == Step::More {}
    backward.value()
}

/// Scaling a part of an activation by 1 ± ε moves M by ±ε g · a: at one position, or the last head, of a site each, in turn.
fn check_by_scaling(name: &str, run: &Arc<Run>, base: &str, step: f64) -> usize {
    let (_, found) = gradients(run, outcome_of(run), everything(run));
    let n_hooks = |run: &Run| Hook::all(run.model().spec()).len();
    assert_eq!(found.len(), n_hooks(run) + run.source().map_or(0, |source| n_hooks(source)), "{name}: every hook");
    let stack_of =
        |stack: Option<Stack>| stack.map_or(String::new(), |stack| format!(r#","stack":"{}""#, stack.name()));
    let mut n_checked = 0;
    for (index, (hook, part)) in found.iter().enumerate() {
        let own = if hook.stack == Some(Stack::Encoder) { run.source().unwrap() } else { run };
        let spec = own.model().spec();
        let n_source = run.source().map_or(0, |source| source.tokens().len());
        let shape = hook.hook.shape(spec, Lengths { n_pos: own.tokens().len(), n_source });
        assert_eq!(part.gradient.len(), shape.iter().product::<usize>(), "{name} {hook}");
        // Which experts are chosen moves by whole numbers alone.
        if matches!(hook.hook, Hook::Block(_, BlockSite::ExpertIndices)) {
            assert!(part.gradient.iter().all(|gradient| *gradient == 0.0), "{name} {hook}");
            continue;
        }
        // Every layer of the first block of sites would take long: layers take turns.
        if hook.hook.layer().is_some_and(|layer| (index + layer) % 2 != 0) {
            continue;
        }
        let axes = hook.hook.axes();
        let chosen = |axis: Axis| match axis {
            Axis::Pos | Axis::QueryPos | Axis::SourcePos if axes[0] == axis || axis == Axis::QueryPos => {
                Some(index % 2 + 2)
            }
            Axis::Head | Axis::KeyValueHead if index % 3 != 0 => Some(0),
            _ => None,
        };
        // −∞ of masked scores has no product.
        let value = part.value.as_ref().unwrap();
        let (mut expected, mut scale) = (0.0f64, 0.0f64);
        for (at, (gradient, value)) in part.gradient.iter().zip(value).enumerate() {
            let mut rest = at;
            let is_chosen = shape.iter().zip(axes).rev().all(|(len, axis)| {
                let here = rest % len;
                rest /= len;
                chosen(*axis).is_none_or(|wanted| wanted == here)
            });
            if is_chosen && value.is_finite() {
                expected += f64::from(*gradient) * f64::from(*value);
                scale += (f64::from(*gradient) * f64::from(*value)).abs();
            }
        }
        let position = axes.iter().find_map(|axis| match axis {
            Axis::Head | Axis::KeyValueHead => None,
            axis => chosen(*axis),
        });
        let head = axes.iter().find_map(|axis| match axis {
            Axis::Head | Axis::KeyValueHead => chosen(*axis),
            _ => None,
        });
        let field =
            |name: &str, value: Option<usize>| value.map_or(String::new(), |value| format!(r#","{name}":{value}"#));
        let place = match hook.hook {
            Hook::Block(layer, site) => {
                let attn = if site.is_cross() { r#","attn":"cross""# } else { "" };
                format!(r#""layer":{layer},"hook":"{}"{attn}"#, site.name())
            }
            outer => format!(r#""hook":"{outer}""#),
        };
        let moved = |factor: f64| {
            let edit = format!(
                r#"{{"kind":"scale",{place}{}{}{},"factor":{factor}}}"#,
                field("query", position),
                field("head", head),
                stack_of(hook.stack)
            );
            let comma = if base.is_empty() { "" } else { "," };
            outcome(&edited(run, &format!("[{base}{comma}{edit}]")))
        };
        let difference = (moved(1.0 + step) - moved(1.0 - step)) / (2.0 * step);
        // Within ε some neurons of a relu, and values at a limit, change sides.
        let has_kinks = [Some(spec.activation), spec.head_activation].contains(&Some(Activation::Relu))
            || run.model().spec().activation == Activation::Relu
            || spec.clip_qkv.is_some()
            || spec.experts.as_ref().is_some_and(|experts| experts.limit.is_some());
        let allowed = if has_kinks { 0.05 } else { 2e-3 } * scale + 1e-3;
        assert!(
            (difference - expected).abs() < allowed,
            "{name}, {hook}, position {position:?}, head {head:?}: differences {difference}, gradient · value {expected}, of {scale}"
        );
        n_checked += 1;
    }
    n_checked
}

/// Every architecture and option of the goldens: norms before, after and on outputs, parallel blocks, rotations, windows, biases by
/// distance, soft caps, gates, and both stacks where there are two.
#[test]
fn gradients_agree_with_differences_on_every_checkpoint() {
    let mut n_checked = 0;
    for (name, run) in every_run() {
        n_checked += check_by_scaling(&name, &run, "", 0.01);
    }
    assert!(n_checked > 1000, "{n_checked}");
}

/// Edits that scale, overwrite, add, cut, average and set pass gradients as they pass changes.
#[test]
fn gradients_go_through_edits() {
    let edits = r#"{"kind":"scale","layer":1,"hook":"attn.hook_z","head":1,"factor":0.5},
        {"kind":"zero_head","layer":0,"head":2},
        {"kind":"position_mean_head","layer":1,"head":2},
        {"kind":"knock_out_edge","layer":1,"head":0,"query":4,"key":1},
        {"kind":"uniform_pattern","layer":0,"head":1},
        {"kind":"set_pattern_row","layer":1,"head":3,"query":3,"weights":[1,2,0,3,0,0,0,0,0]},
        {"kind":"scale","layer":0,"hook":"attn.hook_pattern","head":0,"query":5,"factor":1.5},
        {"kind":"scale","layer":1,"hook":"attn.hook_attn_scores","head":3,"query":5,"factor":0.7},
        {"kind":"zero_value","layer":0,"key":2},
        {"kind":"scale","layer":0,"hook":"attn.hook_result","head":3,"factor":1.3},
        {"kind":"set","layer":1,"hook":"hook_mlp_out","query":2,"value":0.1},
        {"kind":"scale","layer":0,"hook":"mlp.hook_post","neuron":3,"factor":-2.0},
        {"kind":"set","layer":1,"hook":"mlp.hook_pre","neuron":4,"value":0.3},
        {"kind":"patch","layer":1,"hook":"mlp.hook_post","neuron":[5,6],"from":{"ids":[1]}},
        {"kind":"scale","layer":1,"hook":"hook_resid_pre","query":1,"factor":0.8}"#;
    for name in ["gpt2", "llama", "bert", "gemma2"] {
        let model = load_golden(name);
        let ids: Vec<u32> = (5..14).collect();
        let run = edited(&run_of(&model, &ids, &[]), &format!("[{edits}]"));
        assert!(check_by_scaling(name, &run, edits, 0.01) > 15, "{name}");
        let (_, found) = gradients(&run, outcome_of(&run), everything(&run));
        let (_, plain) = {
            let plain = run_of(&model, &ids, &[]);
            gradients(&plain, outcome_of(&plain), everything(&plain))
        };
        let z = StackHook { stack: None, hook: Hook::Block(0, BlockSite::Z) };
        assert_ne!(found[&z].gradient, plain[&z].gradient, "{name}: the edits change gradients");
        // Nothing passes a pattern that is set, or one that is uniform.
        let scores = &found[&StackHook { stack: None, hook: Hook::Block(0, BlockSite::AttnScores) }].gradient;
        assert!(scores[81..162].iter().all(|gradient| *gradient == 0.0), "{name}: uniform");
        let scores = &found[&StackHook { stack: None, hook: Hook::Block(1, BlockSite::AttnScores) }].gradient;
        assert!(scores[3 * 81 + 3 * 9..3 * 81 + 4 * 9].iter().all(|gradient| *gradient == 0.0), "{name}: set row");
    }
}

/// M moves as the gradient by the stream says, for outcomes that are not linear in logits: log probabilities, labels, cosines.
#[test]
fn every_outcome_has_its_gradient() {
    let classifier = |name: &str| {
        load(&files_of(&fixture("classifiers").join(name), &["config.json", "model.safetensors"])).unwrap()
    };
    let other: Vec<f64> = (0..48).map(|i| (i * 7 % 5) as f64 - 1.5).collect();
    let label =
        |label: usize, against: &[usize]| Differentiated::Label { label, against: against.to_vec(), position: None };
    let log_prob = Differentiated::LogProb(vec![(2, 7), (3, 300), (4, 11)]);
    let cases: Vec<(&str, Arc<Model>, Differentiated)> = vec![
        ("log probability, gpt2", load_golden("gpt2"), log_prob.clone()),
        ("log probability, gemma2", load_golden("gemma2"), log_prob),
        ("log probability, bert", load_golden("bert"), Differentiated::LogProb(vec![(1, 9), (3, 30)])),
        ("cosine, bert", load_golden("bert"), Differentiated::Cosine(other)),
        ("a label", classifier("bert"), label(0, &[1])),
        ("a label of a mean", classifier("modernbert"), label(1, &[0])),
    ];
    for (name, model, of) in cases {
        let run = run_of(&model, &(5..14).collect::<Vec<u32>>(), &[]);
        let (value, found) = gradients(&run, of.clone(), everything(&run));
        let value_of = |run: &Arc<Run>| gradients(run, of.clone(), Asked::default()).0;
        assert_eq!(value, value_of(&run));
        for hook in [Hook::Block(1, BlockSite::Z), Hook::Block(0, BlockSite::MlpOut), Hook::Block(1, BlockSite::V)] {
            let part = &found[&StackHook { stack: None, hook }];
            let pairs = part.gradient.iter().zip(part.value.as_ref().unwrap());
            let products =
                pairs.map(|(gradient, value)| f64::from(*gradient) * f64::from(*value)).collect::<Vec<f64>>();
            let (expected, scale) = (products.iter().sum::<f64>(), products.iter().map(|p| p.abs()).sum::<f64>());
            let Hook::Block(layer, site) = hook else { unreachable!() };
            let moved = |factor: f64| {
                let edit =
                    format!(r#"[{{"kind":"scale","layer":{layer},"hook":"{}","factor":{factor}}}]"#, site.name());
                value_of(&edited(&run, &edit))
            };
            let difference = (moved(1.01) - moved(0.99)) / 0.02;
            assert!(scale > 1e-4, "{name} {hook}: nothing moves");
            assert!(
                (difference - expected).abs() < 5e-3 * scale + 2e-4,
                "{name} {hook}: {difference} {expected} of {scale}"
            );
        }
    }
}

/// What a reverse pass cannot begin with is refused, and nothing below the lowest hook that is asked for is gone through.
#[test]
fn wrong_questions_are_refused_and_only_what_is_asked_is_made() {
    let model = load_golden("gpt2");
    let run = run_of(&model, &[5, 6, 7], &[]);
    let refused = |of: Differentiated| Backward::new(Arc::clone(&run), of, Asked::default()).unwrap_err().to_string();
    assert!(refused(logits(&[1], &[2], 9)).contains("position 9 is not there: 3 tokens"));
    assert!(refused(logits(&[99_999], &[2], 1)).contains("vocabulary"));
    assert!(refused(logits(&[], &[2], 1)).contains("at least one answer"));
    assert!(refused(Differentiated::LogProb(Vec::new())).contains("at least one token"));
    let label = Differentiated::Label { label: 0, against: Vec::new(), position: None };
    assert!(refused(label).contains("no labels"));
    assert!(refused(Differentiated::Cosine(vec![1.0])).contains("width"));
    let n_layers = model.spec().n_layers;
    let top = Hook::Block(n_layers - 1, BlockSite::Z);
    let mut backward = Backward::new(Arc::clone(&run), logits(&[1], &[2], 2), Asked::of([top])).unwrap();
    while backward.step().unwrap() == Step::More {}
    assert_eq!(backward.drain().iter().map(|part| part.hook.hook).collect::<Vec<_>>(), [top]);

    let tokens = model.tokens_from_ids(&[5, 6, 7]).unwrap();
    let mut cut = Run::new(model, tokens, CompiledEdits::none(), Captures::none()).unwrap();
    let under_way = Arc::new(
        Run::new(Arc::clone(cut.model()), cut.tokens().clone(), CompiledEdits::none(), Captures::none()).unwrap(),
    );
    assert!(
        Backward::new(under_way, logits(&[1], &[2], 2), Asked::default()).unwrap_err().to_string().contains("finished")
    );
    cut.keep_only(vec![1]);
    cut.complete().unwrap();
    let mut backward = Backward::new(Arc::new(cut), logits(&[1], &[2], 2), Asked::of([top])).unwrap();
    assert!(backward.step().unwrap_err().to_string().contains("was not kept"));
}
