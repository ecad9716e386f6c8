//! What belongs to an earlier text or model says so, or is gone.

use super::*;
use crate::gallery::EXAMPLES;

/// The tokens in the strip under the fields, and whether they are those of the present text.
fn strip(page: &Page) -> Option<(Vec<String>, bool)> {
    page.state.typed_tokens().map(|(typed, is_current)| (typed.tokens.tokens.clone(), is_current))
}

/// Answers the last question for the tokens of the fields.
fn give_typed(page: &mut Page, tokens: &[&str]) {
    let asked = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Tokenize { request, .. } => Some(*request),
        _ => None,
    });
    page.says(FromWorker::Tokenized {
        request: asked.expect("tokens were asked for"),
        tokens: run(0, tokens).tokens,
        turns: Vec::new(),
    });
}

/// Answers the last question for patterns, which others may have followed.
fn give_patterns(page: &mut Page) {
    let asked = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Ask { request, run, question: Question::Patterns { layer, heads }, .. } => {
            Some((*request, *run, *layer, heads.clone()))
        }
        _ => None,
    });
    let (request, run, layer, heads) = asked.expect("patterns were asked for");
    let values = vec![0.5; heads.len() * 25];
    let answer = Answer::Patterns { layer, heads, n_query: 5, n_key: 5 };
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run, answer }, vec![values])));
}

#[test]
fn the_strip_of_tokens_belongs_to_the_text_and_the_model() {
    let mut page = Page::with_result();
    give_typed(&mut page, &["the", "cat"]);
    assert_eq!(strip(&page), Some((vec!["the".to_owned(), "cat".to_owned()], true)));

    page.event(Event::Entry(EntryEvent::TextEdited("Other".to_owned())));
    assert_eq!(strip(&page).map(|(_, is_current)| is_current), Some(false), "the last ones stay, marked");
    page.event(Event::Entry(EntryEvent::TypingRested(1)));
    give_typed(&mut page, &["other"]);
    assert_eq!(strip(&page), Some((vec!["other".to_owned()], true)));

    // An example of the same model: the fields are filled, nobody types.
    page.event(Event::Entry(EntryEvent::ExamplePicked(2)));
    assert_eq!(strip(&page).map(|(_, is_current)| is_current), Some(false));
    page.finish_run();
    give_patterns(&mut page);
    let input = EXAMPLES[2].text.input();
    assert!(page.sent.iter().any(|sent| matches!(sent, ToWorker::Tokenize { input: asked, .. } if *asked == input)));
    give_typed(&mut page, &["the", "quick"]);
    assert_eq!(strip(&page).map(|(_, is_current)| is_current), Some(true));

    // Another model reads the same text otherwise.
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    assert_eq!(strip(&page), None, "nothing of the model before");
}

#[test]
fn a_notice_about_a_text_goes_with_it() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::RunAsked));
    page.fails(About::TooLong { n_tokens: 600, n_ctx: 512 });
    assert!(page.state.notices.input.is_some());
    page.event(Event::Entry(EntryEvent::TextEdited("Short".to_owned())));
    assert_eq!(page.state.notices.input, None);
}

#[test]
fn a_result_of_an_earlier_text_is_marked() {
    let mut page = Page::with_result();
    assert!(!page.state.has_unrun_text());
    page.event(Event::Entry(EntryEvent::TextEdited("Other".to_owned())));
    page.event(Event::Work(WorkEvent::RunAsked));
    let request = page.last_request();
    page.event(Event::Work(WorkEvent::CancelAsked));
    page.says(FromWorker::Cancelled { request });
    assert!(page.state.has_unrun_text(), "the run was cancelled: the figure is of the text before");
    page.event(Event::Entry(EntryEvent::TextEdited(FIRST_TEXT.to_owned())));
    assert!(!page.state.has_unrun_text());
    page.event(Event::Entry(EntryEvent::FieldChanged(EntryChange::Kind(EntryKind::Ids))));
    assert!(page.state.has_unrun_text(), "ids are another input");
}

/// Generates a token, which looks like the second one of the text.
fn generate_token(page: &mut Page) {
    page.event(Event::Editing(EditEvent::WriteAsked(1)));
    let request = page.last_request();
    let mut tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let piece = tokens.clone();
    tokens.push(&piece, 1);
    let done = protocol::EditingReply::WritingDone { request, tokens, top: Vec::new(), follower_top: Vec::new() };
    page.says(FromWorker::Editing(done));
}

#[test]
fn generated_tokens_are_not_another_text() {
    let mut page = causal_page();
    generate_token(&mut page);
    assert_eq!(page.state.shown.as_ref().unwrap().info.tokens.len(), 6);
    assert!(!page.state.has_unrun_text());
}

