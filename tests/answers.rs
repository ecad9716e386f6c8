//! A run and a trace of it give the same answers, and both agree with golden values.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::engine::{finished, load_golden};
use crate::support::{Comparison, Tensors, golden, golden_cases, max_abs_difference, read};
use headlight::analysis::{AttentionSource, SourceError, TraceSource};
use headlight::answers::{Reply, answer, start};
use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, Run};
use headlight::protocol::{Answer, Grid, NeuronPart, Question, Reduce};
use headlight::trace::file::{Parsed, Trace, parse_header};
use headlight::trace::{BlockSite, Hook, Side};

const ARCHITECTURES: [&str; 3] = ["bert", "gpt2", "llama"];
const TOLERANCE: f32 = 1e-4;

fn run_of(architecture: &str, edits_json: &str) -> Run {
    let model = load_golden(architecture);
    let case = &golden_cases(architecture)[0];
    let tokens = model.encode(&case.text, case.text_pair.as_deref()).unwrap();
    let edits = edit::parse_list(edits_json).unwrap();
    let edits = CompiledEdits::bind(&edits, model.spec(), tokens.len()).unwrap();
    finished(&model, tokens, edits, Captures::none())
}

/// A trace of the same run, as the command line writes it, with only the tensors that are wanted.
fn trace_of(architecture: &str, save: &str, edits_json: &str) -> (Trace, Vec<u8>) {
    // A folder for each call: tests run side by side.
    static N_TRACES: AtomicUsize = AtomicUsize::new(0);
    let n_traces = N_TRACES.fetch_add(1, Ordering::Relaxed);
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers").join(format!("{architecture}-{save}-{n_traces}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (edits, out): (PathBuf, PathBuf) = (folder.join("edits.json"), folder.join("out.safetensors"));
    std::fs::write(&edits, edits_json).unwrap();
    let case = &golden_cases(architecture)[0];
    let mut command = Command::new(env!("CARGO_BIN_EXE_headlight"));
    command.args(["trace", "--text", &case.text, "--save", save]);
    command.arg("--model").arg(golden(architecture)).arg("--out").arg(&out).arg("--edits").arg(&edits);
    if let Some(pair) = &case.text_pair {
        command.args(["--text-pair", pair]);
    }
    assert!(command.status().unwrap().success());
    let bytes = read(&out);
    match parse_header("t.safetensors", bytes.len() as u64, &bytes).unwrap() {
        Parsed::Complete(trace) => (trace, bytes),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}

/// Leaves out some tensors of a trace.
fn without(mut trace: Trace, sites: &[BlockSite]) -> Trace {
    trace.tensors.retain(|name, _| !matches!(name.parse(), Ok(Hook::Block(_, site)) if sites.contains(&site)));
    trace
}

/// Answers, bringing bytes of the file whenever they are wanted. Says how many times.
fn answered(source: &mut TraceSource, bytes: &[u8], question: Question) -> Result<(Reply, usize), SourceError> {
    let mut answering = start(question);
    let mut n_brought = 0;
    loop {
        match answering.step(source) {
            Ok(Some(reply)) => return Ok((reply, n_brought)),
            Ok(None) => {}
            Err(SourceError::Wants(range)) => {
                n_brought += 1;
                source.supply(range.clone(), &bytes[range.start as usize..range.end as usize]).unwrap();
            }
            Err(error) => return Err(error),
        }
    }
}

fn everything(n_tokens: usize, max_cells: u32, reduce: Reduce) -> Grid {
    let all: Vec<u32> = (0..n_tokens as u32).collect();
    Grid { queries: all.clone(), keys: all, max_cells, reduce }
}

/// Buffers as close as f32 sums in another order are; −∞ equals −∞.
#[track_caller]
fn same(what: &str, found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (difference, at) = max_abs_difference(found, expected);
        assert!(difference <= tolerance, "{what}, buffer {index}: differs by {difference} at {at}");
    }
}

