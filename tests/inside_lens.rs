//! The logit lens: agreement with PyTorch at every value that `inside.safetensors` and `lens.safetensors` hold of it, and its identities
//! on every small checkpoint where these apply.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::inside::{Golden, LINEAR, all, every_run};
use crate::support::{Tensors, golden, read};
use headlight::analysis::inside::lens::{LensAsked, LensTable};
use headlight::engine::jobs::{Job, LensJob, complete};
use headlight::engine::{Captures, CompiledEdits, Model, Run, Step, top_predictions};
use headlight::trace::spec::Unembed;

const TOLERANCE: f32 = 1e-4;

/// The lens at every layer and position.
fn lens(run: &Run, n_top: usize, token: Option<u32>) -> LensTable {
    lens_at(run, all(run.tokens().len()), n_top, token)
}

/// The lens at every layer and some positions.
fn lens_at(run: &Run, positions: Vec<usize>, n_top: usize, token: Option<u32>) -> LensTable {
    let layers = all(run.model().spec().n_layers + 1);
    complete(LensJob::new(run, LensAsked { layers, positions, n_top, token }).unwrap()).unwrap()
}

/// What the lens says of one row of logits, worked out from the whole row in f64: entropy, KL from `output`, and each probability.
fn numbers(logits: &[f32], output: &[f32]) -> (f64, f64, Vec<f64>) {
    let log_probs = |logits: &[f32]| {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = logits.iter().map(|z| f64::from(z - max).exp()).sum();
        logits.iter().map(|z| f64::from(z - max) - total.ln()).collect::<Vec<f64>>()
    };
    let (own, output) = (log_probs(logits), log_probs(output));
    let entropy = own.iter().filter(|p| p.is_finite()).map(|p| -p.exp() * p).sum();
    let kl = output.iter().zip(&own).filter(|(p, _)| p.is_finite()).map(|(p, q)| p.exp() * (p - q)).sum();
    (entropy, kl, own.iter().map(|p| p.exp()).collect())
}

/// Compares every cell of a lens with rows of logits, [layers, pos, d_vocab].
#[track_caller]
fn lens_agrees(name: &str, run: &Run, token: u32, rows: &[Vec<f32>]) {
    lens_agrees_at(name, run, &all(run.tokens().len()), token, rows);
}

