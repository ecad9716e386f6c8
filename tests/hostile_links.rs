//! Links of a megabyte: each is read, followed and shown within a second, and what is said of it is short.
#![cfg(feature = "page")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::time::Duration;

use crate::limits;
use headlight::state::link::Link;
use headlight::state::{Effect, Event, LinkEvent, OpenedTrace, StartEvent, State, Theme, TraceEvent, ViewEvent};
use headlight::trace::{AttnKind, Spec, TokenForm, Tokens};

const MEGABYTE: usize = 1 << 20;
const MAX_TIME: Duration = Duration::from_secs(2);

fn numbers(n: usize) -> String {
    (0..n).map(|at| at.to_string()).collect::<Vec<_>>().join(",")
}

fn links() -> Vec<(String, String)> {
    let long = |text: &str| text.repeat(MEGABYTE / text.len());
    let list = |edit: &str| format!("edits=[{}]", vec![edit; MEGABYTE / edit.len()].join(","));
    let link = |name: &str, rest: String| (name.to_owned(), format!("v=1&{rest}"));
    vec![
        link("text", format!("text={}", long("a%20b"))),
        link("pair", format!("text=a&pair={}", long("é"))),
        link("model", format!("model={}&text=a", long("a"))),
        link("model of the Hub", format!("model=o/{}&text=a", long("a"))),
        link("trace", format!("trace=https://example.org/{}", long("a"))),
        link("ids", format!("ids={}", numbers(150_000))),
        link("one id", format!("ids={}", long("9"))),
        link("heads", format!("heads={}", numbers(150_000))),
        link("query", format!("query={}&key={}", numbers(75_000), numbers(75_000))),
        link("hidden layers", format!("hidden_layers={}&hidden_heads={}", numbers(75_000), numbers(75_000))),
        link("layer", format!("layer={}", long("9"))),
        link("unknown parts", long("a=1&")),
        link("parts of one name", long("heads=1&")),
        link("percent signs", long("%")),
        link("ends of text", long("&")),
        link("edits", list(r#"{"kind":"zero_head","layer":0,"head":0}"#)),
        link("edits elsewhere", list(r#"{"kind":"zero_head","layer":4000000000,"head":18446744073709551615}"#)),
        link("edits too large", list(r#"{"kind":"scale","hook":"hook_q","factor":1e39}"#)),
        link(
            "edits of every head",
            format!(r#"edits=[{{"kind":"zero_head","layer":[{0}],"head":[{0}]}}]"#, numbers(75_000)),
        ),
        link("edits nested", format!("edits={}", long("["))),
        link("edits of a hook", format!(r#"edits=[{{"kind":"scale","hook":"{}","factor":2}}]"#, long("q"))),
        link("chat", format!(r#"chat=[{{"role":"{}","content":"a"}}]"#, long("r"))),
        link("chat of many", format!("chat=[{}]", vec![r#"{"role":"user","content":"a"}"#; 30_000].join(","))),
        link("outcome", format!(r#"outcome={{"answer":"{}","other":"b"}}"#, long("a"))),
        link("token", format!("view=stream&token={}", long("a"))),
        link("target", format!("target={}", long("a%0a"))),
        link("letters that stand on each other", format!("text={}&model={}", long("\u{301}"), long("\u{202e}"))),
    ]
}

/// A page with a result of two layers of two heads over three tokens.
fn page() -> State {
    let mut state = State::new("http://host/".to_owned(), Theme::System);
    state.update(Event::Start(StartEvent::Opened));
    state.update(Event::Start(StartEvent::CatalogueCame(Ok(
        r#"[{"id":"small","name":"Small, F32","licence":"MIT","files":[{"name":"a","size":5,"sha256":"00"}]}]"#
            .to_owned(),
    ))));
    state.update(Event::Trace(TraceEvent::FileChosen("t.safetensors".to_owned())));
    let spec = Spec {
        architecture: "gpt2".to_owned(),
        n_layers: 2,
        n_heads: 2,
        n_key_value_heads: 2,
        d_model: 8,
        d_head: 4,
        d_vocab: 5,
        n_ctx: 16,
        ..Spec::default()
    };
    let tokens = Tokens {
        tokens: ["a", "b", "c"].map(str::to_owned).into(),
        ids: vec![0, 1, 2],
        form: TokenForm::Plain,
        offsets: vec![(0, 0); 3],
        special: vec![false; 3],
        segments: Vec::new(),
        type_ids: Vec::new(),
    };
    let opened = OpenedTrace {
        model: Default::default(),
        spec,
        tokens,
        target: None,
        text: "a b c".to_owned(),
        pair: None,
        edits: Vec::new(),
        outcome: None,
        top: Vec::new(),
        place: None,
        held: vec![(AttnKind::ONLY, Default::default())],
        cross_spec: None,
        sinks: Vec::new(),
    };
    let number = state.traces.opening.as_ref().map_or(0, |(number, _)| *number);
    state.update(Event::Trace(TraceEvent::Came { number, opened: Ok(opened) }));
    assert!(state.shown.is_some());
    state
}

#[test]
fn a_link_of_a_megabyte_is_followed_within_a_second_or_two() {
    for (name, link) in links() {
        let mut state = page();
        let began = limits::thread_time();
        let (read, _) = Link::parse(&link);
        let written = read.write();
        assert_eq!(Link::parse(&written).0.write(), written, "{name}");
        let mut effects = state.update(Event::Link(LinkEvent::Came(link)));
        // What follows while somebody looks around.
        effects.extend(state.update(Event::View(ViewEvent::LayersSeen((0, 1)))));
        effects.extend(state.update(Event::NoticeDismissed));
        let time = limits::thread_time() - began;
        let shown: usize = state.linking.notice.iter().map(String::len).sum();
        println!("{name}: {time:?}, {} effects, notice of {shown} bytes", effects.len());
        assert!(time < MAX_TIME, "{name}: {time:?}");
        assert!(shown < 8_000, "{name}: a notice of {shown} bytes");
        assert!(effects.len() < 100, "{name}: {} effects", effects.len());
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::StartWorker)), "{name} loads a model unasked");
    }
}
