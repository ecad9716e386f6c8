//! The model and the neuron view: selection, what is asked for and when, links.

use std::collections::BTreeSet;

use super::*;
use crate::protocol::{Grid, HeadNumbers, NeuronPart, NeuronsAnswer, Reduce};
use crate::state::View;
use crate::state::scales::options::MapOptions;
use crate::trace::Side;

/// The last question asked.
fn question(page: &Page) -> (RequestId, Question) {
    let asked = |message: &ToWorker| match message {
        ToWorker::Ask { request, question, .. } if !question.is_about_words() => Some((*request, question.clone())),
        _ => None,
    };
    page.sent.iter().rev().find_map(asked).expect("a question was asked")
}

pub(super) fn thumbnails(page: &mut Page) -> usize {
    let (request, Question::Thumbnails { layer, heads, grid }) = question(page) else { panic!("not thumbnails") };
    let n = grid.queries.len() as u32;
    let cells = vec![layer as f32; heads.len() * (n * n) as usize];
    let heads = vec![HeadNumbers::default(); heads.len()];
    let answer = Answer::Thumbnails { layer, n_rows: n, n_columns: n, heads };
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, vec![cells])));
    layer as usize
}

pub(super) fn neurons(page: &mut Page) -> (u32, u32) {
    let (request, Question::Neurons { layer, head }) = question(page) else { panic!("not neurons") };
    let numbers = NeuronsAnswer {
        layer,
        head,
        d_head: 2,
        n_query: 5,
        n_key: 5,
        attn_scale: Some(1.0),
        sharing_heads: (head, head + 1),
        missing: vec![(NeuronPart::ValueNorms, "no W_O".to_owned())],
    };
    let buffers = [10, 10, 10, 10, 25, 25, 0, 0, 0, 0].map(|n| vec![0.5; n]).to_vec();
    let answer = Answer::Neurons(numbers);
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, buffers)));
    (layer, head)
}

fn links(page: &Page) -> Vec<Effect> {
    let is_link = |effect: &&Effect| matches!(effect, Effect::ReplaceLink(_) | Effect::PushLink(_));
    page.done.iter().filter(is_link).cloned().collect()
}

#[test]
fn a_map_that_is_seen_asks_layer_by_layer_those_on_screen_first() {
    let mut page = Page::with_result();
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent, "nobody looks at a map");
    page.event(Event::View(ViewEvent::LayersSeen((3, 4))));
    let order: Vec<usize> = (0..6).map(|_| thumbnails(&mut page)).collect();
    assert_eq!(order, [0, 3, 4, 1, 2, 5], "the selected one, those on screen, the rest");
    assert_eq!(page.state.n_mapped().0, 6);
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent, "every layer is here");

    // What is left out is not asked for; a head that comes back is.
    let shows = |page: &mut Page, hidden_heads: BTreeSet<usize>| {
        let hidden_layers = (1..6).collect();
        page.event(Event::View(ViewEvent::MapChanged(MapOptions {
            hidden_layers,
            hidden_heads,
            ..MapOptions::default()
        })));
    };
    shows(&mut page, [0, 3].into());
    assert_eq!((page.sent.len(), page.state.n_mapped().0), (n_sent, 1));
    page.event(Event::View(ViewEvent::SegmentPicked(SegmentFilter::Aa)));
    let (_, Question::Thumbnails { layer, heads, .. }) = question(&page) else { panic!("not thumbnails") };
    assert_eq!((layer, heads), (0, vec![1, 2]));
    thumbnails(&mut page);
    let n_sent = page.sent.len();
    shows(&mut page, [0, 1, 3].into());
    assert_eq!((page.sent.len(), page.state.n_mapped().0), (n_sent, 1), "it is here");
    shows(&mut page, [0].into());
    let (_, Question::Thumbnails { layer, heads, .. }) = question(&page) else { panic!("not thumbnails") };
    assert_eq!((layer, heads, page.state.n_mapped().0), (0, vec![1, 2, 3], 0));
    thumbnails(&mut page);
    page.event(Event::View(ViewEvent::MapChanged(MapOptions::default())));

    // Another part of the patterns: everything is asked for again.
    page.event(Event::View(ViewEvent::SegmentPicked(SegmentFilter::Ab)));
    let (_, Question::Thumbnails { grid, .. }) = question(&page) else { panic!("not thumbnails") };
    let expected = Grid { queries: vec![0, 1, 2], keys: vec![3, 4], max_cells: 3, reduce: Reduce::Max };
    assert_eq!((grid, page.state.n_mapped().0), (expected, 0));
    let tokens = |side: Side| page.state.map_tokens(side).into_iter().map(|(at, name)| format!("{at} {name}"));
    assert_eq!(tokens(Side::Query).collect::<Vec<_>>(), ["0 [CLS]", "1 a", "2 [SEP]"]);
    assert_eq!(tokens(Side::Key).collect::<Vec<_>>(), ["3 b", "4 [SEP]"]);
}

