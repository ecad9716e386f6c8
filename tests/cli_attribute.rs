//! `headlight attribute --estimate` and `--save-gradients` as their users meet them: forms of output, values, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support;
use crate::support::cli::{fails, folder, headlight, succeeds};
use crate::support::{Comparison, Tensors, golden, read};
use serde_json::Value;

/// A command about the outcome of an `inside.json`.
fn attribute(name: &str, args: &[&str]) -> std::process::Output {
    let inside: Value = serde_json::from_slice(&read(&golden(name).join("inside.json"))).unwrap();
    let list = |field: &str| {
        let ids = inside[field].as_array().map(|ids| ids.iter().map(Value::to_string).collect::<Vec<_>>().join(","));
        ids.unwrap_or_default()
    };
    let (model, ids, decoder_ids) = (golden(name), list("ids"), list("decoder_ids"));
    let corrupt = list("corrupt_ids");
    let [answer, other, position] = ["answer_id", "other_id", "position"].map(|field| inside[field].to_string());
    let mut all = vec!["attribute", "--model", model.to_str().unwrap(), "--ids", &ids];
    all.extend(["--answer-id", &answer, "--other-id", &other, "--position", &position]);
    if !decoder_ids.is_empty() {
        all.extend(["--decoder-ids", &decoder_ids]);
    }
    all.extend(args.iter().map(|arg| if *arg == "CORRUPT" { corrupt.as_str() } else { *arg }));
    headlight(&all)
}

fn json(output: std::process::Output) -> Value {
    serde_json::from_str(&succeeds(output)).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(floats).collect(),
        None => vec![value.as_f64().unwrap() as f32],
    }
}

#[test]
fn heads_are_estimated_and_verified() {
    let values = Tensors::open(&golden("gpt2").join("inside.safetensors"));
    let found = json(attribute("gpt2", &["--estimate", "zero-heads", "--verify", "3", "--json"]));
    let mut comparison = Comparison::default();
    comparison.check("estimate", &floats(&found["estimate"]), &values.f32("attribution.zero_head"), 1e-4);
    let exact = values.f32("exact.zero_head");
    let estimates = floats(&found["estimate"]);
    let mut tried = Vec::new();
    for list in ["verified", "random"] {
        let heads = found[list].as_array().unwrap();
        assert_eq!(heads.len(), 3);
        for head in heads {
            let index = (head["layer"].as_u64().unwrap() * 4 + head["head"].as_u64().unwrap()) as usize;
            comparison.check("exact", &floats(&head["exact"]), &exact[index..=index], 1e-4);
            assert_eq!(floats(&head["estimate"])[0], estimates[index]);
            tried.push(index);
        }
    }
    comparison.finish();
    let least = tried[..3].iter().map(|index| estimates[*index].abs()).fold(f32::INFINITY, f32::min);
    let others = (0..12).filter(|index| !tried[..3].contains(index));
    assert!(others.clone().all(|index| estimates[index].abs() <= least), "the largest are verified");
    assert!(tried[3..].iter().all(|index| others.clone().any(|other| other == *index)));
    for figure in ["pearson", "spearman", "sign_agreement"] {
        assert!((-1.0..=1.0).contains(&found[figure].as_f64().unwrap()), "{figure}");
    }
    let patched =
        json(attribute("gpt2", &["--estimate", "patch-heads", "--from-ids", "CORRUPT", "--verify", "12", "--json"]));
    assert_eq!(patched["verified"].as_array().unwrap().len(), 12);
    assert_eq!(patched["random"].as_array().unwrap().len(), 0);
    assert!(patched["pearson"].is_null());
    let exact = values.f32("exact.patch_head");
    for head in patched["verified"].as_array().unwrap() {
        let index = (head["layer"].as_u64().unwrap() * 4 + head["head"].as_u64().unwrap()) as usize;
        assert!((floats(&head["exact"])[0] - exact[index]).abs() < 1e-4, "{head}");
    }
    let csv = succeeds(attribute("gpt2", &["--estimate", "zero-heads", "--verify", "2"]));
    assert_eq!(csv.lines().count(), 13);
    assert_eq!(csv.lines().filter(|line| !line.ends_with(',')).count(), 5, "four are tried: {csv}");
}

