//! `headlight lens`, `attribute` and `flow` as their users meet them: forms of output, values, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use crate::support::cli::{fails, folder, headlight, succeeds};
use crate::support::{Comparison, Tensors, golden, golden_cases, read};
use serde_json::Value;

/// A command on a model.
fn run(command: &str, model: &Path, args: &[&str]) -> std::process::Output {
    headlight(&[&[command, "--model", model.to_str().unwrap()], args].concat())
}

fn json(output: std::process::Output) -> Value {
    serde_json::from_str(&succeeds(output)).unwrap()
}

/// The ids of `inside.json` as an argument, and the file.
fn inside(architecture: &str) -> (String, Value) {
    let inside: Value = serde_json::from_slice(&read(&golden(architecture).join("inside.json"))).unwrap();
    let ids: Vec<String> = inside["ids"].as_array().unwrap().iter().map(Value::to_string).collect();
    (ids.join(","), inside)
}

fn floats(value: &Value) -> Vec<f32> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(floats).collect(),
        None => vec![value.as_f64().unwrap() as f32],
    }
}

#[test]
fn lens_prints_every_layer_and_position_as_json() {
    let (ids, expected) = inside("gpt2");
    let answer = expected["answer_id"].to_string();
    let args = ["--ids", &ids, "--top", "2", "--token-id", &answer, "--json"];
    let found = json(run("lens", &golden("gpt2"), &args));
    let values = Tensors::open(&golden("gpt2").join("inside.safetensors"));
    assert_eq!(found["tokens"].as_array().unwrap().len(), 18);
    let layers = found["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 4, "three layers and the output");
    for (index, layer) in layers.iter().enumerate() {
        assert_eq!(layer["layer"], index);
        let logits = values.f32(&format!("lens.{index}"));
        let positions = layer["positions"].as_array().unwrap();
        assert_eq!(positions.len(), 18);
        for (cell, row) in positions.iter().zip(logits.chunks_exact(384)) {
            let top = cell["top"].as_array().unwrap();
            assert_eq!(top.len(), 2);
            let largest = (0..384).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
            assert_eq!(top[0]["id"], largest);
            assert!(top[0]["token"].is_string() && top[0]["prob"].as_f64() >= top[1]["prob"].as_f64());
            let logit = cell["logit"].as_f64().unwrap() as f32;
            assert!((logit - row[expected["answer_id"].as_u64().unwrap() as usize]).abs() < 1e-4);
            let rank = cell["rank"].as_u64().unwrap() as usize;
            assert_eq!(rank, row.iter().filter(|other| **other > logit + 1e-6).count());
            assert!(cell["entropy"].as_f64().unwrap() > 0.0 && cell["kl"].as_f64().unwrap() >= 0.0);
        }
    }
}

#[test]
fn lens_prints_csv_and_two_stacks_have_one_stream_of_predictions() {
    let csv = succeeds(run("lens", &golden("bert"), &["--text", "The cat, she"]));
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("layer,position,token,top_token,prob,entropy,kl"));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..3], ["0", "0", "[CLS]"]);
    assert!(csv.contains(",\",\","), "a comma is quoted: {csv}");
    let with = succeeds(run("lens", &golden("bert"), &["--text", "The cat", "--token-id", "9"]));
    let header = with.lines().next().unwrap();
    assert!(header.ends_with(",kl,token_prob,token_rank,token_logit"), "{header}");
    assert!(with.lines().all(|line| line.matches(',').count() == 9), "{with}");

    let found = json(run("lens", &golden("t5"), &["--text", "The cat", "--target", "A dog", "--json"]));
    assert!(found["encoder"].is_null() && found["cross"].is_null());
    let decoder = &found["decoder"];
    let n_tokens = decoder["tokens"].as_array().unwrap().len();
    assert_eq!(decoder["layers"][0]["positions"].as_array().unwrap().len(), n_tokens);
    let decoded = json(run("lens", &golden("t5"), &["--ids", "5,6,1", "--decoder-ids", "0,7", "--json"]));
    assert_eq!(decoded["decoder"]["tokens"].as_array().unwrap().len(), 2);
}

#[test]
fn attribute_prints_the_sum() {
    for architecture in ["gpt2", "llama"] {
        let (ids, expected) = inside(architecture);
        let (answer, other) = (expected["answer_id"].to_string(), expected["other_id"].to_string());
        let args = ["--ids", &ids, "--answer-id", &answer, "--other-id", &other, "--direct", "--json"];
        let found = json(run("attribute", &golden(architecture), &args));
        let values = Tensors::open(&golden(architecture).join("inside.safetensors"));
        let mut comparison = Comparison::default();
        for (field, tensor) in [
            ("embed", "dla.embed"),
            ("heads", "dla.head"),
            ("attn_bias", "dla.attn_bias"),
            ("mlps", "dla.mlp"),
            ("constant", "dla.constant"),
        ] {
            comparison.check(field, &floats(&found[field]), &values.f32(tensor), 1e-4);
        }
        comparison.finish();
        assert!((found["outcome"].as_f64().unwrap() - expected["M"].as_f64().unwrap()).abs() < 1e-4);
        let csv = succeeds(run("attribute", &golden(architecture), &args[..7]));
        let end: Vec<&str> = csv.lines().rev().take(2).collect();
        let number = |line: &str, name: &str| line.strip_prefix(name).unwrap().parse::<f64>().unwrap();
        assert!((number(end[0], "outcome,,,") - number(end[1], "sum,,,")).abs() < 1e-4, "{end:?}");
    }
}

