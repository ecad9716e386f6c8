//! Questions about what is inside beside attention: a run answers as its jobs do, a trace from what it holds or with a refusal.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::support::engine::{finished, golden_run, load_golden};
use crate::support::parity::decoded;
use crate::support::{golden, golden_cases, max_abs_difference, read};
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::inside::lens::LensAsked;
use headlight::analysis::inside::rollout::Rollout;
use headlight::analysis::{AttentionSource, SourceError, TraceSource};
use headlight::answers::{Reply, answer, start};
use headlight::engine::jobs::{DirectJob, LensJob, ValueZeroingJob, complete};
use headlight::engine::{Captures, CompiledEdits, CrossSource};
use headlight::protocol::{
    Answer, DirectPart, Grid, HeadPart, LensPart, NeuronPagePart, Quantity, Question, Reduce, Stage, StreamPart,
    TokenAsked, WrittenPart,
};
use headlight::trace::file::{Parsed, Trace, parse_header};
use headlight::trace::{Attn, BlockSite, Hook, Stack};

fn part(reply: &Reply, part: usize) -> &[f32] {
    &reply.buffers[part]
}

#[test]
fn a_run_answers_as_the_job_does() {
    let run = golden_run("llama");
    let (layers, positions) = (vec![0, 2, 3], vec![1, 4]);
    let token = TokenAsked::Text("The doctor".to_owned());
    let (id, n_pieces) = run.model().first_token("The doctor").unwrap();
    assert!(n_pieces > 1);
    let question = Question::Lens { layers, positions, n_top: 3, token: Some(token) };
    let reply = answer(question, &run).unwrap();
    let Answer::Lens { n_layers: 3, n_positions: 2, n_top: 3, names, token: Some(token) } = &reply.answer else {
        panic!("{:?}", reply.answer)
    };
    assert_eq!((token.id, token.n_pieces as usize), (id, n_pieces));
    let asked = LensAsked { layers: vec![0, 2, 3], positions: vec![1, 4], n_top: 3, token: Some(id) };
    let table = complete(LensJob::new(&run, asked).unwrap()).unwrap();
    for (index, cell) in table.cells.iter().enumerate() {
        let number = |which: LensPart| part(&reply, which as usize)[index];
        let token = cell.token.unwrap();
        assert_eq!((number(LensPart::Entropy), number(LensPart::Kl)), (cell.entropy, cell.kl));
        assert_eq!((number(LensPart::TokenProb), number(LensPart::TokenLogit)), (token.prob, token.logit));
        assert_eq!(number(LensPart::TokenRank), token.rank as f32);
        for (rank, (id, prob)) in cell.top.iter().enumerate() {
            assert_eq!(part(&reply, LensPart::TopIds as usize)[index * 3 + rank], *id as f32);
            assert_eq!(part(&reply, LensPart::TopProbs as usize)[index * 3 + rank], *prob);
            assert!(names.iter().any(|(known, name)| known == id && *name == run.model().token_name(*id)));
        }
    }
}

#[test]
fn the_sum_has_every_component_in_its_buffer() {
    let run = golden_run("gpt2");
    let spec = run.model().spec();
    let question = Question::Direct { answers: vec![TokenAsked::Id(9)], others: vec![TokenAsked::Id(5)], position: 3 };
    let reply = answer(question, &run).unwrap();
    let sum = complete(DirectJob::new(&run, Contrast { answers: vec![9], others: vec![5] }, 3).unwrap()).unwrap();
    let ends = part(&reply, DirectPart::Ends as usize);
    assert!((ends[0] - ends[3]).abs() < 1e-4 && (f64::from(ends[0]) - sum.outcome).abs() < 1e-6);
    let heads = part(&reply, DirectPart::Heads as usize);
    assert_eq!(heads.len(), spec.n_layers * spec.n_heads);
    assert!((f64::from(heads[5]) - sum.attns[1].heads[1]).abs() < 1e-6);
    assert_eq!(part(&reply, DirectPart::Sources as usize).len(), heads.len() * run.tokens().len());
    assert_eq!(part(&reply, DirectPart::Neurons as usize).len(), spec.n_layers * spec.d_mlp);
    assert!(part(&reply, DirectPart::CrossHeads as usize).is_empty());
    let refused = Question::Direct { answers: vec![TokenAsked::Id(9)], others: Vec::new(), position: 0 };
    let error = answer(refused, &golden_run("bert")).unwrap_err();
    assert!(error.to_string().contains("normalises the sum"), "{error}");
}