#[test]
fn a_trace_answers_as_its_run_does() {
    for architecture in ARCHITECTURES {
        let run = run_of(architecture, "[]");
        let sizes = run.sizes();
        let (trace, bytes) = trace_of(architecture, "qkv", "[]");
        // From stored patterns, and from patterns made of stored queries and keys, rotated in the file or by us.
        let made = without(trace.clone(), &[BlockSite::Pattern]);
        let rotated = without(trace.clone(), &[BlockSite::Pattern, BlockSite::RotQ, BlockSite::RotK]);
        for (kind, trace) in [("stored", trace), ("made", made), ("rotated", rotated)] {
            let mut source = TraceSource::new(trace);
            assert_eq!(source.sizes(), sizes, "{architecture}, {kind}");
            let ids = source.ids_bytes().remove(0);
            source.supply(ids.clone(), &bytes[ids.start as usize..ids.end as usize]).unwrap();
            for side in [Side::Query, Side::Key] {
                let (found, expected) = (source.tokens(side), AttentionSource::tokens(&run, side));
                assert_eq!((&found.tokens, &found.ids), (&expected.tokens, &expected.ids));
                assert_eq!((&found.special, &found.segments), (&expected.special, &expected.segments));
            }
            let layer = sizes.n_layers as u32 - 1;
            let questions = [
                Question::Patterns { layer, heads: vec![1, 0] },
                Question::Thumbnails { layer, heads: vec![1, 0], grid: everything(sizes.n_query, 4, Reduce::Max) },
                Question::Thumbnails { layer: 0, heads: vec![1], grid: everything(sizes.n_query, 64, Reduce::Mean) },
            ];
            let mut n_read = 0;
            for question in questions {
                let what = format!("{architecture}, {kind}: {question:?}");
                let (found, n_brought) = answered(&mut source, &bytes, question.clone()).unwrap();
                let expected = answer(question, &run).unwrap();
                same(&what, &found.buffers, &expected.buffers, 1e-6);
                n_read += n_brought;
                assert_eq!(rounded(&found.answer), rounded(&expected.answer), "{what}");
            }
            // What one question brought serves the next one too.
            assert!(n_read > 1, "{architecture}, {kind}: {n_read} reads of the file");
            let question = Question::Neurons { layer, head: 1 };
            let (found, _) = answered(&mut source, &bytes, question.clone()).unwrap();
            let expected = answer(question, &run).unwrap();
            let n_activations = NeuronPart::ValueNorms as usize;
            let what = format!("{architecture}, {kind}: neurons");
            same(&what, &found.buffers[..n_activations], &expected.buffers[..n_activations], 1e-5);
            let (Answer::Neurons(found), Answer::Neurons(expected)) = (found.answer, expected.answer) else {
                panic!("not neurons")
            };
            assert_eq!((found.d_head, found.attn_scale), (expected.d_head, expected.attn_scale));
            assert_eq!(found.sharing_heads, expected.sharing_heads);
            assert!(expected.missing.is_empty());
            let missing: Vec<NeuronPart> = found.missing.iter().map(|(part, _)| *part).collect();
            assert_eq!(missing, [NeuronPart::ValueNorms], "a file holds no W_O");
            assert!(found.missing[0].1.contains("W_O"));
        }
    }
}

/// An answer without the last digits of its numbers.
fn rounded(answer: &Answer) -> String {
    match answer {
        Answer::Thumbnails { layer, n_rows, n_columns, heads } => {
            let heads = heads.iter().map(|head| {
                let strongest = head.strongest.unwrap();
                format!("{:.4?} {} {} {:.4}", head.entropy, strongest.query, strongest.key, strongest.weight)
            });
            format!("{layer} {n_rows} {n_columns} {:?}", heads.collect::<Vec<_>>())
        }
        other => format!("{other:?}"),
    }
}

