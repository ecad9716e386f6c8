//! The ledger: what waits, what is answered, what is refused, and what comes too late.

use std::collections::HashSet;

use super::*;
use crate::protocol::{
    EditingReply, EditingRequest, EstimatesAnswer, NeuronsAnswer, OutcomeAsked, Quantity, SaliencyAnswer,
};
use crate::state::requests::{Purpose, Waiting};
use crate::state::stream::circuits::CircuitsAsked;
use crate::trace::spec::{Mask, Unembed};

/// A page with a result of a causal model that predicts words, everything that follows by itself answered.
pub(in crate::state) fn causal_page() -> Page {
    let mut page = Page::new();
    page.state.selection = Selection::default();
    (page.state.entry.text, page.state.entry.pair) = ("a b".to_owned(), String::new());
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.ready();
    let request = page.last_request();
    let spec = Spec { mask: Mask::Causal, unembed: Unembed::Linear { tied: true }, ..spec(6, 4) };
    page.says(FromWorker::Loaded { request, model: ModelInfo { spec, ..model(6, 4) } });
    page.finish_run();
    page.give_patterns();
    page
}

/// The same with an edit in force, looked at as `side`: A is run 1 of the worker or so, B is run 77.
pub(in crate::state) fn edited_page(side: Variant) -> Page {
    let mut page = causal_page();
    let edits = crate::edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":2}]"#).unwrap();
    page.event(Event::Editing(EditEvent::Added(edits)));
    let request = page.last_edited_run();
    let run = RunInfo { run: 77, ..page.state.shown.as_ref().unwrap().info.clone() };
    let again = EditingReply::Again { request, run, inactive: Vec::new() };
    page.says(FromWorker::Editing(again));
    page.event(Event::Editing(EditEvent::VariantPicked(side)));
    page
}

/// The questions that were asked and that `is_it`, oldest first: their names, runs and what they ask.
pub(super) fn asked(page: &Page, is_it: impl Fn(&Question) -> bool) -> Vec<(RequestId, u32, Question)> {
    let question = |message: &ToWorker| match message {
        ToWorker::Ask { request, run, question, .. } if is_it(question) => Some((*request, *run, question.clone())),
        _ => None,
    };
    page.sent.iter().filter_map(question).collect()
}

