//! Classifiers: what is asked, what is listed of A, B and B − A, and the outcome that follows the labels.

use super::*;
use crate::protocol::{ComparedOutcome, ComparedToken, EditingReply, EditingRequest, OutcomeAsked, OutcomeNumbers};
use crate::state::labels::LabelRow;
use crate::trace::spec::{LabelHead, LabelKind, LabelReads};

const ZERO: &str = r#"[{"kind":"zero_head","layer":1,"head":0}]"#;

fn head(names: &[&str], kind: LabelKind, reads: LabelReads) -> LabelHead {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    LabelHead { names, kind, reads, activation: None, is_normed: false }
}

/// A page with a result of five tokens, of a classifier.
fn page(labels: LabelHead) -> Page {
    let mut page = Page::new();
    page.state.selection = Selection::default();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.ready();
    let request = page.last_request();
    let spec = Spec { labels: Some(labels), ..spec(6, 4) };
    page.says(FromWorker::Loaded { request, model: ModelInfo { spec, ..model(6, 4) } });
    let request = page.last_request();
    let mut read = run(request, &["[CLS]", "a", "[SEP]", "b", "[SEP]"]);
    read.tokens.special = vec![true, false, true, false, true];
    page.says(FromWorker::RunsDone { request, runs: vec![read] });
    page.give_patterns();
    page
}

fn mood() -> LabelHead {
    head(&["bad", "fine", "good"], LabelKind::OneOf, LabelReads::First)
}

/// The last questions about labels, oldest first: number and run.
fn asked(page: &Page) -> Vec<(RequestId, u32)> {
    let question = |message: &ToWorker| match message {
        ToWorker::Ask { request, run, question: Question::Labels, .. } => Some((*request, *run)),
        _ => None,
    };
    page.sent.iter().filter_map(question).collect()
}

fn answer(page: &mut Page, request: RequestId, n_labels: u32, logits: &[f32], probs: &[f32]) {
    let answer = Answer::Labels { n_rows: logits.len() as u32 / n_labels, n_labels };
    let buffers = vec![logits.to_vec(), probs.to_vec()];
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, buffers)));
}

fn names(rows: &[LabelRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

/// The last comparison that was asked for: its number, its runs and its outcome.
fn compare(page: &Page) -> (RequestId, Vec<u32>, Option<OutcomeAsked>) {
    let found = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Editing(EditingRequest::Compare { request, runs, outcome, .. }) => {
            Some((*request, runs.clone(), outcome.clone()))
        }
        _ => None,
    });
    found.expect("a comparison was asked for")
}

fn compared(page: &mut Page, labels: &[(u32, &[f32])], values: Option<&[f32]>) {
    let (request, ..) = compare(page);
    let token = |(id, probs): &(u32, &[f32])| ComparedToken { id: *id, token: id.to_string(), probs: probs.to_vec() };
    let number = |value: &f32| OutcomeNumbers { value: *value, probs: None };
    let outcome = values.map(|values| {
        Ok(ComparedOutcome { tokens: None, ids: Vec::new(), values: values.iter().map(number).collect() })
    });
    let tokens = labels.iter().map(token).collect();
    page.says(FromWorker::Editing(EditingReply::Compared { request, position: 0, tokens, outcome }));
}

#[test]
fn labels_of_a_text_are_asked_for_and_sorted() {
    let mut page = page(mood());
    let asked = asked(&page);
    assert_eq!(asked.len(), 1, "once");
    answer(&mut page, asked[0].0, 3, &[0.5, -1.0, 2.0], &[0.2, 0.1, 0.7]);
    let rows = page.state.label_rows();
    assert_eq!(names(&rows), ["good", "bad", "fine"]);
    assert_eq!((rows[0].prob, rows[0].logit), (Some(0.7), 2.0));
    assert_eq!(page.state.label_position(), None);
    let is_similarity =
        |message: &ToWorker| matches!(message, ToWorker::Ask { question: Question::Similarity { .. }, .. });
    assert!(!page.sent.iter().any(is_similarity), "its pooled stream is not an embedding");
}

#[test]
fn numbers_without_probabilities_keep_their_order() {
    let mut page = page(head(&["valence", "arousal"], LabelKind::Value, LabelReads::First));
    let request = asked(&page)[0].0;
    answer(&mut page, request, 2, &[-3.0, 5.0], &[]);
    let rows = page.state.label_rows();
    assert_eq!((names(&rows), rows[1].prob), (vec!["valence", "arousal"], None));
    compared(&mut page, &[], None);
    let (.., outcome) = compare(&page);
    assert_eq!(outcome, Some(OutcomeAsked::Label { label: Some(0), against: None, position: None }));
}