/// The parts of DeBERTa's scores add up to them; a file gives those that it holds and says so of the others.
#[test]
fn scores_are_the_sum_of_their_parts() {
    for (architecture, n_parts) in [("deberta_v2", 3), ("deberta_v2_conv", 3), ("deberta_v2_p2c", 2)] {
        let run = run_of(architecture, "[]");
        let question = Question::Neurons { layer: 1, head: 1 };
        let expected = answer(question.clone(), &run).unwrap();
        let scores = &expected.buffers[NeuronPart::Scores as usize];
        let parts: Vec<&Vec<f32>> =
            NeuronPart::OF_SCORES.iter().map(|part| &expected.buffers[*part as usize]).collect();
        assert_eq!(parts.iter().filter(|part| !part.is_empty()).count(), n_parts, "{architecture}");
        for (pair, score) in scores.iter().enumerate() {
            let sum: f32 = parts.iter().filter_map(|part| part.get(pair)).sum();
            assert!((sum - score).abs() < 1e-5, "{architecture}, {pair}: {sum} {score}");
        }
        let (trace, bytes) = trace_of(architecture, "all", "[]");
        let (found, _) = answered(&mut TraceSource::new(trace), &bytes, question.clone()).unwrap();
        let n_same = NeuronPart::ValueNorms as usize;
        same(architecture, &found.buffers[..n_same], &expected.buffers[..n_same], 1e-5);
        same(architecture, &found.buffers[n_same + 1..], &expected.buffers[n_same + 1..], 1e-5);
        // Patterns do not follow from queries and keys here, and neither do scores nor their parts.
        let (trace, bytes) = trace_of(architecture, "qk", "[]");
        let (found, _) = answered(&mut TraceSource::new(trace), &bytes, question).unwrap();
        let Answer::Neurons(found) = found.answer else { panic!("not neurons") };
        let reasons: Vec<&str> = found.missing.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(reasons.len(), n_parts + 2, "{reasons:?}");
        assert!(reasons[0].contains("products with its positions"), "{reasons:?}");
        assert!(reasons[2].contains("does not hold attn.hook_scores_c2c"), "{reasons:?}");
    }
}

#[test]
fn neurons_agree_with_golden_values() {
    for architecture in ARCHITECTURES {
        let run = run_of(architecture, "[]");
        let spec = run.model().spec().clone();
        let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
        let mut comparison = Comparison::default();
        for layer in 0..spec.n_layers {
            let tensor = |name: &str| expected.f32(&format!("case0.{name}.{layer}"));
            let (q, k, attentions) = (tensor("q"), tensor("k"), tensor("attentions"));
            for head in 0..spec.n_heads {
                let reply = answer(Question::Neurons { layer: layer as u32, head: head as u32 }, &run).unwrap();
                let part = |part: NeuronPart| &reply.buffers[part as usize];
                let columns = |values: &[f32], n_heads: usize, head: usize| -> Vec<f32> {
                    let rows = values.chunks_exact(n_heads * spec.d_head);
                    rows.flat_map(|row| row[head * spec.d_head..][..spec.d_head].to_vec()).collect()
                };
                let what = |part: &str| format!("{architecture}.{layer}.{head}.{part}");
                let key_head = head / (spec.n_heads / spec.n_key_value_heads);
                comparison.check(
                    &what("plain_q"),
                    part(NeuronPart::PlainQueries),
                    &columns(&q, spec.n_heads, head),
                    TOLERANCE,
                );
                let keys = columns(&k, spec.n_key_value_heads, key_head);
                comparison.check(&what("plain_k"), part(NeuronPart::PlainKeys), &keys, TOLERANCE);
                let n = run.tokens().len();
                let pattern = &attentions[head * n * n..][..n * n];
                comparison.check(&what("pattern"), part(NeuronPart::Pattern), pattern, TOLERANCE);

                // What the view shows step by step leads to the score, and its softmax to the pattern.
                let Answer::Neurons(numbers) = &reply.answer else { panic!("not neurons") };
                let (q, k) = (part(NeuronPart::Queries), part(NeuronPart::Keys));
                let scores = part(NeuronPart::Scores);
                for query in 0..n {
                    let row = &scores[query * n..][..n];
                    let sum: f32 = row.iter().map(|score| score.exp()).sum();
                    for key in 0..n {
                        let product = |d: usize| q[query * spec.d_head + d] * k[key * spec.d_head + d];
                        let dot: f32 = (0..spec.d_head).map(product).sum();
                        if row[key].is_finite() {
                            let made = dot * numbers.attn_scale.unwrap();
                            assert!((made - row[key]).abs() < TOLERANCE, "{} {query} {key}", what("score"));
                        }
                        assert!((row[key].exp() / sum - pattern[query * n + key]).abs() < TOLERANCE);
                    }
                }
            }
        }
        comparison.finish();
    }
}

