//! What is inside beside attention and the lens: agreement with PyTorch at every value that `inside.safetensors` holds of direct
//! attribution, rollout and value zeroing, and their identities on every small checkpoint where these apply.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use crate::support::engine::{finished, load};
use crate::support::inside::{Golden, LINEAR, all, every_run};
use crate::support::{Comparison, SMOLLM2_GGUF, fixture, model_file, read};
use headlight::analysis::inside::direct::{Contrast, DirectSum, refusal};
use headlight::analysis::inside::lens::LensAsked;
use headlight::analysis::inside::rollout::Rollout;
use headlight::analysis::inside::written::{Words, Writer, WrittenAsked, without_words};
use headlight::edit;
use headlight::engine::jobs::{DirectJob, LensJob, ValueZeroingJob, WrittenJob, complete};
use headlight::engine::{Captures, CompiledEdits, Run};
use headlight::trace::{Attn, BlockSite, Hook};
use serde::Deserialize;

const TOLERANCE: f32 = 1e-4;

/// Checkpoints whose rollout and value zeroing PyTorch computed.
const FLOWS: [&str; 6] = ["bert", "gemma3_text", "gpt2", "gpt_neox", "llama", "qwen3"];

/// The direct sum of a run, with parts and whole compared.
fn direct(name: &str, run: &Run, contrast: Contrast, position: usize) -> DirectSum {
    let sum = complete(DirectJob::new(run, contrast, position).unwrap()).unwrap();
    let scale = sum.outcome.abs().max(1.0);
    assert!((sum.total() - sum.outcome).abs() < 1e-4 * scale, "{name}: {} is not {}", sum.total(), sum.outcome);
    let n_heads = run.model().spec().n_heads;
    for (layer, attn) in sum.attns.iter().chain(&sum.cross).enumerate() {
        let n_key = attn.sources.len() / n_heads;
        for (head, (whole, sources)) in attn.heads.iter().zip(attn.sources.chunks_exact(n_key)).enumerate() {
            let parts: f64 = sources.iter().map(|part| f64::from(*part)).sum();
            assert!((parts - whole).abs() < 1e-4, "{name} {layer} {head}: sources {parts}, head {whole}");
        }
    }
    sum
}

#[test]
fn direct_attribution_agrees_with_pytorch() {
    let mut comparison = Comparison::default();
    for architecture in LINEAR {
        let Golden { run, inside, values } = Golden::of(architecture);
        let contrast = Contrast { answers: vec![inside.answer_id], others: vec![inside.other_id] };
        let sum = direct(architecture, &run, contrast, inside.position);
        let narrow = |wide: &[f64]| wide.iter().map(|value| *value as f32).collect::<Vec<f32>>();
        let heads: Vec<f64> = sum.attns.iter().flat_map(|attn| attn.heads.clone()).collect();
        let biases: Vec<f64> = sum.attns.iter().map(|attn| attn.bias).collect();
        let mlps: Vec<f64> = sum.mlps.iter().map(|mlp| mlp.whole).collect();
        for (part, found) in [
            ("dla.embed", vec![sum.embed]),
            ("dla.head", heads),
            ("dla.attn_bias", biases),
            ("dla.mlp", mlps),
            ("dla.constant", vec![sum.constant]),
        ] {
            comparison.check(&format!("{architecture}.{part}"), &narrow(&found), &values.f32(part), TOLERANCE);
        }
        assert!((sum.outcome - inside.outcome).abs() < 1e-4, "{architecture}");
    }
    comparison.finish();
}

/// The identity of direct attribution, with means over several tokens; models for which there is none say why.
#[test]
fn the_outcome_is_the_sum_of_its_parts_or_refused() {
    let (mut exact, mut refused) = (Vec::new(), Vec::new());
    for (name, run) in every_run() {
        let contrast = Contrast { answers: vec![7, 9], others: vec![3, 5, 6] };
        let position = run.tokens().len() / 2;
        match refusal(run.model().spec()) {
            Some(reason) => {
                let error = DirectJob::new(&run, contrast, position).unwrap_err();
                assert_eq!(error.to_string(), reason, "{name}");
                refused.push(name);
            }
            None => {
                let sum = direct(&name, &run, contrast, position);
                assert_eq!(sum.cross.is_empty(), run.source().is_none(), "{name}");
                exact.push(name);
            }
        }
    }
    for name in ["gpt2", "llama", "t5", "bloom", "opt", "gptj", "qwen3", "gpt_neo", "attn_only", "phi3"] {
        assert!(exact.iter().any(|found| found == name), "{name} of {exact:?}");
    }
    for name in ["bert", "gemma3_text", "gemma2", "olmo2", "modernbert", "bart"] {
        assert!(refused.iter().any(|found| found == name), "{name} of {refused:?}");
    }
}

