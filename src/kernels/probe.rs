//! Upper bounds of the processor, for measurements to compare with: arithmetic in registers, and reading memory.

use super::simd::F32x4;

/// Operations of one round of [`mul_add`].
pub const FLOP_PER_ROUND: usize = 12 * 4 * 2;

/// Multiplies and adds in twelve registers, `n_rounds` times, with nothing read or written. Give numbers that the compiler
/// does not know, and use the result.
pub fn mul_add(n_rounds: usize, factor: f32, summand: f32) -> f32 {
    let (factor, summand) = (F32x4::splat(factor), F32x4::splat(summand));
    let mut sums = [F32x4::ZERO; 12];
    for _ in 0..n_rounds {
        for sum in &mut sums {
            *sum = *sum * factor + summand;
        }
    }
    sums.into_iter().fold(F32x4::ZERO, |all, sum| all + sum).sum()
}

/// Reads every number once, in four independent sums.
pub fn read(values: &[f32]) -> f32 {
    let (groups, _) = values.as_chunks::<4>().0.as_chunks::<4>();
    let mut sums = [F32x4::ZERO; 4];
    for group in groups {
        for (sum, four) in sums.iter_mut().zip(group) {
            *sum = *sum + F32x4::load(four);
        }
    }
    (sums[0] + sums[1] + (sums[2] + sums[3])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_done() {
        // s ← s / 2 + 1 from 0: 1, 1.5, 1.75; in 48 lanes.
        assert_eq!(mul_add(3, 0.5, 1.0), 48.0 * 1.75);
        assert_eq!(read(&[0.5; 4096]), 2048.0);
    }
}
