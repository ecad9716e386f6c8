//! LayerNorm and RMSNorm, row by row. Sums are f64: a row is short and the residual stream has huge entries.

/// (x − mean) / √(var + eps) · weight + bias (Ba et al. 2016), into `out`; all rows [n_rows, weight.len()].
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f64, out: &mut [f32]) {
    let width = weight.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let mean = sum(row, |value| value) / width as f64;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / width as f64;
        let (mean, scale) = (mean as f32, (1.0 / (variance + eps).sqrt()) as f32);
        let (weight, bias, row) = (&weight[..width], &bias[..width], &row[..width]);
        for (i, out) in out.iter_mut().enumerate() {
            *out = (row[i] - mean) * scale * weight[i] + bias[i];
        }
    }
}

/// x / √(mean(x²) + eps) · weight (Zhang & Sennrich 2019), or · (1 + weight) where `adds_one` (Gemma), into `out`; all rows
/// [n_rows, weight.len()].
pub fn rms_norm(x: &[f32], weight: &[f32], adds_one: bool, eps: f64, out: &mut [f32]) {
    let width = weight.len();
    let one = if adds_one { 1.0 } else { 0.0 };
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let square = sum(row, |value| value * value) / width as f64;
        let scale = (1.0 / (square + eps).sqrt()) as f32;
        let (weight, row) = (&weight[..width], &row[..width]);
        for (i, out) in out.iter_mut().enumerate() {
            *out = row[i] * scale * (one + weight[i]);
        }
    }
}

/// The reverse of [`layer_norm`]: turns the gradient by its result into that by `x`, in place; all rows [n_rows, weight.len()].
///
/// With x̂ the row before the weight and g = gradient · weight: (g − mean(g) − x̂ · mean(g x̂)) / √(var + eps).
pub fn layer_norm_reverse(x: &[f32], weight: &[f32], eps: f64, grad: &mut [f32]) {
    let width = weight.len();
    for (row, grad) in x.chunks_exact(width).zip(grad.chunks_exact_mut(width)) {
        let mean = sum(row, |value| value) / width as f64;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / width as f64;
        reverse_row(row, mean, 1.0 / (variance + eps).sqrt(), true, |i| f64::from(weight[i]), grad);
    }
}

/// The reverse of [`rms_norm`], in the same way: (g − x̂ · mean(g x̂)) / √(mean(x²) + eps).
pub fn rms_norm_reverse(x: &[f32], weight: &[f32], adds_one: bool, eps: f64, grad: &mut [f32]) {
    let width = weight.len();
    let one = if adds_one { 1.0 } else { 0.0 };
    for (row, grad) in x.chunks_exact(width).zip(grad.chunks_exact_mut(width)) {
        let square = sum(row, |value| value * value) / width as f64;
        reverse_row(row, 0.0, 1.0 / (square + eps).sqrt(), false, |i| one + f64::from(weight[i]), grad);
    }
}

/// One row of both.
#[inline(always)]
fn reverse_row(row: &[f32], mean: f64, scale: f64, is_centred: bool, weight: impl Fn(usize) -> f64, grad: &mut [f32]) {
    let normed = |i: usize| (f64::from(row[i]) - mean) * scale;
    let (mut along, mut plain) = (0.0, 0.0);
    for (i, grad) in grad.iter().enumerate() {
        let grad = f64::from(*grad) * weight(i);
        plain += grad;
        along += grad * normed(i);
    }
    let (along, plain) = (along / row.len() as f64, if is_centred { plain / row.len() as f64 } else { 0.0 });
    for (i, grad) in grad.iter_mut().enumerate() {
        *grad = ((f64::from(*grad) * weight(i) - plain - normed(i) * along) * scale) as f32;
    }
}

