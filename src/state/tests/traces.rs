//! Traces: opened in the place of a result, refused without harm, saved; and the links about them.

use std::collections::BTreeSet;

use super::start::opened;
use super::*;
use crate::trace::AttnKind;
use crate::trace::file::{ModelName, Saved};

pub(super) fn file(name: &str) -> OpenedTrace {
    let place = Some(TracePlace::File(name.to_owned()));
    let model = ModelName { name: "elsewhere".to_owned(), ..ModelName::default() };
    OpenedTrace { model, spec: Spec::bare(3, 2, 2, 0), place, ..opened() }
}

fn trace(event: TraceEvent) -> Event {
    Event::Trace(event)
}

fn number(page: &Page) -> u32 {
    page.state.traces.opening.as_ref().expect("something is being opened").0
}

pub(super) fn open(page: &mut Page, opened: OpenedTrace) {
    page.event(trace(TraceEvent::FileChosen("cat.safetensors".to_owned())));
    let number = number(page);
    page.event(trace(TraceEvent::Came { number, opened: Ok(opened) }));
}

#[test]
fn a_result_that_replaces_another_leaves_none_of_its_pictures() {
    let mut page = Page::with_result();
    page.event(Event::View(ViewEvent::LayersSeen((0, 5))));
    while page.state.n_mapped().0 < 6 {
        super::scales::thumbnails(&mut page);
    }
    page.event(Event::Select(SelectionEvent::QueryOpened(1)));
    super::scales::neurons(&mut page);
    assert!(page.state.scales.neurons.head.value().is_some());

    // The file's layer is asked for and never comes.
    open(&mut page, file("other.safetensors"));
    assert!(page.state.awaits_layer());
    let thumbnails = &page.state.scales.thumbnails;
    assert!(thumbnails.layers.iter().all(Option::is_none), "{:?}", thumbnails.layers);
    assert!(page.state.scales.neurons.head.value().is_none(), "neurons of the result before");
}

#[test]
fn a_trace_takes_the_place_of_the_result_and_the_model_stays() {
    let mut page = Page::with_result();
    let run = page.state.shown.as_ref().and_then(|shown| shown.live_run).unwrap();
    open(&mut page, file("cat.safetensors"));
    let shown = page.state.shown.as_ref().unwrap();
    assert!(shown.is_trace && shown.live_run.is_none());
    assert_eq!((shown.model_name.as_str(), shown.shape().n_layers), ("elsewhere", 3));
    assert_eq!(page.state.entry.example, None, "what an example says is not said of it");
    assert!(page.sent.contains(&ToWorker::Forget { run }), "its memory is freed");
    assert!(page.state.work.model.is_some() && page.count(&Effect::EndWorker) == 0);
    assert!(page.done.iter().any(|effect| matches!(
        effect,
        Effect::AskTrace { question: Question::Patterns { layer: 0, heads }, .. } if heads.len() == 2
    )));
    // The next run is the model's.
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert!(page.state.shown.as_ref().is_some_and(|shown| !shown.is_trace && shown.live_run.is_some()));
}

/// What `headlight trace --only-layers` writes: the layers that are there are shown, the others are not asked for.
#[test]
fn a_trace_of_some_layers_begins_at_one_that_it_holds() {
    for (missing, selected, expected) in [(vec![0], 0, 1), (vec![1, 2], 2, 0), (vec![0, 1], 0, 2), (vec![], 2, 2)] {
        let mut page = Page::with_result();
        page.state.selection.layer = selected;
        let missing_layers: BTreeSet<usize> = missing.into_iter().collect();
        open(
            &mut page,
            OpenedTrace { held: vec![(AttnKind::ONLY, missing_layers.clone())], ..file("cat.safetensors") },
        );
        assert_eq!(page.state.selection.layer, expected);
        page.event(Event::View(ViewEvent::LayersSeen((0, 2))));
        let asked = |effect: &Effect| match effect {
            Effect::AskTrace {
                question: Question::Patterns { layer, .. } | Question::Thumbnails { layer, .. },
                ..
            } => Some(*layer as usize),
            _ => None,
        };
        let asked: BTreeSet<usize> = page.done.iter().filter_map(asked).collect();
        assert!(asked.contains(&expected) && asked.is_disjoint(&missing_layers), "{asked:?}");
    }
}

