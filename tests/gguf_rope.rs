//! Every rope key that llama.cpp's loader reads, by its rules.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use crate::support::gguf::{Field, GgufFile, parsed};
use headlight::engine::checkpoint::Architecture;
use headlight::trace::spec::Rotary;

const D_HEAD: usize = 16;

/// The rotation of a Llama with further rope keys in its metadata.
fn rotary(keys: &[(&str, Field)]) -> Rotary {
    let size = |file: GgufFile, key: &str, size: u32| file.field(&format!("llama.{key}"), Field::U32(size));
    let sizes = [
        ("embedding_length", 64),
        ("block_count", 1),
        ("attention.head_count", 4),
        ("feed_forward_length", 64),
        ("context_length", 128),
    ];
    let file = GgufFile::default().text("general.architecture", "llama");
    let file = sizes.into_iter().fold(file, |file, (key, value)| size(file, key, value));
    let file = file.field("llama.attention.layer_norm_rms_epsilon", Field::F32(1e-5));
    let file = keys.iter().fold(file, |file, (key, value)| file.field(&format!("llama.rope.{key}"), value.clone()));
    let file = file.f32("token_embd.weight", &[8, 64], &[0.0; 512]);
    Architecture::from_gguf(&parsed(&file.bytes())).unwrap().spec.rotary().unwrap().clone()
}

fn plain(theta: f64) -> Vec<f64> {
    (0..D_HEAD / 2).map(|pair| theta.powf(-2.0 * pair as f64 / D_HEAD as f64)).collect()
}

/// llama.cpp's rope_yarn: `ext_factor` of what the ramp keeps, the rest divided by `factor`.
fn yarn(theta: f64, factor: f64, ext_factor: f64, [fast, slow]: [f64; 2], n_ctx_orig: f64) -> Vec<f64> {
    let dim =
        |turns: f64| D_HEAD as f64 * (n_ctx_orig / (turns * 2.0 * std::f64::consts::PI)).ln() / (2.0 * theta.ln());
    let (start, end) = (dim(fast).floor().max(0.0), dim(slow).ceil().min(D_HEAD as f64 - 1.0));
    let ramp = |pair: usize| 1.0 - ((pair as f64 - start) / (end - start).max(0.001)).clamp(0.0, 1.0);
    let mixed = |(pair, plain): (usize, f64)| {
        let mix = ramp(pair) * ext_factor;
        plain / factor * (1.0 - mix) + plain * mix
    };
    plain(theta).into_iter().enumerate().map(mixed).collect()
}

#[track_caller]
fn is(keys: &[(&str, Field)], frequencies: &[f64], magnitude: f64) {
    let rotary = rotary(keys);
    for (found, expected) in rotary.frequencies(9).iter().zip(frequencies) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{keys:?}: {:?}, not {frequencies:?}", rotary.frequencies(9));
    }
    assert!((f64::from(rotary.magnitude()) - magnitude).abs() < 1e-6, "{keys:?}: {}", rotary.magnitude());
}

fn number(value: f32) -> Field {
    Field::F32(value)
}

fn text(value: &str) -> Field {
    Field::Text(value.to_owned())
}

#[test]
fn linear_scaling_has_three_spellings() {
    let quarter: Vec<f64> = plain(1e4).iter().map(|frequency| frequency / 4.0).collect();
    is(&[], &plain(1e4), 1.0);
    is(&[("freq_base", number(5e5))], &plain(5e5), 1.0);
    is(&[("scale_linear", number(4.0))], &quarter, 1.0);
    is(&[("scaling.factor", number(4.0))], &quarter, 1.0);
    is(&[("scaling.type", text("linear")), ("scaling.factor", number(4.0))], &quarter, 1.0);
    is(&[("scaling.type", text("linear")), ("scale_linear", number(4.0))], &quarter, 1.0);
    // The newer name takes precedence, "none" means no scaling, and zero counts as absent.
    is(&[("scale_linear", number(8.0)), ("scaling.factor", number(4.0))], &quarter, 1.0);
    is(&[("scaling.type", text("none")), ("scaling.factor", number(4.0))], &plain(1e4), 1.0);
    is(&[("scaling.factor", number(0.0))], &plain(1e4), 1.0);
    is(&[("scaling.finetuned", Field::Bool(true)), ("scaling.factor", number(4.0))], &quarter, 1.0);
}

#[test]
fn attention_factors_multiply_whatever_the_type() {
    let half: Vec<f64> = plain(1e4).iter().map(|frequency| frequency / 2.0).collect();
    is(&[("scaling.attn_factor", number(1.25))], &plain(1e4), 1.25);
    is(&[("scaling.factor", number(2.0)), ("scaling.attn_factor", number(1.25))], &half, 1.25);
    is(&[("scaling.attn_factor", number(1.25)), ("scaling.yarn_attn_factor", number(0.5))], &plain(1e4), 0.625);
}

#[test]
fn yarn_has_all_its_keys() {
    let kind = || [("scaling.type", text("yarn")), ("scaling.factor", number(4.0))];
    let original = || ("scaling.original_context_length", Field::U32(32));
    let grown = 0.1 * 4f64.ln() + 1.0;
    let with = |more: &[(&'static str, Field)]| [&kind()[..], &[original()], more].concat();
    let usual = yarn(1e4, 4.0, 1.0, [32.0, 1.0], 32.0);
    is(&with(&[]), &usual, grown);
    is(&with(&[("scaling.attn_factor", number(0.75))]), &usual, 0.75 * grown);
    is(&with(&[("scaling.yarn_attn_factor", number(0.75))]), &usual, 0.75 * grown);
    let betas = yarn(1e4, 4.0, 1.0, [8.0, 0.5], 32.0);
    is(&with(&[("scaling.yarn_beta_fast", number(8.0)), ("scaling.yarn_beta_slow", number(0.5))]), &betas, grown);
    is(&with(&[("scaling.yarn_ext_factor", number(0.5))]), &yarn(1e4, 4.0, 0.5, [32.0, 1.0], 32.0), grown);
    let quarter: Vec<f64> = plain(1e4).iter().map(|frequency| frequency / 4.0).collect();
    is(&with(&[("scaling.yarn_ext_factor", number(0.0))]), &quarter, 1.0);
    is(&with(&[("scaling.yarn_log_multiplier", number(0.5))]), &usual, grown / (0.05 * 4f64.ln() + 1.0));
    // Without a length of its own the original context is the file's.
    is(&kind(), &yarn(1e4, 4.0, 1.0, [32.0, 1.0], 128.0), grown);
}
