//! A trace of 100,000 tokens: opened, shown and asked in a time that grows with its tokens, not with their square.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;
use std::time::Duration;

use crate::limits;
use headlight::analysis::{AttentionSource, SourceError, TraceSource};
use headlight::answers::start;
use headlight::protocol::{FromWorker, Question};
use headlight::state::{
    Effect, Event, OpenedTrace, SelectionEvent, State, Theme, TokenRef, TraceEvent, View, WorkerEvent,
};
use headlight::trace::file::{Element, Parsed, TensorPlan, TraceMetadata, TraceWriter, parse_header};
use headlight::trace::{AttnKind, Side, Spec, TokenForm};

const N_TOKENS: usize = 100_000;

/// Queries and keys of one head of two neurons, and the tokens' names.
fn file() -> Vec<u8> {
    file_of(Vec::new(), Vec::new())
}

/// The same with these starts of segments and these added tokens.
fn file_of(segments: Vec<usize>, added_tokens: Vec<String>) -> Vec<u8> {
    let spec = Spec {
        architecture: "gpt2".to_owned(),
        n_layers: 2,
        n_heads: 1,
        n_key_value_heads: 1,
        d_model: 2,
        d_head: 2,
        d_vocab: 5,
        ..Spec::default()
    };
    let tokens = (0..N_TOKENS).map(|at| format!("Ġw{at}")).collect();
    let plain = TraceMetadata::of_tokens(tokens, TokenForm::ByteLevel);
    let metadata = TraceMetadata { spec: Some(spec), segments, added_tokens, ..plain };
    let names = ["blocks.0.attn.hook_q", "blocks.0.attn.hook_k", "blocks.1.attn.hook_q", "blocks.1.attn.hook_k"];
    let plan = |name: &str| TensorPlan { name: name.to_owned(), element: Element::F32, shape: vec![N_TOKENS, 1, 2] };
    let mut writer = TraceWriter::new(Vec::new(), &metadata, names.map(plan).into()).unwrap();
    let values: Vec<f32> = (0..2 * N_TOKENS).map(|at| (at % 101) as f32 / 50.0 - 1.0).collect();
    names.iter().for_each(|name| writer.write_floats(name, &values).unwrap());
    writer.finish().unwrap()
}

/// Answers as the page does, bringing bytes as they are wanted.
fn answered(source: &mut TraceSource, bytes: &[u8], question: Question) -> Result<usize, SourceError> {
    let mut answering = start(question);
    loop {
        match answering.step(source) {
            Ok(Some(reply)) => return Ok(reply.buffers.iter().map(Vec::len).sum()),
            Ok(None) => {}
            Err(SourceError::Wants(range)) => {
                source.supply(range.clone(), &bytes[range.start as usize..range.end as usize]).unwrap();
            }
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn a_hundred_thousand_tokens_are_opened_and_looked_at_within_a_second() {
    looked_at(&file());
    // As many segments and added tokens as there are tokens.
    looked_at(&file_of((0..N_TOKENS).collect(), (0..N_TOKENS).map(|at| format!("Ġw{at}")).collect()));
}

fn looked_at(bytes: &[u8]) {
    let began = limits::thread_time();
    let Parsed::Complete(trace) = parse_header("t", bytes.len() as u64, bytes).unwrap() else { panic!("not whole") };
    for piece in trace.pieces(4 << 20) {
        let data = &bytes[piece.bytes.start as usize..piece.bytes.end as usize];
        trace.decode_from(&piece.name, piece.first_row, data).unwrap();
    }
    let trace = Arc::new(trace);
    let mut source = TraceSource::all(&trace).remove(0).1;
    while let Err(error) = source.may_overflow(0) {
        let SourceError::Wants(range) = error else { panic!("{error}") };
        source.supply(range.clone(), &bytes[range.start as usize..range.end as usize]).unwrap();
    }
    let opened = OpenedTrace {
        model: Default::default(),
        spec: trace.metadata.spec.clone().unwrap(),
        tokens: source.tokens(Side::Query).clone(),
        target: None,
        text: String::new(),
        pair: None,
        edits: Vec::new(),
        outcome: None,
        top: Vec::new(),
        place: None,
        held: vec![(AttnKind::ONLY, Default::default())],
        cross_spec: None,
        sinks: Vec::new(),
    };
    // What the page asks by itself, and what a reader asks who looks around.
    let mut state = State::new("http://host/".to_owned(), Theme::System);
    let mut waiting = vec![Event::Trace(TraceEvent::FileChosen("t".to_owned()))];
    let mut opened = Some(opened);
    let mut steps = [
        Event::Select(SelectionEvent::Hovered(Some(TokenRef { side: Side::Query, position: 99_999 }))),
        Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Query, position: 99_999 })),
        Event::Select(SelectionEvent::LayerPicked(1)),
        Event::Select(SelectionEvent::ViewPicked(View::Neuron)),
        Event::Select(SelectionEvent::ViewPicked(View::Model)),
        Event::Select(SelectionEvent::ViewPicked(View::Stream)),
        Event::Select(SelectionEvent::QueryPicked(50_000)),
    ]
    .into_iter();
    let mut n_answers = 0;
    let mut next = |state: &State, waiting: &mut Vec<Event>| {
        let number = state.traces.opening.as_ref().map(|(number, _)| *number);
        waiting.pop().or_else(|| match (number, opened.take()) {
            (Some(number), Some(opened)) => Some(Event::Trace(TraceEvent::Came { number, opened: Ok(opened) })),
            _ => steps.next(),
        })
    };
    while let Some(event) = next(&state, &mut waiting) {
        for effect in state.update(event) {
            let Effect::AskTrace { request, question, .. } = effect else { continue };
            n_answers += 1;
            let reply = match answered(&mut source, bytes, question.clone()) {
                // Only rows that are asked for one by one, never a whole pattern of 10¹⁰ weights.
                Ok(n_values) => {
                    assert!(n_values < 4 * N_TOKENS * 8, "{question:?}");
                    FromWorker::Cancelled { request }
                }
                Err(error) => {
                    let about = headlight::protocol::About::Request;
                    let report = headlight::protocol::Report { about, message: error.to_string() };
                    FromWorker::Failed { request, report }
                }
            };
            waiting.push(Event::Worker(WorkerEvent::Said(reply, Vec::new())));
        }
    }
    assert!(n_answers > 1, "the views asked");
    assert!(state.shown.as_ref().is_some_and(|shown| shown.shape().n_query == N_TOKENS));
    let time = limits::thread_time() - began;
    println!("{time:?}");
    assert!(time < Duration::from_secs(1), "{time:?}");
}

#[test]
fn a_pattern_too_large_to_be_drawn_is_refused_before_anything_is_made() {
    let bytes = file();
    let Parsed::Complete(trace) = parse_header("t", bytes.len() as u64, &bytes).unwrap() else { panic!("not whole") };
    let mut source = TraceSource::new(trace);
    let error = answered(&mut source, &bytes, Question::Patterns { layer: 0, heads: vec![0] }).unwrap_err();
    assert!(error.to_string().contains("1 patterns of 100000 × 100000 tokens have 10000000000 weights"), "{error}");
    // The weights of one query are 100,000 and no more.
    assert_eq!(answered(&mut source, &bytes, Question::HeadWeights { queries: vec![7], keys: vec![3] }).unwrap(), 2);
}
