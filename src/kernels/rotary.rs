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
    let mut turns = Turns::at(first_pos, frequencies);
    for token in x.chunks_exact_mut((n_heads * d_head).max(1)) {
        let (cos, sin) = turns.scaled(magnitude);
        for head in token.chunks_exact_mut(d_head) {
            if is_adjacent {
                for (pair, (&cos, &sin)) in head.chunks_exact_mut(2).zip(cos.iter().zip(sin)) {
                    (pair[0], pair[1]) = (pair[0] * cos - pair[1] * sin, pair[1] * cos + pair[0] * sin);
                }
            } else {
                let (low, rest) = head.split_at_mut(n_pairs);
                let (high, cos, sin) = (&mut rest[..n_pairs], &cos[..n_pairs], &sin[..n_pairs]);
                for i in 0..n_pairs {
                    let (a, b) = (low[i], high[i]);
                    low[i] = a * cos[i] - b * sin[i];
                    high[i] = b * cos[i] + a * sin[i];
                }
            }
        }
        turns.advance();
    }
}

/// The reverse of [`rotate`]: turns gradients of rotated heads into those of the heads as they were, in place.
pub fn rotate_back(
    grad: &mut [f32],
    shape: [usize; 2],
    first_pos: usize,
    frequencies: &[f64],
    magnitude: f32,
    is_adjacent: bool,
) {
    let back: Vec<f64> = frequencies.iter().map(|frequency| -frequency).collect();
    rotate(grad, shape, first_pos, &back, magnitude, is_adjacent);
}

/// Cosines and sines of a position's angles. Sines take many times as long as products, so only those of the first position
/// and of one step are computed; the next position's follow by adding angles, in f64, where thousands of steps lose nothing
/// that an f32 could show.
struct Turns {
    /// Cosine and sine of each pair at the current position.
    now: Vec<(f64, f64)>,
    /// Cosine and sine of each pair for a step of one position.
    step: Vec<(f64, f64)>,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Turns {
    fn at(first_pos: usize, frequencies: &[f64]) -> Self {
        let turn = |angle: f64| (angle.cos(), angle.sin());
        Self {
            now: frequencies.iter().map(|frequency| turn(first_pos as f64 * frequency)).collect(),
            step: frequencies.iter().map(|&frequency| turn(frequency)).collect(),
            cos: vec![0.0; frequencies.len()],
            sin: vec![0.0; frequencies.len()],
        }
    }

    /// Cosines and sines at the current position, each multiplied by `magnitude`.
    fn scaled(&mut self, magnitude: f32) -> (&[f32], &[f32]) {
        for ((cos, sin), now) in self.cos.iter_mut().zip(&mut self.sin).zip(&self.now) {
            (*cos, *sin) = (now.0 as f32 * magnitude, now.1 as f32 * magnitude);
        }
        (&self.cos, &self.sin)
    }

    fn advance(&mut self) {
        for (now, step) in self.now.iter_mut().zip(&self.step) {
            *now = (now.0 * step.0 - now.1 * step.1, now.1 * step.0 + now.0 * step.1);
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

    /// A rotation is linear: gradient · turned(x) is turned-back gradient · x for any two.
    #[test]
    fn the_reverse_is_the_transpose() {
        let number = |i: usize| (i * 37 % 101) as f32 / 50.0 - 1.0;
        let (x, grad): (Vec<f32>, Vec<f32>) = ((0..48).map(number).collect(), (50..98).map(number).collect());
        for is_adjacent in [false, true] {
            let (mut turned, mut back) = (x.clone(), grad.clone());
            rotate(&mut turned, [2, 6], 5, &[1.0, 0.1], 1.25, is_adjacent);
            rotate_back(&mut back, [2, 6], 5, &[1.0, 0.1], 1.25, is_adjacent);
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            assert!((dot(&grad, &turned) - dot(&back, &x)).abs() < 1e-5);
        }
    }

    #[test]
    fn agrees_with_f64_at_every_position() {
        let (n_pos, frequencies, magnitude) = (5_000, [1.0, 0.31, 0.0021], 1.25f32);
        let original: Vec<f32> = (0..n_pos * 8).map(|v| (v * 37 % 101) as f32 / 50.0 - 1.0).collect();
        for is_adjacent in [false, true] {
            let mut turned = original.clone();
            rotate(&mut turned, [1, 8], 3, &frequencies, magnitude, is_adjacent);
            for (pos, (turned, original)) in turned.chunks(8).zip(original.chunks(8)).enumerate() {
                for (pair, frequency) in frequencies.iter().enumerate() {
                    let (a, b) = if is_adjacent { (2 * pair, 2 * pair + 1) } else { (pair, pair + 3) };
                    let (sin, cos) = ((pos + 3) as f64 * frequency).sin_cos();
                    let (x, y, magnitude) = (f64::from(original[a]), f64::from(original[b]), f64::from(magnitude));
                    assert!((f64::from(turned[a]) - magnitude * (x * cos - y * sin)).abs() < 1e-6, "position {pos}");
                    assert!((f64::from(turned[b]) - magnitude * (y * cos + x * sin)).abs() < 1e-6, "position {pos}");
                }
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