#[test]
fn a_map_that_fails_says_so_and_does_not_ask_again() {
    let mut page = Page::with_result();
    page.event(Event::View(ViewEvent::LayersSeen((0, 5))));
    let (request, _) = question(&page);
    let report = Report { about: About::Request, message: "the file holds no pattern".to_owned() };
    page.says(FromWorker::Failed { request, report });
    assert_eq!(page.state.scales.thumbnails.asked.problem(), Some("The file holds no pattern."));
    assert!(page.state.notices.status.is_none(), "said at the map");
    let n_sent = page.sent.len();
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(page.sent.len(), n_sent);
}

#[test]
fn the_neuron_view_asks_for_the_head_that_is_looked_into() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::HeadOpened { layer: 0, head: 2 }));
    assert_eq!((page.state.selection.view, page.state.selection.head()), (View::Head, 2));
    page.event(Event::Select(SelectionEvent::QueryOpened(4)));
    assert_eq!((page.state.selection.view, page.state.selection.query()), (View::Neuron, Some(4)));
    assert!(page.state.awaits_neurons());
    assert_eq!(neurons(&mut page), (0, 2));
    assert!(!page.state.awaits_neurons());
    let head = page.state.scales.neurons.head.value().cloned().expect("a head");
    assert_eq!(head.reason(NeuronPart::ValueNorms), Some("no W_O"));
    assert_eq!((head.part(NeuronPart::Queries).len(), head.part(NeuronPart::ValueNorms).len()), (10, 0));
    // Another head: only where it ends is asked for, and what is on screen stays until it is here.
    page.event(Event::Select(SelectionEvent::HeadStepped(1)));
    let (first, _) = question(&page);
    page.event(Event::Select(SelectionEvent::HeadStepped(1)));
    assert!(page.sent.contains(&ToWorker::Cancel { request: first }));
    assert_eq!(page.state.scales.neurons.head.value().map(|head| head.layer_and_head()), Some((0, 2)));
    assert_eq!(neurons(&mut page), (0, 0));
    // Side by side it follows in the head view too.
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Head)));
    page.event(Event::Select(SelectionEvent::HeadStepped(1)));
    let n_sent = page.sent.len();
    page.event(Event::View(ViewEvent::SideBySide(true)));
    assert_eq!(page.sent.len(), n_sent + 1);
    assert_eq!(neurons(&mut page), (0, 1));
}

#[test]
fn neurons_of_another_shape_are_refused() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::QueryOpened(1)));
    let (request, Question::Neurons { layer, head }) = question(&page) else { panic!("not neurons") };
    let numbers = NeuronsAnswer {
        layer,
        head,
        d_head: 2,
        n_query: 5,
        n_key: 5,
        attn_scale: None,
        sharing_heads: (0, 1),
        missing: Vec::new(),
    };
    let answer = Answer::Neurons(numbers);
    page.event(Event::Worker(WorkerEvent::Said(
        FromWorker::Answered { request, run: 1, answer },
        vec![vec![0.0; 3]; 10],
    )));
    assert!(page.state.scales.neurons.head.problem().is_some_and(|problem| problem.contains("an unexpected shape")));
}

