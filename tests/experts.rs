//! Layers that send each token to some of several MLPs: edits of their routers, what a trace keeps of them, what each expert writes.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, golden_files, golden_run, load, load_golden};
use crate::support::gguf_converted::{convert, converted};
use crate::support::gguf_names::conversions;
use crate::support::{Comparison, Tensors, golden};
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::inside::written::{Writer, WrittenAsked};
use headlight::edit;
use headlight::engine::jobs::{DirectJob, NeuronJob, WrittenJob, complete};
use headlight::engine::{Captures, CompiledEdits, EngineError, Model, Recorder, Run};
use headlight::trace::file::{Element, Parsed, SavePlan, Saved, TraceMetadata, parse_header, patterns_need_more};
use headlight::trace::{BlockSite, Hook, TokenForm};

const FAMILIES: [&str; 10] = [
    "gpt_oss",
    "gpt_oss_limited",
    "mixtral",
    "mixtral_fused",
    "olmoe",
    "olmoe_fused",
    "qwen2_moe",
    "qwen2_moe_fused",
    "qwen3_moe",
    "qwen3_moe_fused",
];

fn routing(layer: usize) -> [Hook; 3] {
    [BlockSite::RouterScores, BlockSite::ExpertIndices, BlockSite::ExpertWeights].map(|site| Hook::Block(layer, site))
}

/// A small checkpoint's run under edits, with what its first routed layer does; or why it cannot be.
fn with(run: &Run, list: &str) -> Result<Run, EngineError> {
    let model = run.model();
    let layer = model.spec().experts.as_ref().map_or(0, |experts| experts.layers[0]);
    let edits = edit::parse_list(list).unwrap();
    let bound = CompiledEdits::bind(&edits, model.spec(), run.tokens().len())?;
    let mut edited = run.again(bound, Captures::of(routing(layer)))?;
    edited.complete()?;
    Ok(edited)
}

/// Expert 1 of the first routed layer, for every token: the next best takes its place, with a weight of its own.
#[test]
fn an_expert_is_removed_as_in_pytorch() {
    let mut comparison = Comparison::default();
    let (mut n_compared, mut n_changed) = (0, 0);
    for name in FAMILIES {
        let expected = Tensors::open(&golden(name).join("expected.safetensors"));
        let run = golden_run(name);
        let experts = run.model().spec().experts.clone().unwrap();
        let layer = experts.layers[0];
        let edit = format!(r#"[{{"kind":"knock_out_expert","layer":{layer},"expert":1,"query":"all"}}]"#);
        if experts.n_experts == experts.n_per_token {
            let message = with(&run, &edit).unwrap_err().to_string();
            assert!(message.contains("leave 2 of the 3 experts that token 0 goes to in layer 0"), "{message}");
            continue;
        }
        let edited = with(&run, &edit).unwrap();
        let logits = edited.logits(0..run.tokens().len()).unwrap();
        comparison.check(&format!("{name}: removed.logits"), &logits, &expected.f32("removed.logits"), 1e-4);
        // gpt-oss's sends no token there.
        n_changed += usize::from(logits != run.logits(0..run.tokens().len()).unwrap());
        let [scores, indices, _] = routing(layer).map(|hook| edited.captured(hook).unwrap());
        assert!(scores.iter().skip(1).step_by(experts.n_experts).all(|score| *score == f32::NEG_INFINITY));
        assert!(indices.iter().all(|expert| *expert != 1.0), "{name}");
        n_compared += 1;
    }
    assert_eq!((n_compared, n_changed), (9, 8));
    comparison.finish();
}

/// The expert whose score is set above all others comes first, and nearly alone where weights sum to 1.
#[test]
fn a_score_that_is_set_chooses() {
    let run = golden_run("mixtral");
    let edit = r#"[{"kind":"set","layer":1,"hook":"mlp.hook_router_scores","neuron":3,"query":2,"value":50}]"#;
    let bound = CompiledEdits::bind(&edit::parse_list(edit).unwrap(), run.model().spec(), run.tokens().len()).unwrap();
    let mut edited = run.again(bound, Captures::of(routing(1))).unwrap();
    edited.complete().unwrap();
    let [_, indices, weights] = routing(1).map(|hook| edited.captured(hook).unwrap());
    assert_eq!(indices[4], 3.0);
    assert!(weights[4] > 0.999 && weights[5] < 1e-3, "{:?}", &weights[4..6]);
    // Another place in the list is another expert, whose weight follows from its own score.
    let swapped = r#"[{"kind":"set","layer":0,"hook":"mlp.hook_expert_indices","neuron":0,"query":1,"value":2},
        {"kind":"scale","layer":0,"hook":"mlp.hook_expert_weights","neuron":1,"query":1,"factor":0}]"#;
    let swapped = with(&run, swapped).unwrap();
    let [scores, indices, weights] = routing(0).map(|hook| swapped.captured(hook).unwrap());
    let (one, other) = (scores[4 + 2].exp(), scores[4 + indices[3] as usize].exp());
    assert_eq!((indices[2], weights[3]), (2.0, 0.0));
    assert!((weights[2] - one / (one + other)).abs() < 1e-5);
}