#[test]
fn a_trace_that_cannot_be_opened_changes_nothing() {
    let mut page = Page::with_result();
    let before = page.state.shown.clone();
    page.event(trace(TraceEvent::FileChosen("cat.safetensors".to_owned())));
    assert_eq!(wording::work(&page.state).as_deref(), Some("Opening cat.safetensors …"));
    let number = number(&page);
    page.event(trace(TraceEvent::Came { number, opened: Err("cat.safetensors is empty".to_owned()) }));
    assert_eq!(page.state.shown, before);
    assert_eq!(page.state.notices.status.as_deref(), Some("cat.safetensors is empty."));
    assert_eq!(page.state.traces.opening, None);
}

#[test]
fn the_last_one_that_was_chosen_counts() {
    let mut page = Page::with_result();
    page.event(trace(TraceEvent::FileChosen("one".to_owned())));
    let first = number(&page);
    page.event(trace(TraceEvent::FileChosen("two".to_owned())));
    page.event(trace(TraceEvent::Came { number: first, opened: Ok(file("one")) }));
    assert!(page.state.shown.as_ref().is_some_and(|shown| !shown.is_trace));
    let second = number(&page);
    page.event(trace(TraceEvent::Came { number: second, opened: Ok(file("two")) }));
    let shown = page.state.shown.as_ref().unwrap();
    assert_eq!(shown.origin.trace, Some(TracePlace::File("two".to_owned())));
}