#[test]
fn one_weight_marks_both_its_ends_and_neurons_can_be_kept() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::WeightHovered { query: 3, key: 1 }));
    let marked = |page: &Page| (page.state.selection.marked(Side::Query), page.state.selection.marked(Side::Key));
    assert_eq!(marked(&page), (vec![3], vec![1]));
    page.event(Event::Select(SelectionEvent::Hovered(None)));
    assert_eq!(marked(&page), (vec![], vec![]));
    page.event(Event::Select(SelectionEvent::NeuronHovered(Some(1))));
    assert_eq!(page.state.selection.marked_neuron(), Some(1));
    page.event(Event::Select(SelectionEvent::NeuronToggled(0)));
    page.event(Event::Select(SelectionEvent::NeuronHovered(None)));
    assert_eq!(page.state.selection.marked_neuron(), Some(0));
    page.event(Event::Select(SelectionEvent::NeuronToggled(0)));
    page.event(Event::Select(SelectionEvent::NeuronHovered(Some(99))));
    assert_eq!(page.state.selection.marked_neuron(), None, "there is no such neuron");
}

#[test]
fn choosing_replaces_the_link_views_push_one_and_hovering_writes_nothing() {
    let mut page = Page::with_result();
    let first = links(&page);
    assert!(matches!(first.last(), Some(Effect::ReplaceLink(link)) if link.contains("model=small&text=The%20cat")));
    page.event(Event::Select(SelectionEvent::LayerPicked(3)));
    let n = links(&page).len();
    assert!(matches!(links(&page).last(), Some(Effect::ReplaceLink(link)) if link.contains("layer=3&heads=all")));
    page.event(Event::Select(SelectionEvent::Hovered(Some(TokenRef { side: Side::Query, position: 2 }))));
    page.event(Event::Select(SelectionEvent::NeuronHovered(Some(1))));
    page.event(Event::Select(SelectionEvent::WeightHovered { query: 1, key: 1 }));
    page.event(Event::Entry(EntryEvent::TextEdited("not run yet".to_owned())));
    assert_eq!(links(&page).len(), n);
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Model)));
    assert!(matches!(links(&page).last(), Some(Effect::PushLink(link)) if link.contains("view=model&layer=3")));
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Model)));
    assert_eq!(links(&page).len(), n + 1, "nothing changed");
    page.event(Event::Select(SelectionEvent::HeadOpened { layer: 2, head: 1 }));
    assert!(matches!(links(&page).last(), Some(Effect::PushLink(link)) if link.contains("view=head&layer=2&heads=1")));
}

#[test]
fn a_link_brings_back_model_text_and_what_was_chosen() {
    let mut page = Page::new();
    let link =
        "#v=1&model=large&text=Hi%20there&view=neuron&layer=3&heads=1&query=2&key=0,4&neuron=1&segment=ab&theme=dark";
    page.event(Event::Link(LinkEvent::Came(link.to_owned())));
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    assert_eq!(
        (page.state.picked_model, page.state.entry.text.as_str(), page.state.entry.pair.as_str()),
        (1, "Hi there", "")
    );
    assert!(!page.state.is_busy() && page.count(&Effect::StartWorker) == 0, "nothing is loaded unasked");
    let notice = page.state.linking.notice.clone().unwrap();
    assert!(notice.contains("Run reads it with Large, Q4_1, which loads 1 kB first."), "{notice}");
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.state.linking.notice, None);
    page.load_and_run(6, 4);
    let selection = &page.state.selection;
    assert_eq!((selection.view, selection.layer, selection.head()), (View::Neuron, 3, 1));
    assert_eq!((&selection.queries, &selection.keys, selection.neuron), (&[2].into(), &[0, 4].into(), Some(1)));
    assert_eq!(page.state.options.segment, SegmentFilter::Ab);
    assert_eq!(page.state.linking.notice, None);
    assert!(matches!(page.state.options.theme, Theme::Dark));
}

