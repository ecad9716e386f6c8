//! A, B and their difference on a page: who is asked, what is subtracted, what B can be, with workers that only the tests
//! play.

use super::super::tests::Page;
use super::super::*;
use super::tests::{BLOCK, asked, edit, edited_page, last_again, say};
use super::*;
use crate::protocol::{
    self, About, Answer, EditingReply, EditingRequest, FromWorker, InputText, ModelInfo, Question, Report, RequestId,
    RunInfo, ToWorker,
};
use crate::sources::{ASK_BYTES, Base, Repo};
use crate::state::catalogue::ModelLocation;
use crate::state::requests::Purpose;

fn side(page: &mut Page, side: Variant) {
    page.event(Event::Editing(EditEvent::VariantPicked(side)));
}

/// Questions about patterns that were sent since, by run.
fn pattern_requests(page: &Page, since: usize) -> Vec<(RequestId, u32)> {
    let asked = |message: &ToWorker| match message {
        ToWorker::Ask { request, run, question: Question::Patterns { .. }, .. } => Some((*request, *run)),
        _ => None,
    };
    page.sent[since..].iter().filter_map(asked).collect()
}

fn give(page: &mut Page, request: RequestId, run: u32, weight: f32) {
    let answer = Answer::Patterns { layer: 0, heads: vec![0, 1, 2, 3], n_query: 5, n_key: 5 };
    page.event(Event::Worker(WorkerEvent::Said(
        FromWorker::Answered { request, run, answer },
        vec![vec![weight; 4 * 25]],
    )));
}

#[test]
fn the_difference_is_asked_of_both_and_subtracted() {
    let mut page = edited_page();
    let a = page.state.run_of(Variant::A).unwrap();
    let since = page.sent.len();
    side(&mut page, Variant::Difference);
    let requests = pattern_requests(&page, since);
    assert_eq!(requests.iter().map(|(_, run)| *run).collect::<Vec<_>>(), [a, 77]);
    give(&mut page, requests[1].0, 77, 0.75);
    assert_eq!(page.drawn_layer(), None, "half of it is nothing");
    give(&mut page, requests[0].0, a, 0.25);
    let drawn = page.state.shown.as_ref().unwrap().drawn.clone().unwrap();
    assert!(drawn.values.iter().all(|value| *value == 0.5), "{:?}", drawn.values);
    // A and B are as they were, and come back without being asked.
    side(&mut page, Variant::A);
    assert!(page.drawn_layer() == Some(0) && page.state.shown.as_ref().unwrap().live_run == Some(a));
    page.event(Event::Editing(EditEvent::VariantStepped));
    assert_eq!(page.state.editing.variant, Variant::B);
}

/// Another edit while the difference is on screen: it stays on screen, of the new B.
#[test]
fn the_difference_follows_the_edits() {
    let mut page = edited_page();
    side(&mut page, Variant::Difference);
    page.event(Event::Editing(EditEvent::Added(edit(BLOCK))));
    let (request, ..) = last_again(&page);
    let run = RunInfo { run: 78, ..page.state.shown.as_ref().unwrap().info.clone() };
    say(&mut page, EditingReply::Again { request, run, inactive: Vec::new() });
    assert_eq!((page.state.editing.variant, page.state.run_of(Variant::B)), (Variant::Difference, Some(78)));
    assert!(page.sent.contains(&ToWorker::Forget { run: 77 }));
    page.event(Event::Editing(EditEvent::Cleared));
    assert_eq!((page.state.editing.variant, page.state.editing.has_b()), (Variant::A, false));
}

#[test]
fn another_text_is_b_where_it_has_as_many_tokens() {
    for (n_tokens, fits) in [(5, true), (4, false)] {
        let mut page = edited_page();
        page.event(Event::Editing(EditEvent::AgainstPicked(Against::Text("c d".to_owned()))));
        assert!(page.sent.contains(&ToWorker::Forget { run: 77 }), "the edited run is gone");
        let ran = page.sent.iter().rev().find_map(|message| match message {
            ToWorker::Run { request, inputs, .. } => Some((*request, inputs[0].text.clone())),
            _ => None,
        });
        let (request, text) = ran.unwrap();
        assert_eq!(text, InputText::Single("c d".to_owned()));
        let mut info = RunInfo { run: 90, ..page.state.shown.as_ref().unwrap().info.clone() };
        info.tokens.truncate(n_tokens);
        page.says(FromWorker::RunsDone { request, runs: vec![info] });
        assert_eq!(page.state.run_of(Variant::B), fits.then_some(90), "{n_tokens} tokens");
        if fits {
            let caption = |page: &Page| page.state.caption(View::Head, "").unwrap();
            assert!(caption(&page).text.contains("“c d”"), "its own text: {}", caption(&page).text);
            side(&mut page, Variant::Difference);
            let caption = caption(&page);
            assert!(
                caption.title.starts_with("Change: Layer") && caption.text.contains("“c d” minus the original"),
                "{caption:?}"
            );
        }
        let problem = page.state.editing.against_problem.clone();
        assert_eq!(problem.is_none(), fits);
        assert!(problem.is_none_or(|problem| problem.contains("original has 5 tokens and the other text 4")));
        // An edit makes the edited text B again.
        page.event(Event::Editing(EditEvent::Added(edit(BLOCK))));
        assert_eq!(page.state.editing.against, Against::Edits);
        assert!(last_again(&page).2.contains("block_token"));
    }
}

