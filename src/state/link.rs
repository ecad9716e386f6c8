//! The state as a URL fragment: `v=1&model=…&text=…&view=head&layer=2&heads=9&query=3`.
//!
//! Written so that a person can read it and any reader of query strings can decode it: a space is `%20`. Read with the
//! rules of forms, so that `+` is a space too. What is unknown or broken is left out and named. Imports nothing of ours
//! but `edit`, `selection` and `options`; how things are drawn is in `link_options`.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::link_options::LinkedOptions;
use super::options::{SegmentFilter, Theme};
use super::selection::View;
use super::wording::shortened;
use crate::edit;

/// Version of the fragment.
const VERSION: &str = "1";

/// Longest fragment that is written, in bytes: longer ones are cut off by programs that pass links on.
pub const MAX_BYTES: usize = 8 << 10;

/// What is encoded: what ends a fragment's part or a link in a text, and what would be read as something else.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'`')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'{')
    .add(b'}');

/// What a link says; what it leaves out is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Id of the model in the catalogue.
    pub model: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The second text.
    pub pair: Option<String>,
    /// The token ids, instead of a text.
    pub ids: Option<Vec<u32>>,
    /// At which scale.
    pub view: Option<View>,
    /// Which layer.
    pub layer: Option<usize>,
    /// Which heads.
    pub heads: Option<Heads>,
    /// Chosen query tokens.
    pub queries: BTreeSet<usize>,
    /// Chosen key tokens.
    pub keys: BTreeSet<usize>,
    /// The pinned neuron.
    pub neuron: Option<usize>,
    /// The trace, instead of a model and a text.
    pub trace: Option<TracePlace>,
    /// How things are drawn.
    pub drawn: LinkedOptions,
    /// Which part of a pair.
    pub segment: Option<SegmentFilter>,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// The edits, as minified JSON (FORMATS).
    pub edits: Option<String>,
}

/// Where a trace is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracePlace {
    /// Under a URL, absolute or relative to the page.
    Url(String),
    /// On somebody's disk: its name.
    File(String),
}

impl TracePlace {
    /// What it is called on the page.
    pub fn name(&self) -> &str {
        match self {
            TracePlace::Url(url) => url.rsplit('/').find(|part| !part.is_empty()).unwrap_or(url),
            TracePlace::File(name) => name,
        }
    }

    /// `file:` and a name, or a URL.
    fn read(value: &str) -> Self {
        match value.strip_prefix("file:") {
            Some(name) => TracePlace::File(name.to_owned()),
            None => TracePlace::Url(value.to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            TracePlace::Url(url) => url.clone(),
            TracePlace::File(name) => format!("file:{name}"),
        }
    }
}

/// Heads of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heads {
    /// All there are.
    All,
    /// These.
    These(BTreeSet<usize>),
}

/// Names that the format defines and that nothing here follows yet.
const RESERVED: [&str; 3] = ["target", "stack", "attn"];

impl Link {
    /// Reads a fragment, with or without its `#`. Also says, each a clause, what of it was left out.
    pub fn parse(fragment: &str) -> (Self, Vec<String>) {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (mut link, mut problems) = (Self::default(), Vec::new());
        let pairs: Vec<_> = form_urlencoded::parse(fragment.as_bytes()).collect();
        if let Some((_, version)) = pairs.iter().find(|(name, version)| name == "v" && version != VERSION) {
            problems.push(format!("it is of version {version}, and this page reads version {VERSION}"));
            return (link, problems);
        }
        for (name, value) in pairs.iter().filter(|(name, value)| !(name.is_empty() && value.is_empty())) {
            if let Err(problem) = link.set(name, value) {
                problems.push(problem);
            }
        }
        (link, problems)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let broken = |expected: &str| Err(format!("{name}={} is not {expected}", shortened(value)));
        if let Some(drawn) = self.drawn.set(name, value) {
            return drawn.or_else(broken);
        }
        match name {
            "v" => {}
            "model" => self.model = Some(value.to_owned()),
            "text" => self.text = Some(value.to_owned()),
            "pair" => self.pair = Some(value.to_owned()),
            "trace" if value.is_empty() => return broken("a file"),
            "trace" => self.trace = Some(TracePlace::read(value)),
            "ids" => match numbers(value) {
                Some(ids) => self.ids = Some(ids),
                None => return broken("a list of token ids"),
            },
            "view" => match View::EACH.into_iter().find(|view| view.name() == value) {
                Some(view) => self.view = Some(view),
                None => return broken("model, head or neuron"),
            },
            "layer" => match value.parse() {
                Ok(layer) => self.layer = Some(layer),
                Err(_) => return broken("a layer’s number"),
            },
            "heads" if value == "all" => self.heads = Some(Heads::All),
            "heads" => match numbers(value) {
                Some(heads) => self.heads = Some(Heads::These(heads.into_iter().collect())),
                None => return broken("a list of heads"),
            },
            "query" | "key" => match numbers(value) {
                Some(positions) if name == "query" => self.queries = positions.into_iter().collect(),
                Some(positions) => self.keys = positions.into_iter().collect(),
                None => return broken("a list of token positions"),
            },
            "neuron" => match value.parse() {
                Ok(neuron) => self.neuron = Some(neuron),
                Err(_) => return broken("a neuron’s number"),
            },
            "segment" => match SegmentFilter::EACH.into_iter().find(|segment| segment_name(*segment) == value) {
                Some(segment) => self.segment = Some(segment),
                None => return broken("all, aa, ab, ba or bb"),
            },
            "theme" => match Theme::from_name(value) {
                Some(theme) => self.theme = Some(theme),
                None => return broken("system, light or dark"),
            },
            "edits" => match edit::parse_list(value) {
                Ok(edits) => self.edits = serde_json::to_string(&edits).ok().filter(|_| !edits.is_empty()),
                Err(error) => return Err(format!("edits: {error}")),
            },
            _ if RESERVED.contains(&name) => return Err(format!("{name} is not followed by this version")),
            _ => return Err(format!("{} is unknown", shortened(name))),
        }
        Ok(())
    }