#[test]
fn neurons_and_the_output_bias_make_the_mlp() {
    let Golden { run, inside, .. } = Golden::of("llama");
    let contrast = Contrast { answers: vec![inside.answer_id], others: vec![inside.other_id] };
    let sum = direct("llama", &run, contrast, inside.position);
    for mlp in &sum.mlps {
        assert_eq!(mlp.neurons.len(), run.model().spec().d_mlp);
        let parts: f64 = mlp.neurons.iter().map(|part| f64::from(*part)).sum();
        assert!((parts - mlp.whole).abs() < 1e-5, "{parts} {}", mlp.whole);
    }
}

/// What an edited head adds is what it wrote under the edit; the sum stays the outcome.
#[test]
fn the_sum_is_that_of_the_edited_run() {
    let Golden { run, inside, .. } = Golden::of("gpt2");
    let list = r#"[{"kind":"zero_head","layer":1,"head":2},
        {"kind":"scale","layer":2,"hook":"attn.hook_result","head":0,"factor":2.0},
        {"kind":"scale","layer":0,"hook":"mlp.hook_post","neuron":3,"factor":0.0}]"#;
    let edits = edit::parse_list(list).unwrap();
    let bound = CompiledEdits::bind(&edits, run.model().spec(), run.tokens().len()).unwrap();
    let mut edited = run.again(bound, Captures::none()).unwrap();
    edited.complete().unwrap();
    let contrast = Contrast { answers: vec![inside.answer_id], others: vec![inside.other_id] };
    let sum = complete(DirectJob::new(&edited, contrast, inside.position).unwrap()).unwrap();
    assert!((sum.total() - sum.outcome).abs() < 1e-4, "{} {}", sum.total(), sum.outcome);
    assert_eq!(sum.attns[1].heads[2], 0.0);
    assert_eq!(sum.mlps[0].neurons[3], 0.0);
    assert!((sum.outcome - inside.outcome).abs() > 1e-4, "the edits do something");
}

#[test]
fn wrong_outcomes_are_refused() {
    let Golden { run, .. } = Golden::of("gpt2");
    let refused = |answers: &[u32], others: &[u32], position: usize| {
        let contrast = Contrast { answers: answers.to_vec(), others: others.to_vec() };
        DirectJob::new(&run, contrast, position).unwrap_err().to_string()
    };
    assert!(refused(&[1], &[2], 999).contains("position 999 is not there: 18 tokens"));
    assert!(refused(&[1], &[99_999], 0).contains("vocabulary"));
    assert!(refused(&[], &[2], 0).contains("at least one answer"));
}

/// All that a layer writes at a position.
fn all_of(layer: usize, position: usize, n_top: usize) -> WrittenAsked {
    WrittenAsked { layer, position, link: None, n_top }
}

/// The logit that a part promotes most is what direct attribution of that logit gives the part; norms are those of the captured
/// activations.
#[test]
fn what_is_promoted_is_what_is_attributed() {
    for (name, run) in every_run().filter(|(_, run)| without_words(run.model().spec()).is_none()) {
        if refusal(run.model().spec()).is_some() {
            continue;
        }
        let (spec, position) = (run.model().spec(), run.tokens().len() / 2);
        let layer = spec.n_layers - 1;
        let written = complete(WrittenJob::new(&run, all_of(layer, position, 4)).unwrap()).unwrap();
        for part in &written.parts {
            let Words { promotes, suppresses } = &part.words;
            let (id, value) = promotes[0];
            assert!(promotes.is_sorted_by(|a, b| a.1 >= b.1) && suppresses.is_sorted_by(|a, b| a.1 <= b.1));
            let contrast = Contrast { answers: vec![id], others: Vec::new() };
            let sum = complete(DirectJob::new(&run, contrast, position).unwrap()).unwrap();
            let expected = match part.writer {
                Writer::Head(head) => sum.attns[layer].heads[head],
                Writer::AttnBias => sum.attns[layer].bias,
                Writer::CrossHead(head) => sum.cross[layer].heads[head],
                Writer::CrossBias => sum.cross[layer].bias,
                Writer::Mlp => sum.mlps[layer].whole,
                Writer::Expert(_) | Writer::SharedExpert => continue,
            };
            assert!((f64::from(value) - expected).abs() < 1e-4, "{name}, {:?}: {value} {expected}", part.writer);
        }
    }
}