/// An answer to a question, in the shape that a result of so many tokens gives it.
fn answer(question: &Question, n_tokens: u32) -> (Answer, Vec<Vec<f32>>) {
    let n = n_tokens as usize;
    match question.clone() {
        Question::Patterns { layer, heads } => {
            let values = vec![0.5; heads.len() * n * n];
            (Answer::Patterns { layer, heads, n_query: n_tokens, n_key: n_tokens }, vec![values])
        }
        Question::Thumbnails { layer, heads, .. } => {
            let cells = vec![0.5; heads.len() * n * n];
            let heads = heads.iter().map(|_| Default::default()).collect();
            (Answer::Thumbnails { layer, n_rows: n_tokens, n_columns: n_tokens, heads }, vec![cells])
        }
        Question::Quantity { quantity, layer, heads } => {
            let n_parts = if quantity.is_layer_wide() { 1 } else { heads.len() };
            let answer = Answer::Quantity {
                layer,
                n_parts: n_parts as u32,
                n_query: n_tokens,
                n_key: n_tokens,
                huge: Vec::new(),
            };
            (answer, vec![vec![0.5; n_parts * n * n]])
        }
        Question::QuantityCells { quantity, layers, heads, .. } => {
            let n_parts = if quantity.is_layer_wide() { 1 } else { heads.len() };
            let values = vec![0.5; layers.len() * n_parts * n * n];
            let (n_rows, n_columns) = (n_tokens, n_tokens);
            (Answer::QuantityCells { layers, n_parts: n_parts as u32, n_rows, n_columns }, vec![values])
        }
        Question::Neurons { layer, head } => {
            let numbers = NeuronsAnswer {
                layer,
                head,
                d_head: 2,
                n_query: n_tokens,
                n_key: n_tokens,
                attn_scale: None,
                sharing_heads: (head, head + 1),
                missing: Vec::new(),
            };
            let buffers = [2 * n, 2 * n, 2 * n, 2 * n, n * n, n * n, n, 0, 0, 0].map(|n| vec![0.5; n]);
            (Answer::Neurons(numbers), buffers.to_vec())
        }
        Question::Scores { .. } => (Answer::Scores { n_layers: 6, n_heads: 4 }, vec![vec![0.5; 8]]),
        Question::ScoresOver { inputs } => {
            (Answer::ScoresOver { n_inputs: inputs.len() as u32 }, vec![vec![0.5; 8]; inputs.len()])
        }
        Question::HeadWeights { queries, keys } => {
            (Answer::HeadWeights { queries, keys, n_layers: 6, n_heads: 4 }, vec![vec![0.5; 24]])
        }
        Question::Losses => (Answer::Losses, vec![vec![0.5; n]]),
        Question::Predictions { position, .. } => {
            let top = vec![Prediction { token: "x".to_owned(), id: 1, prob: 0.5 }];
            (Answer::Predictions { position, top }, Vec::new())
        }
        Question::Labels => (Answer::Labels { n_rows: 1, n_labels: 2 }, vec![vec![0.5; 2]; 2]),
        Question::Estimate(_) => {
            let hooks = vec![("blocks.0.attn.hook_z".to_owned(), vec![n_tokens, 4])];
            (Answer::Estimates(EstimatesAnswer { outcome: 1.0, hooks }), vec![vec![0.5; 4 * n]])
        }
        Question::Saliency(_) => {
            let (texts, remainders) = (Vec::new(), vec![0.0]);
            let answer = SaliencyAnswer { outcome: 1.0, texts, remainders, n_steps: 32, baseline: None };
            (Answer::Saliency(answer), Vec::new())
        }
        Question::Feeds(_) => (Answer::Feeds, vec![vec![0.5; 3], Vec::new()]),
        Question::Kept(_) => (Answer::Kept, vec![vec![2.0, 0.0]]),
        Question::Similarity { .. } => (Answer::Similarity { cosine: 0.5 }, Vec::new()),
        Question::Lens { layers, positions, .. } => {
            let cells = || vec![0.5; layers.len() * positions.len()];
            let (n_layers, n_positions) = (layers.len() as u32, positions.len() as u32);
            let answer = Answer::Lens { n_layers, n_positions, n_top: 0, names: Vec::new(), token: None };
            (answer, vec![cells(), cells(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new()])
        }
        Question::Stream => (Answer::Stream { n_layers: 6, n_positions: n_tokens }, vec![vec![0.5; 7 * n]; 5]),
        Question::Written { .. } | Question::Linked { .. } => {
            let (writers, neurons, names) = (Vec::new(), Vec::new(), Vec::new());
            (Answer::Written { writers, neurons, n_top: 0, names, without_words: None }, vec![Vec::new(); 9])
        }
        Question::MlpNeuron { .. } => {
            let answer = Answer::MlpNeuron { n_top: 0, names: Vec::new(), without_words: None };
            (answer, [n, 0, n, 1, 0, 0, 0, 0, 0, 0].map(|n| vec![0.5; n]).to_vec())
        }
        Question::Path { .. } => (Answer::Path, vec![Vec::new(); 6]),
        Question::Direction { .. } => (Answer::Direction, vec![vec![0.5; 2]]),
        Question::Head { .. } => {
            let (tokens, names) = (Vec::new(), Vec::new());
            (Answer::Head { tokens, n_top: 0, names, copying: None, without_words: None }, vec![Vec::new(); 6])
        }
        Question::Direct { position, .. } => {
            let (answers, others) = (Vec::new(), Vec::new());
            let answer = Answer::Direct { position, answers, others, n_layers: 6, n_heads: 4 };
            (answer, vec![vec![0.5; 4], vec![0.5; 24]])
        }
    }
}

pub(in crate::state) fn answered(page: &mut Page, request: RequestId, (answer, buffers): (Answer, Vec<Vec<f32>>)) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, buffers)));
}

/// Looks at everything that asks something.
fn look_everywhere(page: &mut Page) {
    page.event(Event::View(ViewEvent::LayersSeen((0, 5))));
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::Quantity(Quantity::Rollout))));
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Model)));
    page.event(Event::Select(SelectionEvent::QueryOpened(1)));
    let token = |side| TokenRef { side, position: 1 };
    page.event(Event::Select(SelectionEvent::PinToggled(token(crate::trace::Side::Key))));
    page.event(Event::PositionPicked(2));
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Stream)));
    page.event(Event::Stream(StreamEvent::CellPicked { row: page.state.selection.layer, position: 1 }));
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens("a", "b"))));
    page.event(Event::Stream(StreamEvent::DirectShown(true)));
    page.event(Event::Stream(StreamEvent::LinkShown(true)));
    page.event(Event::Stream(StreamEvent::PathShown(Some(5))));
    page.event(Event::Stream(StreamEvent::NeuronOpened(Some((1, 2)))));
    page.event(Event::Stream(StreamEvent::CircuitsShown(Some(CircuitsAsked::default()))));
}

