//! Agreement with Hugging Face transformers at every value that `tests/fixtures/golden` holds, and the names of hooks.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::sync::Arc;

use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::{BlockSite, Hook, Tokens};
use support::engine::{finished, load_golden};
use support::{Comparison, Tensors, golden, golden_cases, read};

const TOLERANCE: f32 = 1e-4;

fn run(model: &Arc<Model>, tokens: Tokens) -> Run {
    finished(model, tokens, CompiledEdits::none(), Captures::none())
}

#[track_caller]
fn agrees(architecture: &str) {
    let model = load_golden(architecture);
    let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
    let mut comparison = Comparison::default();
    for (index, case) in golden_cases(architecture).into_iter().enumerate() {
        let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
        assert_eq!(tokens.tokens, case.tokens);
        assert_eq!(tokens.ids, expected.ids(&format!("case{index}.input_ids")));
        let run = run(&model, tokens);
        let n_layers = model.spec().n_layers;
        for layer in 0..n_layers {
            let hooks = [
                (format!("case{index}.hidden_states.{layer}"), BlockSite::ResidPre),
                (format!("case{index}.q.{layer}"), BlockSite::Q),
                (format!("case{index}.k.{layer}"), BlockSite::K),
                (format!("case{index}.v.{layer}"), BlockSite::V),
                (format!("case{index}.attentions.{layer}"), BlockSite::Pattern),
            ];
            for (name, site) in hooks {
                let found = run.activation(Hook::Block(layer, site)).unwrap();
                comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
            }
        }
        let name = format!("case{index}.hidden_states.{n_layers}");
        comparison.check(&name, run.final_stream(), &expected.f32(&name), TOLERANCE);
        let name = format!("case{index}.logits");
        comparison.check(&name, &run.logits(0..run.tokens().len()).unwrap(), &expected.f32(&name), TOLERANCE);
    }
    comparison.finish();
}

#[test]
fn bert() {
    agrees("bert");
}

#[test]
fn gpt2() {
    agrees("gpt2");
}

#[test]
fn llama() {
    agrees("llama");
}

#[track_caller]
fn edits_agree(architecture: &str) {
    let model = load_golden(architecture);
    let expected = Tensors::open(&golden(architecture).join("interventions.safetensors"));
    let list: serde_json::Value =
        serde_json::from_slice(&read(&golden(architecture).join("interventions.json"))).unwrap();
    let tokens = model.encode(list["text"].as_str().unwrap(), None).unwrap();
    let mut comparison = Comparison::default();
    let edits = list["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 6);
    let mut all = vec![("clean".to_owned(), "[]".to_owned())];
    for edit in edits {
        let mut edit = edit.as_object().unwrap().clone();
        edit.remove("max_logit_change");
        let name = edit.remove("name").unwrap().as_str().unwrap().to_owned();
        all.push((name, serde_json::Value::from(vec![edit]).to_string()));
    }
    for (name, json) in all {
        let edits = edit::parse_list(&json).unwrap();
        let edits = CompiledEdits::bind(&edits, model.spec(), tokens.len()).unwrap();
        let run = finished(&model, tokens.clone(), edits, Captures::none());
        for layer in 0..model.spec().n_layers {
            let name = format!("{name}.attentions.{layer}");
            let found = run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
            comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
        }
        let name = format!("{name}.logits");
        comparison.check(&name, &run.logits(0..tokens.len()).unwrap(), &expected.f32(&name), TOLERANCE);
    }
    comparison.finish();
}

#[test]
fn bert_with_edits() {
    edits_agree("bert");
}

#[test]
fn gpt2_with_edits() {
    edits_agree("gpt2");
}

#[test]
fn llama_with_edits() {
    edits_agree("llama");
}

/// The exact ordered list of hooks of each architecture, with what stands in a block written once.
#[test]
fn names_of_hooks() {
    let common = "hook_resid_pre attn.hook_q attn.hook_k attn.hook_v";
    let middle = "attn.hook_attn_scores attn.hook_pattern attn.hook_z attn.hook_result hook_attn_out hook_resid_mid mlp.hook_pre";
    let cases = [
        (
            "bert",
            "hook_embed hook_pos_embed hook_token_type_embed hook_full_embed",
            format!("{common} {middle} mlp.hook_post hook_mlp_out hook_resid_post hook_normalized_resid_post"),
            "",
        ),
        (
            "gpt2",
            "hook_embed hook_pos_embed",
            format!("{common} {middle} mlp.hook_post hook_mlp_out hook_resid_post"),
            "ln_final.hook_out",
        ),
        (
            "llama",
            "hook_embed",
            format!(
                "{common} attn.hook_rot_q attn.hook_rot_k {middle} mlp.hook_pre_linear mlp.hook_post hook_mlp_out hook_resid_post"
            ),
            "ln_final.hook_out",
        ),
    ];
    for (architecture, first, block, last) in cases {
        let spec = load_golden(architecture).spec().clone();
        let mut expected: Vec<String> = first.split_whitespace().map(str::to_owned).collect();
        for layer in 0..spec.n_layers {
            expected.extend(block.split_whitespace().map(|name| format!("blocks.{layer}.{name}")));
        }
        expected.extend(last.split_whitespace().map(str::to_owned));
        let found: Vec<String> = Hook::all(&spec).iter().map(Hook::to_string).collect();
        assert_eq!(found, expected, "{architecture}");
    }
}

/// Looking at everything changes nothing, to the last bit where the arithmetic is the same.
#[test]
fn capturing_changes_nothing() {
    for architecture in ["bert", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let tokens = model.encode("The cat sat on the mat", None).unwrap();
        let plain = run(&model, tokens.clone());
        // `hook_result` is left out: looking at it sums over heads in another order.
        let hooks = Hook::all(model.spec());
        let hooks = hooks.into_iter().filter(|hook| !matches!(hook, Hook::Block(_, BlockSite::Result)));
        let looked_at = finished(&model, tokens, CompiledEdits::none(), Captures::of(hooks));
        assert_eq!(plain.final_stream(), looked_at.final_stream(), "{architecture}");
        for layer in 0..model.spec().n_layers {
            let pattern = Hook::Block(layer, BlockSite::Pattern);
            assert_eq!(plain.activation(pattern).unwrap(), looked_at.activation(pattern).unwrap());
        }
    }
}
