//! Traces say which model made them and under which edits, and are run in that model where it is here.

use super::traces::{file, open};
use super::*;
use crate::trace::file::ModelName;

fn made_by(name: &str, sha256: Option<&str>) -> OpenedTrace {
    let quantisation = Some("Q4_1".to_owned());
    let model = ModelName { name: name.to_owned(), sha256: sha256.map(str::to_owned), quantisation, revision: None };
    OpenedTrace { model, ..file("cat.safetensors") }
}

#[test]
fn a_trace_is_run_in_the_model_that_made_it() {
    // By name, and by digest whatever it is called.
    for trace in [made_by("Large", None), made_by("renamed", Some("11"))] {
        let mut page = Page::with_result();
        open(&mut page, trace);
        assert_eq!(page.state.trace_model(), Some(TraceModel::Here(1)));
        page.event(Event::Entry(EntryEvent::TextEdited("something else".to_owned())));
        page.event(Event::Work(WorkEvent::TraceRunAsked));
        assert_eq!(page.state.picked_model, 1);
        page.ready();
        let request = page.last_request();
        page.says(FromWorker::Loaded { request, model: model(30, 9) });
        let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
        assert_eq!(inputs, [pair("a", "b", false)], "what the trace read, not what was typed since");
    }
}

#[test]
fn a_model_that_is_not_here_is_named() {
    let mut page = Page::with_result();
    open(&mut page, made_by("Large", Some("abcdef0123456789")));
    let expected = "Large, Q4_1 (weights abcdef012345)".to_owned();
    assert_eq!(page.state.trace_model(), Some(TraceModel::Elsewhere(expected)), "other weights under the same name");
    page.event(Event::Work(WorkEvent::TraceRunAsked));
    assert_eq!(page.state.picked_model, 0, "the picked one reads its text");
    open(&mut page, OpenedTrace { model: ModelName::default(), ..file("cat.safetensors") });
    assert_eq!(page.state.trace_model(), Some(TraceModel::Unknown));
    let page = Page::with_result();
    assert_eq!(page.state.trace_model(), None, "a run is no trace");
}

#[test]
fn edits_of_a_trace_are_listed_by_name() {
    let mut page = Page::with_result();
    let edits = serde_json::from_str(r#"[{"kind":"zero_head","layer":1,"head":2},{"kind":"of a later version"}]"#);
    open(&mut page, OpenedTrace { edits: edits.unwrap(), ..file("cat.safetensors") });
    assert_eq!(page.state.trace_edits(), ["Zero L1H2", r#"{"kind":"of a later version"}"#]);
    let caption = page.state.caption(View::Head, "").unwrap();
    assert!(caption.text.contains("zero_head"), "figures say it too: {}", caption.text);
    let page = Page::with_result();
    assert!(page.state.trace_edits().is_empty());
}
