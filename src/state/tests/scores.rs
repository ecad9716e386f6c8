//! Scores of all heads, of one input and over several seeds, and the search for heads between two tokens.

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

/// The questions about other inputs that were asked, oldest first: number, run, inputs.
fn asked_over(page: &Page) -> Vec<(RequestId, u32, Vec<Input>)> {
    let asked = super::requests::asked(page, |question| matches!(question, Question::ScoresOver { .. }));
    let inputs = |question| match question {
        Question::ScoresOver { inputs } => inputs,
        other => panic!("another question: {other:?}"),
    };
    asked.into_iter().map(|(request, run, question)| (request, run, inputs(question))).collect()
}

/// What is on screen is a random block, and its scores over several seeds are asked for.
fn ask_over_seeds(page: &mut Page) {
    if let Some(shown) = &mut page.state.shown {
        shown.input.text = InputText::RandomBlock { n_tokens: 50, seed: 7 };
    }
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
}

/// The scores of each block: one number everywhere.
fn tables(scores: [f32; 5]) -> (Answer, Vec<Vec<f32>>) {
    (Answer::ScoresOver { n_inputs: 5 }, scores.map(|score| vec![score; 8]).to_vec())
}

#[test]
fn a_block_can_be_scored_over_several_seeds() {
    let mut page = Page::with_result();
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    assert_eq!(asked_over(&page), [], "the text is not a block");
    ask_over_seeds(&mut page);
    let (request, _, inputs) = asked_over(&page).pop().expect("several blocks are scored");
    let seed = |input: &Input| match input.text {
        InputText::RandomBlock { n_tokens: 50, seed } => seed,
        _ => panic!("another input: {input:?}"),
    };
    assert_eq!(inputs.iter().map(seed).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
    super::requests::answered(&mut page, request, tables([1.0, 2.0, 3.0, 4.0, 5.0]));
    assert_eq!(page.state.scores.shown(), Some([3.0; 8].as_slice()));
    assert_eq!(page.state.scores.shown_deviation(), Some([2.5_f32.sqrt(); 8].as_slice()));
    page.event(Event::Scores(ScoreEvent::SeedsLeft));
    let shown = (page.state.scores.shown(), page.state.scores.shown_deviation());
    assert_eq!(shown, (None, None), "the scores of this block are on their way");
    let n_sent = page.sent.len();
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    assert_eq!((page.sent.len(), page.state.scores.shows_seeds), (n_sent, true), "they are kept");
}

/// Scores over seeds of B − A: mean and deviation are those of the change in each block, not changes of means and deviations.
#[test]
fn scores_over_seeds_of_the_difference_are_asked_of_both() {
    let mut page = super::requests::edited_page(Variant::Difference);
    let a_run = page.state.run_of(Variant::A).unwrap();
    ask_over_seeds(&mut page);
    let asked = asked_over(&page);
    let [(a, run_a, inputs_a), (b, run_b, inputs_b)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((*run_a, *run_b, inputs_a), (a_run, 77, inputs_b));
    super::requests::answered(&mut page, *b, tables([2.0, 3.0, 4.0, 5.0, 6.0]));
    assert_eq!(page.state.scores.seeds.value(), None, "A has not replied");
    super::requests::answered(&mut page, *a, tables([1.0, 2.0, 3.0, 4.0, 5.0]));
    assert_eq!(page.state.scores.shown(), Some([1.0; 8].as_slice()));
    assert_eq!(page.state.scores.shown_deviation(), Some([0.0; 8].as_slice()), "each block changes by as much");
}

#[test]
fn scores_over_seeds_show_how_far_they_are_and_can_be_cancelled() {
    let mut page = super::requests::edited_page(Variant::Difference);
    assert!(!page.state.is_busy());
    ask_over_seeds(&mut page);
    let [a, b] = asked_over(&page).iter().map(|asked| asked.0).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((page.state.is_busy(), wording::work(&page.state).as_deref()), (true, Some("Running …")));
    page.says(FromWorker::Progress { request: a, stage: Stage::Run, done: 15, total: 30 });
    assert_eq!(wording::work(&page.state).as_deref(), Some("Running block 15 of 60"), "B is still to come");
    assert_eq!(page.state.progress().map(|progress| progress.fraction()), Some(0.25));
    super::requests::answered(&mut page, a, tables([1.0; 5]));
    assert_eq!(page.state.progress().map(|progress| progress.fraction()), Some(0.5));
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert!(page.sent.contains(&ToWorker::Cancel { request: b }) && !page.state.is_busy());
    let before = page.state.clone();
    super::requests::answered(&mut page, b, tables([1.0; 5]));
    assert_eq!(page.state, before, "a cancelled answer that comes all the same is dropped");

    // A new run cancels what is left of the old one.
    ask_over_seeds(&mut page);
    let request = asked_over(&page).pop().unwrap().0;
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
}

#[test]
fn scores_over_seeds_that_failed_say_why_and_can_be_asked_for_again() {
    let mut page = Page::with_result();
    ask_over_seeds(&mut page);
    let request = asked_over(&page).pop().unwrap().0;
    let report = Report { about: About::Request, message: "wrong".to_owned() };
    page.says(FromWorker::Failed { request, report });
    assert_eq!((page.state.scores.seeds.problem(), page.state.is_busy()), (Some("Wrong."), false));
    page.event(Event::Scores(ScoreEvent::SeedsAsked));
    assert_eq!((asked_over(&page).len(), page.state.scores.seeds.problem()), (2, None));
}
