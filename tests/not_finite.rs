//! Weights that are not numbers, and numbers too large for f32, are refused where they arise, by the hook's name: in a
//! run, and in patterns that are made later.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support::engine::{Files, golden_files, load};
use headlight::analysis::{SourceError, TraceSource};
use headlight::answers::{Reply, start};
use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, EngineError, Model, Run};
use headlight::protocol::{Answer, Grid, NeuronPart, Question, Reduce};
use headlight::trace::file::header::{Parsed as ParsedHeader, parse as header};
use headlight::trace::file::{Element, Parsed, TensorPlan, TraceMetadata, TraceWriter, parse_header};
use headlight::trace::{Spec, TokenForm};

/// Replaces the values of a tensor of a checkpoint that `chosen` names by index.
fn replace(files: &mut Files, tensor: &str, value: f32, chosen: impl Fn(usize) -> bool) {
    let (_, bytes) = files.iter_mut().find(|(name, _)| name == "model.safetensors").unwrap();
    let Ok(ParsedHeader::Complete(header)) = header("m", bytes.len() as u64, bytes) else { panic!("no header") };
    let entry = &header.tensors[tensor];
    assert_eq!(entry.dtype, "F32");
    let data = &mut bytes[entry.offset as usize..(entry.offset + entry.len) as usize];
    let chunks = data.chunks_exact_mut(4).enumerate().filter(|(index, _)| chosen(*index));
    chunks.for_each(|(_, four)| four.copy_from_slice(&value.to_le_bytes()));
}

/// Runs a text to the end and looks at every pattern and the last logits.
fn run(model: &Arc<Model>, edits: &str) -> Result<(), EngineError> {
    let tokens = model.encode("the cats", None)?;
    let edits = CompiledEdits::bind(&edit::parse_list(edits)?, model.spec(), tokens.len())?;
    let n_tokens = tokens.len();
    let mut run = Run::new(Arc::clone(model), tokens, edits, Captures::none())?;
    run.complete()?;
    for layer in 0..model.spec().n_layers {
        let attention = run.attention(layer)?;
        (0..model.spec().n_heads).try_for_each(|head| attention.pattern(head).map(|_| ()))?;
    }
    run.logits(n_tokens - 1..n_tokens).map(|_| ())
}

#[test]
fn weights_that_are_not_numbers_are_named_by_the_hook_that_they_reach_first() {
    let layer = |name: &str| format!("model.layers.1.{name}.weight");
    let cases = [
        (layer("self_attn.q_proj"), "blocks.1.attn.hook_q is not finite (token 0, layer 1)"),
        (layer("self_attn.k_proj"), "blocks.1.attn.hook_k is not finite (token 0, layer 1)"),
        (layer("self_attn.v_proj"), "blocks.1.attn.hook_v is not finite (token 0, layer 1)"),
        (layer("self_attn.o_proj"), "blocks.1.hook_attn_out is not finite (token 0, layer 1)"),
        (layer("mlp.gate_proj"), "blocks.1.mlp.hook_pre is not finite (token 0, layer 1)"),
        (layer("mlp.up_proj"), "blocks.1.mlp.hook_pre_linear is not finite (token 0, layer 1)"),
        (layer("mlp.down_proj"), "blocks.1.hook_mlp_out is not finite (token 0, layer 1)"),
        (layer("input_layernorm"), "blocks.1.attn.hook_q is not finite (token 0, layer 1)"),
        ("model.embed_tokens.weight".to_owned(), "hook_embed is not finite (token 0)"),
        ("model.norm.weight".to_owned(), "ln_final.hook_out is not finite (token 0)"),
    ];
    for (tensor, expected) in cases {
        for value in [f32::NAN, f32::INFINITY] {
            for chosen in [|_: usize| true, |index: usize| index.is_multiple_of(3)] {
                let mut files = golden_files("llama");
                replace(&mut files, &tensor, value, chosen);
                let message = run(&load(&files).unwrap(), "[]").expect_err(&tensor).to_string();
                assert!(message.starts_with(expected), "{tensor}: {message}");
                assert!(message.ends_with("the weights are damaged, or an edit is too large"), "{message}");
            }
        }
    }
    let mut files = golden_files("llama");
    replace(&mut files, "lm_head.weight", f32::NAN, |index| index == 5);
    let message = run(&load(&files).unwrap(), "[]").unwrap_err().to_string();
    assert!(message.contains("weights of the unembedding, or of the head before it, are damaged"));
}

#[test]
fn scores_that_overflow_are_named() {
    let expected = "attn_scores is not finite (head 0, token";
    // The soft-cap of the second one would make numbers of infinities.
    for architecture in ["llama", "gemma2"] {
        let mut files = golden_files(architecture);
        for name in ["q_proj", "k_proj"] {
            replace(&mut files, &format!("model.layers.0.self_attn.{name}.weight"), 1e25, |_| true);
        }
        let message = run(&load(&files).unwrap(), "[]").unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("layer 0"), "{architecture}: {message}");
    }
}

