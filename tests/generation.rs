//! Generation through kept keys and values: what is cached equals what is computed anew, edits act on new tokens.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{files_of, finished, golden_files, load, load_golden};
use crate::support::seeded::{CONTINUATION, continuation, continuation_without_cache};
use crate::support::{Comparison, fixture, read};
use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, Generation, Model, Run, Sampling, Written};
use headlight::trace::{BlockSite, Hook};

const TEXT: &str = "The doctor asked the nurse a question. She";

/// Edits that name all positions, some, and what is frozen at the prompt.
fn edit_lists(n_pos: usize) -> Vec<String> {
    let mut row = vec![0.0; n_pos];
    (row[0], row[3]) = (3.0, 1.0);
    vec![
        "[]".to_owned(),
        r#"[{"kind":"zero_head","layer":1,"head":2}]"#.to_owned(),
        r#"[{"kind":"position_mean_head","layer":0,"head":1},{"kind":"scale","layer":0,"hook":"attn.hook_z","query":2,"factor":3}]"#
            .to_owned(),
        format!(r#"[{{"kind":"set_pattern_row","layer":0,"head":0,"query":"all","weights":{row:?}}}]"#),
        r#"[{"kind":"block_token","layer":"all","key":1},{"kind":"uniform_pattern","layer":1,"head":0}]"#.to_owned(),
        r#"[{"kind":"scale_q_neuron","layer":1,"head":2,"neuron":4,"factor":-2},{"kind":"zero_value","layer":0,"key":3}]"#
            .to_owned(),
        r#"[{"kind":"scale","hook":"hook_embed","factor":1.5},{"kind":"set","layer":1,"hook":"mlp.hook_post","neuron":3,"value":0.5}]"#
            .to_owned(),
    ]
}

fn captures(model: &Model) -> Captures {
    Captures::of(Hook::all(model.spec()).into_iter().filter(|hook| Run::must_capture(*hook)))
}

/// Every hook of a run that grew token by token, against a run of all tokens at once.
#[test]
fn cached_equals_uncached_at_every_hook() {
    for architecture in ["attn_only", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let prompt = model.encode(TEXT, None).unwrap();
        // Where there is no MLP, none is edited.
        let lists = edit_lists(prompt.len()).into_iter();
        for json in lists.filter(|json| architecture != "attn_only" || !json.contains("mlp.")) {
            let edits = edit::parse_list(&json).unwrap();
            let edits = CompiledEdits::bind(&edits, model.spec(), prompt.len()).unwrap();
            let mut grown = finished(&model, prompt.clone(), edits.clone(), captures(&model));
            for id in [7, 300, 7, 12] {
                grown.push(id).unwrap();
                grown.complete().unwrap();
            }
            let whole = finished(&model, grown.tokens().clone(), edits, captures(&model));
            let mut comparison = Comparison::default();
            println!("{architecture} {json}");
            for hook in Hook::all(model.spec()) {
                let found = grown.activation(hook).unwrap();
                comparison.check(&hook.to_string(), &found, &whole.activation(hook).unwrap(), 2e-5);
            }
            comparison.check("final", grown.final_stream(), whole.final_stream(), 2e-5);
            comparison.finish();
        }
    }
}

/// Beyond the original context every position is rotated differently: a continuation equals a run of the whole text, and so does going
/// back across that length.
#[test]
fn continuations_past_the_original_context_equal_a_run_of_the_whole_text() {
    for architecture in ["llama_dynamic", "phi3_longrope"] {
        let model = load_golden(architecture);
        let whole = |ids: &[u32]| {
            let tokens = model.tokens_from_ids(ids).unwrap();
            finished(&model, tokens, CompiledEdits::none(), captures(&model))
        };
        let same = |run: &Run, whole: &Run| {
            let mut comparison = Comparison::default();
            println!("{architecture}, {} tokens", run.tokens().len());
            assert_eq!(run.tokens().ids, whole.tokens().ids);
            for hook in Hook::all(model.spec()) {
                let found = run.activation(hook).unwrap();
                comparison.check(&hook.to_string(), &found, &whole.activation(hook).unwrap(), 2e-5);
            }
            comparison.check("final", run.final_stream(), whole.final_stream(), 2e-5);
            comparison.finish();
        };
        let ids: Vec<u32> = (0..26).map(|index| 7 + 11 * index).collect();
        // The original context has 20 tokens.
        let mut run = whole(&ids[..18]);
        for n_pos in 19..=ids.len() {
            run.push(ids[n_pos - 1]).unwrap();
            run.complete().unwrap();
            same(&run, &whole(&ids[..n_pos]));
        }
        let anew = model.spec().rotary().unwrap();
        assert!(!anew.is_same_for(20, 21) && anew.is_same_for(19, 20), "{architecture}");
        for n_pos in [24, 21, 19] {
            run.rewind(n_pos);
            run.complete().unwrap();
            same(&run, &whole(&ids[..n_pos]));
        }
        // A run whose next token is given up half-way is what it was before.
        let mut run = whole(&ids[..20]);
        for n_steps in 0..5 {
            run.push(ids[20]).unwrap();
            (0..n_steps).for_each(|_| _ = run.step().unwrap());
            run.rewind(usize::MAX);
            assert!(run.is_done());
            same(&run, &whole(&ids[..20]));
        }
    }
}

/// Going back forgets everything later, in the middle of a token too, and another branch grows from there.
#[test]
fn rewinding_brings_the_earlier_run_back() {
    for architecture in ["attn_only", "gpt2", "llama"] {
        let model = load_golden(architecture);
        let prompt = model.encode(TEXT, None).unwrap();
        let start = || finished(&model, prompt.clone(), CompiledEdits::none(), captures(&model));
        let same = |a: &Run, b: &Run| {
            assert_eq!(a.tokens(), b.tokens());
            assert_eq!(a.final_stream(), b.final_stream());
            for hook in Hook::all(model.spec()) {
                assert_eq!(a.activation(hook).unwrap(), b.activation(hook).unwrap(), "{architecture} {hook}");
            }
        };
        for n_steps in 0..6 {
            let mut run = start();
            for id in [5, 6] {
                run.push(id).unwrap();
                run.complete().unwrap();
            }
            run.push(7).unwrap();
            for _ in 0..n_steps {
                run.step().unwrap();
            }
            run.rewind(prompt.len());
            same(&run, &start());
            let mut branch = start();
            for run in [&mut run, &mut branch] {
                run.push(9).unwrap();
                run.complete().unwrap();
            }
            same(&run, &branch);
        }
    }
}

/// A run that grew shares nothing that it changes.
#[test]
fn growing_leaves_the_base_alone() {
    let model = load_golden("llama");
    let prompt = model.encode(TEXT, None).unwrap();
    let base = finished(&model, prompt.clone(), CompiledEdits::none(), Captures::none());
    let before: Vec<f32> = base.activation(Hook::Block(0, BlockSite::K)).unwrap();
    let edits = edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":0}]"#).unwrap();
    let edits = CompiledEdits::bind(&edits, model.spec(), prompt.len()).unwrap();
    let mut grown = base.again(edits.clone(), Captures::none()).unwrap();
    grown.complete().unwrap();
    grown.push(3).unwrap();
    grown.complete().unwrap();
    assert_eq!(base.activation(Hook::Block(0, BlockSite::K)).unwrap(), before);
    let mut alone = finished(&model, prompt, edits, Captures::none());
    alone.push(3).unwrap();
    alone.complete().unwrap();
    assert_eq!(grown.final_stream(), alone.final_stream());
}

fn write(model: &Arc<Model>, sampling: Sampling, n_tokens: usize) -> Vec<u32> {
    let prompt = model.encode(TEXT, None).unwrap();
    let mut run = finished(model, prompt, CompiledEdits::none(), Captures::none());
    let mut generation = Generation::new(sampling, n_tokens).unwrap();
    let mut ids = Vec::new();
    loop {
        match generation.step(&mut run).unwrap() {
            Written::Nothing => {}
            Written::Token(id) => ids.push(id),
            Written::End => return ids,
        }
    }
}

/// Keys and values kept of earlier tokens change no token that is drawn; a browser draws the same ones (tests/wasm_engine.rs).
#[test]
fn a_seed_gives_the_same_tokens_cached_and_not() {
    let model = load_golden("gpt2");
    assert_eq!(continuation(&model), CONTINUATION);
    assert_eq!(continuation_without_cache(&model), CONTINUATION);
}

/// The same seed gives the same tokens, another one others; the context's end is an end.
#[test]
fn a_seed_gives_one_continuation() {
    let model = load_golden("gpt2");
    let sampling = Sampling { temperature: 1.5, top_k: 50, top_p: 0.95, seed: 4 };
    let ids = write(&model, sampling, 8);
    assert_eq!(ids.len(), 8);
    assert_eq!(ids, write(&model, sampling, 8));
    assert_ne!(ids, write(&model, Sampling { seed: 5, ..sampling }, 8));
    let n_prompt = model.encode(TEXT, None).unwrap().len();
    assert_eq!(write(&model, Sampling::GREEDY, 100_000).len(), model.spec().n_ctx - n_prompt);
}

#[derive(serde::Deserialize)]
struct Rules {
    checkpoint: String,
    generation_config: serde_json::Value,
    ids: Vec<u32>,
    n_tokens: usize,
    written: Vec<u32>,
}

/// What a model writes without sampling: a decoder's whole target, or what follows on the prompt.
fn greedy(model: &Arc<Model>, ids: &[u32], n_tokens: usize) -> Vec<u32> {
    let Some(encoder) = model.encoder() else {
        let mut run = finished(model, model.tokens_from_ids(ids).unwrap(), CompiledEdits::none(), Captures::none());
        let mut generation = Generation::new(Sampling::GREEDY, n_tokens).unwrap().ending();
        while generation.step(&mut run).unwrap() != Written::End {}
        return run.tokens().ids[ids.len()..].to_vec();
    };
    let source = finished(encoder, encoder.tokens_from_ids(ids).unwrap(), CompiledEdits::none(), Captures::none());
    let start = model.start().unwrap();
    let mut generation = Generation::of_target(model, start.len(), Some(n_tokens)).unwrap();
    let (edits, captures) = (CompiledEdits::none(), Captures::none());
    let mut run = Run::decode(Arc::clone(model), Arc::new(source), start, edits, captures).unwrap();
    run.complete().unwrap();
    while generation.step(&mut run).unwrap() != Written::End {}
    run.tokens().ids.clone()
}

/// The end of a text is not a token that a run reads.
fn without_end(model: &Model, ids: &[u32]) -> Vec<u32> {
    let eos_ids = &model.generation_config().eos_ids;
    ids.iter().copied().enumerate().take_while(|(at, id)| *at == 0 || !eos_ids.contains(id)).map(|(_, id)| id).collect()
}

#[test]
fn rules_of_a_generation_config_are_those_of_transformers() {
    let rules: Vec<Rules> = serde_json::from_slice(&read(&fixture("generation/rules.json"))).unwrap();
    let mut written = std::collections::HashSet::new();
    for Rules { checkpoint, generation_config, ids, n_tokens, written: expected } in rules {
        let mut files = golden_files(&checkpoint);
        files.push(("generation_config.json".to_owned(), serde_json::to_vec(&generation_config).unwrap()));
        let model = load(&files).unwrap();
        let found = greedy(&model, &ids, n_tokens);
        assert_eq!(found, without_end(&model, &expected), "{checkpoint}: {generation_config}");
        written.insert((checkpoint, found));
    }
    assert!(written.len() > 10, "the rules change what is written: {}", written.len());
}

/// A translator saved again by transformers 5: its rules stand in generation_config.json only.
#[test]
fn a_checkpoint_saved_again_writes_no_padding() {
    #[derive(serde::Deserialize)]
    struct Expected {
        ids: Vec<u32>,
        decoder_ids: Vec<u32>,
    }
    let folder = fixture("generation/marian_resaved");
    let names = ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"];
    let model = load(&files_of(&folder, &names)).unwrap();
    let expected: Expected = serde_json::from_slice(&read(&folder.join("generate.json"))).unwrap();
    let found = greedy(&model, &expected.ids, 12);
    assert_eq!(found, without_end(&model, &expected.decoder_ids));
    // Its own length is 40 tokens, the end included.
    let n_start = model.start().unwrap().len();
    assert_eq!(headlight::engine::max_target(&model, n_start), 40);
}

/// A pause between steps is not the end of the text, so the token that has to stand last is not written there.
#[test]
fn a_forced_end_waits_for_the_end() {
    let mut files = golden_files("gpt2");
    files.push((
        "generation_config.json".to_owned(),
        br#"{"forced_eos_token_id": 7, "begin_suppress_tokens": [5]}"#.to_vec(),
    ));
    let model = load(&files).unwrap();
    let ids = write(&model, Sampling::GREEDY, 3);
    assert_ne!(ids.last(), Some(&7));
    assert_eq!(ids, write(&load_golden("gpt2"), Sampling::GREEDY, 3));
}

#[test]
fn a_reader_in_both_directions_does_not_write() {
    let model = load_golden("bert");
    let tokens = model.encode(TEXT, None).unwrap();
    let mut run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
    assert!(run.push(5).unwrap_err().to_string().contains("both directions"));
}
