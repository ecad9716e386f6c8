//! Each option of attention on inputs whose scores can be worked out by hand.

use super::*;
use crate::trace::spec::{Local, Mask, QkNorm, RelativeBias, Rotary, RotaryScaling};

/// Sees everything, changes nothing; keeps what it is shown.
#[derive(Default)]
struct Seen {
    scores: Vec<f32>,
    hooks: Vec<Hook>,
}

impl Tap for Seen {
    type Error = NotFinite;

    fn rows(&mut self, hook: Hook, _: Range<usize>, _: &mut [f32]) -> Result<(), NotFinite> {
        self.hooks.push(hook);
        Ok(())
    }

    fn scores(&mut self, _: SquarePart, data: &mut [f32]) -> Result<(), NotFinite> {
        self.scores = data.to_vec();
        Ok(())
    }

    fn pattern(&mut self, _: SquarePart, _: &[f32], _: &mut [f32]) -> Result<(), NotFinite> {
        Ok(())
    }
}

fn spec(n_heads: usize, d_head: usize) -> Spec {
    Spec { n_layers: 2, n_heads, n_key_value_heads: n_heads, d_head, positions: Positions::None, ..Spec::default() }
}

fn layer(spec: &Spec) -> AttnLayer<'_> {
    AttnLayer {
        spec,
        layer: 0,
        attn: Attn::Own,
        q_norm: None,
        k_norm: None,
        sinks: None,
        relative_bias: None,
        positions: None,
    }
}

/// A norm without a bias.
fn norm(weight: &[f32]) -> Option<HeadNorm<'_>> {
    Some(HeadNorm { weight, bias: &[0.0; 4][..weight.len()] })
}

/// Scores and pattern of one head for some rows of q and k, both [n_pos, n_heads, d_head].
fn look(
    attention: &AttnLayer<'_>,
    head: usize,
    rows: Range<usize>,
    q: &[f32],
    k: &[f32],
) -> (Vec<f32>, Vec<f32>, Vec<Hook>) {
    let (mut seen, width) = (Seen::default(), attention.spec.n_heads * attention.spec.d_head);
    let keys = Keys::new(attention, k, &mut seen).unwrap();
    let q = &q[rows.start * width..rows.end * width];
    let q = queries(attention, rows.clone(), keys.n_pos(), q, &mut seen).unwrap();
    let pattern = pattern(attention, head, rows, &q, &keys, &mut seen).unwrap();
    (seen.scores, pattern, seen.hooks)
}

const HIDDEN: f32 = f32::NEG_INFINITY;

#[test]
fn masks() {
    let local = |mask| Spec { mask, local: Some(Local { layers: vec![0], reach: 1, rotary: None }), ..spec(1, 1) };
    let ones = [1.0; 4];
    let (h, cases) = (
        HIDDEN,
        [
            (Spec { mask: Mask::Causal, ..spec(1, 1) }, 2..4, vec![1.0, 1.0, 1.0, HIDDEN, 1.0, 1.0, 1.0, 1.0]),
            (local(Mask::Causal), 2..4, vec![HIDDEN, 1.0, 1.0, HIDDEN, HIDDEN, HIDDEN, 1.0, 1.0]),
            (local(Mask::Bidirectional), 1..2, vec![1.0, 1.0, 1.0]),
        ],
    );
    for (spec, rows, expected) in cases {
        assert_eq!(look(&layer(&spec), 0, rows, &ones, &ones).0, expected);
    }
    let spec = Spec { n_heads: 1, ..local(Mask::Bidirectional) };
    assert_eq!(look(&layer(&spec), 0, 0..4, &ones, &ones).0[..8], [1.0, 1.0, h, h, 1.0, 1.0, 1.0, h]);
    // The same spec in cross-attention hides nothing.
    let cross = AttnLayer { attn: Attn::Cross, ..layer(&spec) };
    assert_eq!(look(&cross, 0, 0..1, &ones, &ones).0, ones);
}

#[test]
fn scale_and_soft_cap() {
    let spec = Spec { attn_scale: 0.5, attn_softcap: Some(2.0), ..spec(1, 1) };
    let (scores, ..) = look(&layer(&spec), 0, 0..1, &[3.0], &[4.0]);
    assert!((scores[0] - 2.0 * 3f32.tanh()).abs() < 1e-6);
}

#[test]
fn relative_bias_is_by_distance_and_head() {
    let bias = RelativeBias { n_buckets: 4, max_distance: 4 };
    let spec = Spec { relative_bias: Some(bias), ..spec(2, 1) };
    // [4 buckets, 2 heads]: own position, before, after.
    let table = [0.0, 0.1, 1.0, 1.1, 2.0, 2.1, 3.0, 3.1];
    let attention = AttnLayer { relative_bias: Some(&table), ..layer(&spec) };
    let zeros = [0.0; 6];
    assert_eq!(look(&attention, 0, 0..3, &zeros, &zeros).0, [0.0, 3.0, 3.0, 1.0, 0.0, 3.0, 1.0, 1.0, 0.0]);
    assert_eq!(look(&attention, 1, 1..2, &zeros, &zeros).0, [1.1, 0.1, 3.1]);
    let causal = Spec { mask: Mask::Causal, ..spec.clone() };
    let attention = AttnLayer { relative_bias: Some(&table), ..layer(&causal) };
    assert_eq!(look(&attention, 0, 1..3, &zeros, &zeros).0, [1.0, 0.0, HIDDEN, 2.0, 1.0, 0.0]);
}

