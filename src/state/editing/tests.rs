//! The list with undo and redo, and both runs on a page, with a worker that only the tests play.

use super::super::tests::Page;
use super::super::*;
use super::*;
use crate::edit::{PatchSite, list_to_json, parse_list};
use crate::protocol::{EditingReply, EditingRequest, FromWorker, RequestId, RunInfo, SweepNumbers, ToWorker};

pub(super) fn edit(json: &str) -> Vec<Edit> {
    parse_list(&format!("[{json}]")).unwrap()
}

pub(super) const ZERO: &str = r#"{"kind":"zero_head","layer":1,"head":2}"#;
pub(super) const BLOCK: &str = r#"{"kind":"block_token","layer":0,"key":1}"#;

#[test]
fn undo_and_redo() {
    let mut editing = Editing::default();
    let json = |editing: &Editing| editing.list.iter().map(|listed| listed.id).collect::<Vec<_>>();
    assert!(!editing.change(EditEvent::Undone) && !editing.can_undo());
    assert!(editing.change(EditEvent::Added(edit(ZERO))));
    assert!(editing.change(EditEvent::Added(edit(BLOCK))));
    assert!(editing.change(EditEvent::Toggled(1)));
    assert!(!editing.list[0].edit.on && editing.list[1].edit.on);
    assert!(editing.change(EditEvent::Cleared) && !editing.change(EditEvent::Cleared));
    assert!(editing.change(EditEvent::Undone));
    assert_eq!(json(&editing), [1, 2]);
    assert!(editing.change(EditEvent::Undone) && editing.list[0].edit.on);
    assert!(editing.change(EditEvent::Redone) && !editing.list[0].edit.on);
    assert!(editing.can_redo());
    assert!(!editing.change(EditEvent::Replaced(editing.list.iter().map(|listed| listed.edit.clone()).collect())));
    assert!(editing.change(EditEvent::Removed(1)));
    assert!(!editing.can_redo(), "a new change ends what could be made again");
    assert_eq!(editing.json(), format!("[{}]", r#"{"key":1,"kind":"block_token","layer":0}"#));
}

pub(super) fn say(page: &mut Page, reply: EditingReply) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Editing(reply), Vec::new())));
}

pub(super) fn asked(page: &Page) -> EditingRequest {
    let editing = |message: &ToWorker| match message {
        ToWorker::Editing(asked) => Some(asked.clone()),
        _ => None,
    };
    page.sent.iter().rev().find_map(editing).expect("something about editing was asked")
}

pub(super) fn last_again(page: &Page) -> (RequestId, u32, String) {
    let again = |message: &ToWorker| match message {
        ToWorker::Editing(EditingRequest::Again { request, base, edits }) => {
            Some((*request, *base, list_to_json(edits)))
        }
        _ => None,
    };
    page.sent.iter().rev().find_map(again).expect("a run was asked for")
}

pub(super) fn edited_page() -> Page {
    let mut page = Page::with_result();
    page.event(Event::Editing(EditEvent::Added(edit(ZERO))));
    let (request, ..) = last_again(&page);
    let run = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    say(&mut page, EditingReply::Again { request, run, inactive: vec![(0, "layer 9 is not there".to_owned())] });
    page
}

