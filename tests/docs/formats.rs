//! docs/formats.md lists hooks, the fields of traces, the parts of links and the options of the command line as the
//! program has them.

use std::collections::BTreeSet;
use std::process::Command;

use headlight::trace::file::{FORMAT, ModelName, RowSums, TraceMetadata};
use headlight::trace::spec::{NormPlacement, Positions};
use headlight::trace::{Axis, BlockSite, Hook, Spec, TokenForm};

use super::pages::{quoted, read, rows, section};

fn table(heading: &str) -> Vec<Vec<String>> {
    rows(&section(&read("docs/formats.md"), heading))
}

/// The names in the first column of the tables under a heading.
fn first_column(heading: &str) -> BTreeSet<String> {
    table(heading).iter().flat_map(|row| quoted(&row[0])).collect()
}

fn word(axis: &Axis) -> &'static str {
    match axis {
        Axis::Pos => "pos",
        Axis::QueryPos => "query_pos",
        Axis::KeyPos => "key_pos",
        Axis::SourcePos => "source_pos",
        Axis::Head => "head",
        Axis::KeyValueHead => "key_value_head",
        Axis::DHead => "d_head",
        Axis::DModel => "d_model",
        Axis::DEmbed => "d_embed",
        Axis::DMlp => "d_mlp",
        Axis::Expert => "expert",
        Axis::Chosen => "n_experts_per_token",
    }
}

/// Every hook with its shape, in the order in which a run passes through them.
fn hooks() -> Vec<[String; 2]> {
    // A model that has every hook outside its blocks.
    let spec = Spec {
        n_layers: 1,
        positions: Positions::Learned,
        n_token_types: 2,
        embed_norm: true,
        norm_placement: NormPlacement::Pre,
        ..Spec::default()
    };
    let shape = |axes: &[Axis]| format!("`[{}]`", axes.iter().map(word).collect::<Vec<_>>().join(", "));
    let mut hooks: Vec<[String; 2]> = Vec::new();
    let mut blocks_are_there = false;
    for hook in Hook::all(&spec) {
        match hook {
            Hook::Block(..) if blocks_are_there => {}
            Hook::Block(..) => {
                blocks_are_there = true;
                hooks.extend(BlockSite::all().map(|site| [format!("`blocks.l.{}`", site.name()), shape(site.axes())]));
            }
            Hook::Embed | Hook::PosEmbed | Hook::TokenTypeEmbed | Hook::FullEmbed | Hook::LnFinal => {
                hooks.push([format!("`{hook}`"), shape(hook.axes())]);
            }
        }
    }
    hooks
}

#[test]
fn the_table_of_hooks_is_the_programs() {
    let documented: Vec<[String; 2]> = table("Hooks").into_iter().map(|row| [row[0].clone(), row[1].clone()]).collect();
    assert_eq!(documented, hooks());
}

#[test]
fn every_field_of_the_metadata_is_there() {
    // Written out, so that a new field does not compile before it is documented.
    let metadata = TraceMetadata {
        format: FORMAT,
        tokens: vec!["a".to_owned()],
        token_form: TokenForm::Plain,
        added_tokens: vec!["a".to_owned()],
        decoder_tokens: Some(Vec::new()),
        segments: vec![0],
        text: Some(String::new()),
        text_pair: Some(String::new()),
        model: Some(ModelName::default()),
        spec: Some(Spec::default()),
        edits: vec![serde_json::json!({})],
        lens_tokens: Some(serde_json::json!({})),
        outcome: Some(serde_json::json!({})),
        row_sums: Some(RowSums::Sinks),
    };
    let written = serde_json::to_value(&metadata).unwrap();
    let known: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(first_column("Metadata"), known);
    for row in table("Metadata") {
        let mut without = written.clone();
        without.as_object_mut().unwrap().remove(&quoted(&row[0])[0]);
        let is_required = TraceMetadata::from_json("t", &without.to_string()).is_err();
        assert_eq!(row[1] == "yes", is_required, "{row:?}");
    }
}

#[test]
fn every_field_of_the_models_structure_is_there() {
    let written = serde_json::to_value(Spec::default()).unwrap();
    let known: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(first_column("The model's structure"), known);
}