#[test]
fn alibi_falls_with_the_distance() {
    let spec = Spec { positions: Positions::Alibi, mask: Mask::Causal, ..spec(8, 1) };
    let zeros = [0.0; 24];
    let (scores, pattern, _) = look(&layer(&spec), 1, 1..3, &zeros, &zeros);
    assert_eq!(scores, [-0.25, 0.0, HIDDEN, -0.5, -0.25, 0.0]);
    assert!(pattern[3] < pattern[4] && pattern[4] < pattern[5]);
}

#[test]
fn falcons_alibi_is_by_key_and_scaled() {
    let spec = Spec { positions: Positions::ScaledAlibi, mask: Mask::Causal, attn_scale: 0.5, ..spec(8, 1) };
    let zeros = [0.0; 24];
    let (scores, pattern, _) = look(&layer(&spec), 1, 1..3, &zeros, &zeros);
    assert_eq!(scores, [0.0, 0.125, HIDDEN, 0.0, 0.125, 0.25]);
    assert!((pattern[5] / pattern[4] - 0.125f32.exp()).abs() < 1e-6);
}

#[test]
fn norms_of_queries_and_keys() {
    let base = Spec { norm: NormKind::RmsNorm, norm_eps: 0.0, attn_scale: 1.0, ..spec(2, 2) };
    let (q, k) = ([3.0, 4.0, 0.0, 10.0], [1.0, 1.0, 1.0, 1.0]);
    // Per head: 3,4 / √12.5, weights 2 and 1; the key becomes ones.
    let per_head = Spec { qk_norm: Some(QkNorm::PerHead), ..base.clone() };
    let attention = AttnLayer { q_norm: norm(&[2.0, 1.0]), k_norm: norm(&[1.0, 1.0]), ..layer(&per_head) };
    let (scores, _, hooks) = look(&attention, 0, 0..1, &q, &k);
    assert!((scores[0] - 10.0 / 12.5f32.sqrt()).abs() < 1e-5, "{scores:?}");
    assert_eq!(hooks, [Hook::Block(0, BlockSite::RotK), Hook::Block(0, BlockSite::RotQ)]);
    // All heads together: √(125 / 4).
    let all = Spec { qk_norm: Some(QkNorm::AllHeads), ..base.clone() };
    let attention = AttnLayer { q_norm: norm(&[1.0; 4]), k_norm: norm(&[1.0; 4]), ..layer(&all) };
    assert!((look(&attention, 0, 0..1, &q, &k).0[0] - 7.0 / 31.25f32.sqrt()).abs() < 1e-5);
    // Each head by itself, the second with weights of its own: 0,10 / √50.
    let each = Spec { qk_norm: Some(QkNorm::EachHead), ..base.clone() };
    let attention =
        AttnLayer { q_norm: norm(&[2.0, 1.0, 5.0, 3.0]), k_norm: norm(&[1.0, 1.0, 1.0, 2.0]), ..layer(&each) };
    assert!((look(&attention, 0, 0..1, &q, &k).0[0] - 10.0 / 12.5f32.sqrt()).abs() < 1e-5);
    assert!((look(&attention, 1, 0..1, &q, &k).0[0] - 60.0 / 50f32.sqrt()).abs() < 1e-5);
    // A bias comes after the weight: the LayerNorm of 3,4 is −1,1.
    let biased = Spec { norm: NormKind::LayerNorm, norm_eps: 1e-9, ..per_head.clone() };
    let q_norm = Some(HeadNorm { weight: &[2.0, 1.0], bias: &[0.5, 7.0] });
    let k_norm = Some(HeadNorm { weight: &[0.0, 0.0], bias: &[1.0, 1.0] });
    let attention = AttnLayer { q_norm, k_norm, ..layer(&biased) };
    assert!((look(&attention, 0, 0..1, &q, &k).0[0] - 6.5).abs() < 1e-5);
    // Gemma's weights count from 1.
    let gemma = Spec { norm_adds_one: true, ..per_head };
    let attention = AttnLayer { q_norm: norm(&[1.0, 0.0]), k_norm: norm(&[0.0, 0.0]), ..layer(&gemma) };
    assert!((look(&attention, 0, 0..1, &q, &k).0[0] - 10.0 / 12.5f32.sqrt()).abs() < 1e-5);
}

#[test]
fn a_magnitude_counts_for_both_sides() {
    let scaling = RotaryScaling::LongRope { short: vec![1.0], long: vec![1.0], original_n_ctx: 8, magnitude: 3.0 };
    let rotary = Rotary { theta: 1e4, dims: 2, scaling, pairing: Pairing::Halves };
    let spec = Spec { positions: Positions::Rotary(rotary), ..spec(1, 2) };
    assert!((look(&layer(&spec), 0, 0..1, &[1.0, 2.0], &[1.0, 2.0]).0[0] - 45.0).abs() < 1e-4);
}

#[test]
fn only_the_first_neurons_rotate() {
    let rotary = |dims| Rotary { theta: 1e4, dims, scaling: RotaryScaling::None, pairing: Pairing::Halves };
    let rotated = |dims| Spec { positions: Positions::Rotary(rotary(dims)), attn_scale: 1.0, ..spec(1, 6) };
    // Neurons 4 and 5 do not turn: what they add is the same at every distance, and the others' share falls as cos 1.
    let (still, turning) = ([0.0, 0.0, 0.0, 0.0, 2.0, 3.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let score = |neurons: [f32; 6], dims| {
        let spec = rotated(dims);
        look(&layer(&spec), 0, 1..2, &[neurons, neurons].concat(), &[neurons, neurons].concat()).0[0]
    };
    assert!((score(still, 4) - 13.0).abs() < 1e-5, "{}", score(still, 4));
    assert!((score(turning, 4) - 1f32.cos()).abs() < 1e-6);
    assert!((score(still, 6) - 13.0).abs() > 1e-3, "with all six they turn as well");
}
