//! What is drawn in place of weights: asked for, shown once it is here, refused with a reason.

use super::*;
use crate::protocol::Quantity;

fn choose(page: &mut Page, quantity: Quantity) {
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::Quantity(quantity))));
}

/// The last question of its kind, with its number.
fn last(page: &Page) -> Option<(RequestId, Question)> {
    page.sent.iter().rev().find_map(|message| match message {
        ToWorker::Ask { request, question, .. }
            if matches!(question, Question::Quantity { .. } | Question::QuantityCells { .. }) =>
        {
            Some((*request, question.clone()))
        }
        _ => None,
    })
}

fn says_answer(page: &mut Page, request: RequestId, answer: Answer, values: Vec<f32>) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, vec![values])));
}

fn whole(layer: u32, n_parts: u32) -> Answer {
    Answer::Quantity { layer, n_parts, n_query: 5, n_key: 5, huge: vec![0] }
}

#[test]
fn weights_stay_until_the_picture_of_the_layer_is_here() {
    let mut page = Page::with_result();
    assert_eq!(last(&page), None, "weights need nothing more");
    choose(&mut page, Quantity::Rollout);
    let (request, question) = last(&page).unwrap();
    assert_eq!(question, Question::Quantity { quantity: Quantity::Rollout, layer: 0, heads: Vec::new() });
    assert_eq!(page.state.drawn_quantity(), Quantity::Weights);
    assert!(page.state.awaits_quantity());
    says_answer(&mut page, request, whole(0, 1), vec![0.2; 25]);
    let drawn = page.state.drawn_patterns().unwrap();
    assert_eq!(
        (drawn.quantity, drawn.n_heads, drawn.layer, drawn.huge.as_slice()),
        (Quantity::Rollout, 1, 0, &[0][..])
    );
    assert!(page.state.shown.as_ref().unwrap().drawn.as_ref().unwrap().quantity == Quantity::Weights);
    // The caption and the file say what is drawn, and name no head.
    let caption = page.state.caption(View::Head, "").unwrap();
    assert_eq!(caption.title, "Layer 0, rollout");
    assert!(caption.fields.contains(&("Drawn", "rollout".to_owned())), "{:?}", caption.fields);
    assert!(caption.fields.iter().all(|(name, _)| *name != "Head"));
    assert!(page.state.figure_stem(OnScreen::First(View::Head)).ends_with("-head-rollout-L0"));
    assert_eq!(page.state.link().unwrap().drawn.display.quantity, Quantity::Rollout);
    choose(&mut page, Quantity::Norms);
    let (request, question) = last(&page).unwrap();
    assert_eq!(question, Question::Quantity { quantity: Quantity::Norms, layer: 0, heads: vec![0, 1, 2, 3] });
    assert_eq!(page.state.drawn_quantity(), Quantity::Weights, "another picture never stands under this name");
    says_answer(&mut page, request, whole(0, 4), vec![3.0; 100]);
    assert_eq!(page.state.drawn_quantity(), Quantity::Norms);
    choose(&mut page, Quantity::Weights);
    assert_eq!(page.state.drawn_quantity(), Quantity::Weights);
}

#[test]
fn a_refusal_is_said_and_weights_stay() {
    let mut page = Page::with_result();
    choose(&mut page, Quantity::ValueZeroing);
    let (request, _) = last(&page).unwrap();
    let report = Report { about: About::Request, message: "value zeroing: it needs the model".to_owned() };
    page.says(FromWorker::Failed { request, report });
    let problem = page.state.quantity_problem().unwrap();
    assert!(problem.starts_with("Weights are drawn instead of value zeroing. Value zeroing: it needs"), "{problem}");
    assert_eq!(page.state.drawn_quantity(), Quantity::Weights);
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent, "it is not asked again");
    choose(&mut page, Quantity::Weights);
    assert_eq!(page.state.quantity_problem(), None);
}

/// A choice that was taken back is not waited for.
#[test]
fn a_picture_on_its_way_is_withdrawn_with_its_choice() {
    let mut page = Page::with_result();
    choose(&mut page, Quantity::ValueZeroing);
    let (request, _) = last(&page).unwrap();
    choose(&mut page, Quantity::Weights);
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert!(!page.state.awaits_quantity());
}

/// In the model view lengths are shares of their layer's largest, and a layer-wide quantity has one cell for each layer.
#[test]
fn cells_of_the_model_view() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Model)));
    page.state.layout.has_head_beside = false;
    page.event(Event::View(ViewEvent::LayersSeen((0, 5))));
    choose(&mut page, Quantity::Norms);
    let (request, question) = last(&page).unwrap();
    let Question::QuantityCells { quantity: Quantity::Norms, layers, heads, grid } = question else {
        panic!("{question:?}")
    };
    assert_eq!((layers, heads, grid.keys.len()), (vec![0], vec![0, 1, 2, 3], 5));
    let mut values = vec![1.0; 100];
    values[7] = 4.0;
    let answer = Answer::QuantityCells { layers: vec![0], n_parts: 4, n_rows: 5, n_columns: 5 };
    says_answer(&mut page, request, answer, values);
    let cells = |layers: &[Option<std::sync::Arc<crate::state::scales::thumbnails::LayerThumbnails>>]| {
        layers[0].as_ref().unwrap().cells[6..8].to_vec()
    };
    assert_eq!((cells(page.state.map_layers()), cells(page.state.map_values())), (vec![0.25, 1.0], vec![1.0, 4.0]));
    assert_eq!(page.state.n_mapped(), (1, 6));
    let (_, question) = last(&page).unwrap();
    assert!(matches!(question, Question::QuantityCells { layers, .. } if layers == [1]), "the next layer follows");
    choose(&mut page, Quantity::Rollout);
    let (request, question) = last(&page).unwrap();
    let Question::QuantityCells { layers, heads, .. } = question else { panic!("{question:?}") };
    assert_eq!((layers, heads), (vec![0, 1, 2, 3, 4, 5], Vec::new()), "all at once");
    assert_eq!(page.state.map_places().1, [0]);
    let answer = Answer::QuantityCells { layers: (0..6).collect(), n_parts: 1, n_rows: 5, n_columns: 5 };
    says_answer(&mut page, request, answer, vec![0.5; 150]);
    assert_eq!(page.state.n_mapped(), (6, 6));
    assert_eq!(page.state.caption(View::Model, "").unwrap().title, "All 6 layers, rollout");
    page.state.scales.map.style = crate::state::scales::options::CellStyle::Number;
    assert_eq!(page.state.map_places().1, [0, 1, 2, 3], "scores are of heads");
}