/// A repeated block against another text: only the block's own scores are measured as such.
#[test]
fn a_change_between_a_repeated_block_and_a_text_has_scores_of_texts() {
    for (text_of_b, expected) in [(None, None), (Some(2), Some(2)), (Some(3), None)] {
        let mut page = edited_page();
        let block = |n_tokens| InputText::RandomBlock { n_tokens, seed: 1 };
        side(&mut page, Variant::B);
        page.state.shown.as_mut().unwrap().input.text =
            text_of_b.map_or_else(|| InputText::Single("c d".to_owned()), block);
        side(&mut page, Variant::A);
        page.state.shown.as_mut().unwrap().input.text = block(2);
        side(&mut page, Variant::Difference);
        page.event(Event::Scores(ScoreEvent::Asked));
        let asked = page.sent.iter().rev().find_map(|message| match message {
            ToWorker::Ask { question: Question::Scores { n_block }, .. } => Some(*n_block),
            _ => None,
        });
        assert_eq!(asked, Some(expected), "{text_of_b:?}");
    }
}

fn trace_beside(page: &Page, change: impl Fn(&mut TraceBeside)) -> TraceBeside {
    let tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let mut trace = TraceBeside { file: "b.safetensors".to_owned(), tokens, has_ids: true, sizes: (6, 4), spec: None };
    change(&mut trace);
    trace
}

#[test]
fn a_trace_is_b_where_it_has_the_same_ids_and_shape() {
    type Change = fn(&mut TraceBeside);
    let refusals: [(Change, &str); 3] = [
        (|trace| trace.sizes = (6, 5), "6 layers × 4 heads and the trace 6 × 5"),
        (|trace| trace.tokens.truncate(3), "has 5 tokens and the trace 3"),
        (|trace| trace.tokens.ids[1] = 9, "The trace has read a different text: token 1 is “a” there"),
    ];
    for (change, expected) in refusals {
        let mut page = Page::with_result();
        let came = Box::new(Ok(trace_beside(&page, change)));
        page.event(Event::Editing(EditEvent::TraceCame(came)));
        let problem = page.state.editing.against_problem.clone().unwrap();
        assert!(problem.contains(expected), "{problem}");
        assert!(!page.state.editing.has_b());
    }
    let mut page = Page::with_result();
    let came = Box::new(Ok(trace_beside(&page, |trace| trace.has_ids = false)));
    page.event(Event::Editing(EditEvent::TraceCame(came)));
    assert_eq!(page.state.editing.against, Against::Trace("b.safetensors".to_owned()));
    assert_eq!(page.state.result(Variant::B).unwrap().second, Some(Second::Trace));
    side(&mut page, Variant::Difference);
    // Predictions are A's alone: a trace predicts nothing.
    assert!(matches!(asked(&page), EditingRequest::Compare { runs, .. } if runs.len() == 1));
}