#[test]
fn attribute_takes_means_first_pieces_and_two_stacks() {
    let gpt2 = golden("gpt2");
    let text = &golden_cases("gpt2")[0].text;
    let outcome = |others: &[&str]| {
        let others = others.iter().flat_map(|id| ["--other-id", id]);
        let args: Vec<&str> = ["--text", text, "--answer-id", "9"].into_iter().chain(others).collect();
        json(run("attribute", &gpt2, &[&args[..], &["--direct", "--json"]].concat()))["outcome"].as_f64().unwrap()
    };
    let mean = (outcome(&["5"]) + outcome(&["7"])) / 2.0;
    assert!((outcome(&["5", "7"]) - mean).abs() < 1e-5);
    let long =
        run("attribute", &gpt2, &["--text", text, "--answer", "The doctor asked", "--other-id", "5", "--direct"]);
    let note = String::from_utf8(long.stderr.clone()).unwrap();
    assert!(note.contains("the first one counts"), "{note}");
    succeeds(long);
    let args = ["--text", "The cat", "--target", "A dog", "--answer-id", "9", "--other-id", "5", "--direct", "--json"];
    let found = json(run("attribute", &golden("t5"), &args));
    assert!(found["encoder"].is_null());
    let sum = |value: &Value| floats(value).iter().sum::<f32>();
    let decoder = &found["decoder"];
    let parts = ["embed", "heads", "attn_bias", "mlps", "constant"].map(|field| sum(&decoder[field]));
    let cross = sum(&found["cross"]["heads"]) + sum(&found["cross"]["attn_bias"]);
    assert!((parts.iter().sum::<f32>() + cross - sum(&decoder["outcome"])).abs() < 1e-3, "{found}");
}

#[test]
fn flow_writes_a_tensor_for_each_layer() {
    let scratch = folder("flow");
    for architecture in ["bert", "qwen3"] {
        let (ids, _) = inside(architecture);
        let values = Tensors::open(&golden(architecture).join("inside.safetensors"));
        for (kind, tensor) in [("rollout", "rollout"), ("value-zeroing", "value_zeroing")] {
            let out = scratch.join(format!("{architecture}-{kind}.safetensors"));
            succeeds(run(
                "flow",
                &golden(architecture),
                &["--ids", &ids, "--kind", kind, "--out", out.to_str().unwrap()],
            ));
            let found = Tensors::open(&out);
            let mut comparison = Comparison::default();
            for layer in 0..3 {
                let name = format!("{kind}.{layer}");
                let n = values.shape(&format!("{tensor}.{layer}"))[0];
                assert_eq!(found.shape(&name), [n, n]);
                comparison.check(&name, &found.f32(&name), &values.f32(&format!("{tensor}.{layer}")), 1e-4);
            }
            comparison.finish();
            assert_eq!(found.names().count(), 3);
        }
    }
    let out = scratch.join("two.safetensors");
    let args = ["--text", "The cat", "--target", "A dog", "--kind", "value-zeroing", "--out", out.to_str().unwrap()];
    succeeds(run("flow", &golden("bart"), &args));
    let found = Tensors::open(&out);
    let mut names: Vec<&str> = found.names().filter(|name| name.ends_with(".0")).collect();
    names.sort_unstable();
    assert_eq!(names, ["cross.value-zeroing.0", "decoder.value-zeroing.0", "encoder.value-zeroing.0"]);
    let (n_query, n_key) = (found.shape("decoder.value-zeroing.0")[0], found.shape("encoder.value-zeroing.0")[0]);
    assert_eq!(found.shape("cross.value-zeroing.0"), [n_query, n_key]);
}

#[test]
fn what_cannot_be_said_is_one_line() {
    let (bert, gemma, gpt2) = (golden("bert"), golden("gemma3_text"), golden("gpt2"));
    let out = folder("flow-refused").join("out.safetensors");
    let out = out.to_str().unwrap();
    let cases: Vec<(&str, &Path, Vec<&str>, &str)> = vec![
        ("lens", &gpt2, vec!["--text", "a", "--top", "0"], "--top 0: at least one token"),
        ("lens", &gpt2, vec!["--text", "a", "--token-id", "999"], "token 999 is not in the vocabulary of 384"),
        ("lens", &gpt2, vec!["--text", "a", "--layers", "2"], "no unembedding"),
        ("lens", &gpt2, vec!["--text", "a", "--target", "b"], "--target needs an encoder-decoder model"),
        ("lens", &gpt2, vec!["--text", "a", "--decoder-ids", "1"], "--decoder-ids needs an encoder-decoder model"),
        ("lens", &gpt2, vec!["--json"], "required arguments were not provided: --text <TEXT>"),
        ("attribute", &gpt2, vec!["--text", "a"], "say how the outcome is divided: --direct"),
        ("attribute", &bert, vec!["--text", "a", "--direct"], "normalises the sum"),
        ("attribute", &gemma, vec!["--text", "a", "--direct"], "the logit is not a sum"),
        ("attribute", &gpt2, vec!["--text", "a", "--direct", "--position", "7"], "position 7 is not there"),
        ("attribute", &gpt2, vec!["--text", "a", "--direct", "--answer", ""], "empty"),
        ("flow", &gpt2, vec!["--text", "a", "--kind", "rollout"], "required arguments were not provided: --out <FILE>"),
        ("flow", &gpt2, vec!["--text", "a", "--kind", "up", "--out", out], "invalid value 'up' for '--kind <KIND>'"),
    ];
    for (command, model, args, expected) in cases {
        let line = fails(run(command, model, &args));
        assert!(line.contains(expected), "{command} {args:?}: {line}\nexpected: {expected}");
    }
    assert!(!Path::new(out).exists());
    let weights = gpt2.join("model.safetensors");
    let args = ["--text", "a", "--kind", "rollout", "--out", weights.to_str().unwrap()];
    assert!(fails(run("flow", &gpt2, &args)).contains("is read by this command"));
}