/// Compares the cells of some positions with rows of logits, [layers, positions.len(), d_vocab].
#[track_caller]
fn lens_agrees_at(name: &str, run: &Run, positions: &[usize], token: u32, rows: &[Vec<f32>]) {
    let table = lens_at(run, positions.to_vec(), 3, Some(token));
    let (n_pos, d_vocab) = (positions.len(), rows[0].len() / positions.len());
    assert_eq!(table.cells.len(), rows.len() * n_pos);
    for (index, cell) in table.cells.iter().enumerate() {
        let row = |layer: usize| &rows[layer][index % n_pos * d_vocab..][..d_vocab];
        let (own, output) = (row(index / n_pos), row(rows.len() - 1));
        let (entropy, kl, probs) = numbers(own, output);
        let place = format!("{name}, layer {}, position {}", index / n_pos, index % n_pos);
        assert!((f64::from(cell.entropy) - entropy).abs() < 1e-4, "{place}: entropy {} {entropy}", cell.entropy);
        assert!((f64::from(cell.kl) - kl).abs() < 1e-4, "{place}: KL {} {kl}", cell.kl);
        for (id, prob) in &cell.top {
            assert!((f64::from(*prob) - probs[*id as usize]).abs() < 1e-4, "{place}: token {id}");
        }
        let largest = probs.iter().copied().fold(0.0, f64::max);
        assert!((f64::from(cell.top[0].1) - largest).abs() < 1e-4, "{place}: the first is the most likely");
        assert!(cell.top.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{place}");
        let found = cell.token.unwrap();
        assert!((found.logit - own[token as usize]).abs() < TOLERANCE, "{place}");
        assert!((f64::from(found.prob) - probs[token as usize]).abs() < 1e-4, "{place}");
        // Logits closer than rounding may change places.
        let above = |slack: f32| own.iter().filter(|z| **z > own[token as usize] + slack).count();
        let rank = found.rank as usize;
        assert!((above(TOLERANCE)..=above(-TOLERANCE)).contains(&rank), "{place}: rank {rank}");
    }
}

#[test]
fn the_lens_agrees_with_pytorch() {
    for architecture in LINEAR {
        let Golden { run, inside, values } = Golden::of(architecture);
        let rows: Vec<Vec<f32>> =
            (0..=run.model().spec().n_layers).map(|layer| values.f32(&format!("lens.{layer}"))).collect();
        lens_agrees(architecture, &run, inside.answer_id, &rows);
    }
}

/// Heads whose lens `inside.safetensors` lacks: BERT's with its transform, Gemma 3's after its own norm, BART's decoder with its bias.
#[test]
fn the_lens_of_other_heads_agrees_with_transformers() {
    for name in ["bert", "gemma3_text", "bart"] {
        let (_, run) = every_run().find(|(found, _)| found == name).unwrap();
        let values = Tensors::open(&golden(name).join("lens.safetensors"));
        let last = run.tokens().len() - 1;
        let rows: Vec<Vec<f32>> =
            (0..=run.model().spec().n_layers).map(|layer| values.f32(&format!("lens.{layer}"))).collect();
        lens_agrees_at(name, &run, &[0, last / 2, last], 17, &rows);
    }
}

/// The identity of the logit lens, and the same reading of every layer as `Model::unembed` gives of whole rows: through the
/// masked-word head, soft caps and scales, of decoders too.
#[test]
fn the_last_lens_is_the_output_of_every_model() {
    let mut n_masked = 0;
    for (name, run) in every_run().filter(|(_, run)| run.model().spec().unembed != Unembed::None) {
        let spec = run.model().spec();
        n_masked += usize::from(matches!(spec.unembed, Unembed::MaskedWord { .. }));
        let last = run.tokens().len() - 1;
        let table = lens(&run, 2, None);
        let outputs = &table.cells[table.cells.len() - run.tokens().len()..];
        assert!(outputs.iter().all(|cell| cell.kl < 1e-5), "{name}: the output is itself");
        for (found, expected) in outputs[last].top.iter().zip(top_predictions(&run, last, 2).unwrap()) {
            assert!((found.1 - expected.prob).abs() < 1e-6, "{name}: {found:?} {expected:?}");
        }
    }
    assert!(n_masked > 3);
}

/// Post-norm models: their head reads the stream as it is, no final norm between.
#[test]
fn a_post_norm_models_lens_is_its_head_on_the_stream() {
    for name in ["bert", "bart", "opt_post_norm"] {
        let (_, run) = every_run().find(|(found, _)| found == name).unwrap();
        let streams = (0..run.model().spec().n_layers).map(|layer| run.layer(layer).unwrap().resid_pre.clone());
        let rows: Vec<Vec<f32>> =
            streams.chain([run.final_stream().to_vec()]).map(|rows| run.model().unembed(&rows).unwrap()).collect();
        lens_agrees(name, &run, 17, &rows);
    }
}

#[test]
fn what_the_lens_cannot_read_is_refused() {
    let (_, run) = every_run().find(|(name, _)| name == "gpt2").unwrap();
    let asked = |layer: usize, position: usize, token: Option<u32>| {
        let asked = LensAsked { layers: vec![layer], positions: vec![position], n_top: 1, token };
        LensJob::new(&run, asked).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(asked(3, 0, None), Ok(()), "3 layers: the output");
    assert!(asked(4, 0, None).unwrap_err().contains("3 layers"));
    assert!(asked(0, 999, None).unwrap_err().contains("position 999 is not there"));
    assert!(asked(0, 0, Some(99_999)).unwrap_err().contains("vocabulary"));
    let cut = {
        let model = load_golden("bart");
        let encoder = Arc::clone(model.encoder().unwrap());
        let tokens = encoder.tokens_from_ids(&[5, 6]).unwrap();
        finished(&encoder, tokens, CompiledEdits::none(), Captures::none())
    };
    let asked = LensAsked { layers: vec![0], positions: vec![0], n_top: 1, token: None };
    assert!(LensJob::new(&cut, asked).unwrap_err().to_string().contains("no unembedding"));
}

/// Between two steps a driver can cancel.
#[test]
fn a_large_vocabulary_takes_many_steps() {
    // A seeded model of GPT-2's shape: many steps, each a part of the vocabulary.
    let config = String::from_utf8(read(&golden("gpt2").join("config.json"))).unwrap();
    let config =
        config.replace("\"vocab_size\": 384", "\"vocab_size\": 50000").replace("\"n_embd\": 48", "\"n_embd\": 384");
    let model = Arc::new(Model::seeded(&config, 3).unwrap());
    assert_eq!((model.spec().d_vocab, model.spec().d_model), (50_000, 384));
    let tokens = model.tokens_from_ids(&[5; 64]).unwrap();
    let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
    let asked = LensAsked { layers: all(4), positions: all(64), n_top: 1, token: None };
    let mut job = LensJob::new(&run, asked).unwrap();
    let (mut n_steps, mut done) = (1, 0);
    while job.step().unwrap() == Step::More {
        n_steps += 1;
        assert!(job.progress().done >= done && job.progress().total == 64);
        done = job.progress().done;
    }
    // 5 rows for each of 64 positions, 384 by 50,000 each: 12.3 GFLOP.
    assert!(n_steps >= 12, "{n_steps} steps");
    assert_eq!(job.finish().unwrap().cells.len(), 4 * 64);
}