/// A second worker holds the other model: it is started, loads, runs the same text, and is ended with B.
#[test]
fn another_model_lives_in_a_worker_of_its_own() {
    let mut page = Page::with_result();
    let said = |page: &mut Page, reply: FromWorker| {
        page.state.update(Event::Worker(WorkerEvent::SecondSaid(reply, Vec::new())))
    };
    let effects = page.state.update(Event::Editing(EditEvent::AgainstPicked(Against::Model(0))));
    assert!(effects.contains(&Effect::StartSecondWorker));
    let second = |effects: &[Effect]| {
        let sent = |effect: &Effect| match effect {
            Effect::SendSecond(message) => Some(message.clone()),
            _ => None,
        };
        effects.iter().find_map(sent).expect("something for the second worker")
    };
    let effects = said(&mut page, FromWorker::Ready { version: protocol::VERSION, threads: 1 });
    let ToWorker::Load { request, .. } = second(&effects) else { panic!("{effects:?}") };
    let model = page.state.work.model.clone().unwrap();
    let effects = said(&mut page, FromWorker::Loaded { request, model });
    let ToWorker::Run { request, inputs, .. } = second(&effects) else { panic!("{effects:?}") };
    assert_eq!(inputs[0], page.state.shown.as_ref().unwrap().input);
    let info = RunInfo { run: 3, ..page.state.shown.as_ref().unwrap().info.clone() };
    let effects = said(&mut page, FromWorker::RunsDone { request, runs: vec![info] });
    assert_eq!(page.state.result(Variant::B).unwrap().second, Some(Second::Run(3)));
    // Patterns and predictions of B are asked of that worker; those of A of the first one.
    let asks_second = effects.iter().any(|effect| matches!(effect, Effect::SendSecond(ToWorker::Ask { run: 3, .. })));
    let compares = |effect: &&Effect| {
        matches!(
            effect,
            Effect::SendSecond(ToWorker::Editing(EditingRequest::Compare { .. }))
                | Effect::Send(ToWorker::Editing(EditingRequest::Compare { .. }))
        )
    };
    assert!(asks_second && effects.iter().filter(compares).count() == 2, "{effects:?}");
    let effects = page.state.update(Event::Worker(WorkerEvent::SecondBroke("out of memory".to_owned())));
    assert!(effects.contains(&Effect::EndSecondWorker) && !page.state.editing.has_b());
    assert!(page.state.editing.against_problem.as_ref().unwrap().contains("out of memory"));
}

/// The requests to the second worker stand in the ledger: what fails says why, and what comes after it was dropped changes nothing.
#[test]
fn what_another_model_is_asked_for_is_in_the_ledger() {
    let said = |page: &mut Page, reply: FromWorker| {
        page.state.update(Event::Worker(WorkerEvent::SecondSaid(reply, Vec::new())))
    };
    let load = |page: &mut Page| {
        page.state.update(Event::Editing(EditEvent::AgainstPicked(Against::Model(0))));
        assert_eq!(page.state.second_model_status(), Some("Loading the other model …"));
        let effects = said(page, FromWorker::Ready { version: protocol::VERSION, threads: 1 });
        let request = effects.iter().find_map(|effect| match effect {
            Effect::SendSecond(ToWorker::Load { request, .. }) => Some(*request),
            _ => None,
        });
        request.expect("the model is loaded")
    };
    let mut page = Page::with_result();
    let request = load(&mut page);
    assert_eq!(page.state.requests.purpose(request), Some(&Purpose::LoadSecond(0)));
    let report = Report { about: About::Model, message: "no memory".to_owned() };
    let effects = said(&mut page, FromWorker::Failed { request, report });
    assert!(effects.contains(&Effect::EndSecondWorker));
    assert_eq!(page.state.editing.against_problem.as_deref(), Some("No memory."));
    assert_eq!((page.state.second_model_status(), page.state.requests.purpose(request)), (None, None));

    // Somebody compares with edits again before the model is loaded.
    let mut page = Page::with_result();
    let request = load(&mut page);
    page.event(Event::Editing(EditEvent::AgainstPicked(Against::Edits)));
    assert_eq!((page.state.second_model_status(), page.state.requests.purpose(request)), (None, None));
    let (before, model) = (page.state.clone(), page.state.work.model.clone().unwrap());
    let effects = said(&mut page, FromWorker::Loaded { request, model });
    assert!(effects.is_empty() && page.state == before, "{effects:?}");
    // A model chosen after it has a request of its own; the old one's reply is not taken for it.
    let next = load(&mut page);
    let model = page.state.work.model.clone().unwrap();
    assert!(said(&mut page, FromWorker::Loaded { request, model: model.clone() }).is_empty());
    said(&mut page, FromWorker::Loaded { request: next, model });
    assert_eq!(page.state.second_model_status(), Some("Running the other model …"));
}

/// As for the page's own model, much is downloaded only after a question.
#[test]
fn a_large_model_of_the_hub_is_asked_about_before_it_is_loaded_beside_a() {
    let mut page = Page::with_result();
    let mut large = page.state.models[0].clone();
    large.location = ModelLocation::Hub {
        base: Base::parse("").unwrap(),
        repo: Repo::parse("a/large").unwrap(),
        commit: "0a1b".to_owned(),
    };
    "a/large".clone_into(&mut large.name);
    large.files[0].size = ASK_BYTES + 1;
    page.state.models.push(large);
    let model = page.state.models.len() - 1;
    let picked = |page: &mut Page| page.state.update(Event::Editing(EditEvent::AgainstPicked(Against::Model(model))));
    let agreed = |page: &mut Page| page.state.update(Event::Editing(EditEvent::SecondModelAgreed));
    assert!(!picked(&mut page).contains(&Effect::StartSecondWorker));
    let (question, button) = page.state.second_model_question().unwrap();
    assert!(question.starts_with("a/large stays in memory beside the first model and takes 200.0 MB"), "{question}");
    assert_eq!((button.as_str(), page.state.second_model_status()), ("Load 200.0 MB to compare", None));
    assert!(agreed(&mut page).contains(&Effect::StartSecondWorker));
    assert_eq!(page.state.second_model_question(), None);
    // Asked once: an answer that comes late starts nothing.
    assert!(!agreed(&mut page).contains(&Effect::StartSecondWorker));
    picked(&mut page);
    page.event(Event::Editing(EditEvent::AgainstPicked(Against::Edits)));
    assert!(!agreed(&mut page).contains(&Effect::StartSecondWorker) && page.state.second_model_question().is_none());
}

