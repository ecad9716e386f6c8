//! Links as they are written and read.

use proptest::prelude::*;

use super::*;

fn full() -> Link {
    Link {
        model: Some("all-MiniLM-L6-v2".to_owned()),
        text: Some("The cat sat, on 100% of the mat & more = #1 + 2".to_owned()),
        pair: Some("“Привет” — שלום 🐈\n{}".to_owned()),
        target: None,
        ids: None,
        messages: None,
        adds_prompt: None,
        view: Some(View::Neuron),
        stack: None,
        attn: None,
        layer: Some(2),
        heads: Some(Heads::These([0, 9].into())),
        queries: [2].into(),
        keys: [5, 9].into(),
        neuron: Some(17),
        trace: None,
        drawn: LinkedOptions::default(),
        segment: Some(SegmentFilter::Ab),
        theme: Some(Theme::Dark),
        set: LinkedSet::default(),
        edits: Vec::new(),
        outcome: None,
    }
}

#[test]
fn a_target_and_an_attention_come_back() {
    let link = Link {
        target: Some("Die Katze, 2 & 3".to_owned()),
        stack: Some(Stack::Decoder),
        attn: Some(Attn::Cross),
        ..full()
    };
    assert_eq!(Link::parse(&link.write()), (link.clone(), vec![]));
    assert!(link.write().contains("&target=Die%20Katze,%202%20%26%203&view=neuron&stack=decoder&attn=cross&layer"));
    let kind = |fragment: &str| Link::parse(fragment).0.kind();
    assert_eq!(kind("stack=decoder"), AttnKind::DECODER);
    assert_eq!(kind("attn=cross"), AttnKind::CROSS);
    assert_eq!(kind("stack=encoder&attn=self"), AttnKind::ENCODER);
}

#[test]
fn outcomes_come_back() {
    let by_id = crate::protocol::OutcomeToken { text: "##ing".to_owned(), id: Some(7) };
    let others = vec![" John".into(), by_id];
    let outcome = OutcomeAsked::Tokens { answer: " Mary".into(), others, position: Some(13) };
    let link = Link { outcome: Some(outcome), ..full() };
    assert_eq!(Link::parse(&link.write()), (link, vec![]));
    let (link, problems) = Link::parse("outcome={\"kind\":\"beauty\"}&text=kept");
    assert!(link.outcome.is_none() && problems[0].starts_with("outcome: `beauty`"), "{problems:?}");
}

#[test]
fn a_conversation_comes_back() {
    let messages = vec![ChatMessage::new("system", "Be \"brief\" & kind.\n"), ChatMessage::new("user", "你好 + 1")];
    let link = Link { messages: Some(messages.clone()), adds_prompt: Some(false), ..Link::default() };
    let written = link.write();
    assert!(written.starts_with("v=1&chat=[%7B%22role%22:%22system%22,%22content%22:"), "{written}");
    assert!(written.ends_with("&prompt=0"), "{written}");
    assert_eq!(Link::parse(&written), (link, vec![]));
    let with_prompt = Link { messages: Some(messages.clone()), adds_prompt: Some(true), ..Link::default() };
    assert!(!with_prompt.write().contains("prompt"));
    let read = Link::parse(&with_prompt.write()).0;
    assert_eq!(read.chat(), Some(Chat { messages, adds_prompt: true }));
    let (_, problems) = Link::parse("chat=[{\"role\":\"user\"}]&prompt=maybe");
    assert!(problems[0].contains("chat: message 1: missing field `content`"), "{problems:?}");
    assert!(problems[1].contains("prompt=maybe is not 0 or 1"), "{problems:?}");
}

#[test]
fn edits_come_back() {
    let edits = r#"[{"head":3,"kind":"zero_head","layer":23},{"key":1,"kind":"block_token","layer":"all","on":false}]"#;
    let link = Link { edits: edit::parse_list(edits).unwrap(), ..full() };
    assert_eq!(edit::list_to_json(&link.edits), edits);
    assert_eq!(Link::parse(&link.write()), (link, vec![]));
    let (link, problems) = Link::parse("edits=[{\"kind\":\"zap\"}]&text=kept");
    assert!(link.edits.is_empty() && problems[0].contains("edit 1: unknown variant `zap`"), "{problems:?}");
}