#[test]
fn edits_that_do_not_fit_a_router_say_why() {
    let run = golden_run("qwen2_moe_fused");
    for (edit, expected) in [
        (r#"{"kind":"knock_out_expert","layer":1,"expert":4,"query":"all"}"#, "expert 4 is not there: 4 experts"),
        (r#"{"kind":"knock_out_expert","layer":0,"expert":1,"query":"all"}"#, "layer 0 has no mlp.hook_router_scores"),
        (
            r#"{"kind":"knock_out_expert","layer":1,"expert":[0,1,2],"query":3}"#,
            "leave 1 of the 2 experts that token 3",
        ),
        (r#"{"kind":"scale","layer":1,"hook":"mlp.hook_expert_indices","factor":0.3}"#, "whole numbers below 4"),
        (r#"{"kind":"scale","layer":1,"hook":"mlp.hook_post","factor":0}"#, "layer 1 has no mlp.hook_post"),
    ] {
        let message = with(&run, &format!("[{edit}]")).unwrap_err().to_string();
        assert!(message.contains(expected), "{edit}: {message}");
    }
    let message = with(&golden_run("llama"), r#"[{"kind":"knock_out_expert","layer":0,"expert":0,"query":"all"}]"#);
    let message = message.unwrap_err().to_string();
    assert!(message.contains("expert 0 is not there: 0 experts"), "{message}");
    let message = NeuronJob::new(&run, 1, 0, 3).unwrap_err().to_string();
    assert!(message.contains("layer 1 sends each token to experts"), "{message}");
}

/// What the experts write by their weights is what the MLP adds, and its direct effect is a part of the sum.
#[test]
fn experts_together_are_the_mlp() {
    for name in FAMILIES {
        let run = golden_run(name);
        let experts = run.model().spec().experts.clone().unwrap();
        let (layer, position) = (experts.layers[0], run.tokens().len() - 1);
        let asked = WrittenAsked { layer, position, link: None, n_top: 1 };
        let written = complete(WrittenJob::new(&run, asked).unwrap()).unwrap();
        let is_expert = |writer: Writer| matches!(writer, Writer::Expert(_) | Writer::SharedExpert);
        let parts: Vec<_> = written.parts.iter().filter(|part| is_expert(part.writer)).collect();
        assert_eq!(parts.len(), experts.n_per_token + usize::from(experts.d_shared > 0), "{name}");
        assert!(parts.iter().all(|part| part.weight.is_some()) && written.neurons.is_empty(), "{name}");
        if experts.sums_to_one {
            let sum: f32 =
                parts.iter().filter(|part| part.writer != Writer::SharedExpert).filter_map(|part| part.weight).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{name}: {sum}");
        }
        let contrast = Contrast { answers: vec![7], others: vec![9] };
        let sum = complete(DirectJob::new(&run, contrast, position).unwrap()).unwrap();
        assert!((sum.total() - sum.outcome).abs() < 1e-4, "{name}: {} {}", sum.total(), sum.outcome);
        // Without the expert that comes first, the MLP adds less by what the expert wrote.
        let edit = format!(
            r#"[{{"kind":"scale","layer":{layer},"hook":"mlp.hook_expert_weights","neuron":0,"query":{position},"factor":0}}]"#
        );
        let hook = Hook::Block(layer, BlockSite::MlpOut);
        let [all, less] = ["[]", &edit].map(|list| {
            let bound =
                CompiledEdits::bind(&edit::parse_list(list).unwrap(), run.model().spec(), position + 1).unwrap();
            let mut again = run.again(bound, Captures::at_position([hook], position)).unwrap();
            again.complete().unwrap();
            again.captured(hook).unwrap().to_vec()
        });
        let norm = all.iter().zip(&less).map(|(all, less)| f64::from(all - less).powi(2)).sum::<f64>().sqrt();
        assert!(norm > 1e-3 && (norm - f64::from(parts[0].norm)).abs() < 1e-4, "{name}: {norm} {}", parts[0].norm);
    }
}

/// Chosen experts are whole numbers in a file, and a removed expert's score is −∞.
#[test]
fn a_trace_keeps_routers_and_chosen_experts() {
    let model = load_golden("qwen3_moe");
    let tokens = model.encode("The cat sat", None).unwrap();
    let edits = edit::parse_list(r#"[{"kind":"knock_out_expert","layer":1,"expert":2,"query":0}]"#).unwrap();
    let bound = CompiledEdits::bind(&edits, model.spec(), tokens.len()).unwrap();
    let plan = SavePlan::new(model.spec(), tokens.len(), None, Saved::All, Element::F32);
    let metadata = TraceMetadata {
        spec: Some(model.spec().clone()),
        edits: edits.iter().map(headlight::edit::Edit::to_json).collect(),
        ..TraceMetadata::of_tokens(tokens.tokens.clone(), TokenForm::ByteLevel)
    };
    let mut recorder = Recorder::new(Vec::new(), &metadata, plan, &tokens, None, None).unwrap();
    let mut run = finished(&model, tokens.clone(), bound, recorder.captures(None));
    let expected = routing(1).map(|hook| run.captured(hook).unwrap().to_vec());
    while recorder.record(None, &mut run).unwrap() {}
    while recorder.record_logits(&run).unwrap() {}
    let mut file = recorder.finish().unwrap();
    let parse = |file: &[u8]| match parse_header("t.safetensors", file.len() as u64, file) {
        Ok(Parsed::Complete(trace)) => trace,
        other => panic!("{other:?}"),
    };
    let trace = parse(&file);
    assert_eq!(trace.metadata.spec.as_ref(), Some(model.spec()));
    let mut place = 0;
    for (index, hook) in routing(1).into_iter().enumerate() {
        let name = hook.to_string();
        let bytes = trace.bytes_of(&name, 0..tokens.len()).unwrap();
        let found = trace.decode(&name, &file[bytes.start as usize..bytes.end as usize]).unwrap();
        let is_counted = index == 1;
        assert_eq!(trace.tensors[&name].element, if is_counted { Element::I32 } else { Element::F32 }, "{name}");
        if is_counted {
            place = bytes.start as usize;
        }
        let near = |(a, b): (&f32, &f32)| a == b || (a - b).abs() < 1e-2 * (1.0 + b.abs());
        assert!(found.iter().zip(&expected[index]).all(near), "{name}: {found:?} {:?}", expected[index]);
    }
    assert_eq!(expected[0][2], f32::NEG_INFINITY);
    // The fifth of four experts.
    file[place] = 4;
    let name = routing(1)[1].to_string();
    let bytes = trace.bytes_of(&name, 0..1).unwrap();
    let wrong = trace.decode(&name, &file[bytes.start as usize..bytes.end as usize]).unwrap_err().to_string();
    assert!(wrong.contains("a number from 0 to 3") && wrong.contains('4'), "{wrong}");
    assert!(trace.pieces(1 << 20).iter().any(|piece| piece.name == name), "what is checked before it is shown");
}

/// Rows of a head with a sink sum to less than 1, in a run, in its file, and where patterns are asked for.
#[test]
fn sinks_take_a_part_of_every_row() {
    let run = golden_run("gpt_oss");
    let pattern = run.activation(Hook::Block(1, BlockSite::Pattern)).unwrap();
    let n_pos = run.tokens().len();
    let sums: Vec<f32> = pattern.chunks(n_pos).map(|row| row.iter().sum()).collect();
    assert!(sums.iter().all(|sum| *sum > 0.1 && *sum < 0.999), "{sums:?}");
    let reason = patterns_need_more(run.model().spec(), false).unwrap();
    assert!(reason.contains("sinks"), "{reason}");
    // With all of its keys out of reach a row would rest on the sink alone.
    let edit = r#"[{"kind":"knock_out_edge","layer":0,"head":0,"query":0,"key":0}]"#;
    assert!(with(&run, edit).unwrap_err().to_string().contains("must keep one"));
}

/// Weights in MXFP4, as gpt-oss is published, are read from GGUF alone.
#[test]
fn quantised_experts_of_a_folder_are_refused_with_what_to_do() {
    let mut files = golden_files("gpt_oss");
    let mut config: serde_json::Value = serde_json::from_slice(&files[0].1).unwrap();
    config["quantization_config"] = serde_json::json!({"quant_method": "mxfp4"});
    files[0].1 = config.to_string().into_bytes();
    let message = load(&files).unwrap_err().to_string();
    assert!(message.contains("quantised by MXFP4") && message.contains("GGUF"), "{message}");
}

fn loaded(bytes: Vec<u8>) -> Result<Arc<Model>, EngineError> {
    load(&vec![("m.gguf".to_owned(), bytes)])
}

/// Files of Mixtral from before experts stood in one tensor, and architectures whose experts are not read.
#[test]
fn older_files_have_a_tensor_for_each_expert() {
    let conversion = conversions().into_iter().find(|conversion| conversion.golden == "mixtral").unwrap();
    let model = loaded(convert(&conversion)).unwrap();
    let mut file = converted(&conversion);
    let stacked = std::mem::take(&mut file.tensors);
    for tensor in stacked {
        let Some((name, part)) = tensor.name.clone().split_once("_exps.").map(|(a, b)| (a.to_owned(), b.to_owned()))
        else {
            file.tensors.push(tensor);
            continue;
        };
        let n_experts = tensor.dims[2] as usize;
        for (expert, data) in tensor.data.chunks(tensor.data.len() / n_experts).enumerate() {
            file = file.tensor(&format!("{name}.{expert}.{part}"), &tensor.dims[..2], 0, data.to_vec());
        }
    }
    let older = loaded(file.bytes()).unwrap();
    let ids = [5, 17, 42, 8];
    let stream = |model: &Arc<Model>| {
        let tokens = model.tokens_from_ids(&ids).unwrap();
        finished(model, tokens, CompiledEdits::none(), Captures::none()).final_stream().to_vec()
    };
    assert_eq!(stream(&older), stream(&model));
    let conversion = conversions().into_iter().find(|conversion| conversion.golden == "qwen2").unwrap();
    let file = converted(&conversion).field("qwen2.expert_count", crate::support::gguf::Field::U32(4));
    let message = loaded(file.bytes()).unwrap_err().to_string();
    assert!(message.contains("expert_count") && message.contains("not read"), "{message}");
}

/// A gpt-oss of random weights whose experts have rows of one block, in MXFP4 or as the numbers that it stands for.
fn of_blocks(in_blocks: bool) -> Arc<Model> {
    const DIGITS: [f32; 8] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
    let mut seed = 1u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32
    };
    let conversion = conversions().into_iter().find(|conversion| conversion.golden == "gpt_oss").unwrap();
    let mut file = converted(&conversion);
    for (key, size) in [
        ("embedding_length", 32),
        ("feed_forward_length", 32),
        ("attention.key_length", 8),
        ("attention.value_length", 8),
        ("rope.dimension_count", 8),
    ] {
        let key = format!("gpt-oss.{key}");
        file.fields.retain(|(known, _)| *known != key);
        file = file.field(&key, crate::support::gguf::Field::U32(size));
    }
    for tensor in &mut file.tensors {
        for size in &mut tensor.dims {
            *size = match *size {
                // All keys; the stream and all queries; neurons of an expert.
                8 => 16,
                16 | 24 => 32,
                other => other,
            };
        }
        let n_values = tensor.dims.iter().product::<u64>() as usize;
        if !tensor.name.ends_with("_exps.weight") {
            tensor.data = (0..n_values).flat_map(|_| (next() - 0.5).to_le_bytes()).collect();
            continue;
        }
        let (mut blocks, mut wide) = (Vec::new(), Vec::new());
        for _ in 0..n_values / 32 {
            let exponent = 121 + (next() * 5.0) as u8;
            let codes: Vec<u8> = (0..32).map(|_| (next() * 16.0) as u8).collect();
            blocks.push(exponent);
            blocks.extend((0..16).map(|index| codes[index] | codes[index + 16] << 4));
            wide.extend(codes.iter().map(|code| {
                let size = DIGITS[usize::from(code & 7)] * 2f32.powi(i32::from(exponent) - 127);
                if code & 8 == 0 { size } else { -size }
            }));
        }
        let wide = wide.iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
        (tensor.type_number, tensor.data) = if in_blocks { (39, blocks) } else { (0, wide) };
    }
    loaded(file.bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// Experts in MXFP4, as gpt-oss is published, run as what their blocks stand for.
#[test]
fn experts_in_blocks_of_mxfp4_run_as_their_numbers() {
    let (blocks, wide) = (of_blocks(true), of_blocks(false));
    let ids = [5, 300, 17, 17, 200];
    let [found, expected] = [&blocks, &wide].map(|model| {
        let captures = Captures::of(routing(1).into_iter().chain([Hook::Block(0, BlockSite::MlpOut)]));
        finished(model, model.tokens_from_ids(&ids).unwrap(), CompiledEdits::none(), captures)
    });
    // 3 matrices of 32 × 32 for each of 4 experts in 2 layers: 17 bytes for 32 numbers in place of 128.
    assert_eq!(wide.weight_bytes() - blocks.weight_bytes(), 2 * 4 * 3 * 32 * (128 - 17));
    assert_eq!(found.captured(routing(1)[1]).unwrap(), expected.captured(routing(1)[1]).unwrap());
    let mut comparison = Comparison::default();
    let written = Hook::Block(0, BlockSite::MlpOut);
    assert!(expected.captured(written).unwrap().iter().any(|value| value.abs() > 0.1));
    comparison.check("written", found.captured(written).unwrap(), expected.captured(written).unwrap(), 1e-4);
    comparison.check("stream", found.final_stream(), expected.final_stream(), 1e-4);
    comparison.check("logits", &found.logits(0..5).unwrap(), &expected.logits(0..5).unwrap(), 1e-4);
    comparison.finish();
}