#[test]
fn positions_neurons_links_and_tokens_are_estimated() {
    let positions = json(attribute("llama", &["--estimate", "positions", "--json"]));
    assert_eq!(positions["sites"][0], "blocks.0.hook_resid_pre");
    assert_eq!(positions["sites"].as_array().unwrap().len(), 9);
    assert_eq!(floats(&positions["estimate"]).len(), 9 * 18);
    let patched = json(attribute("llama", &["--estimate", "positions", "--from-ids", "CORRUPT", "--json"]));
    assert_eq!(floats(&patched["estimate"][0])[0], 0.0, "both texts begin alike");

    let neurons = json(attribute("llama", &["--estimate", "neurons", "--json"]));
    let neurons = neurons["neurons"].as_array().unwrap();
    let sizes: Vec<f64> = neurons.iter().map(|neuron| neuron["estimate"].as_f64().unwrap().abs()).collect();
    assert!(sizes.len() > 400 && sizes.is_sorted_by(|a, b| a >= b), "{}", sizes.len());
    let hooks: Vec<&str> = neurons.iter().map(|neuron| neuron["hook"].as_str().unwrap()).collect();
    for site in ["attn.hook_rot_q", "attn.hook_rot_k", "attn.hook_v", "mlp.hook_post"] {
        assert!(hooks.contains(&format!("blocks.1.{site}").as_str()), "{site}");
    }
    let with_head = neurons.iter().filter(|neuron| neuron.get("head").is_some());
    assert!(
        with_head.clone().count() > 0 && with_head.clone().all(|neuron| neuron["hook"] != "blocks.0.mlp.hook_post")
    );

    let edges = json(attribute("llama", &["--estimate", "edges", "--json"]));
    let edges = edges["edges"].as_array().unwrap();
    assert!(edges.iter().all(|edge| edge["key"].as_u64() <= edge["query"].as_u64() && edge["query"] != 0));
    assert!(edges.len() > 1_000);
    let csv = succeeds(attribute("llama", &["--estimate", "edges"]));
    assert_eq!(csv.lines().count(), edges.len() + 1);

    let tokens = json(attribute("gpt2", &["--estimate", "tokens", "--json"]));
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 18);
    let total: f64 = tokens["tokens"].as_array().unwrap().iter().map(|t| t["integrated"].as_f64().unwrap()).sum();
    assert!(total.is_finite() && tokens["remainder"].as_f64().unwrap().is_finite());
    assert!(tokens["tokens"][3]["norm"].as_f64().unwrap() > 0.0 && tokens["tokens"][3]["token"].is_string());
}

#[test]
fn two_stacks_have_three_answers() {
    let values = Tensors::open(&golden("bart").join("inside.safetensors"));
    let found = json(attribute("bart", &["--estimate", "zero-heads", "--verify", "1", "--json"]));
    let mut comparison = Comparison::default();
    for part in ["encoder", "decoder", "cross"] {
        let expected = values.f32(&format!("attribution.{part}.zero_head"));
        comparison.check(part, &floats(&found[part]["estimate"]), &expected, 1e-4);
        let head = &found[part]["verified"][0];
        let index = (head["layer"].as_u64().unwrap() * 4 + head["head"].as_u64().unwrap()) as usize;
        let exact = values.f32(&format!("exact.{part}.zero_head"));
        comparison.check(&format!("{part}, exact"), &floats(&head["exact"]), &exact[index..=index], 1e-4);
    }
    comparison.finish();
    let tokens = json(attribute("bart", &["--estimate", "tokens", "--json"]));
    assert_eq!(tokens["encoder"]["tokens"].as_array().unwrap().len(), 20);
    assert!(tokens["cross"].is_null());
}

