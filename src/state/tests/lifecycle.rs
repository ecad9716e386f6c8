//! From opening the page to a result, and everything that can go wrong on the way.

use super::*;

#[test]
fn without_its_trace_the_first_example_runs_by_itself() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::Opened));
    assert_eq!(page.done, [Effect::FetchFirst, Effect::FetchCatalogue]);
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    assert_eq!(page.count(&Effect::StartWorker), 1);
    assert!(page.sent.is_empty(), "nothing is sent before the worker is ready");
    page.ready();
    assert!(matches!(page.last(), ToWorker::Load { .. }));
    let request = page.last_request();
    page.says(FromWorker::Progress { request, stage: Stage::Download, done: 2, total: 5 });
    let progress = page.state.work.request.as_ref().and_then(|work| work.progress);
    assert_eq!(progress, Some(Progress { stage: Stage::Download, done: 2, total: 5 }));
    page.says(FromWorker::Loaded { request, model: model(6, 4) });
    let ToWorker::Run { inputs, edits, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!((inputs, edits), (vec![pair(FIRST_TEXT, FIRST_PAIR, false)], Vec::new()));
    page.finish_run();
    page.give_patterns();
    assert!(!page.state.is_busy());
    assert_eq!(page.drawn_layer(), Some(2));
    // The head to begin with is not one of this model's four.
    assert_eq!(page.state.selection.heads.len(), 4);
}

#[test]
fn a_model_that_could_not_be_kept_runs_and_the_reader_is_told_until_the_next_run() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.ready();
    let request = page.last_request();
    let unkept = Some("Small, F32 is not kept in this browser".to_owned());
    page.says(FromWorker::Loaded { request, model: ModelInfo { unkept, ..model(6, 4) } });
    page.finish_run();
    assert_eq!(page.state.notices.status.as_deref(), Some("Small, F32 is not kept in this browser."));
    assert!(page.state.shown.is_some());
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.state.notices.status, None);
}

#[test]
fn a_catalogue_that_does_not_come_can_be_tried_again() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::CatalogueCame(Err("There is no network.".to_owned()))));
    assert_eq!(page.state.notices.model.as_deref(), Some("There is no network."));
    page.event(Event::Work(WorkEvent::RetryAsked));
    assert_eq!(page.done, [Effect::FetchCatalogue]);
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    assert_eq!(page.state.notices.model, None);
}

#[test]
fn failures_go_where_they_belong_and_leave_the_result() {
    let place = |about| {
        let mut page = Page::with_result();
        page.event(Event::Work(WorkEvent::RunAsked));
        page.fails(about);
        assert_eq!(page.drawn_layer(), Some(0));
        assert!(!page.state.is_busy());
        page.state.notices
    };
    let message = Some("Wrong.".to_owned());
    assert_eq!(place(About::Model).model, message);
    assert_eq!(place(About::Network).model, message);
    assert_eq!(place(About::Request).status, message);
    assert_eq!(place(About::Edits).status, message);
    let input = |cut_to| Some(InputNotice { message: "Wrong.".to_owned(), cut_to });
    assert_eq!(place(About::Input).input, input(None));
    assert_eq!(place(About::TooLong { n_tokens: 600, n_ctx: 512 }).input, input(Some(512)));
}

#[test]
fn a_text_that_is_too_long_can_be_cut() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::RunAsked));
    page.fails(About::TooLong { n_tokens: 600, n_ctx: 512 });
    page.event(Event::Work(WorkEvent::CutAsked));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(inputs, [pair(FIRST_TEXT, FIRST_PAIR, true)]);
    assert_eq!(page.state.notices.input, None);
}

#[test]
fn an_empty_text_is_refused_before_the_worker_sees_it() {
    let mut page = Page::with_result();
    let n_sent = page.sent.len();
    page.event(Event::Entry(EntryEvent::TextEdited(String::new())));
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.sent.len(), n_sent);
    assert!(page.state.notices.input.is_some());
    page.event(Event::Entry(EntryEvent::ExamplePicked(2)));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(inputs[0], crate::gallery::EXAMPLES[2].text.input());
    assert_eq!(page.state.notices.input, None);
}

#[test]
fn cancelling_keeps_the_last_result() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::RunAsked));
    let request = page.last_request();
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert_eq!(page.last(), ToWorker::Cancel { request });
    assert_eq!(page.count(&Effect::ArmCancelTimeout { request, delay_ms: 2_000 }), 1);
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert_eq!(page.count(&Effect::ArmCancelTimeout { request, delay_ms: 2_000 }), 1, "once is enough");
    page.says(FromWorker::Cancelled { request });
    assert!(!page.state.is_busy());
    assert_eq!(page.drawn_layer(), Some(0));
    page.event(Event::Work(WorkEvent::CancelTimedOut(request)));
    assert_eq!(page.count(&Effect::EndWorker), 0, "it did stop in time");
}

