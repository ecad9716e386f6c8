//! What a page reads beside files: links, listings of the Hub, the slot of a saved page; and the reducer, fed with events.

use headlight::sources::{Base, Listing, Repo, choices};
use headlight::trace::file::{fill_slot, read_slot};

/// A link's fragment: what was written once is read and written again without a change.
#[cfg(feature = "page")]
pub fn link(data: &[u8]) {
    let Ok(fragment) = std::str::from_utf8(data) else { return };
    let (link, _) = headlight::state::link::Link::parse(fragment);
    let (read, problems) = headlight::state::link::Link::parse(&link.write());
    assert_eq!(problems, Vec::<String>::new(), "nothing of what was written is left out");
    assert_eq!(read.write(), link.write());
}

#[cfg(not(feature = "page"))]
pub fn link(_: &[u8]) {}

pub fn link_seeds() -> Vec<Vec<u8>> {
    [
        "#v=1&model=smollm2&text=Mary%20gave%20John&view=head&layer=3&heads=0,2&query=4&key=1",
        "v=1&model=small&text=a&pair=b&segment=ab&scale=log&theme=dark&edits=%5B%7B%22kind%22%3A%22zero_head%22%2C%22layer%22%3A0%2C%22head%22%3A1%7D%5D",
        "v=1&trace=https://example.org/t.safetensors&view=neuron&layer=0&heads=all&neuron=7",
        "v=1&ids=1,2,3&stack=decoder&attn=cross&hidden_layers=0,5&heads_as=mean&leave_out=special,first",
        "v=2&model=x", "&&=&v", "text=%FF%00%E2%80%8F",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

/// The Hub's answer to a listing, and what files in it make a checkpoint; its first line is what somebody typed as a repository.
pub fn listing(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (typed, json) = text.split_once('\n').unwrap_or(("", text));
    let base = Base::parse(typed).unwrap_or_default();
    if let Ok(repo) = Repo::parse(typed) {
        assert!(!base.listing_url(&repo).contains([' ', '\n']));
    }
    match Listing::parse(&base, json) {
        Ok(listing) => {
            let files: Vec<(String, u64)> = listing.files.into_iter().map(|file| (file.name, file.size)).collect();
            let _ = choices(&files);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub fn listing_seeds() -> Vec<Vec<u8>> {
    let json = r#"{"sha":"0123abcd","tags":["license:mit"],"siblings":[{"rfilename":"config.json","size":700},
        {"rfilename":"model-00001-of-00002.safetensors","size":9,"lfs":{"sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":9}},
        {"rfilename":"model-00002-of-00002.safetensors","size":9},{"rfilename":"model.safetensors.index.json","size":3},
        {"rfilename":"x-Q4_K_M.gguf","size":5},{"rfilename":"tokenizer.json","size":1},{"rfilename":"../up","size":1}]}"#;
    ["org/model", "https://huggingface.co/org/model/tree/main", "http://127.0.0.1:8080/", "gpt2@refs/pr/1", ""]
        .map(|typed| format!("{typed}\n{json}").into_bytes())
        .into()
}

const PAGE: &str = "<script type=\"application/octet-stream;base64\" id=\"headlight-trace\">__TRACE__</script>";

/// The text of a saved page's slot; and any trace and link put into one come back.
pub fn slot(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Err(message) = read_slot(text) {
            assert!(!message.is_empty());
        }
        let page = fill_slot(PAGE, text, data).expect("the page has a slot");
        assert_eq!(page.matches('<').count(), 2, "nothing in the slot is HTML: {page}");
    }
    let page = fill_slot(PAGE, "v=1", data).expect("the page has a slot");
    let (_, rest) = page.split_once("headlight-trace\">").expect("the slot");
    let filled = rest.split_once("</script>").expect("its end").0;
    match read_slot(filled) {
        Ok((link, trace)) => assert_eq!((link, trace.as_slice()), ("v=1", data)),
        Err(_) => assert!(data.is_empty()),
    }
}

pub fn slot_seeds() -> Vec<Vec<u8>> {
    ["Zm9v", "#v=1&layer=2\nZm9v\nYmFy", "__TRACE__", "Zg==", "#", "#</script>\n=", " Zm 9v "]
        .map(|text| text.as_bytes().to_vec())
        .into()
}

/// Events chosen by the input, to the page's reducer.
pub fn reducer(data: &[u8]) {
    #[cfg(feature = "page")]
    super::reducer::reducer(data);
    #[cfg(not(feature = "page"))]
    let _ = data;
}

/// Some hundred choices per input, as many as a page sees that is used for a while.
pub fn reducer_seeds() -> Vec<Vec<u8>> {
    let walk =
        |seed: u32| (0..900u32).map(|at| (at.wrapping_mul(2_654_435_761).wrapping_mul(seed) >> 13) as u8).collect();
    (1..12).map(walk).collect()
}
