//! The outcome that is followed: whose it is, what brings it, and what moves it.

use super::traces::{file, open};
use super::*;
use crate::gallery::EXAMPLES;
use crate::protocol::{ComparedOutcome, EditingReply, EditingRequest, OutcomeAsked, OutcomeNumbers, OutcomeToken};
use crate::state::editing::answers::Part;
use crate::state::stream::options::StreamNumber;

fn pick(page: &mut Page, answer: &str, other: &str) {
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens(answer, other))));
}

fn asked(page: &Page) -> OutcomeAsked {
    page.state.editing.asked.clone()
}

#[test]
fn an_outcome_belongs_to_its_text() {
    let mut page = causal_page();
    pick(&mut page, " x", " y");
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(asked(&page), OutcomeAsked::tokens(" x", " y"), "the same text once more");
    page.event(Event::Entry(EntryEvent::TextEdited("something else".to_owned())));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(asked(&page), OutcomeAsked::default(), "another text has another outcome");
    assert!(!page.state.editing.is_outcome_chosen);
}

#[test]
fn an_example_brings_its_outcome() {
    let mut page = causal_page();
    let mary = EXAMPLES.iter().position(|example| example.outcome.is_some()).unwrap();
    page.event(Event::Entry(EntryEvent::ExamplePicked(mary)));
    page.finish_run();
    assert_eq!(asked(&page), OutcomeAsked::tokens(" Mary", " John"));
    let compared = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Editing(EditingRequest::Compare { outcome, .. }) => Some(outcome.clone()),
        _ => None,
    });
    assert_eq!(compared, Some(Some(asked(&page))), "it is measured at once");
}

#[test]
fn an_example_of_the_stream_opens_there() {
    let mut page = causal_page();
    let index = EXAMPLES.iter().position(|example| example.in_stream.is_some()).unwrap();
    page.event(Event::Entry(EntryEvent::ExamplePicked(index)));
    page.finish_run();
    let stream = &page.state.scales.stream;
    assert_eq!(page.state.selection.view, View::Stream);
    assert_eq!((stream.number, Some(stream.token.as_str())), (StreamNumber::TokenRank, EXAMPLES[index].in_stream));
}

#[test]
fn links_and_traces_carry_an_outcome() {
    let mut page = causal_page();
    assert_eq!(page.state.link().unwrap().outcome, None, "what the page chose by itself is not said");
    pick(&mut page, " x", " y");
    let link = page.state.link().unwrap().write();
    let metadata = page.state.trace_metadata().unwrap();
    pick(&mut page, " other", " than that");
    page.event(Event::Link(LinkEvent::Came(link)));
    assert_eq!(asked(&page), OutcomeAsked::tokens(" x", " y"));

    let mut page = causal_page();
    open(&mut page, OpenedTrace { outcome: metadata.outcome, ..file("cat.safetensors") });
    assert_eq!(asked(&page), OutcomeAsked::tokens(" x", " y"));
    assert_eq!(page.state.link().unwrap().outcome, Some(asked(&page)));
    // The run of its text goes on with it.
    page.event(Event::Work(WorkEvent::TraceRunAsked));
    page.finish_run();
    assert_eq!(asked(&page), OutcomeAsked::tokens(" x", " y"));
    // A file that says it in another way is shown, and its outcome left out.
    let outcome = Some(serde_json::json!({"kind": "beauty"}));
    open(&mut page, OpenedTrace { outcome, text: "other".to_owned(), ..file("cat.safetensors") });
    assert_eq!(asked(&page), OutcomeAsked::default());
    assert!(page.state.notices.status.as_ref().is_some_and(|status| status.contains("`beauty`")));
}

#[test]
fn generation_does_not_move_an_outcome() {
    let mut page = causal_page();
    pick(&mut page, " x", " y");
    page.event(Event::Editing(EditEvent::WriteAsked(1)));
    let request = page.last_request();
    let mut tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let piece = tokens.clone();
    tokens.push(&piece, 1);
    page.says(FromWorker::Editing(EditingReply::WritingDone {
        request,
        tokens,
        top: Vec::new(),
        follower_top: Vec::new(),
    }));
    let expected = OutcomeAsked::Tokens { answer: " x".into(), others: vec![" y".into()], position: Some(4) };
    assert_eq!(asked(&page), expected, "after the token that it was chosen for");
}