#[test]
fn value_norms_are_those_of_each_heads_output() {
    // Σ_j A_ij f_j = o_i (docs/methods.md, "Norm-based attention"): with one key per query, ‖A f‖ is ‖o‖. hook_result
    // gives o.
    for architecture in ARCHITECTURES {
        let model = load_golden(architecture);
        let spec = model.spec();
        let tokens = model.tokens_from_ids(&[3]).unwrap();
        let hooks = (0..spec.n_layers).map(|layer| Hook::Block(layer, BlockSite::Result));
        let run = finished(&model, tokens, CompiledEdits::none(), Captures::of(hooks));
        for layer in 0..spec.n_layers {
            let result = run.captured(Hook::Block(layer, BlockSite::Result)).unwrap();
            for head in 0..spec.n_heads {
                let found = run.value_output_norms(layer, head).unwrap();
                let output = &result[head * spec.d_model..][..spec.d_model];
                let expected = output.iter().map(|value| value * value).sum::<f32>().sqrt();
                assert!((found[0] - expected).abs() < 1e-4, "{architecture} {layer} {head}: {found:?}, {expected}");
            }
        }
    }
}

#[test]
fn what_a_file_does_not_hold_is_refused_with_a_reason() {
    let (trace, bytes) = trace_of("llama", "patterns", "[]");
    let mut source = TraceSource::new(trace);
    let (reply, _) = answered(&mut source, &bytes, Question::Neurons { layer: 0, head: 0 }).unwrap();
    let Answer::Neurons(numbers) = &reply.answer else { panic!("not neurons") };
    assert!(!reply.buffers[NeuronPart::Pattern as usize].is_empty());
    let reasons: Vec<&str> = numbers.missing.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("the file holds no blocks.0.attn.hook_q")), "{reasons:?}");

    // Edits between the projection and the pattern are not in q and k: nothing is made up from those.
    let edits = r#"[{"kind":"knock_out_edge","layer":0,"head":0,"query":3,"key":1}]"#;
    let (trace, bytes) = trace_of("gpt2", "qkv", edits);
    let mut stored = TraceSource::new(trace.clone());
    let question = Question::Patterns { layer: 0, heads: vec![0] };
    let (reply, _) = answered(&mut stored, &bytes, question.clone()).unwrap();
    same("edited", &reply.buffers, &answer(question.clone(), &run_of("gpt2", edits)).unwrap().buffers, 1e-6);
    let mut made = TraceSource::new(without(trace, &[BlockSite::Pattern]));
    let error = answered(&mut made, &bytes, question).unwrap_err();
    assert!(error.to_string().contains("edits acted"), "{error}");

    let run = run_of("bert", "[]");
    for question in [Question::Patterns { layer: 99, heads: vec![0] }, Question::Neurons { layer: 0, head: 99 }] {
        let error = answer(question, &run).unwrap_err();
        assert!(matches!(&error, SourceError::NoSuch(message) if message.contains("counted from 0")), "{error:?}");
    }
}