/// The options in the help of a command.
fn options(command: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_headlight")).args([command, "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let options = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
    options.filter(|option| *option != "--help").map(str::to_owned).collect()
}

#[test]
fn every_option_of_the_command_line_is_there() {
    let page = read("docs/formats.md");
    let whole = section(&page, "Command line");
    let (shared, _) = whole.split_once("### ").unwrap();
    let names = |text: &str| -> BTreeSet<String> { rows(text).iter().flat_map(|row| quoted(&row[0])).collect() };
    for command in ["trace", "sweep", "generate", "lens", "attribute", "flow"] {
        let own = names(&section(&page, &format!("headlight {command}")));
        let documented: BTreeSet<String> = names(shared).union(&own).cloned().collect();
        assert_eq!(documented, options(command), "headlight {command}");
    }
    // What reads a set instead of a text has the options about models and edits alone.
    for command in ["find", "atlas"] {
        let (own, offered) = (names(&section(&page, &format!("headlight {command}"))), options(command));
        let documented: BTreeSet<String> = names(shared).intersection(&offered).chain(&own).cloned().collect();
        assert_eq!(documented, offered, "headlight {command}");
    }
}

#[cfg(feature = "views")]
mod links {
    use std::collections::BTreeSet;

    use headlight::edit::parse_list;
    use headlight::protocol::{OutcomeAsked, Quantity, Reduce};
    use headlight::state::link::{Heads, Link, LinkedSet};
    use headlight::state::link_options::LinkedOptions;
    use headlight::state::scales::options::{CellNumber, CellStyle, MapOptions, NeuronOptions, NeuronOrder};
    use headlight::state::stream::options::{StreamNumber, StreamOptions};
    use headlight::state::{
        Arrangement, Display, Drawing, MattersChoice, Ranked, SegmentFilter, Theme, TracePlace, View,
    };
    use headlight::trace::{Attn, ChatMessage, Stack};

    use super::first_column;

    /// A link with every part. Written out, so that a new part does not compile before it is documented.
    fn full() -> Link {
        let text = || Some("a".to_owned());
        Link {
            model: text(),
            text: text(),
            pair: text(),
            target: text(),
            ids: Some(vec![1]),
            messages: Some(vec![ChatMessage::new("user", "a")]),
            adds_prompt: Some(false),
            view: Some(View::Head),
            stack: Some(Stack::Decoder),
            attn: Some(Attn::Cross),
            layer: Some(0),
            heads: Some(Heads::All),
            queries: [0].into(),
            keys: [0].into(),
            neuron: Some(0),
            trace: Some(TracePlace::File("a".to_owned())),
            drawn: LinkedOptions {
                display: Display {
                    quantity: Quantity::Norms,
                    drawing: Drawing::Matrix,
                    arrangement: Arrangement::SideBySide,
                    is_log: true,
                    is_per_row: true,
                    min_weight_thousandths: 1,
                    leaves_out_special: true,
                    leaves_out_first: true,
                    joins_words: true,
                },
                beside: Some(View::Neuron),
                map: MapOptions {
                    style: CellStyle::Lines,
                    reduce: Reduce::Mean,
                    number: CellNumber::Strongest,
                    is_sorted: true,
                    hidden_layers: [0].into(),
                    hidden_heads: [0].into(),
                },
                neuron: NeuronOptions { order: NeuronOrder::Pair, is_plain: true, shows_keys: true },
                stream: StreamOptions { number: StreamNumber::Entropy, is_first_on_top: true, token: "a".to_owned() },
                matters: MattersChoice { ranked: Ranked::MlpNeurons, from: Some("a".to_owned()) },
            },
            segment: Some(SegmentFilter::Ab),
            theme: Some(Theme::Dark),
            set: LinkedSet { hash: text(), made: text(), rows: text() },
            edits: parse_list(r#"[{"kind":"zero_head","layer":0,"head":0}]"#).unwrap(),
            outcome: Some(OutcomeAsked::tokens("a", "b")),
        }
    }

    #[test]
    fn every_part_of_a_link_is_there() {
        let written = full().write();
        let known: BTreeSet<String> =
            written.split('&').filter_map(|part| part.split_once('=')).map(|(name, _)| name.to_owned()).collect();
        assert_eq!(first_column("Links"), known);
    }
}
