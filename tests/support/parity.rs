//! Comparing a checkpoint with what Hugging Face transformers computed, natively and in the browser.

use std::sync::Arc;

use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, Model};
use headlight::trace::{BlockSite, Hook};

use super::engine::finished;
use super::{Case, Comparison, Tensors};

/// What a small checkpoint has to agree within.
pub const TOLERANCE: f32 = 1e-4;

/// Tokens exactly; hidden states, q, k, v, patterns and logits of every case within [`TOLERANCE`].
#[track_caller]
pub fn compare_cases(model: &Arc<Model>, cases: &[Case], expected: &Tensors) {
    let mut comparison = Comparison::default();
    for (index, case) in cases.iter().enumerate() {
        let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
        assert_eq!(tokens.tokens, case.tokens);
        assert_eq!(tokens.ids, expected.ids(&format!("case{index}.input_ids")));
        let run = finished(model, tokens, CompiledEdits::none(), Captures::none());
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

/// An `interventions.json`: patterns and logits of the clean run and of each edit alone within [`TOLERANCE`].
#[track_caller]
pub fn compare_edits(model: &Arc<Model>, interventions_json: &[u8], expected: &Tensors) {
    let list: serde_json::Value = serde_json::from_slice(interventions_json).unwrap();
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
        let run = finished(model, tokens.clone(), edits, Captures::none());
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
