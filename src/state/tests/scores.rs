//! Scores of all heads, and the search for heads between two tokens.

use super::*;
use crate::trace::Side;

/// The last question to the worker.
fn question(page: &Page) -> (RequestId, Question) {
    let last = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Ask { request, question, .. } if !question.is_about_words() => Some((*request, question.clone())),
        _ => None,
    });
    last.expect("a question was asked")
}

fn answered(page: &mut Page, request: RequestId, answer: Answer, values: Vec<f32>) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, vec![values])));
}

#[test]
fn scores_come_after_the_picture_and_once() {
    let mut page = Page::with_result();
    let (request, asked) = question(&page);
    assert_eq!(asked, Question::Scores { n_block: None });
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    page.event(Event::Scores(ScoreEvent::Asked));
    assert_eq!(page.sent.len(), n_sent, "they are on their way");
    answered(&mut page, request, Answer::Scores { n_layers: 6, n_heads: 4 }, vec![0.5; 8]);
    assert_eq!(page.state.scores.table.value().map(|table| &**table), Some([0.5; 8].as_slice()));
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent);
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(page.state.scores.table.value(), None, "another result has scores of its own");
    page.give_patterns();
    assert!(matches!(question(&page).1, Question::Scores { .. }));
}

#[test]
fn scores_that_failed_are_asked_for_again_only_by_a_person() {
    let mut page = Page::with_result();
    let report = Report { about: About::Request, message: "Wrong.".to_owned() };
    page.says(FromWorker::Failed { request: question(&page).0, report });
    assert_eq!(page.state.scores.table.problem(), Some("Wrong."));
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent);
    page.event(Event::Scores(ScoreEvent::Asked));
    assert_eq!(page.sent.len(), n_sent + 1);
}

#[test]
fn heads_are_searched_when_a_query_and_a_key_are_kept() {
    let mut page = Page::with_result();
    let pin = |side, position| Event::Select(SelectionEvent::PinToggled(TokenRef { side, position }));
    page.event(pin(Side::Query, 3));
    let n_sent = page.sent.len();
    page.event(pin(Side::Key, 1));
    let (request, asked) = question(&page);
    assert_eq!(asked, Question::HeadWeights { queries: vec![3], keys: vec![1] });
    assert_eq!(page.sent.len(), n_sent + 1);
    let answer = Answer::HeadWeights { queries: vec![3], keys: vec![1], n_layers: 6, n_heads: 4 };
    answered(&mut page, request, answer, vec![0.25; 24]);
    assert_eq!(page.state.scores.link.value().map(|link| link.weights.len()), Some(24));
    page.event(pin(Side::Key, 2));
    assert_eq!(question(&page).1, Question::HeadWeights { queries: vec![3], keys: vec![1, 2] });
    page.event(Event::Select(SelectionEvent::TokensCleared));
    assert_eq!(page.state.scores.link.value(), None);
}

#[test]
fn a_block_can_be_scored_over_several_seeds() {
    let mut page = Page::with_result();
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    assert!(!page.sent.iter().any(|sent| matches!(sent, ToWorker::MeanScores { .. })), "the text is no block");
    if let Some(shown) = &mut page.state.shown {
        shown.input.text = InputText::RandomBlock { n_tokens: 50, seed: 7 };
    }
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    let several = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::MeanScores { request, inputs } => Some((*request, inputs.clone())),
        _ => None,
    });
    let (request, inputs) = several.expect("several blocks are scored");
    let seeds: Vec<u32> = inputs
        .iter()
        .map(|input| match input.text {
            InputText::RandomBlock { n_tokens: 50, seed } => seed,
            _ => panic!("another input: {input:?}"),
        })
        .collect();
    assert_eq!(seeds, [7, 8, 9, 10, 11]);
    assert!(page.state.is_busy(), "it can be cancelled");
    let buffers = vec![vec![0.5; 8], vec![0.1; 8]];
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::MeanScores { request, n_inputs: 5 }, buffers)));
    assert!(!page.state.is_busy());
    assert_eq!(page.state.scores.shown(), Some([0.5; 8].as_slice()));
    assert_eq!(page.state.scores.shown_deviation(), Some([0.1; 8].as_slice()));
    page.event(Event::Scores(ScoreEvent::SeedsLeft));
    assert_eq!(
        (page.state.scores.shown(), page.state.scores.shown_deviation()),
        (None, None),
        "this block's are on their way"
    );
    let n_sent = page.sent.len();
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    assert_eq!((page.sent.len(), page.state.scores.shows_seeds), (n_sent, true), "they are kept");
}
