//! Comparing a checkpoint with what Hugging Face transformers computed, natively and in the browser.

use std::sync::Arc;

use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::{BlockSite, Hook, Tokens};

use super::engine::finished;
use super::{Case, Comparison, Tensors};

/// What a small checkpoint has to agree within.
pub const TOLERANCE: f32 = 1e-4;

/// Tokens exactly; hidden states, patterns, logits and, where they are given, q, k, v of every case within [`TOLERANCE`]; of both
/// stacks where there are two.
#[track_caller]
pub fn compare_cases(model: &Arc<Model>, cases: &[Case], expected: &Tensors) {
    let mut comparison = Comparison::default();
    for (index, case) in cases.iter().enumerate() {
        let run = match model.encoder() {
            None => {
                let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
                let routing = [BlockSite::RouterScores, BlockSite::ExpertIndices, BlockSite::ExpertWeights];
                let layers = 0..model.spec().n_layers;
                let captured = layers.flat_map(|layer| routing.map(|site| Hook::Block(layer, site)));
                let run = finished(model, tokens, CompiledEdits::none(), Captures::of(captured));
                read_as_expected(&run, &case.tokens, expected, &format!("case{index}.input_ids"));
                compare_stack(&mut comparison, &run, expected, &format!("case{index}."));
                run
            }
            Some(encoder) => {
                let source = model.encode(&case.text, None).unwrap();
                let source = Arc::new(finished(encoder, source, CompiledEdits::none(), Captures::none()));
                read_as_expected(&source, &case.tokens, expected, &format!("case{index}.input_ids"));
                compare_stack(&mut comparison, &source, expected, &format!("case{index}.encoder_"));
                let run = decoded(model, source, model.encode_target(case.text_pair.as_deref().unwrap()).unwrap());
                read_as_expected(&run, &case.decoder_tokens, expected, &format!("case{index}.decoder_input_ids"));
                compare_stack(&mut comparison, &run, expected, &format!("case{index}.decoder_"));
                for layer in 0..model.spec().n_layers {
                    let name = format!("case{index}.cross_attentions.{layer}");
                    let found = run.activation(Hook::Block(layer, BlockSite::CrossPattern)).unwrap();
                    comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
                }
                run
            }
        };
        let name = format!("case{index}.logits");
        comparison.check(&name, &run.logits(0..run.tokens().len()).unwrap(), &expected.f32(&name), TOLERANCE);
    }
    comparison.finish();
}

/// A decoder's run on an encoder's.
pub fn decoded(model: &Arc<Model>, source: Arc<Run>, target: Tokens) -> Run {
    let mut run = Run::decode(Arc::clone(model), source, target, CompiledEdits::none(), Captures::none()).unwrap();
    run.complete().unwrap();
    run
}

#[track_caller]
fn read_as_expected(run: &Run, tokens: &[String], expected: &Tensors, ids: &str) {
    assert_eq!(run.tokens().tokens, tokens);
    assert_eq!(run.tokens().ids, expected.ids(ids));
}

/// The activations of one stack, whose names start with `prefix`.
fn compare_stack(comparison: &mut Comparison, run: &Run, expected: &Tensors, prefix: &str) {
    let n_layers = run.model().spec().n_layers;
    for layer in 0..n_layers {
        let hooks = [
            ("hidden_states", BlockSite::ResidPre),
            ("q", BlockSite::Q),
            ("k", BlockSite::K),
            ("v", BlockSite::V),
            ("attentions", BlockSite::Pattern),
            ("scores_c2c", BlockSite::ScoresC2c),
            ("scores_c2p", BlockSite::ScoresC2p),
            ("scores_p2c", BlockSite::ScoresP2c),
            ("router_scores", BlockSite::RouterScores),
            ("expert_indices", BlockSite::ExpertIndices),
            ("expert_weights", BlockSite::ExpertWeights),
        ];
        for (name, site) in hooks {
            let name = format!("{prefix}{name}.{layer}");
            let is_optional = matches!(site, BlockSite::Q | BlockSite::K | BlockSite::V) || site.is_part_of_scores();
            let is_routing = site.name().starts_with("mlp.");
            assert!(!is_routing || expected.has(&name) == site.exists_at(run.model().spec(), layer), "{name}");
            if !is_optional && !is_routing || expected.has(&name) {
                let found = run.activation(Hook::Block(layer, site)).unwrap();
                comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
            }
        }
    }
    // OPT's with a projection at the end has none: Hugging Face gives what follows the projection.
    let name = format!("{prefix}hidden_states.{n_layers}");
    if run.model().spec().d_embed.is_none() || expected.has(&name) {
        comparison.check(&name, run.final_stream(), &expected.f32(&name), TOLERANCE);
    }
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
