//! The first screen: a trace before any model.

use super::*;
use crate::trace::file::ModelName;

pub(in crate::state) fn opened() -> OpenedTrace {
    OpenedTrace {
        model: ModelName { name: "Small".to_owned(), quantisation: Some("F32".to_owned()), ..ModelName::default() },
        target: None,
        spec: spec(6, 4),
        tokens: run(0, &["[CLS]", "a", "[SEP]", "b", "[SEP]"]).tokens,
        text: "a".to_owned(),
        pair: Some("b".to_owned()),
        edits: Vec::new(),
        outcome: None,
        top: Vec::new(),
        place: None,
        held: Vec::new(),
        cross_spec: None,
        sinks: Vec::new(),
    }
}

fn waiting() -> Page {
    let mut page = Page::new();
    page.state.first = FirstScreen::Coming;
    page
}

/// The question that the trace was asked last, and its name.
fn asked(page: &Page) -> (RequestId, Question) {
    let last = page.done.iter().rev().find_map(|effect| match effect {
        Effect::AskTrace { request, question, .. } => Some((*request, question.clone())),
        _ => None,
    });
    last.expect("the trace was asked")
}

#[test]
fn an_example_is_on_screen_before_any_model_is_loaded() {
    let mut page = waiting();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.event(Event::Start(StartEvent::FirstCame(Ok(opened()))));
    assert_eq!((page.state.entry.text.as_str(), page.state.entry.pair.as_str()), ("a", "b"));
    let (request, question) = asked(&page);
    let Question::Patterns { layer: 2, heads } = question else { panic!("{question:?}") };
    let answer = Answer::Patterns { layer: 2, heads, n_query: 5, n_key: 5 };
    page.event(Event::Worker(WorkerEvent::Said(
        FromWorker::Answered { request, run: 0, answer },
        vec![vec![0.2; 100]],
    )));
    assert_eq!(page.drawn_layer(), Some(2));
    assert!(page.sent.is_empty() && page.count(&Effect::StartWorker) == 0, "no model was asked for");
    assert_eq!(page.state.loads_first(), Some(5), "the button says how much will be loaded");
    assert!(matches!(asked(&page).1, Question::Scores { n_block: None }), "scores come from the trace too");
    page.event(Event::Select(SelectionEvent::LayerPicked(4)));
    assert!(matches!(asked(&page).1, Question::Patterns { layer: 4, .. }));

    // The first change loads the model; its run takes the place of the trace.
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.count(&Effect::StartWorker), 1);
    assert_eq!(page.state.loads_first(), None);
    assert_eq!(page.drawn_layer(), Some(2), "the picture stays meanwhile");
    page.load_and_run(6, 4);
    assert!(page.state.shown.as_ref().is_some_and(|shown| !shown.is_trace && shown.live_run.is_some()));
}

#[test]
fn what_somebody_asked_for_meanwhile_is_not_replaced() {
    let mut page = waiting();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.event(Event::Start(StartEvent::FirstCame(Ok(opened()))));
    assert!(page.state.shown.is_none() && page.state.is_busy());
}

#[test]
fn a_trace_that_does_not_come_is_run_instead() {
    let gone = || Event::Start(StartEvent::FirstCame(Err("first.safetensors could not be fetched.".to_owned())));
    let catalogue = || Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned())));
    for events in [[gone(), catalogue()], [catalogue(), gone()]] {
        let mut page = waiting();
        events.into_iter().for_each(|event| page.event(event));
        assert_eq!(page.count(&Effect::StartWorker), 1);
    }
}