/// The sum of a function of the values, in eight running sums, since one alone would wait for its own result.
#[inline(always)]
fn sum(values: &[f32], function: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, &value) in sums.iter_mut().zip(eight) {
            *sum += function(f64::from(value));
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&value| function(f64::from(value))).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Both norms are within 1e-6 of f64, relative to large results, with one entry as huge as residual streams have.
        #[test]
        fn agree_with_f64(
            mut row in proptest::collection::vec(-4.0f32..4.0, 1..100),
            huge in -3000.0f32..3000.0,
            adds_one in any::<bool>(),
        ) {
            row[0] = huge;
            let width = row.len();
            let weight: Vec<f32> = (0..width).map(|i| 0.5 + (i * 37 % 11) as f32 / 7.0).collect();
            let bias: Vec<f32> = (0..width).map(|i| (i * 17 % 13) as f32 / 9.0 - 0.6).collect();
            let x: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
            let mean = x.iter().sum::<f64>() / width as f64;
            let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / width as f64;
            let square = x.iter().map(|v| v * v).sum::<f64>() / width as f64;
            let (mut centred, mut scaled) = (vec![0.0; width], vec![0.0; width]);
            layer_norm(&row, &weight, &bias, 1e-5, &mut centred);
            rms_norm(&row, &weight, adds_one, 1e-5, &mut scaled);
            for i in 0..width {
                let (w, b) = (f64::from(weight[i]), f64::from(bias[i]));
                let layer = (x[i] - mean) / (variance + 1e-5).sqrt() * w + b;
                let rms = x[i] / (square + 1e-5).sqrt() * if adds_one { 1.0 + w } else { w };
                for (found, exact) in [(centred[i], layer), (scaled[i], rms)] {
                    let error = (f64::from(found) - exact).abs() / exact.abs().max(1.0);
                    prop_assert!(error < 1e-6, "{i}: {found} {exact}");
                }
            }
        }
    }

    /// Both reverses against central differences of the norms in f64.
    #[test]
    fn reverses_agree_with_differences() {
        let width = 7;
        let x: Vec<f32> = (0..2 * width).map(|i| ((i * 29 % 17) as f32 - 7.0) * 0.4).collect();
        let weight: Vec<f32> = (0..width).map(|i| 0.5 + i as f32 / 5.0).collect();
        let up: Vec<f32> = (0..2 * width).map(|i| (i * 13 % 11) as f32 / 5.0 - 1.0).collect();
        for kind in 0..3 {
            let norm = |x: &[f64]| -> f64 {
                let row = |(x, up): (&[f64], &[f32])| {
                    let mean = if kind == 0 { x.iter().sum::<f64>() / width as f64 } else { 0.0 };
                    let square = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / width as f64;
                    let factor = |i: usize| f64::from(weight[i]) + if kind == 2 { 1.0 } else { 0.0 };
                    let value = |i: usize| (x[i] - mean) / (square + 1e-5).sqrt() * factor(i) * f64::from(up[i]);
                    (0..width).map(value).sum::<f64>()
                };
                x.chunks(width).zip(up.chunks(width)).map(row).sum()
            };
            let mut grad = up.clone();
            match kind {
                0 => layer_norm_reverse(&x, &weight, 1e-5, &mut grad),
                _ => rms_norm_reverse(&x, &weight, kind == 2, 1e-5, &mut grad),
            }
            let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
            for (i, &found) in grad.iter().enumerate() {
                let moved = |by: f64| {
                    norm(&x.iter().enumerate().map(|(j, v)| if i == j { v + by } else { *v }).collect::<Vec<_>>())
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((f64::from(found) - expected).abs() < 1e-5, "kind {kind}, {i}: {found} {expected}");
            }
        }
    }

    #[test]
    fn layer_norm_centres_and_scales() {
        let mut out = [0.0; 4];
        layer_norm(&[1.0, 2.0, 3.0, 4.0], &[1.0; 4], &[0.5; 4], 0.0, &mut out);
        let unit = 1.25f32.sqrt();
        let expected = [-1.5 / unit + 0.5, -0.5 / unit + 0.5, 0.5 / unit + 0.5, 1.5 / unit + 0.5];
        assert!(out.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{out:?}");
    }

    #[test]
    fn rms_norm_only_scales() {
        let mut out = [0.0; 2];
        rms_norm(&[3.0, 4.0], &[1.0, 2.0], false, 0.0, &mut out);
        let root = 12.5f32.sqrt();
        assert!((out[0] - 3.0 / root).abs() < 1e-6 && (out[1] - 8.0 / root).abs() < 1e-6, "{out:?}");
        rms_norm(&[3.0, 4.0], &[0.0, 1.0], true, 0.0, &mut out);
        assert!((out[0] - 3.0 / root).abs() < 1e-6 && (out[1] - 8.0 / root).abs() < 1e-6, "{out:?}");
    }
}
