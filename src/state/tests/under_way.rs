//! What is under way, in one place, and how it is stopped.

use super::*;
use crate::protocol::{Quantity, Question};
use crate::state::editing::Against;
use crate::state::more_models::Lookup;
use crate::state::work::UnderWay;

fn under_way(page: &Page) -> Option<(String, Option<f64>, bool)> {
    page.state.under_way().map(|UnderWay { text, fraction, can_stop, .. }| (text, fraction, can_stop))
}

fn stop(page: &mut Page) {
    page.event(Event::Work(WorkEvent::CancelAsked));
}

#[test]
fn a_run_says_how_far_it_is_until_it_is_stopped() {
    let mut page = Page::with_result();
    assert_eq!(under_way(&page), None);
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(under_way(&page), Some(("Running …".to_owned(), None, true)));
    let request = page.last_request();
    page.says(FromWorker::Progress { request, stage: Stage::Run, done: 2, total: 8 });
    assert_eq!(under_way(&page), Some(("Running block 2 of 8".to_owned(), Some(0.25), true)));
    stop(&mut page);
    assert_eq!(under_way(&page), Some(("Stopping …".to_owned(), Some(0.25), false)));
}

#[test]
fn generation_is_counted_over_all_its_tokens() {
    let mut page = Page::with_result();
    page.event(Event::Editing(EditEvent::WriteAsked(5)));
    assert_eq!(under_way(&page), Some(("Generating token 1 of at most 5".to_owned(), Some(0.0), true)));
    page.state.editing.n_to_write = 1;
    assert_eq!(under_way(&page), Some(("Generating token 4 of at most 5".to_owned(), Some(0.6), true)));
    let id = page.state.under_way().map(|work| work.id);
    page.state.work.request.as_mut().unwrap().request += 1;
    assert_eq!(page.state.under_way().map(|work| work.id), id, "one pace for all tokens");
}

#[test]
fn another_model_is_seen_with_its_panel_closed_and_stopped() {
    let mut page = Page::with_result();
    page.event(Event::Editing(EditEvent::AgainstPicked(Against::Model(1))));
    assert_eq!(under_way(&page), Some(("Loading the other model …".to_owned(), None, true)));
    stop(&mut page);
    assert_eq!((under_way(&page), page.count(&Effect::EndSecondWorker)), (None, 1));
    assert_eq!(page.state.editing.against_problem.as_deref(), Some("Stopped before the other model was loaded."));
}

#[test]
fn a_look_up_and_a_trace_that_is_opened_are_stopped_too() {
    let mut page = Page::with_result();
    page.event(Event::More(MoreEvent::RepoTyped("owner/name".to_owned())));
    page.event(Event::More(MoreEvent::LookUpAsked));
    assert!(under_way(&page).is_some_and(|(text, _, can_stop)| text.contains("owner/name") && can_stop));
    stop(&mut page);
    assert_eq!((under_way(&page), &page.state.more.lookup), (None, &Lookup::None));
    page.event(Event::Trace(TraceEvent::FileChosen("cat.safetensors".to_owned())));
    assert_eq!(under_way(&page), Some(("Opening cat.safetensors …".to_owned(), None, true)));
    stop(&mut page);
    assert_eq!(under_way(&page), None);
    page.event(Event::Trace(TraceEvent::Came { number: 1, opened: Ok(opened()) }));
    assert!(!page.state.shown.as_ref().unwrap().is_trace, "what comes late changes nothing");
}

fn zeroing(page: &mut Page) -> RequestId {
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::Quantity(Quantity::ValueZeroing))));
    last_asked(page)
}

fn last_asked(page: &Page) -> RequestId {
    match page.last().clone() {
        ToWorker::Ask { request, question: Question::Quantity { .. } | Question::QuantityCells { .. }, .. } => request,
        other => panic!("{other:?}"),
    }
}

/// It blocks nothing, and a run that somebody asks for goes first.
#[test]
fn value_zeroing_says_how_far_it_is_until_it_is_stopped() {
    let mut page = Page::with_result();
    let request = zeroing(&mut page);
    assert_eq!(under_way(&page), Some(("Value zeroing …".to_owned(), None, true)));
    page.says(FromWorker::Progress { request, stage: Stage::ValueZeroing, done: 1, total: 5 });
    assert_eq!(under_way(&page), Some(("Value zeroing: position 1 of 5".to_owned(), Some(0.2), true)));
    assert!(!page.state.is_busy());
    stop(&mut page);
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert_eq!((under_way(&page), page.state.awaits_quantity()), (None, false), "it is not asked for again by itself");
    let problem = page.state.quantity_problem().unwrap();
    assert!(problem.starts_with("Weights are drawn instead of value zeroing. It was stopped"), "{problem}");
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::Quantity(Quantity::Weights))));
    let again = zeroing(&mut page);
    assert!(again != request && page.state.quantity_problem().is_none());
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(page.sent.contains(&ToWorker::Cancel { request: again }));
    assert_eq!(under_way(&page).map(|(text, ..)| text).as_deref(), Some("Running …"));
}

/// The patterns of another layer would come after it.
#[test]
fn value_zeroing_makes_way_for_another_layer() {
    let mut page = Page::with_result();
    let request = zeroing(&mut page);
    page.event(Event::Select(SelectionEvent::LayerPicked(2)));
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert_eq!(under_way(&page), None);
}

#[test]
fn value_zeroing_of_the_model_view_is_counted_over_its_layers() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Model)));
    page.state.layout.has_head_beside = false;
    page.event(Event::View(ViewEvent::LayersSeen((0, 5))));
    let request = zeroing(&mut page);
    page.says(FromWorker::Progress { request, stage: Stage::ValueZeroing, done: 2, total: 4 });
    assert_eq!(under_way(&page), Some(("Value zeroing: layer 1 of 6".to_owned(), Some(0.5 / 6.0), true)));
    let id = page.state.under_way().map(|work| work.id);
    let answer = Answer::QuantityCells { layers: vec![0], n_parts: 1, n_rows: 5, n_columns: 5 };
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, vec![vec![0.2; 25]])));
    assert_eq!(under_way(&page), Some(("Value zeroing: layer 2 of 6".to_owned(), Some(1.0 / 6.0), true)));
    assert_eq!(page.state.under_way().map(|work| work.id), id, "one pace for all layers");
    stop(&mut page);
    assert_eq!(under_way(&page), None);
    assert!(page.state.quantity_problem().is_some_and(|problem| problem.contains("It was stopped")));
}
