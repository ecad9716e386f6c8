//! The stream view: what it asks for, piece by piece, and what a chosen cell is linked with.

use super::*;
use crate::protocol::TokenAsked;
use crate::state::editing::EditEvent;
use crate::state::stream::numbers::Component;
use crate::state::stream::options::{StreamNumber, StreamOptions};
use crate::trace::spec::Unembed;

/// A page whose model predicts words, in the stream view.
fn in_stream_view(unembed: Unembed) -> Page {
    let mut page = Page::with_result();
    page.state.shown.as_mut().unwrap().spec.unembed = unembed;
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Stream)));
    page
}

/// The questions about the stream that were sent, in order.
fn asked(page: &Page) -> Vec<(RequestId, Question)> {
    let about_stream = |message: &ToWorker| match message {
        ToWorker::Ask { request, question, .. } => {
            let is_it = matches!(question, Question::Lens { .. } | Question::Stream | Question::Direct { .. });
            is_it.then(|| (*request, question.clone()))
        }
        _ => None,
    };
    page.sent.iter().filter_map(about_stream).collect()
}

fn answered(page: &mut Page, request: RequestId, answer: Answer, buffers: Vec<Vec<f32>>) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, buffers)));
}

/// Answers a question about the lens at all of its cells.
fn give_lens(page: &mut Page, (request, question): (RequestId, Question), entropy: f32) {
    let Question::Lens { layers, positions, .. } = question else { panic!("{question:?}") };
    let (n_layers, n_positions) = (layers.len(), positions.len());
    let cells = |value: f32| vec![value; n_layers * n_positions];
    let none = Vec::new;
    let buffers = vec![cells(entropy), cells(0.5), none(), none(), none(), cells(0.25), cells(7.0)];
    let answer = Answer::Lens {
        n_layers: n_layers as u32,
        n_positions: n_positions as u32,
        n_top: 1,
        names: vec![(7, "seven".to_owned())],
        token: None,
    };
    answered(page, request, answer, buffers);
}

/// An embedding model has no words to show: its table opens with norms, and a number of the lens stays a choice.
#[test]
fn without_a_lens_the_table_opens_with_norms() {
    let mut page = in_stream_view(Unembed::None);
    assert_eq!(page.state.scales.stream.number, StreamNumber::Norm);
    assert!(matches!(asked(&page)[..], [(_, Question::Stream)]));
    page = in_stream_view(Unembed::Linear { tied: true });
    assert_eq!(page.state.scales.stream.number, StreamNumber::TopToken);
}

#[test]
fn the_view_asks_for_numbers_and_for_the_lens_once() {
    let mut page = Page::with_result();
    assert!(asked(&page).is_empty(), "nothing before the view is on screen");
    page = in_stream_view(Unembed::Linear { tied: true });
    let questions = asked(&page);
    let [(_, Question::Stream), (_, Question::Lens { layers, positions, n_top: 10, token: None })] = &questions[..]
    else {
        panic!("{questions:?}")
    };
    assert_eq!((layers.as_slice(), positions.as_slice()), (&[0, 1, 2, 3, 4, 5, 6][..], &[0, 1, 2, 3, 4][..]));
    page.event(Event::Stream(StreamEvent::PositionsSeen((2, 4))));
    assert_eq!(asked(&page).len(), 2, "both are on their way");
    give_lens(&mut page, questions[1].clone(), 1.5);
    assert_eq!(asked(&page).len(), 2, "all positions are here");
    let number = |page: &Page, number| page.state.stream_number(number, 6, 4);
    assert_eq!(number(&page, StreamNumber::Entropy), Some(1.5));
    assert_eq!(number(&page, StreamNumber::TopToken), Some(0.25));
    assert_eq!(number(&page, StreamNumber::Norm), None);
    let numbers = vec![vec![2.0; 35], vec![0.5; 35], vec![1.0; 35], Vec::new(), Vec::new()];
    answered(&mut page, questions[0].0, Answer::Stream { n_layers: 6, n_positions: 5 }, numbers);
    assert_eq!(number(&page, StreamNumber::Norm), Some(2.0));
    // Another result has a stream of its own.
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(number(&page, StreamNumber::Entropy), None);
}

#[test]
fn a_model_without_words_has_no_lens() {
    let page = in_stream_view(Unembed::None);
    assert!(!page.state.has_lens());
    assert_eq!(asked(&page).into_iter().map(|(_, question)| question).collect::<Vec<_>>(), [Question::Stream]);
}

#[test]
fn a_refused_lens_is_asked_for_again_when_another_token_is_wanted() {
    let mut page = in_stream_view(Unembed::Linear { tied: true });
    let (request, _) = asked(&page)[1].clone();
    let report = Report { about: About::Request, message: "the text is empty".to_owned() };
    page.says(FromWorker::Failed { request, report });
    assert_eq!(page.state.stream.lens.problem(), Some("The text is empty."));
    assert_eq!(asked(&page).len(), 2);
    let options =
        StreamOptions { number: StreamNumber::TokenRank, token: " Mary".to_owned(), ..StreamOptions::default() };
    page.event(Event::View(ViewEvent::StreamChanged(options)));
    let questions = asked(&page);
    let Some((_, Question::Lens { token, .. })) = questions.last() else { panic!("{questions:?}") };
    assert_eq!(*token, Some(TokenAsked::Text(" Mary".to_owned())));
    assert_eq!(page.state.stream.lens.problem(), None);
}

#[test]
fn a_chosen_cell_is_the_layer_and_the_query_of_the_other_views() {
    let mut page = in_stream_view(Unembed::None);
    page.event(Event::Stream(StreamEvent::CellPicked { row: 4, position: 3 }));
    let selection = &page.state.selection;
    assert_eq!((selection.layer, selection.query(), page.state.stream.row), (4, Some(3), Some(4)));
    page.event(Event::Stream(StreamEvent::CellPicked { row: 6, position: 99 }));
    let selection = &page.state.selection;
    assert_eq!((selection.layer, selection.query(), page.state.stream.row), (5, None, Some(6)), "the output");
}

#[test]
fn the_sum_is_asked_for_while_it_is_shown() {
    let mut page = in_stream_view(Unembed::Linear { tied: true });
    let sums = |page: &Page| {
        let all = asked(page).into_iter();
        all.filter(|(_, question)| matches!(question, Question::Direct { .. })).collect::<Vec<_>>()
    };
    page.event(Event::Editing(EditEvent::OutcomePicked(protocol::OutcomeAsked::tokens(" a", " b"))));
    assert!(sums(&page).is_empty());
    page.event(Event::Stream(StreamEvent::DirectShown(true)));
    let questions = sums(&page);
    let [(request, Question::Direct { answers, others, position: 4 })] = &questions[..] else {
        panic!("{questions:?}")
    };
    assert_eq!((answers.len(), others.len()), (1, 1));
    let answer = Answer::Direct { position: 4, answers: Vec::new(), others: Vec::new(), n_layers: 1, n_heads: 2 };
    let parts = vec![vec![3.0, 1.0, 0.5, 3.0], vec![1.0, 0.25], vec![0.0]];
    answered(&mut page, *request, answer, parts);
    let sum = page.state.stream.direct.value().unwrap();
    assert_eq!(sum.components()[2], (Component::Head(0, 1), 0.25));
    page.event(Event::Stream(StreamEvent::DirectShown(false)));
    assert_eq!(sums(&page).len(), 1);
}
