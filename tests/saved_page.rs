//! How large a page with a trace inside is, as servers send it: the trace of 64 tokens through 12 layers of 12 heads, with
//! random weights, whose digits do not compress better than those of a real model.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::io::Write;
use std::sync::Arc;

use crate::support::engine::finished;
use flate2::Compression;
use flate2::write::GzEncoder;
use headlight::engine::{Captures, CompiledEdits, Model, Recorder};
use headlight::trace::TokenForm;
use headlight::trace::file::{Element, SavePlan, Saved, TraceMetadata, fill_slot, read_slot};

/// What the viewer may weigh (xtask/bench/sizes.mjs).
const VIEWER: usize = 400_000;

/// Every token reads every other one, so that no weight is zero.
const CONFIG: &str = r#"{"model_type": "bert", "architectures": ["BertModel"], "num_hidden_layers": 12, "num_attention_heads": 12,
    "hidden_size": 768, "intermediate_size": 3072, "max_position_embeddings": 512, "vocab_size": 1000, "type_vocab_size": 2,
    "hidden_act": "gelu", "layer_norm_eps": 1e-12, "position_embedding_type": "absolute"}"#;

/// Bytes of the compressed page around which the viewer's own stand.
fn slot_bytes(saved: Saved) -> usize {
    let model = Arc::new(Model::seeded(CONFIG, 1).unwrap());
    let ids: Vec<u32> = (0..64).map(|position| position * 13 % 997).collect();
    let tokens = model.tokens_from_ids(&ids).unwrap();
    let names = tokens.tokens.clone();
    let mut run = finished(&model, tokens.clone(), CompiledEdits::none(), Captures::none());
    let plan = SavePlan::new(model.spec(), 64, None, saved, Element::F16);
    let metadata =
        TraceMetadata { spec: Some(model.spec().clone()), ..TraceMetadata::of_tokens(names, TokenForm::Plain) };
    let mut recorder = Recorder::new(Vec::new(), &metadata, plan, &tokens, None, None).unwrap();
    while recorder.record(None, &mut run).unwrap() {}
    while recorder.record_logits(&run).unwrap() {}
    let trace = recorder.finish().unwrap();
    let page = fill_slot("__TRACE__", "", &trace).unwrap();
    assert_eq!(read_slot(&page).unwrap().1, trace);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(page.as_bytes()).unwrap();
    packed.finish().unwrap().len()
}

#[test]
fn a_saved_page_is_small_enough_to_send() {
    for (saved, bound) in [(Saved::Patterns, 1_700_000), (Saved::Qk, 4_100_000)] {
        let bytes = slot_bytes(saved);
        assert!(bytes + VIEWER <= bound, "{saved:?}: {bytes} bytes beside the viewer's {VIEWER}, at most {bound}");
        println!("{saved:?}: {} of {bound} bytes", bytes + VIEWER);
    }
}