#[test]
fn each_token_has_its_label_and_the_chosen_one_is_listed() {
    let mut page = page(head(&["O", "NAME"], LabelKind::OneOf, LabelReads::Each));
    let request = asked(&page)[0].0;
    assert!(page.state.shown.as_ref().unwrap().predicted().is_none(), "not here yet");
    let logits = [1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 3.0, 1.0, 1.0, 0.0];
    let probs = logits.map(|logit| if logit > 1.5 { 0.9 } else { 0.5 });
    answer(&mut page, request, 2, &logits, &probs);
    let shown = page.state.shown.as_ref().unwrap();
    let beside: Vec<&str> = shown.predicted().unwrap().iter().map(|label| label.plain.as_str()).collect();
    assert_eq!(beside, ["O", "NAME", "O", "O", "O"]);
    assert_eq!(page.state.label_position(), Some(1), "the first token of the text");
    assert_eq!(names(&page.state.label_rows()), ["NAME", "O"]);
    let n_sent = page.sent.len();
    page.event(Event::PositionPicked(3));
    assert_eq!(names(&page.state.label_rows()), ["O", "NAME"]);
    assert_eq!(page.sent.len(), n_sent, "the labels of every token are here");
}

/// The labels of B are asked of B, and the edited tokens have labels of their own; of B − A each number is a change.
#[test]
fn labels_follow_the_edits() {
    let mut page = page(mood());
    let of_a = asked(&page)[0];
    answer(&mut page, of_a.0, 3, &[0.0, 1.0, 2.0], &[0.1, 0.2, 0.7]);
    page.event(Event::Editing(EditEvent::Added(crate::edit::parse_list(ZERO).unwrap())));
    let request = page.last_edited_run();
    let run = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    page.says(FromWorker::Editing(EditingReply::Again { request, run, inactive: Vec::new() }));
    page.give_patterns_of(77, 0.5);
    let of_b = *asked(&page).last().unwrap();
    assert_eq!((of_b.1, page.state.editing.variant), (77, Variant::B));
    answer(&mut page, of_b.0, 3, &[2.0, 1.0, 0.0], &[0.7, 0.2, 0.1]);
    assert_eq!(names(&page.state.label_rows()), ["bad", "fine", "good"]);
    page.event(Event::Editing(EditEvent::VariantPicked(Variant::Difference)));
    page.give_patterns_of(of_a.1, 0.5);
    page.give_patterns_of(77, 0.5);
    let both = asked(&page)[asked(&page).len() - 2..].to_vec();
    assert_eq!(both.iter().map(|(_, run)| *run).collect::<Vec<_>>(), [of_a.1, 77]);
    answer(&mut page, both[0].0, 3, &[0.0, 1.0, 2.0], &[0.125, 0.25, 0.625]);
    answer(&mut page, both[1].0, 3, &[2.0, 1.0, 0.0], &[0.75, 0.25, 0.0]);
    let rows = page.state.label_rows();
    assert_eq!(rows.iter().map(|row| row.prob.unwrap()).collect::<Vec<_>>(), [0.625, -0.625, 0.0]);
    assert_eq!(names(&rows), ["bad", "good", "fine"]);
}

#[test]
fn the_two_likeliest_labels_are_the_outcome_until_others_are_chosen() {
    let mut page = page(mood());
    assert_eq!(compare(&page).2, None, "no label is known to be likely yet");
    compared(&mut page, &[(2, &[0.7]), (0, &[0.2]), (1, &[0.1])], None);
    let likeliest = OutcomeAsked::Label { label: Some(2), against: Some(0), position: None };
    assert_eq!(compare(&page).2, Some(likeliest));
    assert_eq!(page.state.outcome_name(), "good − bad");
    assert!(page.state.editing.outcome_a().is_none(), "it is on its way");
    compared(&mut page, &[(2, &[0.7]), (0, &[0.2]), (1, &[0.1])], Some(&[1.25]));
    assert_eq!(page.state.editing.outcome_a().map(|value| value.value), Some(1.25));
    let chosen = OutcomeAsked::Label { label: Some(1), against: None, position: None };
    page.event(Event::Editing(EditEvent::OutcomePicked(chosen.clone())));
    assert_eq!((page.state.outcome_name(), page.state.outcome_kind()), ("fine".to_owned(), "Logit"));
    compared(&mut page, &[(2, &[0.7]), (0, &[0.2]), (1, &[0.1])], Some(&[-0.5]));
    assert_eq!(page.state.editing.asked, chosen);
    // A link carries what was chosen, and leads back to it.
    let link = page.state.link().unwrap();
    assert_eq!(link.outcome, Some(chosen.clone()));
    let mut other = self::page(mood());
    other.event(Event::Link(LinkEvent::Came(link.write())));
    assert_eq!(other.state.editing.asked, chosen);
}

/// A label that the next model does not have is not asked for.
#[test]
fn an_outcome_fits_the_labels_that_there_are() {
    let mut page = page(head(&["no", "yes"], LabelKind::OneOf, LabelReads::First));
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::Label {
        label: Some(7),
        against: None,
        position: None,
    })));
    assert_eq!(compare(&page).2, None);
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens("a", "b"))));
    assert_eq!(compare(&page).2, None, "a classifier predicts no tokens");
}