/// Generates, zeroes a head of the shown layer, and runs the text anew: it has fewer tokens than what was edited.
#[test]
fn running_after_generation_and_an_edit_drops_what_was_asked_of_the_longer_text() {
    let mut page = causal_page();
    generate_token(&mut page);
    page.event(Event::Editing(EditEvent::Added(
        crate::edit::parse_list(r#"[{"kind":"zero_head","layer":0,"head":1}]"#).unwrap(),
    )));
    let request = page.last_request();
    let long = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    page.says(FromWorker::Editing(protocol::EditingReply::Again { request, run: long, inactive: Vec::new() }));
    let asked = page.sent.iter().filter_map(|message| match message {
        ToWorker::Ask { request, question: Question::Patterns { layer, heads }, .. } => {
            Some((*request, *layer, heads.clone()))
        }
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    for (request, layer, heads) in asked {
        let values = vec![0.0; heads.len() * 36];
        let answer = Answer::Patterns { layer, heads, n_query: 6, n_key: 6 };
        let said = FromWorker::Answered { request, run: 77, answer };
        page.event(Event::Worker(WorkerEvent::Said(said, vec![values])));
    }
    assert_eq!(page.state.notices.status, None);
    assert_eq!(page.state.shown.as_ref().unwrap().info.tokens.len(), 5);
}

#[test]
fn generation_says_why_it_cannot_go_on() {
    let no_generation = |page: &Page| page.state.no_generation();
    let mut page = causal_page();
    assert_eq!(no_generation(&page), None);
    page.event(Event::Editing(EditEvent::WriteAsked(32)));
    let request = page.last_request();
    let tokens = page.state.shown.as_ref().unwrap().info.tokens.clone();
    let done = protocol::EditingReply::WritingDone { request, tokens, top: Vec::new(), follower_top: Vec::new() };
    page.says(FromWorker::Editing(done));
    assert!(page.state.editing.writing_note.as_ref().is_some_and(|note| note.contains("ends the text here")));
    assert!(!page.state.is_busy(), "and asks for no more");
    page.event(Event::Editing(EditEvent::WriteAsked(1)));
    assert_eq!(page.state.editing.writing_note, None);

    let mut page = causal_page();
    page.event(Event::Editing(EditEvent::Added(
        crate::edit::parse_list(r#"[{"kind":"zero_head","layer":0,"head":1}]"#).unwrap(),
    )));
    let request = page.last_request();
    let edited = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    page.says(FromWorker::Editing(protocol::EditingReply::Again { request, run: edited, inactive: Vec::new() }));
    assert_eq!(no_generation(&page), None);
    page.event(Event::Editing(EditEvent::VariantPicked(Variant::Difference)));
    assert!(no_generation(&page).is_some_and(|why| why.contains("change has no next token")));

    let page = Page::with_result();
    assert!(no_generation(&page).is_some_and(|why| why.contains("does not predict words")));
    let mut page = causal_page();
    let spec = page.state.shown.as_ref().unwrap().spec.clone();
    super::traces::open(&mut page, OpenedTrace { spec, ..super::traces::file("cat") });
    assert!(no_generation(&page).is_some_and(|why| why.contains("precomputed")));
}

#[test]
fn the_neuron_view_keeps_to_one_head() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Neuron)));
    for event in [SelectionEvent::HeadToggled(2), SelectionEvent::HeadToggled(2), SelectionEvent::HeadSoloed(2)] {
        page.event(Event::Select(event));
        assert_eq!(page.state.selection.heads, [2].into(), "a double click, step by step");
    }
    page.event(Event::Select(SelectionEvent::AllHeads));
    assert_eq!(page.state.selection.heads, [2].into());
    page.event(Event::View(ViewEvent::SideBySide(true)));
    page.event(Event::Select(SelectionEvent::AllHeads));
    assert_eq!(page.state.selection.heads.len(), 4, "the head view beside it shows several");
}

#[test]
fn a_cut_edge_leaves_the_row_with_its_other_links() {
    let mut page = causal_page();
    let pin = |side, position| Event::Select(SelectionEvent::PinToggled(TokenRef { side, position }));
    page.event(pin(crate::trace::Side::Query, 3));
    page.event(pin(crate::trace::Side::Key, 1));
    page.event(pin(crate::trace::Side::Key, 2));
    page.event(Event::Editing(EditEvent::Added(
        crate::edit::parse_list(r#"[{"kind":"knock_out_edge","layer":0,"head":1,"query":3,"key":1}]"#).unwrap(),
    )));
    assert_eq!((page.state.selection.queries.clone(), page.state.selection.keys.clone()), ([3].into(), [2].into()));
}