#[test]
fn going_back_chooses_without_running_and_other_texts_run() {
    let mut page = Page::with_result();
    let Some(Effect::ReplaceLink(before)) = links(&page).last().cloned() else { panic!("no link") };
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Neuron)));
    page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Query, position: 1 })));
    let runs = |page: &Page| page.sent.iter().filter(|message| matches!(message, ToWorker::Run { .. })).count();
    let (n_runs, n_links) = (runs(&page), links(&page).len());
    page.event(Event::Link(LinkEvent::Came(format!("#{before}"))));
    assert_eq!((page.state.selection.view, page.state.selection.queries.len()), (View::Head, 0));
    assert_eq!((runs(&page), links(&page).len()), (n_runs, n_links), "nothing runs, nothing is written");
    page.event(Event::Link(LinkEvent::Came("#v=1&text=Another&layer=5".to_owned())));
    assert_eq!(runs(&page), n_runs + 1);
    assert_eq!(page.state.selection.layer, 0, "not before its result is there");
    page.finish_run();
    assert_eq!(page.state.selection.layer, 5);
    // A text typed meanwhile is not the link's.
    page.event(Event::Link(LinkEvent::Came("#v=1&text=Third&layer=1".to_owned())));
    page.event(Event::Entry(EntryEvent::TextEdited("Fourth".to_owned())));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(page.state.selection.layer, 5);
}

#[test]
fn what_a_link_gets_wrong_is_said_and_the_rest_followed() {
    let mut page = Page::with_result();
    let notice = |page: &Page| page.state.linking.notice.clone().unwrap_or_default();
    page.event(Event::Link(LinkEvent::Came("#v=1&layer=40&heads=1,77&key=9&colour=red".to_owned())));
    for part in ["there is no layer 40: the last is 5", "head 77", "key 9"] {
        assert!(notice(&page).contains(part), "{part}: {}", notice(&page));
    }
    assert_eq!((page.state.selection.layer, page.state.selection.head()), (5, 1));
    page.event(Event::Link(LinkEvent::Came("#v=1&view=grid&layer=2".to_owned())));
    assert!(notice(&page).contains("view=grid is not model, head, neuron, stream or find"), "{}", notice(&page));
    assert_eq!(page.state.selection.layer, 2);
    page.event(Event::Link(LinkEvent::Came("#v=1&model=nowhere&layer=1".to_owned())));
    assert!(notice(&page).contains("this page has no model nowhere"), "{}", notice(&page));
    page.event(Event::Link(LinkEvent::NoticeRead));
    assert_eq!(notice(&page), "");
}

#[test]
fn what_was_wrong_with_an_earlier_link_is_not_said_of_the_next() {
    let mut page = Page::with_result();
    page.event(Event::Link(LinkEvent::Came("#v=1&trace=gone.safetensors".to_owned())));
    let number = page.state.traces.opening.as_ref().unwrap().0;
    let opened = Err("gone.safetensors is not there".to_owned());
    page.event(Event::Trace(TraceEvent::Came { number, opened }));
    assert!(page.state.notices.status.is_some());
    page.event(Event::Link(LinkEvent::Came("#v=1&layer=2".to_owned())));
    assert_eq!((page.state.notices.status.clone(), page.state.linking.notice.clone()), (None, None));
}

#[test]
fn many_unknown_parts_of_a_link_are_counted_not_listed() {
    let mut page = Page::with_result();
    let parts: String = (0..100_000).map(|part| format!("&part{part}=1")).collect();
    page.event(Event::Link(LinkEvent::Came(format!("v=1&layer=3{parts}&edits=[{}]", "9".repeat(9_000)))));
    let notice = page.state.linking.notice.clone().unwrap();
    assert!(notice.ends_with("part4 is unknown; and 99996 more."), "{notice}");
    assert_eq!(page.state.selection.layer, 3, "the rest is followed");
    page.event(Event::Link(LinkEvent::Came(format!("v=1&edits=[{}]", "9".repeat(300)))));
    assert!(page.state.linking.notice.as_ref().is_some_and(|notice| notice.chars().count() < 300));
}

#[test]
fn a_text_too_long_for_a_link_is_said() {
    let mut page = Page::with_result();
    page.event(Event::Entry(EntryEvent::TextEdited("word ".repeat(2_000))));
    page.event(Event::Work(WorkEvent::RunAsked));
    let n_links = links(&page).len();
    page.finish_run();
    assert_eq!(links(&page).len(), n_links);
    assert!(page.state.linking.notice.as_ref().is_some_and(|notice| notice.contains("too long for a link")));
}