/// "##ing" is clicked and "x" typed; the file holds the ids of both, and another page follows these.
#[test]
fn a_trace_restores_the_same_tokens() {
    let named = |answer: OutcomeToken, other: OutcomeToken| OutcomeAsked::Tokens {
        answer,
        others: vec![other],
        position: None,
    };
    let by_id = |text: &str, id| OutcomeToken { text: text.to_owned(), id: Some(id) };
    let mut page = causal_page();
    pick(&mut page, "ing", "x");
    let clicked = page.state.with_token(Part::Answer, 17, "##ing");
    page.event(clicked);
    assert_eq!(asked(&page), named(by_id("##ing", 17), "x".into()));
    let saved = |page: &Page| page.state.trace_metadata().unwrap().outcome.unwrap().to_string();
    let unmeasured = r###"{"answer":[17],"kind":"logit_difference","others":["x"],"texts":["##ing","x"]}"###;
    assert_eq!(saved(&page), unmeasured, "the model has not said which token \"x\" is");
    measured(&mut page, ["##ing", "x"], [17, 23]);
    let by_ids = r###"{"answer":[17],"kind":"logit_difference","others":[23],"texts":["##ing","x"]}"###;
    assert_eq!(saved(&page), by_ids);
    assert_eq!(asked(&page), named(by_id("##ing", 17), "x".into()), "what was typed stays");

    let outcome = Some(serde_json::from_str(&by_ids.replace("##ing", "another name")).unwrap());
    let tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let mut page = causal_page();
    open(&mut page, OpenedTrace { outcome, tokens, ..file("cat.safetensors") });
    assert_eq!(asked(&page), named(by_id("another name", 17), by_id("x", 23)));
    page.event(Event::Work(WorkEvent::TraceRunAsked));
    page.finish_run();
    let (_, measures) = comparison(&page);
    assert_eq!(measures, Some(asked(&page)), "the ids are measured");
    measured(&mut page, ["##ing", "x"], [17, 23]);
    assert_eq!(asked(&page), named(by_id("##ing", 17), by_id("x", 23)), "called as the model calls them");

    // A model with other ids for the same text.
    let request = {
        page.event(Event::Work(WorkEvent::RunAsked));
        page.last_request()
    };
    let mut run = run(request, &["[CLS]", "a", "[SEP]", "b", "[SEP]"]);
    run.tokens.ids.iter_mut().for_each(|id| *id += 1);
    page.state.shown.as_mut().unwrap().origin.model.name = "another".to_owned();
    page.says(FromWorker::RunsDone { request, runs: vec![run] });
    assert_eq!(asked(&page), named("##ing".into(), "x".into()));
}

/// The last comparison that was asked for.
fn comparison(page: &Page) -> (RequestId, Option<OutcomeAsked>) {
    let found = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Editing(EditingRequest::Compare { request, outcome, .. }) => Some((*request, outcome.clone())),
        _ => None,
    });
    found.expect("a comparison was asked for")
}

fn measured(page: &mut Page, [answer, other]: [&str; 2], ids: [u32; 2]) {
    let (request, _) = comparison(page);
    let tokens = Some((answer.to_owned(), vec![other.to_owned()]));
    let outcome = ComparedOutcome { tokens, ids: ids.to_vec(), values: vec![OutcomeNumbers::default()] };
    let reply = EditingReply::Compared { request, position: 4, tokens: Vec::new(), outcome: Some(Ok(outcome)) };
    page.says(FromWorker::Editing(reply));
}

/// The page may change its edits and its outcome while a map of effects stays on the stage.
#[test]
fn a_sweep_keeps_the_edits_and_the_outcome_that_it_was_made_with() {
    for (side, n_edits) in [(Variant::A, 0), (Variant::B, 1)] {
        let mut page = edited_page(side);
        pick(&mut page, " a", " b");
        let value = |value| OutcomeNumbers { value, probs: None };
        let outcome = ComparedOutcome { tokens: None, ids: Vec::new(), values: vec![value(2.0), value(3.0)] };
        let request = page.last_request();
        let compared = EditingReply::Compared { request, position: 4, tokens: Vec::new(), outcome: Some(Ok(outcome)) };
        page.says(FromWorker::Editing(compared));
        page.event(Event::Editing(EditEvent::SweepAsked(protocol::SweepAsked::ZeroHeads)));
        let ToWorker::Editing(EditingRequest::Sweep { request, edits, .. }) = page.last() else {
            panic!("{:?}", page.last())
        };
        assert_eq!(edits.len(), n_edits);
        page.says(FromWorker::Editing(EditingReply::SweepDone { request, base: value(2.0), other: None }));
        let sweep = page.state.editing.sweep.as_ref().unwrap();
        assert_eq!((sweep.edits.as_ref(), sweep.is_done), (Some(&edits), true));
        pick(&mut page, " a", " c");
        let caption = page.state.sweep_caption().unwrap().text;
        assert!(caption.contains("Outcome: a − b, 2.000 without the edit of a cell."), "{caption}");
        let said = if edits.is_empty() { "No other edits." } else { "Edits in all cells: zero_head" };
        assert!(caption.contains(said), "{caption}");
        let script = page.state.sweep_script(crate::state::python::Library::Nnsight);
        assert!(script.is_err_and(|problem| problem.contains("another text or outcome")));
    }
}