#[test]
fn the_reader_is_told_that_b_is_not_kept() {
    let mut page = Page::with_result();
    let said = |page: &mut Page, reply: FromWorker| {
        page.state.update(Event::Worker(WorkerEvent::SecondSaid(reply, Vec::new())))
    };
    page.event(Event::Editing(EditEvent::AgainstPicked(Against::Model(0))));
    let effects = said(&mut page, FromWorker::Ready { version: protocol::VERSION, threads: 1 });
    let [.., Effect::SendSecond(ToWorker::Load { request, .. })] = &effects[..] else { panic!("{effects:?}") };
    let model = ModelInfo { unkept: Some("B is not kept".to_owned()), ..page.state.work.model.clone().unwrap() };
    said(&mut page, FromWorker::Loaded { request: *request, model });
    assert_eq!(page.state.notices.status.as_deref(), Some("B is not kept."));
}

/// The value of a single edit is B's; several are measured alone, the ones that are switched off too.
#[test]
fn a_value_stands_beside_every_edit() {
    let mut page = edited_page();
    let compared = |page: &mut Page, values: &[f32]| {
        let EditingRequest::Compare { request, .. } = asked(page) else { panic!("{:?}", asked(page)) };
        let values = values.iter().map(|&value| OutcomeNumbers { value, probs: None }).collect();
        let outcome = Some(Ok(ComparedOutcome { tokens: None, ids: Vec::new(), values }));
        say(page, EditingReply::Compared { request, position: 4, tokens: Vec::new(), outcome });
    };
    page.state.editing.inactive.clear();
    compared(&mut page, &[3.0, 1.0]);
    assert_eq!(page.state.editing.outcome_alone(1).map(|value| value.value), Some(1.0));
    page.event(Event::Editing(EditEvent::Added(edit(BLOCK))));
    let (request, ..) = last_again(&page);
    let run = RunInfo { run: 78, ..page.state.shown.as_ref().unwrap().info.clone() };
    say(&mut page, EditingReply::Again { request, run, inactive: Vec::new() });
    compared(&mut page, &[3.0, 0.5]);
    let EditingRequest::Sweep { what: SweepAsked::Each(edits), .. } = asked(&page) else { panic!() };
    assert_eq!(edits.len(), 2);
}

/// Another token in the place of one that was written: the run goes back to it, and what it was chosen from is kept.
#[test]
fn branching_goes_back_to_where_the_token_stood() {
    let mut page = Page::with_result();
    let top = vec![crate::protocol::Prediction { token: "x".to_owned(), id: 8, prob: 0.5 }];
    page.state.shown.as_mut().unwrap().info.top = top.clone();
    page.event(Event::Editing(EditEvent::WriteAsked(1)));
    let EditingRequest::Write { request, .. } = asked(&page) else { panic!() };
    let mut tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let piece = tokens.clone();
    tokens.push(&piece, 1);
    let (run, prob) = (1, 0.5);
    let written =
        EditingReply::Written { request, run, tokens: tokens.clone(), prob, top: Vec::new(), follower_top: Vec::new() };
    say(&mut page, written.clone());
    say(&mut page, EditingReply::WritingDone { request, tokens, top: Vec::new(), follower_top: Vec::new() });
    assert_eq!(page.state.editing.written[0].others, top);
    page.event(Event::Editing(EditEvent::BranchPicked(5, 8)));
    let EditingRequest::Write { request: again, n_keep, first_id, n_tokens, .. } = asked(&page) else { panic!() };
    assert_eq!((n_keep, first_id, n_tokens), (5, Some(8), 1));
    let EditingReply::Written { tokens, .. } = written else { panic!() };
    let branched =
        EditingReply::Written { request: again, run, tokens, prob, top: Vec::new(), follower_top: Vec::new() };
    say(&mut page, branched);
    assert_eq!(page.state.editing.written[0].others, top, "the same alternatives in the other branch");
}
