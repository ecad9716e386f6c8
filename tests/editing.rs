//! Edits: sharing layers between runs, patches, what does not fit, and the identities in docs/methods.md, "Head
//! ablation" to "Norm-based attention".

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::max_abs_difference;
use headlight::edit::{self, Edit, PatchFrom};
use headlight::engine::jobs::{Measure, SweepJob, SweepKind, SweepPart, complete_with};
use headlight::engine::{Captures, CompiledEdits, Inactive, Measured, Model, Outcome, PatchValues, Run, patches};
use headlight::trace::{BlockSite, Hook, Tokens};

const TEXT: &str = "The doctor asked the nurse a question. She";
const OTHER: &str = "The nurse asked the doctor a question. She";

fn parse(json: &str) -> Vec<Edit> {
    edit::parse_list(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn bind(model: &Model, n_pos: usize, json: &str, patches: &PatchValues) -> CompiledEdits {
    let bound = CompiledEdits::bind_strictly(&parse(json), model.spec(), None, n_pos.into(), patches);
    bound.unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn with(model: &Arc<Model>, tokens: &Tokens, json: &str) -> Run {
    let edits = bind(model, tokens.len(), json, &PatchValues::default());
    finished(model, tokens.clone(), edits, Captures::none())
}

#[track_caller]
fn same(a: &Run, b: &Run, what: &str) {
    assert_eq!(a.final_stream(), b.final_stream(), "{what}");
    for layer in 0..a.model().spec().n_layers {
        for site in [BlockSite::ResidPre, BlockSite::Q, BlockSite::K, BlockSite::V, BlockSite::Pattern] {
            let hook = Hook::Block(layer, site);
            assert_eq!(a.activation(hook).unwrap(), b.activation(hook).unwrap(), "{what}: {hook}");
        }
    }
}

/// A run that shares layers is, to the last bit, the run computed from the tokens; and it shares what it can.
#[test]
fn shared_layers_change_nothing() {
    for architecture in ["attn_only", "bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let (last, n_layers) = (model.spec().n_layers - 1, model.spec().n_layers);
        let tokens = model.encode(TEXT, None).unwrap();
        let zero = |layer| format!(r#"{{"kind":"zero_head","layer":{layer},"head":1}}"#);
        let stream = |layer| format!(r#"{{"kind":"scale","layer":{layer},"hook":"hook_resid_pre","factor":1.5}}"#);
        let mean = |layer| format!(r#"{{"kind":"position_mean_head","layer":{layer},"head":0}}"#);
        let embed = r#"{"kind":"scale","hook":"hook_embed","query":2,"factor":3}"#.to_owned();
        let cases: [(Vec<String>, Vec<String>, usize); 10] = [
            (vec![], vec![], n_layers),
            (vec![], vec![zero(last)], last),
            (vec![], vec![zero(0)], 0),
            (vec![], vec![zero(last), mean(0)], 0),
            (vec![], vec![embed.clone()], 0),
            (vec![embed.clone()], vec![embed, zero(last)], last),
            (vec![zero(0)], vec![zero(0), zero(last)], last),
            (vec![mean(0), zero(last)], vec![mean(0)], last),
            (vec![stream(last)], vec![], last - 1),
            (vec![stream(0)], vec![stream(0), zero(0)], 0),
        ];
        for (before, after, n_shared) in cases {
            let list = |edits: &[String]| format!("[{}]", edits.join(","));
            let base = with(&model, &tokens, &list(&before));
            let edits = bind(&model, tokens.len(), &list(&after), &PatchValues::default());
            let mut again = base.again(edits, Captures::none()).unwrap();
            again.complete().unwrap();
            let what = format!("{architecture}: {before:?} → {after:?}");
            assert_eq!(base.n_layers_shared(&again), n_shared, "{what}");
            same(&again, &with(&model, &tokens, &list(&after)), &what);
        }
    }
}

/// A captured hook is computed even where its layer could be shared.
#[test]
fn captures_reach_below_the_edit() {
    let model = load_golden("gpt2");
    let tokens = model.encode(TEXT, None).unwrap();
    let base = with(&model, &tokens, "[]");
    for hook in [Hook::Embed, Hook::Block(0, BlockSite::MlpPost), Hook::Block(1, BlockSite::Z), Hook::LnFinal] {
        let scratch = finished(&model, tokens.clone(), CompiledEdits::none(), Captures::of([hook]));
        let mut again = base.again(CompiledEdits::none(), Captures::of([hook])).unwrap();
        again.complete().unwrap();
        assert_eq!(again.captured(hook), scratch.captured(hook), "{hook}");
        assert!(again.captured(hook).is_some(), "{hook}");
    }
}

/// The values that a patch takes from a run on another text.
fn take(model: &Arc<Model>, json: &str, n_pos: usize) -> PatchValues {
    let mut values = PatchValues::default();
    for (from, hooks) in patches(&parse(json), model.spec(), None, n_pos.into()) {
        let PatchFrom::Text(text, pair) = &from else { panic!("{from}") };
        let tokens = model.encode(text, pair.as_deref()).unwrap();
        let captures = Captures::of(hooks.iter().copied().filter(|hook| Run::must_capture(*hook)));
        let other = finished(model, tokens, CompiledEdits::none(), captures);
        for hook in hooks {
            values.insert(&from, hook, other.activation(hook).unwrap());
        }
    }
    values
}

/// docs/methods.md, "Activation patching": all positions of the stream at one layer make the patched run the other run,
/// R = 1. The same holds for every hook that the whole stream goes through.
#[test]
fn patching_everything_gives_the_other_run() {
    for architecture in ["attn_only", "bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let (corrupt, clean) = (model.encode(TEXT, None).unwrap(), model.encode(OTHER, None).unwrap());
        assert_eq!(corrupt.len(), clean.len());
        let outcome = Outcome::pair(5, 9, None);
        let (corrupt_run, clean_run) = (with(&model, &corrupt, "[]"), with(&model, &clean, "[]"));
        let m = |run: &Run| outcome.value(run).unwrap().logit_difference;
        let mut hooks = vec!["hook_resid_pre", "hook_resid_post"];
        if architecture == "bert" {
            hooks.push("hook_normalized_resid_post");
        }
        for hook in hooks {
            for layer in 0..model.spec().n_layers {
                let json =
                    format!(r#"[{{"kind":"patch","layer":{layer},"hook":"{hook}","from":{{"text":"{OTHER}"}}}}]"#);
                let edits = bind(&model, corrupt.len(), &json, &take(&model, &json, corrupt.len()));
                let mut patched = corrupt_run.again(edits, Captures::none()).unwrap();
                patched.complete().unwrap();
                let r = (m(&patched) - m(&corrupt_run)) / (m(&clean_run) - m(&corrupt_run));
                assert!((r - 1.0).abs() < 1e-4, "{architecture} {hook} {layer}: R = {r}");
                assert_eq!(patched.final_stream(), clean_run.final_stream(), "{architecture} {hook} {layer}");
            }
        }
    }
}

/// Patching a hook with the run's own values changes nothing, at every hook there is, whatever the part.
#[test]
fn patching_with_itself_changes_nothing() {
    for architecture in ["attn_only", "bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let clean = with(&model, &tokens, "[]");
        for hook in Hook::all(model.spec()) {
            let json = format!(r#"[{{"kind":"patch","hook":"{hook}","query":[1,3],"from":{{"text":"{TEXT}"}}}}]"#);
            let edits = bind(&model, tokens.len(), &json, &take(&model, &json, tokens.len()));
            let patched = finished(&model, tokens.clone(), edits, Captures::none());
            let (difference, _) = max_abs_difference(patched.final_stream(), clean.final_stream());
            // By way of hook_result, heads are summed in another order.
            assert!(difference < 1e-5, "{architecture} {hook}: {difference}");
        }
    }
}

/// A patch of one head or neuron at one position touches nothing else of its hook.
#[test]
fn a_patch_has_its_place() {
    let model = load_golden("gpt2");
    let tokens = model.encode(TEXT, None).unwrap();
    let patch = |neuron: &str| {
        let place = format!(r#""hook":"attn.hook_z","query":4,"head":2{neuron}"#);
        format!(r#"[{{"kind":"patch","layer":1,{place},"from":{{"text":"{OTHER}"}}}}]"#)
    };
    let json = patch("");
    let z = Hook::Block(1, BlockSite::Z);
    let run = |tokens: &Tokens, edits| finished(&model, tokens.clone(), edits, Captures::of([z]));
    let own = run(&tokens, CompiledEdits::none());
    let other = run(&model.encode(OTHER, None).unwrap(), CompiledEdits::none());
    let patched = run(&tokens, bind(&model, tokens.len(), &json, &take(&model, &json, tokens.len())));
    let d_head = model.spec().d_head;
    let part = (4 * model.spec().n_heads + 2) * d_head;
    let mut expected = own.captured(z).unwrap().to_vec();
    assert_ne!(expected[part..part + d_head], other.captured(z).unwrap()[part..part + d_head]);
    expected[part..part + d_head].copy_from_slice(&other.captured(z).unwrap()[part..part + d_head]);
    assert_eq!(patched.captured(z).unwrap(), expected);
    let json = patch(r#","neuron":3"#);
    let patched = run(&tokens, bind(&model, tokens.len(), &json, &take(&model, &json, tokens.len())));
    let mut expected = own.captured(z).unwrap().to_vec();
    expected[part + 3] = other.captured(z).unwrap()[part + 3];
    assert_eq!(patched.captured(z).unwrap(), expected);
}

/// docs/methods.md, "Head ablation": zeroing z of a head sets what the head writes to 0, and the effect keeps its sign.
#[test]
fn a_zeroed_head_writes_nothing() {
    for architecture in ["attn_only", "bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let (layer, head) = (0, 1);
        let zeroed = with(&model, &tokens, &format!(r#"[{{"kind":"zero_head","layer":{layer},"head":{head}}}]"#));
        let json = format!(r#"[{{"kind":"set","layer":{layer},"hook":"attn.hook_result","head":{head},"value":0}}]"#);
        let silent = with(&model, &tokens, &json);
        let (difference, _) = max_abs_difference(zeroed.final_stream(), silent.final_stream());
        // By way of hook_result, heads are summed in another order.
        assert!(difference < 1e-5, "{architecture}: {difference}");
        // What the layer writes is without the head's part, to the last number.
        let sites = [Hook::Block(layer, BlockSite::Result), Hook::Block(layer, BlockSite::AttnOut)];
        let captured = |json: &str| {
            let edits = bind(&model, tokens.len(), json, &PatchValues::default());
            finished(&model, tokens.clone(), edits, Captures::of(sites))
        };
        let (clean, without) = (captured("[]"), captured(&json));
        let (d_model, n_heads) = (model.spec().d_model, model.spec().n_heads);
        let result = clean.captured(sites[0]).unwrap();
        let heads_part = |at: usize| result[((at / d_model) * n_heads + head) * d_model + at % d_model];
        let expected: Vec<f32> =
            clean.captured(sites[1]).unwrap().iter().enumerate().map(|(at, out)| out - heads_part(at)).collect();
        let (difference, _) = max_abs_difference(without.captured(sites[1]).unwrap(), &expected);
        assert!(difference < 1e-5, "{architecture} attn_out: {difference}");
        let outcome = Outcome::pair(5, 9, Some(3));
        let m = |run: &Run| outcome.value(run).unwrap().logit_difference;
        let effect = m(&with(&model, &tokens, "[]")) - m(&zeroed);
        let swapped = Outcome::pair(9, 5, Some(3));
        let m = |run: &Run| swapped.value(run).unwrap().logit_difference;
        assert_eq!(effect, -(m(&with(&model, &tokens, "[]")) - m(&zeroed)), "{architecture}: the sign is kept");
        assert!(effect != 0.0);
    }
}

/// Of several other tokens the mean of their logits is subtracted, and their probabilities are added.
#[test]
fn several_other_tokens_count_by_their_mean() {
    let model = load_golden("llama");
    let tokens = model.encode(TEXT, None).unwrap();
    let run = with(&model, &tokens, "[]");
    let value = |others: &[u32]| Outcome { answer: 5, others: others.to_vec(), position: Some(3) }.value(&run);
    let [one, other, both] = [&[9][..], &[11], &[9, 11]].map(|others| value(others).unwrap());
    let mean = (one.logit_difference + other.logit_difference) / 2.0;
    assert!((both.logit_difference - mean).abs() < 1e-5, "{both:?} instead of {mean}");
    assert!((both.p_others - (one.p_others + other.p_others)).abs() < 1e-6, "{both:?}");
    assert_eq!(both.p_answer, one.p_answer);
    assert!(value(&[]).unwrap_err().to_string().contains("at least one other token"));
    assert!(value(&[9, u32::MAX]).unwrap_err().to_string().contains("not in the vocabulary"));
}

/// A sweep's cell is the whole model run with its edit alone; measured together or one by one, the outcome is the same.
#[test]
fn a_sweeps_cells_are_runs_with_their_edit() {
    for architecture in ["attn_only", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let base = Arc::new(with(&model, &tokens, "[]"));
        let outcome = Outcome::pair(5, 9, None);
        let (n_layers, n_heads) = (model.spec().n_layers, model.spec().n_heads);
        let kinds = [
            (SweepKind::ZeroHeads, n_heads),
            (SweepKind::PositionMeanHeads, n_heads),
            (SweepKind::CutKeys, tokens.len()),
        ];
        for (kind, n_columns) in kinds {
            let name = format!("{architecture} {kind:?}");
            let job = SweepJob::new(Arc::clone(&base), Vec::new(), kind, Measure::Tokens(outcome.clone())).unwrap();
            let mut parts = Vec::new();
            let result = complete_with(job, |part| parts.push(part)).unwrap();
            assert_eq!(result.base, Measured::Tokens(outcome.value(&base).unwrap()), "{name}");
            parts.sort_by_key(|part| part.index);
            assert!(parts.iter().map(|part| part.index).eq(0..n_layers * n_columns), "{name}");
            for SweepPart { cell, outcome: measured, .. } in parts.iter().step_by(3) {
                let json = edit::list_to_json([&cell.edit]);
                let alone = outcome.value(&with(&model, &tokens, &json)).unwrap();
                let Some(Measured::Tokens(value)) = measured else { panic!("{name}: {measured:?}") };
                assert!((alone.logit_difference - value.logit_difference).abs() < 1e-5, "{name} {json}");
                assert!((alone.p_answer - value.p_answer).abs() < 1e-6, "{name} {json}");
            }
        }
    }
}

/// docs/methods.md, "Edge knockout": rows sum to 1, the edge is gone, and positions before the query do not change.
#[test]
fn a_cut_edge_leaves_earlier_positions_alone() {
    for architecture in ["attn_only", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let n_pos = tokens.len();
        let (query, key) = (n_pos - 3, 2);
        let json = format!(r#"[{{"kind":"knock_out_edge","layer":0,"head":"all","query":{query},"key":{key}}}]"#);
        let (clean, cut) = (with(&model, &tokens, "[]"), with(&model, &tokens, &json));
        let before = query * model.spec().d_model;
        assert_eq!(clean.final_stream()[..before], cut.final_stream()[..before], "{architecture}");
        assert_ne!(clean.final_stream()[before..], cut.final_stream()[before..], "{architecture}");
        for layer in 0..model.spec().n_layers {
            let pattern = cut.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
            for row in pattern.chunks_exact(n_pos) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{architecture} layer {layer}");
            }
        }
        let pattern = cut.activation(Hook::Block(0, BlockSite::Pattern)).unwrap();
        for head in pattern.chunks_exact(n_pos * n_pos) {
            assert_eq!(head[query * n_pos + key], 0.0);
        }
    }
}

/// docs/methods.md, "Norm-based attention": a head writes the sum over its sources, o_i = Σ_j A_ij f_j, where f_j is
/// what it writes when it reads position j alone.
#[test]
fn a_heads_output_is_the_sum_over_its_sources() {
    let (layer, head) = (1, 2);
    let result = Hook::Block(layer, BlockSite::Result);
    for architecture in ["attn_only", "bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let (n_pos, spec) = (tokens.len(), model.spec());
        let run = |json: &str| {
            let edits = bind(&model, n_pos, json, &PatchValues::default());
            finished(&model, tokens.clone(), edits, Captures::of([result]))
        };
        let query = n_pos - 1;
        let start = (query * spec.n_heads + head) * spec.d_model;
        let part = |run: &Run| run.captured(result).unwrap()[start..start + spec.d_model].to_vec();
        let clean = run("[]");
        let pattern = clean.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
        let row = &pattern[(head * n_pos + query) * n_pos..][..n_pos];
        let mut sum = vec![0.0; spec.d_model];
        for (key, weight) in row.iter().enumerate() {
            let mut one = vec![0.0; n_pos];
            one[key] = 1.0;
            let json = format!(
                r#"[{{"kind":"set_pattern_row","layer":{layer},"head":{head},"query":{query},"weights":{one:?}}}]"#
            );
            sum.iter_mut().zip(part(&run(&json))).for_each(|(sum, f)| *sum += weight * f);
        }
        let (difference, _) = max_abs_difference(&sum, &part(&clean));
        assert!(difference < 1e-5, "{architecture}: {difference}");
    }
}

/// Two edits together are the first, and the second done by hand on what the first leaves.
#[test]
fn two_edits_are_one_after_the_other() {
    for architecture in ["bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode(TEXT, None).unwrap();
        let first = r#"{"kind":"zero_head","layer":0,"head":1}"#;
        let both = with(
            &model,
            &tokens,
            &format!(r#"[{first},{{"kind":"scale","layer":1,"hook":"hook_mlp_out","factor":-2}}]"#),
        );
        let hook = Hook::Block(1, BlockSite::MlpOut);
        let edits = bind(&model, tokens.len(), &format!("[{first}]"), &PatchValues::default());
        let one = finished(&model, tokens.clone(), edits, Captures::of([hook]));
        let by_hand = one.captured(hook).unwrap().iter().map(|value| value * -2.0).collect();
        let mut values = PatchValues::default();
        values.insert(&PatchFrom::Ids(vec![]), hook, by_hand);
        let json = format!(r#"[{first},{{"kind":"patch","layer":1,"hook":"hook_mlp_out","from":{{"ids":[]}}}}]"#);
        let edits = bind(&model, tokens.len(), &json, &values);
        same(&both, &finished(&model, tokens.clone(), edits, Captures::none()), architecture);
        // Within one hook the order of the list counts.
        let set = r#"{"kind":"set","layer":0,"hook":"attn.hook_z","head":1,"value":0.25}"#;
        let double = r#"{"kind":"scale","layer":0,"hook":"attn.hook_z","head":1,"factor":2}"#;
        let half = r#"{"kind":"set","layer":0,"hook":"attn.hook_z","head":1,"value":0.5}"#;
        let run = |list: &[&str]| with(&model, &tokens, &format!("[{}]", list.join(",")));
        same(&run(&[set, double]), &run(&[half]), architecture);
        same(&run(&[double, set]), &run(&[set]), architecture);
    }
}

/// A number for each neuron, as means over other inputs need.
#[test]
fn set_takes_a_number_for_each_neuron() {
    let model = load_golden("llama");
    let tokens = model.encode(TEXT, None).unwrap();
    let d_head = model.spec().d_head;
    let each = |value: f32| format!("{:?}", vec![value; d_head]);
    let json = |value: &str| {
        format!(r#"[{{"kind":"set","layer":0,"hook":"attn.hook_z","head":1,"query":[0,2],"value":{value}}}]"#)
    };
    same(&with(&model, &tokens, &json("0.5")), &with(&model, &tokens, &json(&each(0.5))), "llama");
}

/// A mask stays a mask: no edit of scores lets a query see what comes later.
#[test]
fn scaling_scores_keeps_the_mask() {
    let model = load_golden("gpt2");
    let tokens = model.encode(TEXT, None).unwrap();
    for factor in ["0", "-3", "0.5"] {
        let json = format!(r#"[{{"kind":"scale","layer":0,"hook":"attn.hook_attn_scores","factor":{factor}}}]"#);
        let run = with(&model, &tokens, &json);
        let scores = run.activation(Hook::Block(0, BlockSite::AttnScores)).unwrap();
        let n_pos = tokens.len();
        for (index, score) in scores.iter().enumerate() {
            let (query, key) = (index / n_pos % n_pos, index % n_pos);
            assert_eq!(*score == f32::NEG_INFINITY, key > query, "query {query} key {key}");
            assert!(!score.is_nan());
        }
    }
}

#[test]
fn what_does_not_fit_is_inactive_with_a_reason() {
    let model = load_golden("gpt2");
    let n_pos = 5;
    let json = r#"[
        {"kind":"zero_head","layer":40,"head":0},
        {"kind":"zero_head","layer":1,"head":1},
        {"kind":"block_token","layer":0,"key":7,"on":false},
        {"kind":"block_token","layer":0,"key":7},
        {"kind":"scale","layer":0,"hook":"attn.hook_rot_q","factor":2},
        {"kind":"set_pattern_row","layer":0,"head":0,"query":1,"weights":[1,0]}
    ]"#;
    let bound = CompiledEdits::bind_each(&parse(json), model.spec(), None, n_pos.into(), &PatchValues::default());
    assert!(bound.edits.touches(Hook::Block(1, BlockSite::Z)));
    let found: Vec<usize> = bound.inactive.iter().map(|inactive| inactive.index).collect();
    assert_eq!(found, [0, 3, 4, 5]);
    let Inactive { reason, .. } = &bound.inactive[0];
    assert_eq!(reason, &format!("layer 40 is not there: {} layers, counted from 0", model.spec().n_layers));
}

#[test]
fn refusals_are_one_clear_line() {
    let model = load_golden("gpt2");
    let cases = [
        (r#"{"kind":"zero_head","layer":0,"head":99}"#, "edit 1: head 99 is not there"),
        (r#"{"kind":"scale","hook":"attn.hook_z","factor":2}"#, "missing field `layer`"),
        (r#"{"kind":"scale","layer":1,"hook":"blocks.0.attn.hook_z","factor":2}"#, "names layer 0"),
        (r#"{"kind":"scale","layer":0,"hook":"hook_zap","factor":2}"#, "unknown hook \"hook_zap\""),
        (r#"{"kind":"scale","hook":"hook_token_type_embed","factor":2}"#, "gpt2 has no hook_token_type_embed"),
        (r#"{"kind":"scale","layer":0,"hook":"attn.hook_z","factor":1e99}"#, "finite"),
        (
            r#"{"kind":"scale","layer":0,"hook":"hook_mlp_out","head":1,"factor":2}"#,
            "head: blocks.0.hook_mlp_out has no such axis",
        ),
        (r#"{"kind":"set","layer":0,"hook":"attn.hook_z","value":[1,2]}"#, "for all neurons, found 2"),
        (r#"{"kind":"add","layer":0,"hook":"attn.hook_z","vector":[1],"factor":1}"#, "no activation of the stream"),
        (r#"{"kind":"add","layer":0,"hook":"hook_resid_pre","vector":[1],"factor":1}"#, "found 1"),
        (r#"{"kind":"set_pattern_row","layer":0,"head":0,"query":1,"weights":[1,0,0,0,-1]}"#, "at least 0"),
        (r#"{"kind":"patch","layer":0,"hook":"hook_resid_pre","from":"gone.safetensors"}"#, "is not here"),
        (r#"{"kind":"zero_value","layer":0,"key":5}"#, "key 5 is not there: 5 tokens"),
        (r#"{"kind":"zero_value","layer":0,"key":1,"stack":"encoder"}"#, "one stack"),
    ];
    for (json, expected) in cases {
        let bound = edit::parse_list(&format!("[{json}]")).and_then(|edits| {
            CompiledEdits::bind_strictly(&edits, model.spec(), None, 5.into(), &PatchValues::default())
        });
        let message = bound.unwrap_err().to_string();
        assert!(message.contains(expected) && !message.contains('\n'), "{json}: {message}");
    }
    // The message says that the lengths differ.
    let from = PatchFrom::Text("x".to_owned(), None);
    let mut values = PatchValues::default();
    values.insert(&from, Hook::Block(0, BlockSite::ResidPre), vec![0.0; 4 * model.spec().d_model]);
    let edits = parse(r#"[{"kind":"patch","layer":0,"hook":"hook_resid_pre","from":{"text":"x"}}]"#);
    let refused = CompiledEdits::bind_strictly(&edits, model.spec(), None, 5.into(), &values);
    assert!(refused.unwrap_err().to_string().contains("the same number of tokens"));
}