#[test]
fn a_slot_holds_what_waits_what_came_and_what_was_refused() {
    let purpose = |position| Purpose::Question(Question::Predictions { position, n_top: 1, also: Vec::new() });
    let mut slot = Slot::default();
    assert!(slot.wants(&purpose(1)) && !slot.is_pending());
    slot.await_answer(purpose(1));
    assert!(slot.is_pending() && !slot.wants(&purpose(1)) && slot.wants(&purpose(2)));
    slot.fill(purpose(1), 'a');
    assert_eq!((slot.value(), slot.is_pending(), slot.wants(&purpose(1))), (Some(&'a'), false, false));
    slot.await_answer(purpose(2));
    assert_eq!(slot.value(), Some(&'a'), "the last answer stays");
    slot.give_up(&purpose(1), None);
    assert!(slot.is_pending(), "another one was given up");
    slot.give_up(&purpose(2), Some("No.".to_owned()));
    assert_eq!((slot.problem(), slot.is_pending(), slot.wants(&purpose(2))), (Some("No."), false, false));
    slot.forgive();
    assert!(slot.wants(&purpose(2)));
}

/// With an edit in force, another text is run while questions about the old one are on their way.
#[test]
fn answers_about_an_earlier_result_are_dropped_whichever_question_they_answer() {
    for side in Variant::EACH {
        let mut page = edited_page(side);
        for (request, _, question) in asked(&page, |question| matches!(question, Question::Patterns { .. })) {
            answered(&mut page, request, answer(&question, 5));
        }
        look_everywhere(&mut page);
        let kinds: HashSet<_> = asked(&page, |_| true).iter().map(|(.., it)| std::mem::discriminant(it)).collect();
        assert_eq!(kinds.len(), 17, "all but similarity, scores over seeds, labels and directions are asked");
        page.event(Event::Entry(EntryEvent::TextEdited("c d e".to_owned())));
        page.event(Event::Entry(EntryEvent::TypingRested(1)));
        page.event(Event::Work(WorkEvent::RunAsked));
        let request = page.last_request();
        let n_old = page.sent.len();
        page.says(FromWorker::RunsDone { request, runs: vec![run(90, &["[CLS]", "c", "[SEP]"])] });
        let about_old_runs =
            page.sent[n_old..].iter().find(|message| matches!(message, ToWorker::Ask { run, .. } if *run != 90));
        assert_eq!(about_old_runs, None, "{side:?}: nothing is asked of a result that is gone");
        let patterns = asked(&page, |question| matches!(question, Question::Patterns { .. }));
        assert_eq!(patterns.last().map(|(_, run, _)| *run), Some(90), "the new result is asked for its patterns");
        let before = page.state.clone();
        for (request, run, question) in asked(&page, |_| true) {
            if run != 90 {
                answered(&mut page, request, answer(&question, 5));
            }
        }
        for message in page.sent.clone() {
            if let ToWorker::Editing(EditingRequest::Compare { request, runs, .. }) = message
                && runs != [90]
            {
                let (position, tokens, outcome) = (4, Vec::new(), None);
                page.says(FromWorker::Editing(EditingReply::Compared { request, position, tokens, outcome }));
            }
        }
        assert_eq!(page.state, before, "{side:?}");
        assert_eq!(page.state.notices.status, None, "no word of another shape");
        let (request, _, question) = patterns.last().cloned().unwrap();
        answered(&mut page, request, answer(&question, 3));
        assert_eq!(page.drawn_layer(), Some(page.state.selection.layer), "the new result is drawn");
    }
}

/// What is asked about what is on screen is all that the ledger holds, whatever happens.
#[test]
fn other_results_and_other_attentions_withdraw_what_was_asked() {
    let mut page = edited_page(Variant::B);
    look_everywhere(&mut page);
    let of_b = asked(&page, |_| true).into_iter().filter(|(_, run, _)| *run == 77);
    let open: Vec<RequestId> =
        of_b.map(|(request, ..)| request).filter(|request| page.state.requests.purpose(*request).is_some()).collect();
    assert!(!open.is_empty());
    page.event(Event::Editing(EditEvent::VariantPicked(Variant::A)));
    for request in open {
        assert!(page.state.requests.purpose(request).is_none());
        assert!(page.sent.contains(&ToWorker::Cancel { request }), "the worker need not answer it");
    }
}

