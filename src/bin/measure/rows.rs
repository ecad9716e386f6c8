//! Kernels other than the matrix product, with the shapes of a run of 128 tokens and as often as a run has them.

use crate::message::{Kernel, Shape, Took};
use crate::tasks::{N_TOKENS, Random, timed};
use headlight::kernels::activation::{gelu, gelu_tanh, silu_gate};
use headlight::kernels::norm::{layer_norm, rms_norm};
use headlight::kernels::rotary::rotate;
use headlight::kernels::softmax::softmax_masked;

struct Sizes {
    n_layers: usize,
    n_heads: usize,
    n_key_value_heads: usize,
    d_head: usize,
    d_model: usize,
    d_mlp: usize,
    n_norms: usize,
    is_causal: bool,
}

fn sizes(shape: Shape) -> Sizes {
    match shape {
        Shape::Gpt2Small => Sizes {
            n_layers: 12,
            n_heads: 12,
            n_key_value_heads: 12,
            d_head: 64,
            d_model: 768,
            d_mlp: 3072,
            n_norms: 25,
            is_causal: true,
        },
        Shape::MiniLm => Sizes {
            n_layers: 6,
            n_heads: 12,
            n_key_value_heads: 12,
            d_head: 32,
            d_model: 384,
            d_mlp: 1536,
            n_norms: 13,
            is_causal: false,
        },
        Shape::SmolLm2 => Sizes {
            n_layers: 30,
            n_heads: 9,
            n_key_value_heads: 3,
            d_head: 64,
            d_model: 576,
            d_mlp: 1536,
            n_norms: 61,
            is_causal: true,
        },
    }
}

/// Does the work of one run.
pub fn measure(shape: Shape, kernel: Kernel) -> Took {
    let sizes = sizes(shape);
    let mut random = Random(5);
    let ms = match kernel {
        Kernel::Softmax => softmax(&sizes, &mut random),
        Kernel::Norm => norms(shape, &sizes, &mut random),
        Kernel::Activation => activations(shape, &sizes, &mut random),
        Kernel::Rotary => rotations(shape, &sizes, &mut random),
    };
    Took { ms, flop: 0.0, bytes: 0.0 }
}

fn softmax(sizes: &Sizes, random: &mut Random) -> f64 {
    let scores = random.values(N_TOKENS * N_TOKENS);
    let mut weights = vec![0.0; N_TOKENS * N_TOKENS];
    let mut scaled = scores.clone();
    timed(|| {
        for _ in 0..sizes.n_layers * sizes.n_heads {
            scaled.copy_from_slice(&scores);
            scaled.iter_mut().for_each(|score| *score *= 0.125);
            let rows = scaled.chunks_exact(N_TOKENS).zip(weights.chunks_exact_mut(N_TOKENS));
            for (query, (scores, weights)) in rows.enumerate() {
                softmax_masked(scores, 0..if sizes.is_causal { query + 1 } else { N_TOKENS }, weights);
            }
        }
        weights[N_TOKENS]
    })
}

fn norms(shape: Shape, sizes: &Sizes, random: &mut Random) -> f64 {
    let (x, weight) = (random.values(N_TOKENS * sizes.d_model), random.values(sizes.d_model));
    let mut out = x.clone();
    timed(|| {
        for _ in 0..sizes.n_norms {
            match shape {
                Shape::SmolLm2 => rms_norm(&x, &weight, false, 1e-5, &mut out),
                Shape::Gpt2Small | Shape::MiniLm => layer_norm(&x, &weight, &weight, 1e-5, &mut out),
            }
        }
        out[sizes.d_model]
    })
}

fn activations(shape: Shape, sizes: &Sizes, random: &mut Random) -> f64 {
    let (x, linear) = (random.values(N_TOKENS * sizes.d_mlp), random.values(N_TOKENS * sizes.d_mlp));
    let mut copies = vec![x; sizes.n_layers];
    timed(|| {
        for x in &mut copies {
            match shape {
                Shape::Gpt2Small => gelu_tanh(x),
                Shape::MiniLm => gelu(x),
                Shape::SmolLm2 => silu_gate(x, &linear),
            }
        }
        copies[0][sizes.d_mlp]
    })
}

fn rotations(shape: Shape, sizes: &Sizes, random: &mut Random) -> f64 {
    let n_heads = [sizes.n_heads, sizes.n_key_value_heads];
    if shape != Shape::SmolLm2 {
        return 0.0;
    }
    let frequencies: Vec<f64> =
        (0..sizes.d_head / 2).map(|pair| 1e5f64.powf(-2.0 * pair as f64 / sizes.d_head as f64)).collect();
    let mut all = n_heads.map(|n_heads| random.values(N_TOKENS * n_heads * sizes.d_head));
    timed(|| {
        for _ in 0..sizes.n_layers {
            for (x, n_heads) in all.iter_mut().zip(n_heads) {
                rotate(x, [n_heads, sizes.d_head], 0, &frequencies, 1.0, false);
            }
        }
        all[0][sizes.d_head]
    })
}
