//! LayerNorm and RMSNorm, row by row. Sums are f64: a row is short and the residual stream has huge entries.

/// (x − mean) / √(var + eps) · weight + bias (Ba et al. 2016), into `out`; all rows [n_rows, weight.len()].
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f64, out: &mut [f32]) {
    let width = weight.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / width as f64;
        let variance = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / width as f64;
        let (mean, scale) = (mean as f32, (1.0 / (variance + eps).sqrt()) as f32);
        for i in 0..width {
            out[i] = (row[i] - mean) * scale * weight[i] + bias[i];
        }
    }
}

/// x / √(mean(x²) + eps) · weight (Zhang & Sennrich 2019), or · (1 + weight) where `adds_one` (Gemma), into `out`; all rows
/// [n_rows, weight.len()].
pub fn rms_norm(x: &[f32], weight: &[f32], adds_one: bool, eps: f64, out: &mut [f32]) {
    let width = weight.len();
    let one = if adds_one { 1.0 } else { 0.0 };
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let square = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / width as f64;
        let scale = (1.0 / (square + eps).sqrt()) as f32;
        for i in 0..width {
            out[i] = row[i] * scale * (one + weight[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
