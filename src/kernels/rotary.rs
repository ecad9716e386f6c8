//! Rotation of the first neurons of each head by the token's position (Su et al. 2021).

/// Rotates in place every head of `x` [n_pos, n_heads, d_head], first position `first_pos`, and multiplies the rotated neurons
/// by `magnitude`. With n the length of `frequencies` (radians per position), pair i < n is neurons i and i + n, or 2i and
/// 2i + 1 where `is_adjacent`.
pub fn rotate(
    x: &mut [f32],
    [n_heads, d_head]: [usize; 2],
    first_pos: usize,
    frequencies: &[f64],
    magnitude: f32,
    is_adjacent: bool,
) {
    let n_pairs = frequencies.len();
    for (index, token) in x.chunks_exact_mut(n_heads * d_head).enumerate() {
        let angles = frequencies.iter().map(|frequency| (first_pos + index) as f64 * frequency);
        let turns: Vec<(f32, f32)> =
            angles.map(|angle| (angle.cos() as f32 * magnitude, angle.sin() as f32 * magnitude)).collect();
        for head in token.chunks_exact_mut(d_head) {
            if is_adjacent {
                for (pair, &(cos, sin)) in head.chunks_exact_mut(2).zip(&turns) {
                    (pair[0], pair[1]) = (pair[0] * cos - pair[1] * sin, pair[1] * cos + pair[0] * sin);
                }
            } else {
                let (low, rest) = head.split_at_mut(n_pairs);
                for ((a, b), &(cos, sin)) in low.iter_mut().zip(rest).zip(&turns) {
                    (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                }
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
        for is_adjacent in [false, true] {
            let mut turned = original.clone();
            rotate(&mut turned, [2, 6], 0, &[1.0, 0.1], 1.0, is_adjacent);
            assert_eq!(turned[..12], original[..12]);
            assert_ne!(turned[12..], original[12..]);
            for (head, (a, b)) in turned.chunks(6).zip(original.chunks(6)).enumerate() {
                let square = |x: &[f32]| x.iter().map(|v| v * v).sum::<f32>();
                assert!((square(a) - square(b)).abs() < 1e-2, "head {head}");
                assert_eq!(a[4..], b[4..], "neurons past the rotated ones");
            }
        }
    }

    #[test]
    fn products_depend_on_the_distance_only() {
        let turn = |first| {
            let mut x = vec![0.3, -0.5, 0.7, 0.2];
            rotate(&mut x, [1, 4], first, &[1.0, 0.01], 1.0, false);
            x
        };
        let dot = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        assert!((dot(turn(3), turn(7)) - dot(turn(103), turn(107))).abs() < 1e-5);
    }

    /// Adjacent pairs are the halves of a head whose neurons are sorted by parity.
    #[test]
    fn pairings_differ_by_the_order_of_neurons() {
        let (mut adjacent, mut halves) = (vec![0.3, -0.5, 0.7, 0.2], vec![0.3, 0.7, -0.5, 0.2]);
        rotate(&mut adjacent, [1, 4], 5, &[1.0, 0.01], 2.0, true);
        rotate(&mut halves, [1, 4], 5, &[1.0, 0.01], 2.0, false);
        assert_eq!([adjacent[0], adjacent[2], adjacent[1], adjacent[3]], halves[..]);
    }
}