#[test]
fn a_run_is_saved_with_what_it_was() {
    let mut page = Page::with_result();
    let metadata = page.state.trace_metadata().unwrap();
    assert_eq!(metadata.tokens.len(), 5);
    assert_eq!(
        metadata.model.as_ref().map(|model| (model.name.as_str(), model.sha256.as_deref())),
        Some(("Small", Some("00")))
    );
    let sizes = [Saved::Patterns, Saved::Qkv, Saved::All].map(|saved| page.state.save_size(saved, false).unwrap());
    assert!(sizes.is_sorted() && sizes[0] > 6 * 4 * 25 * 4, "{sizes:?}");
    assert!(page.state.save_size(Saved::Patterns, true).unwrap() < sizes[0]);
    page.event(trace(TraceEvent::SaveAsked { saved: Saved::Patterns, is_half: true, form: SaveForm::Trace }));
    let ToWorker::Save { request, saved: Saved::Patterns, is_half: true, metadata_json, .. } = page.last() else {
        panic!("{:?}", page.last())
    };
    assert!(metadata_json.contains(r#""format":1"#));
    page.says(FromWorker::Saved { request, url: "blob:1".to_owned(), n_bytes: 9 });
    let name = "Small-patterns.safetensors".to_owned();
    assert_eq!(page.count(&Effect::SaveUrl { url: "blob:1".to_owned(), name }), 1);
    assert!(!page.state.is_busy());
}

#[test]
fn links_lead_to_traces() {
    let mut page = Page::with_result();
    let link = |fragment: &str| Event::Link(LinkEvent::Came(fragment.to_owned()));
    page.event(link("v=1&trace=traces/cat.safetensors&view=model&layer=2&heads=1"));
    let number = number(&page);
    let url = "traces/cat.safetensors".to_owned();
    assert_eq!(page.count(&Effect::FetchTrace { number, url: url.clone() }), 1);
    let place = Some(TracePlace::Url(url));
    page.event(trace(TraceEvent::Came { number, opened: Ok(OpenedTrace { place, ..file("") }) }));
    assert_eq!((page.state.selection.view, page.state.selection.layer), (View::Model, 2));
    assert_eq!(page.state.selection.heads, [1].into());
    let written = page.state.link().unwrap().write();
    assert!(written.starts_with("v=1&trace=traces/cat.safetensors&view=model&layer=2&heads=1"), "{written}");

    // A file of somebody's disk is asked for, and then looked at as the link says.
    page.event(link("v=1&trace=file:cat.safetensors&layer=1&scale=log"));
    assert!(page.state.linking.notice.as_ref().is_some_and(|notice| notice.contains("cat.safetensors")));
    open(&mut page, file("cat.safetensors"));
    assert_eq!((page.state.selection.layer, page.state.options.display.is_log), (1, true));
    assert_eq!(page.state.linking.notice, None);
}

/// Links as earlier versions wrote them. They are never changed; a version that reads them otherwise is wrong.
#[test]
fn stored_links_keep_working() {
    let table: [(&str, &str); 6] = [
        (
            "v=1&model=all-MiniLM-L6-v2&text=The%20cat%20sat%20on%20the%20mat&pair=The%20cat%20lay%20on%20the%20rug&view=head&layer=2&heads=9&query=3",
            "",
        ),
        (
            "v=1&model=SmolLM2-135M-Instruct-Q4_1&text=When%20Mary%20and%20John&view=neuron&layer=10&heads=all&query=2&neuron=17",
            "",
        ),
        ("v=1&ids=101,7592,102&view=model&layer=0&heads=0,3,5&segment=ab&theme=dark", ""),
        ("v=1&text=a+b&edits=[%7B%22head%22:3,%22kind%22:%22zero_head%22,%22layer%22:23%7D]", ""),
        ("text=without%20a%20version&layer=1", ""),
        ("v=1&text=kept&layer=two&colour=red", "layer=two is not a layer’s number; colour is unknown"),
    ];
    for (fragment, left_out) in table {
        let (link, problems) = link::Link::parse(fragment);
        assert_eq!(problems.join("; "), left_out, "{fragment}");
        assert!(link.text.is_some() || link.ids.is_some(), "{fragment}");
        if left_out.is_empty() && fragment.starts_with("v=1") {
            let (again, problems) = link::Link::parse(&link.write());
            assert_eq!((again, problems), (link.clone(), Vec::new()), "{fragment}");
            let decoded = |text: &str| text.replace('+', "%20").replace("%7B", "{").replace("%7D", "}");
            assert_eq!(decoded(&link.write()), decoded(fragment), "written as it was");
        }
    }
}

#[test]
fn too_much_for_a_link_is_said() {
    let mut page = Page::with_result();
    assert!(!page.state.linking.is_too_long);
    let text = "word ".repeat(2_000);
    let shown = page.state.shown.as_mut().unwrap();
    shown.input.text = InputText::Single(text);
    page.event(Event::Select(SelectionEvent::LayerPicked(1)));
    assert!(page.state.linking.is_too_long);
    let notice = page.state.linking.notice.clone().unwrap();
    assert!(notice.contains("too long for a link") && notice.contains("Save a trace"), "{notice}");
}

#[test]
fn a_caption_says_everything_that_was_done() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::HeadSoloed(3)));
    page.event(Event::View(ViewEvent::DisplayChanged(DisplayChange::LeaveOutFirst(true))));
    let caption = page.state.caption(View::Head, "http://host/#v=1").unwrap();
    assert_eq!(caption.title, "Layer 0, head 3");
    let version = env!("CARGO_PKG_VERSION");
    for part in ["Small (weights 00, ", "Layer 0, head 3.", "No edits.", "Without the first position", version] {
        assert!(caption.text.contains(part), "{part} is not in {}", caption.text);
    }
    let field = |name: &str| caption.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
    assert_eq!((field("Layer"), field("Head"), field("Edits")), (Some("0"), Some("3"), Some("[]")));
    assert_eq!(field("Link"), Some("http://host/#v=1"));
    assert!(field("Text").is_some() && field("Quantisation").is_some());
    open(&mut page, file("cat.safetensors"));
    let caption = page.state.caption(View::Model, "").unwrap();
    assert!(caption.text.starts_with("elsewhere.") && caption.title.starts_with("All heads: 3 layers"), "{caption:?}");
}
