//! Servers that behave and others, as scripts.

use super::*;

fn transfer() -> Transfer {
    let origin =
        Origin { host: "hub.test".to_owned(), repo: Some("a/b".to_owned()), page: "https://hub.test/a/b".to_owned() };
    Transfer::new(origin, "model.safetensors", 100, Some("aa".to_owned()))
}

fn whole(etag: &str) -> Answer {
    Answer { status: 200, etag: Some(etag.to_owned()), length: Some(100), ..Answer::default() }
}

fn rest(etag: &str, range: &str) -> Answer {
    Answer { status: 206, etag: Some(etag.to_owned()), range: Some(range.to_owned()), ..Answer::default() }
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_was() {
    let mut transfer = transfer();
    assert_eq!(transfer.ask(), Ask { from: 0, if_range: None });
    assert_eq!(transfer.answered(&whole("\"x\"")), Ok(Go::Restart));
    transfer.got(40).unwrap();
    assert_eq!(transfer.dropped("reset", ""), Ok(250));
    assert_eq!(transfer.ask(), Ask { from: 40, if_range: Some("\"x\"".to_owned()) });
    assert_eq!(transfer.answered(&rest("\"x\"", "bytes 40-99/100")), Ok(Go::Append));
    transfer.got(60).unwrap();
    assert!(transfer.ended());
    assert_eq!(transfer.verified("aa"), Ok(true));
}

#[test]
fn other_contents_begin_anew() {
    for answer in [rest("\"y\"", "bytes 40-99/100"), rest("\"x\"", "bytes 0-99/100")] {
        let mut transfer = transfer();
        assert!(transfer.resume(40, Some("\"x\"".to_owned())));
        assert_eq!(transfer.answered(&answer), Ok(Go::Wait(0)));
        assert_eq!(transfer.ask().from, 0);
    }
    // If-Range did its work: the server sends the whole of the new contents.
    let mut transfer = transfer();
    transfer.resume(40, Some("\"x\"".to_owned()));
    assert_eq!(transfer.answered(&whole("\"y\"")), Ok(Go::Restart));
    assert_eq!((transfer.have(), transfer.etag()), (0, Some("\"y\"")));
    // What was kept is longer than what there is now.
    assert!(transfer.resume(99, Some("\"y\"".to_owned())));
    assert_eq!(transfer.answered(&Answer { status: 416, ..Answer::default() }), Ok(Go::Wait(0)));
    assert_eq!(transfer.have(), 0);
    assert!(!transfer.resume(101, Some("\"y\"".to_owned())));
}

/// A sign-in page has no ETag and ends early; what comes afterwards is the file's.
#[test]
fn bytes_are_continued_only_where_both_etags_are_there_and_equal() {
    for (first, then) in [(None, Some("\"x\"")), (Some("\"x\""), None), (None, None), (Some("\"x\""), Some("\"y\""))] {
        // Without a SHA-256 nothing else would tell the mixture from the file.
        let mut one = Transfer::new(Origin::default(), "tokenizer.json", 100, None);
        let first_answer = Answer { etag: first.map(str::to_owned), ..whole("") };
        assert_eq!(one.answered(&first_answer), Ok(Go::Restart));
        one.got(40).unwrap();
        one.dropped("it ended early", "").unwrap();
        let ask = one.ask();
        assert_eq!(ask.from, if first.is_some() { 40 } else { 0 }, "{first:?} {then:?}");
        let then_answer = Answer { etag: then.map(str::to_owned), ..rest("", "bytes 40-99/100") };
        assert_eq!(one.answered(&then_answer), Ok(Go::Wait(0)), "{first:?} {then:?}");
        assert_eq!((one.have(), one.ask()), (0, Ask { from: 0, if_range: None }));
    }
    // Of an earlier visit.
    let mut kept = transfer();
    assert!(!kept.resume(40, None), "it is not known whose bytes they are");
    assert_eq!((kept.have(), kept.ask().from), (0, 0));
}

/// A web page in the place of a file does not belong to the file, whatever its length.
#[test]
fn a_web_page_is_refused_by_name_and_what_is_held_stays() {
    for status in [200, 206] {
        let mut one = transfer();
        one.resume(40, Some("\"x\"".to_owned()));
        let page = Answer { status, is_page: true, etag: Some("\"x\"".to_owned()), ..Answer::default() };
        let error = one.answered(&page).unwrap_err().to_string();
        assert!(error.starts_with("model.safetensors: hub.test answers with a web page"), "{error}");
        assert_eq!((one.have(), one.etag()), (40, Some("\"x\"")), "what came before can be continued");
    }
    let mut readme = Transfer::new(Origin::default(), "index.html", 100, None);
    assert_eq!(readme.answered(&Answer { is_page: true, ..whole("\"x\"") }), Ok(Go::Restart));
    for (kind, expected) in
        [("text/html", true), ("Text/HTML; charset=utf-8", true), ("application/json", false), ("text/plain", false)]
    {
        assert_eq!(is_page(kind), expected, "{kind}");
    }
}

#[test]
fn the_host_of_a_file_is_that_of_its_address() {
    for (url, host) in [
        ("https://a.test:8080/models/config.json?v=1", "a.test:8080"),
        ("http://localhost", "localhost"),
        ("config.json", ""),
    ] {
        assert_eq!(Origin::of_url(url).host, host, "{url}");
    }
}

#[test]
fn a_weak_etag_is_compared_and_not_sent() {
    let mut transfer = transfer();
    transfer.resume(40, Some("W/\"x\"".to_owned()));
    assert_eq!(transfer.ask(), Ask { from: 40, if_range: None });
    assert_eq!(transfer.answered(&rest("\"x\"", "bytes 40-99/100")), Ok(Go::Append));
}

/// Without a SHA-256 the ETags alone say whether two answers are of one file.
#[test]
fn without_a_digest_only_equal_strong_etags_are_continued() {
    let etags =
        [None, Some(""), Some("\"\""), Some("W/\"x\""), Some("\"x\""), Some("\"y\""), Some("x"), Some("w/\"x\"")];
    for ours in etags {
        for theirs in etags {
            let mut transfer = Transfer::new(Origin::default(), "config.json", 100, None);
            let first = Answer { status: 200, etag: ours.map(str::to_owned), length: Some(100), ..Answer::default() };
            assert_eq!(transfer.answered(&first), Ok(Go::Restart));
            transfer.got(40).unwrap();
            transfer.dropped("reset", "").unwrap();
            if transfer.ask().from == 0 {
                assert!(ours.is_none(), "{ours:?}");
                continue;
            }
            let range = Some("bytes 40-99/100".to_owned());
            let rest = Answer { status: 206, etag: theirs.map(str::to_owned), range, ..Answer::default() };
            let is_same = ours == theirs && ["\"x\"", "\"y\"", "x", "w/\"x\""].map(Some).contains(&ours);
            let expected = if is_same { Go::Append } else { Go::Wait(0) };
            assert_eq!(transfer.answered(&rest), Ok(expected), "{ours:?} and {theirs:?}");
            assert_eq!(transfer.have(), if is_same { 40 } else { 0 });
        }
    }
}

#[test]
fn what_was_kept_may_have_been_spoilt() {
    let mut transfer = transfer();
    transfer.resume(40, Some("\"x\"".to_owned()));
    transfer.answered(&rest("\"x\"", "bytes 40-99/100")).unwrap();
    transfer.got(60).unwrap();
    assert_eq!(transfer.verified("bb"), Ok(false), "once more, from the start");
    assert_eq!(transfer.ask().from, 0);
    transfer.answered(&whole("\"x\"")).unwrap();
    transfer.got(100).unwrap();
    assert!(matches!(transfer.verified("bb"), Err(SourceError::Digest { .. })));
}

#[test]
fn wrong_lengths_are_refused() {
    let mut one = transfer();
    let found = |error: SourceError| match error {
        SourceError::Length { expected: 100, found, .. } => found,
        other => panic!("{other}"),
    };
    assert_eq!(found(one.answered(&Answer { length: Some(120), ..whole("\"x\"") }).unwrap_err()), 120);
    one.answered(&Answer { length: None, ..whole("\"x\"") }).unwrap();
    assert_eq!(found(one.got(101).unwrap_err()), 101);
    one = transfer();
    one.resume(40, Some("\"x\"".to_owned()));
    assert_eq!(found(one.answered(&rest("\"x\"", "bytes 40-89/90")).unwrap_err()), 90);
    one = transfer();
    let short = Answer { length: Some(90), is_exact: true, ..whole("\"x\"") };
    assert_eq!(found(one.answered(&short).unwrap_err()), 90);
    one.resume(95, Some("\"x\"".to_owned()));
    let beyond = Answer { status: 416, range: Some("bytes */90".to_owned()), ..Answer::default() };
    assert_eq!(found(one.answered(&beyond).unwrap_err()), 90);
    // Too short is not wrong yet where the length may be of something compressed: the rest is asked for, and a server that has no more is found out by its breaks.
    one = transfer();
    one.answered(&whole("\"x\"")).unwrap();
    one.got(90).unwrap();
    assert!(!one.ended());
}

#[test]
fn a_server_that_never_gets_further_is_given_up() {
    let mut transfer = transfer();
    for n_breaks in 1.. {
        assert!(n_breaks < 20, "it goes on for ever");
        let answer = Answer { status: if transfer.have() > 0 { 416 } else { 200 }, ..Answer::default() };
        if transfer.answered(&answer).unwrap() == Go::Restart {
            transfer.got(90).unwrap();
            if transfer.dropped("it ended early", "").is_err() {
                break;
            }
        }
    }
}

#[test]
fn breaks_are_counted_until_a_byte_comes() {
    let mut transfer = transfer();
    for wait_ms in [250, 500, 1_000, 2_000] {
        assert_eq!(transfer.dropped("refused", "Check."), Ok(wait_ms));
    }
    let error = transfer.dropped("refused", "Check the connection.").unwrap_err().to_string();
    assert_eq!(error, "hub.test cannot be reached (refused). Check the connection.");
    transfer.answered(&whole("\"x\"")).unwrap();
    transfer.got(1).unwrap();
    for _ in 0..4 {
        transfer.dropped("reset", "").unwrap();
    }
    let error = transfer.dropped("reset", "").unwrap_err().to_string();
    assert!(error.contains("broke off 5 times (reset)") && error.contains("go on from there"), "{error}");
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for_within_reason() {
    let limited = |retry_after_s| Answer { status: 429, retry_after_s, ..Answer::default() };
    let mut one = transfer();
    for wait_ms in [1_000, 2_000, 4_000] {
        assert_eq!(one.answered(&limited(None)), Ok(Go::Wait(wait_ms)));
    }
    assert!(matches!(one.answered(&limited(None)), Err(SourceError::RateLimit { wait_s: None, .. })));
    one = transfer();
    assert_eq!(one.answered(&limited(Some(7))), Ok(Go::Wait(7_000)));
    assert!(matches!(one.answered(&limited(Some(3_600))), Err(SourceError::RateLimit { wait_s: Some(3_600), .. })));
    one = transfer();
    assert_eq!(one.answered(&Answer { status: 503, ..Answer::default() }), Ok(Go::Wait(1_000)));
}

#[test]
fn refusals_are_final() {
    for (status, expected) in
        [(401, "a/b is gated"), (403, "a/b is gated"), (404, "not there any more"), (418, "answers 418")]
    {
        let error = transfer().answered(&Answer { status, ..Answer::default() }).unwrap_err().to_string();
        assert!(error.contains(expected), "{status}: {error}");
    }
    let mut bundled = Transfer::new(Origin::default(), "config.json", 9, None);
    let error = bundled.answered(&Answer { status: 404, ..Answer::default() }).unwrap_err().to_string();
    assert_eq!(error, "config.json: the server answers 404");
}

#[test]
fn ranges() {
    assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
    assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
    for text in ["", "bytes */10", "items 1-2/3", "bytes 5"] {
        assert_eq!(content_range(text), None, "{text}");
    }
}