#[test]
fn what_is_written_has_its_length_in_every_model() {
    for (name, run) in every_run() {
        let (spec, position) = (run.model().spec(), 1);
        let written = complete(WrittenJob::new(&run, all_of(0, position, 2)).unwrap()).unwrap();
        let result = Hook::Block(0, BlockSite::Result);
        let again = run.again(CompiledEdits::none(), Captures::of([result])).unwrap();
        let again = {
            let mut again = again;
            again.complete().unwrap();
            again
        };
        let results = &again.captured(result).unwrap()[position * spec.n_heads * spec.d_model..];
        for part in &written.parts {
            let Writer::Head(head) = part.writer else { continue };
            let row = &results[head * spec.d_model..(head + 1) * spec.d_model];
            let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            assert!((f64::from(part.norm) - length).abs() < 1e-4, "{name}, head {head}");
        }
        assert_eq!(without_words(spec).is_some(), written.parts[0].words.promotes.is_empty(), "{name}");
        assert!(written.neurons.is_sorted_by(|a, b| a.norm >= b.norm), "{name}");
        assert_eq!(written.neurons.is_empty(), spec.d_mlp == 0 || spec.experts_at(0).is_some(), "{name}");
    }
}

fn rollout(run: &Run) -> Vec<Vec<f32>> {
    let mut rollout = Rollout::default();
    let mut layers = Vec::new();
    while layers.len() < run.model().spec().n_layers {
        layers.extend(rollout.step(run).unwrap());
    }
    layers
}

#[test]
fn rollout_and_value_zeroing_agree_with_pytorch() {
    let mut comparison = Comparison::default();
    for architecture in FLOWS {
        let Golden { run, values, .. } = Golden::of(architecture);
        for (layer, found) in rollout(&run).iter().enumerate() {
            let name = format!("rollout.{layer}");
            comparison.check(&format!("{architecture}.{name}"), found, &values.f32(&name), TOLERANCE);
            let name = format!("value_zeroing.{layer}");
            let found = complete(ValueZeroingJob::new(&run, layer, Attn::Own).unwrap()).unwrap().shares;
            comparison.check(&format!("{architecture}.{name}"), &found, &values.f32(&name), TOLERANCE);
        }
    }
    comparison.finish();
}

/// The sums of a rollout's rows, layer by layer: s_l = (½ mean_h A + ½ I) s_(l−1), with s_(−1) = 1.
fn rollout_sums(run: &Run) -> Vec<Vec<f32>> {
    let (n, n_heads) = (run.tokens().len(), run.model().spec().n_heads);
    let mut sums = vec![vec![1.0; n]];
    for layer in 0..run.model().spec().n_layers {
        let pattern = run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap();
        let last = sums.last().unwrap();
        let next = (0..n).map(|query| {
            let rows = pattern.chunks_exact(n).skip(query).step_by(n);
            let attended: f32 = rows.flat_map(|row| row.iter().zip(last).map(|(weight, sum)| weight * sum)).sum();
            0.5 * attended / n_heads as f32 + 0.5 * last[query]
        });
        let next = next.collect();
        sums.push(next);
    }
    sums.split_off(1)
}

/// The identity of rollout, and that causal models never look ahead. What a head leaves to a sink is missing from its row.
#[test]
fn rows_of_a_rollout_sum_to_one_in_every_model() {
    for (name, run) in every_run() {
        let n = run.tokens().len();
        let has_sinks = run.model().spec().sinks;
        let expected = if has_sinks { rollout_sums(&run) } else { vec![vec![1.0; n]; run.model().spec().n_layers] };
        for (layer, expected) in rollout(&run).iter().zip(&expected) {
            for (query, row) in layer.chunks_exact(n).enumerate() {
                assert!((row.iter().sum::<f32>() - expected[query]).abs() < 1e-5, "{name}, row {query}");
                assert!(!has_sinks || expected[query] < 0.999, "{name}, row {query}");
                let is_causal = run.model().spec().is_causal();
                assert!(!is_causal || row[query + 1..].iter().all(|weight| *weight == 0.0), "{name}, row {query}");
            }
        }
    }
}