#[test]
fn the_difference_is_asked_of_both_and_answered_when_both_are_here() {
    let mut page = edited_page(Variant::Difference);
    let both = |page: &Page, is_it: fn(&Question) -> bool| -> [(RequestId, u32, Question); 2] {
        let asked = asked(page, is_it);
        asked[asked.len() - 2..].to_vec().try_into().unwrap()
    };
    let a_run = page.state.run_of(Variant::A).unwrap();
    let [(a, run_a, question), (b, run_b, _)] = both(&page, |it| matches!(it, Question::Patterns { .. }));
    assert_eq!((run_a, run_b), (a_run, 77));
    let scaled = |question: &Question, factor: f32| {
        let (answer, mut buffers) = answer(question, 5);
        buffers.iter_mut().flatten().for_each(|value| *value *= factor);
        (answer, buffers)
    };
    answered(&mut page, b, scaled(&question, 3.0));
    assert_eq!(page.drawn_layer(), None, "A has not replied");
    answered(&mut page, a, scaled(&question, 1.0));
    let drawn = page.state.shown.as_ref().unwrap().drawn.clone().unwrap();
    assert!(drawn.values.iter().all(|value| *value == 1.0), "B minus A");

    // Words go the same way.
    let [(a, _, question), (b, ..)] = both(&page, |it| *it == Question::Losses);
    answered(&mut page, a, scaled(&question, 1.0));
    answered(&mut page, b, scaled(&question, 2.0));
    assert_eq!(page.state.readings.losses.value().map(|losses| losses.to_vec()), Some(vec![0.5; 5]));
    let [(a, ..), (b, ..)] = both(&page, |it| matches!(it, Question::Predictions { position: 4, .. }));
    let top = |listed: &[(u32, f32)]| {
        let one = |&(id, prob): &(u32, f32)| Prediction { token: id.to_string(), id, prob };
        (Answer::Predictions { position: 4, top: listed.iter().map(one).collect() }, Vec::new())
    };
    answered(&mut page, a, top(&[(1, 0.75)]));
    answered(&mut page, b, top(&[(2, 0.5)]));
    assert_eq!(page.state.readings.top.value(), None, "each is asked for what the other one lists");
    let [(a, _, question), (b, ..)] = both(&page, |it| matches!(it, Question::Predictions { position: 4, .. }));
    assert!(matches!(question, Question::Predictions { also, .. } if also == [1, 2]));
    answered(&mut page, a, top(&[(1, 0.75), (2, 0.25)]));
    answered(&mut page, b, top(&[(2, 0.5), (1, 0.25)]));
    let changes: Vec<(u32, f32)> =
        page.state.readings.top.value().unwrap().iter().map(|change| (change.id, change.prob)).collect();
    assert_eq!(changes, [(1, -0.5), (2, 0.25)]);
}

#[test]
fn a_refusal_of_one_half_is_a_refusal_of_both() {
    let mut page = edited_page(Variant::Difference);
    let asked = asked(&page, |question| matches!(question, Question::Patterns { .. }));
    let [.., (a, _, question), (b, ..)] = &asked[..] else { panic!("{asked:?}") };
    let report = Report { about: About::Request, message: "run 77 is not there".to_owned() };
    page.says(FromWorker::Failed { request: *b, report });
    assert_eq!(page.state.notices.status.as_deref(), Some("Run 77 is not there."));
    assert!(page.sent.contains(&ToWorker::Cancel { request: *a }));
    let before = page.state.clone();
    answered(&mut page, *a, answer(question, 5));
    assert_eq!(page.state, before, "half an answer is none");
}

#[test]
fn nobody_is_asked_who_cannot_answer() {
    let mut page = causal_page();
    let opened = OpenedTrace { spec: page.state.shown.as_ref().unwrap().spec.clone(), ..opened() };
    page.event(Event::Trace(TraceEvent::FileChosen("cat".to_owned())));
    let number = page.state.traces.opening.as_ref().unwrap().0;
    page.event(Event::Trace(TraceEvent::Came { number, opened: Ok(opened) }));
    let n_done = page.done.len();
    page.event(Event::PositionPicked(2));
    assert_eq!((page.state.readings.position, page.state.can_answer(false)), (None, true));
    let asks_words = |effect: &Effect| matches!(effect, Effect::AskTrace { question, .. } if question.is_about_words());
    assert!(!page.done.iter().any(asks_words), "a trace predicts nothing");
    assert_eq!(page.done.len(), n_done);

    let mut page = causal_page();
    look_everywhere(&mut page);
    page.event(Event::Worker(WorkerEvent::Broke("memory".to_owned())));
    assert!(!page.state.can_answer(false));
    assert!(!page.state.scales.thumbnails.asked.is_pending() && !page.state.readings.losses.is_pending());
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::LayerPicked(3)));
    assert_eq!(page.sent.len(), n_sent, "the worker is gone");
}

#[test]
fn tokens_of_the_fields_outlive_a_result() {
    let mut page = causal_page();
    page.event(Event::Entry(EntryEvent::TextEdited("c d".to_owned())));
    page.event(Event::Entry(EntryEvent::TypingRested(1)));
    let tokenize = page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Tokenize { request, .. } => Some(*request),
        _ => None,
    });
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    let tokens = run(0, &["c", "d"]).tokens;
    page.says(FromWorker::Tokenized { request: tokenize.unwrap(), tokens: tokens.clone(), turns: Vec::new() });
    assert_eq!(page.state.readings.typed.value().map(|typed| &typed.tokens), Some(&tokens));
}