#[test]
fn a_worker_that_does_not_stop_is_replaced_and_the_result_restored() {
    let mut page = Page::with_result();
    page.event(Event::Entry(EntryEvent::TextEdited("Another text".to_owned())));
    page.event(Event::Work(WorkEvent::RunAsked));
    let request = page.last_request();
    page.event(Event::Work(WorkEvent::CancelAsked));
    page.event(Event::Work(WorkEvent::CancelTimedOut(request)));
    assert_eq!((page.count(&Effect::EndWorker), page.count(&Effect::StartWorker)), (1, 2));
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: model(6, 4) });
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(inputs, [pair(FIRST_TEXT, FIRST_PAIR, false)], "what is shown, not what is typed");
    page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side: crate::trace::Side::Query, position: 1 })));
    page.finish_run();
    assert!(page.state.selection.queries.contains(&1), "restoring changes nothing that is looked at");
    page.event(Event::Select(SelectionEvent::LayerPicked(2)));
    page.give_patterns();
    assert_eq!(page.drawn_layer(), Some(2));
    assert_eq!(page.state.entry.text, "Another text");
}

#[test]
fn cancelling_while_loading() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.ready();
    let request = page.last_request();
    page.event(Event::Work(WorkEvent::CancelAsked));
    page.says(FromWorker::Cancelled { request });
    assert!(!page.state.is_busy());
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(matches!(page.last(), ToWorker::Load { .. }), "running loads again");
    page.event(Event::Work(WorkEvent::CancelAsked));
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!((page.count(&Effect::EndWorker), page.count(&Effect::StartWorker)), (1, 2), "begun anew");
    page.load_and_run(6, 4);
    assert!(page.drawn_layer().is_some());
}

#[test]
fn cancelling_before_the_worker_is_ready() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert_eq!(page.done.last(), Some(&Effect::EndWorker));
    assert!(!page.state.is_busy());
}

#[test]
fn stale_replies_are_ignored() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::RunAsked));
    let old = page.last_request();
    page.event(Event::Work(WorkEvent::RunAsked));
    let new = page.last_request();
    assert_eq!(page.sent[page.sent.len() - 2], ToWorker::Cancel { request: old });
    let before = page.state.clone();
    page.says(FromWorker::Progress { request: old, stage: Stage::Run, done: 1, total: 2 });
    page.says(FromWorker::Cancelled { request: old });
    page.says(FromWorker::Loaded { request: old, model: model(30, 9) });
    let report = Report { about: About::Input, message: "Old.".to_owned() };
    page.says(FromWorker::Failed { request: old, report });
    page.says(FromWorker::RunsDone { request: old, runs: vec![run(77, &["x"])] });
    assert_eq!(page.state, before);
    assert_eq!(page.last(), ToWorker::Forget { run: 77 }, "a run that nobody waits for is freed");
    assert!(page.state.work.request.as_ref().is_some_and(|work| work.request == new));
}

#[test]
fn a_stopped_worker_is_restarted_and_the_view_kept() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::LayerPicked(3)));
    page.give_patterns();
    page.event(Event::Entry(EntryEvent::TextEdited("A text that stops it".to_owned())));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.event(Event::Worker(WorkerEvent::Broke("unreachable".to_owned())));
    let recovery = |page: &Page| page.state.notices.stopped.as_ref().map(|stopped| stopped.recovery);
    assert_eq!(recovery(&page), Some(Recovery::Restarting));
    assert_eq!(page.drawn_layer(), Some(3));
    page.event(Event::Select(SelectionEvent::LayerPicked(0)));
    assert_eq!(page.drawn_layer(), Some(0), "layers that are here can be looked at meanwhile");
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: model(6, 4) });
    page.finish_run();
    assert_eq!(recovery(&page), Some(Recovery::Recovered));
    page.event(Event::NoticeDismissed);
    assert_eq!(recovery(&page), None);
}

#[test]
fn a_worker_that_stops_again_and_again_is_given_up() {
    let mut page = Page::with_result();
    for _ in 0..2 {
        page.event(Event::Worker(WorkerEvent::Broke("unreachable".to_owned())));
        page.ready();
    }
    assert_eq!(page.count(&Effect::StartWorker), 3);
    page.event(Event::Worker(WorkerEvent::Broke("unreachable".to_owned())));
    assert_eq!(page.count(&Effect::StartWorker), 3);
    let stopped = page.state.notices.stopped.clone();
    assert_eq!(stopped.map(|stopped| stopped.recovery), Some(Recovery::GivenUp));
    assert_eq!(page.drawn_layer(), Some(0));
    page.event(Event::Work(WorkEvent::RetryAsked));
    assert_eq!(page.count(&Effect::StartWorker), 4);
    page.load_and_run(6, 4);
    assert_eq!(page.state.notices, Notices::default());
}

