//! "Copy as Python": every script computes in TransformerLens 4 and in nnsight the number that the engine computes, for each kind of
//! edit, and says what a library cannot do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::golden;
use headlight::analysis::inside::direct::Contrast;
use headlight::edit::{Edit, parse_list};
use headlight::engine::jobs::{DirectJob, complete};
use headlight::engine::{Captures, CompiledEdits, Model, PatchValues, patches};
use headlight::state::python::{Computed, Library, Measure, Number, script};
use headlight::trace::{Lengths, Tokens};

const TEXT: &str = "The doctor asked the nurse a question. She";
const OTHER: &str = "The nurse asked the doctor a question. She";

/// One of each kind, and of each way to choose: an index, a range, a list, all.
fn edits_of(model: &Model, tokens: &Tokens) -> Vec<String> {
    let (n, spec) = (tokens.len(), model.spec());
    let row: Vec<String> = (0..n).map(|key| format!("{}", key + 1)).collect();
    let vector: Vec<String> = (0..spec.d_model).map(|at| format!("{:.2}", 0.02 * at as f32 - 0.3)).collect();
    let each: Vec<String> = (0..spec.d_head).map(|at| format!("{:.2}", 0.1 * at as f32)).collect();
    let (row, vector, each) = (row.join(","), vector.join(","), each.join(","));
    vec![
        r#"{"kind":"zero_head","layer":1,"head":2}"#.to_owned(),
        r#"{"kind":"zero_head","layer":"all","head":[0,3]}"#.to_owned(),
        r#"{"kind":"position_mean_head","layer":{"from":0,"to":1},"head":{"from":1,"to":2}}"#.to_owned(),
        format!(r#"{{"kind":"knock_out_edge","layer":1,"head":[0,2],"query":[{},{}],"key":[1,2]}}"#, n - 1, n - 2),
        r#"{"kind":"uniform_pattern","layer":[0,2],"head":1}"#.to_owned(),
        format!(r#"{{"kind":"set_pattern_row","layer":1,"head":1,"query":{},"weights":[{row}]}}"#, n - 2),
        r#"{"kind":"zero_value","layer":0,"key":{"from":1,"to":3}}"#.to_owned(),
        r#"{"kind":"block_token","layer":{"from":0,"to":1},"key":[2,4]}"#.to_owned(),
        r#"{"kind":"scale","layer":0,"hook":"hook_mlp_out","factor":2}"#.to_owned(),
        r#"{"kind":"scale","hook":"blocks.1.attn.hook_z","head":3,"neuron":{"from":0,"to":7},"query":5,"factor":-1}"#
            .to_owned(),
        r#"{"kind":"scale","hook":"hook_embed","query":[1,3],"factor":1.5}"#.to_owned(),
        r#"{"kind":"scale","layer":1,"hook":"hook_attn_scores","head":0,"factor":0.5}"#.to_owned(),
        r#"{"kind":"scale","layer":1,"hook":"hook_k","factor":0.7}"#.to_owned(),
        r#"{"kind":"scale","layer":1,"hook":"hook_attn_out","factor":0.1}"#.to_owned(),
        r#"{"kind":"scale","hook":"ln_final.hook_out","factor":1.2}"#.to_owned(),
        r#"{"kind":"scale_q_neuron","layer":1,"head":2,"neuron":[0,4],"factor":0}"#.to_owned(),
        r#"{"kind":"set","layer":0,"hook":"mlp.hook_post","neuron":7,"query":2,"value":1.5}"#.to_owned(),
        format!(r#"{{"kind":"set","layer":1,"hook":"attn.hook_z","head":2,"value":[{each}]}}"#),
        r#"{"kind":"set","layer":2,"hook":"attn.hook_pattern","head":1,"query":4,"value":0.25}"#.to_owned(),
        format!(r#"{{"kind":"add","layer":1,"hook":"hook_resid_pre","query":3,"vector":[{vector}],"factor":4}}"#),
        format!(r#"{{"kind":"add","layer":1,"hook":"hook_resid_post","vector":[{vector}],"factor":1}}"#),
        format!(r#"{{"kind":"patch","layer":1,"hook":"hook_resid_pre","query":4,"from":{{"text":"{OTHER}"}}}}"#),
        format!(r#"{{"kind":"patch","layer":1,"hook":"mlp.hook_post","neuron":3,"from":{{"text":"{OTHER}"}}}}"#),
        format!(r#"{{"kind":"patch","layer":[0,2],"hook":"attn.hook_z","head":1,"from":{{"text":"{OTHER}"}}}}"#),
        format!(
            r#"{{"kind":"patch","hook":"hook_embed","from":{{"ids":{:?}}}}}"#,
            model.encode(OTHER, None).unwrap().ids
        ),
    ]
}

/// logit(answer) − mean of logits(others) after the last token.
fn outcome(model: &Arc<Model>, tokens: &Tokens, edits: &[Edit], answer: usize, others: &[usize]) -> f32 {
    let lengths = Lengths::from(tokens.len());
    let mut values = PatchValues::default();
    for (from, hooks) in patches(edits, model.spec(), None, lengths) {
        let other = match &from {
            headlight::edit::PatchFrom::Ids(ids) => model.tokens_from_ids(ids).unwrap(),
            _ => model.encode(OTHER, None).unwrap(),
        };
        let run = finished(model, other, CompiledEdits::none(), Captures::of(hooks.clone()));
        for hook in hooks {
            values.insert(&from, hook, run.activation(hook).unwrap().to_vec());
        }
    }
    let bound = CompiledEdits::bind_strictly(edits, model.spec(), None, lengths, &values).unwrap();
    let run = finished(model, tokens.clone(), bound, Captures::none());
    let logits = run.logits(tokens.len() - 1..tokens.len()).unwrap();
    logits[answer] - others.iter().map(|other| logits[*other]).sum::<f32>() / others.len() as f32
}

/// Numbers of a golden checkpoint: without edits, under each edit, and under three of them together.
fn computed(architecture: &str) -> Computed {
    let model = load_golden(architecture);
    let tokens = model.encode(TEXT, None).unwrap();
    let (answer, others) = (tokens.ids[1] as usize, [tokens.ids[2] as usize, tokens.ids[4] as usize]);
    let number = |name: &str, edits: Vec<Edit>| {
        let value = outcome(&model, &tokens, &edits, answer, &others);
        Number { name: name.to_owned(), edits, value, measure: Measure::Outcome }
    };
    let mut numbers = vec![number("original", Vec::new())];
    let all = edits_of(&model, &tokens);
    for json in &all {
        numbers.push(number(json.get(..60).unwrap_or(json), parse_list(&format!("[{json}]")).unwrap()));
    }
    let three = [&all[7], &all[4], &all[0], &all[9]].map(String::as_str).join(",");
    numbers.push(number("four edits", parse_list(&format!("[{three}]")).unwrap()));
    let moved = numbers.iter().filter(|number| (number.value - numbers[0].value).abs() > 4e-3).count();
    assert!(moved * 2 > numbers.len(), "{moved} of {} edits of {architecture} change the outcome", numbers.len());
    Computed {
        checkpoint: golden(architecture).to_string_lossy().into_owned(),
        spec: model.spec().clone(),
        ids: tokens.ids.clone(),
        answer: tokens.tokens[1].clone(),
        others: vec![tokens.tokens[2].clone(), tokens.tokens[4].clone()],
        position: tokens.len() - 1,
        numbers,
    }
}

/// Direct effects of heads, without an edit and under one.
fn direct(architecture: &str) -> Computed {
    let model = load_golden(architecture);
    let computed = computed(architecture);
    let tokens = model.encode(TEXT, None).unwrap();
    let mut numbers = Vec::new();
    let one = computed.numbers[1].edits.clone();
    for (edits, layer) in [(Vec::new(), 1), (one, 2)] {
        let contrast = Contrast { answers: vec![tokens.ids[1]], others: vec![tokens.ids[2], tokens.ids[4]] };
        let bound = CompiledEdits::bind(&edits, model.spec(), tokens.len()).unwrap();
        let run = finished(&model, tokens.clone(), bound, Captures::none());
        let sum = complete(DirectJob::new(&run, contrast, tokens.len() - 1).unwrap()).unwrap();
        let heads = sum.attns[layer].heads.iter().map(|value| *value as f32).enumerate();
        let (head, value) = heads.max_by(|one, other| one.1.abs().total_cmp(&other.1.abs())).unwrap();
        let name = format!("direct effect of L{layer}H{head}");
        assert!(value.abs() > 4e-3, "{architecture}: {value} would be found by doing nothing");
        numbers.push(Number { name, edits, value, measure: Measure::Direct { layer, head } });
    }
    Computed { numbers, ..computed }
}

#[test]
fn a_script_is_what_a_reader_expects_to_see() {
    let computed = computed("gpt2");
    let numbers = [0, 1, 5].map(|index| computed.numbers[index].clone()).to_vec();
    let computed = Computed { checkpoint: "openai-community/gpt2".to_owned(), numbers, ..computed };
    let lens = script(Library::TransformerLens, &computed).unwrap();
    for line in [
        "MODEL = \"openai-community/gpt2\"  # a name on the Hub, or a folder",
        "def edit_1(value, hook):  # zero_head\n    value[:, :, 2, :] = 0\n",
        "edit_1.hooks = [\"blocks.1.attn.hook_z\"]",
        "edit_2.hooks = [f\"blocks.{layer}.attn.hook_pattern\" for layer in [0, 2]]",
        "seen.hooks = [f\"blocks.{layer}.attn.hook_attn_scores\" for layer in range(3)]",
        "model.run_with_hooks(",
    ] {
        assert!(lens.contains(line), "{line}\n{lens}");
    }
    assert!(lens.ends_with(&format!(", outcome([edit_2, seen]), {:?})\n", computed.numbers[2].value)), "{lens}");
    let nnsight = script(Library::Nnsight, &computed).unwrap();
    let line =
        "if (hook := f\"blocks.{layer}.attn.hook_z\") in edits:\n                block.attn.c_proj.input = changed(";
    assert!(nnsight.contains(line), "{nnsight}");
    assert!(!nnsight.contains("block.mlp"), "only what these edits need: {nnsight}");
}

#[test]
fn what_a_library_cannot_do_is_said() {
    let mut computed = computed("gpt2");
    let edit = parse_list(r#"[{"kind":"scale","layer":0,"hook":"hook_resid_mid","factor":2}]"#).unwrap();
    computed.numbers = vec![Number { name: "edited".to_owned(), edits: edit, value: 0.0, measure: Measure::Outcome }];
    for library in Library::EACH {
        let message = script(library, &computed).unwrap_err();
        assert_eq!(message, format!("{} has no way to change hook_resid_mid of gpt2.", library.name()));
    }
    computed.numbers.clear();
    computed.spec = load_golden("bert").spec().clone();
    let message = script(Library::TransformerLens, &computed).unwrap_err();
    assert!(message.ends_with("this one is bert."), "{message}");
    computed.spec = load_golden("t5").spec().clone();
    assert_eq!(script(Library::Nnsight, &computed).unwrap_err(), "Scripts are written for models with one stack.");
}

/// Needs TransformerLens and nnsight: `cargo xtask test --only python` installs them.
#[test]
#[ignore = "needs TransformerLens 4 and nnsight: run cargo xtask test --only python"]
fn real_packages_compute_the_numbers_of_scripts() {
    let python = std::env::var_os("HEADLIGHT_PYTHON").unwrap_or_else(|| "python3".into());
    let mut wrong = Vec::new();
    for architecture in ["gpt2", "llama", "mistral", "qwen2", "qwen3"] {
        for (computed, library) in [computed(architecture), direct(architecture)]
            .iter()
            .flat_map(|computed| Library::EACH.map(|library| (computed, library)))
        {
            let text = script(library, computed).unwrap();
            // From a file, because nnsight reads its own source.
            let name = format!("headlight_{architecture}_{library:?}_{}.py", computed.numbers.len());
            let file: PathBuf = std::env::temp_dir().join(name);
            std::fs::write(&file, text).unwrap();
            let output = Command::new(&python).arg(&file).env("HF_HUB_OFFLINE", "1").output().expect("python starts");
            let said = String::from_utf8_lossy(&output.stdout);
            let n_said = said.lines().filter(|line| line.contains(", in Headlight ")).count();
            if output.status.success() && n_said == computed.numbers.len() {
                let _ = std::fs::remove_file(&file);
            } else {
                wrong.push(format!("{}:\n{said}{}", file.display(), String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