/// Cross-attention's flow has a row for each of the decoder's positions and a column for each of the encoder's.
#[test]
fn zeroed_values_of_the_encoder_change_the_decoder() {
    let (_, run) = every_run().find(|(name, _)| name == "t5").unwrap();
    let (n_query, n_key) = (run.tokens().len(), run.source().unwrap().tokens().len());
    let shares = complete(ValueZeroingJob::new(&run, 0, Attn::Cross).unwrap()).unwrap().shares;
    assert_eq!(shares.len(), n_query * n_key);
    for row in shares.chunks_exact(n_key) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|share| *share >= 0.0), "{row:?}");
    }
    let (_, gpt2) = every_run().find(|(name, _)| name == "gpt2").unwrap();
    assert!(ValueZeroingJob::new(&gpt2, 0, Attn::Cross).is_err());
    assert!(ValueZeroingJob::new(&gpt2, 9, Attn::Own).is_err());
}

/// `golden-real/smollm2/inside-mary-john.json`.
#[derive(Deserialize)]
struct MaryAndJohn {
    text: String,
    answer: String,
    other: String,
    #[serde(rename = "M")]
    outcome: f64,
    lens_last_position: Vec<LensRow>,
    dla: Dla,
}

#[derive(Deserialize)]
struct LensRow {
    top: Vec<(String, f64)>,
    p_answer: f64,
    rank_answer: u32,
}

#[derive(Deserialize)]
struct Dla {
    embed: f64,
    head: Vec<Vec<f64>>,
    mlp: Vec<f64>,
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn smollm2_looks_inside_as_pytorch_does() {
    let expected: MaryAndJohn =
        serde_json::from_slice(&read(&fixture("golden-real/smollm2/inside-mary-john.json"))).unwrap();
    let model = load(&vec![("SmolLM2.gguf".to_owned(), read(&model_file(SMOLLM2_GGUF)))]).unwrap();
    let run = finished(&model, model.encode(&expected.text, None).unwrap(), CompiledEdits::none(), Captures::none());
    let (answer, other) = (model.single_token(&expected.answer).unwrap(), model.single_token(&expected.other).unwrap());
    let (layers, last) = (all(model.spec().n_layers + 1), run.tokens().len() - 1);
    let asked = LensAsked { layers, positions: vec![last], n_top: 3, token: Some(answer) };
    let table = complete(LensJob::new(&run, asked).unwrap()).unwrap();
    assert_eq!(table.cells.len(), expected.lens_last_position.len());
    let mut n_other_orders = 0;
    for (layer, (cell, expected)) in table.cells.iter().zip(&expected.lens_last_position).enumerate() {
        for ((id, prob), (word, expected_prob)) in cell.top.iter().zip(&expected.top) {
            let found = model.tokenizer().unwrap().decode(&[*id]).unwrap();
            // Tokens whose probabilities are closer than rounding may change places.
            n_other_orders += usize::from(found != *word);
            assert!((f64::from(*prob) - expected_prob).abs() < 1e-3, "layer {layer}: {found} {prob} {expected_prob}");
        }
        let token = cell.token.unwrap();
        assert!((f64::from(token.prob) - expected.p_answer).abs() < 1e-3, "layer {layer}");
        let slack = 2 + expected.rank_answer / 50;
        // The golden ranks are those of probabilities, the smallest of which are all 0 in f32.
        let is_zero = token.prob < 1e-37;
        let has_rank = token.rank.abs_diff(expected.rank_answer) <= slack;
        assert!(has_rank || is_zero && token.rank > expected.rank_answer, "layer {layer}: rank {}", token.rank);
    }
    assert!(n_other_orders <= 1, "{n_other_orders} tokens differ");
    let sum = direct("SmolLM2", &run, Contrast { answers: vec![answer], others: vec![other] }, last);
    assert!((sum.outcome - expected.outcome).abs() < 5e-3, "{} {}", sum.outcome, expected.outcome);
    assert!((sum.embed - expected.dla.embed).abs() < 1e-3);
    for (layer, (attn, heads)) in sum.attns.iter().zip(&expected.dla.head).enumerate() {
        for (head, (found, expected)) in attn.heads.iter().zip(heads).enumerate() {
            assert!((found - expected).abs() < 1e-3, "L{layer}H{head}: {found} {expected}");
        }
        let (found, expected) = (sum.mlps[layer].whole, expected.dla.mlp[layer]);
        assert!((found - expected).abs() < 1e-3, "L{layer} MLP: {found} {expected}");
    }
}