/// Norms and cosines of the stream that the run keeps, and of what is added between two layers.
#[test]
fn the_streams_numbers_are_those_of_the_kept_stream() {
    for architecture in ["gpt2", "bert", "gpt_neox", "gemma3_text"] {
        let run = golden_run(architecture);
        let (spec, n_pos) = (run.model().spec(), run.tokens().len());
        let reply = answer(Question::Stream, &run).unwrap();
        let norms = part(&reply, StreamPart::Norms as usize);
        assert_eq!(norms.len(), (spec.n_layers + 1) * n_pos);
        let row = |layer: usize, position: usize| {
            run.layer(layer).unwrap().resid_pre[position * spec.d_model..][..spec.d_model].to_vec()
        };
        let length = |row: &[f32]| row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        for layer in 0..spec.n_layers {
            for position in 0..n_pos {
                let found = f64::from(norms[layer * n_pos + position]);
                assert!((found - length(&row(layer, position))).abs() < 1e-4, "{architecture} {layer} {position}");
            }
        }
        let output = part(&reply, StreamPart::CosinesOutput as usize);
        assert!(output[spec.n_layers * n_pos..].iter().all(|cosine| (cosine - 1.0).abs() < 1e-6), "{architecture}");
        let before = part(&reply, StreamPart::CosinesBefore as usize);
        assert!(before[..n_pos].iter().all(|cosine| cosine.is_nan()));
        let (one, other) = (row(0, 2), row(1, 2));
        let dot: f64 = one.iter().zip(&other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let cosine = dot / (length(&one) * length(&other));
        assert!((f64::from(before[n_pos + 2]) - cosine).abs() < 1e-5, "{architecture}");
        for which in [StreamPart::AttnNorms, StreamPart::MlpNorms] {
            let added = part(&reply, which as usize);
            assert_eq!(added.len(), spec.n_layers * n_pos, "{architecture}");
            assert!(added.iter().all(|norm| *norm > 0.0), "{architecture}");
        }
    }
}

#[test]
fn what_a_layer_writes_comes_with_names() {
    let run = golden_run("llama");
    let reply = answer(Question::Written { layer: 1, position: 2, n_top: 3 }, &run).unwrap();
    let Answer::Written { writers, neurons, n_top: 3, names, without_words: None } = &reply.answer else {
        panic!("{:?}", reply.answer)
    };
    assert_eq!(writers.len(), 5, "four heads and the MLP");
    assert_eq!((part(&reply, WrittenPart::Promoted as usize).len(), neurons.len()), (15, 10));
    let ids = part(&reply, WrittenPart::PromotedIds as usize);
    assert!(ids.iter().all(|id| names.iter().any(|(known, _)| *known as f32 == *id)));
    let reply = answer(Question::Written { layer: 0, position: 0, n_top: 3 }, &golden_run("bert")).unwrap();
    let Answer::Written { n_top: 0, without_words: Some(reason), .. } = &reply.answer else {
        panic!("{:?}", reply.answer)
    };
    assert!(reason.contains("not linear"), "{reason}");
    assert!(answer(Question::Written { layer: 9, position: 0, n_top: 3 }, &run).is_err());
    let spec = run.model().spec();
    let gates = part(&reply_of(&run), WrittenPart::Pre as usize).to_vec();
    assert_eq!((gates.len(), part(&reply_of(&run), WrittenPart::Linear as usize).len()), (10, 10), "a gated MLP");
    let plain = reply_of(&golden_run("gpt2"));
    assert!(part(&plain, WrittenPart::Linear as usize).is_empty() && spec.d_mlp > 10);
}

fn reply_of(run: &headlight::engine::Run) -> Reply {
    answer(Question::Written { layer: 1, position: 2, n_top: 3 }, run).unwrap()
}

#[test]
fn a_link_a_neuron_and_a_head_are_answered_with_names() {
    let run = golden_run("llama");
    let linked = answer(Question::Linked { layer: 1, query: 5, key: 2, n_top: 3 }, &run).unwrap();
    let Answer::Written { writers, neurons, n_top: 3, .. } = &linked.answer else { panic!("{:?}", linked.answer) };
    assert_eq!((writers.len(), neurons.len()), (4, 0), "heads alone");
    let neuron = answer(Question::MlpNeuron { layer: 0, neuron: 7, n_top: 4 }, &run).unwrap();
    let Answer::MlpNeuron { n_top: 4, names, without_words: None } = &neuron.answer else {
        panic!("{:?}", neuron.answer)
    };
    let n_pos = run.tokens().len();
    for which in [NeuronPagePart::Pre, NeuronPagePart::Linear, NeuronPagePart::Post] {
        assert_eq!(part(&neuron, which as usize).len(), n_pos, "{which:?}");
    }
    let drivers = part(&neuron, NeuronPagePart::DriverIds as usize);
    assert_eq!(drivers.len(), 4);
    assert!(drivers.iter().all(|id| names.iter().any(|(known, _)| *known as f32 == *id)));
    let later = answer(Question::MlpNeuron { layer: 1, neuron: 7, n_top: 4 }, &run).unwrap();
    assert!(part(&later, NeuronPagePart::DriverIds as usize).is_empty(), "only the first layer reads embeddings");
    let tokens = vec![TokenAsked::Id(9), TokenAsked::Id(5)];
    let head = |tokens| Question::Head { layer: 1, head: 3, tokens, distance: 2, n_top: 4 };
    let found = answer(head(tokens), &run).unwrap();
    let Answer::Head { tokens, n_top: 4, copying: Some(copying), without_words: None, .. } = &found.answer else {
        panic!("{:?}", found.answer)
    };
    assert!(tokens.len() == 2 && (-1.0..=1.0).contains(copying), "{copying}");
    assert_eq!(part(&found, HeadPart::Wanted as usize).len(), 8);
    let bert = golden_run("bert");
    let found = answer(head(vec![TokenAsked::Id(9)]), &bert).unwrap();
    let Answer::Head { n_top: 4, copying: None, without_words: Some(_), .. } = &found.answer else {
        panic!("{:?}", found.answer)
    };
    assert_eq!(part(&found, HeadPart::Wanted as usize).len(), 4);
    assert!(part(&found, HeadPart::Promoted as usize).is_empty());
    for wrong in [
        Question::MlpNeuron { layer: 0, neuron: 9_999, n_top: 1 },
        Question::Linked { layer: 0, query: 0, key: 999, n_top: 1 },
        Question::Head { layer: 0, head: 99, tokens: Vec::new(), distance: 0, n_top: 1 },
        Question::Head { layer: 0, head: 0, tokens: vec![TokenAsked::Id(99_999)], distance: 0, n_top: 1 },
        Question::Head { layer: 0, head: 0, tokens: Vec::new(), distance: 99_999, n_top: 1 },
    ] {
        assert!(answer(wrong.clone(), &run).is_err(), "{wrong:?}");
    }
}

/// A decoder's stream is answered by both of its attentions; its encoder predicts nothing.
#[test]
fn two_stacks_have_two_streams_and_one_lens() {
    let model = load_golden("t5");
    let case = &golden_cases("t5")[0];
    let encoder = model.encoder().unwrap();
    let source = finished(encoder, model.encode(&case.text, None).unwrap(), CompiledEdits::none(), Captures::none());
    let lens = || Question::Lens { layers: vec![0], positions: vec![0], n_top: 1, token: None };
    assert!(answer(lens(), &source).unwrap_err().to_string().contains("predicts no tokens"));
    assert!(answer(Question::Stream, &source).is_ok());
    let run = decoded(&model, Arc::new(source), model.encode_target(case.text_pair.as_deref().unwrap()).unwrap());
    let own = answer(lens(), &run).unwrap();
    let cross = answer(lens(), &CrossSource::of(&run).unwrap()).unwrap();
    assert_eq!(own, cross);
}

fn trace_of(architecture: &str, save: &str) -> (Trace, Vec<u8>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inside-answers");
    std::fs::create_dir_all(&folder).unwrap();
    let out = folder.join(format!("{architecture}-{save}.safetensors"));
    let case = &golden_cases(architecture)[0];
    let mut command = Command::new(env!("CARGO_BIN_EXE_headlight"));
    command.args(["trace", "--text", &case.text, "--save", save, "--model"]).arg(golden(architecture));
    if let Some(pair) = &case.text_pair {
        command.args(["--text-pair", pair]);
    }
    assert!(command.arg("--out").arg(&out).status().unwrap().success());
    let bytes = read(&out);
    match parse_header("t.safetensors", bytes.len() as u64, &bytes).unwrap() {
        Parsed::Complete(trace) => (trace, bytes),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}

/// Answers, bringing bytes of the file whenever they are wanted.
fn answered(trace: Trace, bytes: &[u8], question: Question) -> Result<Reply, SourceError> {
    answered_by(TraceSource::new(trace), bytes, question)
}

/// The same by one attention of the file.
fn answered_by(mut source: TraceSource, bytes: &[u8], question: Question) -> Result<Reply, SourceError> {
    let mut answering = start(question);
    loop {
        match answering.step(&source) {
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
fn a_trace_has_the_numbers_of_the_stream_that_it_holds() {
    for architecture in ["llama", "bert"] {
        let run = golden_run(architecture);
        let expected = answer(Question::Stream, &run).unwrap();
        let n_pos = run.tokens().len();
        let (trace, bytes) = trace_of(architecture, "all");
        let whole = answered(trace, &bytes, Question::Stream).unwrap();
        assert_eq!(whole.answer, expected.answer, "{architecture}");
        for (index, (found, expected)) in whole.buffers.iter().zip(&expected.buffers).enumerate() {
            let known = |values: &[f32]| values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<f32>>();
            let (difference, _) = max_abs_difference(&known(found), &known(expected));
            assert!(difference < 1e-5, "{architecture}, buffer {index}: {difference}");
        }
        // Without what leaves the last layer: its row is unknown, and so is what is compared with it.
        let (trace, bytes) = trace_of(architecture, "qkv");
        let part_of = answered(trace, &bytes, Question::Stream).unwrap();
        let norms = part(&part_of, StreamPart::Norms as usize);
        let n_layers = run.model().spec().n_layers;
        assert!(norms[..n_layers * n_pos].iter().all(|norm| *norm > 0.0), "{architecture}");
        assert!(norms[n_layers * n_pos..].iter().all(|norm| norm.is_nan()), "{architecture}");
        assert!(part(&part_of, StreamPart::CosinesOutput as usize).iter().all(|cosine| cosine.is_nan()));
        assert!(part(&part_of, StreamPart::AttnNorms as usize).is_empty());
    }
}

/// The stream's table in a file answers as the run does, but for a chosen token.
#[test]
fn a_trace_with_the_streams_table_has_the_lens() {
    for (architecture, half) in [("llama", false), ("bert", false), ("t5", false), ("gpt2", true)] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inside-answers");
        std::fs::create_dir_all(&folder).unwrap();
        let out = folder.join(format!("{architecture}-lens.safetensors"));
        let case = &golden_cases(architecture)[0];
        let mut command = Command::new(env!("CARGO_BIN_EXE_headlight"));
        command.args(["trace", "--lens", "--text", &case.text, "--model"]).arg(golden(architecture));
        if architecture == "t5" {
            command.args(["--target", case.text_pair.as_deref().unwrap()]);
        }
        command.args(half.then_some("--half")).arg("--out").arg(&out);
        assert!(command.status().unwrap().success());
        let bytes = read(&out);
        let Parsed::Complete(trace) = parse_header("t.safetensors", bytes.len() as u64, &bytes).unwrap() else {
            panic!("the whole file is there")
        };
        let model = load_golden(architecture);
        let run = match model.encoder() {
            None => {
                let tokens = model.encode(&case.text, None).unwrap();
                finished(&model, tokens, CompiledEdits::none(), Captures::none())
            }
            Some(encoder) => {
                let tokens = model.encode(&case.text, None).unwrap();
                let source = finished(encoder, tokens, CompiledEdits::none(), Captures::none());
                decoded(&model, Arc::new(source), model.encode_target(case.text_pair.as_deref().unwrap()).unwrap())
            }
        };
        let (n_layers, last) = (model.spec().n_layers as u32, run.tokens().len() as u32 - 1);
        let lens = |token: Option<TokenAsked>| Question::Lens {
            layers: vec![0, n_layers],
            positions: vec![0, last],
            n_top: 4,
            token,
        };
        let source = || match architecture {
            "t5" => TraceSource::of(trace.clone(), Stack::Decoder, Attn::Own),
            _ => TraceSource::new(trace.clone()),
        };
        let found = answered_by(source(), &bytes, lens(None)).unwrap();
        let expected = answer(lens(None), &run).unwrap();
        assert_eq!(found.answer, expected.answer, "{architecture}: names too");
        let tolerance = if half { 2e-2 } else { 1e-6 };
        for (index, (found, expected)) in found.buffers.iter().zip(&expected.buffers).enumerate() {
            let (difference, _) = max_abs_difference(found, expected);
            assert!(difference < tolerance, "{architecture}, buffer {index}: {difference}");
        }
        let error = answered_by(source(), &bytes, lens(Some(TokenAsked::Id(3)))).unwrap_err();
        assert!(error.to_string().contains("most likely tokens alone"), "{error}");
        if architecture == "t5" {
            let encoder = TraceSource::of(trace.clone(), Stack::Encoder, Attn::Own);
            assert!(answered_by(encoder, &bytes, lens(None)).is_err(), "an encoder predicts nothing");
        }
    }
}

/// What is drawn in place of weights: whole and made small, of a run.
#[test]
fn quantities_of_a_run() {
    let run = golden_run("llama");
    let sizes = run.sizes();
    let (n, n_heads) = (run.tokens().len(), sizes.n_heads);
    let whole = |quantity, heads: &[u32]| {
        let reply = answer(Question::Quantity { quantity, layer: 1, heads: heads.to_vec() }, &run).unwrap();
        let Answer::Quantity { layer: 1, n_parts, n_query, n_key, .. } = reply.answer else {
            panic!("{:?}", reply.answer)
        };
        assert_eq!((n_query as usize, n_key as usize), (n, n));
        assert_eq!(reply.buffers[0].len(), n_parts as usize * n * n);
        reply.buffers.into_iter().next().unwrap()
    };
    let norms = whole(Quantity::Norms, &[1, 0]);
    let layer = run.layer_source(1).unwrap();
    for (slot, head) in [1, 0].into_iter().enumerate() {
        let (pattern, lengths) = (layer.pattern(head, 0..n).unwrap(), run.value_output_norms(1, head).unwrap());
        for (at, weight) in pattern.iter().enumerate() {
            assert_eq!(norms[slot * n * n + at], weight * lengths[at % n], "head {head}, {at}");
        }
    }
    let mut rollout = Rollout::default();
    let mut rolled = Vec::new();
    while rolled.len() < 2 {
        rolled.extend(rollout.step(&run).unwrap());
    }
    assert_eq!(whole(Quantity::Rollout, &[]), rolled[1]);
    let zeroed = complete(ValueZeroingJob::new(&run, 1, Attn::Own).unwrap()).unwrap();
    assert_eq!(whole(Quantity::ValueZeroing, &[]), zeroed.shares);
    let grid = Grid { queries: vec![0, 2, 3], keys: vec![1, 2], max_cells: 64, reduce: Reduce::Max };
    let cells = |quantity, layers: &[u32], heads: &[u32]| {
        let (layers, heads, grid) = (layers.to_vec(), heads.to_vec(), grid.clone());
        answer(Question::QuantityCells { quantity, layers, heads, grid }, &run).unwrap()
    };
    let reply = cells(Quantity::Rollout, &[0, 1], &[]);
    let answer_is = Answer::QuantityCells { layers: vec![0, 1], n_parts: 1, n_rows: 3, n_columns: 2 };
    assert_eq!(reply.answer, answer_is);
    let at = |picture: &[f32], query: usize, key: usize| picture[query * n + key];
    assert_eq!(reply.buffers[0].len(), 2 * 3 * 2);
    assert_eq!(reply.buffers[0][6 + 3], at(&rolled[1], 2, 2));
    let reply = cells(Quantity::Norms, &[1], &[1, 0]);
    assert_eq!(reply.buffers[0][6 + 4], at(&norms[n * n..], 3, 1));
    assert_eq!(reply.buffers[0].len(), 2 * 6);
    let beyond = Question::Quantity { quantity: Quantity::Rollout, layer: 99, heads: Vec::new() };
    assert!(answer(beyond, &run).unwrap_err().to_string().contains("layer 99 is not there"));
    assert!(n_heads > 1);
}

/// A file's patterns are enough for a rollout; lengths and value zeroing need weights.
#[test]
fn quantities_of_a_trace() {
    let (trace, bytes) = trace_of("llama", "patterns");
    let ask = |quantity| answered(trace.clone(), &bytes, Question::Quantity { quantity, layer: 1, heads: Vec::new() });
    let expected =
        answer(Question::Quantity { quantity: Quantity::Rollout, layer: 1, heads: vec![] }, &golden_run("llama"));
    let (difference, _) =
        max_abs_difference(&ask(Quantity::Rollout).unwrap().buffers[0], &expected.unwrap().buffers[0]);
    assert!(difference < 1e-6, "{difference}");
    let error = ask(Quantity::ValueZeroing).unwrap_err().to_string();
    assert!(error.contains("without each value, which needs the model"), "{error}");
    let norms = Question::Quantity { quantity: Quantity::Norms, layer: 1, heads: vec![0] };
    let error = answered(trace.clone(), &bytes, norms).unwrap_err().to_string();
    assert!(error.contains("W_O"), "{error}");
}

#[test]
fn what_a_trace_does_not_hold_is_refused_with_a_reason() {
    let (trace, bytes) = trace_of("llama", "patterns");
    let lens = Question::Lens { layers: vec![0], positions: vec![0], n_top: 1, token: None };
    let by_text =
        Question::Lens { layers: vec![0], positions: vec![0], n_top: 1, token: Some(TokenAsked::Text("a".to_owned())) };
    let direct = Question::Direct { answers: vec![TokenAsked::Id(1)], others: Vec::new(), position: 0 };
    for (question, reason) in [
        (lens, "unembedding"),
        (by_text, "tokenizer"),
        (direct, "weights"),
        (Question::Stream, "the file holds no blocks.0.hook_resid_pre"),
    ] {
        let error = answered(trace.clone(), &bytes, question).unwrap_err();
        assert!(matches!(error, SourceError::Missing { .. }) && error.to_string().contains(reason), "{error}");
    }
    assert_eq!(Hook::Block(0, BlockSite::ResidPre).to_string(), "blocks.0.hook_resid_pre");
}

/// Between two steps a driver can withdraw the question.
#[test]
fn answers_come_in_steps() {
    let run = golden_run("llama");
    let question = Question::Lens { layers: vec![0, 1, 2, 3], positions: (0..18).collect(), n_top: 1, token: None };
    let mut answering = start(question);
    let mut n_steps = 1;
    while answering.step(&run).unwrap().is_none() {
        n_steps += 1;
    }
    assert!(n_steps >= 2, "{n_steps}");
}

/// Value zeroing runs a layer once for each position, and says how far it is; what is quick says nothing.
#[test]
fn value_zeroing_says_how_far_it_is() {
    let run = golden_run("llama");
    let n = run.tokens().len();
    let grid = Grid { queries: vec![0, 1], keys: vec![0, 1], max_cells: 64, reduce: Reduce::Mean };
    let reports = |question: Question| {
        let mut answering = start(question);
        let mut reports = Vec::new();
        while answering.step(&run).unwrap().is_none() {
            reports.extend(answering.progress());
        }
        assert!(reports.iter().all(|(stage, _)| *stage == Stage::ValueZeroing));
        reports.into_iter().map(|(_, part)| part).collect::<Vec<_>>()
    };
    for (n_layers, question) in [
        (1, Question::Quantity { quantity: Quantity::ValueZeroing, layer: 1, heads: Vec::new() }),
        (2, Question::QuantityCells { quantity: Quantity::ValueZeroing, layers: vec![0, 1], heads: Vec::new(), grid }),
    ] {
        let reports = reports(question);
        assert!(reports.is_sorted() && reports.iter().all(|[_, total]| *total == n_layers * n), "{reports:?}");
        let seen = |done: usize| reports.contains(&[done, n_layers * n]);
        assert!(seen(0) && seen(n_layers * n - 1), "{reports:?}");
    }
    let rollout = Question::Quantity { quantity: Quantity::Rollout, layer: 1, heads: Vec::new() };
    assert_eq!(reports(rollout), Vec::<[usize; 2]>::new());
}
