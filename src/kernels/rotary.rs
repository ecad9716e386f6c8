//! Rotation of the first neurons of each head by the token's position (Su et al. 2021).

/// Rotates in place every head of `x` [n_pos, n_heads, d_head], first position `first_pos`. Neuron i < n is paired with
/// neuron i + n, where n is the length of `frequencies` (radians per position).
pub fn rotate(x: &mut [f32], n_heads: usize, d_head: usize, first_pos: usize, frequencies: &[f64]) {
    let n_pairs = frequencies.len();
    for (index, token) in x.chunks_exact_mut(n_heads * d_head).enumerate() {
        let angles = frequencies.iter().map(|frequency| (first_pos + index) as f64 * frequency);
        let turns: Vec<(f32, f32)> = angles.map(|angle| (angle.cos() as f32, angle.sin() as f32)).collect();
        for head in token.chunks_exact_mut(d_head) {
            let (low, rest) = head.split_at_mut(n_pairs);
            for ((a, b), &(cos, sin)) in low.iter_mut().zip(rest).zip(&turns) {
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_zero_is_the_identity_and_lengths_are_kept() {
        let original: Vec<f32> = (0..24).map(|v| v as f32).collect();
        let mut turned = original.clone();
        rotate(&mut turned, 2, 6, 0, &[1.0, 0.1]);
        assert_eq!(turned[..12], original[..12]);
        for (head, (a, b)) in turned.chunks(6).zip(original.chunks(6)).enumerate() {
            let square = |x: &[f32]| x.iter().map(|v| v * v).sum::<f32>();
            assert!((square(a) - square(b)).abs() < 1e-2, "head {head}");
            assert_eq!(a[4..], b[4..], "neurons past the rotated ones");
        }
    }

    #[test]
    fn products_depend_on_the_distance_only() {
        let turn = |first| {
            let mut x = vec![0.3, -0.5, 0.7, 0.2];
            rotate(&mut x, 1, 4, first, &[1.0, 0.01]);
            x
        };
        let dot = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        assert!((dot(turn(3), turn(7)) - dot(turn(103), turn(107))).abs() < 1e-5);
    }
}