#[test]
fn every_gradient_is_saved() {
    for (name, hooks) in [
        ("gpt2", [("grad.0.q", "grad.blocks.0.attn.hook_q"), ("grad.embed", "grad.hook_embed")]),
        (
            "bart",
            [
                ("grad.cross.1.k", "grad.decoder.1.cross_attn.hook_k"),
                ("grad.encoder.0.pattern", "grad.encoder.0.attn.hook_pattern"),
            ],
        ),
    ] {
        let folder = folder(&format!("gradients-{name}"));
        let file = folder.join("gradients.safetensors");
        assert_eq!(succeeds(attribute(name, &["--save-gradients", file.to_str().unwrap()])), "");
        let (found, expected) = (Tensors::open(&file), Tensors::open(&golden(name).join("inside.safetensors")));
        let mut comparison = Comparison::default();
        for (theirs, ours) in hooks {
            comparison.check(ours, &found.f32(ours), &expected.f32(theirs), 1e-4);
        }
        comparison.finish();
        assert!(found.names().count() > 40 && found.names().all(|name| name.starts_with("grad.")));
    }
}

#[test]
fn what_does_not_fit_is_one_line() {
    for (args, words) in [
        (["--estimate", "patch-heads", "--json"].as_slice(), "needs --from"),
        (&["--estimate", "zero-heads", "--from", "x"], "--from is for"),
        (&["--estimate", "edges", "--from-ids", "CORRUPT"], "--from is for"),
        (&["--estimate", "neurons", "--verify", "3"], "--verify is for"),
        (&["--estimate", "patch-heads", "--from-ids", "1,2"], "18 tokens, the other 2"),
        (&["--estimate", "zero-heads", "--direct"], "--direct"),
        (&["--verify", "3"], "--estimate"),
        (&[], "--save-gradients"),
    ] {
        let line = fails(attribute("gpt2", args));
        assert!(line.contains(words), "{args:?}: {line}");
    }
}

/// A label's logit is an outcome, with the exact effects that a sweep finds too.
#[test]
fn a_label_is_an_outcome() {
    let model = support::fixture("classifiers/bert");
    let model = model.to_str().unwrap();
    let subject = ["--model", model, "--ids", "2,7,9,3"];
    let heads = ["--estimate", "zero-heads", "--verify", "2", "--json"];
    let found = json(headlight(&[&["attribute"][..], &subject, &heads].concat()));
    assert!(floats(&found["estimate"]).iter().any(|estimate| *estimate != 0.0), "{found}");
    let sweep = succeeds(headlight(&[&["sweep"][..], &subject].concat()));
    for head in found["verified"].as_array().unwrap() {
        let start = format!("{},{},", head["layer"], head["head"]);
        let line = sweep.lines().find(|line| line.starts_with(&start)).unwrap();
        let exact = head["exact"].as_f64().unwrap();
        let is_there =
            line.split(',').skip(2).any(|cell| cell.parse::<f64>().is_ok_and(|value| (value + exact).abs() < 2e-4));
        assert!(is_there, "{head}: {line}");
    }
    let refused = fails(headlight(&[&["attribute"][..], &subject, &["--direct"]].concat()));
    assert!(refused.contains("--direct"), "{refused}");
}

/// The cosine of a text with itself is the largest there is, so no head moves it; with another text heads do, in both texts.
#[test]
fn a_cosine_is_an_outcome() {
    let ask = |other: &str, more: &[&str]| {
        let model = golden("bert");
        let subject = ["attribute", "--model", model.to_str().unwrap(), "--ids", "2,7,9,30,3", "--cosine-ids", other];
        headlight(&[&subject[..], more].concat())
    };
    let heads = ["--estimate", "zero-heads", "--verify", "3", "--json"];
    let same = json(ask("2,7,9,30,3", &heads));
    assert!((same["outcome"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{same}");
    assert!(floats(&same["estimate"]).iter().all(|estimate| estimate.abs() < 1e-5), "{same}");
    let other = json(ask("2,8,11,3", &heads));
    assert!(floats(&other["estimate"]).iter().any(|estimate| estimate.abs() > 1e-4), "{other}");
    assert_eq!(other["random"].as_array().unwrap().len(), 3);
    let texts = json(ask("2,8,11,3", &["--estimate", "tokens", "--json"]));
    let lengths: Vec<usize> =
        texts["texts"].as_array().unwrap().iter().map(|t| t["tokens"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [5, 4]);
    assert!(fails(ask("2,8,11,3", &["--estimate", "positions"])).contains("positions of their own"));
    assert!(fails(ask("2,8,11,3", &["--estimate", "patch-heads", "--from-ids", "2,8,11,5,3"])).contains("both texts"));
}