#[test]
fn a_worker_that_does_not_start_is_a_matter_of_the_model() {
    let mut page = Page::new();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.event(Event::Worker(WorkerEvent::Broke("no such file".to_owned())));
    assert!(page.state.notices.model.as_ref().is_some_and(|message| message.contains("no such file")));
    assert!(!page.state.is_busy());
    page.event(Event::Work(WorkEvent::RetryAsked));
    assert_eq!(page.count(&Effect::StartWorker), 2);
}

#[test]
fn another_version_is_refused() {
    let versions = [
        Event::Worker(WorkerEvent::Said(FromWorker::Ready { version: protocol::VERSION + 1, threads: 1 }, Vec::new())),
        Event::Worker(WorkerEvent::Unreadable("bytes".to_owned())),
    ];
    for event in versions {
        let mut page = Page::new();
        page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
        page.event(event);
        assert_eq!(page.state.work.worker, WorkerPhase::WrongVersion);
        assert!(page.state.notices.model.as_ref().is_some_and(|message| message.contains("Reload")));
        page.event(Event::Work(WorkEvent::RunAsked));
        assert_eq!(page.count(&Effect::StartWorker), 1);
        assert!(!page.state.is_busy());
    }
}

#[test]
fn changing_the_model_keeps_the_picture_until_the_new_one_is_there() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::HeadSoloed(2)));
    page.event(Event::Select(SelectionEvent::LayerPicked(5)));
    page.give_patterns();
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    assert_eq!((page.count(&Effect::EndWorker), page.count(&Effect::StartWorker)), (1, 2));
    assert_eq!(page.drawn_layer(), Some(5));
    page.event(Event::Select(SelectionEvent::LayerPicked(4)));
    assert_eq!(page.drawn_layer(), Some(5), "there is no worker to ask");
    page.event(Event::Select(SelectionEvent::LayerPicked(5)));
    page.load_and_run(30, 9);
    let heads: Vec<usize> = page.state.selection.heads.iter().copied().collect();
    assert_eq!((page.drawn_layer(), heads), (Some(5), vec![2]));
    page.event(Event::Work(WorkEvent::ModelPicked(7)));
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    assert_eq!(page.count(&Effect::StartWorker), 2, "no such model, and the one that is there already");
}

/// The worker holds one model, so the one of the result was given up for the other.
#[test]
fn a_model_that_is_refused_leaves_the_one_of_the_result() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    page.ready();
    page.fails(About::Model);
    assert_eq!((page.state.picked_model, page.state.notices.model.as_deref()), (0, Some("Wrong.")));
    let ToWorker::Load { request, .. } = page.last() else { panic!("not loading: {:?}", page.last()) };
    page.says(FromWorker::Loaded { request, model: model(6, 4) });
    page.finish_run();
    assert_eq!((page.drawn_layer(), page.state.notices.model.as_deref()), (Some(0), Some("Wrong.")));
    page.event(Event::Select(SelectionEvent::LayerPicked(4)));
    page.give_patterns();
    assert_eq!(page.drawn_layer(), Some(4), "the earlier result answers");
    // "Try again" is about the model that was refused.
    page.event(Event::Work(WorkEvent::RetryAsked));
    assert_eq!((page.state.picked_model, page.state.notices.model.as_deref()), (1, None));
    page.load_and_run(30, 9);
    assert_eq!(page.state.shown.as_ref().unwrap().model_name, "Large, Q4_1");
    // A model that is read but cannot be run is left in the same way.
    page.event(Event::Work(WorkEvent::ModelPicked(0)));
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: ModelInfo { has_tokenizer: false, ..model(6, 4) } });
    page.fails(About::Model);
    assert_eq!((page.state.picked_model, page.state.entry.kind), (1, EntryKind::Ids));
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: model(30, 9) });
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not running") };
    assert!(matches!(inputs[0].text, InputText::Pair(..)), "what is on screen is read again");
    assert_eq!(page.state.entry.kind, EntryKind::Text);
    page.finish_run();
    assert!(page.state.can_answer(true));
    // Where the former model cannot be loaded any more either, both are left.
    page.event(Event::Work(WorkEvent::ModelPicked(0)));
    page.ready();
    page.fails(About::Model);
    page.fails(About::Network);
    assert!(!page.state.is_busy());
    assert_eq!(page.state.notices.model.as_deref(), Some("Wrong."));
}