    /// The fragment, without its `#`.
    pub fn write(&self) -> String {
        let mut fragment = format!("v={VERSION}");
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                fragment.push('&');
                fragment.push_str(name);
                fragment.push('=');
                fragment.extend(utf8_percent_encode(&value, ENCODED));
            }
        };
        put("model", self.model.clone());
        put("text", self.text.clone());
        put("pair", self.pair.clone().filter(|pair| !pair.is_empty()));
        put("ids", self.ids.as_ref().map(list));
        put("trace", self.trace.as_ref().map(TracePlace::write));
        put("view", self.view.map(|view| view.name().to_owned()));
        put("layer", self.layer.map(|layer| layer.to_string()));
        put("heads", self.heads.as_ref().map(Heads::write));
        put("query", (!self.queries.is_empty()).then(|| list(&self.queries)));
        put("key", (!self.keys.is_empty()).then(|| list(&self.keys)));
        put("neuron", self.neuron.map(|neuron| neuron.to_string()));
        let segment = self.segment.filter(|segment| *segment != SegmentFilter::All);
        put("segment", segment.map(|segment| segment_name(segment).to_owned()));
        self.drawn.write(&mut put);
        put("theme", self.theme.filter(|theme| *theme != Theme::System).map(|theme| theme.name().to_owned()));
        put("edits", self.edits.clone());
        fragment
    }
}

impl Heads {
    fn write(&self) -> String {
        match self {
            Heads::All => "all".to_owned(),
            Heads::These(heads) => list(heads),
        }
    }
}

fn segment_name(segment: SegmentFilter) -> &'static str {
    match segment {
        SegmentFilter::All => "all",
        SegmentFilter::Aa => "aa",
        SegmentFilter::Ab => "ab",
        SegmentFilter::Ba => "ba",
        SegmentFilter::Bb => "bb",
    }
}

/// "3,5,8"; `None` when one of them is no number.
pub(super) fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}

/// "3,5,8".
pub(super) fn list<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full() -> Link {
        Link {
            model: Some("all-MiniLM-L6-v2".to_owned()),
            text: Some("The cat sat, on 100% of the mat & more = #1 + 2".to_owned()),
            pair: Some("“Привет” — שלום 🐈\n{}".to_owned()),
            ids: None,
            view: Some(View::Neuron),
            layer: Some(2),
            heads: Some(Heads::These([0, 9].into())),
            queries: [2].into(),
            keys: [5, 9].into(),
            neuron: Some(17),
            trace: None,
            drawn: LinkedOptions::default(),
            segment: Some(SegmentFilter::Ab),
            theme: Some(Theme::Dark),
            edits: None,
        }
    }

    #[test]
    fn edits_come_back() {
        let edits =
            r#"[{"head":3,"kind":"zero_head","layer":23},{"key":1,"kind":"block_token","layer":"all","on":false}]"#;
        let link = Link { edits: Some(edits.to_owned()), ..full() };
        assert_eq!(Link::parse(&link.write()), (link, vec![]));
        let (link, problems) = Link::parse("edits=[{\"kind\":\"zap\"}]&text=kept");
        assert!(link.edits.is_none() && problems[0].contains("edit 1: unknown variant `zap`"), "{problems:?}");
    }

    #[test]
    fn a_link_is_read_as_it_was_written() {
        let written = full().write();
        assert_eq!(Link::parse(&written), (full(), vec![]));
        assert_eq!(Link::parse(&format!("#{written}")), (full(), vec![]));
        assert!(written.is_ascii() && !written.contains([' ', '"', '#', '<', '>', '\n']), "{written}");
        assert!(
            written.starts_with("v=1&model=all-MiniLM-L6-v2&text=The%20cat%20sat,%20on%20100%25%20of"),
            "{written}"
        );
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
    fn what_is_broken_is_left_out_and_named() {
        let table = [
            ("layer=two", "layer=two is not"),
            ("layer=-1", "layer=-1 is not"),
            ("heads=1,x", "heads=1,x is not"),
            ("query=", "query= is not"),
            ("view=grid", "model, head or neuron"),
            ("neuron=1.5", "neuron=1.5 is not"),
            ("segment=cc", "all, aa, ab"),
            ("theme=red", "system, light"),
            ("ids=1;2", "token ids"),
            ("colour=red", "colour is unknown"),
            ("stack=encoder", "stack is not followed"),
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
}
