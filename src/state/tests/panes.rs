//! Two views beside each other, each of its own result.

use super::*;
use crate::edit::{Choice, Edit, EditKind};
use crate::protocol::EditingReply;

/// A page with A and B: head 1 of layer 0 is zeroed in B, which is on screen.
fn with_b() -> Page {
    let mut page = Page::with_result();
    let zero = Edit::new(EditKind::ZeroHead { layer: Choice::One(0), head: Choice::One(1) });
    page.event(Event::Editing(EditEvent::Added(vec![zero])));
    let request = page.last_edited_run();
    let info = run(77, &["[CLS]", "a", "[SEP]", "b", "[SEP]"]);
    page.says(FromWorker::Editing(EditingReply::Again { request, run: info, inactive: Vec::new() }));
    page.give_patterns_of(77, 2.0);
    page
}

impl Page {
    /// Answers the last question for patterns of a run; every weight is `value`.
    pub(super) fn give_patterns_of(&mut self, wanted: u32, value: f32) {
        let asked = self.sent.iter().rev().find_map(|sent| match sent {
            ToWorker::Ask { request, run, question: Question::Patterns { layer, heads }, .. } if *run == wanted => {
                Some((*request, *layer, heads.clone()))
            }
            _ => None,
        });
        let (request, layer, heads) = asked.unwrap_or_else(|| panic!("no patterns of run {wanted} were asked for"));
        let values = vec![value; heads.len() * 25];
        let answer = Answer::Patterns { layer, heads, n_query: 5, n_key: 5 };
        let reply = FromWorker::Answered { request, run: wanted, answer };
        self.event(Event::Worker(WorkerEvent::Said(reply, vec![values])));
    }
}

/// The result on screen, its view, and the first weight that is drawn.
fn seen(state: &State) -> (Variant, View, Option<f32>) {
    let drawn = state.shown.as_ref().and_then(|shown| shown.drawn.as_ref());
    (state.editing.variant, state.selection.view, drawn.map(|drawn| drawn.values[0]))
}

#[test]
fn each_view_has_its_own_result_and_both_follow_the_selection() {
    let mut page = with_b();
    assert_eq!(seen(&page.state), (Variant::B, View::Head, Some(2.0)));
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Head)));
    page.event(Event::Pane(PaneEvent::SidePicked(Variant::A)));
    assert_eq!(page.state.pane(), Some((View::Head, Variant::A)));
    let second = page.state.seen_in_pane().expect("a second view");
    assert_eq!(seen(&second), (Variant::A, View::Head, Some(0.0)), "A was drawn before");
    assert_eq!(seen(&page.state), (Variant::B, View::Head, Some(2.0)), "the first view is as it was");
    // Another layer is asked of both runs; each answer goes to the view that it is of.
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::LayerPicked(3)));
    let asked: Vec<u32> = page.sent[n_sent..]
        .iter()
        .filter_map(|sent| match sent {
            ToWorker::Ask { run, question: Question::Patterns { layer: 3, .. }, .. } => Some(*run),
            _ => None,
        })
        .collect();
    let run_a = page.state.run_of(Variant::A).unwrap();
    assert_eq!(asked, [77, run_a]);
    page.give_patterns_of(run_a, 5.0);
    assert_eq!(seen(&page.state).2, Some(2.0), "B still shows the layer before");
    page.give_patterns_of(77, 6.0);
    let second = page.state.seen_in_pane().unwrap();
    assert_eq!((seen(&page.state).2, seen(&second).2), (Some(6.0), Some(5.0)));
    assert_eq!(second.selection.layer, 3);
}

#[test]
fn a_view_of_the_same_result_asks_for_nothing_twice() {
    let mut page = Page::with_result();
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Head)));
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::LayerPicked(2)));
    let n_asked = page.sent[n_sent..]
        .iter()
        .filter(|sent| matches!(sent, ToWorker::Ask { question: Question::Patterns { .. }, .. }))
        .count();
    assert_eq!(n_asked, 1);
    page.give_patterns();
    let second = page.state.seen_in_pane().unwrap();
    assert_eq!((seen(&page.state).2, seen(&second).2), (Some(2.0), Some(2.0)));
}

#[test]
fn a_view_that_is_closed_waits_for_nothing() {
    let mut page = with_b();
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Neuron)));
    let asked = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Ask { request, question: Question::Neurons { .. }, .. } => Some(*request),
        _ => None,
    });
    let request = asked.expect("its neurons are asked for");
    assert!(page.state.scales.neurons.head.pending().is_none(), "the first view waits for none");
    page.event(Event::Pane(PaneEvent::Closed));
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert_eq!((page.state.pane(), page.state.seen_in_pane()), (None, None));
}

#[test]
fn without_b_the_second_view_shows_what_the_first_one_does() {
    let mut page = with_b();
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Model)));
    page.event(Event::Pane(PaneEvent::SidePicked(Variant::Difference)));
    assert_eq!(page.state.pane(), Some((View::Model, Variant::Difference)));
    page.event(Event::Editing(EditEvent::Cleared));
    assert_eq!(page.state.pane(), Some((View::Model, Variant::A)));
    let second = page.state.seen_in_pane().unwrap();
    assert_eq!(seen(&second).0, Variant::A);
}

#[test]
fn both_views_are_figures_of_their_own_results() {
    let mut page = with_b();
    let stems = |page: &Page| {
        let stem = |what: OnScreen| (page.state.figure_name(what), page.state.figure_stem(what));
        page.state.on_screen().into_iter().map(stem).collect::<Vec<_>>()
    };
    let figure = |name: &str, stem: &str| (name.to_owned(), format!("Small-{stem}"));
    page.event(Event::Select(SelectionEvent::HeadSoloed(1)));
    assert_eq!(stems(&page), [figure("Head view", "head-L0H1-edited")]);
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Head)));
    assert_eq!(stems(&page), [figure("Head view", "head-L0H1-edited")], "twice the same figure");
    page.event(Event::Pane(PaneEvent::SidePicked(Variant::A)));
    let both = [figure("Head view, Edited", "head-L0H1-edited"), figure("Head view, Original", "head-L0H1")];
    assert_eq!(stems(&page), both);
    // Before its queries and keys are here, the neuron view is drawn as its head.
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Neuron)));
    assert_eq!(stems(&page), both);
    page.event(Event::Pane(PaneEvent::ViewPicked(View::Model)));
    assert_eq!(stems(&page)[1], figure("Model view, Original", "model"));
    assert_eq!(page.state.on_screen(), [OnScreen::First(View::Head), OnScreen::Beside(View::Model)]);
}
