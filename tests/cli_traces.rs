//! Traces that the command line writes: read with our reader and as plain tensors, they hold the golden values.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use crate::support::cli::{fails, folder, json, succeeds, trace};
use crate::support::{
    Comparison, MINILM, SMOLLM2_GGUF, Tensors, golden, golden_cases, golden_real_cases, model_file, read,
};
use headlight::analysis::source::{AttentionSource, SourceError};
use headlight::analysis::trace_source::TraceSource;
use headlight::trace::file::{Parsed, Trace, parse_header};
use headlight::trace::{Attn, BlockSite, Hook, Side, Stack, StackHook, TokenForm};
use serde_json::Value;

fn header(bytes: &[u8]) -> Trace {
    match parse_header("out", bytes.len() as u64, bytes).unwrap() {
        Parsed::Complete(trace) => trace,
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}

/// Writes a trace and reads it with our reader, which checks it, and as plain tensors.
#[track_caller]
fn written(name: &str, model: &Path, args: &[&str]) -> (Trace, Tensors) {
    let out = folder(name).join("trace.safetensors");
    let printed = succeeds(trace(model, &[args, &["--out", out.to_str().unwrap()]].concat()));
    assert_eq!(printed, "");
    let bytes = read(&out);
    let trace = header(&bytes);
    for (name, tensor) in &trace.tensors {
        let range = trace.bytes_of(name, 0..tensor.shape[0]).unwrap();
        let data = &bytes[range.start as usize..range.end as usize];
        if tensor.element.is_float() {
            trace.decode(name, data).unwrap();
        } else {
            trace.decode_ids(name, data).unwrap();
        }
    }
    (trace, Tensors::of_bytes(name, bytes))
}

#[test]
fn traces_hold_the_golden_values() {
    for architecture in
        ["albert", "attn_only", "bert", "electra", "gemma3_text", "gpt2", "gpt_neox", "llama", "opt", "qwen3"]
    {
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        let mut comparison = Comparison::default();
        for (number, case) in golden_cases(architecture).into_iter().enumerate() {
            let pair = case.text_pair.as_deref().map_or(vec![], |pair| vec!["--text-pair", pair]);
            let args = [&["--text", &case.text][..], &pair].concat();
            let name = format!("{architecture}-{number}");
            let (trace, patterns) = written(&name, &golden(architecture), &args);
            let (_, qkv) = written(&name, &golden(architecture), &[&args[..], &["--save", "qkv"]].concat());
            let (_, all) = written(&name, &golden(architecture), &[&args[..], &["--save", "all"]].concat());
            let spec = trace.metadata.spec.clone().unwrap();
            assert_eq!(trace.metadata.tokens, case.tokens);
            assert_eq!(trace.metadata.text.as_deref(), Some(case.text.as_str()));
            assert_eq!(trace.metadata.text_pair, case.text_pair);
            assert_eq!(trace.metadata.segments.len(), if case.text_pair.is_some() { 2 } else { 0 });
            assert_eq!(trace.metadata.model.unwrap().name, architecture);
            assert_eq!(patterns.ids("input_ids"), expected.ids(&format!("case{number}.input_ids")));
            let mut names: Vec<String> =
                (0..spec.n_layers).map(|layer| format!("blocks.{layer}.attn.hook_pattern")).collect();
            names.extend(["input_ids", "logit_positions", "logits"].map(str::to_owned));
            assert_eq!(patterns.names().collect::<Vec<_>>(), names);
            let mut names: Vec<String> = Hook::all(&spec).iter().map(Hook::to_string).collect();
            names.extend(["input_ids", "logits"].map(str::to_owned));
            names.sort();
            assert_eq!(all.names().collect::<Vec<_>>(), names);
            let has_qkv = expected.has("case0.q.0");
            for layer in 0..spec.n_layers {
                let pairs = [
                    ("attentions", "attn.hook_pattern"),
                    ("hidden_states", "hook_resid_pre"),
                    ("q", "attn.hook_q"),
                    ("k", "attn.hook_k"),
                    ("v", "attn.hook_v"),
                ];
                let is_given = |theirs: &str| has_qkv || matches!(theirs, "attentions" | "hidden_states");
                for (theirs, ours) in pairs.into_iter().filter(|(theirs, _)| is_given(theirs)) {
                    let (theirs, ours) = (format!("case{number}.{theirs}.{layer}"), format!("blocks.{layer}.{ours}"));
                    for file in [&patterns, &qkv, &all].into_iter().filter(|file| file.has(&ours)) {
                        comparison.check(&theirs, &file.f32(&ours), &expected.f32(&theirs), 1e-4);
                    }
                    assert!(qkv.has(&ours) && all.has(&ours));
                }
                let is_changed = spec.changes_queries(layer);
                assert_eq!(qkv.has(&format!("blocks.{layer}.attn.hook_rot_q")), is_changed);
            }
            let logits = expected.f32(&format!("case{number}.logits"));
            comparison.check("logits", &all.f32("logits"), &logits, 1e-4);
            comparison.check("last logits", &patterns.f32("logits"), &logits[logits.len() - spec.d_vocab..], 1e-4);
            assert_eq!(patterns.ids("logit_positions"), [case.tokens.len() as u32 - 1]);
        }
        comparison.finish();
    }
}

/// What a reader of a very large model asks for: some layers, none of the others in memory or in the file.
#[test]
fn a_trace_of_some_layers_holds_what_the_whole_one_holds_of_them() {
    for (architecture, save) in
        [("gemma3_text", "patterns"), ("gemma3_text", "all"), ("bert", "qkv"), ("t5", "patterns")]
    {
        let args = ["--text", "The cat sat on the mat", "--save", save];
        let (_, whole) = written("all-layers", &golden(architecture), &args);
        let (trace, part) =
            written("some-layers", &golden(architecture), &[&args[..], &["--only-layers", "1"]].concat());
        let layer_of = |name: &str| name.parse::<StackHook>().ok().and_then(|hook| hook.hook.layer());
        let expected: Vec<&str> = whole.names().filter(|name| layer_of(name).is_none_or(|layer| layer == 1)).collect();
        assert_eq!(part.names().collect::<Vec<_>>(), expected, "{architecture} {save}");
        assert!(part.names().count() < whole.names().count());
        let floats = |name: &&str| !name.contains("_ids") && !name.contains("positions");
        for name in part.names().filter(floats) {
            assert_eq!(part.f32(name), whole.f32(name), "{architecture} {save}: {name}");
        }
        // The structure is that of the whole model, and views know what is not there.
        let n_layers = trace.metadata.spec.as_ref().unwrap().n_layers;
        let missing = TraceSource::new(trace).missing_layers();
        assert_eq!(missing, (0..n_layers).filter(|layer| *layer != 1).collect(), "{architecture} {save}");
    }
}

#[test]
fn traces_of_two_stacks_hold_the_golden_values() {
    for architecture in ["bart", "marian", "t5"] {
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        let mut comparison = Comparison::default();
        for (number, case) in golden_cases(architecture).into_iter().enumerate() {
            let args = ["--text", &case.text, "--target", case.text_pair.as_deref().unwrap(), "--save", "all"];
            let (trace, all) = written(&format!("{architecture}-{number}"), &golden(architecture), &args);
            assert_eq!(trace.metadata.tokens, case.tokens);
            assert_eq!(trace.metadata.decoder_tokens, Some(case.decoder_tokens));
            assert_eq!(all.ids("input_ids"), expected.ids(&format!("case{number}.input_ids")));
            assert_eq!(all.ids("decoder_input_ids"), expected.ids(&format!("case{number}.decoder_input_ids")));
            let spec = trace.metadata.spec.unwrap();
            let mut names = vec!["decoder_input_ids".to_owned(), "input_ids".to_owned(), "logits".to_owned()];
            for stack in Stack::BOTH {
                let hooks = Hook::all(spec.stack(stack)).into_iter();
                names.extend(hooks.map(|hook| StackHook { stack: Some(stack), hook }.to_string()));
            }
            names.sort();
            assert_eq!(all.names().collect::<Vec<_>>(), names);
            for layer in 0..spec.n_layers {
                let pairs = [
                    ("encoder_attentions", "encoder", "attn.hook_pattern"),
                    ("encoder_hidden_states", "encoder", "hook_resid_pre"),
                    ("decoder_attentions", "decoder", "attn.hook_pattern"),
                    ("decoder_hidden_states", "decoder", "hook_resid_pre"),
                    ("cross_attentions", "decoder", "cross_attn.hook_pattern"),
                ];
                for (theirs, stack, ours) in pairs {
                    let (theirs, ours) = (format!("case{number}.{theirs}.{layer}"), format!("{stack}.{layer}.{ours}"));
                    comparison.check(&theirs, &all.f32(&ours), &expected.f32(&theirs), 1e-4);
                }
            }
            let logits = format!("case{number}.logits");
            comparison.check(&logits, &all.f32("logits"), &expected.f32(&logits), 1e-4);
        }
        comparison.finish();
    }
}

/// The patterns of a layer as views get them.
#[track_caller]
fn patterns(source: &mut TraceSource, layer: usize, bytes: &[u8]) -> Vec<f32> {
    let sizes = source.sizes();
    let mut head = |head: usize| loop {
        match source.layer_source(layer).unwrap().pattern(head, 0..sizes.n_query) {
            Ok(pattern) => return pattern,
            Err(SourceError::Wants(range)) => {
                source.supply(range.clone(), &bytes[range.start as usize..range.end as usize]).unwrap();
            }
            Err(error) => panic!("layer {layer}: {error}"),
        }
    };
    (0..sizes.n_heads).flat_map(&mut head).collect()
}

/// Queries and keys alone: no pattern is in the file, and every view makes each of them.
#[test]
fn patterns_follow_from_a_trace_of_queries_and_keys() {
    let text = ["--text", "The cat sat on the mat"];
    let target = ["--target", "The cat lay"];
    for architecture in ["bert", "bloom", "gemma2", "gpt2", "gpt_neox", "gpt_neo", "llama", "qwen3", "bart"] {
        let args = if architecture == "bart" { [text, target].concat() } else { text.to_vec() };
        let (_, whole) = written(&format!("{architecture}-whole"), &golden(architecture), &args);
        let args = [&args[..], &["--save", "attention"]].concat();
        let name = format!("{architecture}-attention");
        let (trace, made) = written(&name, &golden(architecture), &args);
        let bytes = read(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(&name).join("trace.safetensors"));
        assert!(!made.names().any(|name| name.ends_with("hook_pattern") || name.ends_with("hook_v")), "{architecture}");
        let mut comparison = Comparison::default();
        for (kind, mut source) in TraceSource::all(&Arc::new(trace)) {
            let site = BlockSite::Pattern.in_attn(kind.attn);
            for layer in 0..source.sizes().n_layers {
                let name = StackHook { stack: kind.stack, hook: Hook::Block(layer, site) }.to_string();
                comparison.check(&name, &patterns(&mut source, layer, &bytes), &whole.f32(&name), 1e-6);
            }
        }
        comparison.finish();
    }
}

#[test]
fn queries_and_keys_alone_are_refused_where_patterns_do_not_follow() {
    let edits = folder("attention-edits").join("edits.json");
    std::fs::write(&edits, r#"[{"kind":"zero_head","layer":0,"head":1}]"#).unwrap();
    let text = ["--text", "The cat sat", "--save", "attention"];
    for (architecture, more, reason) in [
        ("t5", ["--target", "The cat lay"], "learned bias"),
        ("gpt2", ["--edits", edits.to_str().unwrap()], "edits act between queries, keys and patterns"),
    ] {
        let message = fails(trace(&golden(architecture), &[&text[..], &more].concat()));
        assert!(message.contains(reason) && message.contains("--save qk"), "{message}");
    }
}

/// Each attention of an encoder-decoder trace is a source for views; patterns that the file does not hold are made where that is
/// possible.
#[test]
fn a_trace_of_two_stacks_holds_three_sources() {
    let out = folder("three-sources").join("trace.safetensors");
    let args = [
        "--text",
        "The cat sat on the mat",
        "--target",
        "The cat lay",
        "--save",
        "qkv",
        "--out",
        out.to_str().unwrap(),
    ];
    succeeds(trace(&golden("bart"), &args));
    let (bytes, tensors) = (read(&out), Tensors::open(&out));
    let (n_source, n_target) = (tensors.ids("input_ids").len(), tensors.ids("decoder_input_ids").len());
    let places = [
        (Stack::Encoder, Attn::Own, "encoder.1.attn", [n_source, n_source]),
        (Stack::Decoder, Attn::Own, "decoder.0.attn", [n_target, n_target]),
        (Stack::Decoder, Attn::Cross, "decoder.1.cross_attn", [n_target, n_source]),
    ];
    for (stack, attn, name, [n_query, n_key]) in places {
        let name = format!("{name}.hook_pattern");
        let layer: usize = name.split('.').nth(1).unwrap().parse().unwrap();
        for is_made in [false, true] {
            let mut trace = header(&bytes);
            if is_made {
                trace.tensors.retain(|name, _| !name.ends_with("hook_pattern"));
            }
            let mut source = TraceSource::of(trace, stack, attn);
            let sizes = source.sizes();
            assert_eq!((sizes.n_query, sizes.n_key, sizes.n_heads, sizes.n_layers), (n_query, n_key, 4, 2), "{name}");
            assert_eq!([Side::Query, Side::Key].map(|side| source.tokens(side).len()), [n_query, n_key]);
            let found = patterns(&mut source, layer, &bytes);
            let mut comparison = Comparison::default();
            comparison.check(&name, &found, &tensors.f32(&name), 1e-6);
            comparison.finish();
        }
    }
}

#[test]
fn a_decoder_writes_by_itself_without_a_target() {
    let case = &golden_cases("t5_gated")[0];
    let output = succeeds(trace(&golden("t5_gated"), &["--text", &case.text, "--json"]));
    let json: Value = serde_json::from_str(&output).unwrap();
    let ids: Vec<u32> = serde_json::from_value(json["decoder_input_ids"].clone()).unwrap();
    // The file's list ends after ten tokens; ours goes on to an end token or the limit.
    let n_same = case.greedy_ids.len().min(ids.len());
    assert!(n_same > 3 && ids[..n_same] == case.greedy_ids[..n_same], "{ids:?}");
    assert_eq!(json["decoder_tokens"].as_array().unwrap().len(), ids.len());
    assert_eq!(json["tokens"].as_array().unwrap().len(), case.tokens.len());
}

#[test]
fn edits_name_their_stack() {
    let model = golden("t5");
    let args = |name: &str, json: &str| {
        let edits = folder(&format!("{name}-stack-edits")).join("edits.json");
        std::fs::write(&edits, json).unwrap();
        let edits = edits.to_str().unwrap().to_owned();
        ["--text", "The cat sat", "--target", "The cat lay", "--save", "all", "--edits"]
            .map(str::to_owned)
            .into_iter()
            .chain([edits])
            .collect::<Vec<_>>()
    };
    let run = |name: &str, json: &str| {
        let args = args(name, json);
        written(name, &model, &args.iter().map(String::as_str).collect::<Vec<_>>()).1
    };
    let clean = run("clean", "[]");
    // Equal weight on every source token, in one head of cross-attention alone.
    let cross = run("cross", r#"[{"kind":"uniform_pattern","layer":1,"head":2,"stack":"decoder","attn":"cross"}]"#);
    let (name, n_source) = ("decoder.1.cross_attn.hook_pattern", clean.ids("input_ids").len());
    let n_square = n_source * clean.ids("decoder_input_ids").len();
    let (before, after) = (clean.f32(name), cross.f32(name));
    assert!(after[2 * n_square..3 * n_square].iter().all(|weight| (weight - 1.0 / n_source as f32).abs() < 1e-6));
    assert_eq!(before[..2 * n_square], after[..2 * n_square]);
    assert_ne!(before[2 * n_square..3 * n_square], after[2 * n_square..3 * n_square]);
    assert_eq!(clean.f32("decoder.1.attn.hook_pattern"), cross.f32("decoder.1.attn.hook_pattern"));
    assert_ne!(clean.f32("logits"), cross.f32("logits"));
    // A value of the encoder cut from cross-attention acts in the decoder only.
    let value = run("value", r#"[{"kind":"zero_value","layer":0,"key":1,"stack":"decoder","attn":"cross"}]"#);
    assert_eq!(clean.f32("encoder.1.hook_resid_post"), value.f32("encoder.1.hook_resid_post"));
    let width = value.shape("decoder.0.cross_attn.hook_v")[1..].iter().product::<usize>();
    assert!(value.f32("decoder.0.cross_attn.hook_v")[width..2 * width].iter().all(|v| *v == 0.0));
    // An edit of the encoder changes what the decoder reads.
    let encoder = run("encoder", r#"[{"kind":"zero_head","layer":0,"head":1,"stack":"encoder"}]"#);
    assert_ne!(clean.f32("decoder.0.cross_attn.hook_k"), encoder.f32("decoder.0.cross_attn.hook_k"));
    for (name, json, expected) in [
        ("none", r#"[{"kind":"zero_head","layer":0,"head":1}]"#, "t5 has two stacks: say \"stack\":\"encoder\""),
        (
            "no-cross",
            r#"[{"kind":"zero_head","layer":0,"head":1,"stack":"encoder","attn":"cross"}]"#,
            "no cross-attention",
        ),
        (
            "far",
            r#"[{"kind":"zero_value","layer":0,"key":99,"stack":"decoder","attn":"cross"}]"#,
            "key 99 is not there",
        ),
    ] {
        let args = args(name, json);
        let message = fails(trace(&model, &args.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn edits_act_and_are_written_down() {
    for architecture in ["bert", "gpt2", "llama"] {
        let file: Value = serde_json::from_slice(&read(&golden(architecture).join("interventions.json"))).unwrap();
        let expected = Tensors::open(&golden(architecture).join("interventions.safetensors"));
        let mut comparison = Comparison::default();
        for edit in file["edits"].as_array().unwrap() {
            let mut edit = edit.as_object().unwrap().clone();
            edit.remove("max_logit_change");
            let name = edit.remove("name").unwrap();
            let name = name.as_str().unwrap();
            let edits = folder(&format!("{architecture}-{name}-edits")).join("edits.json");
            std::fs::write(&edits, serde_json::to_vec(&[&edit]).unwrap()).unwrap();
            let args = ["--text", file["text"].as_str().unwrap(), "--save", "all", "--edits", edits.to_str().unwrap()];
            let (trace, found) = written(&format!("{architecture}-{name}"), &golden(architecture), &args);
            assert_eq!(trace.metadata.edits[0]["kind"], edit["kind"]);
            for layer in 0..3 {
                let theirs = format!("{name}.attentions.{layer}");
                let ours = format!("blocks.{layer}.attn.hook_pattern");
                comparison.check(&theirs, &found.f32(&ours), &expected.f32(&theirs), 1e-4);
            }
            let theirs = format!("{name}.logits");
            comparison.check(&theirs, &found.f32("logits"), &expected.f32(&theirs), 1e-4);
        }
        comparison.finish();
    }
}

#[test]
fn a_failed_run_leaves_what_was_there() {
    let folder = folder("kept");
    let (out, edits) = (folder.join("trace.safetensors"), folder.join("edits.json"));
    std::fs::write(&out, "precious").unwrap();
    // Known only during the run, when the file is already under way.
    std::fs::write(&edits, r#"[{"kind":"knock_out_edge","layer":1,"head":0,"query":0,"key":0}]"#).unwrap();
    let args = ["--text", "The cat", "--out", out.to_str().unwrap(), "--edits", edits.to_str().unwrap()];
    fails(trace(&golden("gpt2"), &args));
    assert_eq!(read(&out), b"precious");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn an_output_need_not_be_a_file() {
    succeeds(trace(&golden("gpt2"), &["--text", "The cat", "--out", "/dev/null"]));
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_bundled_models_agree() {
    for (model, path) in [("minilm", MINILM), ("smollm2", SMOLLM2_GGUF)] {
        let mut comparison = Comparison::default();
        for (name, case, expected) in golden_real_cases(model) {
            let pair = case.text_pair.as_deref().map_or(vec![], |pair| vec!["--text-pair", pair]);
            let args = [&["--text", &case.text][..], &pair].concat();
            let (trace, found) = written(&format!("{model}-{name}"), &model_file(path), &args);
            assert_eq!(trace.metadata.tokens, case.tokens);
            let form = if model == "minilm" { TokenForm::Wordpiece } else { TokenForm::ByteLevel };
            assert_eq!(trace.metadata.token_form, form);
            let n_layers = trace.metadata.spec.unwrap().n_layers;
            for layer in 0..n_layers {
                let theirs = format!("attentions.{layer}");
                let ours = format!("blocks.{layer}.attn.hook_pattern");
                comparison.check(&format!("{name}.{theirs}"), &found.f32(&ours), &expected.f32(&theirs), 1e-3);
            }
            let top = json(trace_json(path, &args)).top;
            assert_eq!(top.len(), case.next_token.len(), "MiniLM predicts no words");
            for (found, (text, prob)) in top.iter().zip(&case.next_token) {
                assert_eq!(found.token.replace('Ġ', " ").replace('Ċ', "\n"), *text, "{name}");
                assert!((f64::from(found.prob) - prob).abs() < 1e-3, "{name}: {text}");
            }
        }
        comparison.finish();
    }
}

fn trace_json(path: &str, args: &[&str]) -> Output {
    trace(&model_file(path), &[args, &["--json"]].concat())
}
