//! Files with some attentions of a model only, and with attention sinks.

use super::*;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::trace::file::{Element, Parsed, TensorPlan, TraceMetadata, TraceWriter, parse_header};

fn words(n: usize) -> Vec<String> {
    (0..n).map(|at| format!("w{at}")).collect()
}

/// A file of even patterns [n_heads, n_query, n_key] whose rows sum to `total`.
fn file(metadata: &TraceMetadata, patterns: &[(&str, [usize; 3])], total: f32) -> (Arc<Trace>, Vec<u8>) {
    let plan = |(name, shape): &(&str, [usize; 3])| TensorPlan {
        name: (*name).to_owned(),
        element: Element::F32,
        shape: shape.to_vec(),
    };
    let mut writer = TraceWriter::new(Vec::new(), metadata, patterns.iter().map(plan).collect()).unwrap();
    for (name, [n_heads, n_query, n_key]) in patterns {
        writer.write_floats(name, &vec![total / *n_key as f32; n_heads * n_query * n_key]).unwrap();
    }
    let bytes = writer.finish().unwrap();
    match parse_header("t", bytes.len() as u64, &bytes).unwrap() {
        Parsed::Complete(trace) => (Arc::new(trace), bytes),
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}

fn of_tokens(n_source: usize, n_target: Option<usize>) -> TraceMetadata {
    let decoder_tokens = n_target.map(words);
    TraceMetadata { decoder_tokens, ..TraceMetadata::of_tokens(words(n_source), TokenForm::Plain) }
}

/// Which attentions are held, with layers, heads, queries and keys of each.
fn held(trace: &Arc<Trace>) -> Vec<(AttnKind, [usize; 4])> {
    let sources = TraceSource::all(trace);
    let held = sources.into_iter().filter(|(_, source)| source.is_held());
    let sizes = |(kind, source): (AttnKind, TraceSource)| {
        let Sizes { n_layers, n_heads, n_query, n_key, .. } = source.sizes();
        (kind, [n_layers, n_heads, n_query, n_key])
    };
    held.map(sizes).collect()
}

#[test]
fn each_attention_of_a_file_has_its_own_layers_and_heads() {
    let (encoder, decoder, cross) =
        ("encoder.1.attn.hook_pattern", "decoder.2.attn.hook_pattern", "decoder.0.cross_attn.hook_pattern");
    let two = of_tokens(6, Some(3));
    let only_cross = file(&two, &[(cross, [4, 3, 6])], 1.0).0;
    assert_eq!(held(&only_cross), [(AttnKind::CROSS, [1, 4, 3, 6])]);
    let without_encoder = file(&two, &[(decoder, [8, 3, 3]), (cross, [4, 3, 6])], 1.0).0;
    assert_eq!(held(&without_encoder), [(AttnKind::DECODER, [3, 8, 3, 3]), (AttnKind::CROSS, [1, 4, 3, 6])]);
    let all = file(&two, &[(encoder, [2, 6, 6]), (decoder, [8, 3, 3]), (cross, [4, 3, 6])], 1.0).0;
    assert_eq!(held(&all)[0], (AttnKind::ENCODER, [2, 2, 6, 6]));
    assert_eq!(held(&all).len(), 3);
    // A stack alone is the only one, whatever its name.
    let only_encoder = file(&of_tokens(6, None), &[(encoder, [2, 6, 6])], 1.0).0;
    assert_eq!(held(&only_encoder), [(AttnKind::ONLY, [2, 2, 6, 6])]);
}

#[test]
fn a_decoder_without_names_for_its_tokens_has_numbers() {
    let metadata = of_tokens(6, None);
    let trace = file(&metadata, &[("decoder.0.cross_attn.hook_pattern", [1, 3, 6])], 1.0).0;
    assert_eq!(trace.metadata.decoder_tokens, Some(["0", "1", "2"].map(str::to_owned).into()));
    assert_eq!(held(&trace), [(AttnKind::CROSS, [1, 1, 3, 6])]);
    // The same file as Python writes it without metadata, and one of a decoder whose source is unknown.
    for (name, shape, expected) in [
        ("decoder.0.cross_attn.hook_pattern", [1, 3, 6], (AttnKind::CROSS, [1, 1, 3, 6])),
        ("decoder.0.attn.hook_pattern", [2, 3, 3], (AttnKind::ONLY, [1, 2, 3, 3])),
    ] {
        let header = format!(
            r#"{{"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[0,{}]}}}}"#,
            4 * shape.iter().product::<usize>()
        );
        let file_len = 8 + header.len() as u64 + 4 * shape.iter().product::<usize>() as u64;
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        let Parsed::Complete(trace) = parse_header("t", file_len, &bytes).unwrap() else { panic!("not whole") };
        assert_eq!(held(&Arc::new(trace)), [expected]);
    }
}

#[test]
fn the_weight_that_rests_on_a_sink_is_read_from_a_key_of_its_own() {
    let metadata = TraceMetadata { row_sums: Some(RowSums::Sinks), ..of_tokens(3, None) };
    let name = "blocks.0.attn.hook_pattern";
    let (trace, bytes) = file(&metadata, &[(name, [2, 3, 3])], 0.75);
    let mut source = TraceSource::all(&trace).remove(0).1;
    let sizes = source.sizes();
    assert_eq!((sizes.n_query, sizes.n_key, sizes.has_sink), (3, 4, true));
    assert_eq!(source.tokens(Side::Query).tokens, ["w0", "w1", "w2"]);
    assert_eq!(source.tokens(Side::Key).tokens, ["w0", "w1", "w2", "sink"]);
    let all = trace.bytes_of(name, 1..2).unwrap();
    source.supply(all.clone(), &bytes[all.start as usize..all.end as usize]).unwrap();
    let rows = source.layer_source(0).unwrap().pattern(1, 1..3).unwrap();
    assert_eq!(rows, [0.25; 8]);
    let error = source.keys(0, 0, Rotation::After).unwrap_err().to_string();
    assert!(error.contains("an attention sink"), "{error}");
}

/// Python writes a token that was added to the vocabulary as the text that it is; the others are in the byte alphabet.
#[test]
fn added_tokens_of_a_byte_level_tokenizer_are_shown_as_they_are_written() {
    let table =
        [("č", "č"), ("Öl", "Öl"), ("naïve", "naïve"), ("Ġx", "Ġx"), ("a b", "a·b"), ("Ã©", "é"), ("Ġcat", "·cat")];
    let tokens: Vec<String> = table.iter().map(|(token, _)| (*token).to_owned()).collect();
    let n_tokens = tokens.len();
    let added_tokens: Vec<String> = tokens[..5].iter().cloned().chain(["<|user|>".to_owned()]).collect();
    let metadata =
        |form| TraceMetadata { added_tokens: added_tokens.clone(), ..TraceMetadata::of_tokens(tokens.clone(), form) };
    let shown = |form| {
        let (trace, _) = file(&metadata(form), &[("blocks.0.attn.hook_pattern", [1, n_tokens, n_tokens])], 1.0);
        let tokens = TraceSource::all(&trace).remove(0).1.tokens(Side::Key).clone();
        tokens.tokens.iter().map(|token| token_label(token, tokens.form).plain).collect::<Vec<_>>()
    };
    assert_eq!(shown(TokenForm::ByteLevel), table.map(|(_, label)| label));
    // Elsewhere every token is text, and nothing is rewritten.
    assert_eq!(shown(TokenForm::Plain), ["č", "Öl", "naïve", "Ġx", "a·b", "Ã©", "Ġcat"]);
}
