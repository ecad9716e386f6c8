//! Looking around in a result: layers, heads, tokens, options.

use super::*;
use crate::trace::Side;

#[test]
fn layers_are_asked_for_once_and_then_kept() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::LayerStepped(1)));
    assert!(page.state.awaits_layer());
    assert_eq!(page.drawn_layer(), Some(0), "the layer before stays until the new one is here");
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent, "it is on its way");
    page.give_patterns();
    assert_eq!(page.drawn_layer(), Some(1));
    assert!(!page.state.awaits_layer());
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::LayerStepped(-1)));
    assert_eq!((page.drawn_layer(), page.sent.len()), (Some(0), n_sent));
    page.event(Event::Select(SelectionEvent::LayerStepped(-1)));
    assert_eq!(page.state.selection.layer, 0);
    page.event(Event::Select(SelectionEvent::LayerPicked(40)));
    assert_eq!(page.state.selection.layer, 5);
}

#[test]
fn stepping_quickly_asks_only_for_where_it_ends() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    let first = page.last_request();
    page.event(Event::Select(SelectionEvent::LayerPicked(2)));
    assert!(page.sent.contains(&ToWorker::Cancel { request: first }));
    let answer = Answer::Patterns { layer: 1, heads: vec![0, 1, 2, 3], n_query: 5, n_key: 5 };
    let late = FromWorker::Answered { request: first, run: 1, answer };
    page.event(Event::Worker(WorkerEvent::Said(late, vec![vec![0.5; 100]])));
    assert_eq!(page.drawn_layer(), Some(0));
    page.give_patterns();
    assert_eq!(page.drawn_layer(), Some(2));
}

#[test]
fn a_layer_that_failed_is_asked_for_again_only_by_a_person() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    page.fails(About::Request);
    assert!(page.state.notices.status.is_some());
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(Some(TokenRef { side: Side::Key, position: 1 }))));
    assert_eq!(page.sent.len(), n_sent);
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    assert_eq!(page.sent.len(), n_sent + 1);
}

#[test]
fn patterns_of_another_shape_are_refused() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    let request = page.last_request();
    let answer = Answer::Patterns { layer: 1, heads: vec![0, 1, 2, 3], n_query: 5, n_key: 5 };
    let reply = FromWorker::Answered { request, run: 1, answer };
    page.event(Event::Worker(WorkerEvent::Said(reply, vec![vec![0.5; 99]])));
    assert_eq!(page.drawn_layer(), Some(0));
    assert!(page.state.notices.status.as_ref().is_some_and(|message| message.contains("99 numbers")));
}

#[test]
fn tokens_stay_marked_while_the_tokens_stay_the_same() {
    let mut page = Page::with_result();
    let token = TokenRef { side: Side::Key, position: 2 };
    page.event(Event::Select(SelectionEvent::PinToggled(token)));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    page.give_patterns();
    assert!(page.state.selection.is_pinned(token));
    page.event(Event::Work(WorkEvent::RunAsked));
    let request = page.last_request();
    page.says(FromWorker::RunsDone { request, runs: vec![run(9, &["x", "y"])] });
    assert!(!page.state.selection.is_pinned(token));
    page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Key, position: 4 })));
    assert!(page.state.selection.keys.is_empty(), "there is no such token");
}

#[test]
fn a_new_run_frees_the_old_one() {
    let mut page = Page::with_result();
    let run = page.state.shown.as_ref().and_then(|shown| shown.live_run).unwrap();
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(!page.sent.contains(&ToWorker::Forget { run }), "not before the new one is there");
    page.finish_run();
    assert!(page.sent.contains(&ToWorker::Forget { run }));
}

#[test]
fn heads_and_options() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::HeadToggled(0)));
    page.event(Event::Select(SelectionEvent::HeadToggled(99)));
    assert_eq!(page.state.selection.heads.len(), 3);
    page.event(Event::Select(SelectionEvent::HeadSoloed(3)));
    page.event(Event::Select(SelectionEvent::HeadStepped(1)));
    assert_eq!(page.state.selection.heads.first(), Some(&0));
    page.event(Event::Select(SelectionEvent::AllHeads));
    assert_eq!(page.state.selection.heads.len(), 4);
    page.event(Event::View(ViewEvent::SegmentPicked(SegmentFilter::Ab)));
    page.event(Event::View(ViewEvent::ThemePicked(Theme::Dark)));
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::Drawing(Drawing::Matrix))));
    let display = Display { drawing: Drawing::Matrix, ..Display::default() };
    assert_eq!(page.state.options, Options { segment: SegmentFilter::Ab, theme: Theme::Dark, display });
    assert_eq!(page.count(&Effect::KeepTheme(Theme::Dark)), 1);
}

#[test]
fn without_a_result_nothing_can_be_selected() {
    let mut page = Page::new();
    let before = page.state.clone();
    for event in [
        Event::Select(SelectionEvent::LayerPicked(3)),
        Event::Select(SelectionEvent::HeadToggled(1)),
        Event::Select(SelectionEvent::AllHeads),
        Event::Select(SelectionEvent::TokensCleared),
    ] {
        page.event(event);
    }
    assert_eq!(page.state, before);
    assert!(page.done.is_empty());
}