#[test]
fn an_edit_runs_again_and_both_results_stay() {
    let mut page = edited_page();
    let (_, base, json) = last_again(&page);
    assert_eq!(json, format!("[{}]", r#"{"head":2,"kind":"zero_head","layer":1}"#));
    assert_eq!(page.state.editing.variant, Variant::B);
    assert_eq!(page.state.shown.as_ref().unwrap().live_run, Some(77));
    assert_eq!(page.state.result(Variant::A).unwrap().live_run, Some(base));
    assert_eq!(page.state.editing.reason(1), Some("layer 9 is not there"));
    assert!(matches!(asked(&page), EditingRequest::Compare { runs, .. } if runs == [base, 77]));
    page.event(Event::Editing(EditEvent::VariantPicked(Variant::A)));
    assert_eq!(page.state.shown.as_ref().unwrap().live_run, Some(base));
    assert_eq!(page.drawn_layer(), Some(0), "what was drawn of it is still there");
    // Switched off: the clean result is all there is, and the other run is freed.
    page.event(Event::Editing(EditEvent::Toggled(1)));
    assert!(page.sent.contains(&ToWorker::Forget { run: 77 }));
    assert!(!page.state.editing.has_b());
    assert_eq!(page.state.run_of(Variant::A), Some(base));
}

#[test]
fn undo_of_the_only_edit_goes_back_to_the_clean_result() {
    let mut page = edited_page();
    page.event(Event::Editing(EditEvent::Undone));
    assert_eq!(page.state.editing.variant, Variant::A);
    assert!(page.sent.contains(&ToWorker::Forget { run: 77 }));
    page.event(Event::Editing(EditEvent::Redone));
    assert!(last_again(&page).2.contains("zero_head"));
}

#[test]
fn a_late_answer_is_freed() {
    let mut page = Page::with_result();
    page.event(Event::Editing(EditEvent::Added(edit(ZERO))));
    let (request, ..) = last_again(&page);
    page.event(Event::Editing(EditEvent::Added(edit(BLOCK))));
    let run = RunInfo { run: 50, ..page.state.shown.as_ref().unwrap().info.clone() };
    say(&mut page, EditingReply::Again { request, run, inactive: Vec::new() });
    assert!(page.sent.contains(&ToWorker::Forget { run: 50 }));
    assert_eq!(page.state.editing.variant, Variant::A);
}

#[test]
fn edits_outlive_a_new_text_and_a_stopped_worker() {
    let mut page = edited_page();
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert!(page.sent.contains(&ToWorker::Forget { run: 77 }));
    assert_eq!(page.state.editing.variant, Variant::A);
    assert!(last_again(&page).2.contains("zero_head"), "the list acts on the new run");

    let mut page = edited_page();
    page.event(Event::Worker(WorkerEvent::Broke("memory".to_owned())));
    assert!(page.state.editing.variant == Variant::A && !page.state.editing.has_b());
    assert_eq!(page.state.editing.list.len(), 1);
}

#[test]
fn a_sweep_is_a_map_of_signed_effects() {
    let outcome = |value| OutcomeNumbers { value, probs: None };
    let cell = |layer, column, value: Option<f32>| {
        let numbers = SweepNumbers { layer, column, edit: edit(ZERO).remove(0), outcome: value.map(outcome) };
        ((layer as usize, column as usize), numbers)
    };
    let patch = |site, is_denoising| SweepAsked::Patch { site, text: "x".to_owned(), is_denoising };
    let mut sweep = SweepState {
        request: 1,
        asked: SweepAsked::ZeroHeads,
        edits: Some(Vec::new()),
        outcome: OutcomeAsked::default(),
        cells: [cell(0, 0, Some(5.0)), cell(0, 1, Some(6.5)), cell(1, 1, None)].into(),
        base: Some(outcome(6.0)),
        other: None,
        is_done: false,
    };
    let map = sweep.map(2, 2, 9);
    let effects: Vec<Option<Option<f32>>> =
        map.cells.iter().map(|cell| cell.as_ref().map(|cell| cell.effect)).collect();
    assert_eq!(effects, [Some(Some(1.0)), Some(Some(-0.5)), None, Some(None)]);
    assert_eq!((map.n_columns, map.largest), (2, 1.0));
    sweep.asked = patch(PatchSite::Stream, true);
    assert!(!sweep.applies());
    sweep.other = Some(outcome(4.0));
    assert_eq!(sweep.map(1, 2, 2).cells[0].as_ref().unwrap().effect, Some(0.5), "R");
    // Noising: where nothing is lost there is no effect, and the cause of the whole difference has 1.
    sweep.asked = patch(PatchSite::Stream, false);
    sweep.cells = [cell(0, 0, Some(6.0)), cell(0, 1, Some(4.0))].into();
    let effects: Vec<Option<f32>> =
        sweep.map(1, 2, 2).cells.iter().map(|cell| cell.as_ref().and_then(|cell| cell.effect)).collect();
    assert_eq!(effects, [Some(0.0), Some(1.0)]);
    assert_eq!(sweep.map(1, 2, 2).strongest(1), [(0, 1, 1.0)]);
    assert_eq!(sweep.map(2, 2, 2).progress(), (2, 4));
    sweep.asked = patch(PatchSite::Heads, false);
    assert!(!sweep.is_by_position() && sweep.title().contains("heads of “x”"), "{}", sweep.title());
    sweep.other = Some(outcome(5.99));
    assert_eq!(sweep.map(1, 2, 2).cells[0].as_ref().unwrap().effect, None, "texts that hardly differ");
}

#[test]
fn written_tokens_come_one_at_a_time() {
    let mut page = Page::with_result();
    page.event(Event::Editing(EditEvent::WriteAsked(2)));
    let write = |page: &Page| {
        let write = |message: &ToWorker| match message {
            ToWorker::Editing(EditingRequest::Write { request, n_keep, first_id, n_tokens, .. }) => {
                Some((*request, *n_keep, *first_id, *n_tokens))
            }
            _ => None,
        };
        page.sent.iter().filter_map(write).collect::<Vec<_>>()
    };
    let (request, n_keep, ..) = write(&page)[0];
    assert_eq!(n_keep, 5);
    let mut tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let piece = tokens.clone();
    tokens.push(&piece, 1);
    let written = EditingReply::Written {
        request,
        run: 1,
        tokens: tokens.clone(),
        prob: 0.5,
        top: Vec::new(),
        follower_top: Vec::new(),
    };
    say(&mut page, written);
    let written =
        |page: &Page| page.state.editing.written.iter().map(|token| (token.position, token.prob)).collect::<Vec<_>>();
    assert_eq!(written(&page), [(5, 0.5)]);
    let done = EditingReply::WritingDone { request, tokens, top: Vec::new(), follower_top: Vec::new() };
    say(&mut page, done.clone());
    assert_eq!(page.state.shown.as_ref().unwrap().info.tokens.len(), 6);
    assert_eq!(write(&page).len(), 2, "the second one is asked for");
    page.event(Event::Work(WorkEvent::CancelAsked));
    let (request, n_keep, ..) = write(&page)[1];
    assert_eq!(n_keep, 6);
    page.says(FromWorker::Cancelled { request });
    assert_eq!(write(&page).len(), 2);
    page.event(Event::Editing(EditEvent::TokenTakenBack));
    assert_eq!(write(&page)[2], (write(&page)[2].0, 5, None, 0));
    assert_eq!(written(&page), []);
    page.event(Event::Editing(EditEvent::TokenPicked(3)));
    assert_eq!(write(&page)[3].2, Some(3));
}

#[test]
fn a_link_brings_its_edits() {
    let mut page = Page::with_result();
    let text = page.state.link().unwrap();
    let link = super::super::link::Link { edits: edit(ZERO), ..text };
    page.event(Event::Link(LinkEvent::Came(link.write())));
    assert!(last_again(&page).2.contains("zero_head"));
    assert_eq!(page.state.link().unwrap().edits, edit(ZERO));
    page.event(Event::Editing(EditEvent::Undone));
    assert_eq!(page.state.link().unwrap().edits, []);
}

#[test]
fn continuations_of_both_results_stand_next_to_each_other() {
    let mut page = edited_page();
    page.event(Event::Editing(EditEvent::ContinueAsked(4)));
    assert!(!page.state.is_busy(), "this model reads in both directions");

    let mut page = super::super::tests::causal_page();
    page.event(Event::Editing(EditEvent::ContinueAsked(4)));
    assert!(!page.state.is_busy(), "there is one result");
    page.event(Event::Editing(EditEvent::Added(edit(ZERO))));
    let (request, base, _) = last_again(&page);
    let run = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    say(&mut page, EditingReply::Again { request, run, inactive: Vec::new() });
    page.event(Event::Editing(EditEvent::ContinueAsked(4)));
    let EditingRequest::Continue { request, runs, n_tokens: 4, .. } = asked(&page) else {
        panic!("{:?}", asked(&page))
    };
    assert_eq!(runs, [base, 77]);
    let token = |id: u32| Prediction { token: id.to_string(), id, prob: 0.5 };
    let continuations = vec![vec![token(1), token(2)], vec![token(1), token(3), token(4)]];
    say(&mut page, EditingReply::Continued { request, continuations: continuations.clone() });
    let found = page.state.editing.continuations.clone().unwrap();
    assert_eq!((found.original.len(), found.other.len(), found.n_shared()), (2, 3, 1));
    say(&mut page, EditingReply::Continued { request, continuations });
    page.event(Event::Editing(EditEvent::Cleared));
    assert_eq!(page.state.editing.continuations, None, "they go with what they belong to");
}
