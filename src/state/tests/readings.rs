//! What is asked of the words: tokens as they are typed, losses, predictions at a position, similarity; and the gallery.

use super::*;
use crate::gallery::EXAMPLES;
use crate::trace::Side;

fn sent(page: &Page, is_it: impl Fn(&ToWorker) -> bool) -> Option<RequestId> {
    page.sent.iter().rev().find(|message| is_it(message)).and_then(ToWorker::request)
}

fn asks(message: &ToWorker, is_it: impl Fn(&Question) -> bool) -> bool {
    matches!(message, ToWorker::Ask { question, .. } if is_it(question))
}

#[test]
fn tokens_follow_typing_when_it_rests() {
    let mut page = Page::with_result();
    let n_before = page.sent.len();
    page.event(Event::Entry(EntryEvent::TextEdited("One".to_owned())));
    page.event(Event::Entry(EntryEvent::TextEdited("One two".to_owned())));
    let armed: Vec<u32> = page
        .done
        .iter()
        .filter_map(|effect| if let Effect::ArmTyping { n_edits, .. } = effect { Some(*n_edits) } else { None })
        .collect();
    page.event(Event::Entry(EntryEvent::TypingRested(armed[0])));
    assert_eq!(page.sent.len(), n_before, "an edit came after it");
    page.event(Event::Entry(EntryEvent::TypingRested(armed[1])));
    let ToWorker::Tokenize { request, input } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(input.text, InputText::Pair("One two".to_owned(), FIRST_PAIR.to_owned()));
    let tokens = run(0, &["one", "two"]).tokens;
    page.says(FromWorker::Tokenized { request, tokens: tokens.clone(), turns: Vec::new() });
    assert_eq!(page.state.readings.typed.value().map(|typed| &typed.tokens), Some(&tokens));
    page.event(Event::Entry(EntryEvent::TextEdited(String::new())));
    page.event(Event::Entry(EntryEvent::TypingRested(armed[1] + 1)));
    assert_eq!(page.state.readings.typed.value(), None, "there is nothing to read");
}

#[test]
fn two_texts_of_a_sentence_embedder_are_compared_on_their_own() {
    let mut page = Page::with_result();
    let request = sent(&page, |message| asks(message, |question| matches!(question, Question::Similarity { .. })));
    let request = request.unwrap();
    page.says(FromWorker::Answered { request, run: 1, answer: Answer::Similarity { cosine: 0.5 } });
    assert_eq!(page.state.readings.similarity.value(), Some(&0.5));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(page.state.readings.similarity.value(), None, "another result has its own");
}

#[test]
fn predictions_are_asked_for_where_a_token_is_chosen() {
    let mut page = Page::with_result();
    page.event(Event::PositionPicked(1));
    let ToWorker::Ask { request: first, question: Question::Predictions { position: 1, .. }, .. } = page.last() else {
        panic!("{:?}", page.last())
    };
    page.event(Event::PositionPicked(3));
    let second = page.last_request();
    assert!(page.sent.contains(&ToWorker::Cancel { request: first }));
    let top = |id| vec![Prediction { token: "x".to_owned(), id, prob: 0.5 }];
    let answered = |request, position, top| {
        let answer = Answer::Predictions { position, top };
        FromWorker::Answered { request, run: 1, answer }
    };
    page.says(answered(first, 1, top(1)));
    assert_eq!(page.state.readings.top.value(), None, "an answer that is late");
    page.says(answered(second, 3, top(3)));
    assert_eq!(page.state.readings.top.value(), Some(&top(3)));
    page.event(Event::PositionPicked(99));
    assert_eq!(page.state.readings.position, Some(3), "there is no such token");
}

#[test]
fn ids_and_random_blocks_are_read_as_they_are() {
    let mut page = Page::with_result();
    for change in [EntryChange::Kind(EntryKind::Ids), EntryChange::Ids("1 2".to_owned()), EntryChange::Bos(Some(true))]
    {
        page.event(Event::Entry(EntryEvent::FieldChanged(change)));
    }
    page.event(Event::Work(WorkEvent::RunAsked));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(
        inputs,
        [Input { text: InputText::Ids(vec![1, 2]), cut: false, bos: Some(true), target: TargetAsked::Generated }]
    );
    page.event(Event::Entry(EntryEvent::FieldChanged(EntryChange::Ids("one".to_owned()))));
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(page.state.notices.input.as_ref().is_some_and(|notice| notice.message.contains("“one”")));
    for change in [EntryChange::Kind(EntryKind::RandomBlock), EntryChange::Block(0), EntryChange::Seed(7)] {
        page.event(Event::Entry(EntryEvent::FieldChanged(change)));
    }
    page.event(Event::Work(WorkEvent::RunAsked));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(inputs[0].text, InputText::RandomBlock { n_tokens: 1, seed: 7 });
}

#[test]
fn an_example_is_looked_at_once_and_left_with_the_first_edit() {
    let mut page = Page::with_result();
    page.event(Event::Entry(EntryEvent::ExamplePicked(1)));
    let example = &EXAMPLES[1];
    assert_eq!(page.state.selection.layer, example.layer, "its text is on screen already");
    assert!(page.state.selection.queries.is_empty(), "this result has no token 6");
    page.give_patterns();
    page.event(Event::Select(SelectionEvent::TokensCleared));
    page.event(Event::Select(SelectionEvent::LayerPicked(0)));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(
        (page.state.selection.layer, page.state.entry.example),
        (0, Some(1)),
        "running it again changes no look"
    );
    page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Query, position: 1 })));
    page.event(Event::Entry(EntryEvent::TextEdited("Other".to_owned())));
    assert_eq!(page.state.entry.example, None);
}

#[test]
fn an_example_is_left_with_its_model() {
    let mut page = Page::with_result();
    page.event(Event::Entry(EntryEvent::ExamplePicked(1)));
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    assert_eq!(page.state.entry.example, None);
}