#[test]
fn a_link_is_read_as_it_was_written() {
    let written = full().write();
    assert_eq!(Link::parse(&written), (full(), vec![]));
    assert_eq!(Link::parse(&format!("#{written}")), (full(), vec![]));
    assert!(written.is_ascii() && !written.contains([' ', '"', '#', '<', '>', '\n']), "{written}");
    assert!(written.starts_with("v=1&model=all-MiniLM-L6-v2&text=The%20cat%20sat,%20on%20100%25%20of"), "{written}");
    assert!(written.ends_with("view=neuron&layer=2&heads=0,9&query=2&key=5,9&neuron=17&segment=ab&theme=dark"));
    let all = Link { heads: Some(Heads::All), ids: Some(vec![1, 2]), ..Link::default() };
    assert_eq!(all.write(), "v=1&ids=1,2&heads=all");
    assert_eq!(Link::parse(&all.write()), (all, vec![]));
    assert_eq!(Link::parse(""), (Link::default(), vec![]));
    for (place, part) in [
        (TracePlace::Url("https://host/a b.safetensors".to_owned()), "trace=https://host/a%20b.safetensors"),
        (TracePlace::Url("traces/cat.safetensors".to_owned()), "trace=traces/cat.safetensors"),
        (TracePlace::File("cat.safetensors".to_owned()), "trace=file:cat.safetensors"),
    ] {
        let link = Link { trace: Some(place), ..Link::default() };
        assert_eq!(link.write(), format!("v=1&{part}"));
        assert_eq!(Link::parse(&link.write()), (link, vec![]));
    }
}

#[test]
fn what_others_write_is_read() {
    // As encodeURIComponent and as URLSearchParams write it.
    for fragment in ["v=1&text=a%20b%2Bc%26d&heads=1%2C2", "v=1&text=a+b%2Bc%26d&heads=1%2C2"] {
        let (link, problems) = Link::parse(fragment);
        assert_eq!(link.text.as_deref(), Some("a b+c&d"), "{fragment}");
        assert_eq!(link.heads, Some(Heads::These([1, 2].into())));
        assert!(problems.is_empty());
    }
}

#[test]
fn a_link_in_the_query_is_read_and_other_queries_are_not() {
    let table =
        [("?v=1&text=a", Some("v=1&text=a")), ("?text=a&v=1", Some("text=a&v=1")), ("?text=a", None), ("", None)];
    for (query, expected) in table {
        assert_eq!(in_query(query), expected, "{query}");
    }
}

#[test]
fn what_is_broken_is_left_out_and_named() {
    let table = [
        ("layer=two", "layer=two is not"),
        ("layer=-1", "layer=-1 is not"),
        ("heads=1,x", "heads=1,x is not"),
        ("query=", "query= is not"),
        ("view=grid", "model, head, neuron, stream or find"),
        ("neuron=1.5", "neuron=1.5 is not"),
        ("segment=cc", "all, aa, ab"),
        ("theme=red", "system, light"),
        ("ids=1;2", "token ids"),
        ("colour=red", "colour is unknown"),
        ("stack=middle", "encoder or decoder"),
        ("attn=other", "self or cross"),
        ("scale=cubic", "scale=cubic is not linear or log"),
        ("trace=", "trace= is not a file"),
        ("v=2", "version 2"),
    ];
    for (part, expected) in table {
        let (link, problems) = Link::parse(&format!("{part}&text=kept"));
        assert!(problems.len() == 1 && problems[0].contains(expected), "{part}: {problems:?}");
        assert_eq!(link.text.is_some(), part != "v=2", "{part}");
    }
    let (_, problems) = Link::parse(&format!("layer={}", "9".repeat(500)));
    assert!(problems[0].len() < 80, "{problems:?}");
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_comes_back(text in ".*", pair in ".+", keys in proptest::collection::btree_set(0..5_000_usize, 0..5)) {
        let link = Link { text: Some(text), pair: Some(pair), keys, ..Link::default() };
        prop_assert_eq!(Link::parse(&link.write()), (link, vec![]));
    }

    #[test]
    fn nothing_panics(fragment in ".*") {
        Link::parse(&fragment);
    }
}