#[test]
fn an_edit_that_is_too_large_is_named_in_the_run_and_in_patterns_made_later() {
    let model = load(&golden_files("llama")).unwrap();
    for (edits, expected) in [
        (
            r#"[{"kind":"scale","layer":1,"hook":"attn.hook_v","factor":3e38},{"kind":"scale","layer":1,"hook":"attn.hook_v","factor":3e38}]"#,
            "blocks.1.attn.hook_v",
        ),
        (
            r#"[{"kind":"scale","layer":1,"hook":"attn.hook_pattern","factor":3e38},{"kind":"scale","layer":1,"hook":"attn.hook_pattern","factor":3e38}]"#,
            "blocks.1.attn.hook_pattern is not finite (head 0, token 0",
        ),
    ] {
        let message = run(&model, edits).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

/// Numbers at either end of f32: the row that they make is a distribution all the same.
#[test]
fn a_painted_row_of_any_weights_sums_to_one() {
    let model = load(&golden_files("llama")).unwrap();
    let tokens = model.tokens_from_ids(&[1, 5, 9, 5]).unwrap();
    for weights in ["3.4e38,3.4e38,3.4e38,3.4e38", "1e-45,1e-45,0,1e-45", "3.4e38,1e-45,-0.0,0", "1,0,0,0"] {
        let json = format!(r#"[{{"kind":"set_pattern_row","layer":0,"head":1,"query":3,"weights":[{weights}]}}]"#);
        let edits = CompiledEdits::bind(&edit::parse_list(&json).unwrap(), model.spec(), 4).unwrap();
        let mut run = Run::new(Arc::clone(&model), tokens.clone(), edits, Captures::none()).unwrap();
        run.complete().unwrap();
        let pattern = run.attention(0).unwrap().pattern(1).unwrap();
        let sum: f32 = pattern[12..].iter().sum();
        assert!((sum - 1.0).abs() < 1e-6, "{weights}: {pattern:?}");
    }
}

/// A trace of queries and keys alone, all of one value.
fn of_value(value: f32, spec: Spec) -> (TraceSource, Vec<u8>) {
    let metadata = TraceMetadata {
        spec: Some(spec),
        ..TraceMetadata::of_tokens(["a", "b", "c"].map(str::to_owned).into(), TokenForm::Plain)
    };
    let names = ["blocks.0.attn.hook_q", "blocks.0.attn.hook_k"];
    let plan = |name: &str| TensorPlan { name: name.to_owned(), element: Element::F32, shape: vec![3, 2, 4] };
    let mut writer = TraceWriter::new(Vec::new(), &metadata, names.map(plan).into()).unwrap();
    names.iter().for_each(|name| writer.write_floats(name, &[value; 24]).unwrap());
    let bytes = writer.finish().unwrap();
    let Parsed::Complete(trace) = parse_header("t", bytes.len() as u64, &bytes).unwrap() else { panic!("not whole") };
    (TraceSource::new(trace), bytes)
}

fn asked(source: &mut TraceSource, bytes: &[u8], question: Question) -> Result<Reply, SourceError> {
    let mut answering = start(question);
    loop {
        match answering.step(source) {
            Ok(Some(reply)) => return Ok(reply),
            Ok(None) => {}
            Err(SourceError::Wants(range)) => {
                source.supply(range.clone(), &bytes[range.start as usize..range.end as usize]).unwrap();
            }
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn patterns_made_of_a_traces_queries_and_keys_are_checked_as_stored_ones_are() {
    let spec = |softcap: Option<f64>| Spec {
        architecture: "bert".to_owned(),
        n_layers: 1,
        n_heads: 2,
        n_key_value_heads: 2,
        d_model: 8,
        d_head: 4,
        d_mlp: 8,
        d_vocab: 5,
        n_ctx: 8,
        attn_scale: 0.5,
        attn_softcap: softcap,
        ..Spec::default()
    };
    let grid = Grid { queries: vec![0, 1, 2], keys: vec![0, 1, 2], max_cells: 8, reduce: Reduce::Max };
    for softcap in [None, Some(30.0)] {
        for question in [
            Question::Patterns { layer: 0, heads: vec![1] },
            Question::Thumbnails { layer: 0, heads: vec![1], grid: grid.clone() },
            Question::HeadWeights { queries: vec![1], keys: vec![1] },
            Question::Scores { n_block: None },
            Question::Neurons { layer: 0, head: 1 },
        ] {
            let (mut source, bytes) = of_value(1e18, spec(softcap));
            asked(&mut source, &bytes, question.clone()).unwrap();
            let (mut source, bytes) = of_value(1e38, spec(softcap));
            let message = asked(&mut source, &bytes, question.clone()).unwrap_err().to_string();
            assert!(message.contains("blocks.0.attn.hook_attn_scores is not finite (head"), "{question:?}: {message}");
        }
    }
}

/// A trace of one layer of two heads over three tokens, with these tensors, each of one value.
fn of_tensors(metadata: &TraceMetadata, tensors: &[(&str, &[usize], f32)]) -> (TraceSource, Vec<u8>) {
    let plan = |(name, shape, _): &(&str, &[usize], f32)| TensorPlan {
        name: (*name).to_owned(),
        element: Element::F32,
        shape: shape.to_vec(),
    };
    let mut writer = TraceWriter::new(Vec::new(), metadata, tensors.iter().map(plan).collect()).unwrap();
    for (name, shape, value) in tensors {
        writer.write_floats(name, &vec![*value; shape.iter().product()]).unwrap();
    }
    let bytes = writer.finish().unwrap();
    let Parsed::Complete(trace) = parse_header("t", bytes.len() as u64, &bytes).unwrap() else { panic!("not whole") };
    (TraceSource::new(trace), bytes)
}

fn three_tokens() -> TraceMetadata {
    TraceMetadata::of_tokens(["a", "b", "c"].map(str::to_owned).into(), TokenForm::Plain)
}

/// The pattern is in the file, so nothing is made of queries and keys but what the neuron view multiplies.
#[test]
fn queries_and_keys_whose_products_are_beyond_f32_are_left_out_beside_a_stored_pattern() {
    let (pattern, q, k) = ("blocks.0.attn.hook_pattern", "blocks.0.attn.hook_q", "blocks.0.attn.hook_k");
    for (size, is_there) in [(1e18, true), (1e19, false), (1e38, false), (-f32::MAX, false)] {
        let tensors: [(&str, &[usize], f32); 3] =
            [(pattern, &[2, 3, 3], 1.0 / 3.0), (q, &[3, 2, 4], size), (k, &[3, 2, 4], size)];
        let (mut source, bytes) = of_tensors(&three_tokens(), &tensors);
        let reply = asked(&mut source, &bytes, Question::Neurons { layer: 0, head: 1 }).unwrap();
        let Answer::Neurons(numbers) = &reply.answer else { panic!("{:?}", reply.answer) };
        for part in [NeuronPart::PlainQueries, NeuronPart::PlainKeys] {
            assert_eq!(!reply.buffers[part as usize].is_empty(), is_there, "{size}: {part:?}");
            let reason =
                numbers.missing.iter().find(|(missing, _)| *missing == part).map(|(_, reason)| reason.as_str());
            let expected = (!is_there).then_some("queries and keys are too large: their products are beyond f32");
            assert_eq!(reason, expected, "{size}: {part:?}");
        }
        assert_eq!(reply.buffers[NeuronPart::Pattern as usize].len(), 9);
    }
}

/// Edits may have made any finite weights: no number that is made of them is infinite.
#[test]
fn numbers_made_of_an_edited_traces_weights_are_finite() {
    let metadata = TraceMetadata { edits: vec![serde_json::json!({"kind": "scale"})], ..three_tokens() };
    let all = vec![0, 1, 2];
    for weight in [f32::MAX, f32::MIN, 1e38, -1e-45, 0.0] {
        for reduce in [Reduce::Max, Reduce::Mean] {
            let (mut source, bytes) = of_tensors(&metadata, &[("blocks.0.attn.hook_pattern", &[2, 3, 3], weight)]);
            let grid = Grid { queries: all.clone(), keys: all.clone(), max_cells: 1, reduce };
            let reply = asked(&mut source, &bytes, Question::Thumbnails { layer: 0, heads: vec![1], grid }).unwrap();
            let Answer::Thumbnails { heads, .. } = &reply.answer else { panic!("{:?}", reply.answer) };
            assert!(heads[0].entropy.is_none_or(f32::is_finite) && reply.buffers[0][0].is_finite(), "{reply:?}");
            let reply = asked(&mut source, &bytes, Question::Scores { n_block: None }).unwrap();
            assert!(!reply.buffers[0].iter().any(|score| score.is_infinite()), "{weight}: {reply:?}");
            let weights = Question::HeadWeights { queries: all.clone(), keys: all.clone() };
            match asked(&mut source, &bytes, weights) {
                Ok(reply) => assert!(reply.buffers[0].iter().all(|weight| weight.is_finite()), "{weight}: {reply:?}"),
                Err(error) => {
                    assert!(error.to_string().contains("the sum of these weights is beyond f32"), "{weight}: {error}");
                }
            }
        }
    }
}
